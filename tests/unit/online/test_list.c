#include "unit/online/fake_journal.h"

enum { RECORDS = 3000, GROUP = 3 };

struct fixture {
    struct world world;
    char names[RECORDS][16];
    unsigned listed[RECORDS];
};

static struct str name_of(const struct fixture *fixture, size_t i)
{
    return str_from(fixture->names[i]);
}

static void write_record(struct fixture *fixture, enum entry_kind kind, size_t i, int64_t seconds,
                         int64_t ttl)
{
    struct entry entry = fake_entry(kind, GROUP, name_of(fixture, i), seconds, STR("r"));
    entry.ttl_seconds = ttl;
    assert_true(world_write(&fixture->world, &entry));
}

static int setup(void **state)
{
    struct fixture *fixture = MEM_NEW(struct fixture);

    world_init(&fixture->world, 2 * RECORDS, 20000);
    for (size_t i = 0; i < RECORDS; i++)
        (void)snprintf(fixture->names[i], sizeof(fixture->names[i]), "%zu", i);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    world_release(&fixture->world);
    mem_free(fixture);
    return 0;
}

/* One page; counts what it gave. */
static size_t list_page(struct fixture *fixture, struct online_list *list)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct str *identifiers;
    size_t count;

    assert_int_equal(online_list(fixture->world.online, list, &arena, &identifiers, &count, NULL),
                     OK);
    assert_true(count <= list->count_max);
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        assert_int_equal(str_to_u64(identifiers[i], RECORDS - 1, &number, NULL), OK);
        fixture->listed[number]++;
    }
    return count;
}

static void test_each_once_for_every_page_size(void **state)
{
    static const size_t sizes[] = {1, 2, 10, 100, 5000};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < RECORDS; i++)
        write_record(fixture, ENTRY_PUT, i, 5, 0);
    for (size_t s = 0; s < ARRAY_COUNT(sizes); s++) {
        struct online_list list = {.group_id = GROUP, .count_max = sizes[s]};
        size_t pages = 0;
        memset(fixture->listed, 0, sizeof(fixture->listed));
        do {
            list_page(fixture, &list);
            pages++;
        } while (list.cursor != 0);
        for (size_t i = 0; i < RECORDS; i++)
            assert_int_equal(fixture->listed[i], 1);
        assert_true(pages <= RECORDS / sizes[s] + 2);
    }
}

static void test_skips_deleted_and_expired(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 300; i++)
        write_record(fixture, ENTRY_PUT, i, 100, i % 3 == 1 ? 10 : 0);
    for (size_t i = 0; i < 300; i += 3)
        write_record(fixture, ENTRY_DELETE, i, 101, 0);
    struct online_list list = {.group_id = GROUP, .count_max = 7, .now = {110, 0}};
    do
        list_page(fixture, &list);
    while (list.cursor != 0);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(fixture->listed[i], i % 3 == 2);
    list = (struct online_list){GROUP, 0, 7, true, {109, 999999999}};
    do
        list_page(fixture, &list);
    while (list.cursor != 0);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(fixture->listed[i], i % 3 == 2 ? 2 : 1);
}

static void test_growth_between_pages(void **state)
{
    struct fixture *fixture = *state;
    struct online_list list = {.group_id = GROUP, .count_max = 10};
    size_t added = 200;

    for (size_t i = 0; i < added; i++)
        write_record(fixture, ENTRY_PUT, i, 5, 0);
    do {
        list_page(fixture, &list);
        for (size_t i = 0; i < 100 && added < RECORDS; i++)
            write_record(fixture, ENTRY_PUT, added++, 5, 0);
    } while (list.cursor != 0);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(fixture->listed[i], 1);
    for (size_t i = 200; i < RECORDS; i++)
        assert_true(fixture->listed[i] <= 1);
}

static void test_no_such_group(void **state)
{
    struct fixture *fixture = *state;
    struct online_list list = {.group_id = 99, .cursor = 77, .count_max = 10};

    assert_int_equal(list_page(fixture, &list), 0);
    assert_int_equal(list.cursor, 0);
}

/* Two records whose keys share the high half are not parted by a cursor. */
static void test_equal_high_halves(void **state)
{
    struct fixture *fixture = *state;
    struct entry entry = fake_entry(ENTRY_PUT, GROUP, STR("7"), 1, STR(""));
    uint64_t position = fake_add(&fixture->world.journal, &entry);
    struct online_item item = {.group_id = GROUP,
                               .head = {true, false, {1, 0}, 0, position, FAKE_ENTRY_BYTES}};
    struct online_list list = {.group_id = GROUP, .count_max = 1};
    CLEANUP(arena_release) struct arena arena = {0};
    struct str *identifiers;
    size_t count;

    item.key = online_key(fixture->world.online, GROUP, STR("7"));
    online_restore(fixture->world.online, &item);
    item.key.low++; /* a made-up key: its record cannot be read, so the page fails as a whole */
    online_restore(fixture->world.online, &item);
    assert_int_equal(online_list(fixture->world.online, &list, &arena, &identifiers, &count, NULL),
                     ERR_CORRUPT);
    assert_int_equal(list.cursor, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_once_for_every_page_size, setup, teardown),
        cmocka_unit_test_setup_teardown(test_skips_deleted_and_expired, setup, teardown),
        cmocka_unit_test_setup_teardown(test_growth_between_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_such_group, setup, teardown),
        cmocka_unit_test_setup_teardown(test_equal_high_halves, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
