/*
 * Rows are gathered in a table of the in-memory database and copied out in one go. Nothing in the
 * bytes depends on a clock or on threads: one thread, insertion order, the write time is given.
 */
#include "offline/parquet_write.h"

#include "core/mem.h"
#include "offline/event_time.h"
#include "schema/record.h"

#include <stdlib.h>

enum { ROW_GROUP_ROWS = 122880 };

struct parquet_writer {
    struct duck *duck;
    struct arena arena; /* of the open file */
    struct parquet_target target;
    struct buf created; /* the statement that made the table that is there */
    struct buf copy;    /* the statement that writes the file */
    struct buf number;  /* a value with a NUL behind it */
    struct duck_appender *rows;
    struct duck_appender *sidecar; /* NULL until a row needs it */
    int64_t row;
};

struct parquet_writer *parquet_writer_new(struct duck *duck)
{
    struct parquet_writer *writer = MEM_NEW(struct parquet_writer);

    writer->duck = duck;
    return writer;
}

/* Drops the rows at hand. */
static void reset(struct parquet_writer *writer)
{
    duck_appender_free(writer->rows);
    duck_appender_free(writer->sidecar);
    writer->rows = NULL;
    writer->sidecar = NULL;
    writer->row = 0;
    arena_reset(&writer->arena);
}

void parquet_writer_free(struct parquet_writer *writer)
{
    if (writer == NULL)
        return;
    reset(writer);
    arena_release(&writer->arena);
    buf_release(&writer->created);
    buf_release(&writer->copy);
    buf_release(&writer->number);
    mem_free(writer);
}

static const char *sql_type(enum feature_type type)
{
    switch (type) {
    case FEATURE_INTEGRAL:
        return "BIGINT";
    case FEATURE_FRACTIONAL:
        return "DOUBLE";
    case FEATURE_STRING:
        return "VARCHAR";
    }
    abort();
}

static void create_write(const struct parquet_schema *schema, struct buf *sql)
{
    buf_add(sql, STR("CREATE OR REPLACE TABLE rows ("));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        duck_add_name(sql, schema->columns[i].name);
        buf_add_format(sql, " %s, ", sql_type(schema->columns[i].type));
    }
    buf_add(sql, STR("write_time TIMESTAMP, api_invocation_time TIMESTAMP, is_deleted BOOLEAN)"));
    buf_add_byte(sql, '\0');
}

static void copy_write(const struct parquet_target *target, struct buf *sql)
{
    const struct parquet_schema *schema = &target->schema;

    buf_add(sql, STR("COPY rows TO "));
    duck_add_literal(sql, str_from(target->path));
    buf_add_format(
        sql,
        " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, ROW_GROUP_SIZE %d, FIELD_IDS {",
        ROW_GROUP_ROWS);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        duck_add_name(sql, schema->columns[i].name);
        buf_add_format(sql, ": %u, ", i + 1);
    }
    buf_add_format(sql, "write_time: %d, api_invocation_time: %d, is_deleted: %d})",
                   FIELD_ID_WRITE_TIME, FIELD_ID_API_INVOCATION_TIME, FIELD_ID_IS_DELETED);
    buf_add_byte(sql, '\0');
}

static void target_copy(struct parquet_writer *writer, const struct parquet_target *target)
{
    const struct parquet_schema *schema = &target->schema;
    struct parquet_column *columns =
        ARENA_NEW(&writer->arena, struct parquet_column, schema->column_count);

    for (uint32_t i = 0; i < schema->column_count; i++)
        columns[i] = (struct parquet_column){arena_str(&writer->arena, schema->columns[i].name),
                                             schema->columns[i].type};
    writer->target = *target;
    writer->target.path = arena_cstr(&writer->arena, str_from(target->path));
    writer->target.sidecar_path = arena_cstr(&writer->arena, str_from(target->sidecar_path));
    writer->target.schema.columns = columns;
}

