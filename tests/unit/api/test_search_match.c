#include "unit/test.h"

#include "api/search_match.h"
#include "unit/api/control_kit.h"

#include <stdio.h>
#include <string.h>

static struct group *group;
static struct arena arena;
static struct err err;

static int setup(void **state)
{
    (void)state;
    struct feature *feature;
    struct pair *parameters = ARENA_NEW(&arena, struct pair, 1);

    if (kit_create(KIT_HEAD KIT_ONLINE
                   ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://b\"}},"
                   "\"Description\":\"cards and more\",\"Tags\":[{\"Key\":\"team\",\"Value\":"
                   "\"fraud\"}]}",
                   &group, &err) != OK)
        fail_msg("%s", err.message);
    feature = &group->features[2];
    parameters[0] = (struct pair){STR("owner"), STR("risk")};
    feature->parameters = parameters;
    feature->parameter_count = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    group_unref(group);
    arena_release(&arena);
    return 0;
}

/* 1 when it holds, 0 when not, -1 when it is refused. */
static int holds(const char *text, enum search_resource resource)
{
    struct in_expression expression;
    struct search_subject subject = {group, resource == SEARCH_GROUPS ? NULL : &group->features[2]};

    if (kit_read(text, &shape_expression, &arena, &expression, &err) != OK ||
        search_check(&expression, resource, &err) != OK)
        return -1;
    return search_matches(&expression, &subject);
}

static int filter_holds(const char *name, const char *op, const char *value,
                        enum search_resource resource)
{
    char text[600];
    size_t len = (size_t)snprintf(text, sizeof(text), "{\"Filters\":[{\"Name\":\"%s\"", name);

    if (op != NULL)
        len += (size_t)snprintf(text + len, sizeof(text) - len, ",\"Operator\":\"%s\"", op);
    if (value != NULL)
        len += (size_t)snprintf(text + len, sizeof(text) - len, ",\"Value\":\"%s\"", value);
    (void)snprintf(text + len, sizeof(text) - len, "}]}");
    return holds(text, resource);
}

static void filters_of_groups(void **state)
{
    (void)state;
    static const struct {
        const char *name, *op, *value;
        int expected;
    } cases[] = {
        {"FeatureGroupName", "Equals", "Fraud-v3", 1},
        {"FeatureGroupName", "Equals", "fraud-v3", 0},
        {"FeatureGroupName", NULL, "Fraud-v3", 1},
        {"FeatureGroupName", "NotEquals", "Fraud-v3", 0},
        {"FeatureGroupName", "NotEquals", "x", 1},
        {"FeatureGroupName", "Contains", "aud-", 1},
        {"FeatureGroupName", "Contains", "aux", 0},
        {"FeatureGroupName", "In", "a, Fraud-v3 ,b", 1},
        {"FeatureGroupName", "In", "a,b", 0},
        {"FeatureGroupName", "Exists", NULL, 1},
        {"FeatureGroupName", "NotExists", NULL, 0},
        {"FeatureGroupName", "GreaterThan", "A", -1},
        {"FeatureGroupName", "Equals", NULL, -1},
        {"RoleArn", "Exists", NULL, 0},
        {"RoleArn", "NotExists", NULL, 1},
        {"RoleArn", "Equals", "x", 0},
        {"RoleArn", "NotEquals", "x", 1},
        {"RecordIdentifierFeatureName", "Equals", "id", 1},
        {"EventTimeFeatureName", "Equals", "ts", 1},
        {"FeatureDefinitions.FeatureName", "Equals", "n", 1},
        {"FeatureDefinitions.FeatureName", "Equals", "m", 0},
        {"FeatureDefinitions.FeatureName", "NotEquals", "n", 0},
        {"FeatureDefinitions.FeatureType", "Contains", "Frac", 1},
        {"CreationTime", "GreaterThan", "2026-07-01T14:03:07", 1},
        {"CreationTime", "LessThan", "2026-07-01T14:03:07Z", 0},
        {"CreationTime", "LessThanOrEqualTo", "2026-07-01T14:03:07.422", 1},
        {"CreationTime", "GreaterThanOrEqualTo", "1782914588", 0},
        {"CreationTime", "Equals", "1782914587.421987", 1},
        {"CreationTime", "Equals", "yesterday", -1},
        {"CreationTime", "Contains", "2026", -1},
        {"LastModifiedTime", "Exists", NULL, 1},
        {"OnlineStoreConfig.EnableOnlineStore", "Equals", "true", 1},
        {"OnlineStoreConfig.StorageType", "Equals", "Standard", 1},
        {"OnlineStoreConfig.TtlDuration.Unit", "Exists", NULL, 0},
        {"OnlineStoreConfig.TtlDuration.Value", "GreaterThan", "1", 0},
        {"OnlineStoreConfig.TtlDuration.Value", "GreaterThan", "many", -1},
        {"OfflineStoreConfig.S3StorageConfig.S3Uri", "Equals", "s3://b", 1},
        {"OfflineStoreConfig.S3StorageConfig.ResolvedOutputS3Uri", "Contains", "/data", 1},
        {"OfflineStoreConfig.DataCatalogConfig.TableName", "Contains", "fraud_v3_", 1},
        {"OfflineStoreConfig.DataCatalogConfig.Database", "Equals", "sagemaker_featurestore", 1},
        {"OfflineStoreConfig.DataCatalogConfig.Catalog", "Equals", "AwsDataCatalog", 1},
        {"FeatureGroupStatus", "Equals", "Created", 1},
        {"OfflineStoreStatus.Status", "Equals", "Active", 1},
        {"LastUpdateStatus.Status", "Exists", NULL, 0},
        {"FailureReason", "NotExists", NULL, 1},
        {"Description", "Contains", "cards", 1},
        {"Tags.team", "Equals", "fraud", 1},
        {"Tags.team", "Equals", "risk", 0},
        {"Tags.other", "Exists", NULL, 0},
        {"Tags.", "Exists", NULL, -1},
        {"FeatureName", "Exists", NULL, -1},
        {"Nope", "Exists", NULL, -1},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int found = filter_holds(cases[i].name, cases[i].op, cases[i].value, SEARCH_GROUPS);
        if (found != cases[i].expected)
            fail_msg("%s %s %s: %d", cases[i].name, cases[i].op, cases[i].value, found);
        if (found < 0)
            assert_non_null(strstr(err.message, cases[i].name));
    }
}

