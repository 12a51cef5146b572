#include "unit/test.h"

#include "unit/api/control_kit.h"

#include <stdio.h>
#include <string.h>

static void assert_text(struct str found, const char *expected)
{
    if (!str_equal(found, str_from(expected)))
        fail_msg("found '%.*s', expected '%s'", STR_ARG(found), expected);
}

static void defaults(void **state)
{
    (void)state;
    struct group *group;
    struct err err;

    assert_int_equal(kit_create(KIT_HEAD KIT_ONLINE "}", &group, &err), OK);
    assert_text(group->arn, "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/Fraud-v3");
    assert_int_equal(group->status, GROUP_CREATED);
    assert_true(group->created_us == INT64_C(1782914587421987));
    assert_true(group->modified_us == group->created_us);
    assert_true(group->is_online && !group->is_offline);
    assert_int_equal(group->storage_type, STORAGE_STANDARD);
    assert_false(group->has_storage_type);
    assert_text(group->throughput_mode, "OnDemand");
    assert_true(str_is_absent(group->catalog_table));
    assert_true(str_is_absent(group->role_arn));
    assert_text(group->created_by, "tester");
    assert_int_equal(group->identifier_index, 0);
    assert_int_equal(group->event_time_index, 1);
    assert_int_equal(group->features[2].type, FEATURE_INTEGRAL);
    assert_true(group->features[2].created_us == group->created_us);
    group_unref(group);
}

static void everything_is_kept(void **state)
{
    (void)state;
    struct group *group;
    struct err err;

    assert_int_equal(
        kit_create(
            KIT_HEAD
            ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"SecurityConfig\":{\"KmsKeyId\":"
            "\"k1\"},\"TtlDuration\":{\"Unit\":\"Hours\",\"Value\":2},\"StorageType\":\"Standard_V2"
            "\"},\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://b/p/\",\"KmsKeyId\":"
            "\"k2\",\"ResolvedOutputS3Uri\":\"s3://other\"},\"TableFormat\":\"Glue\"},"
            "\"ThroughputConfig\":{\"ThroughputMode\":\"Provisioned\","
            "\"ProvisionedReadCapacityUnits\":0,\"ProvisionedWriteCapacityUnits\":10000000},"
            "\"RoleArn\":\"arn:aws:iam::123456789012:role/r\",\"Description\":\"d\",\"Tags\":[{"
            "\"Key\":\"a\",\"Value\":\"\"}]}",
            &group, &err),
        OK);
    assert_int_equal(group->storage_type, STORAGE_STANDARD_V2);
    assert_true(group->has_storage_type);
    assert_int_equal(group->ttl.seconds, 7200);
    assert_text(group->online_kms_key, "k1");
    assert_text(group->offline_kms_key, "k2");
    assert_text(group->store_uri, "s3://b/p/");
    assert_text(group->resolved_uri,
                "s3://b/p/123456789012/sagemaker/eu-west-1/offline-store/Fraud-v3-1782914587/data");
    assert_text(group->catalog_table, "fraud_v3_1782914587");
    assert_text(group->catalog_database, "sagemaker_featurestore");
    assert_text(group->catalog_name, "AwsDataCatalog");
    assert_false(group->has_catalog_config);
    assert_int_equal(group->table_format, TABLE_GLUE);
    assert_int_equal(group->read_units, 0);
    assert_int_equal(group->write_units, 10000000);
    assert_int_equal(group->tag_count, 1);
    group_unref(group);
}

