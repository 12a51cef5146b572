/*
 * Each constraint of the control plane's model (contract 1.5): one value just inside, which is
 * accepted, and one just outside, which is refused with the member's path, and nothing is changed.
 */
#include "unit/api/server_kit.h"

#define ARN "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/"
#define DEFINITIONS                                                                                \
    "\"RecordIdentifierFeatureName\":\"id\",\"EventTimeFeatureName\":\"ts\","                      \
    "\"FeatureDefinitions\":[{\"FeatureName\":\"id\",\"FeatureType\":\"String\"},{"                \
    "\"FeatureName\":\"ts\",\"FeatureType\":\"String\"},{\"FeatureName\":\"n\",\"FeatureType\":"   \
    "\"Integral\"}]"
#define ONLINE "\"OnlineStoreConfig\":{\"EnableOnlineStore\":true}"
#define NEW "{\"FeatureGroupName\":\"new\"," DEFINITIONS "," ONLINE ","
#define STORED(members)                                                                            \
    "{\"FeatureGroupName\":\"new\"," DEFINITIONS ",\"OfflineStoreConfig\":{" members "}}"
#define WITH_ONLINE(members)                                                                       \
    "{\"FeatureGroupName\":\"new\"," DEFINITIONS                                                   \
    ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true," members "}}"
#define CATALOG(table, catalog, database)                                                          \
    STORED("\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"},\"DisableGlueTableCreation\":true,"         \
           "\"DataCatalogConfig\":{\"TableName\":\"" table "\",\"Catalog\":\"" catalog             \
           "\",\"Database\":\"" database "\"}")
#define UPDATE(members) "{\"FeatureGroupName\":\"there\"," members "}"
#define METADATA(members) "{\"FeatureGroupName\":\"there\",\"FeatureName\":\"n\"," members "}"
#define TAGGED(members) "{\"ResourceArn\":\"" ARN "there\"," members "}"
#define TAGS(key, value) TAGGED("\"Tags\":[{\"Key\":\"" key "\",\"Value\":\"" value "\"}]")
#define FILTER(name, value)                                                                        \
    "{\"Resource\":\"FeatureGroup\",\"SearchExpression\":{\"Filters\":[{\"Name\":\"" name          \
    "\",\"Value\":\"" value "\"}]}}"

/* '@' in the body is replaced by `unit` repeated. */
struct length_case {
    const char *operation;
    const char *body;
    const char *unit;
    unsigned inside;
    unsigned outside;
    const char *path;
};

