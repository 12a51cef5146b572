/*
 * FILE_OPEN: u32 length and path, u32 length and path of the sidecar, i64 write time, u32 columns,
 * u32 index of the identifier, u32 of the event time; a column is u8 type, u8 length, name.
 * FILE_ROWS: entries as in the journal, one behind the other. FILE_CLOSE: nothing.
 * FILE_DONE: u64 bytes, u8 has a sidecar. FAILED: u8 code, text.
 */
#include "worker/flush_message.h"

#include "config/limits.h"
#include "core/bytes.h"

enum { PATH_BYTES_MAX = 4096, NAME_BYTES_MAX = 255 };

static void text_write(struct str text, struct buf *out)
{
    buf_add_u32(out, (uint32_t)text.len);
    buf_add(out, text);
}

void flush_open_write(const struct parquet_target *target, struct buf *out)
{
    const struct parquet_schema *schema = &target->schema;

    text_write(str_from(target->path), out);
    text_write(str_from(target->sidecar_path), out);
    buf_add_u64(out, (uint64_t)target->write_time_us);
    buf_add_u32(out, schema->column_count);
    buf_add_u32(out, schema->identifier_index);
    buf_add_u32(out, schema->event_time_index);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        assert(schema->columns[i].name.len <= NAME_BYTES_MAX);
        buf_add_byte(out, (char)schema->columns[i].type);
        buf_add_byte(out, (char)schema->columns[i].name.len);
        buf_add(out, schema->columns[i].name);
    }
}

/* "" when there is none; a NUL inside makes it bad. */
static const char *path_read(struct bytes *bytes, struct arena *arena)
{
    uint32_t len = bytes_u32(bytes);
    struct str text = bytes_str(bytes, len);

    if (len == 0 || len > PATH_BYTES_MAX || str_find_byte(text, 0, '\0') < text.len) {
        bytes->is_bad = true;
        return "";
    }
    return arena_cstr(arena, text);
}

static void columns_read(struct bytes *bytes, struct parquet_schema *schema, struct arena *arena)
{
    struct parquet_column *columns = ARENA_NEW(arena, struct parquet_column, schema->column_count);

    for (uint32_t i = 0; i < schema->column_count && !bytes->is_bad; i++) {
        uint8_t type = bytes_u8(bytes);
        uint8_t len = bytes_u8(bytes);
        struct str name = bytes_str(bytes, len);
        bool is_known =
            type == FEATURE_INTEGRAL || type == FEATURE_FRACTIONAL || type == FEATURE_STRING;
        if (!is_known || len == 0 || str_find_byte(name, 0, '\0') < name.len) {
            bytes->is_bad = true;
            break;
        }
        columns[i] = (struct parquet_column){arena_str(arena, name), (enum feature_type)type};
    }
    schema->columns = columns;
}

enum code flush_open_read(struct str payload, struct arena *arena, struct parquet_target *ret,
                          struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    struct parquet_target target = {0};
    struct parquet_schema *schema = &target.schema;

    target.path = path_read(&bytes, arena);
    target.sidecar_path = path_read(&bytes, arena);
    target.write_time_us = (int64_t)bytes_u64(&bytes);
    schema->column_count = bytes_u32(&bytes);
    schema->identifier_index = bytes_u32(&bytes);
    schema->event_time_index = bytes_u32(&bytes);
    if (bytes.is_bad || schema->column_count > LIMIT_FEATURES ||
        schema->identifier_index >= schema->column_count ||
        schema->event_time_index >= schema->column_count)
        return err_set(err, ERR_CORRUPT, "a malformed request for a file");
    columns_read(&bytes, schema, arena);
    bool is_time =
        !bytes.is_bad && schema->columns[schema->event_time_index].type != FEATURE_INTEGRAL;
    if (!is_time || bytes_left(&bytes) != 0)
        return err_set(err, ERR_CORRUPT, "malformed columns of a file");
    *ret = target;
    return OK;
}

void flush_done_write(const struct parquet_result *result, struct buf *out)
{
    buf_add_u64(out, result->bytes);
    buf_add_byte(out, result->has_sidecar ? 1 : 0);
}

enum code flush_done_read(struct str payload, struct parquet_result *ret, struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    uint64_t size = bytes_u64(&bytes);
    uint8_t has_sidecar = bytes_u8(&bytes);

    if (bytes.is_bad || bytes_left(&bytes) != 0 || has_sidecar > 1)
        return err_set(err, ERR_CORRUPT, "a malformed answer of the flush worker");
    *ret = (struct parquet_result){.bytes = size, .has_sidecar = has_sidecar == 1};
    return OK;
}

void failed_write(const struct err *failure, struct buf *out)
{
    buf_add_byte(out, (char)failure->code);
    buf_add(out, str_from(failure->message));
}

enum code failed_read(struct str payload, struct err *err)
{
    struct bytes bytes = bytes_from(payload);
    uint8_t code = bytes_u8(&bytes);
    struct str text = bytes_str(&bytes, bytes_left(&bytes));

    if (bytes.is_bad || code == OK || code > ERR_INTERNAL)
        return err_set(err, ERR_CORRUPT, "a malformed answer of a worker");
    return err_set(err, (enum code)code, "%.*s", STR_ARG(text));
}
