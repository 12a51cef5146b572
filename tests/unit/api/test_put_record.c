/* PutRecord: what it takes, what it refuses, and where the record goes. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

#define RECORD(features) "{\"Record\":[" features "]}"

static void writes_and_answers_nothing(void **state)
{
    struct kit *kit = *state;
    struct answer answer;
    struct ask ask = put_of(RECORD(KEYED("a", T1) "," VALUE("n", "4") "," VALUE("x", "2.30")));

    kit_ask(kit, &ask, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_len, 0);
    assert_string_equal(answer.content_type, "application/json");
    assert_non_null(strstr(answer.headers, "x-amzn-RequestId: "));
    answer_free(&answer);
    ask = get_of("RecordIdentifierValueAsString=a");
    kit_body(kit, &ask,
             "{\"Record\":[" KEYED("a", T1) "," VALUE("n", "4") "," VALUE("x", "2.30") "]}");
}

static void overwrites_when_newer_or_equal(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=b");
    uint64_t rows = kit_rows(kit);

    kit_put(kit, RECORD(KEYED("b", T2) "," VALUE("n", "1") "," VALUE("s", "left")));
    kit_put(kit, RECORD(KEYED("b", T2) "," VALUE("n", "2")));
    kit_body(kit, &get, "{\"Record\":[" KEYED("b", T2) "," VALUE("n", "2") "]}");
    kit_put(kit, RECORD(KEYED("b", T1) "," VALUE("n", "3"))); /* older: history only */
    kit_body(kit, &get, "{\"Record\":[" KEYED("b", T2) "," VALUE("n", "2") "]}");
    kit_put(kit, RECORD(KEYED("b", "2026-07-01T14:03:08.000000001Z") "," VALUE("n", "4")));
    kit_body(kit, &get,
             "{\"Record\":[" KEYED("b", "2026-07-01T14:03:08.000000001Z") "," VALUE("n", "4") "]}");
    assert_int_equal(kit_rows(kit) - rows, 4);
}

static void goes_to_the_stores_named(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=c");
    uint64_t rows = kit_rows(kit);

    kit_put(kit, "{\"TargetStores\":[\"OfflineStore\"],\"Record\":[" KEYED("c", T1) "]}");
    kit_body(kit, &get, "{}");
    assert_int_equal(kit_rows(kit) - rows, 1);
    kit_put(kit, "{\"TargetStores\":[\"OnlineStore\"],\"Record\":[" KEYED("c", T1) "]}");
    kit_body(kit, &get, "{\"Record\":[" KEYED("c", T1) "]}");
    assert_int_equal(kit_rows(kit) - rows, 1);
    kit_put(kit, "{\"TargetStores\":null,\"TtlDuration\":null,\"Record\":[" KEYED("c", T2) "]}");
    assert_int_equal(kit_rows(kit) - rows, 2);
    kit_put(kit, "{\"TargetStores\":[\"OnlineStore\",\"OfflineStore\"],\"Record\":[" KEYED(
                     "c", T2) "]}");
    assert_int_equal(kit_rows(kit) - rows, 3);
}

static void keeps_texts_as_they_came(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=d%20%C3%A9%22");

    kit_put(kit, RECORD(VALUE("s", "\\u0000\\n\\\"\\ud83d\\ude00 \xc3\xa9 \\/") "," VALUE(
                     "x", "0.0") "," KEYED("d \\u00e9\\\"", T1)));
    kit_body(kit, &get,
             "{\"Record\":[" KEYED("d \xc3\xa9\\\"", T1) "," VALUE("x", "0.0") "," VALUE(
                 "s", "\\u0000\\n\\\"\xf0\x9f\x98\x80 \xc3\xa9 /") "]}");
}

static void takes_the_group_by_arn(void **state)
{
    struct kit *kit = *state;
    struct ask put = put_of(RECORD(KEYED("e", T1)));
    struct ask get = get_of("RecordIdentifierValueAsString=e");

    put.target =
        "/FeatureGroup/arn%3Aaws%3Asagemaker%3Aeu-west-1%3A123456789012%3Afeature-group%2Fg";
    kit_body(kit, &put, "");
    kit_body(kit, &get, "{\"Record\":[" KEYED("e", T1) "]}");
    put.target =
        "/FeatureGroup/arn%3Aaws%3Asagemaker%3Aeu-west-2%3A123456789012%3Afeature-group%2Fg";
    kit_expect(kit, &put, 403, "AccessForbidden", "not authorized");
    put.target =
        "/FeatureGroup/arn%3Aaws%3Asagemaker%3Aeu-west-1%3A123456789013%3Afeature-group%2Fg";
    kit_expect(kit, &put, 403, "AccessForbidden", "not authorized");
}

static void unknown_group_is_a_validation_error(void **state)
{
    struct kit *kit = *state;
    struct ask put = put_of(RECORD(KEYED("e", T1)));

    put.target = "/FeatureGroup/nothing";
    kit_expect(kit, &put, 400, "ValidationError",
               "{\"Message\":\"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with "
               "name nothing\"}");
    put.target = "/FeatureGroup/bad--";
    kit_expect(kit, &put, 400, "ValidationError", "regular expression pattern");
}