static const struct length_case length_cases[] = {
    {"CreateFeatureGroup", "{\"FeatureGroupName\":\"@\"," DEFINITIONS "," ONLINE "}", "x", 64, 65,
     "'featureGroupName'"},
    {"CreateFeatureGroup", "{\"FeatureGroupName\":\"@\"," DEFINITIONS "," ONLINE "}", "x", 1, 0,
     "'featureGroupName'"},
    {"CreateFeatureGroup", NEW "\"Description\":\"@\"}", "\xc3\xa9", 128, 129, "'description'"},
    {"CreateFeatureGroup", NEW "\"RoleArn\":\"arn:aws:iam::123456789012:role/@\"}", "r", 2017, 2018,
     "'roleArn'"},
    {"CreateFeatureGroup", STORED("\"S3StorageConfig\":{\"S3Uri\":\"s3://@\"}"), "b", 1019, 1020,
     "'offlineStoreConfig.s3StorageConfig.s3Uri'"},
    {"CreateFeatureGroup", STORED("\"S3StorageConfig\":{\"S3Uri\":\"s3://@\"}"), "b", 1, 0,
     "'offlineStoreConfig.s3StorageConfig.s3Uri'"},
    {"CreateFeatureGroup", STORED("\"S3StorageConfig\":{\"S3Uri\":\"s3://b\",\"KmsKeyId\":\"@\"}"),
     "k", 2048, 2049, "'offlineStoreConfig.s3StorageConfig.kmsKeyId'"},
    {"CreateFeatureGroup", WITH_ONLINE("\"SecurityConfig\":{\"KmsKeyId\":\"@\"}"), "k", 2048, 2049,
     "'onlineStoreConfig.securityConfig.kmsKeyId'"},
    {"CreateFeatureGroup", CATALOG("@", "c", "d"), "t", 255, 256,
     "'offlineStoreConfig.dataCatalogConfig.tableName'"},
    {"CreateFeatureGroup", CATALOG("t", "@", "d"), "c", 255, 256,
     "'offlineStoreConfig.dataCatalogConfig.catalog'"},
    {"CreateFeatureGroup", CATALOG("t", "c", "@"), "d", 255, 256,
     "'offlineStoreConfig.dataCatalogConfig.database'"},
    {"CreateFeatureGroup", CATALOG("t", "c", "@"), "d", 1, 0,
     "'offlineStoreConfig.dataCatalogConfig.database'"},
    {"CreateFeatureGroup", NEW "\"Tags\":[{\"Key\":\"@\",\"Value\":\"\"}]}", "\xc3\xa9", 128, 129,
     "'tags.1.member.key'"},
    {"CreateFeatureGroup", NEW "\"Tags\":[{\"Key\":\"k\",\"Value\":\"@\"}]}", "v", 256, 257,
     "'tags.1.member.value'"},
    {"UpdateFeatureGroup",
     UPDATE("\"FeatureAdditions\":[{\"FeatureName\":\"@\",\"FeatureType\":\"String\"}]"), "f", 64,
     65, "'featureAdditions.1.member.featureName'"},
    {"UpdateFeatureGroup",
     UPDATE("\"FeatureAdditions\":[{\"FeatureName\":\"@\",\"FeatureType\":\"String\"}]"), "f", 1, 0,
     "'featureAdditions.1.member.featureName'"},
    {"UpdateFeatureMetadata", METADATA("\"Description\":\"@\""), "\xc3\xa9", 255, 256,
     "'description'"},
    {"UpdateFeatureMetadata", METADATA("\"ParameterAdditions\":[{\"Key\":\"@\",\"Value\":\"v\"}]"),
     "k", 255, 256, "'parameterAdditions.1.member.key'"},
    {"UpdateFeatureMetadata", METADATA("\"ParameterAdditions\":[{\"Key\":\"k\",\"Value\":\"@\"}]"),
     "v", 255, 256, "'parameterAdditions.1.member.value'"},
    {"UpdateFeatureMetadata", METADATA("\"ParameterAdditions\":[{\"Key\":\"k\",\"Value\":\"@\"}]"),
     "v", 1, 0, "'parameterAdditions.1.member.value'"},
    {"UpdateFeatureMetadata", METADATA("\"ParameterRemovals\":[\"@\"]"), "k", 255, 256,
     "'parameterRemovals.1.member'"},
    {"AddTags", TAGS("@", "v"), "k", 128, 129, "'tags.1.member.key'"},
    {"AddTags", TAGS("k", "@"), "v", 256, 257, "'tags.1.member.value'"},
    {"DeleteTags", TAGGED("\"TagKeys\":[\"@\"]"), "k", 128, 129, "'tagKeys.1.member'"},
    {"DeleteTags", TAGGED("\"TagKeys\":[\"@\"]"), "k", 1, 0, "'tagKeys.1.member'"},
    {"ListFeatureGroups", "{\"NameContains\":\"@\"}", "x", 64, 65, "'nameContains'"},
    {"ListFeatureGroups", "{\"NameContains\":\"@\"}", "x", 1, 0, "'nameContains'"},
    {"Search", FILTER("Tags.@", "v"), "k", 250, 251, "'searchExpression.filters.1.member.name'"},
    {"Search", FILTER("Description", "@"), "v", 1024, 1025,
     "'searchExpression.filters.1.member.value'"},
    {"Search", FILTER("Description", "@"), "v", 1, 0, "'searchExpression.filters.1.member.value'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"SortBy\":\"Tags.@\"}", "k", 250, 251, "'sortBy'"},
};

/* `items` copies of `item` between commas replace the '@'; a '#' in an item is its number. */
struct count_case {
    const char *operation;
    const char *body;
    const char *item;
    unsigned inside;
    unsigned outside;
    const char *path;
};

