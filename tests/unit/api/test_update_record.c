/* UpdateRecord: some features over a live record. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

static struct ask update_of(const char *body)
{
    return (struct ask){.method = "POST", .target = "/FeatureGroup/g/Record", .body = body};
}

static void update(struct kit *kit, const char *body)
{
    struct ask ask = update_of(body);

    kit_body(kit, &ask, "");
}

#define UPDATE(id, features)                                                                       \
    "{\"RecordIdentifierValueAsString\":\"" id "\",\"Features\":[" features "]}"

static void merges(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=a");

    kit_put(kit, "{\"Record\":[" KEYED("a", T2) "," VALUE("n", "1") "," VALUE("s", "left") "]}");
    update(kit, UPDATE("a", VALUE("n", "2")));
    kit_body(kit, &get,
             "{\"Record\":[" KEYED("a", T2) "," VALUE("n", "2") "," VALUE("s", "left") "]}");
    update(kit, UPDATE("a", VALUE("x", "0.5") "," VALUE("ts", T3)));
    kit_body(kit, &get,
             "{\"Record\":[" KEYED("a", T3) "," VALUE("n", "2") "," VALUE("x", "0.5") "," VALUE(
                 "s", "left") "]}");
    update(kit, UPDATE("a", VALUE("ts", T3) "," VALUE("id", "a") "," VALUE("s", ""))); /* equal */
    kit_body(kit, &get,
             "{\"Record\":[" KEYED("a", T3) "," VALUE("n", "2") "," VALUE("x", "0.5") "," VALUE(
                 "s", "") "]}");
}

static void older_is_a_conflict(void **state)
{
    struct kit *kit = *state;
    struct ask ask = update_of(UPDATE("b", VALUE("n", "2") "," VALUE("ts", T1)));

    kit_put(kit, "{\"Record\":[" KEYED("b", T2) "]}");
    kit_expect(kit, &ask, 409, "ConflictException", "'b'");
    struct ask get = get_of("RecordIdentifierValueAsString=b");
    kit_body(kit, &get, "{\"Record\":[" KEYED("b", T2) "]}");
}

static void missing_is_not_found(void **state)
{
    struct kit *kit = *state;
    struct ask ask = update_of(UPDATE("never", VALUE("n", "2")));

    kit_expect(kit, &ask, 404, "ResourceNotFound", "'never'");
    kit_put(kit, "{\"Record\":[" KEYED("gone", T1) "]}");
    struct ask gone = {.method = "DELETE",
                       .target =
                           "/FeatureGroup/g?RecordIdentifierValueAsString=gone&EventTime=" T2};
    kit_body(kit, &gone, "");
    ask = update_of(UPDATE("gone", VALUE("n", "2")));
    kit_expect(kit, &ask, 404, "ResourceNotFound", "'gone'");
    ask.target = "/FeatureGroup/nothing/Record";
    kit_expect(kit, &ask, 404, "ResourceNotFound", "nothing");
}

static void keeps_or_changes_the_ttl(void **state)
{
    struct kit *kit = *state;
    struct ask get = get_of("RecordIdentifierValueAsString=t&ExpirationTimeResponse=Enabled");

    kit_put(kit, "{\"Record\":[" KEYED(
                     "t", T1) "],\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":36500}}");
    update(kit, UPDATE("t", VALUE("n", "1")));
    kit_expect(kit, &get, 200, "", "\"ExpiresAt\":\"2126-06-07T14:03:07Z\"");
    update(kit, UPDATE("t", VALUE("ts", T2))); /* ExpiresAt moves with the event time */
    kit_expect(kit, &get, 200, "", "\"ExpiresAt\":\"2126-06-07T14:03:08Z\"");
    update(kit, "{\"RecordIdentifierValueAsString\":\"t\",\"Features\":[" VALUE(
                    "ts", T3) "],\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":36501}}");
    kit_expect(kit, &get, 200, "", "\"ExpiresAt\":\"2126-06-08T14:03:09Z\"");
    struct ask ask = update_of("{\"RecordIdentifierValueAsString\":\"t\",\"Features\":[" VALUE(
        "n", "3") "],\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":1}}");
    kit_expect(kit, &ask, 400, "ValidationError", "TtlDuration");
}

