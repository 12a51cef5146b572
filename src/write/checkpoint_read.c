/*
 * Loading a checkpoint (bytes at the head of checkpoint.c). A checkpoint is replaced as a whole, so
 * anything that is not right in it is damage.
 */
#include "config/limits.h"
#include "core/bytes.h"
#include "core/hash.h"
#include "write/checkpoint.h"

enum {
    VERSION = 1,
    READ_BYTES = 1 << 20,
    MARK_BYTES = 40,
    /* How far from the start a record may stand: what the counts by segment must span. */
    SEGMENTS_BEHIND_MAX = 1 << 21,
    SEGMENTS_AHEAD_MAX = 1 << 16,
    GROUPS_AHEAD_MAX = 1 << 16, /* groups made while the checkpoint was written */
};

/* The file being read. */
struct source {
    const struct os *os;
    struct os_file *file;
    uint64_t offset; /* of what is not in the buffer yet */
    uint64_t bytes;
    struct buf in;
    size_t used; /* of the buffer */
    uint64_t chunks;
    struct online *online;
    struct checkpoint *checkpoint;
    uint64_t records;
    bool is_ended;
};

/* `count` bytes, or ERR_CORRUPT at the end of the file. The view holds until the next call. */
static enum code source_take(struct source *source, size_t count, struct str *ret, struct err *err)
{
    if (source->in.len - source->used < count) {
        buf_drop_front(&source->in, source->used);
        source->used = 0;
        uint64_t left = source->bytes - source->offset;
        size_t missing = count - source->in.len;
        if (left < missing)
            return err_set(err, ERR_CORRUPT, "it is cut short at %llu bytes",
                           (unsigned long long)source->bytes);
        size_t more = size_max(missing, READ_BYTES);
        if (more > left)
            more = (size_t)left;
        char *room = buf_reserve(&source->in, more);
        assert(room != NULL);
        TRY(source->os->read(source->os->context, source->file, room, more, source->offset, err));
        source->in.len += more;
        source->offset += more;
    }
    *ret = (struct str){source->in.ptr + source->used, count};
    source->used += count;
    return OK;
}

static enum code load_start(struct source *source, struct str payload, struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    struct checkpoint *checkpoint = source->checkpoint;

    if (source->chunks != 0)
        return err_set(err, ERR_CORRUPT, "a second start");
    uint32_t version = bytes_u32(&bytes);
    if (version != VERSION)
        return err_set(err, ERR_CORRUPT, "version %u is not known", version);
    checkpoint->group_id_max = bytes_u32(&bytes);
    checkpoint->segment_bytes = bytes_u64(&bytes);
    checkpoint->secret_checksum = bytes_u64(&bytes);
    checkpoint->start.position = bytes_u64(&bytes);
    checkpoint->start.batch = bytes_u64(&bytes);
    checkpoint->start.chain = bytes_u64(&bytes);
    checkpoint->arrival_last_us = (int64_t)bytes_u64(&bytes);
    TRY(flush_mark_decode(bytes_str(&bytes, MARK_BYTES), &checkpoint->mark, err));
    if (bytes.is_bad || bytes_left(&bytes) > 0 || checkpoint->segment_bytes == 0)
        return err_set(err, ERR_CORRUPT, "the start is damaged");
    return OK;
}

static bool is_sound(const struct source *source, const struct online_item *item)
{
    const struct checkpoint *checkpoint = source->checkpoint;
    uint64_t start = checkpoint->start.position / checkpoint->segment_bytes;
    uint64_t sequence = item->head.position / checkpoint->segment_bytes;

    return item->group_id <= (uint64_t)checkpoint->group_id_max + GROUPS_AHEAD_MAX &&
           item->head.event_time.nanoseconds < 1000000000 &&
           item->head.bytes <= LIMIT_JOURNAL_ENTRY_BYTES && item->head.bytes > 0 &&
           sequence + SEGMENTS_BEHIND_MAX >= start && sequence <= start + SEGMENTS_AHEAD_MAX;
}

static enum code load_records(struct source *source, struct str payload, struct err *err)
{
    struct bytes bytes = bytes_from(payload);