static const struct count_case count_cases[] = {
    {"CreateFeatureGroup", NEW "\"Tags\":[@]}", "{\"Key\":\"k#\",\"Value\":\"\"}", 50, 51,
     "'tags'"},
    {"UpdateFeatureGroup", UPDATE("\"FeatureAdditions\":[@]"),
     "{\"FeatureName\":\"a#\",\"FeatureType\":\"String\"}", 100, 101, "'featureAdditions'"},
    {"UpdateFeatureGroup", UPDATE("\"FeatureAdditions\":[@]"),
     "{\"FeatureName\":\"a#\",\"FeatureType\":\"String\"}", 1, 0, "'featureAdditions'"},
    {"UpdateFeatureMetadata", METADATA("\"ParameterAdditions\":[@]"),
     "{\"Key\":\"k#\",\"Value\":\"v\"}", 25, 26, "'parameterAdditions'"},
    {"UpdateFeatureMetadata", METADATA("\"ParameterRemovals\":[@]"), "\"k#\"", 25, 26,
     "'parameterRemovals'"},
    {"AddTags", TAGGED("\"Tags\":[@]"), "{\"Key\":\"k#\",\"Value\":\"\"}", 50, 51, "'tags'"},
    {"DeleteTags", TAGGED("\"TagKeys\":[@]"), "\"k#\"", 50, 51, "'tagKeys'"},
    {"DeleteTags", TAGGED("\"TagKeys\":[@]"), "\"k#\"", 1, 0, "'tagKeys'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"SearchExpression\":{\"Filters\":[@]}}",
     "{\"Name\":\"Tags.k#\",\"Operator\":\"Exists\"}", 20, 21, "'searchExpression.filters'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"SearchExpression\":{\"Filters\":[@]}}",
     "{\"Name\":\"Tags.k#\",\"Operator\":\"Exists\"}", 1, 0, "'searchExpression.filters'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"SearchExpression\":{\"SubExpressions\":[@]}}",
     "{\"Filters\":[{\"Name\":\"Tags.k#\",\"Operator\":\"Exists\"}]}", 20, 21,
     "'searchExpression.subExpressions'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"SearchExpression\":{\"NestedFilters\":[@]}}",
     "{\"NestedPropertyName\":\"FeatureDefinitions\",\"Filters\":[{\"Name\":"
     "\"FeatureDefinitions.FeatureName\",\"Value\":\"k#\"}]}",
     20, 21, "'searchExpression.nestedFilters'"},
};

/* Two whole bodies. */
struct value_case {
    const char *operation;
    const char *inside;
    const char *outside;
    const char *path;
};

#define CREATE_TTL(unit, value)                                                                    \
    WITH_ONLINE("\"TtlDuration\":{\"Unit\":\"" unit "\",\"Value\":" value "}")
#define CREATE_UNITS(read, write)                                                                  \
    NEW "\"ThroughputConfig\":{\"ThroughputMode\":\"Provisioned\","                                \
        "\"ProvisionedReadCapacityUnits\":" read ",\"ProvisionedWriteCapacityUnits\":" write "}}"

static const struct value_case value_cases[] = {
    {"CreateFeatureGroup", CREATE_TTL("Seconds", "1"), CREATE_TTL("Seconds", "0"),
     "'onlineStoreConfig.ttlDuration.value'"},
    {"CreateFeatureGroup", CREATE_TTL("Weeks", "1"), CREATE_TTL("Months", "1"),
     "'onlineStoreConfig.ttlDuration.unit'"},
    {"CreateFeatureGroup", CREATE_UNITS("0", "10000000"), CREATE_UNITS("0", "10000001"),
     "'throughputConfig.provisionedWriteCapacityUnits'"},
    {"CreateFeatureGroup", CREATE_UNITS("0", "0"), CREATE_UNITS("-1", "0"),
     "'throughputConfig.provisionedReadCapacityUnits'"},
    {"CreateFeatureGroup", WITH_ONLINE("\"StorageType\":\"Standard\""),
     WITH_ONLINE("\"StorageType\":\"standard\""), "'onlineStoreConfig.storageType'"},
    {"CreateFeatureGroup",
     STORED("\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"},\"TableFormat\":\"Default\""),
     STORED("\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"},\"TableFormat\":\"Hive\""),
     "'offlineStoreConfig.tableFormat'"},
    {"CreateFeatureGroup", STORED("\"S3StorageConfig\":{\"S3Uri\":\"https://b\"}"),
     STORED("\"S3StorageConfig\":{\"S3Uri\":\"http://b\"}"),
     "'offlineStoreConfig.s3StorageConfig.s3Uri'"},
    {"CreateFeatureGroup", STORED("\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"}"), STORED(""),
     "'offlineStoreConfig.s3StorageConfig'"},
    {"CreateFeatureGroup", NEW "\"RoleArn\":\"arn:aws:iam::123456789012:role/a\"}",
     NEW "\"RoleArn\":\"arn:aws:iam::123456789012:user/a\"}", "'roleArn'"},
    {"CreateFeatureGroup", NEW "\"Tags\":[{\"Key\":\"a b\",\"Value\":\"\"}]}",
     NEW "\"Tags\":[{\"Key\":\"a,b\",\"Value\":\"\"}]}", "'tags.1.member.key'"},
    {"CreateFeatureGroup", NEW "\"Tags\":[{\"Key\":\"a\",\"Value\":\"\"}]}",
     NEW "\"Tags\":[{\"Key\":\"a\"}]}", "'tags.1.member.value'"},
    {"ListFeatureGroups", "{\"MaxResults\":100}", "{\"MaxResults\":101}", "'maxResults'"},
    {"ListFeatureGroups", "{\"MaxResults\":1}", "{\"MaxResults\":0}", "'maxResults'"},
    {"ListFeatureGroups", "{\"SortOrder\":\"Descending\"}", "{\"SortOrder\":\"Down\"}",
     "'sortOrder'"},
    {"ListFeatureGroups", "{\"SortBy\":\"Name\"}", "{\"SortBy\":\"name\"}", "'sortBy'"},
    {"ListFeatureGroups", "{\"FeatureGroupStatusEquals\":\"Deleting\"}",
     "{\"FeatureGroupStatusEquals\":\"Gone\"}", "'featureGroupStatusEquals'"},
    {"ListFeatureGroups", "{\"OfflineStoreStatusEquals\":\"Disabled\"}",
     "{\"OfflineStoreStatusEquals\":\"Off\"}", "'offlineStoreStatusEquals'"},
    {"ListTags", TAGGED("\"MaxResults\":50"), TAGGED("\"MaxResults\":49"), "'maxResults'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"MaxResults\":1}",
     "{\"Resource\":\"FeatureGroup\",\"MaxResults\":0}", "'maxResults'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"MaxResults\":100}",
     "{\"Resource\":\"FeatureGroup\",\"MaxResults\":101}", "'maxResults'"},
    {"Search", "{\"Resource\":\"ModelCard\"}", "{\"Resource\":\"Card\"}", "'resource'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"CrossAccountFilterOption\":\"SameAccount\"}",
     "{\"Resource\":\"FeatureGroup\",\"CrossAccountFilterOption\":\"AnyAccount\"}",
     "'crossAccountFilterOption'"},
    {"Search", "{\"Resource\":\"FeatureGroup\",\"SortOrder\":\"Ascending\"}",
     "{\"Resource\":\"FeatureGroup\",\"SortOrder\":\"Up\"}", "'sortOrder'"},
};

