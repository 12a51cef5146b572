#include "unit/write/kit.h"

struct fixture {
    struct kit *kit;
    struct arena arena;
};

static int setup(void **state)
{
    struct fixture *fixture = MEM_NEW(struct fixture);

    fixture->kit = kit_new(1);
    fixture->kit->options.journal.segment_bytes = 1 << 20;
    kit_open(fixture->kit);
    assert_int_equal(kit_change(fixture->kit, CHANGE_CREATE, "g", KIT_FEATURES - 2), OK);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    kit_free(fixture->kit);
    arena_release(&fixture->arena);
    mem_free(fixture);
    return 0;
}

/* Changes of up to four features; NULL leaves one as it is. */
static struct record *changes_of(struct fixture *fixture, const char *const values[KIT_FEATURES])
{
    struct record *record = ARENA_NEW(&fixture->arena, struct record, 1);

    record->group = fixture->kit->group;
    record->values = ARENA_NEW(&fixture->arena, struct str, KIT_FEATURES);
    for (size_t i = 0; i < KIT_FEATURES; i++)
        record->values[i] = str_from(values[i]);
    return record;
}

static struct write_item update_item(struct fixture *fixture, const char *identifier,
                                     const char *f2, const char *f3)
{
    const char *const values[KIT_FEATURES] = {NULL, NULL, f2, f3};
    struct write_item item = kit_item(fixture->kit, WRITE_UPDATE, identifier, 0, STR_ABSENT);

    item.changes = changes_of(fixture, values);
    item.has_event_time = false;
    return item;
}

static void put(struct fixture *fixture, const char *identifier, int64_t seconds, const char *f2,
                const char *f3, int64_t ttl_seconds)
{
    const char *const values[KIT_FEATURES] = {identifier, "t", f2, f3};
    struct write_item item = kit_item(fixture->kit, WRITE_PUT, identifier, seconds,
                                      kit_record(fixture->kit, &fixture->arena, values));

    item.ttl_seconds = ttl_seconds;
    assert_int_equal(kit_write(fixture->kit, &item), OK);
}

/* The values of the record as the online store has it; "" for absent. */
static void expect_values(struct fixture *fixture, const char *identifier, const char *f2,
                          const char *f3)
{
    struct online_record got;
    struct stored_record stored;

    assert_int_equal(online_get(store_online(fixture->kit->store), fixture->kit->group->id,
                                str_from(identifier), &fixture->arena, &got, NULL),
                     OK);
    assert_int_equal(stored_record_open(got.record, &stored, NULL), OK);
    assert_true(str_equal(stored_record_value(&stored, 0), str_from(identifier)));
    assert_true(str_equal(stored_record_value(&stored, 2), str_from(f2)));
    assert_true(str_equal(stored_record_value(&stored, 3), str_from(f3)));
}

static void test_merges(void **state)
{
    struct fixture *fixture = *state;
    struct write_item item;

    put(fixture, "a", 10, "1", "0.5", 0);
    item = update_item(fixture, "a", "2", NULL);
    assert_int_equal(kit_write(fixture->kit, &item), OK);
    expect_values(fixture, "a", "2", "0.5");
    assert_int_equal(kit_head(fixture->kit, "a").event_time.seconds, 10);
    /* The offline row is the whole merged record. */
    assert_int_equal(kit_status(fixture->kit).unflushed_rows, 2);
    kit_reopen(fixture->kit);
    expect_values(fixture, "a", "2", "0.5");
    item = update_item(fixture, "a", NULL, "0.7");
    assert_int_equal(kit_write(fixture->kit, &item), OK);
    expect_values(fixture, "a", "2", "0.7");
}

static void test_event_times(void **state)
{
    struct fixture *fixture = *state;
    struct write_item item;

    put(fixture, "a", 10, "1", NULL, 0);
    item = update_item(fixture, "a", "2", NULL);
    item.has_event_time = true;
    item.event_time.seconds = 9;
    assert_int_equal(kit_write(fixture->kit, &item), ERR_CONFLICT);
    expect_values(fixture, "a", "1", "");
    assert_int_equal(kit_status(fixture->kit).unflushed_rows, 1);
    item.event_time.seconds = 10;
    assert_int_equal(kit_write(fixture->kit, &item), OK);
    expect_values(fixture, "a", "2", "");
    item = update_item(fixture, "a", "3", NULL);
    item.has_event_time = true;
    item.event_time.seconds = 12;
    assert_int_equal(kit_write(fixture->kit, &item), OK);
    assert_int_equal(kit_head(fixture->kit, "a").event_time.seconds, 12);
    expect_values(fixture, "a", "3", "");
}

