/* Forms of results, and CSV rendered as a table. (Sending is in test_cli.) */
#include "unit/test.h"

#include "cli/result.h"

static struct err err;
static struct buf out;

static void forms(void **state)
{
    (void)state;
    assert_int_equal(result_form_of(STR("json"), STR("x.csv"), RESULT_TABLE), RESULT_JSON);
    assert_int_equal(result_form_of(STR("table"), STR_ABSENT, RESULT_CSV), RESULT_TABLE);
    assert_int_equal(result_form_of(STR_ABSENT, STR("x.parquet"), RESULT_CSV), RESULT_PARQUET);
    assert_int_equal(result_form_of(STR_ABSENT, STR("x.csv"), RESULT_JSON), RESULT_CSV);
    assert_int_equal(result_form_of(STR_ABSENT, STR("x.json"), RESULT_CSV), RESULT_JSON);
    assert_int_equal(result_form_of(STR_ABSENT, STR("x.txt"), RESULT_CSV), RESULT_CSV);
    assert_int_equal(result_form_of(STR_ABSENT, STR_ABSENT, RESULT_TABLE), RESULT_TABLE);
    assert_string_equal(result_form_name(RESULT_TABLE), "csv");
    assert_string_equal(result_form_name(RESULT_JSON), "json");
    assert_string_equal(result_form_name(RESULT_CSV), "csv");
    assert_string_equal(result_form_name(RESULT_PARQUET), "parquet");
}

static void assert_table(const char *csv, size_t width, size_t rows, const char *expected)
{
    size_t got = 99;

    buf_clear(&out);
    assert_int_equal(result_table(str_from(csv), width, &out, &got, &err), OK);
    assert_int_equal(got, rows);
    buf_add_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
}

static void tables(void **state)
{
    (void)state;
    assert_table("a,b\n\"1\",\"x\ny\"\n\"20\",\n", 0, 2, " a  b\n--  ------\n 1  x\\x0ay\n20\n");
    assert_table("a,b\n", 0, 0, "a  b\n-  -\n");
    assert_table("a\r\n\"long text here\"\r\n", 8, 1, "a\n--------\nlong ...\n");
    assert_table("", 0, 0, "");
}

static void malformed_csv_is_told(void **state)
{
    size_t rows;

    (void)state;
    assert_int_equal(result_table(STR("a,b\n1\n"), 0, &out, &rows, &err), ERR_CORRUPT);
    assert_string_equal(err.message, "a row of the answer has 1 cells in place of 2");
    assert_int_equal(result_table(STR("a\n\"b"), 0, &out, &rows, &err), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(tables),
        cmocka_unit_test(malformed_csv_is_told),
    };

    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_release(&out);
    return failed;
}
