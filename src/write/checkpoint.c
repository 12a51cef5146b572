/*
 * A checkpoint, byte for byte (little endian):
 *
 *     "ASOFCKP1", then chunks:
 *     0  u32  type
 *     4  u32  bytes of the payload, at most 1 MiB
 *     8  u64  number of the chunk, from 0
 *    16       payload
 *        u64  checksum: XXH3-64 of head and payload
 *
 *     1 start      u32 version 1; u32 largest group id; u64 segment bytes; u64 checksum of the
 *                  secret; u64 position, u64 batch, u64 chain of the journal's start; i64 last
 *                  arrival; flush mark (40 bytes). The first, once
 *     2 catalog    a piece of the catalog's JSON text
 *     3 retries    retry keys: u64 high, u64 low, i64 arrival; oldest first
 *     4 unflushed  rows not in Parquet: u64 first, u64 end, u64 rows, i64 oldest arrival
 *     5 records    u32 group id, u64 key high, u64 key low, u64 position, i64 event seconds,
 *                  i64 ttl seconds, u32 event nanoseconds, u32 bytes * 2 + is_tombstone; 52 bytes
 *                  a record
 *     6 end        u64 records in all. The last, once
 *
 * The writer goes on while the index is walked, so a record may come out as it was after the start
 * position. That is as good: replay from the start position gives the same index. Let S be the
 * start and m the moment at which a record was looked at; f, the entries from S to m for this
 * record, made its state at m out of its state at S: x(m) = f(x(S)). Replay applies f to x(m); that
 * must give x(m) again, positions included.
 *   States are ordered: nothing, then by event time, a tombstone before a record at equal time. A
 * put gives max(x, put), a soft delete likewise, a hard delete makes what is older nothing, a
 * carried entry moves an equal state only. All are monotone, and f(s) <= max(s, f(x(S))) at each
 * step. Without a hard delete that acted between S and m, x only grew: every entry of f is at most
 * x(m), so f(x(m)) <= x(m), and f(x(m)) >= f(x(S)) = x(m). After the last hard delete that acted,
 * the state is nothing, or was x(m) itself, or is at most x(m); from there the same holds. The
 * entry that made x(m) acts again, or found the equal state that it had itself made, so the
 * position is the same too. tests/unit/online/test_online.c holds this against random histories.
 *   The catalog and all else is taken between two turns, as of S.
 */
#include "write/checkpoint.h"

#include "core/hash.h"
#include "core/kill_point.h"

enum {
    VERSION = 1,
    WRITE_BYTES = 1 << 20,       /* gathered before a write */
    SYNC_BYTES = 32 * (1 << 20), /* written between syncs: none of them holds the journal up long */
};

const char checkpoint_magic[9] = "ASOFCKP1";

void checkpoint_init(struct checkpoint *checkpoint)
{
    *checkpoint = (struct checkpoint){0};
    buf_init(&checkpoint->catalog, 0);
    buf_init(&checkpoint->retries, 0);
    buf_init(&checkpoint->unflushed, 0);
}

void checkpoint_release(struct checkpoint *checkpoint)
{
    buf_release(&checkpoint->catalog);
    buf_release(&checkpoint->retries);
    buf_release(&checkpoint->unflushed);
}

void chunk_encode(enum chunk_type type, uint64_t number, struct str payload, struct buf *out)
{
    size_t start = out->len;

    assert(payload.len <= CHUNK_PAYLOAD_MAX);
    buf_add_u32(out, type);
    buf_add_u32(out, (uint32_t)payload.len);
    buf_add_u64(out, number);
    buf_add(out, payload);
    buf_add_u64(out, hash_checksum(str_slice(buf_str(out), start, out->len)));
}

/* The file being written. */
struct sink {
    const struct os *os;
    struct os_file *file;
    struct buf out; /* not written yet */
    uint64_t offset;
    uint64_t synced;
    uint64_t chunks;
};

static enum code sink_flush(struct sink *sink, struct err *err)
{
    if (sink->out.len > 0)
        TRY(sink->os->write(sink->os->context, sink->file, sink->out.ptr, sink->out.len,
                            sink->offset, err));
    sink->offset += sink->out.len;
    buf_clear(&sink->out);
    if (sink->offset - sink->synced < SYNC_BYTES)
        return OK;
    sink->synced = sink->offset;
    return sink->os->sync(sink->os->context, sink->file, err);
}

static enum code sink_chunk(struct sink *sink, enum chunk_type type, struct str payload,
                            struct err *err)
{
    chunk_encode(type, sink->chunks++, payload, &sink->out);
    return sink->out.len < WRITE_BYTES ? OK : sink_flush(sink, err);
}

/* In pieces that are a multiple of `unit` long. */
static enum code sink_pieces(struct sink *sink, enum chunk_type type, struct str bytes, size_t unit,
                             struct err *err)
{
    size_t piece = CHUNK_PAYLOAD_MAX / unit * unit;

    for (size_t from = 0; from < bytes.len; from += piece)
        TRY(sink_chunk(sink, type, str_slice(bytes, from, size_min(from + piece, bytes.len)), err));
    return OK;
}

