/* Every operation of the control plane, handler and writer together. */
#include "unit/api/server_kit.h"

#define ARN "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/"
#define NOT_FOUND "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name "

static const char create_form[] =
    "{\"FeatureGroupName\":\"%s\",\"RecordIdentifierFeatureName\":\"id\",\"EventTimeFeatureName\":"
    "\"ts\",\"FeatureDefinitions\":[{\"FeatureName\":\"id\",\"FeatureType\":\"String\"},{"
    "\"FeatureName\":\"ts\",\"FeatureType\":\"String\"},{\"FeatureName\":\"n\",\"FeatureType\":"
    "\"Integral\"}],\"OnlineStoreConfig\":{\"EnableOnlineStore\":true}%s}";

static const char *create_body(const char *name, const char *more)
{
    static char body[2000];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(body, sizeof(body), create_form, name, more);
#pragma GCC diagnostic pop
    return body;
}

static void create(struct server_kit *kit, const char *name)
{
    struct str answer = kit_good(kit, "CreateFeatureGroup", create_body(name, ""));
    char expected[200];

    (void)snprintf(expected, sizeof(expected), "{\"FeatureGroupArn\":\"" ARN "%s\"}", name);
    assert_true(str_equal(answer, str_from(expected)));
}

static void assert_says(struct str answer, const char *text)
{
    if (!str_contains(answer, str_from(text)))
        fail_msg("'%.*s' does not say '%s'", STR_ARG(answer), text);
}

static void groups_come_and_go(void **state)
{
    struct server_kit *kit = *state;

    create(kit, "Fg-1");
    struct str answer = kit_good(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"Fg-1\"}");
    assert_says(answer, "{\"FeatureGroupArn\":\"" ARN "Fg-1\",\"FeatureGroupName\":\"Fg-1\",");
    assert_says(answer, "\"FeatureGroupStatus\":\"Created\"");
    assert_says(answer, "\"ThroughputConfig\":{\"ThroughputMode\":\"OnDemand\"}");
    assert_says(answer, "\"OnlineStoreTotalSizeBytes\":0,\"OnlineStoreReplicas\":[],"
                        "\"OnlineStoreReadWriteType\":\"ReadWrite\",\"CreatedBy\":{},"
                        "\"LastModifiedBy\":{}}");
    assert_false(str_contains(answer, STR("NextToken")));
    assert_says(kit_good(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"" ARN "Fg-1\"}"),
                "Fg-1");

    kit_refused(kit, "CreateFeatureGroup", create_body("Fg-1", ""), "ResourceInUse",
                "Resource Already Exists: FeatureGroup with name Fg-1 already exists. Choose a "
                "different name.\\nInfo: Feature Group 'Fg-1' already exists.");
    kit_refused(kit, "DeleteFeatureGroup", "{\"FeatureGroupName\":\"" ARN "Fg-1\"}",
                "ValidationException", "'featureGroupName'");
    assert_int_equal(kit_good(kit, "DeleteFeatureGroup", "{\"FeatureGroupName\":\"Fg-1\"}").len, 0);
    kit_refused(kit, "DeleteFeatureGroup", "{\"FeatureGroupName\":\"Fg-1\"}", "ResourceNotFound",
                NOT_FOUND "Fg-1");
    kit_refused(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"Fg-1\"}", "ResourceNotFound",
                NOT_FOUND "Fg-1");
    create(kit, "Fg-1");
}

static void the_quota_is_refused(void **state)
{
    struct server_kit *kit = *state;
    static const char *const names[] = {"a", "b", "c", "d", "e"};

    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        create(kit, names[i]);
    kit_refused(kit, "CreateFeatureGroup", create_body("f", ""), "ResourceLimitExceeded",
                "is 5 FeatureGroups, with current utilization of 5 FeatureGroups");
}

