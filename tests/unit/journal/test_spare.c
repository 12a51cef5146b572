/* Segments prepared ahead of need, and what happens when they cannot be. */
#include "unit/journal/kit.h"

static uint64_t disk_files(const struct kit *kit)
{
    struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;
    assert_int_equal(kit->os->list(kit->os->context, "/data/journal", &arena, &names, &count, NULL),
                     OK);
    arena_release(&arena);
    return count;
}

static void test_spares_are_kept_ready(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.segments_spare = 3;
    kit_open(kit);
    assert_int_equal(kit->journal->ready_count, 3);
    assert_int_equal(disk_files(kit), 4);
    while (journal_durable_end(kit->journal) <= 3 * KIT_SEGMENT_BYTES)
        kit_batch(kit, 1, 3000);
    assert_int_equal(kit->journal->ready_count, 3);
    kit_reopen(kit);
    assert_int_equal(kit->journal->ready_count, 3);
    assert_int_equal(disk_files(kit), 6);
    kit_free(kit);
}

/* A full disk refuses entries as busy, loses nothing, and goes on when there is room. */
static void test_full_disk_is_busy(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.segments_spare = 1;
    kit_open(kit);
    sim_disk_bytes_set(kit->sim, 3 * KIT_SEGMENT_BYTES);
    enum code code = OK;
    while (code == OK) {
        code = kit_try_add(kit, 2000);
        kit_commit(kit);
    }
    assert_int_equal(code, ERR_BUSY);
    assert_non_null(strstr(kit->err.message, "No space left"));
    uint32_t count = kit->next;
    uint64_t opens = sim_calls(kit->sim, 1U << SIM_OPEN);
    assert_int_equal(kit_try_add(kit, 2000), ERR_BUSY);
    assert_int_equal(sim_calls(kit->sim, 1U << SIM_OPEN), opens);
    sim_disk_bytes_set(kit->sim, 0);
    assert_int_equal(kit_try_add(kit, 2000), ERR_BUSY);
    sim_clock_advance(kit->sim, JOURNAL_SPARE_PAUSE_US);
    kit_batch(kit, 5, 2000);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, count + 5);
    kit_free(kit);
}

/* Recycled segments are room, too: nothing new is made. */
static void test_recycled_segments_come_first(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.segments_spare = 1;
    kit_open(kit);
    for (uint64_t sequence = 1; sequence < 20; sequence++) {
        while (journal_durable_end(kit->journal) < (sequence + 1) * KIT_SEGMENT_BYTES + 4097)
            kit_batch(kit, 1, 3000);
        kit->start = journal_end_start(kit->journal);
        assert_int_equal(journal_recycle(kit->journal, sequence, &kit->err), OK);
    }
    assert_true(disk_files(kit) <= 4);
    kit_free(kit);
}

static void test_what_is_too_much_is_removed(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    while (journal_durable_end(kit->journal) < 12 * KIT_SEGMENT_BYTES)
        kit_batch(kit, 1, 7000);
    assert_true(disk_files(kit) > 12);
    kit->start = journal_end_start(kit->journal);
    for (uint64_t sequence = 1; sequence < 11; sequence++)
        assert_int_equal(journal_recycle(kit->journal, sequence, &kit->err), OK);
    /* Two in use, two ready, two unused. */
    assert_true(disk_files(kit) <= 6);
    kit_reopen(kit);
    kit_batch(kit, 1, 100);
    kit_free(kit);
}

