/* Journal entries to Parquet: columns, types, field ids and every odd value, read back by SQL. */
#include "unit/test.h"

#include "offline/parquet_write.h"
#include "os/os.h"
#include "unit/offline/rows.h"

#include <float.h>

static struct arena arena;
static struct err err;
static struct duck *duck;
static struct parquet_writer *writer;
static const char *dir;

static int setup(void **state)
{
    struct duck_options options = {0};

    (void)state;
    arena_init(&arena);
    dir = rows_dir_make(&arena, "parquet");
    if (duck_open(&options, &duck, &err) != OK) {
        (void)fprintf(stderr, "# %s\n", err.message);
        return -1;
    }
    writer = parquet_writer_new(duck);
    return 0;
}

static int teardown(void **state)
{
    const struct os *os = os_linux();
    struct str *names = NULL;
    size_t count = 0;

    (void)state;
    parquet_writer_free(writer);
    duck_close(duck);
    assert_int_equal(os->list(os->context, dir, &arena, &names, &count, NULL), OK);
    for (size_t i = 0; i < count; i++)
        (void)unlink(arena_format(&arena, "%s/%.*s", dir, STR_ARG(names[i])).ptr);
    (void)rmdir(dir);
    arena_release(&arena);
    return 0;
}

static void ok(enum code code)
{
    if (code != OK)
        fail_msg("%s", err.message);
}

/* Writes "<dir>/<name>.parquet" and perhaps its sidecar; whether there is one. */
static bool write_file(const struct group *group, uint32_t feature_count, const char *name,
                       const struct entry *const *entries, size_t count)
{
    struct parquet_target target = {.write_time_us = 1782914590123456};
    bool has_sidecar = false;

    target.path = arena_format(&arena, "%s/%s.parquet", dir, name).ptr;
    target.sidecar_path = arena_format(&arena, "%s/%s.sidecar", dir, name).ptr;
    parquet_schema_of(group, feature_count, &arena, &target.schema);
    ok(parquet_writer_open(writer, &target, &err));
    for (size_t i = 0; i < count; i++)
        ok(parquet_writer_add(writer, entries[i], &err));
    ok(parquet_writer_close(writer, &has_sidecar, &err));
    return has_sidecar;
}

/* Rows joined with LF, cells with '|', of SQL in which '%' stands for the folder. */
static const char *query(const char *sql)
{
    struct buf text = {0}, whole = {0};
    struct duck_result *result = NULL;
    bool has_row = false;

    for (; *sql != '\0'; sql++) {
        if (*sql == '%')
            buf_add(&whole, str_from(dir));
        else
            buf_add_byte(&whole, *sql);
    }
    buf_add_byte(&whole, '\0');
    ok(duck_query(duck, whole.ptr, false, &result, &err));
    ok(duck_result_next(result, &has_row, &err));
    while (has_row) {
        for (size_t i = 0; i < duck_result_columns(result); i++) {
            buf_add(&text, i == 0 ? STR("") : STR("|"));
            buf_add(&text, duck_is_null(result, i) ? STR("NULL") : duck_str(result, i));
        }
        buf_add_byte(&text, '\n');
        ok(duck_result_next(result, &has_row, &err));
    }
    duck_result_free(result);
    const char *copy = arena_cstr(&arena, buf_str(&text));
    buf_release(&text);
    buf_release(&whole);
    return copy;
}

