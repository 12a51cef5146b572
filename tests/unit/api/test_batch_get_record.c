/* BatchGetRecord: three lists always, misses absent, failures by identifier. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

#define NO_ERRORS "],\"Errors\":[],\"UnprocessedIdentifiers\":[]}"
#define WANT(group, ids)                                                                           \
    "{\"FeatureGroupName\":\"" group "\",\"RecordIdentifiersValueAsString\":[" ids "]}"
#define ARN "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/g"

static struct ask batch_of(const char *body)
{
    return (struct ask){.method = "POST", .target = "/BatchGetRecord", .body = body};
}

#define FOUND(group, id, record)                                                                   \
    "{\"FeatureGroupName\":\"" group "\",\"RecordIdentifierValueAsString\":\"" id                  \
    "\",\"Record\":[" record "]"

static void answers_what_is_there(void **state)
{
    struct kit *kit = *state;
    struct ask ask = batch_of(
        "{\"Identifiers\":[" WANT("g", "\"a\",\"nothing\",\"b\"") "," WANT(ARN, "\"a\"") "]}");

    kit_body(
        kit, &ask,
        "{\"Records\":[" FOUND("g", "a", KEYED("a", T1) "," VALUE("n", "1")) "}," FOUND(
            "g", "b", KEYED("b", T1) "," VALUE("n", "2")) "}," FOUND(ARN, "a",
                                                                     KEYED("a", T1) "," VALUE(
                                                                         "n", "1")) "}" NO_ERRORS);
    ask = batch_of("{\"Identifiers\":[" WANT("g", "\"nothing\"") "]}");
    kit_body(kit, &ask, "{\"Records\":[" NO_ERRORS);
}

static void chooses_features_and_tells_expiry(void **state)
{
    struct kit *kit = *state;
    struct ask ask = batch_of("{\"ExpirationTimeResponse\":\"Enabled\",\"Identifiers\":[{"
                              "\"FeatureGroupName\":\"g\",\"RecordIdentifiersValueAsString\":["
                              "\"a\",\"t\"],\"FeatureNames\":[\"n\",\"id\"]}]}");

    kit_body(kit, &ask,
             "{\"Records\":[" FOUND("g", "a", VALUE("id", "a") "," VALUE("n", "1")) "}," FOUND(
                 "g", "t", VALUE("id", "t")) ",\"ExpiresAt\":\"2126-06-07T14:03:07Z\"}" NO_ERRORS);
    ask = batch_of("{\"Identifiers\":[{\"FeatureGroupName\":\"g\","
                   "\"RecordIdentifiersValueAsString\":[\"a\"],\"FeatureNames\":null}],"
                   "\"ExpirationTimeResponse\":null}");
    kit_body(kit, &ask,
             "{\"Records\":[" FOUND("g", "a", KEYED("a", T1) "," VALUE("n", "1")) "}" NO_ERRORS);
}

static void failures_are_entries(void **state)
{
    struct kit *kit = *state;
    struct answer answer;
    struct ask ask = batch_of(
        "{\"Identifiers\":[" WANT("nothing", "\"x\",\"y\"") "," WANT("g", "\"a\"") "," WANT(
            "offline", "\"z\"") "," WANT("arn:aws:sagemaker:us-east-1:123456789012:feature-group/g",
                                         "\"w\"") ",{\"FeatureGroupName\":\"g\","
                                                  "\"RecordIdentifiersValueAsString\":[\"v\"],"
                                                  "\"FeatureNames\":["
                                                  "\"no-such\"]}]}");

    kit_ask(kit, &ask, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(
        answer.body, "{\"Records\":[" FOUND("g", "a", KEYED("a", T1) "," VALUE("n", "1")) "}]"));
    static const char *const parts[] = {
        "{\"FeatureGroupName\":\"nothing\",\"RecordIdentifierValueAsString\":\"x\",\"ErrorCode\":"
        "\"ResourceNotFound\",\"ErrorMessage\":\"Resource Not Found: Amazon SageMaker can't find a "
        "FeatureGroup with name nothing\"}",
        "\"RecordIdentifierValueAsString\":\"y\",\"ErrorCode\":\"ResourceNotFound\"",
        "\"RecordIdentifierValueAsString\":\"z\",\"ErrorCode\":\"ValidationError\"",
        "\"RecordIdentifierValueAsString\":\"w\",\"ErrorCode\":\"AccessForbidden\"",
        "\"RecordIdentifierValueAsString\":\"v\",\"ErrorCode\":\"ValidationError\"",
        "'no-such'",
        "],\"UnprocessedIdentifiers\":[]}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
        assert_non_null(strstr(answer.body, parts[i]));
    answer_free(&answer);
}

static void a_hundred_records_at_most(void **state)
{
    struct kit *kit = *state;
    struct buf text = {0};

    for (int count = 100; count <= 101; count++) {
        for (int split = 0; split < 2; split++) { /* in one list, in two lists */
            buf_clear(&text);
            buf_add(&text, STR("{\"Identifiers\":["));
            for (int i = 0; i < count; i++) {
                bool is_start = i == 0 || (split == 1 && i == 50);
                if (is_start)
                    buf_add_format(&text,
                                   "%s{\"FeatureGroupName\":\"g\","
                                   "\"RecordIdentifiersValueAsString\":[",
                                   i == 0 ? "" : "]},");
                buf_add_format(&text, "%s\"a\"", is_start ? "" : ",");
            }
            buf_add(&text, (struct str){"]}]}", 5});
            struct ask ask = batch_of(text.ptr);
            if (count == 100)
                kit_expect(kit, &ask, 200, "", "\"Records\":[{");
            else
                kit_expect(kit, &ask, 400, "ValidationError", "dentifiers");
        }
    }
    buf_release(&text);
}

