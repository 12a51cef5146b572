/* DuckDB through our table of functions: rows in and out, the lock, statements, asof_instant. */
#include "unit/test.h"

#include "core/instant.h"
#include "offline/duck.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct duck *duck;
static struct err err;

static int setup(void **state)
{
    struct duck_options options = {.memory_bytes_max = 512 << 20};

    (void)state;
    if (duck_open(&options, &duck, &err) != OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    duck_close(duck);
    duck = NULL;
    return 0;
}

static void run(const char *sql)
{
    if (duck_run(duck, sql, &err) != OK)
        fail_msg("%s", err.message);
}

/* The first cell of the first row, as text. */
static const char *cell(const char *sql)
{
    static char text[512];
    struct duck_result *result = NULL;
    bool has_row = false;

    if (duck_query(duck, sql, false, &result, &err) != OK)
        fail_msg("%s", err.message);
    assert_int_equal(duck_result_next(result, &has_row, &err), OK);
    assert_true(has_row);
    if (duck_is_null(result, 0)) {
        (void)snprintf(text, sizeof(text), "NULL");
    } else {
        struct str value = duck_str(result, 0);
        (void)snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
    }
    duck_result_free(result);
    return text;
}

static void version_is_known(void **state)
{
    (void)state;
    assert_int_equal(duck_version(duck)[0], 'v');
}

static void settings_are_safe(void **state)
{
    (void)state;
    assert_string_equal(cell("SELECT current_setting('threads')::VARCHAR"), "1");
    assert_string_equal(cell("SELECT current_setting('autoload_known_extensions')::VARCHAR"),
                        "false");
    assert_string_equal(cell("SELECT current_setting('temp_directory')"), "");
    assert_string_equal(cell("SELECT current_setting('memory_limit')"), "512.0 MiB");
}

static void cells_keep_their_values(void **state)
{
    (void)state;
    struct duck_appender *appender = NULL;
    struct duck_result *result = NULL;
    bool has_row = false;
    enum { ROWS = 5000 };

    run("CREATE TABLE t (i BIGINT, d DOUBLE, s VARCHAR, b BOOLEAN, t TIMESTAMP)");
    assert_int_equal(duck_appender_open(duck, "t", &appender, &err), OK);
    for (int64_t i = 0; i < ROWS; i++) {
        if (i % 3 != 0)
            duck_append_i64(appender, 0, INT64_MIN + i);
        duck_append_double(appender, 1, -(double)i / 3);
        if (i % 2 == 0)
            duck_append_str(appender, 2, i % 4 == 0 ? STR("") : STR("ein l\xc3\xa4ngerer Text"));
        duck_append_bool(appender, 3, i % 7 == 0);
        duck_append_i64(appender, 4, -62135596800000000 + i);
        assert_int_equal(duck_append_row(appender, &err), OK);
    }
    assert_int_equal(duck_appender_close(appender, &err), OK);

    assert_int_equal(duck_query(duck, "SELECT * FROM t", true, &result, &err), OK);
    assert_int_equal(duck_result_columns(result), 5);
    assert_int_equal(duck_result_type(result, 4), DUCK_TIMESTAMP);
    assert_true(str_equal(duck_result_name(result, 2), STR("s")));
    for (int64_t i = 0; i < ROWS; i++) {
        assert_int_equal(duck_result_next(result, &has_row, &err), OK);
        assert_true(has_row);
        assert_int_equal(duck_is_null(result, 0), i % 3 == 0);
        if (i % 3 != 0)
            assert_true(duck_i64(result, 0) == INT64_MIN + i);
        assert_true(duck_double(result, 1) == -(double)i / 3);
        assert_int_equal(duck_is_null(result, 2), i % 2 != 0);
        if (i % 2 == 0)
            assert_true(str_equal(duck_str(result, 2),
                                  i % 4 == 0 ? STR("") : STR("ein l\xc3\xa4ngerer Text")));
        assert_int_equal(duck_bool(result, 3), i % 7 == 0);
        assert_true(duck_i64(result, 4) == -62135596800000000 + i);
    }
    assert_int_equal(duck_result_next(result, &has_row, &err), OK);
    assert_false(has_row);
    assert_int_equal(duck_result_next(result, &has_row, &err), OK);
    assert_false(has_row);
    duck_result_free(result);
}

static void integers_of_all_widths_are_read(void **state)
{
    (void)state;
    struct duck_result *result = NULL;
    bool has_row = false;

    assert_int_equal(duck_query(duck,
                                "SELECT -1::TINYINT, -2::SMALLINT, -3::INTEGER, -4::BIGINT, "
                                "255::UTINYINT, 65535::USMALLINT, 4294967295::UINTEGER, "
                                "0.5::FLOAT, (-170141183460469231731687303715884105727)::HUGEINT, "
                                "'\\x00\\x01'::BLOB, 1.5::DECIMAL(4,2)",
                                false, &result, &err),
                     OK);
    assert_int_equal(duck_result_next(result, &has_row, &err), OK);
    for (size_t i = 0; i < 4; i++)
        assert_true(duck_i64(result, i) == -1 - (int64_t)i);
    assert_true(duck_i64(result, 4) == 255);
    assert_true(duck_i64(result, 5) == 65535);
    assert_true(duck_i64(result, 6) == 4294967295);
    assert_true(duck_double(result, 7) == 0.5);
    duck_i128_t expected = ((duck_i128_t)INT64_MAX << 63) * 2;
    expected = -(expected + (duck_i128_t)UINT64_MAX);
    assert_true(duck_i128(result, 8) == expected);
    assert_true(str_equal(duck_str(result, 9), (struct str){"\0\1", 2}));
    assert_int_equal(duck_result_type(result, 10), DUCK_OTHER);
    duck_result_free(result);
}

static void errors_have_code_and_text(void **state)
{
    (void)state;
    struct duck_result *result = NULL;
    struct duck_appender *appender = NULL;
    bool has_row = false;
    static const struct {
        const char *sql;
        enum code code;
        const char *part;
    } cases[] = {
        {"SELEC 1", ERR_INVALID, "syntax"},
        {"SELECT * FROM nowhere", ERR_INVALID, "nowhere"},
        {"SELECT 'x'::INTEGER", ERR_INVALID, "x"},
        {"SELECT * FROM read_parquet('/does/not/exist.parquet')", ERR_IO, "exist"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(duck_run(duck, cases[i].sql, &err), cases[i].code);
        assert_true(str_contains(str_from(err.message), str_from(cases[i].part)));
        assert_int_equal(duck_query(duck, cases[i].sql, false, &result, &err), cases[i].code);
        assert_null(result);
    }
    assert_int_equal(duck_query(duck, "SELECT nothing", true, &result, &err), ERR_INVALID);
    assert_int_equal(duck_appender_open(duck, "nowhere", &appender, &err), ERR_INVALID);

    /* A failure in the middle of a stream is not the end of the rows. */
    assert_int_equal(duck_query(duck,
                                "SELECT CASE WHEN i < 5000000 THEN i ELSE error('late') END "
                                "FROM range(10000000) r(i)",
                                true, &result, &err),
                     OK);
    enum code code = OK;
    do
        code = duck_result_next(result, &has_row, &err);
    while (code == OK && has_row);
    assert_int_equal(code, ERR_INVALID);
    assert_true(str_contains(str_from(err.message), STR("late")));
    duck_result_free(result);
}

static void only_one_select_passes(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        ";",
        "SELECT 1; SELECT 2",
        "CREATE TABLE x (i INTEGER)",
        "COPY (SELECT 1) TO '/tmp/asof-never'",
        "SET threads = 4",
        "ATTACH ':memory:' AS other",
        "CALL enable_logging()",
        "INSTALL httpfs",
        "DELETE FROM range(3)",
        "SELECT ?",
        "SELECT",
    };

    assert_int_equal(duck_check_select(duck, "SELECT 1", &err), OK);
    assert_int_equal(duck_check_select(duck, "WITH a AS (SELECT 1) SELECT * FROM a;", &err), OK);
    assert_int_equal(duck_check_select(duck, "SELECT 1; -- and no more", &err), OK);
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        if (duck_check_select(duck, refused[i], &err) != ERR_INVALID)
            fail_msg("accepted: %s", refused[i]);
    }
}

