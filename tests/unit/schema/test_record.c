#include "unit/test.h"

#include "schema/record.h"
#include "unit/schema/sample.h"

#include <stdio.h>
#include <string.h>

struct fixture {
    struct group *group; /* id String, t String, f2 Integral, f3 Fractional, f4 String */
    struct arena arena;
    struct record record;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.group = sample_group("fg", "String", 3)};
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    group_unref(fixture->group);
    arena_release(&fixture->arena);
    return 0;
}

static enum code read_str(struct fixture *fixture, struct str text)
{
    struct json json;

    json_init(&json, text, &fixture->arena, &fixture->err);
    return record_read(&json, fixture->group, &fixture->record, &fixture->err);
}

static enum code read_text(struct fixture *fixture, const char *text)
{
    return read_str(fixture, str_from(text));
}

static enum code read_and_check(struct fixture *fixture, const char *text)
{
    TRY(read_text(fixture, text));
    return record_check(&fixture->record, false, &fixture->err);
}

#define ID "{\"FeatureName\":\"id\",\"ValueAsString\":\"a\"}"
#define TIME "{\"FeatureName\":\"t\",\"ValueAsString\":\"2026-07-01T14:03:07.421Z\"}"

static void a_record_is_read(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(read_and_check(fixture,
                                    "[" ID "," TIME
                                    ",{\"FeatureName\":\"f3\",\"ValueAsString\":\"2.30\"}]"),
                     OK);
    const struct record *record = &fixture->record;
    assert_int_equal(record->present_count, 3);
    assert_int_equal(record->bytes, 1 + 24 + 4);
    assert_true(str_equal(record->identifier, STR("a")));
    assert_true(record->has_event_time);
    assert_int_equal(record->event_time.nanoseconds, 421000000);
    assert_true(str_is_absent(record->values[2]));
    assert_true(str_equal(record->values[3], STR("2.30")));
    assert_true(str_is_absent(record->values[4]));
}

static void every_shape_is_read(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {
        "[" ID "," TIME "]",
        "[{\"FeatureName\": \"id\", \"ValueAsString\": \"a\"}, {\"FeatureName\": \"t\", "
        "\"ValueAsString\": \"2026-07-01T14:03:07.421Z\"}]",
        " [ { \"ValueAsString\" : \"a\" , \"FeatureName\" : \"id\" } , " TIME " ] ",
        "[{\"FeatureName\":\"i\\u0064\",\"ValueAsString\":\"\\u0061\"}," TIME "]",
        "[{\"FeatureName\":\"id\",\"ValueAsString\":\"a\",\"Extra\":{\"a\":[1]}}," TIME "]",
        "[{\"FeatureName\":\"id\",\"ValueAsString\":\"a\",\"ValueAsStringList\":null}," TIME "]",
        "[" TIME ",{\"FeatureName\": \"id\", \"ValueAsString\": \"a\"}]",
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        assert_int_equal(read_and_check(fixture, texts[i]), OK);
        assert_true(str_equal(fixture->record.identifier, STR("a")));
    }
}

