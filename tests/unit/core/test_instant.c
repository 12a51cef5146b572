/*
 * Instants against an oracle that walks the calendar day by day over the years 0000 to 9999, and
 * texts against numbers computed another way.
 */
#include "unit/test.h"

#include "core/instant.h"

#include <math.h>
#include <stdio.h>

static const unsigned char month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool is_leap(int year)
{
    if (year % 400 == 0)
        return true;
    if (year % 100 == 0)
        return false;
    return year % 4 == 0;
}

static void the_whole_calendar_day_by_day(void **state)
{
    int64_t day_start = INSTANT_SECONDS_MIN;
    uint32_t random = 1;

    (void)state;
    for (int year = 0; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            int days = month_days[month - 1] + (month == 2 && is_leap(year));
            for (int day = 1; day <= days; day++, day_start += 86400) {
                random = random * 1664525 + 1013904223;
                int second = (int)(random >> 8) % 86400;
                struct civil civil = {year,       month, day, second / 3600, second / 60 % 60,
                                      second % 60};
                assert_true(civil_seconds(civil) == day_start + second);
                struct civil back = instant_civil((struct instant){day_start + second, 0});
                assert_memory_equal(&back, &civil, sizeof(civil));
            }
        }
    }
    assert_true(day_start == INSTANT_SECONDS_MAX + 1);
    assert_true(civil_seconds((struct civil){1970, 1, 1, 0, 0, 0}) == 0);
}

static void every_day_exists_as_text_and_the_one_after_the_last_does_not(void **state)
{
    char text[32];
    struct instant instant;

    (void)state;
    for (int year = 0; year <= 9999; year += year % 100 < 5 || year % 100 > 94 ? 1 : 7) {
        for (int month = 1; month <= 12; month++) {
            int days = month_days[month - 1] + (month == 2 && is_leap(year));
            (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT23:59:59Z", year, month, days);
            assert_int_equal(instant_parse_iso(str_from(text), &instant, NULL), OK);
            struct buf buf;
            buf_init(&buf, 0);
            instant_add_iso(&buf, instant);
            assert_true(str_equal(buf_str(&buf), str_from(text)));
            buf_release(&buf);
            (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", year, month, days + 1);
            assert_int_equal(instant_parse_iso(str_from(text), &instant, NULL), ERR_INVALID);
        }
    }
}

static struct instant iso(const char *text)
{
    struct instant instant = {0};

    if (instant_parse_iso(str_from(text), &instant, NULL) != OK)
        fail_msg("refused '%s'", text);
    return instant;
}

static void fractions_of_one_to_nine_digits(void **state)
{
    const char digits[] = "123456789";
    uint32_t expected = 0;
    uint32_t unit = 100000000;
    char text[40];

    (void)state;
    for (int count = 1; count <= 9; count++, unit /= 10) {
        expected += (uint32_t)count * unit;
        (void)snprintf(text, sizeof(text), "2026-07-01T14:03:07.%.*sZ", count, digits);
        assert_int_equal(iso(text).nanoseconds, expected);
        assert_true(iso(text).seconds == iso("2026-07-01T14:03:07Z").seconds);
    }
    assert_int_equal(iso("2026-07-01T14:03:07.000000001Z").nanoseconds, 1);
    assert_int_equal(iso("2026-07-01T14:03:07.999999999Z").nanoseconds, 999999999);
    assert_int_equal(iso("0000-01-01T00:00:00.5Z").nanoseconds, 500000000);
}

static void instants_compare_where_texts_mislead(void **state)
{
    (void)state;
    assert_true(instant_compare(iso("2026-07-01T14:03:07.421Z"), iso("2026-07-01T14:03:07Z")) > 0);
    assert_int_equal(instant_compare(iso("2026-07-01T14:03:07.000Z"), iso("2026-07-01T14:03:07Z")),
                     0);
    assert_true(instant_compare(iso("2026-07-01T14:03:07.9Z"), iso("2026-07-01T14:03:08Z")) < 0);
    assert_true(instant_compare(iso("0001-01-01T00:00:00Z"), iso("9999-01-01T00:00:00Z")) < 0);
}

static void other_forms_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "Z",
        "2026-07-01",
        "2026-07-01T14:03:07",
        "2026-07-01T14:03:07.Z",
        "2026-07-01T14:03:07.1234567890Z",
        "2026-07-01T14:03:07.12x4Z",
        "2026-07-01T14:03:07,123Z",
        "2026-07-01T14:03:07+00:00",
        "2026-07-01T14:03:07.123+00:00",
        "2026-07-01T14:03:07z",
        "2026-07-01t14:03:07Z",
        "2026-07-01 14:03:07Z",
        "2026-7-01T14:03:07Z",
        "2026-07-01T14:03Z",
        "2026-07-01T24:00:00Z",
        "2026-07-01T14:60:00Z",
        "2026-07-01T14:03:60Z",
        "2026-00-01T14:03:07Z",
        "2026-13-01T14:03:07Z",
        "2026-07-00T14:03:07Z",
        "2026-06-31T14:03:07Z",
        "2026-02-29T14:03:07Z",
        "1900-02-29T14:03:07Z",
        "12026-07-01T14:03:07Z",
        "-026-07-01T14:03:07Z",
        "+026-07-01T14:03:07Z",
        " 2026-07-01T14:03:07Z",
        "2026-07-01T14:03:07Z ",
        "2026-07-01T14:03:07ZZ",
        "20260701T140307Z",
        "2026/07/01T14:03:07Z",
    };
    struct instant instant = {5, 6};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (instant_parse_iso(str_from(texts[i]), &instant, &err) != ERR_INVALID)
            fail_msg("took '%s'", texts[i]);
        assert_true(err.message[0] != '\0');
    }
    assert_int_equal(instant_parse_iso((struct str){"2026-07-01T14:03:07\0", 20}, &instant, NULL),
                     ERR_INVALID);
    assert_int_equal(instant.seconds, 5);
    assert_int_equal(instant.nanoseconds, 6);
}

