#include "query/engine.h"

#include "config/limits.h"

enum { MEMORY_ASIDE = 192 * 1024 * 1024 };

#define GIB (UINT64_C(1024) * 1024 * 1024)

/*
 * Functions of the SQL dialect that the service's own tools write. The other to_timestamp, with one
 * argument, stays reachable.
 */
static const char *const macros[] = {
    "CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)",
    "CREATE MACRO from_unixtime(seconds) AS system.main.to_timestamp(seconds)",
    "CREATE MACRO to_timestamp(seconds) AS system.main.to_timestamp(seconds), "
    "(text, pattern) AS CASE WHEN lower(pattern) IN ('yyyy-mm-dd hh24:mi:ss', 'yyyy-mm-dd') "
    "THEN CAST(text AS TIMESTAMP) "
    "ELSE error('to_timestamp: expected the pattern yyyy-mm-dd hh24:mi:ss') END",
};

/*
 * What the library does not count as its own: the text, plans, lists of files, threads, buffers of
 * readers. A fixed part of it, so that a small limit makes it spill rather than fail.
 */
static uint64_t memory_aside(uint64_t bytes)
{
    const uint64_t aside = bytes / 4 > MEMORY_ASIDE ? bytes / 4 : MEMORY_ASIDE;
    return aside < bytes / 4 * 3 ? aside : bytes / 4 * 3;
}

enum code engine_open(struct engine *engine, struct err *err)
{
    CLEANUP(buf_release) struct buf spill = {0};

    assert(engine->duck == NULL && engine->private_dir != NULL);
    buf_add_format(&spill, "%s/spill", engine->private_dir);
    buf_add_byte(&spill, '\0');
    const struct duck_options options = {
        .memory_bytes_max = engine->memory_bytes_max - memory_aside(engine->memory_bytes_max),
        .temp_dir = spill.ptr,
        .temp_bytes_max = LIMIT_QUERY_SPILL_GIB * GIB,
        .threads = 1, /* the sandbox binds one thread and those that it starts */
    };
    return duck_open(&options, &engine->duck, err);
}

void engine_close(struct engine *engine)
{
    duck_close(engine->duck);
    engine->duck = NULL;
}

/* The first word, for messages. */
static struct str first_word(struct str sql)
{
    size_t from = 0;

    while (from < sql.len && (unsigned char)sql.ptr[from] <= ' ')
        from++;
    size_t to = from;
    while (
        to < sql.len && to - from < 24 &&
        ((sql.ptr[to] >= 'a' && sql.ptr[to] <= 'z') || (sql.ptr[to] >= 'A' && sql.ptr[to] <= 'Z')))
        to++;
    return str_slice(sql, from, to);
}

static enum code check_text(struct str sql, struct err *err)
{
    if (sql.len > LIMIT_QUERY_SQL_BYTES)
        return err_set(err, ERR_TOO_LARGE, "the statement has %zu bytes; at most %d are taken",
                       sql.len, LIMIT_QUERY_SQL_BYTES);
    if (str_find_byte(sql, 0, '\0') != sql.len)
        return err_set(err, ERR_INVALID, "the statement holds a NUL byte");
    if (!str_is_utf8(sql))
        return err_set(err, ERR_INVALID, "the statement is not UTF-8");
    return OK;
}

enum code engine_parse(struct engine *engine, struct str sql, struct arena *arena,
                       const struct duck_name **ret_tables, size_t *ret_count, struct err *err)
{
    struct err inner = {0};

    TRY(check_text(sql, err));
    enum code code = duck_parse_select(engine->duck, arena_cstr(arena, sql), arena, ret_tables,
                                       ret_count, &inner);
    if (code == OK)
        return OK;
    const struct str word = first_word(sql);
    if (str_contains(str_from(inner.message), STR("another kind")) && word.len > 0)
        return err_set(err, code, "expected one SELECT statement, found %.*s", STR_ARG(word));
    return err_set(err, code, "%s", inner.message);
}

enum code engine_lock(struct engine *engine, const char *const *files, size_t file_count,
                      struct err *err)
{
    char threads[48];
    struct buf text = {.ptr = threads, .capacity = sizeof(threads), .bytes_max = sizeof(threads)};
    const struct duck_lock lock = {files, file_count, engine->private_dir};

    buf_add_format(&text, "SET threads = %u", engine->threads < 1 ? 1 : engine->threads);
    buf_add_byte(&text, '\0');
    TRY(duck_run(engine->duck, text.ptr, err));
    TRY(duck_run(engine->duck, "SET TimeZone = 'UTC'", err));
    for (size_t i = 0; i < ARRAY_COUNT(macros); i++)
        TRY(duck_run(engine->duck, macros[i], err));
    return duck_lock(engine->duck, &lock, err);
}

static struct str format_options(enum engine_format format)
{
    switch (format) {
    case ENGINE_JSON:
        return STR("(FORMAT json, ARRAY true)");
    case ENGINE_CSV:
        return STR("(FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', "
                   "FORCE_QUOTE *, NULLSTR '')");
    case ENGINE_PARQUET:
        return STR("(FORMAT parquet, COMPRESSION zstd)");
    }
    assert(false);
    return STR("");
}

/* The statement that copies reports how many rows it wrote. */
static enum code copy_run(struct duck *duck, const char *sql, uint64_t *ret_rows, struct err *err)
{
    struct duck_result *result = NULL;
    bool has_row = false;

    TRY(duck_query(duck, sql, false, &result, err));
    const enum code code = duck_result_next(result, &has_row, err);
    const int64_t rows = code == OK && has_row ? duck_i64(result, 0) : 0;
    duck_result_free(result);
    if (code == OK)
        *ret_rows = (uint64_t)rows;
    return code;
}

enum code engine_write(struct engine *engine, struct str sql, enum engine_format format,
                       uint64_t *ret_rows, struct err *err)
{
    CLEANUP(buf_release) struct buf statement = {0};
    CLEANUP(buf_release) struct buf path = {0};
    const struct str select = engine_trim(sql);

    buf_add(&statement, select);
    buf_add_byte(&statement, '\0');
    TRY(duck_check_select(engine->duck, statement.ptr, err));

    buf_add_format(&path, "%s/result", engine->private_dir);
    buf_clear(&statement);
    buf_add(&statement, STR("COPY ("));
    buf_add(&statement, select);
    buf_add(&statement, STR("\n) TO ")); /* a comment may end the statement */
    duck_add_literal(&statement, buf_str(&path));
    buf_add_byte(&statement, ' ');
    buf_add(&statement, format_options(format));
    buf_add_byte(&statement, '\0');

    struct err inner = {0};
    const enum code code = copy_run(engine->duck, statement.ptr, ret_rows, &inner);
    if (code != OK && str_contains(str_from(inner.message), STR("File too large")))
        return err_set(err, ERR_TOO_LARGE,
                       "the result, or what had to be spilled for it, is over "
                       "%d GiB",
                       LIMIT_QUERY_RESULT_GIB);
    return code == OK ? OK : err_set(err, code, "%s", inner.message);
}
