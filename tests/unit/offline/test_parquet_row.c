/* One entry, one row: cells by type, markers of deletes, what does not fit, and exact times. */
#include "unit/test.h"

#include "offline/parquet_row.h"
#include "unit/query/history.h"

#define FEATURES(time_type)                                                                        \
    "{\"name\":\"id\",\"type\":\"Integral\"},{\"name\":\"t\",\"type\":\"" time_type "\"},"         \
    "{\"name\":\"x\",\"type\":\"Fractional\"},{\"name\":\"s\",\"type\":\"String\"}"

static struct duck *duck;
static struct arena arena;
static struct parquet_schema schema;
static struct parquet_row row;
static struct err err;

static int setup(void **state)
{
    (void)state;
    const struct duck_options options = {.threads = 1};
    arena = (struct arena){0};
    err = (struct err){0};
    row = (struct parquet_row){0};
    assert_int_equal(duck_open(&options, &duck, &err), OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    duck_appender_free(row.appender);
    parquet_row_release(&row);
    duck_close(duck);
    arena_release(&arena);
    return 0;
}

static struct group *make_table(const char *features, const char *time_type)
{
    struct group *group = history_group(3, "g", features);
    const char *sql = arena_format(&arena,
                                   "CREATE TABLE r(id BIGINT, t %s, x DOUBLE, s VARCHAR, "
                                   "w TIMESTAMP, a TIMESTAMP, d BOOLEAN)",
                                   time_type)
                          .ptr;

    assert_int_equal(duck_run(duck, sql, &err), OK);
    parquet_schema_of(group, group->feature_count, &arena, &schema);
    row.schema = &schema;
    assert_int_equal(duck_appender_open(duck, "r", &row.appender, &err), OK);
    return group;
}

static void fill(const struct entry *entry)
{
    const enum code code = parquet_row_fill(&row, entry, 77, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(code, OK);
    assert_int_equal(duck_append_row(row.appender, &err), OK);
}

static void expect_rows(const char *expected)
{
    struct duck_result *result = NULL;
    bool has_row = false;
    struct duck_appender *appender = row.appender;

    row.appender = NULL;
    assert_int_equal(duck_appender_close(appender, &err), OK);
    assert_int_equal(duck_query(duck,
                                "SELECT string_agg(concat_ws('|', coalesce(id::VARCHAR, '-'), t, "
                                "coalesce(x::VARCHAR, '-'), coalesce(s, '-'), epoch_us(w), "
                                "epoch_us(a), d), ';' ORDER BY a) FROM r",
                                false, &result, &err),
                     OK);
    assert_int_equal(duck_result_next(result, &has_row, &err), OK);
    if (!str_equal(duck_str(result, 0), str_from(expected)))
        fail_msg("expected %s, found %.*s", expected, STR_ARG(duck_str(result, 0)));
    duck_result_free(result);
}

static void test_puts_and_deletes(void **state)
{
    (void)state;
    struct group *group = make_table(FEATURES("String"), "VARCHAR");
    const char *const full[] = {"-007", "2026-07-01T00:00:00Z", "2.50", ""};
    const char *const part[] = {"8", "2026-07-01T00:00:00.5Z"};

    fill(history_put(&arena, group, full, 4, 1, 0));
    fill(history_put(&arena, group, part, 2, 2, 9));
    fill(history_delete(&arena, group, "9", "2026-07-01T00:00:00.120Z", 3));
    /* A delete of what no record can be called. */
    fill(history_delete(&arena, group, "nine", "2026-07-01T00:00:00Z", 4));
    expect_rows("-7|2026-07-01T00:00:00Z|2.5||77|1|false;"
                "8|2026-07-01T00:00:00.5Z|-|-|77|2|false;"
                "9|2026-07-01T00:00:00.120Z|-|-|77|3|true;"
                "-|2026-07-01T00:00:00Z|-|-|77|4|true");
    group_unref(group);
}

static void test_exact_times(void **state)
{
    (void)state;
    struct group *group = make_table(FEATURES("Fractional"), "DOUBLE");
    static const struct {
        const char *time;
        bool is_exact;
    } cases[] = {
        {"1782914587", true},
        {"1782914587.421", true},
        {"1782914587.4210000001", true},
        {"1782914587.421000001", false},
        {"-0.25", true},
        {"0.1", true},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *const texts[] = {"1", cases[i].time};
        bool is_exact = !cases[i].is_exact;
        const struct entry *entry = history_put(&arena, group, texts, 2, (int64_t)i, 0);
        assert_int_equal(parquet_row_is_time_exact(&row, entry, &is_exact, &err), OK);
        if (is_exact != cases[i].is_exact)
            print_message("# %s\n", cases[i].time);
        assert_int_equal(is_exact, cases[i].is_exact);
    }
    bool is_exact = true;
    const struct entry *gone = history_delete(&arena, group, "1", "1782914587.421000001", 9);
    assert_int_equal(parquet_row_is_time_exact(&row, gone, &is_exact, &err), OK);
    assert_false(is_exact);
    group_unref(group);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    struct group *group = make_table(FEATURES("String"), "VARCHAR");
    const char *const texts[] = {"1", "2026-07-01T00:00:00Z", "1", "s"};
    const char *const wrong[] = {"one", "2026-07-01T00:00:00Z"};
    const char *const wrong_double[] = {"1", "2026-07-01T00:00:00Z", "1x"};
    struct entry *more = history_put(&arena, group, texts, 4, 1, 0);
    struct entry *event = history_put(&arena, group, texts, 4, 1, 0);
    struct entry *cut = history_put(&arena, group, texts, 4, 1, 0);

    event->kind = ENTRY_EVENT;
    cut->record.len = 3;
    const struct entry *const entries[] = {event, cut, history_put(&arena, group, wrong, 2, 1, 0),
                                           history_put(&arena, group, wrong_double, 3, 1, 0)};
    for (size_t i = 0; i < ARRAY_COUNT(entries); i++)
        assert_int_equal(parquet_row_fill(&row, entries[i], 0, &err), ERR_CORRUPT);
    schema.column_count = 3;
    assert_int_equal(parquet_row_fill(&row, more, 0, &err), ERR_CORRUPT);
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_puts_and_deletes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exact_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit, setup, teardown),
    };
    return cmocka_run_group_tests_name("offline/parquet_row", tests, NULL, NULL);
}