static void columns_are_the_contracts(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    const char *const texts[] = {"a", "2026-07-01T14:03:07.421Z", "4", "2.3", "x"};
    const struct entry *const entries[] = {
        rows_put_texts(&arena, group, texts, 5, 1782914587421001)};

    assert_false(write_file(group, 5, "a", entries, 1));
    assert_string_equal(
        query("SELECT name, type, coalesce(converted_type, ''), "
              "coalesce(logical_type, ''), field_id::VARCHAR FROM "
              "parquet_schema('%/a.parquet') WHERE name <> 'duckdb_schema'"),
        "id|BYTE_ARRAY|UTF8||1\n"
        "event_ts|BYTE_ARRAY|UTF8||2\n"
        "count|INT64|INT_64||3\n"
        "ratio|DOUBLE|||4\n"
        "text|BYTE_ARRAY|UTF8||5\n"
        "write_time|INT64|TIMESTAMP_MICROS|TimestampType(isAdjustedToUTC=0, "
        "unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))|100001\n"
        "api_invocation_time|INT64|TIMESTAMP_MICROS|TimestampType("
        "isAdjustedToUTC=0, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), "
        "NANOS=<null>))|100002\n"
        "is_deleted|BOOLEAN|||100003\n");
    assert_string_equal(query("SELECT DISTINCT compression FROM parquet_metadata('%/a.parquet')"),
                        "ZSTD\n");
    assert_string_equal(query("SELECT COLUMNS(*)::VARCHAR FROM '%/a.parquet'"),
                        "a|2026-07-01T14:03:07.421Z|4|2.3|x|2026-07-01 14:03:10.123456|"
                        "2026-07-01 14:03:07.421001|false\n");
    group_unref(group);
}

static void deletes_are_markers(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    const struct entry *const entries[] = {
        rows_delete(&arena, group, ENTRY_DELETE, "a", "2026-07-01T14:03:07.5Z", 1),
        rows_delete(&arena, group, ENTRY_DELETE_HARD, "", "2026-07-01T14:03:08Z", 2),
    };

    assert_false(write_file(group, 5, "a", entries, 2));
    assert_string_equal(
        query("SELECT id, event_ts, count::VARCHAR, ratio::VARCHAR, text, "
              "api_invocation_time::VARCHAR, is_deleted::VARCHAR FROM '%/a.parquet'"),
        "a|2026-07-01T14:03:07.500Z|NULL|NULL|NULL|1970-01-01 00:00:00.000001|true\n"
        "|2026-07-01T14:03:08Z|NULL|NULL|NULL|1970-01-01 00:00:00.000002|true\n");
    group_unref(group);
}

static void a_marker_may_name_what_no_record_can(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES_FRACTIONAL);
    const struct entry *const entries[] = {
        rows_delete(&arena, group, ENTRY_DELETE, "not a number", "1.5", 1),
        rows_delete(&arena, group, ENTRY_DELETE, "-7", "-0.25", 2),
    };

    assert_false(write_file(group, 3, "a", entries, 2));
    assert_string_equal(query("SELECT id::VARCHAR, event_ts::VARCHAR FROM '%/a.parquet'"),
                        "NULL|1.5\n-7|-0.25\n");
    group_unref(group);
}