static void needs_standard_v2(void **state)
{
    struct kit *kit = *state;
    struct ask ask = update_of(UPDATE("a", VALUE("n", "2")));

    ask.target = "/FeatureGroup/standard/Record";
    kit_expect(kit, &ask, 400, "ValidationError", "Standard_V2");
    ask.target = "/FeatureGroup/offline/Record";
    kit_expect(kit, &ask, 400, "ValidationError", "Standard_V2");
}

static void refuses_by_name(void **state)
{
    struct kit *kit = *state;
    static const struct {
        const char *body;
        const char *text;
    } cases[] = {
        {"", "RecordIdentifierValueAsString"},
        {"{\"Features\":[" VALUE("n", "1") "]}", "RecordIdentifierValueAsString"},
        {"{\"RecordIdentifierValueAsString\":null,\"Features\":[" VALUE("n", "1") "]}",
         "RecordIdentifierValueAsString"},
        {UPDATE("", VALUE("n", "1")), "RecordIdentifierValueAsString"},
        {"{\"RecordIdentifierValueAsString\":\"a\"}", "Features"},
        {UPDATE("a", ""), "record"},
        {UPDATE("a", VALUE("n", "x")), "'n'"},
        {UPDATE("a", VALUE("nothing", "x")), "'nothing'"},
        {UPDATE("a", VALUE("ts", "x")), "'ts'"},
        {UPDATE("a", VALUE("id", "other")), "'id'"},
        {"{\"RecordIdentifierValueAsString\":\"a\",\"TargetStores\":[\"OfflineStore\"],"
         "\"Features\":[" VALUE("n", "1") "]}",
         "OfflineStore"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct ask ask = update_of(cases[i].body);
        kit_expect(kit, &ask, 400, "ValidationError", cases[i].text);
    }
}

/* A group of 120 features: 100 may be changed at once. */
static void a_hundred_features_at_most(void **state)
{
    struct kit *kit = *state;
    struct buf text = {0};

    buf_add_format(&text,
                   "{\"FeatureGroupName\":\"wide\",\"RecordIdentifierFeatureName\":\"f0\","
                   "\"EventTimeFeatureName\":\"f1\",%s,\"FeatureDefinitions\":[",
                   KIT_V2);
    for (int i = 0; i < 120; i++)
        buf_add_format(&text, "%s{\"FeatureName\":\"f%d\",\"FeatureType\":\"String\"}",
                       i == 0 ? "" : ",", i);
    buf_add(&text, (struct str){"]}", 3}); /* with its NUL */
    kit_expect(
        kit,
        &(struct ask){
            .method = "POST", .target = "/", .body = text.ptr, .operation = "CreateFeatureGroup"},
        200, "", "wide");
    struct ask put = put_of("{\"Record\":[" VALUE("f0", "a") "," VALUE("f1", T1) "]}");
    put.target = "/FeatureGroup/wide";
    kit_body(kit, &put, "");
    for (int count = 100; count <= 101; count++) {
        buf_clear(&text);
        buf_add_format(&text, "{\"RecordIdentifierValueAsString\":\"a\",\"Features\":[");
        for (int i = 0; i < count; i++)
            buf_add_format(&text, "%s{\"FeatureName\":\"f%d\",\"ValueAsString\":\"v\"}",
                           i == 0 ? "" : ",", i + 2);
        buf_add(&text, (struct str){"]}", 3});
        struct ask ask = update_of(text.ptr);
        ask.target = "/FeatureGroup/wide/Record";
        if (count == 100)
            kit_body(kit, &ask, "");
        else
            kit_expect(kit, &ask, 400, "ValidationError", "Features");
    }
    buf_release(&text);
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));

    kit_start(kit);
    kit_group(kit, "g", KIT_V2);
    kit_group(kit, "standard", KIT_BOTH);
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
        cmocka_unit_test(merges),
        cmocka_unit_test(older_is_a_conflict),
        cmocka_unit_test(missing_is_not_found),
        cmocka_unit_test(keeps_or_changes_the_ttl),
        cmocka_unit_test(needs_standard_v2),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(a_hundred_features_at_most),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
