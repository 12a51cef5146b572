#include "unit/test.h"

#include "schema/catalog.h"
#include "unit/schema/sample.h"

#include <stdio.h>
#include <string.h>

struct fixture {
    struct catalog *catalog;
    struct arena arena;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.catalog = catalog_new()};
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    catalog_free(fixture->catalog);
    arena_release(&fixture->arena);
    return 0;
}

/* Plans, applies and publishes as the writer does. */
static enum code change_catalog(struct fixture *fixture, const struct change *change)
{
    struct str payload;
    struct catalog *next;
    enum code code =
        catalog_plan(fixture->catalog, change, &fixture->arena, &payload, &fixture->err);

    if (code != OK)
        return code;
    assert_int_equal(catalog_apply(fixture->catalog, payload, &next, &fixture->err), OK);
    catalog_free(fixture->catalog);
    fixture->catalog = next;
    return OK;
}

static enum code create(struct fixture *fixture, const char *name)
{
    struct buf json;

    buf_init(&json, 0);
    sample_json(&json, name, "String", 1);
    struct change change = {.kind = CHANGE_CREATE,
                            .name = str_from(name),
                            .group_json = buf_str(&json),
                            .groups_max = 100};
    enum code code = change_catalog(fixture, &change);
    buf_release(&json);
    return code;
}

static enum code drop(struct fixture *fixture, const char *name)
{
    struct change change = {.kind = CHANGE_DELETE, .name = str_from(name)};
    return change_catalog(fixture, &change);
}

static void groups_are_created_and_found(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"m", "a", "z", "b", "Z", "a1"};

    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        assert_int_equal(create(fixture, names[i]), OK);
    assert_int_equal(fixture->catalog->version, ARRAY_COUNT(names));
    assert_int_equal(fixture->catalog->group_count, ARRAY_COUNT(names));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        const struct group *group = catalog_find(fixture->catalog, str_from(names[i]));
        assert_non_null(group);
        assert_int_equal(group->id, i + 1);
        assert_int_equal(group->version, 1);
        bool is_retired = true;
        assert_ptr_equal(catalog_find_id(fixture->catalog, group->id, &is_retired), group);
        assert_false(is_retired);
    }
    for (size_t i = 0; i + 1 < fixture->catalog->group_count; i++)
        assert_true(str_compare(fixture->catalog->groups[i]->name,
                                fixture->catalog->groups[i + 1]->name) < 0);
    assert_null(catalog_find(fixture->catalog, STR("A")));
    assert_null(catalog_find(fixture->catalog, STR("")));
    assert_null(catalog_find_id(fixture->catalog, 99, NULL));
}

static void an_existing_name_is_refused(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(create(fixture, "fg"), OK);
    assert_int_equal(create(fixture, "fg"), ERR_EXISTS);
    assert_string_equal(fixture->err.message,
                        "Resource Already Exists: FeatureGroup with name fg already exists. Choose "
                        "a different name.\nInfo: Feature Group 'fg' already exists.");
}

static void the_quota_holds(void **state)
{
    struct fixture *fixture = *state;
    struct change change = {
        .kind = CHANGE_CREATE, .name = STR("x"), .group_json = STR("{}"), .groups_max = 1};
    struct str payload;

    assert_int_equal(create(fixture, "fg"), OK);
    assert_int_equal(
        catalog_plan(fixture->catalog, &change, &fixture->arena, &payload, &fixture->err),
        ERR_LIMIT);
    assert_non_null(
        strstr(fixture->err.message, "is 1 FeatureGroups, with current utilization of 1"));
}

