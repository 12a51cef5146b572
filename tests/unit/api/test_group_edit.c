#include "unit/test.h"

#include "api/group_edit.h"
#include "unit/api/control_kit.h"

#include <string.h>

static struct group *group_made(const char *body)
{
    struct group *group = NULL;
    struct err err;

    if (kit_create(body, &group, &err) != OK)
        fail_msg("%s", err.message);
    return group;
}

/* Runs an edit as the writer does; on success *group becomes the next version. */
static enum code edit_run(struct group **group, const void *in,
                          enum code (*apply)(const struct group_edit *edit, struct group *draft,
                                             struct arena *arena, struct err *err),
                          struct err *err)
{
    struct group_edit edit = {.now_us = INT64_C(1790000000000000), .in = in, .apply = apply};
    struct buf json = {0};
    struct group *next;

    enum code code = group_edit_run(*group, &edit, &json, err);
    if (code == OK) {
        assert_int_equal(group_read(buf_str(&json), &next, err), OK);
        group_unref(*group);
        *group = next;
    }
    buf_release(&json);
    return code;
}

static enum code update(struct group **group, const char *body, struct err *err)
{
    struct arena arena = {0};
    struct in_update in;

    enum code code = kit_read(body, &shape_update, &arena, &in, err);
    if (code == OK)
        code = update_check(&in, err);
    if (code == OK)
        code = edit_run(group, &in, update_apply, err);
    arena_release(&arena);
    return code;
}

#define UPDATE(members) "{\"FeatureGroupName\":\"Fraud-v3\"," members "}"
#define ADD(name) "{\"FeatureName\":\"" name "\",\"FeatureType\":\"Integral\"}"

static void features_are_added_at_the_end(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct err err;

    assert_int_equal(
        update(&group, UPDATE("\"FeatureAdditions\":[" ADD("x") "," ADD("y") "]"), &err), OK);
    assert_int_equal(group->feature_count, 5);
    assert_true(str_equal(group->features[4].name, STR("y")));
    assert_true(group->features[4].created_us == INT64_C(1790000000000000));
    assert_true(group->features[0].created_us == group->created_us);
    assert_true(group->modified_us == INT64_C(1790000000000000));
    assert_true(group->has_update);
    assert_true(str_is_absent(group->last_update_failure));
    group_unref(group);
}

static void updates_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *message;
    } cases[] = {
        {"{\"FeatureGroupName\":\"g\"}", "nothing to update"},
        {UPDATE("\"OnlineStoreConfig\":{}"), "nothing to update"},
        {UPDATE("\"ThroughputConfig\":{}"), "nothing to update"},
        {UPDATE("\"FeatureAdditions\":[]"), "'featureAdditions'"},
        {UPDATE("\"FeatureAdditions\":[" ADD("n") "]"), "FeatureName 'n'"},
        {UPDATE("\"FeatureAdditions\":[" ADD("N") "]"), "FeatureName 'N'"},
        {UPDATE("\"FeatureAdditions\":[" ADD("x") "," ADD("X") "]"), "FeatureName 'X'"},
        {UPDATE("\"FeatureAdditions\":[" ADD("write_time") "]"), "'write_time' is reserved"},
        {UPDATE("\"FeatureAdditions\":[" ADD("x") "],\"OnlineStoreConfig\":{\"TtlDuration\":{}}"),
         "only one parameter"},
        {UPDATE("\"OnlineStoreConfig\":{\"TtlDuration\":{},\"StorageType\":\"Standard\"}"),
         "only one parameter"},
        {UPDATE("\"OnlineStoreConfig\":{\"TtlDuration\":{\"Unit\":\"Days\"}}"),
         "'onlineStoreConfig.ttlDuration.value'"},
        {UPDATE("\"OnlineStoreConfig\":{\"TtlDuration\":{\"Value\":1}}"),
         "'onlineStoreConfig.ttlDuration.unit'"},
        {UPDATE("\"OnlineStoreConfig\":{\"StorageType\":\"InMemory\"}"), "StorageType"},
        {UPDATE("\"ThroughputConfig\":{\"ThroughputMode\":\"Provisioned\"}"),
         "ProvisionedReadCapacityUnits"},
        {UPDATE("\"ThroughputConfig\":{\"ProvisionedReadCapacityUnits\":5}"), "OnDemand"},
    };
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct err err = {0};
        assert_int_equal(update(&group, cases[i].body, &err), ERR_INVALID);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].message);
    }
    assert_false(group->has_update);
    group_unref(group);
}