    if (payload.len % CHECKPOINT_ITEM_BYTES != 0)
        return err_set(err, ERR_CORRUPT, "records of %zu bytes", payload.len);
    while (bytes_left(&bytes) > 0) {
        struct online_item item = {.head.is_found = true};
        item.group_id = bytes_u32(&bytes);
        item.key.high = bytes_u64(&bytes);
        item.key.low = bytes_u64(&bytes);
        item.head.position = bytes_u64(&bytes);
        item.head.event_time.seconds = (int64_t)bytes_u64(&bytes);
        item.head.ttl_seconds = (int64_t)bytes_u64(&bytes);
        item.head.event_time.nanoseconds = bytes_u32(&bytes);
        uint32_t bytes_and_kind = bytes_u32(&bytes);
        item.head.bytes = bytes_and_kind >> 1;
        item.head.is_tombstone = (bytes_and_kind & 1) != 0;
        if (!is_sound(source, &item))
            return err_set(err, ERR_CORRUPT, "a record that cannot be");
        online_restore(source->online, &item);
        source->records++;
    }
    return OK;
}

static enum code load_end(struct source *source, struct str payload, struct err *err)
{
    struct bytes bytes = bytes_from(payload);

    if (payload.len != 8 || bytes_u64(&bytes) != source->records)
        return err_set(err, ERR_CORRUPT, "records are missing");
    source->is_ended = true;
    return OK;
}

static enum code load_chunk(struct source *source, uint32_t type, struct str payload,
                            struct err *err)
{
    if (source->chunks == 0 && type != CHUNK_START)
        return err_set(err, ERR_CORRUPT, "it does not begin with its start");
    switch (type) {
    case CHUNK_START:
        return load_start(source, payload, err);
    case CHUNK_CATALOG:
        buf_add(&source->checkpoint->catalog, payload);
        return OK;
    case CHUNK_RETRIES:
        buf_add(&source->checkpoint->retries, payload);
        return OK;
    case CHUNK_UNFLUSHED:
        buf_add(&source->checkpoint->unflushed, payload);
        return OK;
    case CHUNK_RECORDS:
        return load_records(source, payload, err);
    case CHUNK_END:
        return load_end(source, payload, err);
    default:
        return err_set(err, ERR_CORRUPT, "chunk %llu has the unknown type %u",
                       (unsigned long long)source->chunks, type);
    }
}

static enum code take_chunk(struct source *source, struct err *err)
{
    unsigned char copy[CHUNK_HEAD_BYTES];
    struct str head = STR("");
    struct str payload = STR("");

    TRY(source_take(source, CHUNK_HEAD_BYTES, &head, err));
    assert(head.len == sizeof(copy));
    memcpy(copy, head.ptr, sizeof(copy));
    head.ptr = (const char *)copy;
    struct bytes bytes = bytes_from(head);
    uint32_t type = bytes_u32(&bytes);
    uint32_t payload_bytes = bytes_u32(&bytes);
    uint64_t number = bytes_u64(&bytes);
    if (payload_bytes > CHUNK_PAYLOAD_MAX || number != source->chunks)
        return err_set(err, ERR_CORRUPT, "the head of chunk %llu is damaged",
                       (unsigned long long)source->chunks);
    TRY(source_take(source, payload_bytes + CHUNK_TAIL_BYTES, &payload, err));
    assert(payload.len == payload_bytes + CHUNK_TAIL_BYTES);
    struct str tail = str_slice(payload, payload_bytes, payload.len);
    payload.len = payload_bytes;
    const struct str pieces[] = {head, payload};
    bytes = bytes_from(tail);
    if (bytes_u64(&bytes) != hash_checksum_pieces(pieces, ARRAY_COUNT(pieces)))
        return err_set(err, ERR_CORRUPT, "chunk %llu fails its checksum",
                       (unsigned long long)source->chunks);
    TRY(load_chunk(source, type, payload, err));
    source->chunks++;
    return OK;
}

static enum code take_all(struct source *source, struct err *err)
{
    struct str magic = STR("");

    TRY(source_take(source, sizeof(checkpoint_magic) - 1, &magic, err));
    if (!str_equal(magic, str_from(checkpoint_magic)))
        return err_set(err, ERR_CORRUPT, "it does not begin as a checkpoint");
    while (!source->is_ended)
        TRY(take_chunk(source, err));
    if (source->used != source->in.len || source->offset != source->bytes)
        return err_set(err, ERR_CORRUPT, "bytes follow its end");
    return OK;
}

enum code checkpoint_read(const struct os *os, const char *path, struct online *online,
                          struct checkpoint *ret, struct err *err)
{
    struct os_stat status;
    struct source source = {.os = os, .online = online, .checkpoint = ret};

    TRY(os->stat(os->context, path, &status, err));
    TRY(os->open(os->context, path, OS_READ, &source.file, err));
    source.bytes = status.bytes;
    buf_init(&source.in, 0);
    enum code code = take_all(&source, err);
    buf_release(&source.in);
    os->close(os->context, source.file);
    return code == OK ? OK : err_prefix(err, code, "the checkpoint '%s'", path);
}
