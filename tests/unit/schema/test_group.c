#include "unit/test.h"

#include "schema/group.h"
#include "unit/schema/sample.h"

#include <stdio.h>
#include <string.h>

/* Every member of the definition, in the order in which it is written. */
static const char full[] =
    "{\"id\":7,\"version\":3,\"name\":\"Fg-1\",\"arn\":\"arn:aws:sagemaker:eu-west-1:123456789012:"
    "feature-group/Fg-1\",\"role_arn\":\"arn:aws:iam::123456789012:role/r\",\"description\":\"a "
    "\\\"b\\\" \\u0001\",\"identifier_index\":1,\"event_time_index\":0,\"created_us\":"
    "1700000000123456,\"modified_us\":1700000000123457,\"created_by\":\"me\",\"status\":"
    "\"CreateFailed\",\"failure_reason\":\"why\",\"last_update_failure\":\"\",\"has_update\":true,"
    "\"is_online\":true,\"storage_type\":\"Standard_V2\",\"has_storage_type\":true,\"ttl_unit\":"
    "\"Days\",\"ttl_value\":30,\"online_kms_key\":\"k\",\"throughput_mode\":\"Provisioned\","
    "\"read_units\":5,\"write_units\":0,\"is_offline\":true,\"store_uri\":\"s3://b/p\","
    "\"resolved_uri\":\"s3://b/p/123456789012/data\",\"offline_kms_key\":\"k2\","
    "\"is_glue_disabled\":true,\"has_catalog_config\":true,\"catalog_table\":\"t\","
    "\"catalog_database\":\"d\",\"catalog_name\":\"AwsDataCatalog\",\"table_format\":\"Iceberg\","
    "\"tags\":[[\"team\",\"fraud\"],[\"empty\",\"\"]],\"features\":[{\"name\":\"ts\",\"type\":"
    "\"Fractional\",\"created_us\":1,\"modified_us\":2,\"description\":\"when\",\"parameters\":[["
    "\"p\",\"q\"]]},{\"name\":\"id\",\"type\":\"Integral\",\"created_us\":1,\"modified_us\":1}]}";

static struct group *read_good(const char *text)
{
    struct group *group = NULL;
    struct err err = {0};

    if (group_read(str_from(text), &group, &err) != OK)
        fail_msg("%s", err.message);
    return group;
}

static void a_definition_survives_the_round_trip(void **state)
{
    (void)state;
    struct buf out;
    struct group *group = read_good(full);

    buf_init(&out, 0);
    group_write(group, &out);
    assert_true(str_equal(buf_str(&out), str_from(full)));
    assert_int_equal(group->id, 7);
    assert_int_equal(group->status, GROUP_CREATE_FAILED);
    assert_int_equal(group->storage_type, STORAGE_STANDARD_V2);
    assert_int_equal(group->table_format, TABLE_ICEBERG);
    assert_int_equal(group->ttl.seconds, 30 * 86400);
    assert_int_equal(group->tag_count, 2);
    assert_true(str_equal(group->tags[0].value, STR("fraud")));
    assert_int_equal(group->features[0].parameter_count, 1);
    assert_int_equal(group->features[1].index, 1);
    assert_true(str_equal(group->description, STR("a \"b\" \x01")));
    assert_true(str_is_absent(group->features[1].description));
    assert_false(str_is_absent(group->last_update_failure));
    buf_release(&out);
    group_unref(group);
}

static void defaults(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", 0);

    assert_int_equal(group->read_units, -1);
    assert_int_equal(group->write_units, -1);
    assert_int_equal(group->ttl.seconds, 0);
    assert_true(str_is_absent(group->ttl.unit));
    assert_true(str_is_absent(group->role_arn));
    assert_int_equal(group->storage_type, STORAGE_STANDARD);
    assert_false(group->has_storage_type);
    group_unref(group);
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"name\":\"a\",\"arn\":\"x\"}",
        "{\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"String\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[]}",
        "{\"name\":\"a-\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"String\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\\\"\",\"type\":\"String\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"Text\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"Integral\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"String\",\"z\":1}]"
        "}",
        "{\"name\":\"a\",\"arn\":\"x\",\"identifier_index\":1,\"features\":[{\"name\":\"a\","
        "\"type\":"
        "\"String\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"String\"},{"
        "\"name\":"
        "\"a\",\"type\":\"String\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"ttl_unit\":\"Ages\",\"ttl_value\":1,\"features\":[{"
        "\"name\":"
        "\"a\",\"type\":\"String\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"tags\":[[\"a\"]],\"features\":[{\"name\":\"a\",\"type\":"
        "\"String\"}]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"tags\":[[\"a\",\"b\",\"c\"]],\"features\":[{\"name\":"
        "\"a\","
        "\"type\":\"String\"}]}",
        "{\"name\":\"a\",\"name\":\"b\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":"
        "\"String\"}]}",
        "{\"id\":-1,\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"String\"}"
        "]}",
        "{\"name\":\"a\",\"arn\":\"x\",\"features\":[{\"name\":\"a\",\"type\":\"String\"}]} x",
        "{\"name\":\"a\",\"arn\":\"x\",\"new\":1,\"features\":[{\"name\":\"a\",\"type\":\"String\"}"
        "]}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct group *group = NULL;
        struct err err = {0};
        assert_int_equal(group_read(str_from(bad[i]), &group, &err), ERR_CORRUPT);
        assert_null(group);
        assert_non_null(strstr(err.message, "definition of a feature group: "));
    }
}

