/*
 * A batch's head, byte for byte (little endian; docs/FORMATS.md):
 *
 *    0  u64  magic "ASOFBAT1"
 *    8  u64  checksum: XXH3-64 of all bytes behind it, to the end of the entries
 *   16  u64  chain: checksum of the batch before; 0 in the first of all
 *   24  u64  number, from 1
 *   32  u64  nonce of the segment's use
 *   40  u64  position of the batch
 *   48  u64  position where the batch before ended
 *   56  u32  bytes: head and entries
 *   60  u32  count of entries
 *
 * Entries follow, one behind the other, then zeros up to a whole block. The nonce is random and
 * never leaves the server, so bytes of a client inside a torn batch cannot pose as a batch.
 */
#include "journal/batch.h"

#include "config/limits.h"
#include "core/bytes.h"
#include "core/hash.h"
#include "core/mem.h"

enum { MAGIC_BYTES = 8, COVERED_FROM = 16, WINDOW_BYTES = 4 * 1024 * 1024 };
static const char magic[MAGIC_BYTES + 1] = "ASOFBAT1";

static_assert(LIMIT_JOURNAL_BLOCK_BYTES == 4096, "batch_space counts these blocks");

static unsigned char *put(unsigned char *out, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        out[i] = (unsigned char)(value >> (8 * i));
    return out + count;
}

static uint64_t checksum_of(const unsigned char *bytes, size_t count)
{
    return hash_checksum((struct str){(const char *)bytes + COVERED_FROM, count - COVERED_FROM});
}

void batch_seal(struct batch_head *head, unsigned char *bytes)
{
    assert(head->bytes > BATCH_HEAD_BYTES && head->entries > 0);
    memcpy(bytes, magic, MAGIC_BYTES);
    unsigned char *at = bytes + COVERED_FROM;
    at = put(at, head->chain, 8);
    at = put(at, head->number, 8);
    at = put(at, head->nonce, 8);
    at = put(at, head->position, 8);
    at = put(at, head->previous_end, 8);
    at = put(at, head->bytes, 4);
    at = put(at, head->entries, 4);
    assert(at == bytes + BATCH_HEAD_BYTES);
    head->checksum = checksum_of(bytes, head->bytes);
    (void)put(bytes + MAGIC_BYTES, head->checksum, 8);
}

bool batch_head_decode(const unsigned char *bytes, const struct segment_head *segment,
                       uint64_t position, struct batch_head *ret)
{
    if (memcmp(bytes, magic, MAGIC_BYTES) != 0)
        return false;
    struct bytes in = bytes_from((struct str){(const char *)bytes, BATCH_HEAD_BYTES});
    (void)bytes_u64(&in);
    struct batch_head head = {.checksum = bytes_u64(&in)};
    head.chain = bytes_u64(&in);
    head.number = bytes_u64(&in);
    head.nonce = bytes_u64(&in);
    head.position = bytes_u64(&in);
    head.previous_end = bytes_u64(&in);
    head.bytes = bytes_u32(&in);
    head.entries = bytes_u32(&in);
    uint64_t room = (segment->sequence + 1) * segment->segment_bytes - position;
    if (head.nonce != segment->nonce || head.position != position ||
        head.bytes <= BATCH_HEAD_BYTES || batch_space(head.bytes) > room)
        return false;
    *ret = head;
    return true;
}

void window_init(struct window *window, const struct os *os)
{
    *window = (struct window){.os = os};
}

void window_release(struct window *window)
{
    mem_free(window->bytes);
    *window = (struct window){0};
}

void window_file(struct window *window, struct os_file *file, uint64_t limit)
{
    assert(limit % LIMIT_JOURNAL_BLOCK_BYTES == 0);
    window->file = file;
    window->limit = limit;
    window->len = 0;
}

enum code window_get(struct window *window, uint64_t offset, size_t count,
                     const unsigned char **ret, struct err *err)
{
    if (offset + count > window->limit)
        return err_set(err, ERR_CORRUPT, "%zu bytes at %llu reach past %llu", count,
                       (unsigned long long)offset, (unsigned long long)window->limit);
    if (offset < window->start || offset + count > window->start + window->len) {
        uint64_t start = offset - offset % LIMIT_JOURNAL_BLOCK_BYTES;
        size_t need = batch_space(offset + count - start);
        size_t len = size_max(need, size_min(WINDOW_BYTES, window->limit - start));
        if (len > window->capacity) {
            mem_free(window->bytes);
            window->bytes = mem_new_aligned(LIMIT_JOURNAL_BLOCK_BYTES, len);
            window->capacity = len;
        }
        window->len = 0;
        TRY(window->os->read(window->os->context, window->file, window->bytes, len, start, err));
        window->start = start;
        window->len = len;
    }
    assert(window->bytes != NULL);
    *ret = window->bytes + (offset - window->start);
    return OK;
}

enum code batch_read(struct window *window, const struct segment_head *segment, uint64_t position,
                     struct batch *ret, struct err *err)
{
    uint64_t offset = position % segment->segment_bytes;
    const unsigned char *bytes = NULL;
    struct batch_head head = {0};
    TRY(window_get(window, offset, BATCH_HEAD_BYTES, &bytes, err));
    assert(bytes != NULL);
    if (!batch_head_decode(bytes, segment, position, &head))
        return err_set(err, ERR_CORRUPT, "no batch of the journal at %llu",
                       (unsigned long long)position);
    TRY(window_get(window, offset, head.bytes, &bytes, err));
    if (checksum_of(bytes, head.bytes) != head.checksum)
        return err_set(err, ERR_CORRUPT, "the batch of the journal at %llu fails its checksum",
                       (unsigned long long)position);
    ret->head = head;
    ret->content =
        (struct str){(const char *)bytes + BATCH_HEAD_BYTES, head.bytes - BATCH_HEAD_BYTES};
    return OK;
}

enum code batch_entries(const struct batch *batch, journal_entry_fn *fn, void *context,
                        struct err *err)
{
    struct str rest = batch->content;
    uint64_t position = batch->head.position + BATCH_HEAD_BYTES;
    for (uint32_t i = 0; i < batch->head.entries; i++) {
        struct entry entry;
        size_t bytes = 0;
        TRY(entry_decode(rest, &entry, &bytes, err));
        TRY(fn(position, &entry, context, err));
        rest = str_slice(rest, bytes, rest.len);
        position += bytes;
    }
    if (rest.len > 0)
        return err_set(err, ERR_CORRUPT, "the batch of the journal at %llu has bytes left over",
                       (unsigned long long)batch->head.position);
    return OK;
}
