/* Which column goes to which feature, and what is refused. */
#include "unit/test.h"

#include "cli/plan.h"
#include "unit/cli/sample_group.h"

static struct arena arena;
static struct err err;

static enum code fit(struct plan *plan, const char *header)
{
    struct str names[16];
    struct str rest = str_from(header);
    size_t count = 0;

    while (rest.len > 0)
        names[count++] = str_cut(&rest, ',');
    return plan_columns(plan, names, count, &arena, &err);
}

static struct plan make(const struct plan_map *maps, size_t count, bool is_strict)
{
    const struct group_info info = sample_group();
    const struct plan_request request = {
        .info = &info, .maps = maps, .map_count = count, .is_strict = is_strict};
    struct plan plan;

    assert_int_equal(plan_make(&request, &arena, &plan, &err), OK);
    return plan;
}

static void ready_made_texts(void **state)
{
    const struct group_info info = sample_group();
    struct plan_request request = {.info = &info};
    struct plan plan;

    (void)state;
    assert_int_equal(plan_make(&request, &arena, &plan, &err), OK);
    assert_true(str_equal(plan.body_head, STR("{\"Entries\":[")));
    assert_true(str_equal(plan.entry_head, STR("{\"FeatureGroupName\":\"g\",\"Record\":[")));
    assert_true(
        str_equal(plan.features[2].head, STR("{\"FeatureName\":\"count\",\"ValueAsString\":\"")));
    assert_true(plan.features[2].is_number);
    assert_false(plan.features[3].is_number);
    assert_int_equal(plan.id_feature, 0);
    assert_int_equal(plan.event_time_feature, 1);
    request.targets = STR("[\"OnlineStore\"]");
    request.ttl = STR("{\"Unit\":\"Days\",\"Value\":30}");
    assert_int_equal(plan_make(&request, &arena, &plan, &err), OK);
    assert_true(str_equal(plan.body_head, STR("{\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":30},"
                                              "\"Entries\":[")));
    assert_true(str_equal(plan.entry_head, STR("{\"FeatureGroupName\":\"g\",\"TargetStores\":"
                                               "[\"OnlineStore\"],\"Record\":[")));
}

static void columns_by_name(void **state)
{
    struct plan plan = make(NULL, 0, false);

    (void)state;
    assert_int_equal(fit(&plan, "at,extra,id,asof_error,other"), OK);
    assert_int_equal(plan.column_count, 5);
    assert_int_equal(plan.columns[0], 1);
    assert_int_equal(plan.columns[1], PLAN_NONE);
    assert_int_equal(plan.columns[2], 0);
    assert_int_equal(plan.columns[3], PLAN_NONE);
    assert_true(str_equal(plan.ignored, STR("extra, other")));
    assert_int_equal(fit(&plan, "id,at,count,text"), OK);
    assert_true(str_equal(plan.ignored, STR("")));
}

static void columns_by_map(void **state)
{
    const struct plan_map maps[] = {{STR("id"), STR("key")}, {STR("text"), STR("id")}};
    struct plan plan = make(maps, 2, false);

    (void)state;
    assert_int_equal(fit(&plan, "key,at,id"), OK);
    assert_int_equal(plan.columns[0], 0);
    assert_int_equal(plan.columns[2], 3);
    assert_int_equal(fit(&plan, "key,at"), ERR_INVALID);
    assert_string_equal(err.message, "there is no column 'id' to map");
}

static void refusals(void **state)
{
    const struct plan_map unknown[] = {{STR("nope"), STR("c")}};
    const struct plan_map twice[] = {{STR("text"), STR("count")}};
    const struct group_info info = sample_group();
    struct plan_request request = {.info = &info, .maps = unknown, .map_count = 1};
    struct plan plan = make(NULL, 0, false);

    (void)state;
    assert_int_equal(fit(&plan, "id,count"), ERR_INVALID);
    assert_string_equal(err.message, "no column is named 'at', which the event time is taken from; "
                                     "--map FEATURE=COLUMN names another");
    assert_int_equal(fit(&plan, "at,count"), ERR_INVALID);
    assert_true(str_contains(str_from(err.message), STR("the record identifier is taken from")));
    assert_int_equal(fit(&plan, "id,at,id"), ERR_INVALID);
    assert_string_equal(err.message, "the column 'id' stands twice in the header");
    assert_int_equal(fit(&plan, "id,at,x,x"), OK); /* nobody asks for it */
    plan = make(NULL, 0, true);
    assert_int_equal(fit(&plan, "id,at,x,asof_error"), ERR_INVALID);
    assert_string_equal(err.message, "these columns are no features: x");
    assert_int_equal(fit(&plan, "id,at,asof_error"), OK);
    plan = make(twice, 1, false);
    assert_int_equal(fit(&plan, "id,at,count"), ERR_INVALID);
    assert_true(str_contains(str_from(err.message), STR("is taken by two features")));
    assert_int_equal(plan_make(&request, &arena, &plan, &err), ERR_INVALID);
    assert_string_equal(err.message, "the feature group has no feature 'nope' to map");
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
        cmocka_unit_test(ready_made_texts),
        cmocka_unit_test(columns_by_name),
        cmocka_unit_test(columns_by_map),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
