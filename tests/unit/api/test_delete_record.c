/* DeleteRecord: soft and hard, newer and stale, and what the stores keep. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

static struct ask delete_of(const char *query)
{
    static char target[4096];

    (void)snprintf(target, sizeof(target), "/FeatureGroup/g?%s", query);
    return (struct ask){.method = "DELETE", .target = target};
}

static void remove_record(struct kit *kit, const char *query)
{
    struct ask ask = delete_of(query);

    kit_body(kit, &ask, "");
}

static void put(struct kit *kit, const char *id, const char *ts)
{
    char body[256];

    (void)snprintf(body, sizeof(body),
                   "{\"Record\":[{\"FeatureName\":\"id\",\"ValueAsString\":\"%s\"},"
                   "{\"FeatureName\":\"ts\",\"ValueAsString\":\"%s\"}]}",
                   id, ts);
    kit_put(kit, body);
}

static bool is_there(struct kit *kit, const char *id)
{
    struct answer answer;
    char query[128];

    (void)snprintf(query, sizeof(query), "RecordIdentifierValueAsString=%s", id);
    struct ask get = get_of(query);
    kit_ask(kit, &get, &answer);
    bool found = strcmp(answer.body, "{}") != 0;
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    return found;
}

static void soft_leaves_a_tombstone(void **state)
{
    struct kit *kit = *state;
    uint64_t rows = kit_rows(kit);

    put(kit, "a", T1);
    remove_record(kit, "RecordIdentifierValueAsString=a&EventTime=2026-07-01T14%3A03%3A08Z");
    assert_false(is_there(kit, "a"));
    put(kit, "a", T1); /* older than the tombstone */
    assert_false(is_there(kit, "a"));
    put(kit, "a", T2); /* at equal event time a record beats a delete */
    assert_true(is_there(kit, "a"));
    assert_int_equal(kit_rows(kit) - rows, 4);
}

static void stale_soft_writes_the_marker_alone(void **state)
{
    struct kit *kit = *state;

    put(kit, "b", T2);
    uint64_t rows = kit_rows(kit);
    remove_record(kit, "RecordIdentifierValueAsString=b&EventTime=2026-07-01T14:03:07Z");
    remove_record(kit, "RecordIdentifierValueAsString=b&EventTime=2026-07-01T14:03:08Z");
    assert_true(is_there(kit, "b"));
    assert_int_equal(kit_rows(kit) - rows, 2);
}

static void hard_forgets(void **state)
{
    struct kit *kit = *state;
    uint64_t rows = kit_rows(kit);

    put(kit, "c", T2);
    remove_record(
        kit,
        "RecordIdentifierValueAsString=c&EventTime=2026-07-01T14:03:09Z&DeletionMode=HardDelete");
    assert_false(is_there(kit, "c"));
    put(kit, "c", T1);
    assert_true(is_there(kit, "c"));
    assert_int_equal(kit_rows(kit) - rows, 3);
}

static void stale_hard_is_refused(void **state)
{
    struct kit *kit = *state;
    static const char *const stale[] = {"2026-07-01T14:03:07Z", "2026-07-01T14:03:08Z"};

    put(kit, "d", T2);
    uint64_t rows = kit_rows(kit);
    for (size_t i = 0; i < ARRAY_COUNT(stale); i++) {
        char query[256];
        (void)snprintf(query, sizeof(query),
                       "RecordIdentifierValueAsString=d&EventTime=%s&DeletionMode=HardDelete",
                       stale[i]);
        struct ask ask = delete_of(query);
        kit_expect(kit, &ask, 400, "ValidationException", "EventTime");
    }
    assert_true(is_there(kit, "d"));
    assert_int_equal(kit_rows(kit), rows);
}

static void acts_on_the_stores_named(void **state)
{
    struct kit *kit = *state;

    put(kit, "e", T1);
    uint64_t rows = kit_rows(kit);
    remove_record(kit,
                  "RecordIdentifierValueAsString=e&EventTime=" T2 "&TargetStores=OfflineStore");
    assert_true(is_there(kit, "e"));
    assert_int_equal(kit_rows(kit) - rows, 1);
    remove_record(kit, "RecordIdentifierValueAsString=e&EventTime=" T2 "&TargetStores=OnlineStore");
    assert_false(is_there(kit, "e"));
    assert_int_equal(kit_rows(kit) - rows, 1);
    remove_record(kit, "RecordIdentifierValueAsString=e&EventTime=" T3
                       "&TargetStores=OnlineStore&TargetStores=OfflineStore");
    assert_int_equal(kit_rows(kit) - rows, 2);
}

static void refuses_by_name(void **state)
{
    struct kit *kit = *state;
    static const struct {
        const char *query;
        const char *text;
    } cases[] = {
        {"", "EventTime"},
        {"EventTime=" T1, "RecordIdentifierValueAsString"},
        {"RecordIdentifierValueAsString=a", "EventTime"},
        {"RecordIdentifierValueAsString=a&EventTime=now", "EventTime"},
        {"RecordIdentifierValueAsString=a&EventTime=1782914587", "EventTime"},
        {"RecordIdentifierValueAsString=a&EventTime=" T1 "&EventTime=" T1, "EventTime"},
        {"RecordIdentifierValueAsString=&EventTime=" T1, "RecordIdentifierValueAsString"},
        {"RecordIdentifierValueAsString=a&EventTime=" T1 "&DeletionMode=Wipe", "DeletionMode"},
        {"RecordIdentifierValueAsString=a&EventTime=" T1 "&TargetStores=Both", "TargetStores"},
        {"RecordIdentifierValueAsString=a&EventTime=%zz", ""},
    };
    uint64_t rows = kit_rows(kit);

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct ask ask = delete_of(cases[i].query);
        kit_expect(kit, &ask, 400, "ValidationError", cases[i].text);
    }
    struct ask ask = delete_of("");
    ask.target = "/FeatureGroup/nothing?RecordIdentifierValueAsString=a&EventTime=" T1;
    kit_expect(kit, &ask, 400, "ValidationError", "can't find a FeatureGroup with name nothing");
    ask.target = "/FeatureGroup/online?RecordIdentifierValueAsString=a&EventTime=" T1
                 "&TargetStores=OfflineStore";
    kit_expect(kit, &ask, 400, "ValidationError", "OfflineStore");
    assert_int_equal(kit_rows(kit), rows);
}

static void deleting_the_unknown_leaves_a_tombstone(void **state)
{
    struct kit *kit = *state;

    remove_record(kit, "RecordIdentifierValueAsString=never&EventTime=" T2);
    put(kit, "never", T1);
    assert_false(is_there(kit, "never"));
    put(kit, "never", T3);
    assert_true(is_there(kit, "never"));
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));

    kit_start(kit);
    kit_group(kit, "g", KIT_BOTH);
    kit_group(kit, "online", KIT_ONLINE_ONLY);
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
        cmocka_unit_test(soft_leaves_a_tombstone),
        cmocka_unit_test(stale_soft_writes_the_marker_alone),
        cmocka_unit_test(hard_forgets),
        cmocka_unit_test(stale_hard_is_refused),
        cmocka_unit_test(acts_on_the_stores_named),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(deleting_the_unknown_leaves_a_tombstone),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
