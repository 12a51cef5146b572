#include "unit/test.h"

#include "api/group_out.h"
#include "unit/api/control_kit.h"

#include <stdio.h>

static struct group *group_made(const char *body)
{
    struct group *group = NULL;
    struct err err;

    if (kit_create(body, &group, &err) != OK)
        fail_msg("%s", err.message);
    return group;
}

static void assert_out(const struct buf *out, const char *expected)
{
    if (!str_equal(buf_str(out), str_from(expected)))
        fail_msg("found    %.*s\nexpected %s", STR_ARG(buf_str(out)), expected);
}

#define OUT_HEAD                                                                                   \
    "\"FeatureGroupArn\":\"arn:aws:sagemaker:eu-west-1:123456789012:feature-group/Fraud-v3\","     \
    "\"FeatureGroupName\":\"Fraud-v3\",\"RecordIdentifierFeatureName\":\"id\","                    \
    "\"EventTimeFeatureName\":\"ts\",\"FeatureDefinitions\":[{\"FeatureName\":\"id\","             \
    "\"FeatureType\":\"String\"},{\"FeatureName\":\"ts\",\"FeatureType\":\"Fractional\"},"         \
    "{\"FeatureName\":\"n\",\"FeatureType\":\"Integral\"}],\"CreationTime\":1782914587.421,"       \
    "\"LastModifiedTime\":1782914587.421"

static void a_small_group(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    struct buf out = {0};
    bool is_first = true;

    group_out(group, &out, &is_first);
    assert_out(&out, OUT_HEAD ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true},"
                              "\"FeatureGroupStatus\":\"Created\",\"OfflineStoreStatus\":{"
                              "\"Status\":\"Disabled\"}");
    buf_clear(&out);
    is_first = true;
    group_out_throughput(group, &out, &is_first);
    assert_out(&out, "\"ThroughputConfig\":{\"ThroughputMode\":\"OnDemand\"}");
    buf_release(&out);
    group_unref(group);
}

static void a_full_group(void **state)
{
    (void)state;
    struct group *group = group_made(
        KIT_HEAD
        ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"SecurityConfig\":{\"KmsKeyId\":"
        "\"k1\"}"
        ",\"TtlDuration\":{\"Unit\":\"Hours\",\"Value\":2},\"StorageType\":\"Standard\"},"
        "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://b\",\"KmsKeyId\":\"k2\"},"
        "\"TableFormat\":\"Glue\"},\"RoleArn\":\"arn:aws:iam::123456789012:role/r\","
        "\"Description\":\"say \\\"hi\\\"\",\"ThroughputConfig\":{\"ThroughputMode\":"
        "\"Provisioned\",\"ProvisionedReadCapacityUnits\":1,\"ProvisionedWriteCapacityUnits\":2}}");
    struct buf out = {0};
    bool is_first = true;

    group->has_update = true;
    group_out(group, &out, &is_first);
    assert_out(
        &out, OUT_HEAD
        ",\"OnlineStoreConfig\":{\"SecurityConfig\":{\"KmsKeyId\":\"k1\"},\"EnableOnlineStore\":"
        "true"
        ",\"TtlDuration\":{\"Unit\":\"Hours\",\"Value\":2},\"StorageType\":\"Standard\"},"
        "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://b\",\"KmsKeyId\":\"k2\","
        "\"ResolvedOutputS3Uri\":\"s3://b/123456789012/sagemaker/eu-west-1/offline-store/"
        "Fraud-v3-1782914587/data\"},\"DisableGlueTableCreation\":false,\"DataCatalogConfig\":{"
        "\"TableName\":\"fraud_v3_1782914587\",\"Catalog\":\"AwsDataCatalog\",\"Database\":"
        "\"sagemaker_featurestore\"},\"TableFormat\":\"Glue\"},\"RoleArn\":"
        "\"arn:aws:iam::123456789012:role/r\",\"FeatureGroupStatus\":\"Created\","
        "\"OfflineStoreStatus\":{\"Status\":\"Active\"},\"LastUpdateStatus\":{\"Status\":"
        "\"Successful\"},\"Description\":\"say \\\"hi\\\"\"");
    buf_clear(&out);
    is_first = true;
    group_out_throughput(group, &out, &is_first);
    assert_out(&out, "\"ThroughputConfig\":{\"ThroughputMode\":\"Provisioned\","
                     "\"ProvisionedReadCapacityUnits\":1,\"ProvisionedWriteCapacityUnits\":2}");
    buf_release(&out);
    group_unref(group);
}

static void a_failed_group(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_OFFLINE "}");
    struct buf out = {0};
    bool is_first = true;

    group->status = GROUP_CREATE_FAILED;
    group->failure_reason = STR("why");
    group_out(group, &out, &is_first);
    assert_true(str_contains(buf_str(&out), STR("\"FeatureGroupStatus\":\"CreateFailed\"")));
    assert_true(str_contains(buf_str(&out), STR("\"FailureReason\":\"why\"")));
    assert_false(str_contains(buf_str(&out), STR("DataCatalogConfig")));
    assert_string_equal(group_offline_status_text(group), "Disabled");
    buf_release(&out);
    group_unref(group);
}

static void a_feature(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    static const struct pair parameters[] = {{{"k", 1}, {"v", 1}}, {{"k2", 2}, {"\"", 1}}};
    struct feature feature = group->features[2];
    struct buf out = {0};
    bool is_first = true;

    feature_out(group, &feature, &out, &is_first);
    assert_out(&out, "\"FeatureGroupArn\":\"arn:aws:sagemaker:eu-west-1:123456789012:feature-group/"
                     "Fraud-v3\",\"FeatureGroupName\":\"Fraud-v3\",\"FeatureName\":\"n\","
                     "\"FeatureType\":\"Integral\",\"CreationTime\":1782914587.421,"
                     "\"LastModifiedTime\":1782914587.421,\"Parameters\":[]");
    buf_clear(&out);
    is_first = true;
    feature.description = STR("d");
    feature.parameters = parameters;
    feature.parameter_count = 2;
    feature_out(group, &feature, &out, &is_first);
    assert_true(
        str_ends(buf_str(&out), STR("\"Description\":\"d\",\"Parameters\":[{\"Key\":\"k\","
                                    "\"Value\":\"v\"},{\"Key\":\"k2\",\"Value\":\"\\\"\"}]")));
    buf_release(&out);
    group_unref(group);
}

static void statuses(void **state)
{
    (void)state;
    struct group *group = group_made(KIT_HEAD KIT_ONLINE "}");
    static const struct {
        enum group_status status;
        const char *text;
    } cases[] = {{GROUP_CREATING, "Creating"},
                 {GROUP_CREATED, "Created"},
                 {GROUP_CREATE_FAILED, "CreateFailed"},
                 {GROUP_DELETING, "Deleting"}};

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        group->status = cases[i].status;
        assert_string_equal(group_status_text(group), cases[i].text);
    }
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_group),  cmocka_unit_test(a_full_group),
        cmocka_unit_test(a_failed_group), cmocka_unit_test(a_feature),
        cmocka_unit_test(statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