static void filters_of_features(void **state)
{
    (void)state;
    static const struct {
        const char *name, *op, *value;
        int expected;
    } cases[] = {
        {"FeatureName", "Equals", "n", 1},
        {"FeatureName", "Equals", "id", 0},
        {"FeatureType", "Equals", "Integral", 1},
        {"FeatureGroupName", "Contains", "Fraud", 1},
        {"Description", "NotExists", NULL, 1},
        {"Parameters.owner", "Equals", "risk", 1},
        {"Parameters.owner", "Equals", "other", 0},
        {"Parameters.none", "NotExists", NULL, 1},
        {"AllParameters", "Contains", "own", 1},
        {"AllParameters", "Equals", "risk", 1},
        {"AllParameters", "Contains", "zzz", 0},
        {"CreationTime", "GreaterThan", "2000-01-01T00:00:00", 1},
        {"Tags.team", "Exists", NULL, -1},
        {"RoleArn", "Exists", NULL, -1},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int found = filter_holds(cases[i].name, cases[i].op, cases[i].value, SEARCH_FEATURES);
        if (found != cases[i].expected)
            fail_msg("%s %s %s: %d", cases[i].name, cases[i].op, cases[i].value, found);
    }
}

#define YES "{\"Name\":\"FeatureGroupName\",\"Operator\":\"Exists\"}"
#define NO "{\"Name\":\"FeatureGroupName\",\"Operator\":\"NotExists\"}"

