/* BatchWriteRecord: each entry alone, the failed ones echoed as they came. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

#define EMPTY_ANSWER "{\"Errors\":[],\"UnprocessedEntries\":[]}"
#define ENTRY(group, features) "{\"FeatureGroupName\":\"" group "\",\"Record\":[" features "]}"

static struct ask batch_of(const char *body)
{
    return (struct ask){.method = "POST", .target = "/BatchWriteRecord", .body = body};
}

static void assert_record(struct kit *kit, const char *group, const char *id, const char *expected)
{
    char target[256];

    (void)snprintf(target, sizeof(target),
                   "/FeatureGroup/%s?RecordIdentifierValueAsString=%s&ExpirationTimeResponse="
                   "Enabled",
                   group, id);
    kit_body(kit, &(struct ask){.method = "GET", .target = target}, expected);
}

static void writes_all(void **state)
{
    struct kit *kit = *state;
    uint64_t rows = kit_rows(kit);
    struct ask ask = batch_of("{\"Entries\":[" ENTRY("g", KEYED("a", T1)) "," ENTRY(
        "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/g",
        KEYED("b", T1)) "," ENTRY("online", KEYED("c", T1)) "," ENTRY("g", KEYED("a", T2)) "]}");

    kit_body(kit, &ask, EMPTY_ANSWER);
    assert_record(kit, "g", "a", "{\"Record\":[" KEYED("a", T2) "]}");
    assert_record(kit, "g", "b", "{\"Record\":[" KEYED("b", T1) "]}");
    assert_record(kit, "online", "c", "{\"Record\":[" KEYED("c", T1) "]}");
    assert_int_equal(kit_rows(kit) - rows, 3);
}

static void echoes_what_failed(void **state)
{
    struct kit *kit = *state;
    uint64_t rows = kit_rows(kit);
    struct answer answer;
    static const char bad[] =
        "{ \"Record\" : [" VALUE("ts", T1) " ],\n \"FeatureGroupName\":\"g\","
                                           "\"Unknown\":{\"deep\":[1,2.50,\"\\u00e9\"]}}";
    char body[1024];

    (void)snprintf(body, sizeof(body), "{\"Entries\":[ %s , %s ,%s]}", ENTRY("g", KEYED("d", T1)),
                   bad, ENTRY("g", KEYED("e", T1) "," VALUE("n", "x")));
    struct ask ask = batch_of(body);
    kit_ask(kit, &ask, &answer);
    assert_int_equal(answer.status, 200);
    char expected[512];
    (void)snprintf(expected, sizeof(expected),
                   "{\"Errors\":[{\"Entry\":%s,\"ErrorCode\":\"ValidationError\",\"ErrorMessage\":"
                   "\"",
                   bad);
    assert_memory_equal(answer.body, expected, strlen(expected));
    assert_non_null(strstr(answer.body, ENTRY("g", KEYED("e", T1) "," VALUE("n", "x"))));
    assert_non_null(strstr(answer.body, "'n'"));
    assert_non_null(strstr(answer.body, "],\"UnprocessedEntries\":[]}"));
    answer_free(&answer);
    assert_record(kit, "g", "d", "{\"Record\":[" KEYED("d", T1) "]}");
    assert_record(kit, "g", "e", "{}");
    assert_int_equal(kit_rows(kit) - rows, 1);
}

static void all_may_fail(void **state)
{
    struct kit *kit = *state;
    struct ask ask = batch_of("{\"Entries\":[" ENTRY("g", VALUE("id", "x")) "]}");

    kit_expect(kit, &ask, 200, "", "'ts'");
}

static void ttl_levels(void **state)
{
    struct kit *kit = *state;
    struct ask ask =
        batch_of("{\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":36500},\"Entries\":["
                 "{\"FeatureGroupName\":\"g\",\"Record\":[" KEYED(
                     "f", T1) "],"
                              "\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":36501}},"
                              "{\"FeatureGroupName\":\"g\",\"Record\":[" KEYED("h", T1) "]}]}");

    kit_body(kit, &ask, EMPTY_ANSWER);
    assert_record(kit, "g", "f",
                  "{\"Record\":[" KEYED("f", T1) "],\"ExpiresAt\":\"2126-06-08T14:03:07Z\"}");
    assert_record(kit, "g", "h",
                  "{\"Record\":[" KEYED("h", T1) "],\"ExpiresAt\":\"2126-06-07T14:03:07Z\"}");
    ask = batch_of("{\"Entries\":[" ENTRY("ttl", KEYED("i", T1)) "]}");
    kit_body(kit, &ask, EMPTY_ANSWER);
    assert_record(kit, "ttl", "i",
                  "{\"Record\":[" KEYED("i", T1) "],\"ExpiresAt\":\"2126-06-06T14:03:07Z\"}");
}

static void stores_of_an_entry(void **state)
{
    struct kit *kit = *state;
    struct ask ask =
        batch_of("{\"Entries\":[{\"FeatureGroupName\":\"online\",\"TargetStores\":["
                 "\"OfflineStore\"],\"Record\":[" KEYED(
                     "j", T1) "]},"
                              "{\"FeatureGroupName\":\"g\",\"TargetStores\":[\"OfflineStore\"],"
                              "\"Record\":[" KEYED("j", T1) "]}]}");

    kit_expect(kit, &ask, 200, "", "OfflineStore, which");
    assert_record(kit, "g", "j", "{}");
}

/* What breaks the request's form refuses all of it: nothing is written. */
static void refuses_whole(void **state)
{
    struct kit *kit = *state;
#define GOOD ENTRY("g", KEYED("good", T1))
    static const struct {
        const char *body;
        int status;
        const char *type;
        const char *text;
    } cases[] = {
        {"", 400, "ValidationError", "Entries"},
        {"{}", 400, "ValidationError", "Entries"},
        {"{\"Entries\":null}", 400, "ValidationError", "Entries"},
        {"{\"Entries\":[]}", 400, "ValidationError", "Entries"},
        {"{\"Entries\":{}}", 400, "SerializationException", ""},
        {"{\"Entries\":[1]}", 400, "SerializationException", ""},
        {"{\"Entries\":[" GOOD ",{}]}", 400, "ValidationError", "FeatureGroupName"},
        {"{\"Entries\":[" GOOD ",{\"FeatureGroupName\":\"g\"}]}", 400, "ValidationError", "Record"},
        {"{\"Entries\":[" GOOD ",{\"FeatureGroupName\":\"g\",\"Record\":null}]}", 400,
         "ValidationError", "Record"},
        {"{\"Entries\":[" GOOD ",{\"FeatureGroupName\":\"g\",\"Record\":1}]}", 400,
         "SerializationException", ""},
        {"{\"Entries\":[" GOOD "," ENTRY("nothing", KEYED("a", T1)) "]}", 404, "ResourceNotFound",
         "nothing"},
        {"{\"Entries\":[" GOOD "," ENTRY("bad-", KEYED("a", T1)) "]}", 400, "ValidationError",
         "pattern"},
        {"{\"Entries\":[" GOOD
         "," ENTRY("arn:aws:sagemaker:eu-west-1:999999999999:feature-group/g", KEYED("a", T1)) "]}",
         403, "AccessForbidden", "not authorized"},
        {"{\"Entries\":[" GOOD "],\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":-1}}", 400,
         "ValidationError", "ttlDuration"},
        {"{\"Entries\":[{\"FeatureGroupName\":\"g\",\"Record\":[" KEYED(
             "a", T1) "],\"TargetStores\":[\"X\"]}]}",
         400, "ValidationError", "TargetStores"},
        {"{\"Entries\":[{\"FeatureGroupName\":\"g\",\"FeatureGroupName\":\"g\",\"Record\":[" KEYED(
             "a", T1) "]}]}",
         400, "SerializationException", "FeatureGroupName"},
        {"{\"Entries\":[" GOOD "]", 400, "SerializationException", ""},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct ask ask = batch_of(cases[i].body);
        kit_expect(kit, &ask, cases[i].status, cases[i].type, cases[i].text);
    }
    assert_record(kit, "g", "good", "{}");
}