static void deleted_groups_are_retired(void **state)
{
    struct fixture *fixture = *state;
    bool is_retired = false;

    assert_int_equal(create(fixture, "a"), OK);
    assert_int_equal(create(fixture, "b"), OK);
    assert_int_equal(drop(fixture, "b"), OK);
    assert_int_equal(create(fixture, "b"), OK);
    assert_int_equal(drop(fixture, "a"), OK);
    assert_null(catalog_find(fixture->catalog, STR("a")));
    assert_int_equal(catalog_find(fixture->catalog, STR("b"))->id, 3);
    assert_int_equal(fixture->catalog->retired_count, 2);
    assert_int_equal(fixture->catalog->retired[0]->id, 1);
    assert_int_equal(fixture->catalog->retired[1]->id, 2);
    assert_non_null(catalog_find_id(fixture->catalog, 2, &is_retired));
    assert_true(is_retired);
    assert_int_equal(drop(fixture, "a"), ERR_NOT_FOUND);
    assert_string_equal(
        fixture->err.message,
        "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name a");
}

struct edit {
    struct str from, to; /* one replacement in the text */
    enum code code;
};

static enum code edit_text(const struct group *current, void *context, struct buf *out,
                           struct err *err)
{
    const struct edit *edit = context;
    struct buf text;

    if (edit->code != OK)
        return err_set(err, edit->code, "not today");
    buf_init(&text, 0);
    group_write(current, &text);
    struct str whole = buf_str(&text);
    for (size_t i = 0; i + edit->from.len <= whole.len; i++) {
        if (!str_equal(str_slice(whole, i, i + edit->from.len), edit->from))
            continue;
        buf_add(out, str_slice(whole, 0, i));
        buf_add(out, edit->to);
        buf_add(out, str_slice(whole, i + edit->from.len, whole.len));
        break;
    }
    buf_release(&text);
    return OK;
}

static enum code replace(struct fixture *fixture, struct edit edit)
{
    struct change change = {
        .kind = CHANGE_REPLACE, .name = STR("fg"), .edit = edit_text, .context = &edit};
    return change_catalog(fixture, &change);
}

static void groups_are_replaced(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(create(fixture, "fg"), OK);
    const struct group *old = group_ref(catalog_find(fixture->catalog, STR("fg")));

    assert_int_equal(replace(fixture, (struct edit){STR("]}"),
                                                    STR(",{\"name\":\"n\",\"type\":"
                                                        "\"String\"}]}"),
                                                    OK}),
                     OK);
    const struct group *new = catalog_find(fixture->catalog, STR("fg"));
    assert_int_equal(new->feature_count, old->feature_count + 1);
    assert_int_equal(new->version, 2);
    assert_int_equal(new->id, old->id);
    assert_int_equal(old->feature_count, 3); /* whoever held the old version still has it */

    assert_int_equal(
        replace(fixture, (struct edit){STR("\"is_online\":true"),
                                       STR("\"is_online\":true,\"description\":\"d\""), OK}),
        OK);
    assert_int_equal(catalog_find(fixture->catalog, STR("fg"))->version, 2);
    group_unref(old);
}

static void only_successors_replace(void **state)
{
    struct fixture *fixture = *state;
    static const struct edit edits[] = {
        {{"\"id\":1", 6}, {"\"id\":2", 6}, OK},
        {{"\"name\":\"fg\"", 11}, {"\"name\":\"fh\"", 11}, OK},
        {{"{\"name\":\"f2\",\"type\":\"Integral\"", 31},
         {"{\"name\":\"f3\",\"type\":\"Integral\"", 31},
         OK},
        {{"{\"name\":\"f2\",\"type\":\"Integral\"", 31},
         {"{\"name\":\"f2\",\"type\":\"String\"", 29},
         OK},
        {{"\"identifier_index\":0", 20}, {"\"identifier_index\":1", 20}, OK},
        {{"\"event_time_index\":1", 20}, {"\"event_time_index\":0", 20}, OK},
        {{"{\"id\"", 5}, {"[", 1}, OK},
    };

    assert_int_equal(create(fixture, "fg"), OK);
    for (size_t i = 0; i < ARRAY_COUNT(edits); i++)
        assert_int_equal(replace(fixture, edits[i]), ERR_CORRUPT);
    assert_int_equal(replace(fixture, (struct edit){.code = ERR_INVALID}), ERR_INVALID);
    assert_string_equal(fixture->err.message, "not today");
    assert_int_equal(drop(fixture, "fg"), OK);
    assert_int_equal(replace(fixture, (struct edit){.code = OK}), ERR_NOT_FOUND);
}

