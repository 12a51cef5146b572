/* Flushed and unflushed rows as one table: schemas that grew, sidecars, odd names and values. */
#include "unit/test.h"

#include "query/engine.h"
#include "unit/query/history.h"

static char dir[64];
static struct engine engine;
static struct arena arena;
static struct err err;

#define FEATURES                                                                                   \
    "{\"name\":\"id\",\"type\":\"String\"},{\"name\":\"t\",\"type\":\"String\"},"                  \
    "{\"name\":\"n\",\"type\":\"Integral\"},{\"name\":\"N\",\"type\":\"Fractional\"}"

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/asof-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    arena = (struct arena){0};
    err = (struct err){0};
    engine = (struct engine){.private_dir = dir, .memory_bytes_max = 1U << 30, .threads = 1};
    assert_int_equal(engine_open(&engine, &err), OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    engine_close(&engine);
    arena_release(&arena);
    history_remove_dir(dir);
    return 0;
}

static void ok(enum code code)
{
    assert_string_equal(err.message, "");
    assert_int_equal(code, OK);
}

static void expect_csv(const char *sql, const char *expected)
{
    struct buf text = {0};
    uint64_t rows = 0;

    ok(engine_write(&engine, str_from(sql), ENGINE_CSV, &rows, &err));
    history_read_text(dir, "result", &text);
    assert_string_equal(text.ptr, expected);
    buf_release(&text);
}

static void make_source(struct source *source, struct entry *const *tail, size_t count)
{
    ok(source_begin(engine.duck, source, &arena, &err));
    for (size_t i = 0; i < count; i++)
        ok(source_add_row(source, tail[i], INT64_C(1700000009000000), &err));
    ok(source_end(source, &err));
    ok(engine_lock(&engine, NULL, 0, &err));
    ok(source_make_base(engine.duck, source, &err));
}

static void test_rows_of_all_kinds(void **state)
{
    (void)state;
    struct group *group = history_group(7, "Fraud-v3", FEATURES);
    const char *const old[] = {"a", "2026-07-01T14:03:07.421Z", "4"};
    const char *const now[] = {"b", "0001-01-01T00:00:00Z", NULL, "-2.5e3"};
    const char *const tail[] = {"c", "9999-12-31T23:59:59.999999999Z", "-9223372036854775808",
                                "0.1"};
    struct entry *older[] = {history_put(&arena, group, old, 3, 100, 0)};
    struct entry *newer[] = {history_put(&arena, group, now, 4, 101, 60)};
    struct entry *unflushed[] = {
        history_put(&arena, group, tail, 4, 102, 0), history_put(&arena, group, old, 3, 103, 0),
        history_delete(&arena, group, "c", "9999-12-31T23:59:59.999999999Z", 104)};
    const struct source_file files[] = {
        history_file(engine.duck, &arena, group, 3, dir, "older", older, 1),
        history_file(engine.duck, &arena, group, 4, dir, "newer", newer, 1)};
    struct source source = {.number = 3, .group = group, .files = files, .file_count = 2};

    assert_int_equal(files[0].sidecar.len, 0);
    assert_true(files[1].sidecar.len > 0);
    make_source(&source, unflushed, 3);
    const struct duck_name plain = {STR(""), STR(""), STR("Fraud-v3")};
    const struct duck_name glue = {STR(""), STR("SageMaker_FeatureStore"), STR("fraud_v3_1")};
    ok(source_make_table(engine.duck, &source, &plain, &err));
    ok(source_make_table(engine.duck, &source, &glue, &err));
    expect_csv("SELECT id, t, n, \"N_4\", epoch_us(api_invocation_time) AS a, is_deleted AS d, "
               "epoch_us(write_time) % 10000000 AS w FROM \"fraud-V3\" ORDER BY a",
               "\"id\",\"t\",\"n\",\"N_4\",\"a\",\"d\",\"w\"\n"
               "\"a\",\"2026-07-01T14:03:07.421Z\",\"4\",,\"100\",\"false\",\"1000000\"\n"
               "\"b\",\"0001-01-01T00:00:00Z\",,\"-2500.0\",\"101\",\"false\",\"1000000\"\n"
               "\"c\",\"9999-12-31T23:59:59.999999999Z\",\"-9223372036854775808\",\"0.1\",\"102\","
               "\"false\",\"9000000\"\n"
               "\"a\",\"2026-07-01T14:03:07.421Z\",\"4\",,\"103\",\"false\",\"9000000\"\n"
               "\"c\",\"9999-12-31T23:59:59.999999999Z\",,,\"104\",\"true\",\"9000000\"\n");
    expect_csv("SELECT count(*) AS c FROM sagemaker_featurestore.fraud_v3_1", "\"c\"\n\"5\"\n");

    ok(source_make_history(engine.duck, &source, &err));
    expect_csv("SELECT k, e, a, d, x - e AS ttl, c2 FROM \"asof history 3\" ORDER BY a",
               "\"k\",\"e\",\"a\",\"d\",\"ttl\",\"c2\"\n"
               "\"a\",\"1782914587421000000\",\"100\",\"false\",,\"4\"\n"
               "\"b\",\"-62135596800000000000\",\"101\",\"false\",\"60000000000\",\n"
               "\"c\",\"253402300799999999999\",\"102\",\"false\",,\"-9223372036854775808\"\n"
               "\"a\",\"1782914587421000000\",\"103\",\"false\",,\"4\"\n"
               "\"c\",\"253402300799999999999\",\"104\",\"true\",,\n");
    group_unref(group);
}