static void tables_are_told_without_binding(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct duck_name *tables = NULL;
    size_t count = 0;

    if (duck_parse_select(duck,
                          "WITH c AS (SELECT * FROM \"A-b\" t) SELECT *, (SELECT max(x) FROM "
                          "cat.s.\"q'x\"), no_such_function(1) FROM c x JOIN s.b USING (id), s.b, "
                          "read_csv('/none.csv') WHERE '\"type\":\"BASE_TABLE\"' <> ''",
                          &arena, &tables, &count, &err) != OK)
        fail_msg("%s", err.message);
    assert_int_equal(count, 4);
    assert_true(str_equal(tables[0].table, STR("A-b")) && tables[0].schema.len == 0);
    assert_true(str_equal(tables[1].table, STR("c")));
    assert_true(str_equal(tables[2].table, STR("b")) && str_equal(tables[2].schema, STR("s")));
    assert_true(str_equal(tables[3].table, STR("q'x")) && str_equal(tables[3].catalog, STR("cat")));
    assert_int_equal(duck_parse_select(duck, "SELECT 1", &arena, &tables, &count, &err), OK);
    assert_int_equal(count, 0);
    assert_int_equal(duck_parse_select(duck, "DESCRIBE a", &arena, &tables, &count, &err), OK);
    assert_int_equal(count, 1);
    arena_release(&arena);
}