static void bodies_are_checked(void **state)
{
    struct server_kit *kit = *state;
    static const char *const named[] = {"DescribeFeatureGroup", "UpdateFeatureGroup",
                                        "DeleteFeatureGroup", "DescribeFeatureMetadata",
                                        "UpdateFeatureMetadata"};
    static const char *const all[] = {"CreateFeatureGroup",
                                      "DescribeFeatureGroup",
                                      "ListFeatureGroups",
                                      "UpdateFeatureGroup",
                                      "DeleteFeatureGroup",
                                      "DescribeFeatureMetadata",
                                      "UpdateFeatureMetadata",
                                      "AddTags",
                                      "ListTags",
                                      "DeleteTags",
                                      "Search"};

    for (size_t i = 0; i < ARRAY_COUNT(named); i++) {
        kit_refused(kit, named[i], "{}", "ValidationException", "'featureGroupName'");
        kit_refused(kit, named[i], "{\"FeatureGroupName\":7}", "SerializationException",
                    "featureGroupName");
        kit_refused(kit, named[i], "{\"FeatureGroupName\":\"a-\",\"FeatureName\":\"n\"}",
                    "ValidationException", "'featureGroupName'");
        kit_refused(kit, named[i], "{\"FeatureGroupName\":\"nope\",\"FeatureName\":\"n\"}",
                    "ResourceNotFound", NOT_FOUND "nope");
    }
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        kit_refused(kit, all[i], "[]", "SerializationException", "expected an object");
        kit_refused(kit, all[i], "{\"a\":", "SerializationException", "");
    }
}

static void other_accounts_are_denied(void **state)
{
    struct server_kit *kit = *state;

    create(kit, "fg");
    kit_refused(kit, "DescribeFeatureGroup",
                "{\"FeatureGroupName\":\"arn:aws:sagemaker:eu-west-1:999999999999:feature-group/"
                "fg\"}",
                "AccessDeniedException", "is not authorized to perform");
    kit_refused(kit, "AddTags",
                "{\"ResourceArn\":\"arn:aws:sagemaker:us-east-1:123456789012:feature-group/fg\","
                "\"Tags\":[]}",
                "AccessDeniedException", "is not authorized to perform");
}

/* The text between the quotes behind "NextToken":, or absent. */
static struct str next_token(struct server_kit *kit, struct str answer)
{
    struct str mark = STR("\"NextToken\":\"");

    for (size_t i = 0; i + mark.len <= answer.len; i++) {
        if (!str_starts(str_slice(answer, i, answer.len), mark))
            continue;
        struct str rest = str_slice(answer, i + mark.len, answer.len);
        (void)kit;
        return str_slice(rest, 0, str_find_byte(rest, 0, '"'));
    }
    return STR_ABSENT;
}

/* Collects `"<key>":"x"` of all pages as "x,x,…". */
static void pages_collect(struct server_kit *kit, const char *operation, const char *members,
                          const char *key, char *ret, size_t bytes)
{
    char body[3000];
    char mark[80];
    size_t len = 0;
    unsigned pages = 0;

    ret[0] = '\0';
    int mark_len = snprintf(mark, sizeof(mark), "\"%s\":\"", key);
    (void)snprintf(body, sizeof(body), "{%s}", members);
    for (bool is_more = true; is_more && pages < 50; pages++) {
        struct str answer = kit_good(kit, operation, body);
        for (size_t i = 0; i + (size_t)mark_len <= answer.len; i++) {
            struct str rest = str_slice(answer, i, answer.len);
            if (!str_starts(rest, (struct str){mark, (size_t)mark_len}))
                continue;
            rest = str_slice(rest, (size_t)mark_len, rest.len);
            struct str value = str_slice(rest, 0, str_find_byte(rest, 0, '"'));
            len += (size_t)snprintf(ret + len, bytes - len, "%.*s,", STR_ARG(value));
        }
        struct str token = next_token(kit, answer);
        is_more = !str_is_absent(token);
        (void)snprintf(body, sizeof(body), "{%s,\"NextToken\":\"%.*s\"}", members, STR_ARG(token));
    }
}