static void twenty_five_at_most(void **state)
{
    struct kit *kit = *state;
    struct buf text = {0};

    for (int count = 25; count <= 26; count++) {
        buf_clear(&text);
        buf_add(&text, STR("{\"Entries\":["));
        for (int i = 0; i < count; i++)
            buf_add_format(&text,
                           "%s{\"FeatureGroupName\":\"g\",\"Record\":["
                           "{\"FeatureName\":\"id\",\"ValueAsString\":\"many-%d-%d\"},"
                           "{\"FeatureName\":\"ts\",\"ValueAsString\":\"" T1 "\"}]}",
                           i == 0 ? "" : ",", count, i);
        buf_add(&text, (struct str){"]}", 3});
        struct ask ask = batch_of(text.ptr);
        if (count == 25)
            kit_body(kit, &ask, EMPTY_ANSWER);
        else
            kit_expect(kit, &ask, 400, "ValidationError", "Entries");
    }
    assert_record(kit, "g", "many-25-24", "{\"Record\":[" KEYED("many-25-24", T1) "]}");
    assert_record(kit, "g", "many-26-0", "{}");
    buf_release(&text);
}

static void a_retry_is_the_same_write(void **state)
{
    struct kit *kit = *state;
    uint64_t rows = kit_rows(kit);
    struct ask ask = batch_of("{\"Entries\":[" ENTRY("g", VALUE("id", "only")) "," ENTRY(
        "g", KEYED("k", T1)) "," ENTRY("g", KEYED("l", T1)) "]}");

    ask.invocation = "aaaaaaaa-2222-3333-4444-555555555555";
    kit_expect(kit, &ask, 200, "", "'ts'");
    kit_expect(kit, &ask, 200, "", "'ts'");
    assert_int_equal(kit_rows(kit) - rows, 2);
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));

    kit_start(kit);
    kit_group(kit, "g", KIT_BOTH);
    kit_group(kit, "online", KIT_ONLINE_ONLY);
    kit_group(kit, "ttl",
              "\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,"
              "\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":36499}}");
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
        cmocka_unit_test(writes_all),          cmocka_unit_test(echoes_what_failed),
        cmocka_unit_test(all_may_fail),        cmocka_unit_test(ttl_levels),
        cmocka_unit_test(stores_of_an_entry),  cmocka_unit_test(refuses_whole),
        cmocka_unit_test(twenty_five_at_most), cmocka_unit_test(a_retry_is_the_same_write),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