static void odd_values_come_back(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    enum { LONG_BYTES = 358400, CASES = 12 };
    char *long_text = arena_alloc(&arena, LONG_BYTES + 1, 1);
    memset(long_text, 'x', LONG_BYTES);
    static const char *const integers[CASES] = {
        "0", "-1", "+5", "007", "9223372036854775807", "-9223372036854775808", NULL, "1",
        "2", "3",  "4",  "5"};
    static const char *const doubles[CASES] = {"0.0",
                                               "-0.0",
                                               "1e308",
                                               "1.7976931348623157e308",
                                               "4.9e-324",
                                               "0.1",
                                               "1e-400",
                                               "+.5",
                                               "5.",
                                               NULL,
                                               "123456789012345678901234567890",
                                               "0.30000000000000004"};
    static const double expected[CASES] = {0.0,
                                           -0.0,
                                           1e308,
                                           DBL_MAX,
                                           4.9e-324,
                                           0.1,
                                           0.0,
                                           0.5,
                                           5.0,
                                           0,
                                           123456789012345678901234567890.0,
                                           0.30000000000000004};
    const char *texts[CASES] = {"",
                                " ",
                                "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa6",
                                long_text,
                                "it's; \"quoted\" \\",
                                NULL,
                                "a\nb\tc\r",
                                "NULL",
                                "\xef\xbb\xbf"
                                "bom",
                                "\x01\x1f\x7f",
                                "x",
                                "2026-07-01"};
    const struct entry *entries[CASES];
    struct duck_result *result = NULL;
    bool has_row = false;

    for (size_t i = 0; i < CASES; i++) {
        const char *id = arena_format(&arena, "%zu", i).ptr;
        const char *const row[] = {id, "2026-07-01T14:00:00Z", integers[i], doubles[i], texts[i]};
        entries[i] = rows_put_texts(&arena, group, row, 5, (int64_t)i);
    }
    assert_false(write_file(group, 5, "a", entries, CASES));
    ok(duck_query(duck,
                  arena_format(&arena, "SELECT count, ratio, text FROM '%s/a.parquet'", dir).ptr,
                  true, &result, &err));
    for (size_t i = 0; i < CASES; i++) {
        ok(duck_result_next(result, &has_row, &err));
        assert_true(has_row);
        assert_int_equal(duck_is_null(result, 0), integers[i] == NULL);
        if (integers[i] != NULL)
            assert_true(duck_i64(result, 0) == strtoll(integers[i], NULL, 10));
        assert_int_equal(duck_is_null(result, 1), doubles[i] == NULL);
        if (doubles[i] != NULL) {
            double found = duck_double(result, 1);
            assert_memory_equal(&found, &expected[i], sizeof(found));
        }
        assert_int_equal(duck_is_null(result, 2), texts[i] == NULL);
        if (texts[i] != NULL)
            assert_true(str_equal(duck_str(result, 2), str_from(texts[i])));
    }
    ok(duck_result_next(result, &has_row, &err));
    assert_false(has_row);
    duck_result_free(result);
    group_unref(group);
}

static void nul_bytes_are_text(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    struct str values[] = {
        {"a\0b", 3}, STR("2026-07-01T14:00:00Z"), STR_ABSENT, STR_ABSENT, {"\0", 1}};
    const struct entry *const entries[] = {rows_put(&arena, group, values, 5, 1)};

    assert_false(write_file(group, 5, "a", entries, 1));
    assert_string_equal(query("SELECT hex(id), hex(text) FROM '%/a.parquet'"), "610062|00\n");
    group_unref(group);
}

static void years_one_and_9999_hold(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    const char *const first[] = {"a", "0001-01-01T00:00:00.000000001Z", NULL, NULL, NULL};
    const char *const last[] = {"b", "9999-12-31T23:59:59.999999999Z", NULL, NULL, NULL};
    const struct entry *const entries[] = {rows_put_texts(&arena, group, first, 5, 1),
                                           rows_put_texts(&arena, group, last, 5, 2)};

    assert_false(write_file(group, 5, "a", entries, 2));
    assert_string_equal(
        query("SELECT event_ts, asof_instant(event_ts)::VARCHAR FROM '%/a.parquet'"),
        "0001-01-01T00:00:00.000000001Z|-62135596799999999999\n"
        "9999-12-31T23:59:59.999999999Z|253402300799999999999\n");
    group_unref(group);
}

static void older_records_lack_later_features(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    const char *const texts[] = {"a", "2026-07-01T14:00:00Z", "1", "2", "3"};
    const struct entry *const entries[] = {rows_put_texts(&arena, group, texts, 3, 1),
                                           rows_put_texts(&arena, group, texts, 4, 2)};

    assert_false(write_file(group, 4, "a", entries, 2));
    assert_string_equal(
        query("SELECT * EXCLUDE (write_time, api_invocation_time) "
              "REPLACE (count::VARCHAR AS count, ratio::VARCHAR AS ratio, "
              "is_deleted::VARCHAR AS is_deleted) FROM '%/a.parquet'"),
        "a|2026-07-01T14:00:00Z|1|NULL|false\na|2026-07-01T14:00:00Z|1|2.0|false\n");
    group_unref(group);
}