static void rules_are_refused_by_name(void **state)
{
    (void)state;
#define DEFINE(definitions)                                                                        \
    "{\"FeatureGroupName\":\"g\",\"RecordIdentifierFeatureName\":\"id\","                          \
    "\"EventTimeFeatureName\":\"ts\"" KIT_ONLINE ",\"FeatureDefinitions\":[" definitions "]}"
#define FEATURE(name, type) "{\"FeatureName\":\"" name "\",\"FeatureType\":\"" type "\"}"
    static const struct {
        const char *body;
        const char *message;
    } cases[] = {
        {KIT_HEAD "}",
         "Validation Error: OnlineStore and OfflineStore cannot be both disabled. Please enable at "
         "least one of them and retry the request."},
        {KIT_HEAD ",\"OnlineStoreConfig\":{}}", "cannot be both disabled"},
        {KIT_HEAD ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":false}}", "both disabled"},
        {KIT_HEAD ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"StorageType\":\"InMemory"
                  "\"}}",
         "StorageType InMemory"},
        {KIT_HEAD ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"StorageType\":\"Fast\"}}",
         "'onlineStoreConfig.storageType'"},
        {KIT_HEAD ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"TtlDuration\":{\"Unit\":"
                  "\"Days\"}}}",
         "'onlineStoreConfig.ttlDuration.value'"},
        {KIT_HEAD ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"TtlDuration\":{\"Unit\":"
                  "\"Days\",\"Value\":0}}}",
         "'onlineStoreConfig.ttlDuration.value'"},
        {KIT_HEAD ",\"OfflineStoreConfig\":{}}", "'offlineStoreConfig.s3StorageConfig'"},
        {KIT_HEAD ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"ftp://b\"}}}",
         "'offlineStoreConfig.s3StorageConfig.s3Uri'"},
        {KIT_HEAD ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"},"
                  "\"TableFormat\":\"Iceberg\"}}",
         "TableFormat Iceberg"},
        {KIT_HEAD KIT_ONLINE ",\"RoleArn\":\"arn:aws:iam::1:role/xxxxxx\"}", "'roleArn'"},
        {KIT_HEAD KIT_ONLINE ",\"Description\":\"a\\nb\"}", "'description'"},
        {KIT_HEAD KIT_ONLINE ",\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"a\",\"Value\":"
                             "\"2\"}]}",
         "Tags has the key 'a' twice"},
        {KIT_HEAD KIT_ONLINE ",\"Tags\":[{\"Key\":\"\",\"Value\":\"1\"}]}", "'tags.1.member.key'"},
        {KIT_HEAD KIT_ONLINE ",\"ThroughputConfig\":{}}", "'throughputConfig.throughputMode'"},
        {KIT_HEAD KIT_ONLINE ",\"ThroughputConfig\":{\"ThroughputMode\":\"Provisioned\"}}",
         "ProvisionedReadCapacityUnits"},
        {KIT_HEAD KIT_ONLINE ",\"ThroughputConfig\":{\"ThroughputMode\":\"OnDemand\","
                             "\"ProvisionedReadCapacityUnits\":1}}",
         "ProvisionedReadCapacityUnits"},
        {KIT_HEAD KIT_ONLINE ",\"ThroughputConfig\":{\"ThroughputMode\":\"Provisioned\","
                             "\"ProvisionedReadCapacityUnits\":10000001,"
                             "\"ProvisionedWriteCapacityUnits\":1}}",
         "'throughputConfig.provisionedReadCapacityUnits'"},
        {DEFINE(FEATURE("ts", "String")), "RecordIdentifierFeatureName 'id'"},
        {DEFINE(FEATURE("id", "String")), "EventTimeFeatureName 'ts'"},
        {DEFINE(FEATURE("id", "String") "," FEATURE("ts", "Integral")),
         "EventTimeFeatureName 'ts' must be of FeatureType String or Fractional"},
        {DEFINE(FEATURE("id", "String") "," FEATURE("ts", "String") "," FEATURE("TS", "String")),
         "FeatureName 'ts' and FeatureName 'TS'"},
        {DEFINE(FEATURE("id", "String") "," FEATURE("ts", "String") "," FEATURE("Is_Deleted",
                                                                                "String")),
         "FeatureName 'Is_Deleted' is reserved"},
        {DEFINE(FEATURE("id", "Text")), "'featureDefinitions.1.member.featureType'"},
        {DEFINE(FEATURE("id-", "String")), "'featureDefinitions.1.member.featureName'"},
        {DEFINE("{\"FeatureType\":\"String\"}"), "'featureDefinitions.1.member.featureName'"},
        {DEFINE(""), "'featureDefinitions'"},
        {DEFINE(
             "{\"FeatureName\":\"v\",\"FeatureType\":\"Fractional\",\"CollectionType\":\"List\"}"),
         "CollectionType of feature 'v'"},
        {DEFINE("{\"FeatureName\":\"v\",\"FeatureType\":\"Fractional\",\"CollectionConfig\":{"
                "\"VectorConfig\":{\"Dimension\":3}}}"),
         "feature 'v'"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct group *group = NULL;
        struct err err = {0};
        assert_int_equal(kit_create(cases[i].body, &group, &err), ERR_INVALID);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].message);
    }
}