static void the_ttl_comes_and_goes(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct err err;

    assert_int_equal(update(&group,
                            UPDATE("\"OnlineStoreConfig\":{\"TtlDuration\":{\"Unit\":\"Days\","
                                   "\"Value\":3}}"),
                            &err),
                     OK);
    assert_int_equal(group->ttl.seconds, 3 * 86400);
    assert_int_equal(update(&group,
                            UPDATE("\"OnlineStoreConfig\":{\"TtlDuration\":{\"Unit\":null,"
                                   "\"Value\":null}}"),
                            &err),
                     OK);
    assert_int_equal(group->ttl.seconds, 0);
    assert_true(str_is_absent(group->ttl.unit));
    group_unref(group);
    group = group_made(KIT_HEAD KIT_OFFLINE "}");
    assert_int_equal(update(&group, UPDATE("\"OnlineStoreConfig\":{\"TtlDuration\":{}}"), &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.message, "has no online store"));
    group_unref(group);
}

static void the_storage_type_moves_one_way(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct err err;

    assert_int_equal(
        update(&group, UPDATE("\"OnlineStoreConfig\":{\"StorageType\":\"Standard\"}"), &err), OK);
    assert_int_equal(group->storage_type, STORAGE_STANDARD);
    assert_int_equal(
        update(&group, UPDATE("\"OnlineStoreConfig\":{\"StorageType\":\"Standard_V2\"}"), &err),
        OK);
    assert_int_equal(group->storage_type, STORAGE_STANDARD_V2);
    assert_int_equal(
        update(&group, UPDATE("\"OnlineStoreConfig\":{\"StorageType\":\"Standard_V2\"}"), &err),
        OK);
    assert_int_equal(
        update(&group, UPDATE("\"OnlineStoreConfig\":{\"StorageType\":\"Standard\"}"), &err),
        ERR_INVALID);
    assert_non_null(strstr(err.message, "from Standard_V2 to Standard"));
    group_unref(group);
}

static void throughput_changes(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct err err;

    assert_int_equal(
        update(&group,
               UPDATE("\"ThroughputConfig\":{\"ThroughputMode\":\"Provisioned\","
                      "\"ProvisionedReadCapacityUnits\":5,\"ProvisionedWriteCapacityUnits\":6}"),
               &err),
        OK);
    assert_int_equal(
        update(&group, UPDATE("\"ThroughputConfig\":{\"ProvisionedReadCapacityUnits\":7}"), &err),
        OK);
    assert_int_equal(group->read_units, 7);
    assert_int_equal(group->write_units, 6);
    assert_int_equal(
        update(&group, UPDATE("\"ThroughputConfig\":{\"ThroughputMode\":\"OnDemand\"}"), &err), OK);
    assert_int_equal(group->read_units, -1);
    assert_true(str_equal(group->throughput_mode, STR("OnDemand")));
    group_unref(group);
}

static void a_group_that_failed_is_not_updated(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct err err;

    group->status = GROUP_CREATE_FAILED;
    assert_int_equal(update(&group, UPDATE("\"FeatureAdditions\":[" ADD("x") "]"), &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.message, "CreateFailed"));
    group_unref(group);
}

static void a_full_group_takes_no_more(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct err err;
    unsigned name = 0;

    while (group->feature_count < 2500) {
        struct buf body = {0};
        buf_add(&body, STR("{\"FeatureGroupName\":\"g\",\"FeatureAdditions\":["));
        unsigned count = 2500 - group->feature_count;
        for (unsigned i = 0; i < (count > 100 ? 100 : count); i++, name++)
            buf_add_format(&body,
                           "%s"
                           "{\"FeatureName\":\"a%u\",\"FeatureType\":\"String\"}",
                           i == 0 ? "" : ",", name);
        buf_add(&body, STR("]}"));
        buf_add_byte(&body, '\0');
        assert_int_equal(update(&group, body.ptr, &err), OK);
        buf_release(&body);
    }
    assert_int_equal(update(&group, UPDATE("\"FeatureAdditions\":[" ADD("x") "]"), &err),
                     ERR_LIMIT);
    assert_non_null(strstr(err.message, "2500"));
    group_unref(group);
}

/* ---- metadata ---- */

static struct in_pair pairs[30];
static struct str keys[30];
static char texts[30][8];

static struct shape_list pair_list(unsigned from, unsigned count, struct str value)
{
    for (unsigned i = 0; i < count; i++) {
        texts[from + i][0] = 'k';
        texts[from + i][1] = (char)('A' + from + i);
        pairs[i] = (struct in_pair){{texts[from + i], 2}, value};
    }
    return (struct shape_list){pairs, count, true};
}