/* A Fractional event time to the nanosecond: from the sidecar what the double cannot hold. */
static void test_fractional_times(void **state)
{
    (void)state;
    struct group *group = history_group(
        1, "f", "{\"name\":\"id\",\"type\":\"Integral\"},{\"name\":\"t\",\"type\":\"Fractional\"}");
    const char *const exact[] = {"1", "1782914587.421"};
    const char *const fine[] = {"2", "1782914587.421000001"};
    struct entry *flushed[] = {history_put(&arena, group, exact, 2, 10, 0),
                               history_put(&arena, group, fine, 2, 11, 0)};
    struct entry *plain[] = {history_put(&arena, group, exact, 2, 12, 0)};
    struct entry *tail[] = {history_put(&arena, group, fine, 2, 13, 0),
                            history_delete(&arena, group, "3", "1782914587.421000001", 14)};
    const struct source_file files[] = {
        history_file(engine.duck, &arena, group, 2, dir, "fine", flushed, 2),
        history_file(engine.duck, &arena, group, 2, dir, "plain", plain, 1),
        history_file(engine.duck, &arena, group, 2, dir, "fine2", flushed + 1, 1)};
    struct source source = {.number = 0, .group = group, .files = files, .file_count = 3};

    assert_true(files[0].sidecar.len > 0 && files[1].sidecar.len == 0);
    make_source(&source, tail, 2);
    ok(source_make_history(engine.duck, &source, &err));
    expect_csv("SELECT k, e, a FROM \"asof history 0\" ORDER BY a, k",
               "\"k\",\"e\",\"a\"\n"
               "\"1\",\"1782914587421000000\",\"10\"\n\"2\",\"1782914587421000001\",\"11\"\n"
               "\"2\",\"1782914587421000001\",\"11\"\n"
               "\"1\",\"1782914587421000000\",\"12\"\n\"2\",\"1782914587421000001\",\"13\"\n"
               "\"3\",\"1782914587421000001\",\"14\"\n");
    group_unref(group);
}

/* Values and names that SQL or the engine might take for its own. */
static void test_odd_texts(void **state)
{
    (void)state;
    struct group *group = history_group(2, "select",
                                        "{\"name\":\"file_index\",\"type\":\"String\"},"
                                        "{\"name\":\"t\",\"type\":\"String\"},"
                                        "{\"name\":\"file_row_number\",\"type\":\"String\"},"
                                        "{\"name\":\"filename\",\"type\":\"String\"}");
    const char *const texts[] = {"o'clock \"x\"", "2026-07-01T14:03:07Z", "", "\xf0\x9f\x8e\x89\n"};
    struct entry *flushed[] = {history_put(&arena, group, texts, 4, 1, 5)};
    struct entry *tail[] = {history_put(&arena, group, texts, 4, 2, 0)};
    const struct source_file files[] = {
        history_file(engine.duck, &arena, group, 4, dir, "it's [odd]", flushed, 1)};
    struct source source = {.number = 0, .group = group, .files = files, .file_count = 1};

    make_source(&source, tail, 1);
    const struct duck_name name = {STR(""), STR(""), STR("select")};
    ok(source_make_table(engine.duck, &source, &name, &err));
    ok(source_make_history(engine.duck, &source, &err));
    expect_csv("SELECT file_index, file_row_number, filename FROM \"select\"",
               "\"file_index\",\"file_row_number\",\"filename\"\n"
               "\"o'clock \"\"x\"\"\",\"\",\"\xf0\x9f\x8e\x89\n\"\n"
               "\"o'clock \"\"x\"\"\",\"\",\"\xf0\x9f\x8e\x89\n\"\n");
    expect_csv("SELECT count(DISTINCT e) AS n, count(x) AS x FROM \"asof history 0\"",
               "\"n\",\"x\"\n\"1\",\"1\"\n");
    group_unref(group);
}

static void test_no_rows(void **state)
{
    (void)state;
    struct group *group = history_group(7, "g", FEATURES);
    struct source source = {.number = 0, .group = group};
    const struct duck_name name = {STR(""), STR(""), STR("g")};

    make_source(&source, NULL, 0);
    ok(source_make_table(engine.duck, &source, &name, &err));
    expect_csv("SELECT count(*) AS n FROM g", "\"n\"\n\"0\"\n");
    group_unref(group);
}

static void test_corrupt_row(void **state)
{
    (void)state;
    struct group *group = history_group(7, "g", FEATURES);
    struct source source = {.number = 0, .group = group};
    struct entry entry = {.kind = ENTRY_PUT, .group_id = 7, .record = STR("nonsense")};

    ok(source_begin(engine.duck, &source, &arena, &err));
    assert_int_equal(source_add_row(&source, &entry, 0, &err), ERR_CORRUPT);
    source_abort(&source);
    source_abort(&source);
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_of_all_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fractional_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_corrupt_row, setup, teardown),
    };
    return cmocka_run_group_tests_name("query/source", tests, NULL, NULL);
}