static void sidecars_have_what_columns_cannot(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES_FRACTIONAL);
    const char *const exact[] = {"1", "1782914587.421", NULL};
    const char *const fine[] = {"2", "1782914587.421000001", NULL};
    const struct entry *entries[] = {rows_put_texts(&arena, group, exact, 3, 1),
                                     rows_put_texts(&arena, group, fine, 3, 2),
                                     rows_put_texts(&arena, group, exact, 3, 3)};
    struct entry lasting = *entries[2];

    assert_false(write_file(group, 3, "a", entries, 1));
    lasting.ttl_seconds = 3600;
    entries[2] = &lasting;
    assert_true(write_file(group, 3, "b", entries, 3));
    assert_string_equal(query("SELECT COLUMNS(*)::VARCHAR FROM read_parquet('%/b.sidecar')"),
                        "1|1782914587|421000001|NULL\n2|1782914587|421000000|3600\n");
    assert_string_equal(query("SELECT asof_instant(event_ts)::VARCHAR FROM '%/b.parquet'"),
                        "1782914587421000000\n1782914587421000000\n1782914587421000000\n");
    /* And the next file does not get the rows of this one. */
    assert_true(write_file(group, 3, "c", entries + 1, 1));
    assert_string_equal(query("SELECT COLUMNS(*)::VARCHAR FROM read_parquet('%/c.sidecar')"),
                        "0|1782914587|421000001|NULL\n");
    group_unref(group);
}

static void strange_names_are_columns(void **state)
{
    (void)state;
    struct group *group = rows_group(
        1, "g",
        "{\"name\":\"select\",\"type\":\"String\"},{\"name\":\"a-b\",\"type\":\"String\"},"
        "{\"name\":\"1\",\"type\":\"Integral\"},{\"name\":\"A-B\",\"type\":\"Integral\"},"
        "{\"name\":\"rows\",\"type\":\"Integral\"}");
    const char *const texts[] = {"a", "2026-07-01T14:00:00Z", "1", "2", "3"};
    const struct entry *const entries[] = {rows_put_texts(&arena, group, texts, 5, 1)};

    assert_false(write_file(group, 5, "a", entries, 1));
    assert_string_equal(query("SELECT name, field_id::VARCHAR FROM parquet_schema('%/a.parquet') "
                              "WHERE field_id < 100000"),
                        "select|1\na-b|2\n1|3\nA-B_4|4\nrows|5\n");
    group_unref(group);
}

static struct str bytes_of(const char *name)
{
    struct buf bytes = {0};

    ok(os_read_file(os_linux(), arena_format(&arena, "%s/%s", dir, name).ptr, 1 << 28, &bytes,
                    &err));
    struct str copy = arena_str(&arena, buf_str(&bytes));
    buf_release(&bytes);
    return copy;
}

static void same_rows_give_same_bytes(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    enum { ROWS = 130000 }; /* more than a row group */
    const struct entry **entries = ARENA_NEW(&arena, const struct entry *, ROWS);

    for (size_t i = 0; i < ROWS; i++) {
        const char *id = arena_format(&arena, "card-%zu", i * 7919 % 1000).ptr;
        const char *number = arena_format(&arena, "%zu", i * i).ptr;
        const char *const texts[] = {id, "2026-07-01T14:00:00Z", number, number,
                                     i % 3 == 0 ? NULL : id};
        entries[i] = i % 100 == 99
                         ? rows_delete(&arena, group, ENTRY_DELETE, id, texts[1], (int64_t)i)
                         : rows_put_texts(&arena, group, texts, 5, (int64_t)i);
    }
    assert_false(write_file(group, 5, "a", entries, ROWS));
    struct str first = bytes_of("a.parquet");
    /* After another file, with another schema, and by another database. */
    struct group *other = rows_group(2, "o", ROWS_FEATURES_FRACTIONAL);
    const char *const texts[] = {"1", "5", "x"};
    const struct entry *const others[] = {rows_put_texts(&arena, other, texts, 3, 1)};
    assert_false(write_file(other, 3, "o", others, 1));
    assert_false(write_file(group, 5, "b", entries, ROWS));
    assert_true(str_equal(first, bytes_of("b.parquet")));
    parquet_writer_free(writer);
    duck_close(duck);
    ok(duck_open(&(struct duck_options){0}, &duck, &err));
    writer = parquet_writer_new(duck);
    assert_false(write_file(group, 5, "c", entries, ROWS));
    assert_true(str_equal(first, bytes_of("c.parquet")));
    assert_string_equal(query("SELECT count(*)::VARCHAR, count(DISTINCT row_group_id)::VARCHAR "
                              "FROM parquet_metadata('%/a.parquet') WHERE column_id = 0"),
                        "2|2\n");
    /* Journal order. */
    assert_string_equal(query("SELECT count(*)::VARCHAR FROM (SELECT file_row_number n, "
                              "epoch_us(api_invocation_time) t FROM "
                              "read_parquet('%/a.parquet', file_row_number = true)) WHERE n <> t"),
                        "0\n");
    group_unref(group);
    group_unref(other);
}

