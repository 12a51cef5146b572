/* Doubles and instants: what a person wrote comes back, whatever the double's last bits say. */
#include "unit/test.h"

#include "offline/event_time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void decimals_mean_themselves(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "1",
        "-1",
        "0.1",
        "0.3",
        "-0.25",
        "-0.1",
        "1782914587",
        "1782914587.421",
        "1782914587.4",
        "1782914587.123456",
        "-1782914587.421",
        "253402300799.999",
        "-62167219200",
        "0.000000001",
        "100000.123456789",
        "1e9",
        "-62135596800.5",
        "2.5e-7",
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct instant expected, found;
        assert_int_equal(instant_parse_decimal(str_from(texts[i]), &expected, NULL), OK);
        assert_int_equal(event_time_of_double(strtod(texts[i], NULL), &found, NULL), OK);
        if (instant_compare(expected, found) != 0)
            fail_msg("%s: %jd s %u ns", texts[i], (intmax_t)found.seconds, found.nanoseconds);
        assert_true(event_time_to_double(expected) == strtod(texts[i], NULL));
    }
}

static void milliseconds_and_microseconds_of_our_time_are_exact(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252;
    char text[64];

    for (int i = 0; i < 200000; i++) {
        struct instant expected, found;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        uint64_t seconds = seed % 4102444800; /* to the year 2100 */
        uint64_t micros = (seed >> 33) % 1000000;
        if (i % 2 == 0)
            micros -= micros % 1000;
        (void)snprintf(text, sizeof(text), "%s%ju.%06ju", i % 3 == 0 ? "-" : "", (uintmax_t)seconds,
                       (uintmax_t)micros);
        assert_int_equal(instant_parse_decimal(str_from(text), &expected, NULL), OK);
        double value = strtod(text, NULL);
        assert_int_equal(event_time_of_double(value, &found, NULL), OK);
        if (instant_compare(expected, found) != 0)
            fail_msg("%s: %jd s %u ns", text, (intmax_t)found.seconds, found.nanoseconds);
        assert_true(event_time_to_double(found) == value);
    }
}

static void any_double_reads_back_as_itself(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252;

    for (int i = 0; i < 200000; i++) {
        struct instant found;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        /* Around our time the double's step is over 100 ns, so the instant tells it apart. */
        double value = 1.0e9 + (double)(seed >> 12) * 0x1p-21;
        assert_int_equal(event_time_of_double(value, &found, NULL), OK);
        if (event_time_to_double(found) != value) {
            /* Only where no decimal of 9 digits is near: then it is the floor. */
            struct instant floor;
            assert_int_equal(instant_from_double(value, &floor, NULL), OK);
            assert_int_equal(instant_compare(floor, found), 0);
        }
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    struct instant instant = {7, 7};

    assert_int_not_equal(event_time_of_double((double)NAN, &instant, NULL), OK);
    assert_int_not_equal(event_time_of_double((double)INFINITY, &instant, NULL), OK);
    assert_int_not_equal(event_time_of_double(1e12, &instant, NULL), OK);
    assert_int_not_equal(event_time_of_double(-1e12, &instant, NULL), OK);
    assert_int_equal(instant.seconds, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_mean_themselves),
        cmocka_unit_test(milliseconds_and_microseconds_of_our_time_are_exact),
        cmocka_unit_test(any_double_reads_back_as_itself),
        cmocka_unit_test(what_is_no_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