static void lists_are_sorted_filtered_and_paged(void **state)
{
    struct server_kit *kit = *state;
    static const struct {
        const char *members;
        const char *expected;
    } cases[] = {
        {"\"MaxResults\":2", "b1,a1,d2,"},
        {"\"MaxResults\":1,\"SortOrder\":\"Descending\"", "d2,a1,b1,"},
        {"\"MaxResults\":1,\"SortBy\":\"Name\"", "a1,b1,d2,"},
        {"\"MaxResults\":2,\"SortBy\":\"Name\",\"SortOrder\":\"Descending\"", "d2,b1,a1,"},
        {"\"MaxResults\":1,\"SortBy\":\"FeatureGroupStatus\"", "b1,a1,d2,"},
        {"\"MaxResults\":1,\"SortBy\":\"OfflineStoreStatus\"", "a1,b1,d2,"},
        {"\"NameContains\":\"1\"", "b1,a1,"},
        {"\"OfflineStoreStatusEquals\":\"Active\"", "a1,"},
        {"\"OfflineStoreStatusEquals\":\"Blocked\"", ""},
        {"\"FeatureGroupStatusEquals\":\"Created\"", "b1,a1,d2,"},
        {"\"FeatureGroupStatusEquals\":\"DeleteFailed\"", ""},
        {"\"CreationTimeAfter\":0", "b1,a1,d2,"},
        {"\"CreationTimeAfter\":9e9", ""},
        {"\"CreationTimeBefore\":9e9,\"CreationTimeAfter\":1.5", "b1,a1,d2,"},
    };
    char found[200];

    create(kit, "b1");
    (void)kit_good(kit, "CreateFeatureGroup",
                   create_body("a1", ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":"
                                     "\"s3://b\"}}"));
    create(kit, "d2");
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        pages_collect(kit, "ListFeatureGroups", cases[i].members, "FeatureGroupName", found,
                      sizeof(found));
        assert_string_equal(found, cases[i].expected);
    }
    kit_refused(kit, "ListFeatureGroups", "{\"MaxResults\":0}", "ValidationException",
                "'maxResults'");
    kit_refused(kit, "ListFeatureGroups", "{\"MaxResults\":101}", "ValidationException",
                "'maxResults'");
    kit_refused(kit, "ListFeatureGroups", "{\"NextToken\":\"00\"}", "ValidationException",
                "NextToken");
    kit_refused(kit, "ListFeatureGroups", "{\"NameContains\":\"\"}", "ValidationException",
                "'nameContains'");
}

static void tokens_belong_to_their_operation(void **state)
{
    struct server_kit *kit = *state;
    char body[2000];

    create(kit, "a");
    create(kit, "b");
    struct str token = next_token(kit, kit_good(kit, "ListFeatureGroups", "{\"MaxResults\":1}"));
    (void)snprintf(body, sizeof(body), "{\"Resource\":\"FeatureGroup\",\"NextToken\":\"%.*s\"}",
                   STR_ARG(token));
    kit_refused(kit, "Search", body, "ValidationException", "NextToken");
    token = next_token(kit, kit_good(kit, "ListFeatureGroups", "{\"MaxResults\":1}"));
    (void)snprintf(body, sizeof(body), "{\"SortOrder\":\"Descending\",\"NextToken\":\"%.*s\"}",
                   STR_ARG(token));
    kit_refused(kit, "ListFeatureGroups", body, "ValidationException", "SortOrder");
}

static void updates_are_seen(void **state)
{
    struct server_kit *kit = *state;

    create(kit, "fg");
    assert_says(kit_good(kit, "UpdateFeatureGroup",
                         "{\"FeatureGroupName\":\"" ARN
                         "fg\",\"FeatureAdditions\":[{\"FeatureName\":\"x\",\"FeatureType\":"
                         "\"Fractional\"}]}"),
                "{\"FeatureGroupArn\":\"" ARN "fg\"}");
    struct str answer = kit_good(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"fg\"}");
    assert_says(answer, "{\"FeatureName\":\"x\",\"FeatureType\":\"Fractional\"}]");
    assert_says(answer, "\"LastUpdateStatus\":{\"Status\":\"Successful\"}");
    kit_refused(kit, "UpdateFeatureGroup",
                "{\"FeatureGroupName\":\"fg\",\"FeatureAdditions\":[{\"FeatureName\":\"X\","
                "\"FeatureType\":\"String\"}]}",
                "ValidationException", "FeatureName 'X'");
    kit_refused(kit, "UpdateFeatureGroup", "{\"FeatureGroupName\":\"fg\"}", "ValidationException",
                "nothing to update");
    (void)kit_good(kit, "UpdateFeatureGroup",
                   "{\"FeatureGroupName\":\"fg\",\"OnlineStoreConfig\":{\"StorageType\":"
                   "\"Standard_V2\"}}");
    assert_says(kit_good(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"fg\"}"),
                "\"StorageType\":\"Standard_V2\"");
}

