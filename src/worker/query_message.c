/*
 * Texts are a u32 length and the bytes; lists a u32 count and the items; all integers little
 * endian.
 *
 *   order    u8 flags (1 dataset, 2 sandbox required, 4 as seen, 8 labels are Parquet), u8 format,
 *            u32 threads, u32 cpu seconds, u64 memory, i64 now, private folder, SQL, labels, time
 *            column, groups (texts), keys (two texts each)
 *   wanted   names (three texts each: catalog, schema, table)
 *   answer   u32 source, group as JSON
 *   files    u32 source, then files to the end: path, sidecar, u32 features
 *   rows     u32 source, then entries to the end
 *   done     u64 rows
 */
#include "worker/query_message.h"

#include "config/limits.h"
#include "core/bytes.h"

enum order_flags {
    ORDER_DATASET = 1,
    ORDER_SANDBOX = 2,
    ORDER_AS_SEEN = 4,
    ORDER_PARQUET = 8,
    ORDER_FLAGS_ALL = 15,
};

static void add_text(struct buf *out, struct str text)
{
    buf_add_u32(out, (uint32_t)text.len);
    buf_add(out, text);
}

static struct str read_text(struct bytes *bytes)
{
    const uint32_t len = bytes_u32(bytes);
    return bytes_str(bytes, len);
}

/* A count of items that take at least item_bytes_min each, so that nothing is allocated for more
 * than there can be. */
static uint32_t read_count(struct bytes *bytes, size_t item_bytes_min)
{
    const uint32_t count = bytes_u32(bytes);

    if (count > bytes_left(bytes) / item_bytes_min) {
        bytes->is_bad = true;
        return 0;
    }
    return count;
}

static enum code check_end(const struct bytes *bytes, const char *what, struct err *err)
{
    if (bytes->is_bad || bytes_left(bytes) != 0)
        return err_set(err, ERR_CORRUPT, "a malformed message (%s)", what);
    return OK;
}

void query_order_write(const struct query_order *order, struct buf *out)
{
    unsigned flags = 0;

    flags |= order->is_dataset ? ORDER_DATASET : 0U;
    flags |= order->is_sandbox_required ? ORDER_SANDBOX : 0U;
    flags |= order->is_as_seen ? ORDER_AS_SEEN : 0U;
    flags |= order->is_labels_parquet ? ORDER_PARQUET : 0U;
    buf_add_byte(out, (char)flags);
    buf_add_byte(out, (char)order->format);
    buf_add_u32(out, order->threads);
    buf_add_u32(out, order->cpu_seconds_max);
    buf_add_u64(out, order->memory_bytes_max);
    buf_add_u64(out, (uint64_t)order->now_us);
    add_text(out, order->private_dir);
    add_text(out, order->sql);
    add_text(out, order->labels_path);
    add_text(out, order->time_column);
    buf_add_u32(out, order->group_count);
    for (uint32_t i = 0; i < order->group_count; i++)
        add_text(out, order->groups[i]);
    buf_add_u32(out, order->key_count);
    for (uint32_t i = 0; i < order->key_count; i++) {
        add_text(out, order->keys[i].group);
        add_text(out, order->keys[i].column);
    }
}

static void read_lists(struct bytes *bytes, struct arena *arena, struct query_order *ret)
{
    ret->group_count = read_count(bytes, sizeof(uint32_t));
    struct str *groups = ARENA_NEW(arena, struct str, ret->group_count);
    for (uint32_t i = 0; i < ret->group_count; i++)
        groups[i] = arena_str(arena, read_text(bytes));
    ret->groups = groups;
    ret->key_count = read_count(bytes, 2 * sizeof(uint32_t));
    struct dataset_key *keys = ARENA_NEW(arena, struct dataset_key, ret->key_count);
    for (uint32_t i = 0; i < ret->key_count; i++) {
        keys[i].group = arena_str(arena, read_text(bytes));
        keys[i].column = arena_str(arena, read_text(bytes));
    }
    ret->keys = keys;
}