/* An empty table of the schema: the one that is there when it has the same columns. */
static enum code table_make(struct parquet_writer *writer, struct err *err)
{
    CLEANUP(buf_release) struct buf create = {0};

    create_write(&writer->target.schema, &create);
    if (str_equal(buf_str(&create), buf_str(&writer->created)))
        return duck_run(writer->duck, "TRUNCATE rows", err);
    TRY(duck_run(writer->duck, create.ptr, err));
    buf_clear(&writer->created);
    buf_add(&writer->created, buf_str(&create));
    return OK;
}

enum code parquet_writer_open(struct parquet_writer *writer, const struct parquet_target *target,
                              struct err *err)
{
    assert(target->schema.identifier_index < target->schema.column_count);
    assert(target->schema.event_time_index < target->schema.column_count);
    reset(writer);
    target_copy(writer, target);
    TRY(table_make(writer, err));
    return duck_appender_open(writer->duck, "rows", &writer->rows, err);
}

static enum code double_parse(struct parquet_writer *writer, struct str value, double *ret,
                              struct err *err)
{
    char *end = NULL;

    buf_clear(&writer->number);
    buf_add(&writer->number, value);
    buf_add_byte(&writer->number, '\0');
    double number = strtod(writer->number.ptr, &end);
    if (value.len == 0 || (size_t)(end - writer->number.ptr) != value.len)
        return err_set(err, ERR_CORRUPT, "a Fractional value that is no number");
    *ret = number;
    return OK;
}

static enum code cell_append(struct parquet_writer *writer, uint32_t index, struct str value,
                             struct err *err)
{
    double number = 0;
    int64_t integer = 0;

    switch (writer->target.schema.columns[index].type) {
    case FEATURE_INTEGRAL:
        if (str_to_i64(value, &integer, NULL) != OK)
            return err_set(err, ERR_CORRUPT, "an Integral value that is no integer");
        duck_append_i64(writer->rows, index, integer);
        return OK;
    case FEATURE_FRACTIONAL:
        TRY(double_parse(writer, value, &number, err));
        duck_append_double(writer->rows, index, number);
        return OK;
    case FEATURE_STRING:
        duck_append_str(writer->rows, index, value);
        return OK;
    }
    return err_set(err, ERR_INTERNAL, "a feature of no type");
}

static enum code put_append(struct parquet_writer *writer, const struct entry *entry,
                            struct err *err)
{
    struct stored_record record;

    TRY(stored_record_open(entry->record, &record, err));
    if (record.value_count > writer->target.schema.column_count)
        return err_set(err, ERR_CORRUPT, "a record of %u values for a file of %u features",
                       record.value_count, writer->target.schema.column_count);
    for (uint32_t i = 0; i < record.value_count; i++) {
        struct str value = stored_record_value(&record, i);
        if (!str_is_absent(value))
            TRY(cell_append(writer, i, value, err));
    }
    return OK;
}

/* A marker row: the identifier and the delete's event time, nothing else. */
static enum code delete_append(struct parquet_writer *writer, const struct entry *entry,
                               struct err *err)
{
    const struct parquet_schema *schema = &writer->target.schema;
    uint32_t identifier = schema->identifier_index;

    /* A delete may name what no record of the group can: such a marker has no identifier. */
    if (value_check(schema->columns[identifier].type, entry->identifier, NULL) == OK)
        TRY(cell_append(writer, identifier, entry->identifier, err));
    if (schema->columns[schema->event_time_index].type == FEATURE_FRACTIONAL) {
        duck_append_double(writer->rows, schema->event_time_index,
                           event_time_to_double(entry->event_time));
        return OK;
    }
    buf_clear(&writer->number);
    instant_add_iso(&writer->number, entry->event_time);
    duck_append_str(writer->rows, schema->event_time_index, buf_str(&writer->number));
    return OK;
}

/* Whether the event-time column alone gives the entry's instant. */
static enum code is_time_exact(struct parquet_writer *writer, const struct entry *entry, bool *ret,
                               struct err *err)
{
    const struct parquet_schema *schema = &writer->target.schema;
    double seconds = event_time_to_double(entry->event_time);
    struct instant instant;