static void refuses_by_name(void **state)
{
    struct kit *kit = *state;
    static const struct {
        const char *body;
        const char *type;
        const char *text;
    } cases[] = {
        {"", "ValidationError", "Record"},
        {"{}", "ValidationError", "Record"},
        {"{\"Record\":null}", "ValidationError", "Record"},
        {"{\"Record\":[]}", "ValidationError", "record"},
        {"{\"Record\":{}}", "SerializationException", ""},
        {"{\"Record\":[", "SerializationException", ""},
        {"nonsense", "SerializationException", ""},
        {RECORD(KEYED("a", T3)) "x", "SerializationException", ""},
        {"{\"Record\":[" KEYED("a", T3) "],\"Record\":[" KEYED("a", T3) "]}",
         "SerializationException", "Record"},
        {RECORD(VALUE("ts", T3)), "ValidationError", "'id'"},
        {RECORD(VALUE("id", "a")), "ValidationError", "'ts'"},
        {RECORD(KEYED("", T3)), "ValidationError", "'id'"},
        {RECORD(KEYED("a", "2026-07-01")), "ValidationError", "'ts'"},
        {RECORD(KEYED("a", "2026-07-01T14:03:07+01:00")), "ValidationError", "'ts'"},
        {RECORD(KEYED("a", T3) "," VALUE("n", "1.5")), "ValidationError", "'n'"},
        {RECORD(KEYED("a", T3) "," VALUE("n", "9223372036854775808")), "ValidationError", "'n'"},
        {RECORD(KEYED("a", T3) "," VALUE("x", "NaN")), "ValidationError", "'x'"},
        {RECORD(KEYED("a", T3) "," VALUE("nothing", "1")), "ValidationError", "'nothing'"},
        {RECORD(KEYED("a", T3) "," VALUE("is_deleted", "1")), "ValidationError", "is_deleted"},
        {RECORD(KEYED("a", T3) "," VALUE("n", "1") "," VALUE("n", "1")), "ValidationError", "'n'"},
        {RECORD(KEYED("a", T3) ",{\"FeatureName\":\"n\"}"), "ValidationError", "'n'"},
        {RECORD(KEYED("a", T3) ",{\"ValueAsString\":\"n\"}"), "ValidationError", "featureName"},
        {RECORD(KEYED("a", T3) ",{\"FeatureName\":\"n\",\"ValueAsStringList\":[\"1\"]}"),
         "ValidationError", "ValueAsStringList"},
        {"{\"TargetStores\":[],\"Record\":[" KEYED("a", T3) "]}", "ValidationError",
         "TargetStores"},
        {"{\"TargetStores\":[\"Nowhere\"],\"Record\":[" KEYED("a", T3) "]}", "ValidationError",
         "TargetStores"},
        {"{\"TargetStores\":[\"OnlineStore\",\"OnlineStore\",\"OnlineStore\"],\"Record\":[" KEYED(
             "a", T3) "]}",
         "ValidationError", "TargetStores"},
        {"{\"TargetStores\":\"OnlineStore\",\"Record\":[" KEYED("a", T3) "]}",
         "SerializationException", ""},
        {"{\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":0},\"Record\":[" KEYED("a", T3) "]}",
         "ValidationError", "ttlDuration.value"},
        {"{\"TtlDuration\":{\"Unit\":\"Years\",\"Value\":1},\"Record\":[" KEYED("a", T3) "]}",
         "ValidationError", "ttlDuration.unit"},
        {"{\"TtlDuration\":{\"Unit\":\"Days\"},\"Record\":[" KEYED("a", T3) "]}", "ValidationError",
         "ttlDuration.value"},
        {"{\"TtlDuration\":{\"Value\":1},\"Record\":[" KEYED("a", T3) "]}", "ValidationError",
         "ttlDuration.unit"},
    };
    uint64_t rows = kit_rows(kit);

    kit_put(kit, RECORD(KEYED("keep", T1)));
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct ask ask = put_of(cases[i].body);
        kit_expect(kit, &ask, 400, cases[i].type, cases[i].text);
    }
    assert_int_equal(kit_rows(kit) - rows, 1); /* nothing was written by what was refused */
}

static void lacking_stores_are_named(void **state)
{
    struct kit *kit = *state;
    struct ask put =
        put_of("{\"TargetStores\":[\"OfflineStore\"],\"Record\":[" KEYED("a", T1) "]}");

    put.target = "/FeatureGroup/online";
    kit_expect(kit, &put, 400, "ValidationError", "OfflineStore");
    put.body = "{\"TargetStores\":[\"OnlineStore\"],\"Record\":[" KEYED("a", T1) "]}";
    kit_body(kit, &put, "");
    put.target = "/FeatureGroup/offline";
    kit_expect(kit, &put, 400, "ValidationError", "OnlineStore");
    put.body = RECORD(KEYED("a", T1));
    kit_body(kit, &put, "");
}