/* Contract 3.3. */
static void catalog_rules(void **state)
{
    (void)state;
#define OFFLINE_WITH(members)                                                                      \
    KIT_HEAD ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"}," members "}}"
#define CATALOG(table, catalog, database)                                                          \
    "\"DataCatalogConfig\":{\"TableName\":\"" table "\",\"Catalog\":\"" catalog                    \
    "\",\"Database\":\"" database "\"}"
    static const struct {
        const char *body;
        const char *refused; /* NULL: accepted */
        const char *table;
    } cases[] = {
        {OFFLINE_WITH("\"DisableGlueTableCreation\":false"), NULL, "fraud_v3_1782914587"},
        {OFFLINE_WITH("\"DisableGlueTableCreation\":true"), NULL, NULL},
        {OFFLINE_WITH(CATALOG("_t1", "AwsDataCatalog", "d")), NULL, "_t1"},
        {OFFLINE_WITH(CATALOG("T1", "AwsDataCatalog", "d")), "DataCatalogConfig.TableName", NULL},
        {OFFLINE_WITH(CATALOG("1t", "AwsDataCatalog", "d")), "DataCatalogConfig.TableName", NULL},
        {OFFLINE_WITH(CATALOG("t", "AwsDataCatalog", "D")), "DataCatalogConfig.Database", NULL},
        {OFFLINE_WITH(CATALOG("t", "Other", "d")), "DataCatalogConfig.Catalog", NULL},
        {OFFLINE_WITH(CATALOG("", "AwsDataCatalog", "d")),
         "'offlineStoreConfig.dataCatalogConfig.tableName'", NULL},
        {OFFLINE_WITH("\"DisableGlueTableCreation\":true," CATALOG("My-T", "Mine", "D")), NULL,
         "My-T"},
        {OFFLINE_WITH("\"DisableGlueTableCreation\":true,\"TableFormat\":\"Iceberg\"," CATALOG(
             "t", "AwsDataCatalog", "d")),
         "TableFormat", NULL},
        {OFFLINE_WITH("\"TableFormat\":\"Default\""), NULL, "fraud_v3_1782914587"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct group *group = NULL;
        struct err err = {0};
        enum code code = kit_create(cases[i].body, &group, &err);
        if (cases[i].refused != NULL) {
            assert_int_equal(code, ERR_INVALID);
            assert_non_null(strstr(err.message, cases[i].refused));
            continue;
        }
        assert_int_equal(code, OK);
        if (cases[i].table == NULL)
            assert_true(str_is_absent(group->catalog_table));
        else
            assert_text(group->catalog_table, cases[i].table);
        group_unref(group);
    }
}

static void table_names_have_a_bound(void **state)
{
    (void)state;
    char body[1200];
    char table[260];

    for (int length = 252; length <= 253; length++) {
        struct group *group = NULL;
        memset(table, 't', sizeof(table));
        table[length] = '\0';
        (void)snprintf(body, sizeof(body),
                       KIT_HEAD
                       ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"}"
                       ",\"DataCatalogConfig\":{\"TableName\":\"%s\",\"Catalog\":"
                       "\"AwsDataCatalog\",\"Database\":\"d\"}}}",
                       table);
        assert_int_equal(kit_create(body, &group, NULL), length == 252 ? OK : ERR_INVALID);
        group_unref(group);
    }
}

static void feature_counts_have_a_bound(void **state)
{
    (void)state;

    for (unsigned count = 2500; count <= 2501; count++) {
        struct group *group = NULL;
        struct buf body = {0};
        buf_add(&body,
                STR("{\"FeatureGroupName\":\"g\",\"RecordIdentifierFeatureName\":\"f0\","
                    "\"EventTimeFeatureName\":\"f1\"" KIT_ONLINE ",\"FeatureDefinitions\":["));
        for (unsigned i = 0; i < count; i++)
            buf_add_format(&body, "%s{\"FeatureName\":\"f%u\",\"FeatureType\":\"String\"}",
                           i == 0 ? "" : ",", i);
        buf_add(&body, STR("]}"));
        buf_add_byte(&body, '\0');
        assert_int_equal(kit_create(body.ptr, &group, NULL), count == 2500 ? OK : ERR_INVALID);
        group_unref(group);
        buf_release(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(everything_is_kept),
        cmocka_unit_test(rules_are_refused_by_name),
        cmocka_unit_test(catalog_rules),
        cmocka_unit_test(table_names_have_a_bound),
        cmocka_unit_test(feature_counts_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