static void refuses_by_name(void **state)
{
    struct kit *kit = *state;
    static const struct {
        const char *body;
        const char *type;
        const char *text;
    } cases[] = {
        {"", "ValidationError", "Identifiers"},
        {"{}", "ValidationError", "Identifiers"},
        {"{\"Identifiers\":[]}", "ValidationError", "Identifiers"},
        {"{\"Identifiers\":null}", "ValidationError", "Identifiers"},
        {"{\"Identifiers\":7}", "SerializationException", ""},
        {"{\"Identifiers\":[{}]}", "ValidationError", "featureGroupName"},
        {"{\"Identifiers\":[{\"FeatureGroupName\":\"g\"}]}", "ValidationError",
         "recordIdentifiersValueAsString"},
        {"{\"Identifiers\":[" WANT("g", "") "]}", "ValidationError",
         "recordIdentifiersValueAsString"},
        {"{\"Identifiers\":[" WANT("g", "\"\"") "]}", "ValidationError",
         "RecordIdentifierValueAsString"},
        {"{\"Identifiers\":[" WANT("g", "1") "]}", "SerializationException", ""},
        {"{\"Identifiers\":[" WANT("-", "\"a\"") "]}", "ValidationError", "featureGroupName"},
        {"{\"Identifiers\":[{\"FeatureGroupName\":\"g\",\"RecordIdentifiersValueAsString\":["
         "\"a\"],\"FeatureNames\":[]}]}",
         "ValidationError", "featureNames"},
        {"{\"Identifiers\":[" WANT("g", "\"a\"") "],\"ExpirationTimeResponse\":\"Maybe\"}",
         "ValidationError", "expirationTimeResponse"},
        {"{\"Identifiers\":[" WANT("g", "\"a\"") "],\"Identifiers\":[" WANT("g", "\"a\"") "]}",
         "SerializationException", "Identifiers"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct ask ask = batch_of(cases[i].body);
        kit_expect(kit, &ask, 400, cases[i].type, cases[i].text);
    }
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));

    kit_start(kit);
    kit_group(kit, "g", KIT_BOTH);
    kit_group(kit, "offline", KIT_OFFLINE_ONLY);
    kit_put(kit, "{\"Record\":[" KEYED("a", T1) "," VALUE("n", "1") "]}");
    kit_put(kit, "{\"Record\":[" KEYED("b", T1) "," VALUE("n", "2") "]}");
    kit_put(kit, "{\"Record\":[" KEYED("t", T1) "],\"TtlDuration\":{\"Unit\":\"Days\","
                                                "\"Value\":36500}}");
    *state = kit;
    return 0;
}

static int stop(void **state)
{
    kit_stop(*state);
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_what_is_there),
        cmocka_unit_test(chooses_features_and_tells_expiry),
        cmocka_unit_test(failures_are_entries),
        cmocka_unit_test(a_hundred_records_at_most),
        cmocka_unit_test(refuses_by_name),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