/* Two groups that name the same table: the second one's creation failed. */
static void failed_groups_take_no_records(void **state)
{
    struct kit *kit = *state;
#define KIT_TABLE                                                                                  \
    "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://bucket/prefix\"},"              \
    "\"DataCatalogConfig\":{\"TableName\":\"t\",\"Catalog\":\"AwsDataCatalog\","                   \
    "\"Database\":\"d\"}},\"RoleArn\":\"arn:aws:iam::123456789012:role/asof\""
    struct ask ask = put_of(RECORD(KEYED("a", T1)));

    kit_group(kit, "first", KIT_TABLE);
    kit_group(kit, "second", KIT_TABLE);
    ask.target = "/FeatureGroup/first";
    kit_body(kit, &ask, "");
    ask.target = "/FeatureGroup/second";
    kit_expect(kit, &ask, 400, "ValidationError", "'second' takes no records");
    ask = (struct ask){.method = "POST",
                       .target = "/BatchWriteRecord",
                       .body = "{\"Entries\":[{\"FeatureGroupName\":\"second\",\"Record\":[" KEYED(
                           "a", T1) "]}]}"};
    kit_expect(kit, &ask, 200, "", "'second' takes no records");
    ask = (struct ask){.method = "DELETE",
                       .target =
                           "/FeatureGroup/second?RecordIdentifierValueAsString=a&EventTime=" T1};
    kit_expect(kit, &ask, 400, "ValidationError", "'second' takes no records");
}

static char *sized(size_t value_len)
{
    static const char head[] = "{\"Record\":[" KEYED("big", T1) ",{\"FeatureName\":\"s\","
                                                                "\"ValueAsString\":\"";
    char *body = malloc(sizeof(head) + value_len + 8);

    assert_non_null(body);
    memcpy(body, head, sizeof(head) - 1);
    memset(body + sizeof(head) - 1, 'v', value_len);
    memcpy(body + sizeof(head) - 1 + value_len, "\"}]}", 5);
    return body;
}

static void the_largest_record_fits(void **state)
{
    struct kit *kit = *state;
    char *body = sized(358400);
    struct ask ask = put_of(body);

    kit_body(kit, &ask, "");
    free(body);
    body = sized(358401);
    ask = put_of(body);
    kit_expect(kit, &ask, 400, "ValidationError", "'s'");
    free(body);
}

static void a_retry_is_the_same_write(void **state)
{
    struct kit *kit = *state;
    struct ask ask = put_of(RECORD(KEYED("r", T1) "," VALUE("n", "1")));
    uint64_t rows = kit_rows(kit);

    ask.invocation = "11111111-2222-3333-4444-555555555555";
    kit_body(kit, &ask, "");
    kit_body(kit, &ask, "");
    assert_int_equal(kit_rows(kit) - rows, 1);
    ask.body = RECORD(KEYED("r", T1) "," VALUE("n", "2")); /* another body: another write */
    kit_body(kit, &ask, "");
    assert_int_equal(kit_rows(kit) - rows, 2);
    ask.invocation = NULL;
    kit_body(kit, &ask, "");
    kit_body(kit, &ask, "");
    assert_int_equal(kit_rows(kit) - rows, 4);
}

static void a_record_expires(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=t&ExpirationTimeResponse=Enabled");

    kit_put(kit, "{\"TtlDuration\":{\"Unit\":\"Weeks\",\"Value\":100000},\"Record\":[" KEYED(
                     "t", T1) "]}");
    kit_expect(kit, &get, 200, "", "\"ExpiresAt\":\"");
    kit_put(kit, "{\"TtlDuration\":{\"Unit\":\"Seconds\",\"Value\":1},\"Record\":[" KEYED(
                     "t", "2020-01-01T00:00:00Z") "]}"); /* older: no effect here */
    kit_expect(kit, &get, 200, "", "\"ExpiresAt\":\"");
    kit_put(kit,
            "{\"TtlDuration\":{\"Unit\":\"Seconds\",\"Value\":1},\"Record\":[" KEYED("u", T1) "]}");
    get = get_of("RecordIdentifierValueAsString=u");
    kit_body(kit, &get, "{}");
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));

    kit_start(kit);
    kit_group(kit, "g", KIT_BOTH);
    kit_group(kit, "online", KIT_ONLINE_ONLY);
    kit_group(kit, "offline", KIT_OFFLINE_ONLY);
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
        cmocka_unit_test(writes_and_answers_nothing),
        cmocka_unit_test(overwrites_when_newer_or_equal),
        cmocka_unit_test(goes_to_the_stores_named),
        cmocka_unit_test(keeps_texts_as_they_came),
        cmocka_unit_test(takes_the_group_by_arn),
        cmocka_unit_test(unknown_group_is_a_validation_error),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(lacking_stores_are_named),
        cmocka_unit_test(failed_groups_take_no_records),
        cmocka_unit_test(the_largest_record_fits),
        cmocka_unit_test(a_retry_is_the_same_write),
        cmocka_unit_test(a_record_expires),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