static enum code sink_start(struct sink *sink, const struct checkpoint *checkpoint, struct err *err)
{
    CLEANUP(buf_release) struct buf payload;

    buf_init(&payload, 0);
    buf_add_u32(&payload, VERSION);
    buf_add_u32(&payload, checkpoint->group_id_max);
    buf_add_u64(&payload, checkpoint->segment_bytes);
    buf_add_u64(&payload, checkpoint->secret_checksum);
    buf_add_u64(&payload, checkpoint->start.position);
    buf_add_u64(&payload, checkpoint->start.batch);
    buf_add_u64(&payload, checkpoint->start.chain);
    buf_add_u64(&payload, (uint64_t)checkpoint->arrival_last_us);
    flush_mark_encode(&checkpoint->mark, &payload);
    return sink_chunk(sink, CHUNK_START, buf_str(&payload), err);
}

/* Records, gathered until they fill a chunk. */
struct gather {
    struct buf items;
    uint64_t records;
};

static void gather_item(const struct online_item *item, void *context)
{
    struct gather *gather = context;
    const struct online_head *head = &item->head;

    buf_add_u32(&gather->items, item->group_id);
    buf_add_u64(&gather->items, item->key.high);
    buf_add_u64(&gather->items, item->key.low);
    buf_add_u64(&gather->items, head->position);
    buf_add_u64(&gather->items, (uint64_t)head->event_time.seconds);
    buf_add_u64(&gather->items, (uint64_t)head->ttl_seconds);
    buf_add_u32(&gather->items, head->event_time.nanoseconds);
    buf_add_u32(&gather->items, head->bytes << 1 | (head->is_tombstone ? 1U : 0U));
    gather->records++;
}

/* Shard by shard: readers' sections stay short, and nothing is written inside one. */
static enum code sink_index(struct sink *sink, const struct checkpoint_writer *writer,
                            struct gather *gather, struct err *err)
{
    struct online_walk walk = {0};
    bool is_more = true;

    while (is_more) {
        epoch_enter(writer->epoch, writer->reader);
        is_more = online_walk_next(writer->online, &walk, gather_item, gather);
        epoch_leave(writer->epoch, writer->reader);
        if (is_more && gather->items.len < CHUNK_PAYLOAD_MAX / 2)
            continue;
        TRY(sink_pieces(sink, CHUNK_RECORDS, buf_str(&gather->items), CHECKPOINT_ITEM_BYTES, err));
        buf_clear(&gather->items);
    }
    return OK;
}

static enum code sink_all(struct sink *sink, const struct checkpoint_writer *writer,
                          const struct checkpoint *checkpoint, struct err *err)
{
    CLEANUP(buf_release) struct buf end;
    struct gather gather = {0};

    buf_add(&sink->out, STR("ASOFCKP1"));
    TRY(sink_start(sink, checkpoint, err));
    TRY(sink_pieces(sink, CHUNK_CATALOG, buf_str(&checkpoint->catalog), 1, err));
    TRY(sink_pieces(sink, CHUNK_RETRIES, buf_str(&checkpoint->retries), 24, err));
    TRY(sink_pieces(sink, CHUNK_UNFLUSHED, buf_str(&checkpoint->unflushed), 32, err));
    buf_init(&gather.items, 0);
    enum code code = sink_index(sink, writer, &gather, err);
    buf_release(&gather.items);
    TRY(code);
    buf_init(&end, 0);
    buf_add_u64(&end, gather.records);
    TRY(sink_chunk(sink, CHUNK_END, buf_str(&end), err));
    TRY(sink_flush(sink, err));
    return sink->os->sync(sink->os->context, sink->file, err);
}

/* The new file becomes the checkpoint. */
static enum code replace(const struct os *os, const char *temporary, const char *path,
                         struct arena *arena, struct err *err)
{
    struct str folder = str_from(path);

    while (folder.len > 1 && folder.ptr[folder.len - 1] != '/')
        folder.len--;
    assert(folder.len > 1);
    kill_point("checkpoint:before_rename");
    TRY(os->rename(os->context, temporary, path, true, err));
    kill_point("checkpoint:after_rename");
    return os->sync_dir(os->context, arena_cstr(arena, str_slice(folder, 0, folder.len - 1)), err);
}

enum code checkpoint_write(const struct checkpoint_writer *writer,
                           const struct checkpoint *checkpoint, struct err *err)
{
    const struct os *os = writer->os;
    CLEANUP(arena_release) struct arena arena = {0};
    const char *temporary = arena_format(&arena, "%s.tmp", writer->path).ptr;
    struct sink sink = {.os = os};

    TRY(os->open(os->context, temporary, OS_WRITE | OS_CREATE | OS_TRUNCATE, &sink.file, err));
    buf_init(&sink.out, 0);
    enum code code = sink_all(&sink, writer, checkpoint, err);
    buf_release(&sink.out);
    os->close(os->context, sink.file);
    if (code == OK)
        code = replace(os, temporary, writer->path, &arena, err);
    return code == OK ? OK : err_prefix(err, code, "cannot write the checkpoint");
}
