/* A snapshot over the simulated machine: marks, cuts that are open, deltas ahead of their mark. */
#include "unit/write/kit.h"

#include "query/snapshot.h"

#include "offline/manifest.h"

struct seen {
    uint64_t rows;
    int64_t last_us;
    size_t index;
};

static enum code count_row(size_t index, const struct entry *entry, void *context, struct err *err)
{
    struct seen *seen = context;

    (void)err;
    assert_true(entry->arrival_us > seen->last_us);
    seen->last_us = entry->arrival_us;
    seen->index = index;
    seen->rows++;
    return OK;
}

static uint64_t tail_rows(struct kit *kit, const uint32_t *groups, size_t count)
{
    struct snapshot snapshot = {0};
    struct seen seen = {0};

    assert_int_equal(snapshot_begin(kit->store, &snapshot, &kit->err), OK);
    assert_int_equal(snapshot_tail(&snapshot, groups, count, count_row, &seen, &kit->err), OK);
    snapshot_end(&snapshot);
    snapshot_end(&snapshot);
    return seen.rows;
}

static void put_mark(struct kit *kit, const struct flush_mark *mark)
{
    struct buf bytes = {0};

    flush_mark_encode(mark, &bytes);
    struct write_item item = {.kind = WRITE_MARK, .record = buf_str(&bytes)};
    assert_int_equal(kit_write(kit, &item), OK);
    buf_release(&bytes);
}

static struct kit *kit_of_group(void)
{
    struct kit *kit = kit_new(11);

    kit_open(kit);
    assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", 2), OK);
    kit_find_group(kit);
    return kit;
}

static void test_tail(void **state)
{
    (void)state;
    struct kit *kit = kit_of_group();
    const uint32_t groups[] = {99, kit->group->id};

    assert_int_equal(tail_rows(kit, groups, 2), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(kit_put(kit, "a", 100 + i, "x"), OK);
    assert_int_equal(tail_rows(kit, groups, 2), 5);
    assert_int_equal(tail_rows(kit, groups, 1), 0);

    /* Deletes are rows; what is for the online store alone is none. */
    struct write_item gone = kit_item(kit, WRITE_DELETE, "a", 200, STR(""));
    assert_int_equal(kit_write(kit, &gone), OK);
    struct write_item online = kit_item(kit, WRITE_DELETE_HARD, "b", 200, STR(""));
    online.targets = TARGET_ONLINE;
    const enum code code = kit_write(kit, &online);
    assert_true(code == OK || code == ERR_NOT_FOUND);
    assert_int_equal(tail_rows(kit, groups, 2), 6);
    kit_free(kit);
}

static void test_mark_moves_the_tail(void **state)
{
    (void)state;
    struct kit *kit = kit_of_group();
    const uint32_t groups[] = {kit->group->id};
    struct journal *journal = store_journal(kit->store);

    for (int i = 0; i < 5; i++)
        assert_int_equal(kit_put(kit, "a", 100 + i, "x"), OK);
    const uint64_t flushed_to = journal_durable_end(journal);
    for (int i = 0; i < 3; i++)
        assert_int_equal(kit_put(kit, "a", 200 + i, "x"), OK);

    /* A cut that is open changes nothing: its files are in no delta that the mark names. */
    struct flush_mark mark;
    store_flush_mark(kit->store, &mark);
    mark.cut_from = mark.flushed_to;
    mark.cut_to = flushed_to;
    put_mark(kit, &mark);
    assert_int_equal(tail_rows(kit, groups, 1), 8);

    mark = (struct flush_mark){.flushed_to = flushed_to,
                               .cut_from = flushed_to,
                               .cut_to = flushed_to,
                               .manifest = mark.manifest + 1};
    struct snapshot before = {0};
    assert_int_equal(snapshot_begin(kit->store, &before, &kit->err), OK);
    put_mark(kit, &mark);
    assert_int_equal(tail_rows(kit, groups, 1), 3);

    /* One that was taken before sees what it saw. */
    struct seen seen = {0};
    assert_int_equal(snapshot_tail(&before, groups, 1, count_row, &seen, &kit->err), OK);
    assert_int_equal(seen.rows, 8);
    assert_true(before.manifest + 1 == mark.manifest);
    snapshot_end(&before);
    kit_free(kit);
}

static enum code refuse_row(size_t index, const struct entry *entry, void *context, struct err *err)
{
    (void)index;
    (void)entry;
    (void)context;
    return err_set(err, ERR_BUSY, "enough");
}

static void test_failure_ends_the_tail(void **state)
{
    (void)state;
    struct kit *kit = kit_of_group();
    const uint32_t groups[] = {kit->group->id};
    struct snapshot snapshot = {0};

    snapshot_end(&snapshot);
    assert_int_equal(kit_put(kit, "a", 100, "x"), OK);
    assert_int_equal(snapshot_begin(kit->store, &snapshot, &kit->err), OK);
    assert_int_equal(snapshot_tail(&snapshot, groups, 1, refuse_row, NULL, &kit->err), ERR_BUSY);
    snapshot_end(&snapshot);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_mark_moves_the_tail),
        cmocka_unit_test(test_failure_ends_the_tail),
    };
    return cmocka_run_group_tests_name("query/snapshot", tests, NULL, NULL);
}