static void assert_decimal(const char *text, int64_t seconds, uint32_t nanoseconds)
{
    struct instant instant = {0};

    if (instant_parse_decimal(str_from(text), &instant, NULL) != OK)
        fail_msg("refused '%s'", text);
    if (instant.seconds != seconds || instant.nanoseconds != nanoseconds)
        fail_msg("'%s' gave %lld s %u ns", text, (long long)instant.seconds, instant.nanoseconds);
}

static void decimals_are_exact(void **state)
{
    (void)state;
    assert_decimal("0", 0, 0);
    assert_decimal("-0", 0, 0);
    assert_decimal("-0.0e99", 0, 0);
    assert_decimal("1593561787.421", 1593561787, 421000000);
    assert_decimal("+1593561787.421000000", 1593561787, 421000000);
    assert_decimal("1593561787.000000001", 1593561787, 1);
    assert_decimal("1593561787.0000000019", 1593561787, 1);
    assert_decimal("1.593561787421E9", 1593561787, 421000000);
    assert_decimal("1.593561787421e+09", 1593561787, 421000000);
    assert_decimal("1593561787421e-3", 1593561787, 421000000);
    assert_decimal("0.00000000000000001593561787421e26", 1593561787, 421000000);
    assert_decimal("25e1", 250, 0);
    assert_decimal("1e-9", 0, 1);
    assert_decimal("1e-10", 0, 0);
    assert_decimal("1e-999999999999", 0, 0);
    assert_decimal("0e999999999999", 0, 0);
    assert_decimal("253402300799.999999999", INSTANT_SECONDS_MAX, 999999999);
    assert_decimal("253402300799.9999999999", INSTANT_SECONDS_MAX, 999999999);
    assert_decimal("000000000000000000001", 1, 0);
}

static void decimals_before_1970_are_floored(void **state)
{
    (void)state;
    assert_decimal("-1", -1, 0);
    assert_decimal("-0.5", -1, 500000000);
    assert_decimal("-1.25", -2, 750000000);
    assert_decimal("-0.000000001", -1, 999999999);
    assert_decimal("-1e-10", -1, 999999999);
    assert_decimal("-1.0000000001", -2, 999999999);
    assert_decimal("-1.9999999999", -2, 0);
    assert_decimal("-0.9999999999", -1, 0);
    assert_decimal("-62167219200", INSTANT_SECONDS_MIN, 0);
    assert_decimal("-1e-9999999999", -1, 999999999);
}

static void other_decimals_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ".",
        ".5",
        "5.",
        "+",
        "-",
        "1e",
        "1e+",
        "1.e5",
        "0x10",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1 ",
        " 1",
        "1_0",
        "1,5",
        "1e5x",
        "--1",
        "1e5.0",
        "253402300800",
        "-62167219201",
        "1e13",
        "1e12",
        "-62167219200.000000001",
        "-62167219200.00000000000001",
        "9e999999999999",
    };
    struct instant instant = {5, 6};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (instant_parse_decimal(str_from(texts[i]), &instant, &err) != ERR_INVALID)
            fail_msg("took '%s'", texts[i]);
    }
    assert_int_equal(instant.seconds, 5);
}

static void long_decimals_are_read_whole(void **state)
{
    static char text[100000];
    struct instant instant;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = '0';
    text[0] = '-';
    text[2] = '.';
    text[sizeof(text) - 1] = '1';
    assert_int_equal(instant_parse_decimal((struct str){text, sizeof(text)}, &instant, NULL), OK);
    assert_int_equal(instant.seconds, -1);
    assert_int_equal(instant.nanoseconds, 999999999);
    assert_int_equal(instant_parse_decimal((struct str){text, sizeof(text) - 1}, &instant, NULL),
                     OK);
    assert_int_equal(instant.seconds, 0);
}

