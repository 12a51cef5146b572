/* What is read out of DescribeFeatureGroup answers, with more members than we know. */
#include "unit/test.h"

#include "cli/group_info.h"

static struct arena arena;
static struct err err;
static struct group_info info;

static enum code parse(const char *text)
{
    return group_info_parse(str_from(text), &arena, &info, &err);
}

static void all_members(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{\"FeatureGroupArn\":\"arn:x\",\"FeatureGroupName\":\"g\",\"CreationTime\":1.5,"
              "\"RecordIdentifierFeatureName\":\"id\",\"EventTimeFeatureName\":\"at\",\"New\":[{}],"
              "\"FeatureDefinitions\":[{\"FeatureName\":\"id\",\"FeatureType\":\"String\"},"
              "{\"FeatureType\":\"Integral\",\"FeatureName\":\"at\",\"CollectionType\":\"List\","
              "\"CollectionConfig\":{\"VectorConfig\":{\"Dimension\":3}}}],"
              "\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"StorageType\":\"InMemory\","
              "\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":30}},"
              "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://a\","
              "\"ResolvedOutputS3Uri\":\"s3://a/b\"},\"DisableGlueTableCreation\":true},"
              "\"FeatureGroupStatus\":\"Created\",\"Description\":\"d\"}"),
        OK);
    assert_true(str_equal(info.name, STR("g")));
    assert_true(str_equal(info.arn, STR("arn:x")));
    assert_true(str_equal(info.id_feature, STR("id")));
    assert_true(str_equal(info.event_time_feature, STR("at")));
    assert_true(str_equal(info.created, STR("1.5")));
    assert_true(str_equal(info.status, STR("Created")));
    assert_true(str_equal(info.description, STR("d")));
    assert_true(str_equal(info.storage_type, STR("InMemory")));
    assert_true(str_equal(info.ttl, STR("30 Days")));
    assert_true(str_equal(info.offline_uri, STR("s3://a/b")));
    assert_int_equal(info.feature_count, 2);
    assert_true(str_is_absent(info.features[0].collection));
    assert_true(str_equal(info.features[1].collection, STR("List")));
    assert_ptr_equal(group_info_feature(&info, STR("at")), &info.features[1]);
    assert_null(group_info_feature(&info, STR("no")));
}

#define LEAST                                                                                      \
    "\"RecordIdentifierFeatureName\":\"i\",\"EventTimeFeatureName\":\"t\","                        \
    "\"FeatureDefinitions\":[]"

static void stores_that_are_off(void **state)
{
    (void)state;
    assert_int_equal(parse("{" LEAST "}"), OK);
    assert_true(str_is_absent(info.storage_type));
    assert_true(str_is_absent(info.offline_uri));
    assert_true(str_is_absent(info.ttl));
    assert_int_equal(parse("{" LEAST ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":false},"
                           "\"OfflineStoreConfig\":null}"),
                     OK);
    assert_true(str_is_absent(info.storage_type));
    assert_int_equal(parse("{" LEAST ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true},"
                           "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://a\"}}}"),
                     OK);
    assert_true(str_equal(info.storage_type, STR("Standard")));
    assert_true(str_equal(info.offline_uri, STR("s3://a")));
}

static void other_answers_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"RecordIdentifierFeatureName\":\"i\",\"EventTimeFeatureName\":\"t\"}",
        "{\"RecordIdentifierFeatureName\":\"i\",\"FeatureDefinitions\":[]}",
        "{\"RecordIdentifierFeatureName\":\"i\",\"EventTimeFeatureName\":\"t\","
        "\"FeatureDefinitions\":[{}]}",
        "{\"RecordIdentifierFeatureName\":\"i\",\"EventTimeFeatureName\":\"t\","
        "\"FeatureDefinitions\":{}}",
        "{" LEAST ",\"OnlineStoreConfig\":7}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (parse(texts[i]) == OK)
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
        cmocka_unit_test(all_members),
        cmocka_unit_test(stores_that_are_off),
        cmocka_unit_test(other_answers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