static void metadata(void **state)
{
    struct server_kit *kit = *state;

    create(kit, "fg");
    assert_int_equal(kit_good(kit, "UpdateFeatureMetadata",
                              "{\"FeatureGroupName\":\"fg\",\"FeatureName\":\"n\",\"Description\":"
                              "\"a count\",\"ParameterAdditions\":[{\"Key\":\"k\",\"Value\":\"v\"}"
                              "]}")
                         .len,
                     0);
    assert_says(kit_good(kit, "DescribeFeatureMetadata",
                         "{\"FeatureGroupName\":\"" ARN "fg\",\"FeatureName\":\"n\"}"),
                "\"Description\":\"a count\",\"Parameters\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    kit_refused(kit, "DescribeFeatureMetadata",
                "{\"FeatureGroupName\":\"fg\",\"FeatureName\":\"zip\"}", "ResourceNotFound",
                "can't find a Feature with name zip");
    kit_refused(kit, "UpdateFeatureMetadata",
                "{\"FeatureGroupName\":\"fg\",\"FeatureName\":\"zip\"}", "ResourceNotFound", "zip");
    kit_refused(kit, "UpdateFeatureMetadata",
                "{\"FeatureGroupName\":\"fg\",\"FeatureName\":\"n\",\"ParameterAdditions\":[{"
                "\"Key\":\"k@\",\"Value\":\"v\"}]}",
                "ValidationException", "'parameterAdditions.1.member.key'");
    kit_refused(kit, "UpdateFeatureMetadata",
                "{\"FeatureGroupName\":\"fg\",\"FeatureName\":\"n\",\"ParameterRemovals\":[\"\"]}",
                "ValidationException", "'parameterRemovals.1.member'");
}

static void tags(void **state)
{
    struct server_kit *kit = *state;

    (void)kit_good(kit, "CreateFeatureGroup",
                   create_body("fg", ",\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"}]"));
    assert_says(kit_good(kit, "AddTags",
                         "{\"ResourceArn\":\"" ARN
                         "fg\",\"Tags\":[{\"Key\":\"b\",\"Value\":\"\"}]}"),
                "{\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\",\"Value\":\"\"}]}");
    assert_says(
        kit_good(kit, "DeleteTags", "{\"ResourceArn\":\"" ARN "fg\",\"TagKeys\":[\"a\",\"zz\"]}"),
        "{}");
    assert_says(kit_good(kit, "ListTags", "{\"ResourceArn\":\"" ARN "fg\",\"MaxResults\":50}"),
                "{\"Tags\":[{\"Key\":\"b\",\"Value\":\"\"}]}");
    kit_refused(kit, "ListTags", "{\"ResourceArn\":\"" ARN "fg\",\"MaxResults\":49}",
                "ValidationException", "'maxResults'");
    kit_refused(kit, "ListTags", "{\"ResourceArn\":\"" ARN "fg\",\"NextToken\":\"x\"}",
                "ValidationException", "NextToken");
    kit_refused(kit, "ListTags", "{\"ResourceArn\":\"" ARN "none\"}", "ValidationException",
                NOT_FOUND "none");
    kit_refused(kit, "ListTags", "{\"ResourceArn\":\"fg\"}", "ValidationException",
                "'resourceArn'");
    kit_refused(kit, "ListTags",
                "{\"ResourceArn\":\"arn:aws:sagemaker:eu-west-1:123456789012:endpoint/fg\"}",
                "ValidationException", "ResourceArn");
    kit_refused(kit, "AddTags", "{\"ResourceArn\":\"" ARN "fg\"}", "ValidationException", "'tags'");
    kit_refused(kit, "AddTags",
                "{\"ResourceArn\":\"" ARN "fg\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"1\"},{"
                "\"Key\":\"k\",\"Value\":\"2\"}]}",
                "ValidationException", "Tags has the key 'k' twice");
    kit_refused(kit, "DeleteTags", "{\"ResourceArn\":\"" ARN "fg\",\"TagKeys\":[]}",
                "ValidationException", "'tagKeys'");
}

