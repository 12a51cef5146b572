/* Table names of SQL to feature groups. */
#include "unit/test.h"

#include "query/resolve.h"
#include "unit/query/history.h"

#define FEATURES "{\"name\":\"id\",\"type\":\"String\"},{\"name\":\"t\",\"type\":\"String\"}"

static const struct group *live[5];
static const struct group *retired[3];
static struct catalog catalog;
static struct arena arena;
static struct err err;

static struct group *make(unsigned id, const char *name, int64_t created_s)
{
    struct group *group = history_group(id, name, FEATURES);
    group->created_us = created_s * 1000000;
    return group;
}

static int setup(void **state)
{
    (void)state;
    /* Sorted by name as bytes, as the catalog keeps them. */
    live[0] = make(1, "Cards", 100);
    live[1] = make(2, "cards", 200);
    live[2] = make(3, "fraud-v3", 300);
    struct group *offline_less = make(4, "online", 400);
    offline_less->is_offline = false;
    live[3] = offline_less;
    struct group *named = make(5, "own", 500);
    named->has_catalog_config = true;
    named->catalog_table = STR("my_table");
    named->catalog_database = STR("my_db");
    live[4] = named;
    retired[0] = make(6, "fraud-v3", 50);
    retired[1] = make(7, "old", 60);
    retired[2] = make(8, "old", 60);
    catalog = (struct catalog){.groups = live,
                               .group_count = ARRAY_COUNT(live),
                               .retired = retired,
                               .retired_count = ARRAY_COUNT(retired)};
    arena = (struct arena){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(live); i++)
        group_unref(live[i]);
    for (size_t i = 0; i < ARRAY_COUNT(retired); i++)
        group_unref(retired[i]);
    arena_release(&arena);
    return 0;
}

static enum code resolve(const char *schema, const char *table, uint32_t *ret_id)
{
    const struct duck_name name = {STR(""), str_from(schema), str_from(table)};
    const struct group *group = NULL;

    err = (struct err){0};
    const enum code code = resolve_table(&catalog, &name, &arena, &group, &err);
    *ret_id = code == OK ? group->id : 0;
    return code;
}

static void test_found(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *table;
        uint32_t id;
    } cases[] = {
        {"", "Cards", 1},
        {"", "cards", 2},
        {"", "fraud-v3", 3},
        {"", "FRAUD-v3", 3},
        {"", "fraud_v3_300", 3},
        {"", "Fraud_V3_300", 3},
        {"sagemaker_featurestore", "fraud_v3_300", 3},
        {"SageMaker_FeatureStore", "fraud-v3", 3},
        {"", "fraud_v3_50", 6},
        {"sagemaker_featurestore", "fraud_v3_50", 6},
        {"", "old_60", 8}, /* the newer of two of the same second */
        {"", "own", 5},
        {"", "my_table", 5},
        {"my_db", "my_table", 5},
        {"MY_DB", "MY_TABLE", 5},
        {"", "own_500", 5},
        {"", "cards_200", 2},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        uint32_t id = 0;
        const enum code code = resolve(cases[i].schema, cases[i].table, &id);
        if (code != OK || id != cases[i].id)
            print_message("# %s.%s: %u %s\n", cases[i].schema, cases[i].table, id, err.message);
        assert_int_equal(code, OK);
        assert_int_equal(id, cases[i].id);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *table;
        enum code code;
        const char *message;
    } cases[] = {
        {"", "CARDS", ERR_INVALID, "'CARDS' is ambiguous: it may be 'Cards' or 'cards'"},
        {"", "old", ERR_NOT_FOUND, "names near it: 'old_60'"},
        {"", "froud-v3", ERR_NOT_FOUND,
         "table 'froud-v3' does not exist; names near it: "
         "'fraud-v3'"},
        {"", "car", ERR_NOT_FOUND, "'Cards', 'cards_100', 'cards'"},
        {"other", "cards", ERR_NOT_FOUND, "table 'other.cards' does not exist"},
        {"my_db", "cards", ERR_NOT_FOUND, "table 'my_db.cards' does not exist"},
        {"sagemaker_featurestore", "my_table", ERR_NOT_FOUND, "does not exist"},
        {"", "zzzzzzzz", ERR_NOT_FOUND, "a table is the name of a feature group"},
        {"", "", ERR_NOT_FOUND, "table '' does not exist"},
        {"", "online", ERR_NOT_FOUND, "'online' has no offline store"},
        {"",
         "a-name-that-is-much-longer-than-any-that-a-feature-group-could-have-and-so-is-not-"
         "compared-letter-by-letter-at-all",
         ERR_NOT_FOUND, "does not exist"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        uint32_t id = 0;
        assert_int_equal(resolve(cases[i].schema, cases[i].table, &id), cases[i].code);
        if (strstr(err.message, cases[i].message) == NULL)
            print_message("# %s\n", err.message);
        assert_non_null(strstr(err.message, cases[i].message));
    }
    const struct duck_name catalog_named = {STR("db"), STR("main"), STR("cards")};
    const struct group *group = NULL;
    assert_int_equal(resolve_table(&catalog, &catalog_named, &arena, &group, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "'db.main.cards'"));
}

static void test_groups(void **state)
{
    (void)state;
    const struct group *group = NULL;

    assert_int_equal(resolve_group(&catalog, STR("cards"), &arena, &group, &err), OK);
    assert_int_equal(group->id, 2);
    assert_int_equal(resolve_group(&catalog, STR("CARDS"), &arena, &group, &err), ERR_NOT_FOUND);
    assert_int_equal(resolve_group(&catalog, STR("online"), &arena, &group, &err), ERR_NOT_FOUND);
    assert_int_equal(resolve_group(&catalog, STR("old_60"), &arena, &group, &err), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests_name("query/resolve", tests, setup, teardown);
}
