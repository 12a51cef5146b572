/*
 * The SQL of a source's views. Files are grouped by how many features they hold: each group of
 * files is one read_parquet over an explicit list with explicit columns, and features that were
 * added later are NULL. (union_by_name would open every file twice.) Columns are taken by position,
 * so no feature name can meet a name of the engine.
 */
#include "query/source.h"

#define FILES_OPTIONS ", hive_partitioning = false)"
#define NANOSECONDS "1000000000"

const char *source_type(enum feature_type type)
{
    switch (type) {
    case FEATURE_INTEGRAL:
        return "BIGINT";
    case FEATURE_FRACTIONAL:
        return "DOUBLE";
    case FEATURE_STRING:
        return "VARCHAR";
    }
    assert(false);
    return "VARCHAR";
}

static enum code run(struct duck *duck, struct buf *sql, struct err *err)
{
    buf_add_byte(sql, '\0');
    if (sql->is_over)
        return err_set(err, ERR_TOO_LARGE, "the query reads too many files");
    return duck_run(duck, sql->ptr, err);
}

/* ---- the features' columns ---- */

/* "c0, c1, NULL::BIGINT AS c2" where only the first two are there. */
static void add_features(struct buf *sql, const struct group *group, uint32_t present)
{
    for (uint32_t i = 0; i < group->feature_count; i++) {
        if (i < present)
            buf_add_format(sql, "c%u, ", i);
        else
            buf_add_format(sql, "NULL::%s AS c%u, ", source_type(group->features[i].type), i);
    }
}

static void add_column_names(struct buf *sql, uint32_t feature_count)
{
    for (uint32_t i = 0; i < feature_count; i++)
        buf_add_format(sql, "c%u, ", i);
    buf_add(sql, STR("w, a, d"));
}

/* ---- files of one shape ---- */

struct shape {
    uint32_t feature_count;
    bool has_sidecar;
};

static struct shape shape_of(const struct source_file *file)
{
    return (struct shape){file->feature_count, file->sidecar.len > 0};
}

static bool shape_equal(struct shape a, struct shape b)
{
    return a.feature_count == b.feature_count && a.has_sidecar == b.has_sidecar;
}

static bool is_first_of_shape(const struct source *source, size_t index)
{
    const struct shape shape = shape_of(&source->files[index]);

    for (size_t i = 0; i < index; i++) {
        if (shape_equal(shape, shape_of(&source->files[i])))
            return false;
    }
    return true;
}

static void add_file_list(struct buf *sql, const struct source *source, struct shape shape,
                          bool is_sidecar)
{
    bool is_first = true;

    buf_add(sql, STR("read_parquet(["));
    for (size_t i = 0; i < source->file_count; i++) {
        const struct source_file *file = &source->files[i];
        if (!shape_equal(shape, shape_of(file)))
            continue;
        if (!is_first)
            buf_add_byte(sql, ',');
        is_first = false;
        duck_add_literal(sql, is_sidecar ? file->sidecar : file->path);
    }
    buf_add(sql, STR("]" FILES_OPTIONS));
}

static void add_files(struct buf *sql, const struct source *source, struct shape shape)
{
    buf_add(sql, STR(" FROM "));
    add_file_list(sql, source, shape, false);
    buf_add(sql, STR(" AS t("));
    add_column_names(sql, shape.feature_count);
    buf_add(sql, STR(")"));
    if (!shape.has_sidecar)
        return;
    /* Both lists are in the same order, so a sidecar's number is its file's. */
    buf_add(sql, STR(" LEFT JOIN "));
    add_file_list(sql, source, shape, true);
    buf_add(sql, STR(" AS s(row, es, en, ttl) ON s.file_index = t.file_index AND "
                     "s.row = t.file_row_number"));
}

/* ---- unflushed rows ---- */

enum code source_begin(struct duck *duck, struct source *source, struct arena *arena,
                       struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    CLEANUP(buf_release) struct buf table = {0};

    assert(source->row.appender == NULL);
    parquet_schema_of(source->group, source->group->feature_count, arena, &source->schema);
    buf_add_format(&sql, "CREATE TABLE \"asof tail %u\"(", source->number);
    for (uint32_t i = 0; i < source->group->feature_count; i++)
        buf_add_format(&sql, "c%u %s, ", i, source_type(source->group->features[i].type));
    buf_add(&sql, STR("w TIMESTAMP, a TIMESTAMP, d BOOLEAN, es BIGINT, en BIGINT, ttl BIGINT)"));
    TRY(run(duck, &sql, err));

    buf_add_format(&table, "asof tail %u", source->number);
    buf_add_byte(&table, '\0');
    return duck_appender_open(duck, table.ptr, &source->row.appender, err);
}