static void length_body(const struct length_case *test, unsigned times, struct buf *ret)
{
    struct str rest = str_from(test->body);

    buf_clear(ret);
    buf_add(ret, str_cut(&rest, '@'));
    for (unsigned i = 0; i < times; i++)
        buf_add(ret, str_from(test->unit));
    buf_add(ret, rest);
    buf_add_byte(ret, '\0');
}

static void count_body(const struct count_case *test, unsigned times, struct buf *ret)
{
    struct str rest = str_from(test->body);

    buf_clear(ret);
    buf_add(ret, str_cut(&rest, '@'));
    for (unsigned i = 0; i < times; i++) {
        struct str item = str_from(test->item);
        if (i > 0)
            buf_add_byte(ret, ',');
        buf_add(ret, str_cut(&item, '#'));
        buf_add_format(ret, "%u", i);
        buf_add(ret, item);
    }
    buf_add(ret, rest);
    buf_add_byte(ret, '\0');
}

/* A new store with the group "there" for each half of a case, so that cases do not meet. */
static struct server_kit *fresh(void **state)
{
    struct server_kit *kit = *state;

    kit_teardown(state);
    kit_setup(state);
    kit = *state;
    (void)kit_good(kit, "CreateFeatureGroup",
                   "{\"FeatureGroupName\":\"there\"," DEFINITIONS "," ONLINE "}");
    return kit;
}

static void pair_run(void **state, const char *operation, const char *inside, const char *outside,
                     const char *path)
{
    struct server_kit *kit = fresh(state);
    uint64_t version = store_catalog(kit->api.options.store)->version;

    kit_refused(kit, operation, outside, "ValidationException", path);
    assert_true(store_catalog(kit->api.options.store)->version == version);
    (void)kit_good(kit, operation, inside);
}

static void lengths(void **state)
{
    struct buf inside = {0};
    struct buf outside = {0};

    for (size_t i = 0; i < ARRAY_COUNT(length_cases); i++) {
        const struct length_case *test = &length_cases[i];
        length_body(test, test->inside, &inside);
        length_body(test, test->outside, &outside);
        pair_run(state, test->operation, inside.ptr, outside.ptr, test->path);
    }
    buf_release(&inside);
    buf_release(&outside);
}

static void counts(void **state)
{
    struct buf inside = {0};
    struct buf outside = {0};

    for (size_t i = 0; i < ARRAY_COUNT(count_cases); i++) {
        const struct count_case *test = &count_cases[i];
        count_body(test, test->inside, &inside);
        count_body(test, test->outside, &outside);
        pair_run(state, test->operation, inside.ptr, outside.ptr, test->path);
    }
    buf_release(&inside);
    buf_release(&outside);
}

static void values(void **state)
{
    for (size_t i = 0; i < ARRAY_COUNT(value_cases); i++)
        pair_run(state, value_cases[i].operation, value_cases[i].inside, value_cases[i].outside,
                 value_cases[i].path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lengths, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(counts, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(values, kit_setup, kit_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