static void bad_entries_are_refused_and_forgotten(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    const char *const good[] = {"a", "2026-07-01T14:00:00Z", "1", "2", "3"};
    const char *const bad_integer[] = {"a", "2026-07-01T14:00:00Z", "1.5", "2", "3"};
    const char *const bad_double[] = {"a", "2026-07-01T14:00:00Z", "1", "0x10p", "3"};
    const struct entry *entries[] = {rows_put_texts(&arena, group, good, 5, 1)};
    struct entry bad[4] = {*entries[0], *rows_put_texts(&arena, group, bad_integer, 5, 1),
                           *rows_put_texts(&arena, group, bad_double, 5, 1), *entries[0]};
    struct parquet_target target = {.path = "/never", .sidecar_path = "/never"};

    bad[0].kind = ENTRY_MARK;
    bad[3].record = STR("\x01");
    parquet_schema_of(group, 5, &arena, &target.schema);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        ok(parquet_writer_open(writer, &target, &err));
        ok(parquet_writer_add(writer, entries[0], &err));
        assert_int_equal(parquet_writer_add(writer, &bad[i], &err), ERR_CORRUPT);
    }
    parquet_schema_of(group, 4, &arena, &target.schema);
    ok(parquet_writer_open(writer, &target, &err));
    assert_int_equal(parquet_writer_add(writer, entries[0], &err), ERR_CORRUPT);
    assert_false(write_file(group, 5, "a", entries, 1));
    assert_string_equal(query("SELECT count(*)::VARCHAR FROM '%/a.parquet'"), "1\n");
    group_unref(group);
}

static void a_folder_that_is_not_there_is_an_io_error(void **state)
{
    (void)state;
    struct group *group = rows_group(1, "g", ROWS_FEATURES);
    const char *const good[] = {"a", "2026-07-01T14:00:00Z", "1", "2", "3"};
    struct parquet_target target = {.path = "/does/not/exist/a", .sidecar_path = "/x"};
    bool has_sidecar = false;

    parquet_schema_of(group, 5, &arena, &target.schema);
    ok(parquet_writer_open(writer, &target, &err));
    ok(parquet_writer_add(writer, rows_put_texts(&arena, group, good, 5, 1), &err));
    assert_int_equal(parquet_writer_close(writer, &has_sidecar, &err), ERR_IO);
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_the_contracts),
        cmocka_unit_test(deletes_are_markers),
        cmocka_unit_test(a_marker_may_name_what_no_record_can),
        cmocka_unit_test(odd_values_come_back),
        cmocka_unit_test(nul_bytes_are_text),
        cmocka_unit_test(years_one_and_9999_hold),
        cmocka_unit_test(older_records_lack_later_features),
        cmocka_unit_test(sidecars_have_what_columns_cannot),
        cmocka_unit_test(strange_names_are_columns),
        cmocka_unit_test(same_rows_give_same_bytes),
        cmocka_unit_test(bad_entries_are_refused_and_forgotten),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
