/* Names and paths of the offline store: the contract's examples, edges, and hostile URIs. */
#include "unit/test.h"

#include "offline/layout.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void same(struct str actual, const char *expected)
{
    assert_string_equal(arena_cstr(&arena, actual), expected);
}

static const struct identity identity = {
    .account = {"227246955871", 12},
    .region = {"us-west-2", 9},
    .partition = {"aws", 3},
};

static void resolved_uri_is_as_the_contract_shows(void **state)
{
    (void)state;
    const char *expected =
        "s3://sagemaker-us-west-2-227246955871/sagemaker-feature-store/227246955871/sagemaker/"
        "us-west-2/offline-store/fscw-orders-03-30-17-02-1680195766/data";
    struct str name = STR("fscw-orders-03-30-17-02");
    int64_t created_us = 1680195766999999;

    same(layout_resolved_uri(STR("s3://sagemaker-us-west-2-227246955871/sagemaker-feature-store"),
                             &identity, name, created_us, &arena),
         expected);
    same(layout_resolved_uri(STR("s3://sagemaker-us-west-2-227246955871/sagemaker-feature-store//"),
                             &identity, name, created_us, &arena),
         expected);
}

static void folder_follows_the_uri(void **state)
{
    (void)state;
    same(layout_folder(STR("s3://bucket/a/b_c-1.x~/data"), &arena),
         "offline/bucket/a/b_c-1.x~/data");
    same(layout_folder(STR("s3://bucket"), &arena), "offline/bucket");
    same(layout_folder(STR("https://host/b/k"), &arena), "offline/%https/host/b/k");
    same(layout_folder(STR("gs://host/b"), &arena), "offline/%other/gs%3A/%/host/b");
}

static void folder_of_a_hostile_uri_stays_inside(void **state)
{
    (void)state;
    same(layout_folder(STR("s3://b/../../etc/./passwd"), &arena),
         "offline/b/%2E%2E/%2E%2E/etc/%2E/passwd");
    same(layout_folder(STR("s3://../x"), &arena), "offline/%2E%2E/x");
    same(layout_folder(STR("s3://b//x"), &arena), "offline/b/%/x");
    same(layout_folder(STR("s3://b/%2e%2e/x"), &arena), "offline/b/%252e%252e/x");
    same(layout_folder(STR("s3://b/a\\b c\n\xc3\xa9"), &arena), "offline/b/a%5Cb%20c%0A%C3%A9");
    same(layout_folder(STR("s3://b/..."), &arena), "offline/b/...");
}

static void long_parts_become_their_hash(void **state)
{
    (void)state;
    char uri[1100] = "s3://b/";
    struct str short_part, long_part, other;

    memset(uri + 7, 'x', 240);
    short_part = layout_folder((struct str){uri, 7 + 240}, &arena);
    assert_int_equal(short_part.len, strlen("offline/b/") + 240);
    memset(uri + 7, 'x', 241);
    long_part = layout_folder((struct str){uri, 7 + 241}, &arena);
    assert_int_equal(long_part.len, strlen("offline/b/%~") + 32);
    uri[7] = 'y';
    other = layout_folder((struct str){uri, 7 + 241}, &arena);
    assert_false(str_equal(long_part, other));

    /* Many short parts: the whole path has a bound, too. */
    for (size_t i = 7; i < sizeof(uri); i++)
        uri[i] = i % 2 == 0 ? '/' : '\n';
    long_part = layout_folder((struct str){uri, sizeof(uri)}, &arena);
    assert_true(long_part.len <= 2048);
    memset(uri + 7, '\n', 1000);
    for (size_t i = 60; i < sizeof(uri); i += 60)
        uri[i] = '/';
    long_part = layout_folder((struct str){uri, 1007}, &arena);
    assert_int_equal(long_part.len, strlen("offline/%~") + 32);
}

static void table_is_lower_case_with_underscores(void **state)
{
    (void)state;
    struct group group = {.name = STR("Fraud-Features_V3"), .created_us = 1751378587123456};

    same(layout_table(&group, &arena), "fraud_features_v3_1751378587");
}

static struct instant at(const char *iso)
{
    struct instant instant;

    assert_int_equal(instant_parse_iso(str_from(iso), &instant, NULL), OK);
    return instant;
}

static void hours_are_floored(void **state)
{
    (void)state;
    assert_int_equal(layout_hour(at("1970-01-01T00:59:59.999999999Z")), 0);
    assert_int_equal(layout_hour(at("1970-01-01T01:00:00Z")), 1);
    assert_int_equal(layout_hour(at("1969-12-31T23:59:59.999999999Z")), -1);
    assert_int_equal(layout_hour(at("1969-12-31T23:00:00Z")), -1);
    assert_int_equal(layout_hour(at("1969-12-31T22:59:59Z")), -2);
}

static void partitions_are_by_event_hour(void **state)
{
    (void)state;
    static const struct {
        const char *time, *partition;
    } cases[] = {
        {"2026-07-01T14:03:07.421Z", "year=2026/month=07/day=01/hour=14"},
        {"0001-01-01T00:00:00Z", "year=0001/month=01/day=01/hour=00"},
        {"0000-02-29T23:59:59Z", "year=0000/month=02/day=29/hour=23"},
        {"9999-12-31T23:59:59.999999999Z", "year=9999/month=12/day=31/hour=23"},
        {"1969-12-31T23:59:59.5Z", "year=1969/month=12/day=31/hour=23"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        same(layout_partition(layout_hour(at(cases[i].time)), &arena), cases[i].partition);
}

static void file_names_are_a_function_of_the_range(void **state)
{
    (void)state;
    struct layout_file file = {.group_id = 7,
                               .feature_count = 17,
                               .newest = at("2026-07-01T14:03:07.421Z"),
                               .from = 4096,
                               .to = 8192};
    file.hour = layout_hour(file.newest);
    struct str name = layout_file_name(&file, &arena);

    assert_true(str_starts(name, STR("20260701T140307Z_")));
    assert_true(str_ends(name, STR(".parquet")));
    assert_int_equal(name.len, 16 + 1 + 16 + 8);
    for (size_t i = 17; i < 33; i++) {
        char byte = name.ptr[i];
        assert_true((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                    (byte >= 'A' && byte <= 'Z'));
    }
    assert_true(str_equal(name, layout_file_name(&file, &arena)));

    struct layout_file changed[5] = {file, file, file, file, file};
    changed[0].group_id++;
    changed[1].feature_count++;
    changed[2].from++;
    changed[3].to++;
    changed[4].newest.seconds--;
    for (size_t i = 0; i < ARRAY_COUNT(changed); i++)
        assert_false(str_equal(name, layout_file_name(&changed[i], &arena)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolved_uri_is_as_the_contract_shows),
        cmocka_unit_test(folder_follows_the_uri),
        cmocka_unit_test(folder_of_a_hostile_uri_stays_inside),
        cmocka_unit_test(long_parts_become_their_hash),
        cmocka_unit_test(table_is_lower_case_with_underscores),
        cmocka_unit_test(hours_are_floored),
        cmocka_unit_test(partitions_are_by_event_hour),
        cmocka_unit_test(file_names_are_a_function_of_the_range),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