static enum code create_with_table(struct fixture *fixture, const char *name, const char *table)
{
    struct buf json;

    buf_init(&json, 0);
    buf_add_format(&json,
                   "{\"name\":\"%s\",\"arn\":\"a\",\"event_time_index\":1,\"status\":\"Created\","
                   "\"has_catalog_config\":true,\"catalog_table\":\"%s\",\"catalog_database\":"
                   "\"d\",\"features\":[{\"name\":\"i\",\"type\":\"String\"},{\"name\":\"t\","
                   "\"type\":\"String\"}]}",
                   name, table);
    struct change change = {.kind = CHANGE_CREATE,
                            .name = str_from(name),
                            .group_json = buf_str(&json),
                            .groups_max = 100};
    enum code code = change_catalog(fixture, &change);
    buf_release(&json);
    return code;
}

static void a_taken_table_fails_the_creation(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(create_with_table(fixture, "a", "t1"), OK);
    assert_int_equal(catalog_find(fixture->catalog, STR("a"))->status, GROUP_CREATED);
    assert_int_equal(create_with_table(fixture, "b", "t2"), OK);
    assert_int_equal(catalog_find(fixture->catalog, STR("b"))->status, GROUP_CREATED);
    assert_int_equal(create_with_table(fixture, "c", "t1"), OK);
    const struct group *failed = catalog_find(fixture->catalog, STR("c"));
    assert_int_equal(failed->status, GROUP_CREATE_FAILED);
    assert_true(str_contains(failed->failure_reason, STR("Table t1 already exists")));
    /* The table outlives its group. */
    assert_int_equal(drop(fixture, "b"), OK);
    assert_int_equal(create_with_table(fixture, "d", "t2"), OK);
    assert_int_equal(catalog_find(fixture->catalog, STR("d"))->status, GROUP_CREATE_FAILED);
}

static void bad_payloads_are_corrupt(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"change\":\"rename\"}",
        "{\"change\":\"create\"}",
        "{\"change\":\"create\",\"group\":{}}",
        "{\"change\":\"delete\",\"id\":1,\"name\":\"none\"}",
        "{\"change\":\"delete\",\"id\":9,\"name\":\"fg\"}",
        "{\"change\":\"delete\",\"id\":1,\"name\":\"fg\"}}",
        "{\"change\":\"delete\",\"id\":1,\"name\":\"fg\",\"x\":1}",
    };
    struct catalog *next = NULL;

    assert_int_equal(create(fixture, "fg"), OK);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_int_equal(catalog_apply(fixture->catalog, str_from(bad[i]), &next, &fixture->err),
                         ERR_CORRUPT);
    assert_null(next);
}

static void applying_twice_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct buf json;
    struct str payload;
    struct catalog *once;
    struct catalog *twice = NULL;

    buf_init(&json, 0);
    sample_json(&json, "fg", "String", 0);
    struct change change = {
        .kind = CHANGE_CREATE, .name = STR("fg"), .group_json = buf_str(&json), .groups_max = 9};
    assert_int_equal(catalog_plan(fixture->catalog, &change, &fixture->arena, &payload, NULL), OK);
    assert_int_equal(catalog_apply(fixture->catalog, payload, &once, NULL), OK);
    assert_int_equal(catalog_apply(once, payload, &twice, NULL), ERR_CORRUPT);
    catalog_free(once);
    buf_release(&json);
}