static void test_ttl(void **state)
{
    struct fixture *fixture = *state;
    const int64_t now = fixture->kit->os->now_us(fixture->kit->os->context) / 1000000;
    struct write_item item;

    put(fixture, "a", now, "1", NULL, 100);
    item = update_item(fixture, "a", "2", NULL);
    item.has_event_time = true;
    item.event_time.seconds = now + 5;
    assert_int_equal(kit_write(fixture->kit, &item), OK);
    assert_int_equal(kit_head(fixture->kit, "a").ttl_seconds, 100);
    item.has_ttl = true;
    item.ttl_seconds = 7;
    assert_int_equal(kit_write(fixture->kit, &item), OK);
    assert_int_equal(kit_head(fixture->kit, "a").ttl_seconds, 7);
    /* Expired: there is nothing to update any more. */
    sim_clock_advance(fixture->kit->sim, 13 * 1000 * 1000);
    assert_int_equal(kit_write(fixture->kit, &item), ERR_NOT_FOUND);
}

static void test_needs_a_record(void **state)
{
    struct fixture *fixture = *state;
    struct write_item item = update_item(fixture, "a", "2", NULL);

    assert_int_equal(kit_write(fixture->kit, &item), ERR_NOT_FOUND);
    put(fixture, "a", 10, "1", NULL, 0);
    assert_int_equal(kit_delete(fixture->kit, WRITE_DELETE, "a", 11), OK);
    assert_int_equal(kit_write(fixture->kit, &item), ERR_NOT_FOUND);
    assert_int_equal(kit_delete(fixture->kit, WRITE_DELETE_HARD, "a", 12), OK);
    assert_int_equal(kit_write(fixture->kit, &item), ERR_NOT_FOUND);
}

/* Put, update and update again in one turn: each sees the one before. */
static void test_in_one_turn(void **state)
{
    struct fixture *fixture = *state;
    const char *const values[KIT_FEATURES] = {"a", "t", "1", "0.1"};
    struct write_item items[] = {
        kit_item(fixture->kit, WRITE_PUT, "a", 10,
                 kit_record(fixture->kit, &fixture->arena, values)),
        update_item(fixture, "a", "2", NULL),
        update_item(fixture, "a", NULL, "0.2"),
        kit_item(fixture->kit, WRITE_DELETE, "a", 11, STR("")),
        update_item(fixture, "a", "3", NULL),
        kit_item(fixture->kit, WRITE_PUT, "b", 10,
                 kit_record(fixture->kit, &fixture->arena, values)),
        update_item(fixture, "b", "9", NULL),
    };
    static const enum code expected[] = {OK, OK, OK, OK, ERR_NOT_FOUND, OK, OK};
    struct write_job job = kit_job(fixture->kit, items, ARRAY_COUNT(items));

    kit_submit(fixture->kit, &job);
    kit_turn(fixture->kit);
    for (size_t i = 0; i < ARRAY_COUNT(items); i++)
        assert_int_equal(items[i].result, expected[i]);
    kit_expect(fixture->kit, "a", "<tombstone>");
    const struct overlay_item *none =
        overlay_find(&fixture->kit->store->turn.overlay, 1, (struct hash128){0});
    assert_null(none);
}

/* The record has features that the request's group did not know yet: none is lost. */
static void test_after_the_group_grew(void **state)
{
    struct fixture *fixture = *state;
    struct kit *kit = fixture->kit;
    struct write_item item = update_item(fixture, "a", "2", NULL); /* of the old version */
    const struct group *old = group_ref(kit->group);

    assert_int_equal(kit_change(kit, CHANGE_REPLACE, "g", 3), OK);
    assert_int_equal(kit->group->feature_count, 5);
    struct str texts[5] = {STR("a"), STR("t"), STR("1"), STR("0.5"), STR("new")};
    struct record record = {.group = kit->group, .values = texts};
    struct buf out;
    buf_init(&out, 0);
    record_encode(&record, &out);
    struct write_item put_item = kit_item(kit, WRITE_PUT, "a", 1, buf_str(&out));
    assert_int_equal(kit_write(kit, &put_item), OK);
    buf_release(&out);

    item.group = old;
    assert_int_equal(kit_write(kit, &item), OK);
    struct online_record got;
    struct stored_record stored;
    assert_int_equal(
        online_get(store_online(kit->store), kit->group->id, STR("a"), &fixture->arena, &got, NULL),
        OK);
    assert_int_equal(stored_record_open(got.record, &stored, NULL), OK);
    assert_true(str_equal(stored_record_value(&stored, 2), STR("2")));
    assert_true(str_equal(stored_record_value(&stored, 4), STR("new")));
    group_unref(old);
}

/* Each update is small enough, the record they would make together is not. */
static void test_the_merged_record_is_limited(void **state)
{
    struct fixture *fixture = *state;
    char *text = ARENA_NEW(&fixture->arena, char, 200001);

    memset(text, 'x', 200000);
    put(fixture, "a", 10, text, "0.5", 0);
    struct write_item item = update_item(fixture, "a", NULL, text);
    assert_int_equal(kit_write(fixture->kit, &item), ERR_INVALID);
    expect_values(fixture, "a", text, "0.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_merges, setup, teardown),
        cmocka_unit_test_setup_teardown(test_event_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ttl, setup, teardown),
        cmocka_unit_test_setup_teardown(test_needs_a_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_one_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_after_the_group_grew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_merged_record_is_limited, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
