/* Rows as entries: values, absent ones, escapes, what is wrong with a row. */
#include "unit/test.h"

#include "cli/row.h"
#include "core/json.h"
#include "unit/cli/sample_group.h"

static struct arena arena;
static struct err err;
static struct buf body;

static struct plan make_plan(const char *header, bool is_strict)
{
    const struct group_info info = sample_group();
    const struct plan_request request = {.info = &info, .is_strict = is_strict};
    struct str names[16];
    struct str rest = str_from(header);
    size_t count = 0;
    struct plan plan;

    assert_int_equal(plan_make(&request, &arena, &plan, &err), OK);
    while (rest.len > 0)
        names[count++] = str_cut(&rest, ',');
    if (count > 0)
        assert_int_equal(plan_columns(&plan, names, count, &arena, &err), OK);
    return plan;
}

static void assert_added(struct row_maker *maker, struct str record, const char *expected)
{
    buf_clear(&body);
    buf_add(&body, STR("before"));
    if (row_add(maker, record, &body, &err) != OK)
        fail_msg("%s", err.message);
    struct str added = str_slice(buf_str(&body), 6, body.len);
    assert_true(str_starts(added, STR("{\"FeatureGroupName\":\"g\",\"Record\":[")));
    assert_int_equal(json_check(added, &arena, &err), OK);
    struct str values = str_slice(added, 34, added.len - 2);
    if (!str_equal(values, str_from(expected)))
        fail_msg("%.*s", STR_ARG(values));
}

static void assert_refused(struct row_maker *maker, struct str record, const char *message)
{
    buf_clear(&body);
    buf_add(&body, STR("before"));
    assert_int_equal(row_add(maker, record, &body, &err), ERR_INVALID);
    if (strncmp(err.message, message, strlen(message)) != 0)
        fail_msg("%s", err.message);
    assert_true(str_equal(buf_str(&body), STR("before")));
}

#define VALUE(name, value) "{\"FeatureName\":\"" name "\",\"ValueAsString\":\"" value "\"}"

static void csv_rows(void **state)
{
    struct plan plan = make_plan("text,id,other,at,count", false);
    struct row_maker maker;

    (void)state;
    row_maker_init(&maker, &plan, ROWS_CSV);
    assert_added(
        &maker, STR("t,i,x,2026,5\n"),
        VALUE("text", "t") "," VALUE("id", "i") "," VALUE("at", "2026") "," VALUE("count", "5"));
    assert_added(&maker, STR(",i,,2026,\r\n"), VALUE("id", "i") "," VALUE("at", "2026"));
    assert_added(&maker, STR("\"\",i,,2026,"),
                 VALUE("text", "") "," VALUE("id", "i") "," VALUE("at", "2026"));
    assert_added(
        &maker, STR("\"a\"\"b\\\n\xc3\xa9\",\"i,j\",,z,"),
        VALUE("text", "a\\\"b\\\\\\n\xc3\xa9") "," VALUE("id", "i,j") "," VALUE("at", "z"));
    assert_refused(&maker, STR("t,i,x,2026"), "expected 5 cells, found 4");
    assert_refused(&maker, STR("t,i,x,2026,5,6"), "expected 5 cells, found at least 6");
    assert_refused(&maker, STR("t,i,x,2026,5,6,7"), "more than 6 cells");
    assert_refused(&maker, STR("t,,x,2026,5"), "the row has no value for 'id'");
    assert_refused(&maker, STR("t,i,x,,5"), "the row has no value for 'at'");
    assert_refused(&maker, STR("\"t,i,x,2026,5"), "a quoted cell does not end");
    assert_refused(&maker, STR("\xff,i,x,2026,5"), "the row is not UTF-8");
    row_maker_release(&maker);
}

static void json_rows(void **state)
{
    struct plan plan = make_plan("", false);
    struct row_maker maker;

    (void)state;
    row_maker_init(&maker, &plan, ROWS_JSON_LINES);
    assert_added(&maker, STR("{\"id\":\"i\",\"at\":1.50e3,\"count\":-7,\"text\":\"\\u00e9\\n\"}\n"),
                 VALUE("id", "i") "," VALUE("at", "1.50e3") "," VALUE("count", "-7") "," VALUE(
                     "text", "\xc3\xa9\\n"));
    assert_added(
        &maker, STR("{\"text\":true,\"count\":false,\"at\":\"t\",\"id\":\"i\"}"),
        VALUE("text", "true") "," VALUE("count", "0") "," VALUE("at", "t") "," VALUE("id", "i"));
    assert_true(str_is_absent(maker.unknown));
    assert_added(&maker,
                 STR("{\"id\":1,\"text\":null,\"new\":[{}],\"at\":2,\"newer\":1,"
                     "\"asof_error\":\"e\"} "),
                 VALUE("id", "1") "," VALUE("at", "2"));
    assert_true(str_equal(maker.unknown, STR("new")));
    assert_refused(&maker, STR("{\"id\":1}"), "the row has no value for 'at'");
    assert_refused(&maker, STR("{}"), "the row has no value for 'id'");
    assert_refused(&maker, STR("{\"id\":null,\"at\":1}"), "the row has no value for 'id'");
    assert_refused(&maker, STR("{\"id\":{},\"at\":1}"), "'id': expected a text, a number");
    assert_refused(&maker, STR("{\"id\":[1],\"at\":1}"), "'id': expected a text, a number");
    assert_refused(&maker, STR("{\"id\":1,\"at\":1}x"), "");
    assert_refused(&maker, STR("{\"id\":1,\"at\":tru}"), "");
    assert_refused(&maker, STR("[]"), "");
    assert_refused(&maker, STR("nonsense"), "");
    assert_refused(&maker, STR("{\"id\":\"\xed\xa0\x80\",\"at\":1}"), "the row is not UTF-8");
    row_maker_release(&maker);
}

static void strict_json_rows(void **state)
{
    struct plan plan = make_plan("", true);
    struct row_maker maker;

    (void)state;
    row_maker_init(&maker, &plan, ROWS_JSON_LINES);
    assert_refused(&maker, STR("{\"id\":1,\"at\":1,\"new\":1}"), "'new' is no feature");
    assert_added(&maker, STR("{\"id\":1,\"at\":1,\"asof_error\":1}"),
                 VALUE("id", "1") "," VALUE("at", "1"));
    row_maker_release(&maker);
}

static int release(void **state)
{
    (void)state;
    buf_release(&body);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_rows),
        cmocka_unit_test(json_rows),
        cmocka_unit_test(strict_json_rows),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