static void what_is_no_select_does_not_parse(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct duck_name *tables = NULL;
    size_t count = 0;
    static const char *const refused[] = {
        "",
        ";",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE x",
        "CREATE TABLE x AS SELECT 1",
        "COPY (SELECT 1) TO '/tmp/asof-never'",
        "COPY x TO '/tmp/asof-never'",
        "EXPORT DATABASE '/tmp/asof-never'",
        "SET threads = 4",
        "RESET threads",
        "ATTACH ':memory:' AS other",
        "CALL enable_logging()",
        "PRAGMA version",
        "INSTALL httpfs",
        "LOAD httpfs",
        "DELETE FROM x",
        "INSERT INTO x SELECT 1",
        "UPDATE x SET a = 1",
        "EXPLAIN ANALYZE SELECT 1",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "BEGIN",
        "VACUUM",
        "SELECT",
        "SELECT 'open",
    };

    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        if (duck_parse_select(duck, refused[i], &arena, &tables, &count, &err) != ERR_INVALID)
            fail_msg("accepted: %s", refused[i]);
    }
    assert_int_equal(duck_parse_select(duck, "SELECT 1 1", &arena, &tables, &count, &err),
                     ERR_INVALID);
    assert_true(str_contains(str_from(err.message), STR("syntax error")));
    arena_release(&arena);
}

static void quoting_survives_anything(void **state)
{
    (void)state;
    struct buf sql = {0};

    buf_add(&sql, STR("SELECT "));
    duck_add_literal(&sql, STR("it's \"quoted\" \\ \n"));
    buf_add(&sql, STR(" AS "));
    duck_add_name(&sql, STR("a\"b'c"));
    buf_add_byte(&sql, '\0');
    assert_string_equal(cell(sql.ptr), "it's \"quoted\" \\ \n");
    buf_release(&sql);
}

static void instants_are_the_parsers(void **state)
{
    (void)state;
    static const struct {
        const char *argument, *expected;
    } cases[] = {
        {"'1970-01-01T00:00:00Z'", "0"},
        {"'1970-01-01T00:00:00.000000001Z'", "1"},
        {"'1969-12-31T23:59:59.999999999Z'", "-1"},
        {"'2026-07-01T14:03:07.421Z'", "1782914587421000000"},
        {"'9999-12-31T23:59:59.999999999Z'", "253402300799999999999"},
        {"'0000-01-01T00:00:00Z'", "-62167219200000000000"},
        {"'2026-07-01 14:03:07'", "NULL"},
        {"''", "NULL"},
        {"NULL::VARCHAR", "NULL"},
        {"1.5::DOUBLE", "1500000000"},
        {"-0.25::DOUBLE", "-250000000"},
        {"'nan'::DOUBLE", "NULL"},
        {"'inf'::DOUBLE", "NULL"},
        {"1e300::DOUBLE", "NULL"},
        {"NULL::DOUBLE", "NULL"},
    };
    char sql[256];

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT asof_instant(%s)::VARCHAR", cases[i].argument);
        assert_string_equal(cell(sql), cases[i].expected);
    }
    /* Long and short texts, values and none, over more than one chunk. */
    assert_string_equal(
        cell("SELECT sum(asof_instant(CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN 'no' "
             "ELSE '1970-01-01T00:00:01Z' END))::VARCHAR FROM range(9000) r(i)"),
        "3000000000000");
}

