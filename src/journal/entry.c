/*
 * An entry, byte for byte (little endian; docs/FORMATS.md):
 *
 *    0  u64  checksum: XXH3-64 of all bytes behind it
 *    8  u32  bytes of the whole entry
 *   12  u8   kind
 *   13  u8   targets
 *   14  u8   flags
 *   15  u8   0
 *   16  u32  group id
 *   20  u32  feature count
 *   24  i64  event time, seconds
 *   32  u32  event time, nanoseconds
 *   36  u32  bytes of the identifier
 *   40  i64  arrival, microseconds
 *   48  i64  ttl, seconds
 *   56  16   retry key, high half first; only with ENTRY_HAS_RETRY_KEY
 *       ...  identifier
 *       ...  record, to the end
 *
 * The checksum of the batch would do for recovery; the entry's own lets a single read be checked.
 */
#include "journal/entry.h"

#include "config/limits.h"
#include "core/bytes.h"

enum { HEAD_BYTES = 56, RETRY_KEY_BYTES = 16, CHECKSUM_BYTES = 8 };
enum { FLAGS_ALL = ENTRY_HAS_RETRY_KEY | ENTRY_IS_TOMBSTONE };
enum { TARGETS_ALL = TARGET_ONLINE | TARGET_OFFLINE, NANOSECONDS = 1000000000 };

static unsigned char *put(unsigned char *out, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        out[i] = (unsigned char)(value >> (8 * i));
    return out + count;
}

static unsigned char *put_str(unsigned char *out, struct str text)
{
    if (text.len > 0)
        memcpy(out, text.ptr, text.len);
    return out + text.len;
}

static size_t retry_key_bytes(uint8_t flags)
{
    return (flags & ENTRY_HAS_RETRY_KEY) != 0 ? RETRY_KEY_BYTES : 0;
}

size_t entry_bytes(const struct entry *entry)
{
    return HEAD_BYTES + retry_key_bytes(entry->flags) + entry->identifier.len + entry->record.len;
}

static void assert_is_valid(const struct entry *entry)
{
    assert(entry->kind >= ENTRY_PUT && entry->kind <= ENTRY_MARK);
    assert((entry->targets & ~TARGETS_ALL) == 0);
    assert((entry->flags & ~FLAGS_ALL) == 0);
    assert(entry->event_time.nanoseconds < NANOSECONDS);
    assert(entry_bytes(entry) <= UINT32_MAX);
}

void entry_encode_at(const struct entry *entry, unsigned char *out)
{
    assert_is_valid(entry);
    size_t bytes = entry_bytes(entry);
    unsigned char *at = out + CHECKSUM_BYTES;
    at = put(at, bytes, 4);
    at = put(at, entry->kind, 1);
    at = put(at, entry->targets, 1);
    at = put(at, entry->flags, 1);
    at = put(at, 0, 1);
    at = put(at, entry->group_id, 4);
    at = put(at, entry->feature_count, 4);
    at = put(at, (uint64_t)entry->event_time.seconds, 8);
    at = put(at, entry->event_time.nanoseconds, 4);
    at = put(at, entry->identifier.len, 4);
    at = put(at, (uint64_t)entry->arrival_us, 8);
    at = put(at, (uint64_t)entry->ttl_seconds, 8);
    assert(at == out + HEAD_BYTES);
    if (retry_key_bytes(entry->flags) > 0) {
        at = put(at, entry->retry_key.high, 8);
        at = put(at, entry->retry_key.low, 8);
    }
    at = put_str(at, entry->identifier);
    at = put_str(at, entry->record);
    assert(at == out + bytes);
    struct str covered = {(const char *)out + CHECKSUM_BYTES, bytes - CHECKSUM_BYTES};
    (void)put(out, hash_checksum(covered), CHECKSUM_BYTES);
}

size_t entry_encode(const struct entry *entry, struct buf *out)
{
    size_t bytes = entry_bytes(entry);
    char *room = buf_reserve(out, bytes);
    if (room == NULL)
        return 0;
    entry_encode_at(entry, (unsigned char *)room);
    out->len += bytes;
    return bytes;
}

/* What the checksum does not say: a writer that is not ours, or newer than we are. */
static bool is_known(unsigned kind, unsigned targets, unsigned flags, unsigned zero)
{
    return kind >= ENTRY_PUT && kind <= ENTRY_MARK && (targets & ~(unsigned)TARGETS_ALL) == 0 &&
           (flags & ~(unsigned)FLAGS_ALL) == 0 && zero == 0;
}

enum code entry_decode(struct str bytes, struct entry *ret, size_t *ret_bytes, struct err *err)
{
    struct bytes in = bytes_from(bytes);
    uint64_t checksum = bytes_u64(&in);
    size_t count = bytes_u32(&in);
    if (in.is_bad || count < HEAD_BYTES || count > bytes.len || count > LIMIT_JOURNAL_ENTRY_BYTES)
        return err_set(err, ERR_CORRUPT, "journal entry: its length %zu does not fit %zu bytes",
                       count, bytes.len);
    struct str covered = str_slice(bytes, CHECKSUM_BYTES, count);
    if (hash_checksum(covered) != checksum)
        return err_set(err, ERR_CORRUPT, "journal entry: the checksum does not match");

    in = bytes_from(str_slice(bytes, CHECKSUM_BYTES + 4, count));
    unsigned kind = bytes_u8(&in);
    unsigned targets = bytes_u8(&in);
    unsigned flags = bytes_u8(&in);
    unsigned zero = bytes_u8(&in);
    if (!is_known(kind, targets, flags, zero))
        return err_set(err, ERR_CORRUPT, "journal entry: kind %u, targets %u, flags %u unknown",
                       kind, targets, flags);
    struct entry entry = {
        .kind = (enum entry_kind)kind, .targets = (uint8_t)targets, .flags = (uint8_t)flags};
    entry.group_id = bytes_u32(&in);
    entry.feature_count = bytes_u32(&in);
    entry.event_time.seconds = (int64_t)bytes_u64(&in);
    entry.event_time.nanoseconds = bytes_u32(&in);
    size_t identifier_bytes = bytes_u32(&in);
    entry.arrival_us = (int64_t)bytes_u64(&in);
    entry.ttl_seconds = (int64_t)bytes_u64(&in);
    if (retry_key_bytes(entry.flags) > 0) {
        entry.retry_key.high = bytes_u64(&in);
        entry.retry_key.low = bytes_u64(&in);
    }
    entry.identifier = bytes_str(&in, identifier_bytes);
    entry.record = bytes_str(&in, bytes_left(&in));
    if (in.is_bad || entry.event_time.nanoseconds >= NANOSECONDS)
        return err_set(err, ERR_CORRUPT, "journal entry: malformed");
    *ret = entry;
    if (ret_bytes != NULL)
        *ret_bytes = count;
    return OK;
}