/* A double printed with all its digits is a decimal text: both ways must agree. */
static void doubles_agree_with_their_exact_text(void **state)
{
    uint64_t random = 88172645463325252u;
    char text[1200];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        double scale = ldexp(1.0, (int)(random % 80) - 40);
        double value = ((double)(int64_t)random / 9223372036854775808.0) * scale;
        struct instant from_double;
        struct instant from_text;
        (void)snprintf(text, sizeof(text), "%.200f", value);
        enum code code = instant_from_double(value, &from_double, NULL);
        assert_int_equal(instant_parse_decimal(str_from(text), &from_text, NULL), code);
        if (code == OK)
            assert_int_equal(instant_compare(from_double, from_text), 0);
    }
}

static void doubles_at_the_edges(void **state)
{
    struct instant instant;

    (void)state;
    assert_int_equal(instant_from_double(-62167219200.0, &instant, NULL), OK);
    assert_true(instant.seconds == INSTANT_SECONDS_MIN && instant.nanoseconds == 0);
    assert_int_equal(instant_from_double(nextafter(253402300800.0, 0), &instant, NULL), OK);
    assert_true(instant.seconds == INSTANT_SECONDS_MAX);
    assert_int_equal(instant_from_double(-1e-300, &instant, NULL), OK);
    assert_true(instant.seconds == -1 && instant.nanoseconds == 999999999);
    assert_int_equal(instant_from_double(5e-324, &instant, NULL), OK);
    assert_true(instant.seconds == 0 && instant.nanoseconds == 0);
    assert_int_equal(instant_from_double(-0.0, &instant, NULL), OK);
    assert_true(instant.seconds == 0);
    assert_int_equal(instant_from_double(253402300800.0, &instant, NULL), ERR_INVALID);
    assert_int_equal(instant_from_double(nextafter(-62167219200.0, -1e300), &instant, NULL),
                     ERR_INVALID);
    assert_int_equal(instant_from_double((double)NAN, &instant, NULL), ERR_INVALID);
    assert_int_equal(instant_from_double((double)INFINITY, &instant, NULL), ERR_INVALID);
}

static void prints_no_more_digits_than_needed(void **state)
{
    static const struct {
        uint32_t nanoseconds;
        const char *text;
    } cases[] = {
        {0, "1969-12-31T23:59:59Z"},           {421000000, "1969-12-31T23:59:59.421Z"},
        {1000, "1969-12-31T23:59:59.000001Z"}, {123456000, "1969-12-31T23:59:59.123456Z"},
        {1, "1969-12-31T23:59:59.000000001Z"}, {999999999, "1969-12-31T23:59:59.999999999Z"}};
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        buf_clear(&buf);
        instant_add_iso(&buf, (struct instant){-1, cases[i].nanoseconds});
        buf_add_byte(&buf, '\0');
        assert_string_equal(buf.ptr, cases[i].text);
    }
    buf_release(&buf);
}

static void microseconds_and_sums(void **state)
{
    static const int64_t values[] = {0,       1,        -1,       999999,          -999999,
                                     1000000, -1000000, -1000001, 1593561787421000};
    const struct instant start = {100, 7};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(values); i++)
        assert_true(instant_to_us(instant_from_us(values[i])) == values[i]);
    assert_int_equal(instant_from_us(-1).seconds, -1);
    assert_int_equal(instant_from_us(-1).nanoseconds, 999999000);
    assert_int_equal(instant_to_us((struct instant){-1, 999999999}), -1);
    assert_int_equal(instant_plus_seconds(start, 50).seconds, 150);
    assert_int_equal(instant_plus_seconds(start, -150).seconds, -50);
    assert_int_equal(instant_plus_seconds(start, 50).nanoseconds, 7);
    assert_true(instant_plus_seconds(start, INT64_MAX).seconds == INSTANT_SECONDS_MAX);
    assert_int_equal(instant_plus_seconds(start, INT64_MAX).nanoseconds, 999999999);
    assert_true(instant_plus_seconds(start, INSTANT_SECONDS_MAX).seconds == INSTANT_SECONDS_MAX);
    assert_true(instant_plus_seconds(start, INT64_MIN).seconds == INSTANT_SECONDS_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_calendar_day_by_day),
        cmocka_unit_test(every_day_exists_as_text_and_the_one_after_the_last_does_not),
        cmocka_unit_test(fractions_of_one_to_nine_digits),
        cmocka_unit_test(instants_compare_where_texts_mislead),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(decimals_before_1970_are_floored),
        cmocka_unit_test(other_decimals_are_refused),
        cmocka_unit_test(long_decimals_are_read_whole),
        cmocka_unit_test(doubles_agree_with_their_exact_text),
        cmocka_unit_test(doubles_at_the_edges),
        cmocka_unit_test(prints_no_more_digits_than_needed),
        cmocka_unit_test(microseconds_and_sums),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
