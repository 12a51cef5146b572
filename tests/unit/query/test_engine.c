/* The database of a query: parsing, the lock, results, and statements that try to get out. */
#include "unit/test.h"

#include "query/engine.h"
#include "unit/query/history.h"

static char dir[64];
static struct engine engine;
static struct err err;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/asof-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    engine = (struct engine){.private_dir = dir, .memory_bytes_max = 1U << 30, .threads = 2};
    err = (struct err){0};
    assert_int_equal(engine_open(&engine, &err), OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    engine_close(&engine);
    history_remove_dir(dir);
    return 0;
}

static void lock_engine(void)
{
    const enum code code = engine_lock(&engine, NULL, 0, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(code, OK);
}

static enum code parse(const char *sql, const struct duck_name **tables, size_t *count,
                       struct arena *arena)
{
    err = (struct err){0};
    return engine_parse(&engine, str_from(sql), arena, tables, count, &err);
}

static void expect_result(const char *sql, enum engine_format format, const char *expected)
{
    struct buf text = {0};
    uint64_t rows = 0;

    err = (struct err){0};
    const enum code code = engine_write(&engine, str_from(sql), format, &rows, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(code, OK);
    history_read_text(dir, "result", &text);
    assert_string_equal(text.ptr, expected);
    buf_release(&text);
}

static void test_parse(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct duck_name *tables = NULL;
    size_t count = 0;

    assert_int_equal(parse("SELECT * FROM a JOIN sagemaker_featurestore.\"B-1\" USING (x)", &tables,
                           &count, &arena),
                     OK);
    assert_int_equal(count, 2);
    static const struct {
        const char *sql, *message;
    } refused[] = {
        {"ATTACH '/tmp/x.db'", "found ATTACH"},
        {"  delete FROM a", "found delete"},
        {"SELECT 1; SELECT 2", "found 2"},
        {"", "expected"},
        {";", "expected"},
        {"SELEC 1", "SELEC"},
        {"CREATE TABLE x AS SELECT 1", "found CREATE"},
        {"SELECT '\xff'", "UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        assert_int_equal(parse(refused[i].sql, &tables, &count, &arena), ERR_INVALID);
        if (strstr(err.message, refused[i].message) == NULL)
            print_message("# '%s': %s\n", refused[i].sql, err.message);
        assert_non_null(strstr(err.message, refused[i].message));
    }
    assert_int_equal(
        engine_parse(&engine, (struct str){"SELECT 1\0", 9}, &arena, &tables, &count, &err),
        ERR_INVALID);
    struct buf large = {0};
    buf_add(&large, STR("SELECT '"));
    for (int i = 0; i < 1024 * 1024; i++)
        buf_add_byte(&large, 'x');
    buf_add(&large, STR("'"));
    assert_int_equal(engine_parse(&engine, buf_str(&large), &arena, &tables, &count, &err),
                     ERR_TOO_LARGE);
    buf_release(&large);
    arena_release(&arena);
}

static void test_formats(void **state)
{
    (void)state;
    lock_engine();
    expect_result("SELECT 1 AS a, NULL AS b, 'x\"y,' AS c UNION ALL SELECT 2, 'q', ''", ENGINE_CSV,
                  "\"a\",\"b\",\"c\"\n\"1\",,\"x\"\"y,\"\n\"2\",\"q\",\"\"\n");
    expect_result("SELECT 1 AS a, NULL AS b, 'x' AS c -- done", ENGINE_JSON,
                  "[\n\t{\"a\":1,\"b\":null,\"c\":\"x\"}\n]\n");
    expect_result("SELECT 1 AS a WHERE false;", ENGINE_JSON, "[\n\t\n]\n");
    expect_result("SELECT 1 AS a WHERE false; /* ; */ ;", ENGINE_CSV, "\"a\"\n");

    uint64_t rows = 0;
    assert_int_equal(
        engine_write(&engine, STR("SELECT * FROM range(1000)"), ENGINE_PARQUET, &rows, &err), OK);
    assert_int_equal(rows, 1000);
}

static void test_dialect(void **state)
{
    (void)state;
    lock_engine();
    expect_result("SELECT from_iso8601_timestamp('2026-07-01T14:03:07.421Z') >= "
                  "from_unixtime(1782914587.0) AS x",
                  ENGINE_CSV, "\"x\"\n\"true\"\n");
    expect_result("SELECT to_timestamp('2026-01-02 03:04:05', 'yyyy-mm-dd hh24:mi:ss') AS x, "
                  "to_timestamp(0) AS y",
                  ENGINE_CSV, "\"x\",\"y\"\n\"2026-01-02 03:04:05\",\"1970-01-01 00:00:00+00\"\n");
}

static void test_errors_are_the_engines(void **state)
{
    (void)state;
    uint64_t rows = 0;
    lock_engine();
    assert_int_equal(engine_write(&engine, STR("SELECT nope(1)"), ENGINE_CSV, &rows, &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.message, "nope"));
    assert_int_equal(
        engine_write(&engine, STR("SELECT CAST('x' AS INTEGER)"), ENGINE_CSV, &rows, &err),
        ERR_INVALID);
    assert_int_equal(engine_write(&engine, STR("SELECT * FROM missing"), ENGINE_CSV, &rows, &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.message, "missing"));
}

/* Refused by the engine alone, before any other wall: no file is read or made, no setting changes.
 */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM read_csv('http://127.0.0.1/x')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''/tmp/asof-x''')",
        "SELECT 1) TO '/tmp/asof-x' (FORMAT csv); --",
        "SELECT 1) TO '/tmp/asof-x' --",
        "SELECT 'a;b",
        "SELECT $$;",
        "COPY (SELECT 1) TO '/tmp/asof-x'",
        "SET threads = 8",
        "PRAGMA threads = 8",
        "SELECT * FROM pragma_user_agent(",
        "LOAD httpfs",
        "INSTALL httpfs",
        "CALL enable_logging(storage = 'file', storage_path = '/tmp/asof-x')",
        "EXPORT DATABASE '/tmp/asof-x'",
        "SELECT ?",
        "SELECT 1 INTO x",
    };
    uint64_t rows = 0;
    lock_engine();
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        err = (struct err){0};
        const enum code code = engine_write(&engine, str_from(refused[i]), ENGINE_CSV, &rows, &err);
        if (code == OK)
            print_message("# was not refused: %s\n", refused[i]);
        assert_int_not_equal(code, OK);
        assert_int_not_equal(access("/tmp/asof-x", F_OK), 0);
    }
    expect_result("SELECT current_setting('threads') AS t", ENGINE_CSV, "\"t\"\n\"2\"\n");
}

static void test_trim(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *expected;
    } cases[] = {
        {"SELECT 1", "SELECT 1"},
        {"SELECT 1;", "SELECT 1"},
        {"SELECT ';' ; -- x", "SELECT ';' "},
        {"SELECT 'it''s;'; ", "SELECT 'it''s;'"},
        {"SELECT \"a;\"\"b\";", "SELECT \"a;\"\"b\""},
        {"SELECT E'\\';';x", "SELECT E'\\';'"},
        {"SELECT 'a\\';x", "SELECT 'a\\'"},
        {"SELECT $$a;b$$;", "SELECT $$a;b$$"},
        {"SELECT $t$a;$$b$t$;", "SELECT $t$a;$$b$t$"},
        {"SELECT a$b$;c", "SELECT a$b$"},
        {"SELECT 1 -- ;\n + 2;", "SELECT 1 -- ;\n + 2"},
        {"SELECT 1 /* ; /* ; */ ; */ + 2;", "SELECT 1 /* ; /* ; */ ; */ + 2"},
        {"SELECT 1 /* ;", "SELECT 1 /* ;"},
        {"SELECT '", "SELECT '"},
        {"SELECT $", "SELECT $"},
        {"SELECT E'", "SELECT E'"},
        {"SELECT /*/ ; */;", "SELECT /*/ ; */"},
        {"", ""},
        {";", ""},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct str got = engine_trim(str_from(cases[i].sql));
        if (!str_equal(got, str_from(cases[i].expected)))
            print_message("# '%s' gave '%.*s'\n", cases[i].sql, STR_ARG(got));
        assert_true(str_equal(got, str_from(cases[i].expected)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(test_formats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dialect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors_are_the_engines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
        cmocka_unit_test(test_trim),
    };
    return cmocka_run_group_tests_name("query/engine", tests, NULL, NULL);
}