static void metadata_is_set_and_cleared(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct in_metadata in = {.feature = STR("n"), .description = STR("the count")};
    struct err err;

    in.additions = pair_list(0, 3, STR("v"));
    assert_int_equal(edit_run(&group, &in, metadata_apply, &err), OK);
    const struct feature *feature = &group->features[2];
    assert_true(str_equal(feature->description, STR("the count")));
    assert_int_equal(feature->parameter_count, 3);
    assert_true(feature->modified_us == INT64_C(1790000000000000));
    assert_true(group->features[0].modified_us == group->created_us);
    assert_true(group->modified_us == group->created_us);

    /* Removes one, changes one, keeps one, adds one; the description stays. */
    keys[0] = STR("kA");
    keys[1] = STR("none");
    in = (struct in_metadata){.feature = STR("n"), .removals = {keys, 2, true}};
    in.additions = pair_list(2, 2, STR("w"));
    assert_int_equal(edit_run(&group, &in, metadata_apply, &err), OK);
    feature = &group->features[2];
    assert_int_equal(feature->parameter_count, 3);
    assert_true(str_equal(feature->parameters[0].key, STR("kB")));
    assert_true(str_equal(feature->parameters[1].value, STR("w")));
    assert_true(str_equal(feature->parameters[2].key, STR("kD")));
    assert_true(str_equal(feature->description, STR("the count")));

    in = (struct in_metadata){.feature = STR("n"), .description = STR("")};
    assert_int_equal(edit_run(&group, &in, metadata_apply, &err), OK);
    assert_true(str_is_absent(group->features[2].description));
    in.feature = STR("nope");
    assert_int_equal(edit_run(&group, &in, metadata_apply, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "nope"));
    group_unref(group);
}

static void parameters_have_a_bound(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct in_metadata in = {.feature = STR("n")};
    struct err err;

    in.additions = pair_list(0, 25, STR("v"));
    assert_int_equal(edit_run(&group, &in, metadata_apply, &err), OK);
    assert_int_equal(edit_run(&group, &in, metadata_apply, &err), OK);
    in.additions = pair_list(25, 1, STR("v"));
    assert_int_equal(edit_run(&group, &in, metadata_apply, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "ParameterAdditions"));
    group_unref(group);
}

/* ---- tags ---- */

static void tags_are_added_and_deleted(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE ",\"Tags\":[{\"Key\":\"kA\",\"Value\":"
                                                         "\"old\"}]}");
    struct in_tags in = {0};
    struct err err;

    in.tags = pair_list(0, 2, STR("new"));
    assert_int_equal(edit_run(&group, &in, tags_apply, &err), OK);
    assert_int_equal(group->tag_count, 2);
    assert_true(str_equal(group->tags[0].value, STR("new")));
    assert_true(group->modified_us == group->created_us);

    keys[0] = STR("kA");
    in = (struct in_tags){.keys = {keys, 1, true}};
    assert_int_equal(edit_run(&group, &in, tags_apply, &err), OK);
    assert_int_equal(group->tag_count, 1);
    assert_true(str_equal(group->tags[0].key, STR("kB")));
    group_unref(group);
}

static void tags_have_a_bound(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct err err;

    for (unsigned from = 0; from < 50; from += 25) {
        struct in_tags in = {0};
        in.tags = pair_list(0, 25, STR("v"));
        for (unsigned i = 0; i < 25; i++)
            texts[i][0] = from == 0 ? 'a' : 'b';
        assert_int_equal(edit_run(&group, &in, tags_apply, &err), OK);
    }
    assert_int_equal(group->tag_count, 50);
    struct in_tags in = {0};
    in.tags = pair_list(0, 1, STR("v"));
    assert_int_equal(edit_run(&group, &in, tags_apply, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "at most 50"));
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_added_at_the_end),
        cmocka_unit_test(updates_are_refused_by_name),
        cmocka_unit_test(the_ttl_comes_and_goes),
        cmocka_unit_test(the_storage_type_moves_one_way),
        cmocka_unit_test(throughput_changes),
        cmocka_unit_test(a_group_that_failed_is_not_updated),
        cmocka_unit_test(a_full_group_takes_no_more),
        cmocka_unit_test(metadata_is_set_and_cleared),
        cmocka_unit_test(parameters_have_a_bound),
        cmocka_unit_test(tags_are_added_and_deleted),
        cmocka_unit_test(tags_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
