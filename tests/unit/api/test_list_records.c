/* ListRecords: pages, deleted and expired records, tokens. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

enum { RECORDS = 57 };

static struct ask list_of(const char *body)
{
    return (struct ask){.method = "POST", .target = "/FeatureGroup/g/ListRecords", .body = body};
}

/* Copies the NextToken of an answer; false when there is none. */
static bool next_token(const char *body, char token[8200])
{
    const char *at = strstr(body, "\"NextToken\":\"");

    if (at == NULL)
        return false;
    (void)snprintf(token, 8200, "%.*s", (int)strcspn(at + 13, "\""), at + 13);
    return true;
}

/* Counts each "id-N" that a page names. */
static size_t count_page(const char *body, unsigned seen[RECORDS + 1])
{
    size_t count = 0;

    for (const char *at = strstr(body, "\"id-"); at != NULL; at = strstr(at + 1, "\"id-")) {
        seen[strtoul(at + 4, NULL, 10)]++;
        count++;
    }
    return count;
}

static void pages_name_each_record_once(void **state)
{
    struct kit *kit = *state;
    static const int sizes[] = {0, 1, 7, 100}; /* 0: the default of 10 */

    for (size_t s = 0; s < ARRAY_COUNT(sizes); s++) {
        unsigned seen[RECORDS + 1] = {0};
        char token[8200] = "";
        char body[8400] = "{}";
        bool is_more = true;
        for (unsigned pages = 0; is_more; pages++) {
            struct answer answer;
            assert_true(pages < 1000);
            if (sizes[s] != 0)
                (void)snprintf(body, sizeof(body), "{\"MaxResults\":%d%s%s%s}", sizes[s],
                               token[0] == '\0' ? "" : ",\"NextToken\":\"", token,
                               token[0] == '\0' ? "" : "\"");
            else if (token[0] != '\0')
                (void)snprintf(body, sizeof(body), "{\"NextToken\":\"%s\"}", token);
            struct ask ask = list_of(body);
            kit_ask(kit, &ask, &answer);
            assert_int_equal(answer.status, 200);
            assert_true(count_page(answer.body, seen) <= (size_t)(sizes[s] == 0 ? 10 : sizes[s]));
            is_more = next_token(answer.body, token);
            answer_free(&answer);
        }
        for (unsigned i = 0; i < RECORDS; i++)
            assert_int_equal(seen[i], i == 3 || i == 4 ? 0 : 1);
    }
}

static void deleted_ones_when_asked(void **state)
{
    struct kit *kit = *state;
    unsigned seen[RECORDS + 1] = {0};
    struct answer answer;
    struct ask ask = list_of("{\"MaxResults\":100,\"IncludeSoftDeletedRecords\":true}");

    kit_ask(kit, &ask, &answer);
    (void)count_page(answer.body, seen);
    assert_int_equal(seen[3], 1); /* deleted */
    assert_int_equal(seen[4], 0); /* expired */
    answer_free(&answer);
}

static void an_empty_body_is_fine(void **state)
{
    struct kit *kit = *state;
    struct ask ask = list_of("");

    kit_expect(kit, &ask, 200, "", "{\"RecordIdentifiers\":[\"id-");
    ask.target = "/FeatureGroup/empty/ListRecords";
    kit_body(kit, &ask, "{\"RecordIdentifiers\":[]}");
    ask.body = "{\"MaxResults\":null,\"NextToken\":null,\"IncludeSoftDeletedRecords\":null}";
    kit_body(kit, &ask, "{\"RecordIdentifiers\":[]}");
}

static void tokens_are_bound(void **state)
{
    struct kit *kit = *state;
    struct answer answer;
    char token[8200] = "";
    char body[8400];
    struct ask ask = list_of("{\"MaxResults\":5}");

    kit_ask(kit, &ask, &answer);
    assert_true(next_token(answer.body, token));
    answer_free(&answer);
    (void)snprintf(body, sizeof(body), "{\"NextToken\":\"%s\"}", token);
    ask = list_of(body);
    kit_expect(kit, &ask, 200, "", "RecordIdentifiers");
    ask.is_reader = true; /* another caller */
    kit_expect(kit, &ask, 400, "ValidationError", "NextToken");
    ask.is_reader = false;
    ask.target = "/FeatureGroup/empty/ListRecords"; /* another group */
    kit_expect(kit, &ask, 400, "ValidationError", "NextToken");
    ask.target = "/FeatureGroup/g/ListRecords";
    for (size_t i = 0; token[i] != '\0'; i++) { /* no byte may be another one */
        char kept = token[i];
        token[i] = kept == '1' ? '2' : '1';
        (void)snprintf(body, sizeof(body), "{\"NextToken\":\"%s\"}", token);
        kit_expect(kit, &ask, 400, "ValidationError", "NextToken");
        token[i] = kept;
    }
}

static void refuses_by_name(void **state)
{
    struct kit *kit = *state;
    static const struct {
        const char *body;
        const char *type;
        const char *text;
    } cases[] = {
        {"{\"MaxResults\":0}", "ValidationError", "MaxResults"},
        {"{\"MaxResults\":101}", "ValidationError", "MaxResults"},
        {"{\"MaxResults\":\"5\"}", "SerializationException", ""},
        {"{\"MaxResults\":1.5}", "SerializationException", ""},
        {"{\"NextToken\":\"\"}", "ValidationError", "NextToken"},
        {"{\"NextToken\":\"x\"}", "ValidationError", "NextToken"},
        {"{\"IncludeSoftDeletedRecords\":1}", "SerializationException", ""},
        {"[]", "SerializationException", ""},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct ask ask = list_of(cases[i].body);
        kit_expect(kit, &ask, 400, cases[i].type, cases[i].text);
    }
    char body[8300] = "{\"NextToken\":\"";
    memset(body + 14, 'a', 8193);
    memcpy(body + 14 + 8193, "\"}", 3);
    struct ask ask = list_of(body);
    kit_expect(kit, &ask, 400, "ValidationError", "NextToken");
    ask = list_of("{}");
    ask.target = "/FeatureGroup/nothing/ListRecords";
    kit_expect(kit, &ask, 404, "ResourceNotFound", "nothing");
    ask.target = "/FeatureGroup/offline/ListRecords";
    kit_expect(kit, &ask, 400, "ValidationError", "OnlineStore");
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));
    char body[512];

    kit_start(kit);
    kit_group(kit, "g", KIT_BOTH);
    kit_group(kit, "empty", KIT_BOTH);
    kit_group(kit, "offline", KIT_OFFLINE_ONLY);
    for (int i = 0; i < RECORDS; i++) {
        (void)snprintf(body, sizeof(body),
                       "{\"Record\":[{\"FeatureName\":\"id\",\"ValueAsString\":\"id-%d\"},"
                       "{\"FeatureName\":\"ts\",\"ValueAsString\":\"" T1 "\"}]%s}",
                       i, i == 4 ? ",\"TtlDuration\":{\"Unit\":\"Seconds\",\"Value\":1}" : "");
        kit_put(kit, body);
    }
    kit_body(
        kit,
        &(struct ask){.method = "DELETE",
                      .target = "/FeatureGroup/g?RecordIdentifierValueAsString=id-3&EventTime=" T2},
        "");
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
        cmocka_unit_test(pages_name_each_record_once),
        cmocka_unit_test(deleted_ones_when_asked),
        cmocka_unit_test(an_empty_body_is_fine),
        cmocka_unit_test(tokens_are_bound),
        cmocka_unit_test(refuses_by_name),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
