#include "unit/write/kit.h"

/* The routing table of the contract (2.2, 2.4) with design section 5's decisions. */
static void test_routing(void **state)
{
    struct kit *kit = kit_with_group(1);

    (void)state;
    assert_int_equal(kit_put(kit, "a", 10, "ten"), OK);
    kit_expect(kit, "a", "ten");
    assert_int_equal(kit_put(kit, "a", 10, "ten again"), OK);
    kit_expect(kit, "a", "ten again");
    assert_int_equal(kit_put(kit, "a", 9, "nine"), OK);
    kit_expect(kit, "a", "ten again");
    assert_int_equal(kit_delete(kit, WRITE_DELETE, "a", 10), OK);
    kit_expect(kit, "a", "ten again");
    assert_int_equal(kit_delete(kit, WRITE_DELETE, "a", 11), OK);
    kit_expect(kit, "a", "<tombstone>");
    assert_int_equal(kit_put(kit, "a", 10, "late"), OK);
    kit_expect(kit, "a", "<tombstone>");
    assert_int_equal(kit_put(kit, "a", 11, "equal"), OK);
    kit_expect(kit, "a", "equal");
    assert_int_equal(kit_delete(kit, WRITE_DELETE_HARD, "a", 11), ERR_CONFLICT);
    assert_int_equal(kit_delete(kit, WRITE_DELETE_HARD, "a", 10), ERR_CONFLICT);
    kit_expect(kit, "a", "equal");
    assert_int_equal(kit_delete(kit, WRITE_DELETE_HARD, "a", 12), OK);
    kit_expect(kit, "a", "<none>");
    assert_int_equal(kit_put(kit, "a", 1, "from the start"), OK);
    kit_expect(kit, "a", "from the start");
    assert_int_equal(kit_delete(kit, WRITE_DELETE, "new", 5), OK);
    kit_expect(kit, "new", "<tombstone>");
    assert_int_equal(kit_delete(kit, WRITE_DELETE_HARD, "never", 5), OK);
    kit_expect(kit, "never", "<none>");
    /* All but the two refused ones are rows. */
    assert_int_equal(kit_status(kit).unflushed_rows, 11);
    kit_free(kit);
}

static void test_targets(void **state)
{
    struct kit *kit = kit_with_group(1);

    (void)state;
    struct write_item item = kit_item(kit, WRITE_PUT, "a", 10, STR("offline"));
    item.targets = TARGET_OFFLINE;
    assert_int_equal(kit_write(kit, &item), OK);
    kit_expect(kit, "a", "<none>");
    assert_int_equal(kit_status(kit).unflushed_rows, 1);
    item.targets = TARGET_ONLINE;
    item.record = STR("online");
    assert_int_equal(kit_write(kit, &item), OK);
    kit_expect(kit, "a", "online");
    assert_int_equal(kit_status(kit).unflushed_rows, 1);
    /* Only the offline store's marker: nothing to be stale against. */
    item = kit_item(kit, WRITE_DELETE_HARD, "a", 1, STR(""));
    item.targets = TARGET_OFFLINE;
    assert_int_equal(kit_write(kit, &item), OK);
    kit_expect(kit, "a", "online");
    assert_int_equal(kit_status(kit).unflushed_rows, 2);
    kit_free(kit);
}

/* Decisions see the writes before them in the same turn, across items and jobs. */
static void test_same_turn(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item items[] = {
        kit_item(kit, WRITE_PUT, "a", 10, STR("ten")),
        kit_item(kit, WRITE_DELETE_HARD, "a", 10, STR("")),
        kit_item(kit, WRITE_DELETE_HARD, "a", 11, STR("")),
        kit_item(kit, WRITE_PUT, "a", 3, STR("three")),
        kit_item(kit, WRITE_DELETE_HARD, "a", 3, STR("")),
        kit_item(kit, WRITE_DELETE, "b", 7, STR("")),
    };
    struct write_item more[] = {
        kit_item(kit, WRITE_DELETE_HARD, "b", 7, STR("")),
        kit_item(kit, WRITE_PUT, "b", 6, STR("late")),
        kit_item(kit, WRITE_DELETE_HARD, "c", 7, STR("")),
    };
    struct write_job jobs[] = {kit_job(kit, items, ARRAY_COUNT(items)),
                               kit_job(kit, more, ARRAY_COUNT(more))};

    (void)state;
    kit_submit(kit, &jobs[0]);
    kit_submit(kit, &jobs[1]);
    kit_turn(kit);
    static const enum code expected[] = {OK, ERR_CONFLICT, OK, OK, ERR_CONFLICT, OK};
    for (size_t i = 0; i < ARRAY_COUNT(items); i++)
        assert_int_equal(items[i].result, expected[i]);
    assert_int_equal(more[0].result, ERR_CONFLICT);
    assert_int_equal(more[1].result, OK);
    assert_int_equal(more[2].result, OK);
    kit_expect(kit, "a", "three");
    kit_expect(kit, "b", "<tombstone>");
    kit_expect(kit, "c", "<none>");
    kit_free(kit);
}

