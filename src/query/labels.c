/*
 * The labels of a dataset: a client's file. Whatever in it is no time or no key is refused by row
 * and column; nothing is guessed.
 */
#include "query/dataset_priv.h"

#define EXPECTED_TIME "a time (ISO 8601, or epoch seconds)"

static enum code run_sql(struct dataset_run *run, struct buf *sql, struct err *err)
{
    buf_add_byte(sql, '\0');
    return duck_run(run->engine->duck, sql->ptr, err);
}

static enum code labels_read(struct dataset_run *run, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    struct err inner = {0};

    buf_add(&sql, STR("CREATE TABLE \"asof labels\" AS SELECT row_number() OVER () AS \"" ROW_COLUMN
                      "\", * FROM "));
    buf_add(&sql, run->dataset->is_labels_parquet ? STR("read_parquet(") : STR("read_csv("));
    duck_add_literal(&sql, str_from(run->dataset->labels_path));
    if (run->dataset->is_labels_parquet)
        buf_add(&sql, STR(", hive_partitioning = false)"));
    else /* all that could be guessed is said: texts stay what they are */
        buf_add(&sql, STR(", header = true, all_varchar = true, delim = ',', quote = '\"', "
                          "escape = '\"', comment = '', skip = 0, nullstr = '', "
                          "allow_quoted_nulls = false, hive_partitioning = false)"));
    const enum code code = run_sql(run, &sql, &inner);
    return code == OK ? OK : err_set(err, code, "labels: %s", inner.message);
}

static enum code columns_read(struct dataset_run *run, struct duck_result *result, struct err *err)
{
    bool has_row = false;

    TRY(duck_result_next(result, &has_row, err));
    if (has_row)
        run->columns = ARENA_NEW(run->arena, struct label_column, (size_t)duck_i64(result, 2));
    while (has_row) {
        const struct str name = duck_str(result, 0);
        if (!str_equal(name, STR(ROW_COLUMN)))
            run->columns[run->column_count++] = (struct label_column){
                arena_str(run->arena, name), arena_str(run->arena, duck_str(result, 1))};
        TRY(duck_result_next(result, &has_row, err));
    }
    return OK;
}

static enum code columns_find(struct dataset_run *run, struct err *err)
{
    struct duck_result *result = NULL;

    TRY(duck_query(run->engine->duck,
                   "SELECT name, type, count(*) OVER () FROM pragma_table_info('asof labels') "
                   "ORDER BY cid",
                   false, &result, err));
    const enum code code = columns_read(run, result, err);
    duck_result_free(result);
    return code;
}

static const struct label_column *column_named(const struct dataset_run *run, struct str name)
{
    const struct label_column *found = NULL;

    for (size_t i = 0; i < run->column_count; i++) {
        if (str_equal(run->columns[i].name, name))
            return &run->columns[i];
        if (found == NULL && str_equal_nocase(run->columns[i].name, name))
            found = &run->columns[i];
    }
    return found;
}

static enum code column_missing(const struct dataset_run *run, const char *what, struct str name,
                                struct err *err)
{
    CLEANUP(buf_release) struct buf list = {0};

    for (size_t i = 0; i < run->column_count; i++)
        buf_add_format(&list, "%s%.*s", i > 0 ? ", " : "", STR_ARG(run->columns[i].name));
    return err_set(err, ERR_INVALID, "labels: expected a column '%.*s' (%s), found: %.*s",
                   STR_ARG(name), what, STR_ARG(buf_str(&list)));
}

static enum code time_column(const struct dataset_run *run, const struct label_column **ret,
                             struct err *err)
{
    const struct dataset *dataset = run->dataset;
    const struct group *group = dataset->sources[0].group;
    struct str name = dataset->time_column;

    if (str_is_absent(name) || name.len == 0) {
        name = group->features[group->event_time_index].name;
        if (column_named(run, name) == NULL)
            name = STR("event_time");
    }
    *ret = column_named(run, name);
    return *ret == NULL ? column_missing(run, "the label time", name, err) : OK;
}