/* Whatever fails while a segment is prepared, the journal goes on after the pause. */
static void test_failures_while_preparing(void **state)
{
    (void)state;
    bool is_hit = true;
    for (uint64_t nth = 1; is_hit; nth++) {
        struct kit *kit = kit_new(nth);
        kit->options.segments_spare = 1;
        kit_open(kit);
        while (journal_durable_end(kit->journal) < 2 * KIT_SEGMENT_BYTES - 8192)
            kit_batch(kit, 1, 10);
        unsigned calls =
            1U << SIM_OPEN | 1U << SIM_PREALLOCATE | 1U << SIM_SYNC_DIR | 1U << SIM_RANDOM;
        sim_fail(kit->sim, &(struct sim_fault){.nth = nth, .calls = calls, .errno_value = 5});
        for (unsigned i = 0; i < 20; i++) {
            enum code code = kit_try_add(kit, 3000);
            assert_true(code == OK || code == ERR_BUSY);
            kit_commit(kit);
            if (code != OK)
                sim_clock_advance(kit->sim, JOURNAL_SPARE_PAUSE_US);
        }
        is_hit = sim_fault_was_hit(kit->sim);
        uint32_t count = kit->next;
        assert_true(count > 15);
        kit_reopen(kit);
        kit_expect_seen(kit, 0, count);
        kit_free(kit);
    }
}

/* A segment that was given up while it was prepared comes back with its number after a crash. */
static void test_given_up_segment_comes_back(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.segments_spare = 1;
    kit_open(kit);
    kit_batch(kit, 1, 100);
    char path[SEGMENT_PATH_BYTES];
    struct segment_head head = {.segment_bytes = KIT_SEGMENT_BYTES, .sequence = 2, .nonce = 42};
    struct journal_place place = kit->journal->place;
    struct segment *twin = NULL;
    assert_int_equal(segment_make(&place, 77, &twin, NULL), OK);
    assert_int_equal(segment_open_writer(&place, twin, NULL), OK);
    assert_int_equal(segment_write_head(&place, twin, &head, NULL), OK);
    segment_path(&place, 77, path);
    segment_free(&place, twin);
    for (unsigned i = 0; i < 10; i++)
        kit_batch(kit, 1, 5000);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, 11);
    for (unsigned i = 0; i < 10; i++)
        kit_batch(kit, 1, 5000);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, 21);
    kit_free(kit);
}

static void test_helper_prepares(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.is_threaded = true;
    kit_open(kit);
    for (unsigned i = 0; i < 300; i++)
        kit_batch(kit, 1, 3000);
    kit->start = journal_end_start(kit->journal);
    uint64_t last = journal_durable_end(kit->journal) / KIT_SEGMENT_BYTES;
    for (uint64_t sequence = 1; sequence + 1 < last; sequence++)
        assert_int_equal(journal_recycle(kit->journal, sequence, &kit->err), OK);
    for (unsigned i = 0; i < 50; i++)
        kit_batch(kit, 1, 3000);
    uint32_t count = kit->next;
    kit_reopen(kit);
    kit_expect_seen(kit, count - 50, count);
    kit_free(kit);
}

static void test_helper_on_a_full_disk(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.is_threaded = true;
    kit->options.segments_spare = 1;
    kit_open(kit);
    kit_batch(kit, 1, 100);
    sim_disk_bytes_set(kit->sim, 1);
    enum code code = OK;
    while (code == OK) {
        code = kit_try_add(kit, 2000);
        kit_commit(kit);
    }
    assert_int_equal(code, ERR_BUSY);
    sim_disk_bytes_set(kit->sim, 0);
    sim_clock_advance(kit->sim, JOURNAL_SPARE_PAUSE_US);
    kit_batch(kit, 40, 2000);
    uint32_t count = kit->next;
    kit_reopen(kit);
    kit_expect_seen(kit, 0, count);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spares_are_kept_ready),
        cmocka_unit_test(test_full_disk_is_busy),
        cmocka_unit_test(test_recycled_segments_come_first),
        cmocka_unit_test(test_what_is_too_much_is_removed),
        cmocka_unit_test(test_failures_while_preparing),
        cmocka_unit_test(test_given_up_segment_comes_back),
        cmocka_unit_test(test_helper_prepares),
        cmocka_unit_test(test_helper_on_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