static void too_many_features(void **state)
{
    (void)state;
    struct buf json;
    struct group *group = sample_group("g", "String", 2498);
    struct err err;

    assert_int_equal(group->feature_count, 2500);
    group_unref(group);
    buf_init(&json, 0);
    sample_json(&json, "g", "String", 2499);
    assert_int_equal(group_read(buf_str(&json), &group, &err), ERR_CORRUPT);
    buf_release(&json);
}

static void features_are_found(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", 1000);
    char name[16];

    for (uint32_t i = 0; i < group->feature_count; i++) {
        const struct feature *feature = &group->features[i];
        (void)snprintf(name, sizeof(name), "f%u", i);
        struct str key = i == 0 ? STR("id") : i == 1 ? STR("t") : str_from(name);
        assert_ptr_equal(group_feature(group, key), feature);
        assert_ptr_equal(group_feature_near(group, key, i), feature);
        assert_ptr_equal(group_feature_near(group, key, i + 1), feature);
        assert_ptr_equal(group_feature_near(group, key, UINT32_MAX), feature);
    }
    assert_null(group_feature(group, STR("f1002")));
    assert_null(group_feature(group, STR("F2")));
    assert_null(group_feature(group, STR("")));
    assert_null(group_feature_near(group, STR("nope"), 3));
    group_unref(group);
}

static void names_are_ready_as_json(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", 3);
    size_t bytes = 0;

    assert_true(str_equal(group->features[2].json_open,
                          STR("{\"FeatureName\":\"f2\",\"ValueAsString\":\"")));
    for (uint32_t i = 0; i < group->feature_count; i++)
        bytes += group->features[i].json_open.len;
    assert_int_equal(group->json_open_bytes, bytes);
    group_unref(group);
}

static void references_are_counted(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", 0);
    struct group *second = group_ref(group);

    assert_ptr_equal(group, second);
    assert_int_equal(group->references, 2);
    group_unref(group);
    assert_int_equal(second->references, 1);
    group_unref(second);
    group_unref(NULL);
}

static void enumerations_have_names(void **state)
{
    (void)state;
    assert_string_equal(feature_type_name(FEATURE_INTEGRAL), "Integral");
    assert_string_equal(feature_type_name(FEATURE_FRACTIONAL), "Fractional");
    assert_string_equal(feature_type_name(FEATURE_STRING), "String");
    assert_string_equal(storage_type_name(STORAGE_STANDARD), "Standard");
    assert_string_equal(storage_type_name(STORAGE_STANDARD_V2), "Standard_V2");
}

/* One damaged byte gives a refusal or another definition that still writes and reads. */
static void damaged_texts_are_handled(void **state)
{
    (void)state;
    uint64_t seed = 5;
    char text[sizeof(full)];
    unsigned kept = 0;

    for (unsigned round = 0; round < 20000; round++) {
        memcpy(text, full, sizeof(full));
        text[sample_below(&seed, sizeof(full) - 1)] = (char)sample_below(&seed, 256);
        struct group *group;
        if (group_read((struct str){text, sizeof(full) - 1}, &group, NULL) != OK)
            continue;
        struct buf out;
        buf_init(&out, 0);
        group_write(group, &out);
        struct group *again;
        assert_int_equal(group_read(buf_str(&out), &again, NULL), OK);
        buf_release(&out);
        group_unref(group);
        group_unref(again);
        kept++;
    }
    assert_true(kept > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_survives_the_round_trip),
        cmocka_unit_test(defaults),
        cmocka_unit_test(refused),
        cmocka_unit_test(too_many_features),
        cmocka_unit_test(features_are_found),
        cmocka_unit_test(names_are_ready_as_json),
        cmocka_unit_test(references_are_counted),
        cmocka_unit_test(enumerations_have_names),
        cmocka_unit_test(damaged_texts_are_handled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
