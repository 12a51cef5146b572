#include "unit/test.h"

#include "schema/record.h"
#include "unit/schema/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fits(enum feature_type type, const char *text)
{
    return value_check(type, str_from(text), NULL) == OK;
}

static void integral(void **state)
{
    (void)state;
    static const char *const good[] = {"0",
                                       "-0",
                                       "+7",
                                       "007",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "0000000000000000000000000000012"};
    static const char *const bad[] = {"",         "-",
                                      "+",        "1.0",
                                      "1e3",      " 1",
                                      "1 ",       "0x10",
                                      "NaN",      "9223372036854775808",
                                      "1,000",    "--1",
                                      "\xd9\xa1", "-9223372036854775809"};

    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        assert_true(fits(FEATURE_INTEGRAL, good[i]));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(fits(FEATURE_INTEGRAL, bad[i]));
    assert_int_equal(value_check(FEATURE_INTEGRAL, (struct str){"1\0", 2}, NULL), ERR_INVALID);
}

static void fractional(void **state)
{
    (void)state;
    static const char *const good[] = {"0",
                                       "0.0",
                                       "-2.3",
                                       "+1e5",
                                       "1E-07",
                                       ".5",
                                       "5.",
                                       "1e308",
                                       "1.7976931348623157e308",
                                       "1.7976931348623158e308",
                                       "-1.7976931348623158e+308",
                                       "4.9e-324",
                                       "1e-999999999999",
                                       "0e999999999999",
                                       "0.0000000001e310",
                                       "1e0000000000000000000001",
                                       "12345678901234567890123456789012345678901234567890"};
    static const char *const bad[] = {"",       "-",
                                      ".",      "e5",
                                      "1e",     "1e+",
                                      "NaN",    "nan",
                                      "inf",    "Infinity",
                                      "-inf",   "0x1p3",
                                      "1f",     "1d",
                                      "1 ",     " 1",
                                      "1,5",    "1e309",
                                      "2e308",  "1.7976931348623159e308",
                                      "-1e400", "1e999999999999999999",
                                      "1..2",   "1.2.3",
                                      "1e5.0",  "--1"};

    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        assert_true(fits(FEATURE_FRACTIONAL, good[i]));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(fits(FEATURE_FRACTIONAL, bad[i]));
}

static void texts_of_any_kind(void **state)
{
    (void)state;
    assert_true(fits(FEATURE_STRING, ""));
    assert_true(fits(FEATURE_STRING, "NaN"));
    assert_true(fits(FEATURE_STRING, "\xf0\x9f\x98\x80\n"));
}

static void messages(void **state)
{
    (void)state;
    struct err err;
    char long_text[1000];

    assert_int_equal(value_check(FEATURE_INTEGRAL, STR("1.0"), &err), ERR_INVALID);
    assert_string_equal(err.message, "expected an integer of 64 bits (Integral), found '1.0'");
    assert_int_equal(value_check(FEATURE_FRACTIONAL, STR("NaN"), &err), ERR_INVALID);
    assert_string_equal(err.message, "expected a decimal number (Fractional), found 'NaN'");
    assert_int_equal(value_check(FEATURE_FRACTIONAL, STR("1e999"), &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "range of a double"));
    memset(long_text, 'x', sizeof(long_text));
    assert_int_equal(value_check(FEATURE_INTEGRAL, (struct str){long_text, 1000}, &err),
                     ERR_INVALID);
    assert_true(strlen(err.message) < 200);
}

/* Every text that the grammar allows is finite exactly when strtod says so. */
static void agrees_with_strtod(void **state)
{
    (void)state;
    static const char alphabet[] = "0012345678999.e+-E";
    uint64_t seed = 42;
    char text[700];
    unsigned finite = 0;
    unsigned infinite = 0;

    for (unsigned round = 0; round < 200000; round++) {
        size_t len = 1 + sample_below(&seed, 8);
        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[sample_below(&seed, sizeof(alphabet) - 1)];
        text[len] = '\0';
        char *end;
        double value = strtod(text, &end);
        bool is_whole = *end == '\0' && end != text;
        assert_int_equal(fits(FEATURE_FRACTIONAL, text), is_whole && isfinite(value));
    }
    for (unsigned round = 0; round < 20000; round++) {
        /* Near the end of the range: many digits, with the exponent that makes them 309 long. */
        static const char edge[] = "17976931348623158079372897140530341507993413271003782693617377"
                                   "89804449682927647509466490179775872070963302864166928879109465"
                                   "55547851940402630657488671505820681908902000708383676273854845";
        size_t digits = 1 + sample_below(&seed, sizeof(edge) - 1);
        memcpy(text, edge, digits);
        text[sample_below(&seed, (uint32_t)digits)] = (char)('0' + sample_below(&seed, 10));
        (void)snprintf(text + digits, sizeof(text) - digits, "e%d",
                       308 - (int)digits + 1 + (int)sample_below(&seed, 2));
        bool is_finite = isfinite(strtod(text, NULL)) != 0;
        finite += is_finite;
        infinite += !is_finite;
        assert_int_equal(fits(FEATURE_FRACTIONAL, text), is_finite);
    }
    assert_true(finite > 1000 && infinite > 1000);
}

static void long_texts_are_judged_in_linear_time(void **state)
{
    (void)state;
    static char text[358400];

    memset(text, '9', sizeof(text));
    assert_int_equal(value_check(FEATURE_FRACTIONAL, (struct str){text, sizeof(text)}, NULL),
                     ERR_INVALID);
    text[1] = '.';
    assert_int_equal(value_check(FEATURE_FRACTIONAL, (struct str){text, sizeof(text)}, NULL), OK);
    memset(text, '0', sizeof(text));
    assert_int_equal(value_check(FEATURE_FRACTIONAL, (struct str){text, sizeof(text)}, NULL), OK);
    assert_int_equal(value_check(FEATURE_INTEGRAL, (struct str){text, sizeof(text)}, NULL), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integral),
        cmocka_unit_test(fractional),
        cmocka_unit_test(texts_of_any_kind),
        cmocka_unit_test(messages),
        cmocka_unit_test(agrees_with_strtod),
        cmocka_unit_test(long_texts_are_judged_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