    if (schema->columns[schema->event_time_index].type != FEATURE_FRACTIONAL) {
        *ret = true;
        return OK;
    }
    if (entry->kind == ENTRY_PUT) {
        struct stored_record record;
        TRY(stored_record_open(entry->record, &record, err));
        struct str value = schema->event_time_index < record.value_count
                               ? stored_record_value(&record, schema->event_time_index)
                               : STR_ABSENT;
        TRY(double_parse(writer, value, &seconds, err));
    }
    *ret = event_time_of_double(seconds, &instant, NULL) == OK &&
           instant_compare(instant, entry->event_time) == 0;
    return OK;
}

static enum code sidecar_append(struct parquet_writer *writer, const struct entry *entry,
                                struct err *err)
{
    if (writer->sidecar == NULL) {
        TRY(duck_run(writer->duck,
                     "CREATE OR REPLACE TABLE sidecar (\"row\" BIGINT, event_seconds BIGINT, "
                     "event_nanoseconds BIGINT, ttl_seconds BIGINT)",
                     err));
        TRY(duck_appender_open(writer->duck, "sidecar", &writer->sidecar, err));
    }
    duck_append_i64(writer->sidecar, 0, writer->row);
    duck_append_i64(writer->sidecar, 1, entry->event_time.seconds);
    duck_append_i64(writer->sidecar, 2, entry->event_time.nanoseconds);
    if (entry->ttl_seconds != 0)
        duck_append_i64(writer->sidecar, 3, entry->ttl_seconds);
    return duck_append_row(writer->sidecar, err);
}

enum code parquet_writer_add(struct parquet_writer *writer, const struct entry *entry,
                             struct err *err)
{
    size_t column = writer->target.schema.column_count;
    bool is_exact = true;

    assert(writer->rows != NULL);
    if (entry->kind == ENTRY_PUT)
        TRY(put_append(writer, entry, err));
    else if (entry->kind == ENTRY_DELETE || entry->kind == ENTRY_DELETE_HARD)
        TRY(delete_append(writer, entry, err));
    else
        return err_set(err, ERR_CORRUPT, "an entry that is no row");
    duck_append_i64(writer->rows, column, writer->target.write_time_us);
    duck_append_i64(writer->rows, column + 1, entry->arrival_us);
    duck_append_bool(writer->rows, column + 2, entry->kind != ENTRY_PUT);
    TRY(duck_append_row(writer->rows, err));
    TRY(is_time_exact(writer, entry, &is_exact, err));
    if (!is_exact || entry->ttl_seconds != 0)
        TRY(sidecar_append(writer, entry, err));
    writer->row++;
    return OK;
}

static enum code sidecar_close(struct parquet_writer *writer, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    struct duck_appender *sidecar = writer->sidecar;

    writer->sidecar = NULL;
    TRY(duck_appender_close(sidecar, err));
    buf_add(&sql, STR("COPY sidecar TO "));
    duck_add_literal(&sql, str_from(writer->target.sidecar_path));
    buf_add(&sql, STR(" (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"));
    buf_add_byte(&sql, '\0');
    return duck_run(writer->duck, sql.ptr, err);
}

enum code parquet_writer_close(struct parquet_writer *writer, bool *ret_has_sidecar,
                               struct err *err)
{
    struct duck_appender *rows = writer->rows;
    bool has_sidecar = writer->sidecar != NULL;

    assert(rows != NULL && writer->row > 0);
    writer->rows = NULL;
    TRY(duck_appender_close(rows, err));
    buf_clear(&writer->copy);
    copy_write(&writer->target, &writer->copy);
    TRY(duck_run(writer->duck, writer->copy.ptr, err));
    if (has_sidecar)
        TRY(sidecar_close(writer, err));
    *ret_has_sidecar = has_sidecar;
    return OK;
}