enum code source_end(struct source *source, struct err *err)
{
    struct duck_appender *tail = source->row.appender;

    assert(tail != NULL);
    parquet_row_release(&source->row);
    return duck_appender_close(tail, err);
}

void source_abort(struct source *source)
{
    duck_appender_free(source->row.appender);
    parquet_row_release(&source->row);
}

/* ---- the views ---- */

enum code source_make_base(struct duck *duck, const struct source *source, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    const uint32_t count = source->group->feature_count;

    buf_add_format(&sql, "CREATE VIEW \"asof base %u\" AS SELECT ", source->number);
    add_features(&sql, source->group, count);
    buf_add_format(&sql, "w, a, d FROM \"asof tail %u\"", source->number);
    for (size_t i = 0; i < source->file_count; i++) {
        if (!is_first_of_shape(source, i))
            continue;
        /* A sidecar adds nothing here: files differ by their features alone. */
        struct shape shape = shape_of(&source->files[i]);
        buf_add(&sql, STR(" UNION ALL SELECT "));
        add_features(&sql, source->group, shape.feature_count);
        buf_add(&sql, STR("w, a, d FROM "));
        add_file_list(&sql, source, shape, false);
        buf_add(&sql, STR(" AS t("));
        add_column_names(&sql, shape.feature_count);
        buf_add_byte(&sql, ')');
    }
    return run(duck, &sql, err);
}

enum code source_make_table(struct duck *duck, const struct source *source,
                            const struct duck_name *name, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    const struct parquet_schema *schema = &source->schema; /* the names that the files have */

    if (name->schema.len > 0) {
        buf_add(&sql, STR("CREATE SCHEMA IF NOT EXISTS "));
        duck_add_name(&sql, name->schema);
        buf_add(&sql, STR("; "));
    }
    buf_add(&sql, STR("CREATE VIEW "));
    duck_add_name(&sql, name->schema.len > 0 ? name->schema : STR("main"));
    buf_add_byte(&sql, '.');
    duck_add_name(&sql, name->table);
    buf_add(&sql, STR(" AS SELECT "));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        buf_add_format(&sql, "c%u AS ", i);
        duck_add_name(&sql, schema->columns[i].name);
        buf_add(&sql, STR(", "));
    }
    buf_add_format(&sql,
                   "w AS write_time, a AS api_invocation_time, d AS is_deleted "
                   "FROM main.\"asof base %u\"",
                   source->number);
    return run(duck, &sql, err);
}

/* An event time of `es` seconds and `en` nanoseconds as one number. */
#define EVENT_OF_PARTS "(es::HUGEINT * " NANOSECONDS " + en)"
#define TTL_NANOSECONDS "nullif(ttl, 0)::HUGEINT * " NANOSECONDS

static void add_history_columns(struct buf *sql, const struct group *group, uint32_t present,
                                struct str event, struct str expiry)
{
    buf_add(sql, STR(" SELECT "));
    add_features(sql, group, present);
    buf_add_format(sql, "c%u AS k, %.*s AS e, epoch_us(a) AS a, d, %.*s AS x",
                   group->identifier_index, STR_ARG(event), STR_ARG(expiry));
}

static void add_history_files(struct buf *sql, const struct source *source, struct shape shape)
{
    const struct group *group = source->group;
    CLEANUP(buf_release) struct buf event = {0};
    CLEANUP(buf_release) struct buf expiry = {0};

    if (shape.has_sidecar) {
        buf_add_format(&event,
                       "CASE WHEN es IS NULL THEN asof_instant(c%u) ELSE " EVENT_OF_PARTS " END",
                       group->event_time_index);
        buf_add_format(&expiry, "%.*s + " TTL_NANOSECONDS, STR_ARG(buf_str(&event)));
    } else {
        buf_add_format(&event, "asof_instant(c%u)", group->event_time_index);
        buf_add(&expiry, STR("NULL::HUGEINT"));
    }
    add_history_columns(sql, group, shape.feature_count, buf_str(&event), buf_str(&expiry));
    add_files(sql, source, shape);
}

enum code source_make_history(struct duck *duck, const struct source *source, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};

    buf_add_format(&sql, "CREATE VIEW \"asof history %u\" AS", source->number);
    add_history_columns(&sql, source->group, source->group->feature_count, STR(EVENT_OF_PARTS),
                        STR(EVENT_OF_PARTS " + " TTL_NANOSECONDS));
    buf_add_format(&sql, " FROM \"asof tail %u\"", source->number);
    for (size_t i = 0; i < source->file_count; i++) {
        if (!is_first_of_shape(source, i))
            continue;
        buf_add(&sql, STR(" UNION ALL"));
        add_history_files(&sql, source, shape_of(&source->files[i]));
    }
    return run(duck, &sql, err);
}