static void the_catalog_survives_the_round_trip(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 11;
    char name[8];

    for (unsigned round = 0; round < 300; round++) {
        (void)snprintf(name, sizeof(name), "g%u", sample_below(&seed, 40));
        if (sample_below(&seed, 2) == 0)
            (void)create(fixture, name);
        else
            (void)drop(fixture, name);
    }
    assert_true(fixture->catalog->group_count > 5 && fixture->catalog->retired_count > 5);

    struct buf first;
    struct buf second;
    struct catalog *copy;
    buf_init(&first, 0);
    buf_init(&second, 0);
    catalog_write(fixture->catalog, &first);
    assert_int_equal(catalog_read(buf_str(&first), &copy, &fixture->err), OK);
    catalog_write(copy, &second);
    assert_true(str_equal(buf_str(&first), buf_str(&second)));
    assert_int_equal(copy->version, fixture->catalog->version);
    assert_int_equal(copy->id_next, fixture->catalog->id_next);
    catalog_free(copy);
    buf_release(&first);
    buf_release(&second);
}

static void bad_catalogs_are_corrupt(void **state)
{
    struct fixture *fixture = *state;
    static const char group[] = "{\"id\":%u,\"name\":\"%s\",\"arn\":\"a\",\"features\":[{\"name\":"
                                "\"t\",\"type\":\"String\"}]}";
    char a[128];
    char b[128];
    char text[400];
    struct catalog *read = NULL;
    static const struct {
        const char *format;
        unsigned first_id, second_id;
        const char *first, *second;
        enum code code;
    } cases[] = {
        {"{\"version\":1,\"id_next\":3,\"groups\":[%s,%s]}", 1, 2, "a", "b", OK},
        {"{\"version\":1,\"id_next\":3,\"groups\":[%s,%s]}", 1, 2, "b", "a", ERR_CORRUPT},
        {"{\"version\":1,\"id_next\":3,\"groups\":[%s,%s]}", 1, 2, "a", "a", ERR_CORRUPT},
        {"{\"version\":1,\"id_next\":2,\"groups\":[%s,%s]}", 1, 2, "a", "b", ERR_CORRUPT},
        {"{\"version\":1,\"id_next\":3,\"groups\":[%s,%s]}", 0, 2, "a", "b", ERR_CORRUPT},
        {"{\"version\":1,\"id_next\":3,\"retired\":[%s,%s]}", 1, 2, "b", "a", OK},
        {"{\"version\":1,\"id_next\":3,\"retired\":[%s,%s]}", 2, 1, "a", "b", ERR_CORRUPT},
        {"{\"version\":-1,\"id_next\":3,\"retired\":[%s,%s]}", 1, 2, "a", "b", ERR_CORRUPT},
        {"{\"version\":1,\"id_next\":3,\"x\":[%s,%s]}", 1, 2, "a", "b", ERR_CORRUPT},
        {"{\"version\":1,\"id_next\":3,\"groups\":[%s,%s]", 1, 2, "a", "b", ERR_CORRUPT},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        (void)snprintf(a, sizeof(a), group, cases[i].first_id, cases[i].first);
        (void)snprintf(b, sizeof(b), group, cases[i].second_id, cases[i].second);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(text, sizeof(text), cases[i].format, a, b);
#pragma GCC diagnostic pop
        enum code code = catalog_read(str_from(text), &read, &fixture->err);
        assert_int_equal(code, cases[i].code);
        if (code == OK)
            catalog_free(read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(groups_are_created_and_found, setup, teardown),
        cmocka_unit_test_setup_teardown(an_existing_name_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_quota_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(deleted_groups_are_retired, setup, teardown),
        cmocka_unit_test_setup_teardown(groups_are_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(only_successors_replace, setup, teardown),
        cmocka_unit_test_setup_teardown(a_taken_table_fails_the_creation, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_payloads_are_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(applying_twice_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_catalog_survives_the_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_catalogs_are_corrupt, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
