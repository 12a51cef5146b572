/*
 * Rows are gathered in a table of the in-memory database and copied out in one go. Nothing in the
 * bytes depends on a clock or on threads: one thread, insertion order, the write time is given.
 */
#include "offline/parquet_write.h"

#include "core/mem.h"
#include "offline/parquet_row.h"

#include <stdlib.h>

enum { ROW_GROUP_ROWS = 122880 };

struct parquet_writer {
    struct duck *duck;
    struct arena arena; /* of the open file */
    struct parquet_target target;
    struct buf created;       /* the statement that made the table that is there */
    struct buf copy;          /* the statement that writes the file */
    struct parquet_row cells; /* of the row at hand */
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
    parquet_row_release(&writer->cells);
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
    struct parquet_row *cells = &writer->cells;
    bool is_exact = true;

    assert(writer->rows != NULL);
    cells->schema = &writer->target.schema;
    cells->appender = writer->rows;
    TRY(parquet_row_fill(cells, entry, writer->target.write_time_us, err));
    TRY(duck_append_row(writer->rows, err));
    TRY(parquet_row_is_time_exact(cells, entry, &is_exact, err));
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