static enum code key_column(const struct dataset_run *run, const struct group *group,
                            const struct label_column **ret, struct err *err)
{
    const struct dataset *dataset = run->dataset;
    struct str name = group->features[group->identifier_index].name;

    for (size_t i = 0; i < dataset->key_count; i++) {
        if (str_equal(dataset->keys[i].group, group->name))
            name = dataset->keys[i].column;
    }
    *ret = column_named(run, name);
    if (*ret != NULL)
        return OK;
    const struct str what = arena_format(run->arena, "the key of '%.*s'", STR_ARG(group->name));
    return column_missing(run, what.ptr, name, err);
}

static bool is_one_of(struct str type, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (str_equal(type, str_from(*names)))
            return true;
    }
    return false;
}

static bool is_integer(struct str type)
{
    static const char *const names[] = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                        "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                        "UBIGINT", "UHUGEINT", NULL};
    return is_one_of(type, names);
}

static bool is_double(struct str type)
{
    return str_equal(type, STR("DOUBLE")) || str_equal(type, STR("FLOAT"));
}

static bool is_timestamp(struct str type)
{
    static const char *const names[] = {
        "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "DATE", NULL};
    return is_one_of(type, names);
}

/* The SQL of a label time as nanoseconds, NULL where it is none; absent for other types. */
static struct str time_expression(const struct dataset_run *run, const struct label_column *column)
{
    CLEANUP(buf_release) struct buf name = {0};
    struct arena *arena = run->arena;

    duck_add_name(&name, column->name);
    const struct str c = buf_str(&name);
    if (str_equal(column->type, STR("VARCHAR")))
        return arena_format(arena,
                            "coalesce(asof_instant(%.*s), CASE WHEN regexp_matches(%.*s, "
                            "'^[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN epoch_us(TRY_CAST(%.*s AS "
                            "TIMESTAMPTZ))::HUGEINT * 1000 END)",
                            STR_ARG(c), STR_ARG(c), STR_ARG(c));
    if (is_double(column->type))
        return arena_format(arena, "asof_instant(%.*s::DOUBLE)", STR_ARG(c));
    if (is_integer(column->type) || str_starts(column->type, STR("DECIMAL")))
        return arena_format(arena, "asof_instant(%.*s::VARCHAR)", STR_ARG(c));
    if (is_timestamp(column->type))
        return arena_format(arena,
                            "CASE WHEN isfinite(%.*s) THEN epoch_us(%.*s)::HUGEINT * 1000 END",
                            STR_ARG(c), STR_ARG(c));
    if (str_equal(column->type, STR("TIMESTAMP_NS")))
        return arena_format(arena, "epoch_ns(%.*s)::HUGEINT", STR_ARG(c));
    return STR_ABSENT;
}

/* The SQL of a key in the type of the group's record identifier, NULL where it does not fit. */
static struct str key_expression(const struct dataset_run *run, const struct label_column *column,
                                 enum feature_type type)
{
    CLEANUP(buf_release) struct buf name = {0};
    struct arena *arena = run->arena;

    duck_add_name(&name, column->name);
    const struct str c = buf_str(&name);
    switch (type) {
    case FEATURE_STRING:
        return arena_format(arena, "%.*s::VARCHAR", STR_ARG(c));
    case FEATURE_FRACTIONAL:
        return arena_format(arena, "TRY_CAST(%.*s AS DOUBLE)", STR_ARG(c));
    case FEATURE_INTEGRAL:
        break;
    }
    /* A cast alone would round 7.5 to an identifier that nobody wrote. */
    if (str_equal(column->type, STR("VARCHAR")))
        return arena_format(arena,
                            "CASE WHEN regexp_full_match(%.*s, '[+-]?[0-9]+') THEN "
                            "TRY_CAST(%.*s AS BIGINT) END",
                            STR_ARG(c), STR_ARG(c));
    if (is_integer(column->type))
        return arena_format(arena, "TRY_CAST(%.*s AS BIGINT)", STR_ARG(c));
    return arena_format(arena,
                        "CASE WHEN TRY_CAST(%.*s AS DOUBLE) = trunc(TRY_CAST(%.*s AS DOUBLE)) "
                        "THEN TRY_CAST(%.*s AS BIGINT) END",
                        STR_ARG(c), STR_ARG(c), STR_ARG(c));
}

static enum code refuse_row(const struct duck_result *result, struct str column,
                            const char *expected, struct err *err)
{
    const int64_t row = duck_i64(result, 0);

    if (duck_is_null(result, 1))
        return err_set(err, ERR_INVALID,
                       "labels: row %jd: column '%.*s': expected %s, found nothing", (intmax_t)row,
                       STR_ARG(column), expected);
    struct str found = duck_str(result, 1);
    found.len = size_min(found.len, 64);
    return err_set(err, ERR_INVALID, "labels: row %jd: column '%.*s': expected %s, found '%.*s'",
                   (intmax_t)row, STR_ARG(column), expected, STR_ARG(found));
}

/* Refuses the first row whose `key` (a column of "asof keys") is NULL. */
static enum code check_column(struct dataset_run *run, const char *key,
                              const struct label_column *column, const char *expected,
                              struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    struct duck_result *result = NULL;
    bool has_row = false;

    buf_add(&sql, STR("SELECT q.r, l."));
    duck_add_name(&sql, column->name);
    buf_add_format(&sql,
                   "::VARCHAR FROM \"asof keys\" AS q JOIN \"asof labels\" AS l ON "
                   "l.\"" ROW_COLUMN "\" = q.r WHERE q.%s IS NULL ORDER BY q.r LIMIT 1",
                   key);
    buf_add_byte(&sql, '\0');
    TRY(duck_query(run->engine->duck, sql.ptr, false, &result, err));
    enum code code = duck_result_next(result, &has_row, err);
    if (code == OK && has_row)
        code = refuse_row(result, column->name, expected, err);
    duck_result_free(result);
    return code;
}

static const char *expected_key(enum feature_type type)
{
    switch (type) {
    case FEATURE_INTEGRAL:
        return "an integer (the key is Integral)";
    case FEATURE_FRACTIONAL:
        return "a number (the key is Fractional)";
    case FEATURE_STRING:
        return "a key";
    }
    return "a key";
}

static enum code keys_make(struct dataset_run *run, const struct label_column *time,
                           const struct label_column *const *keys, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    const struct dataset *dataset = run->dataset;
    const struct str time_sql = time_expression(run, time);

    if (str_is_absent(time_sql))
        return err_set(err, ERR_INVALID, "labels: column '%.*s': expected times, found type %.*s",
                       STR_ARG(time->name), STR_ARG(time->type));
    buf_add_format(&sql, "CREATE TABLE \"asof keys\" AS SELECT \"" ROW_COLUMN "\" AS r, %.*s AS t",
                   STR_ARG(time_sql));
    for (size_t i = 0; i < dataset->source_count; i++) {
        const struct group *group = dataset->sources[i].group;
        const struct str key =
            key_expression(run, keys[i], group->features[group->identifier_index].type);
        buf_add_format(&sql, ", %.*s AS k%zu", STR_ARG(key), i);
    }
    buf_add(&sql, STR(" FROM \"asof labels\""));
    TRY(run_sql(run, &sql, err));
    TRY(check_column(run, "t", time, EXPECTED_TIME, err));
    for (size_t i = 0; i < dataset->source_count; i++) {
        const struct group *group = dataset->sources[i].group;
        const struct str key = arena_format(run->arena, "k%zu", i);
        TRY(check_column(run, key.ptr, keys[i],
                         expected_key(group->features[group->identifier_index].type), err));
    }
    return OK;
}

static enum code labels_count(struct dataset_run *run, struct err *err)
{
    struct duck_result *result = NULL;
    bool has_row = false;

    TRY(duck_query(run->engine->duck, "SELECT count(*) FROM \"asof labels\"", false, &result, err));
    const enum code code = duck_result_next(result, &has_row, err);
    if (code == OK && has_row)
        run->label_count = (uint64_t)duck_i64(result, 0);
    duck_result_free(result);
    return code;
}

enum code labels_load(struct dataset_run *run, struct err *err)
{
    const size_t count = run->dataset->source_count;
    const struct label_column **keys = ARENA_NEW(run->arena, const struct label_column *, count);
    const struct label_column *time = NULL;

    TRY(labels_read(run, err));
    TRY(columns_find(run, err));
    TRY(time_column(run, &time, err));
    for (size_t i = 0; i < count; i++)
        TRY(key_column(run, run->dataset->sources[i].group, &keys[i], err));
    TRY(keys_make(run, time, keys, err));
    return labels_count(run, err);
}