static void expressions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int expected;
    } cases[] = {
        {"{}", -1},
        {"{\"Operator\":\"And\"}", -1},
        {"{\"Filters\":[]}", -1},
        {"{\"Filters\":[" YES "," YES "]}", 1},
        {"{\"Filters\":[" YES "," NO "]}", 0},
        {"{\"Operator\":\"Or\",\"Filters\":[" YES "," NO "]}", 1},
        {"{\"Operator\":\"Or\",\"Filters\":[" NO "," NO "]}", 0},
        {"{\"Operator\":\"Xor\",\"Filters\":[" YES "]}", -1},
        {"{\"SubExpressions\":[{\"Filters\":[" YES "]},{\"Operator\":\"Or\",\"Filters\":[" NO
         "," YES "]}]}",
         1},
        {"{\"Filters\":[" YES "],\"SubExpressions\":[{\"Filters\":[" NO "]}]}", 0},
        {"{\"Operator\":\"Or\",\"Filters\":[" NO "],\"SubExpressions\":[{\"Filters\":[" YES "]}]}",
         1},
        {"{\"NestedFilters\":[{\"NestedPropertyName\":\"FeatureDefinitions\",\"Filters\":[{"
         "\"Name\":\"FeatureDefinitions.FeatureName\",\"Value\":\"n\"},{\"Name\":"
         "\"FeatureDefinitions.FeatureType\",\"Value\":\"Integral\"}]}]}",
         1},
        {"{\"NestedFilters\":[{\"NestedPropertyName\":\"FeatureDefinitions\",\"Filters\":[{"
         "\"Name\":\"FeatureDefinitions.FeatureName\",\"Value\":\"n\"},{\"Name\":"
         "\"FeatureDefinitions.FeatureType\",\"Value\":\"String\"}]}]}",
         0},
        {"{\"NestedFilters\":[{\"NestedPropertyName\":\"FeatureDefinitions\",\"Filters\":[{"
         "\"Name\":\"FeatureDefinitions.FeatureName\",\"Operator\":\"NotEquals\",\"Value\":\"n\"}]"
         "}]}",
         1},
        {"{\"NestedFilters\":[{\"NestedPropertyName\":\"FeatureDefinitions\",\"Filters\":[" YES
         "]}]}",
         -1},
        {"{\"NestedFilters\":[{\"NestedPropertyName\":\"Tags\",\"Filters\":[" YES "]}]}", -1},
        {"{\"NestedFilters\":[{\"NestedPropertyName\":\"FeatureDefinitions\",\"Filters\":[]}]}",
         -1},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int found = holds(cases[i].text, SEARCH_GROUPS);
        if (found != cases[i].expected)
            fail_msg("%s: %d", cases[i].text, found);
    }
}

static void conditions_have_a_bound(void **state)
{
    (void)state;

    for (unsigned count = 50; count <= 51; count++) {
        struct buf text = {0};
        unsigned left = count;
        buf_add(&text, STR("{\"SubExpressions\":["));
        for (unsigned part = 0; part < 3; part++) {
            left--; /* the subexpression itself */
            unsigned filters = part == 2 ? left : 16;
            left -= filters;
            buf_add_format(&text, "%s{\"Filters\":[", part == 0 ? "" : ",");
            for (unsigned i = 0; i < filters; i++)
                buf_add_format(&text, "%s" YES, i == 0 ? "" : ",");
            buf_add(&text, STR("]}"));
        }
        buf_add(&text, STR("]}"));
        buf_add_byte(&text, '\0');
        assert_int_equal(holds(text.ptr, SEARCH_GROUPS), count == 50 ? 1 : -1);
        buf_release(&text);
    }
}

static void sorting(void **state)
{
    (void)state;
    struct search_subject subject = {group, NULL};
    struct search_sort sort;
    int64_t number;
    struct str text;

    assert_int_equal(search_sort_find(SEARCH_GROUPS, STR("CreationTime"), &sort, &err), OK);
    search_sort_value(&sort, &subject, &number, &text);
    assert_true(number == group->created_us);
    assert_int_equal(search_sort_find(SEARCH_GROUPS, STR("FeatureGroupName"), &sort, &err), OK);
    search_sort_value(&sort, &subject, &number, &text);
    assert_true(str_equal(text, STR("Fraud-v3")));
    int64_t there = number;
    assert_int_equal(search_sort_find(SEARCH_GROUPS, STR("RoleArn"), &sort, &err), OK);
    search_sort_value(&sort, &subject, &number, &text);
    assert_true(number < there);
    assert_int_equal(search_sort_find(SEARCH_GROUPS, STR("Tags.team"), &sort, &err), OK);
    search_sort_value(&sort, &subject, &number, &text);
    assert_true(str_equal(text, STR("fraud")));
    assert_int_equal(search_sort_find(SEARCH_FEATURES, STR("RoleArn"), &sort, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "SortBy 'RoleArn'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_of_groups), cmocka_unit_test(filters_of_features),
        cmocka_unit_test(expressions),       cmocka_unit_test(conditions_have_a_bound),
        cmocka_unit_test(sorting),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
