/* GetRecord: hits, misses, chosen features, expiry. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

static void answers_hits_and_misses(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=a");

    kit_body(kit, &get,
             "{\"Record\":[" KEYED("a", T1) "," VALUE("n", "4") "," VALUE("s", "x y") "]}");
    get = get_of("RecordIdentifierValueAsString=nothing");
    kit_body(kit, &get, "{}");
    get = get_of("RecordIdentifierValueAsString=a%2Fb%20%C3%A9%26%3D%2B%25");
    kit_body(kit, &get, "{\"Record\":[" KEYED("a/b \xc3\xa9&=+%", T1) "]}");
    get = get_of("RecordIdentifierValueAsString=plus+plus"); /* a plus is a plus */
    kit_body(kit, &get, "{\"Record\":[" KEYED("plus+plus", T1) "]}");
}

static void chooses_features(void **state)
{
    struct kit *kit = *state;
    struct ask get =
        get_of("RecordIdentifierValueAsString=a&FeatureName=s&FeatureName=n&FeatureName=s");

    kit_body(kit, &get, "{\"Record\":[" VALUE("n", "4") "," VALUE("s", "x y") "]}");
    get = get_of("FeatureName=n&RecordIdentifierValueAsString=a");
    kit_body(kit, &get, "{\"Record\":[" VALUE("n", "4") "]}");
    get = get_of("FeatureName=x&RecordIdentifierValueAsString=a"); /* it has no value */
    kit_body(kit, &get, "{}");
    get = get_of("FeatureName=nothing&RecordIdentifierValueAsString=a");
    kit_expect(kit, &get, 400, "ValidationError", "'nothing'");
    get = get_of("FeatureName=N&RecordIdentifierValueAsString=a");
    kit_expect(kit, &get, 400, "ValidationError", "'N'");
}

static void tells_expiry_when_asked(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=t&ExpirationTimeResponse=Enabled");

    kit_body(kit, &get, "{\"Record\":[" KEYED("t", T1) "],\"ExpiresAt\":\"2126-06-07T14:03:07Z\"}");
    get = get_of("RecordIdentifierValueAsString=t&ExpirationTimeResponse=Disabled");
    kit_body(kit, &get, "{\"Record\":[" KEYED("t", T1) "]}");
    get = get_of("RecordIdentifierValueAsString=t");
    kit_body(kit, &get, "{\"Record\":[" KEYED("t", T1) "]}");
    get = get_of("RecordIdentifierValueAsString=a&ExpirationTimeResponse=Enabled");
    kit_expect(kit, &get, 200, "", "\"x y\"}]}"); /* it has no TTL */
    get = get_of("RecordIdentifierValueAsString=t&ExpirationTimeResponse=enabled");
    kit_expect(kit, &get, 400, "ValidationError", "expirationTimeResponse");
}

static void expires_with_the_clock(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=t");
    int64_t century_us = INT64_C(101) * 366 * 24 * 3600 * 1000000;

    atomic_store(&kit->skipped_us, century_us);
    kit_body(kit, &get, "{}");
    atomic_store(&kit->skipped_us, 0);
    kit_expect(kit, &get, 200, "", "Record");
}

static void refuses_by_name(void **state)
{
    struct kit *kit = *state;
    static const struct {
        const char *query;
        const char *text;
    } cases[] = {
        {"", "RecordIdentifierValueAsString"},
        {"FeatureName=n", "RecordIdentifierValueAsString"},
        {"RecordIdentifierValueAsString=", "RecordIdentifierValueAsString"},
        {"RecordIdentifierValueAsString=a&RecordIdentifierValueAsString=b", "twice"},
        {"RecordIdentifierValueAsString=%ff", "UTF-8"},
        {"RecordIdentifierValueAsString=%zz", ""},
        {"RecordIdentifierValueAsString=%00", ""},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct ask get = get_of(cases[i].query);
        kit_expect(kit, &get, 400, "ValidationError", cases[i].text);
    }
}

static void identifier_has_a_limit(void **state)
{
    struct kit *kit = *state;
    char query[2200] = "RecordIdentifierValueAsString=";
    size_t head = strlen(query);

    memset(query + head, 'i', 2048);
    struct ask get = get_of(query);
    kit_body(kit, &get, "{}");
    memset(query + head, 'i', 2049);
    get = get_of(query);
    kit_expect(kit, &get, 400, "ValidationError", "2048");
}

static void groups_are_checked(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=a");

    get.target = "/FeatureGroup/nothing?RecordIdentifierValueAsString=a";
    kit_expect(kit, &get, 404, "ResourceNotFound", "nothing");
    get.target = "/FeatureGroup/offline?RecordIdentifierValueAsString=a";
    kit_expect(kit, &get, 400, "ValidationError", "OnlineStore");
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));

    kit_start(kit);
    kit_group(kit, "g", KIT_BOTH);
    kit_group(kit, "offline", KIT_OFFLINE_ONLY);
    kit_put(kit, "{\"Record\":[" KEYED("a", T1) "," VALUE("s", "x y") "," VALUE("n", "4") "]}");
    kit_put(kit, "{\"Record\":[" KEYED("a/b \xc3\xa9&=+%", T1) "]}");
    kit_put(kit, "{\"Record\":[" KEYED("plus+plus", T1) "]}");
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
        cmocka_unit_test(answers_hits_and_misses), cmocka_unit_test(chooses_features),
        cmocka_unit_test(tells_expiry_when_asked), cmocka_unit_test(expires_with_the_clock),
        cmocka_unit_test(refuses_by_name),         cmocka_unit_test(identifier_has_a_limit),
        cmocka_unit_test(groups_are_checked),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