static void refusals_name_the_feature(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"[" ID "," TIME ",{\"FeatureName\":\"nope\",\"ValueAsString\":\"1\"}]",
         "feature group 'fg' has no feature 'nope'"},
        {"[" ID "," TIME ",{\"FeatureName\":\"F2\",\"ValueAsString\":\"1\"}]", "no feature 'F2'"},
        {"[" ID "," TIME ",{\"FeatureName\":\"write_time\",\"ValueAsString\":\"1\"}]",
         "'write_time' is reserved"},
        {"[" ID "," TIME "," ID "]", "feature 'id' stands twice"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f4\",\"ValueAsStringList\":[\"1\"]}]",
         "feature 'f4' is no collection: expected ValueAsString, found ValueAsStringList"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f4\",\"ValueAsString\":\"1\",\"ValueAsStringList\":["
         "]}]",
         "found ValueAsStringList"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f4\"}]", "feature 'f4': expected ValueAsString"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f4\",\"ValueAsString\":null}]", "feature 'f4'"},
        {"[" ID "," TIME ",{\"ValueAsString\":\"1\"}]", "featureName"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f2\",\"ValueAsString\":\"1.0\"}]",
         "feature 'f2': expected an integer of 64 bits (Integral), found '1.0'"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f2\",\"ValueAsString\":\"\"}]", "feature 'f2'"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f3\",\"ValueAsString\":\"\"}]", "feature 'f3'"},
        {"[" ID "," TIME ",{\"FeatureName\":\"f3\",\"ValueAsString\":\"Infinity\"}]",
         "feature 'f3': expected a decimal number (Fractional), found 'Infinity'"},
        {"[" ID "]", "event time feature 't'"},
        {"[" TIME "]", "record identifier feature 'id'"},
        {"[" TIME ",{\"FeatureName\":\"id\",\"ValueAsString\":\"\"}]", "'id': expected 1 to 2048"},
        {"[" ID ",{\"FeatureName\":\"t\",\"ValueAsString\":\"2026-07-01\"}]",
         "event time feature 't'"},
        {"[]", "'record'"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(read_and_check(fixture, cases[i].text), ERR_INVALID);
        if (strstr(fixture->err.message, cases[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", fixture->err.message, cases[i].message);
    }
}

static void malformed_texts_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {
        "",
        "{}",
        "[",
        "[1]",
        "[" ID,
        "[" ID "," TIME ",]",
        "[{\"FeatureName\":1,\"ValueAsString\":\"a\"}]",
        "[{\"FeatureName\":\"id\",\"ValueAsString\":1}]",
        "[{\"FeatureName\":\"id\",\"FeatureName\":\"id\",\"ValueAsString\":\"1\"}]",
        "[{\"FeatureName\":\"id\",\"ValueAsString\":\"\\ud800\"}]",
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        assert_int_equal(read_text(fixture, texts[i]), ERR_INVALID);
}

static void an_empty_string_is_a_value(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(read_and_check(fixture, "[" ID "," TIME
                                             ",{\"FeatureName\":\"f4\",\"ValueAsString\":\"\"}]"),
                     OK);
    assert_false(str_is_absent(fixture->record.values[4]));
    assert_int_equal(fixture->record.values[4].len, 0);
}

static void partial_records(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(read_text(fixture, "[{\"FeatureName\":\"f2\",\"ValueAsString\":\"4\"}]"), OK);
    assert_int_equal(record_check(&fixture->record, true, &fixture->err), OK);
    assert_false(fixture->record.has_event_time);
    assert_true(str_is_absent(fixture->record.identifier));
    assert_int_equal(record_check(&fixture->record, false, &fixture->err), ERR_INVALID);
    assert_int_equal(read_text(fixture, "[{\"FeatureName\":\"f2\",\"ValueAsString\":\"x\"}]"), OK);
    assert_int_equal(record_check(&fixture->record, true, &fixture->err), ERR_INVALID);
    assert_int_equal(read_text(fixture, "[" TIME "]"), OK);
    assert_int_equal(record_check(&fixture->record, true, &fixture->err), OK);
    assert_true(fixture->record.has_event_time);
}

static void a_group_that_failed_takes_no_records(void **state)
{
    struct fixture *fixture = *state;

    fixture->group->status = GROUP_CREATE_FAILED;
    assert_int_equal(read_and_check(fixture, "[" ID "," TIME "]"), ERR_INVALID);
    assert_non_null(strstr(fixture->err.message, "CreateFailed"));
}

/* A record with one long value; returns the verdict. */
static enum code with_value(struct fixture *fixture, const char *feature, const char *unit,
                            size_t count)
{
    struct buf text;

    buf_init(&text, 0);
    buf_add(&text, STR("["));
    if (strcmp(feature, "id") != 0)
        buf_add(&text, STR(ID ","));
    buf_add_format(&text, TIME ",{\"FeatureName\":\"%s\",\"ValueAsString\":\"", feature);
    for (size_t i = 0; i < count; i++)
        buf_add(&text, str_from(unit));
    buf_add(&text, STR("\"}]"));
    enum code code = read_str(fixture, buf_str(&text));
    if (code == OK)
        code = record_check(&fixture->record, false, &fixture->err);
    buf_release(&text);
    return code;
}

static void sizes(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(with_value(fixture, "id", "x", 2048), OK);
    assert_int_equal(with_value(fixture, "id", "x", 2049), ERR_INVALID);
    assert_int_equal(with_value(fixture, "id", "\xc3\xa9", 1024), OK);
    assert_int_equal(with_value(fixture, "id", "\xc3\xa9", 1025), ERR_INVALID);
    assert_int_equal(with_value(fixture, "f4", "x", 358400), OK);
    assert_int_equal(with_value(fixture, "f4", "x", 358401), ERR_INVALID);
    assert_non_null(strstr(fixture->err.message, "'f4'"));
    /* Within the characters of a value, over the bytes of a record. */
    assert_int_equal(with_value(fixture, "f4", "\xc3\xa9", 179200), OK);
    assert_int_equal(with_value(fixture, "f4", "\xc3\xa9", 179201), ERR_INVALID);
    assert_non_null(strstr(fixture->err.message, "358402 bytes"));
}

static void event_times(void **state)
{
    struct fixture *fixture = *state;
    struct group *decimal = sample_group("fg", "Fractional", 0);
    struct instant instant;

    assert_int_equal(record_event_time(fixture->group, STR("1970-01-01T00:00:01Z"), &instant, NULL),
                     OK);
    assert_int_equal(instant.seconds, 1);
    assert_int_equal(record_event_time(fixture->group, STR("1"), &instant, &fixture->err),
                     ERR_INVALID);
    assert_non_null(strstr(fixture->err.message, "'t'"));
    assert_int_equal(record_event_time(decimal, STR("1782914587.421"), &instant, NULL), OK);
    assert_int_equal(instant.seconds, 1782914587);
    assert_int_equal(instant.nanoseconds, 421000000);
    assert_int_equal(record_event_time(decimal, STR("2026-07-01T14:03:07Z"), &instant, NULL),
                     ERR_INVALID);
    assert_int_equal(record_event_time(decimal, STR("nan"), &instant, NULL), ERR_INVALID);
    assert_int_equal(record_event_time(decimal, STR("1e300"), &instant, NULL), ERR_INVALID);
    assert_int_equal(record_event_time(decimal, STR(""), &instant, NULL), ERR_INVALID);
    group_unref(decimal);
}

/* Random subsets in random order come back as they were sent. */
static void random_records(void **state)
{
    struct fixture *fixture = *state;
    struct group *group = sample_group("wide", "String", 298);
    uint64_t seed = 3;
    uint32_t order[300];

    for (unsigned round = 0; round < 300; round++) {
        struct buf text;
        uint32_t count = 1 + sample_below(&seed, 300);
        for (uint32_t i = 0; i < 300; i++)
            order[i] = i;
        for (uint32_t i = 0; round % 2 == 0 && i < 300; i++) {
            uint32_t other = sample_below(&seed, 300);
            uint32_t kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        buf_init(&text, 0);
        buf_add_byte(&text, '[');
        for (uint32_t i = 0; i < count; i++)
            buf_add_format(&text, "%s{\"FeatureName\":%s\"%.*s\",\"ValueAsString\":\"%u\"}",
                           i == 0 ? "" : ",", round % 3 == 0 ? " " : "",
                           STR_ARG(group->features[order[i]].name), order[i] + round);
        buf_add_byte(&text, ']');
        struct json json;
        struct record record;
        json_init(&json, buf_str(&text), &fixture->arena, &fixture->err);
        assert_int_equal(record_read(&json, group, &record, &fixture->err), OK);
        assert_int_equal(record.present_count, count);
        for (uint32_t i = 0; i < 300; i++) {
            char expected[16];
            (void)snprintf(expected, sizeof(expected), "%u", order[i] + round);
            struct str found = record.values[order[i]];
            assert_int_equal(str_is_absent(found), i >= count);
            assert_true(i >= count || str_equal(found, str_from(expected)));
        }
        buf_release(&text);
        arena_reset(&fixture->arena);
    }
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(every_shape_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_name_the_feature, setup, teardown),
        cmocka_unit_test_setup_teardown(malformed_texts_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_string_is_a_value, setup, teardown),
        cmocka_unit_test_setup_teardown(partial_records, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_that_failed_takes_no_records, setup, teardown),
        cmocka_unit_test_setup_teardown(sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(event_times, setup, teardown),
        cmocka_unit_test_setup_teardown(random_records, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