static void locked_means_locked(void **state)
{
    (void)state;
    char dir[] = "/tmp/asof-test-duck-XXXXXX";
    char file[64], other[64], sql[256];

    assert_non_null(mkdtemp(dir));
    (void)snprintf(file, sizeof(file), "%s/it's.parquet", dir);
    (void)snprintf(other, sizeof(other), "%s/other.parquet", dir);
    (void)snprintf(sql, sizeof(sql), "COPY (SELECT 'in' AS v) TO '%s/it''s.parquet'", dir);
    run(sql);
    (void)snprintf(sql, sizeof(sql), "COPY (SELECT 'out' AS v) TO '%s'", other);
    run(sql);

    const char *const files[] = {file};
    struct duck_lock lock = {.files = files, .file_count = 1};
    if (duck_lock(duck, &lock, &err) != OK)
        fail_msg("%s", err.message);
    (void)snprintf(sql, sizeof(sql), "SELECT v FROM read_parquet('%s/it''s.parquet')", dir);
    assert_string_equal(cell(sql), "in");
    (void)snprintf(sql, sizeof(sql), "SELECT v FROM read_parquet('%s')", other);
    assert_int_not_equal(duck_run(duck, sql, &err), OK);
    assert_int_not_equal(duck_run(duck, "SELECT * FROM read_text('/etc/passwd')", &err), OK);
    assert_int_not_equal(duck_run(duck, "SET enable_external_access=true", &err), OK);
    assert_int_not_equal(duck_run(duck, "SET threads=4", &err), OK);
    assert_int_not_equal(duck_run(duck, "LOAD httpfs", &err), OK);
    assert_string_equal(cell("SELECT asof_instant('1970-01-01T00:00:01Z')::VARCHAR"), "1000000000");
    (void)unlink(file);
    (void)unlink(other);
    (void)rmdir(dir);
}

static void locked_to_a_folder_may_write_there(void **state)
{
    (void)state;
    char dir[] = "/tmp/asof-test-duck-XXXXXX";
    char sql[256];

    assert_non_null(mkdtemp(dir));
    struct duck_lock lock = {.dir = dir};
    if (duck_lock(duck, &lock, &err) != OK)
        fail_msg("%s", err.message);
    (void)snprintf(sql, sizeof(sql), "COPY (SELECT 1 AS v) TO '%s/a.parquet'", dir);
    run(sql);
    (void)snprintf(sql, sizeof(sql), "COPY (SELECT 1 AS v) TO '%s/../asof-never.parquet'", dir);
    assert_int_not_equal(duck_run(duck, sql, &err), OK);
    (void)snprintf(sql, sizeof(sql), "%s/a.parquet", dir);
    assert_int_equal(unlink(sql), 0);
    (void)rmdir(dir);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    enum code code = duck_run(
        duck, "CREATE TABLE big AS SELECT i, repeat('x', 1000) || i AS s FROM range(2000000) r(i)",
        &err);

    assert_int_equal(code, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(settings_are_safe, setup, teardown),
        cmocka_unit_test_setup_teardown(cells_keep_their_values, setup, teardown),
        cmocka_unit_test_setup_teardown(integers_of_all_widths_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_have_code_and_text, setup, teardown),
        cmocka_unit_test_setup_teardown(only_one_select_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(tables_are_told_without_binding, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_select_does_not_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(quoting_survives_anything, setup, teardown),
        cmocka_unit_test_setup_teardown(instants_are_the_parsers, setup, teardown),
        cmocka_unit_test_setup_teardown(locked_means_locked, setup, teardown),
        cmocka_unit_test_setup_teardown(locked_to_a_folder_may_write_there, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