enum code query_order_read(struct str payload, struct arena *arena, struct query_order *ret,
                           struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    struct query_order order = {0};
    const unsigned flags = bytes_u8(&bytes);
    const unsigned format = bytes_u8(&bytes);

    order.is_dataset = (flags & ORDER_DATASET) != 0;
    order.is_sandbox_required = (flags & ORDER_SANDBOX) != 0;
    order.is_as_seen = (flags & ORDER_AS_SEEN) != 0;
    order.is_labels_parquet = (flags & ORDER_PARQUET) != 0;
    order.format = (enum engine_format)format;
    order.threads = bytes_u32(&bytes);
    order.cpu_seconds_max = bytes_u32(&bytes);
    order.memory_bytes_max = bytes_u64(&bytes);
    order.now_us = (int64_t)bytes_u64(&bytes);
    order.private_dir = arena_str(arena, read_text(&bytes));
    order.sql = arena_str(arena, read_text(&bytes));
    order.labels_path = arena_str(arena, read_text(&bytes));
    order.time_column = arena_str(arena, read_text(&bytes));
    read_lists(&bytes, arena, &order);
    bytes.is_bad |= (flags & ~(unsigned)ORDER_FLAGS_ALL) != 0 || format > ENGINE_PARQUET;
    TRY(check_end(&bytes, "query", err));
    *ret = order;
    return OK;
}

void table_wanted_write(const struct duck_name *names, size_t count, struct buf *out)
{
    buf_add_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        add_text(out, names[i].catalog);
        add_text(out, names[i].schema);
        add_text(out, names[i].table);
    }
}

enum code table_wanted_read(struct str payload, struct arena *arena, const struct duck_name **ret,
                            size_t *ret_count, struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    const uint32_t count = read_count(&bytes, 3 * sizeof(uint32_t));

    if (count > LIMIT_QUERY_TABLES)
        return err_set(err, ERR_INVALID, "the query refers to %u tables; at most %d are taken",
                       count, LIMIT_QUERY_TABLES);
    struct duck_name *names = ARENA_NEW(arena, struct duck_name, count);
    for (uint32_t i = 0; i < count; i++) {
        names[i].catalog = arena_str(arena, read_text(&bytes));
        names[i].schema = arena_str(arena, read_text(&bytes));
        names[i].table = arena_str(arena, read_text(&bytes));
    }
    TRY(check_end(&bytes, "tables wanted", err));
    *ret = names;
    *ret_count = count;
    return OK;
}

void table_answer_write(const struct table_answer *answer, struct buf *out)
{
    buf_add_u32(out, answer->source);
    add_text(out, answer->group_json);
}

enum code table_answer_read(struct str payload, struct table_answer *ret, struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    struct table_answer answer = {.source = bytes_u32(&bytes)};

    answer.group_json = read_text(&bytes);
    TRY(check_end(&bytes, "table", err));
    *ret = answer;
    return OK;
}

void table_files_begin(uint32_t source, struct buf *out)
{
    buf_add_u32(out, source);
}

void table_files_add(const struct source_file *file, struct buf *out)
{
    add_text(out, file->path);
    add_text(out, file->sidecar);
    buf_add_u32(out, file->feature_count);
}

enum code table_files_read(struct str payload, struct arena *arena, uint32_t *ret_source,
                           struct source_file **ret, size_t *ret_count, struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    const uint32_t source = bytes_u32(&bytes);
    /* As many as there can be at most. */
    struct source_file *files =
        ARENA_NEW(arena, struct source_file, bytes_left(&bytes) / (3 * sizeof(uint32_t)));
    size_t count = 0;

    while (!bytes.is_bad && bytes_left(&bytes) > 0) {
        struct source_file file = {0};
        file.path = arena_str(arena, read_text(&bytes));
        file.sidecar = arena_str(arena, read_text(&bytes));
        file.feature_count = bytes_u32(&bytes);
        if (!bytes.is_bad)
            files[count++] = file;
    }
    TRY(check_end(&bytes, "files", err));
    *ret_source = source;
    *ret = files;
    *ret_count = count;
    return OK;
}

void table_rows_begin(uint32_t source, struct buf *out)
{
    buf_add_u32(out, source);
}

enum code table_rows_read(struct str payload, uint32_t *ret_source, struct str *ret_entries,
                          struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    const uint32_t source = bytes_u32(&bytes);

    if (bytes.is_bad)
        return err_set(err, ERR_CORRUPT, "a malformed message (rows)");
    *ret_source = source;
    *ret_entries = bytes_str(&bytes, bytes_left(&bytes));
    return OK;
}

void query_done_write(uint64_t rows, struct buf *out)
{
    buf_add_u64(out, rows);
}

enum code query_done_read(struct str payload, uint64_t *ret_rows, struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    const uint64_t rows = bytes_u64(&bytes);

    TRY(check_end(&bytes, "done", err));
    *ret_rows = rows;
    return OK;
}
