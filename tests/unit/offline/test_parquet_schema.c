/* Column names: a feature's own, but never two that differ only in case. */
#include "unit/test.h"

#include "offline/parquet_schema.h"
#include "unit/offline/rows.h"

static struct arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void names_are(const char *features, uint32_t count, const char *expected)
{
    struct group *group = rows_group(1, "g", features);
    struct parquet_schema schema;
    struct buf names = {0};

    parquet_schema_of(group, count, &arena, &schema);
    assert_int_equal(schema.column_count, count);
    assert_int_equal(schema.identifier_index, 0);
    assert_int_equal(schema.event_time_index, 1);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(schema.columns[i].type, group->features[i].type);
        buf_add_format(&names, "%.*s ", STR_ARG(schema.columns[i].name));
    }
    assert_string_equal(arena_cstr(&arena, buf_str(&names)), expected);
    buf_release(&names);
    group_unref(group);
}

#define S(name) "{\"name\":\"" name "\",\"type\":\"String\"}"

static void columns_are_named_as_features(void **state)
{
    (void)state;
    names_are(ROWS_FEATURES, 5, "id event_ts count ratio text ");
    names_are(ROWS_FEATURES, 3, "id event_ts count ");
}

static void names_that_differ_in_case_are_told_apart(void **state)
{
    (void)state;
    names_are(S("id") "," S("t") "," S("ID") "," S("Id"), 4, "id t ID_3 Id_4 ");
    /* The new name may be taken already. */
    names_are(S("id") "," S("t") "," S("ID_4") "," S("ID"), 4, "id t ID_4 ID_4_4 ");
}

static void a_later_feature_renames_no_earlier_one(void **state)
{
    (void)state;
    names_are(S("id") "," S("t") "," S("ID") "," S("ID_3"), 3, "id t ID_3 ");
    names_are(S("id") "," S("t") "," S("ID") "," S("ID_3"), 4, "id t ID_3 ID_3_4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_named_as_features),
        cmocka_unit_test(names_that_differ_in_case_are_told_apart),
        cmocka_unit_test(a_later_feature_renames_no_earlier_one),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