static void test_expired_records_still_block(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item item = kit_item(kit, WRITE_PUT, "a", 10, STR("old"));

    (void)state;
    item.ttl_seconds = 1; /* expired in 1970 */
    assert_int_equal(kit_write(kit, &item), OK);
    assert_int_equal(kit_head(kit, "a").ttl_seconds, 1);
    assert_int_equal(kit_put(kit, "a", 9, "older"), OK);
    kit_expect(kit, "a", "old");
    assert_int_equal(kit_delete(kit, WRITE_DELETE_HARD, "a", 10), ERR_CONFLICT);
    kit_free(kit);
}

static void test_deleted_group(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item late = kit_item(kit, WRITE_PUT, "a", 10, STR("late"));
    const struct group *group = group_ref(kit->group);

    (void)state;
    assert_int_equal(kit_put(kit, "a", 1, "x"), OK);
    assert_int_equal(kit_change(kit, CHANGE_DELETE, "g", 0), OK);
    assert_null(kit->group);
    assert_int_equal(kit_write(kit, &late), ERR_NOT_FOUND);
    assert_string_equal(
        late.err.message,
        "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name g");
    struct online_group_size size;
    online_group_size(store_online(kit->store), group->id, &size);
    assert_int_equal(size.records, 0);
    /* Its rows still wait for their flush. */
    assert_int_equal(kit_status(kit).unflushed_rows, 1);
    /* The name again: another group, with nothing in it. */
    assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", 2), OK);
    assert_int_not_equal(kit->group->id, group->id);
    kit_expect(kit, "a", "<none>");
    assert_int_equal(kit_write(kit, &late), ERR_NOT_FOUND);
    group_unref(group);
    kit_reopen(kit);
    kit_expect(kit, "a", "<none>");
    assert_int_equal(kit_status(kit).online_records, 0);
    kit_free(kit);
}

/* Two changes and writes between them in one turn: each sees what is before it. */
static void test_changes_in_one_turn(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct buf json;
    buf_init(&json, 0);
    sample_json(&json, "h", "String", 1);
    unsigned extra = 5;
    struct change create = {
        .kind = CHANGE_CREATE, .name = STR("h"), .group_json = buf_str(&json), .groups_max = 100};
    struct change grow = {
        .kind = CHANGE_REPLACE, .name = STR("g"), .edit = kit_edit, .context = &extra};
    struct change delete = {.kind = CHANGE_DELETE, .name = STR("g")};
    struct write_item items[] = {
        {.kind = WRITE_CHANGE, .change = &create}, {.kind = WRITE_CHANGE, .change = &create},
        {.kind = WRITE_CHANGE, .change = &grow},   kit_item(kit, WRITE_PUT, "a", 1, STR("x")),
        {.kind = WRITE_CHANGE, .change = &delete}, kit_item(kit, WRITE_PUT, "b", 1, STR("x")),
        {.kind = WRITE_CHANGE, .change = &grow},
    };
    static const enum code expected[] = {OK, ERR_EXISTS, OK, OK, OK, ERR_NOT_FOUND, ERR_NOT_FOUND};
    struct write_job job = kit_job(kit, items, ARRAY_COUNT(items));

    (void)state;
    kit_submit(kit, &job);
    kit_turn(kit);
    for (size_t i = 0; i < ARRAY_COUNT(items); i++)
        assert_int_equal(items[i].result, expected[i]);
    const struct catalog *catalog = store_catalog(kit->store);
    assert_null(catalog_find(catalog, STR("g")));
    assert_non_null(catalog_find(catalog, STR("h")));
    assert_int_equal(catalog->retired_count, 1);
    assert_int_equal(catalog->retired[0]->feature_count, 7);
    assert_int_equal(kit_status(kit).online_records, 0);
    assert_int_equal(kit_status(kit).unflushed_rows, 1);
    buf_release(&json);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routing),       cmocka_unit_test(test_targets),
        cmocka_unit_test(test_same_turn),     cmocka_unit_test(test_expired_records_still_block),
        cmocka_unit_test(test_deleted_group), cmocka_unit_test(test_changes_in_one_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
