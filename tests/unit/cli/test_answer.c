/* Answers to batches: which row failed, however the server spells the entry it sends back. */
#include "unit/test.h"

#include "cli/answer.h"

static struct arena arena;
static struct err err;
static struct answer answer;

#define ENTRY(value)                                                                               \
    "{\"FeatureGroupName\":\"g\",\"Record\":[{\"FeatureName\":\"id\",\"ValueAsString\":\"" value   \
    "\"},{\"FeatureName\":\"at\",\"ValueAsString\":\"2026\"}]}"

static const struct str entries[] = {{ENTRY("a"), sizeof(ENTRY("a")) - 1},
                                     {ENTRY("\\u00e9"), sizeof(ENTRY("\\u00e9")) - 1},
                                     {ENTRY("c"), sizeof(ENTRY("c")) - 1},
                                     {ENTRY("a"), sizeof(ENTRY("a")) - 1}};

static enum code read_answer(const char *text)
{
    return answer_read(str_from(text), entries, 4, &arena, &answer, &err);
}

static void all_written(void **state)
{
    (void)state;
    assert_int_equal(read_answer("{\"Errors\":[],\"UnprocessedEntries\":[]}"), OK);
    assert_int_equal(answer.written, 4);
    assert_int_equal(read_answer(" { } "), OK);
    assert_int_equal(answer.written, 4);
    assert_int_equal(read_answer("{\"New\":[1],\"Errors\":null}"), OK);
    assert_int_equal(answer.written, 4);
}

static void some_failed(void **state)
{
    (void)state;
    assert_int_equal(
        read_answer("{\"Errors\":[{\"ErrorCode\":\"ValidationError\",\"Entry\":" ENTRY(
            "c") ",\"ErrorMessage\":\"bad\"}],\"UnprocessedEntries\":[" ENTRY("a") "]}"),
        OK);
    assert_int_equal(answer.written, 2);
    assert_int_equal(answer.verdicts[0], ANSWER_UNPROCESSED);
    assert_int_equal(answer.verdicts[1], ANSWER_WRITTEN);
    assert_int_equal(answer.verdicts[2], ANSWER_FAILED);
    assert_true(str_equal(answer.messages[2], STR("ValidationError: bad")));
    assert_int_equal(answer.verdicts[3], ANSWER_WRITTEN);
}

static void equal_entries_are_told_apart_by_count(void **state)
{
    (void)state;
    assert_int_equal(read_answer("{\"UnprocessedEntries\":[" ENTRY("a") "," ENTRY("a") "]}"), OK);
    assert_int_equal(answer.written, 2);
    assert_int_equal(answer.verdicts[0], ANSWER_UNPROCESSED);
    assert_int_equal(answer.verdicts[3], ANSWER_UNPROCESSED);
    assert_int_equal(
        read_answer("{\"UnprocessedEntries\":[" ENTRY("a") "," ENTRY("a") "," ENTRY("a") "]}"),
        ERR_CORRUPT);
}

static void another_spelling_is_the_same_entry(void **state)
{
    (void)state;
    assert_int_equal(
        read_answer("{\"Errors\":[{\"Entry\":{ \"Record\" : [ {\"ValueAsString\": "
                    "\"\xc3\xa9\", \"FeatureName\":\"id\"}, {\"FeatureName\":\"a\\u0074\","
                    "\"ValueAsString\":\"2026\",\"ValueAsStringList\":null}],"
                    "\"FeatureGroupName\":\"g\"},"
                    "\"ErrorCode\":\"E\",\"ErrorMessage\":\"m\"}]}"),
        OK);
    assert_int_equal(answer.written, 3);
    assert_int_equal(answer.verdicts[1], ANSWER_FAILED);
}

static void nonsense_is_told(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"Errors\":[",
        "{\"Errors\":[1]}",
        "{\"Errors\":[{}]}",
        "{\"Errors\":[{\"Entry\":{}}]}",
        "{\"Errors\":[{\"Entry\":" ENTRY("z") "}]}",
        "{\"UnprocessedEntries\":[" ENTRY("z") "]}",
        "{\"UnprocessedEntries\":[7]}",
        "{} x",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (read_answer(texts[i]) == OK)
            fail_msg("took '%s'", texts[i]);
    }
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_written),
        cmocka_unit_test(some_failed),
        cmocka_unit_test(equal_entries_are_told_apart_by_count),
        cmocka_unit_test(another_spelling_is_the_same_entry),
        cmocka_unit_test(nonsense_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