static void searches(void **state)
{
    struct server_kit *kit = *state;
    char found[400];

    create(kit, "one");
    create(kit, "two");
    (void)kit_good(kit, "AddTags",
                   "{\"ResourceArn\":\"" ARN "two\",\"Tags\":[{\"Key\":\"t\",\"Value\":\"v\"}]}");
    struct str answer = kit_good(kit, "Search",
                                 "{\"Resource\":\"FeatureGroup\",\"SearchExpression\":{\"Filters\":"
                                 "[{\"Name\":\"Tags.t\",\"Value\":\"v\"}]}}");
    assert_says(answer, "{\"Results\":[{\"FeatureGroup\":{\"FeatureGroupArn\":\"" ARN "two\"");
    assert_says(answer, "\"Tags\":[{\"Key\":\"t\",\"Value\":\"v\"}]}}]");
    assert_says(answer, "\"TotalHits\":{\"Value\":1,\"Relation\":\"EqualTo\"}}");
    /* The newest first, unless asked otherwise. */
    pages_collect(kit, "Search", "\"Resource\":\"FeatureGroup\",\"MaxResults\":1",
                  "FeatureGroupName", found, sizeof(found));
    assert_string_equal(found, "two,one,");
    pages_collect(kit, "Search",
                  "\"Resource\":\"FeatureMetadata\",\"MaxResults\":2,\"SortBy\":\"FeatureName\","
                  "\"SortOrder\":\"Ascending\"",
                  "FeatureName", found, sizeof(found));
    assert_string_equal(found, "id,id,n,n,ts,ts,");
    assert_says(kit_good(kit, "Search", "{\"Resource\":\"Endpoint\"}"),
                "{\"Results\":[],\"TotalHits\":{\"Value\":0,");
    kit_refused(kit, "Search", "{}", "ValidationException", "'resource'");
    kit_refused(kit, "Search", "{\"Resource\":\"Thing\"}", "ValidationException", "'resource'");
    kit_refused(kit, "Search", "{\"Resource\":\"FeatureGroup\",\"SortBy\":\"Nope\"}",
                "ValidationException", "SortBy");
    kit_refused(kit, "Search", "{\"Resource\":\"FeatureGroup\",\"SearchExpression\":{}}",
                "ValidationException", "SearchExpression");
    kit_refused(kit, "Search", "{\"Resource\":\"FeatureGroup\",\"MaxResults\":101}",
                "ValidationException", "'maxResults'");
}

static void a_taken_table_is_told_by_describe(void **state)
{
    struct server_kit *kit = *state;
    static const char offline[] =
        ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://"
        "b\"},\"DataCatalogConfig\":{"
        "\"TableName\":\"t\",\"Catalog\":\"AwsDataCatalog\",\"Database\":\"d\"}}";

    (void)kit_good(kit, "CreateFeatureGroup", create_body("one", offline));
    assert_says(kit_good(kit, "CreateFeatureGroup", create_body("two", offline)), ARN "two");
    struct str answer = kit_good(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"two\"}");
    assert_says(answer, "\"FeatureGroupStatus\":\"CreateFailed\"");
    assert_says(answer, "\"FailureReason\":\"Table t already exists in database d.");
}

static void definitions_survive_a_restart(void **state)
{
    struct server_kit *kit = *state;
    char before[2000];

    create(kit, "gone");
    create(kit, "stays");
    (void)kit_good(kit, "UpdateFeatureMetadata",
                   "{\"FeatureGroupName\":\"stays\",\"FeatureName\":\"n\",\"Description\":\"d\"}");
    (void)kit_good(kit, "DeleteFeatureGroup", "{\"FeatureGroupName\":\"gone\"}");
    struct str answer = kit_good(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"stays\"}");
    (void)snprintf(before, sizeof(before), "%.*s", STR_ARG(answer));
    store_close(kit->api.options.store);
    kit_open_store(kit);
    answer = kit_good(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"stays\"}");
    assert_true(str_equal(answer, str_from(before)));
    assert_says(kit_good(kit, "DescribeFeatureMetadata",
                         "{\"FeatureGroupName\":\"stays\",\"FeatureName\":\"n\"}"),
                "\"Description\":\"d\"");
    kit_refused(kit, "DescribeFeatureGroup", "{\"FeatureGroupName\":\"gone\"}", "ResourceNotFound",
                "gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(groups_come_and_go, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(the_quota_is_refused, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(bodies_are_checked, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(other_accounts_are_denied, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(lists_are_sorted_filtered_and_paged, kit_setup,
                                        kit_teardown),
        cmocka_unit_test_setup_teardown(tokens_belong_to_their_operation, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(updates_are_seen, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(metadata, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(tags, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(searches, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(a_taken_table_is_told_by_describe, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(definitions_survive_a_restart, kit_setup, kit_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
