/* Segments listed, pinned, given back and used again. */
#include "unit/journal/kit.h"

enum { SEGMENTS = 64 };

static size_t list(const struct kit *kit, struct journal_segment_info segments[SEGMENTS])
{
    size_t count = journal_segments(kit->journal, segments, SEGMENTS);
    assert_true(count <= SEGMENTS);
    return count;
}

static void fill(struct kit *kit, unsigned segments)
{
    struct journal_segment_info infos[SEGMENTS];
    size_t wanted = list(kit, infos) + segments;
    while (list(kit, infos) < wanted)
        kit_batch(kit, 2, 1800);
}

static size_t files(const struct kit *kit)
{
    struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;
    assert_int_equal(kit->os->list(kit->os->context, "/data/journal", &arena, &names, &count, NULL),
                     OK);
    arena_release(&arena);
    return count;
}

static void test_segments_are_listed(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_segment_info infos[SEGMENTS];
    kit_open(kit);
    assert_int_equal(list(kit, infos), 1);
    assert_int_equal(infos[0].sequence, 1);
    assert_int_equal(infos[0].first, infos[0].end);
    fill(kit, 4);
    size_t count = list(kit, infos);
    assert_int_equal(count, 5);
    uint32_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(infos[i].sequence, i + 1);
        assert_int_equal(infos[i].first, (i + 1) * KIT_SEGMENT_BYTES);
        assert_int_equal(kit_scan(kit, infos[i].first, infos[i].end), OK);
        kit_expect_seen(kit, seen, seen + kit->seen_count);
        seen += kit->seen_count;
    }
    assert_int_equal(seen, kit->next);
    assert_int_equal(infos[count - 1].end, journal_durable_end(kit->journal));
    assert_int_equal(journal_segments(kit->journal, infos, 2), 5);
    kit_free(kit);
}

static void test_recycled_is_gone_and_used_again(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_segment_info infos[SEGMENTS];
    kit_open(kit);
    fill(kit, 3);
    size_t file_count = files(kit);
    uint64_t gone = kit->position[0];
    kit->start = journal_end_start(kit->journal);
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), OK);
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), ERR_NOT_FOUND);
    assert_int_equal(kit_scan(kit, 0, journal_durable_end(kit->journal)), ERR_NOT_FOUND);
    struct arena arena = {0};
    struct entry entry;
    assert_int_equal(journal_read(kit->journal, gone, 160, &arena, &entry, &kit->err),
                     ERR_NOT_FOUND);
    arena_release(&arena);
    fill(kit, 1);
    assert_int_equal(files(kit), file_count);
    assert_int_equal(list(kit, infos), 4);
    assert_int_equal(infos[0].sequence, 2);
    uint32_t before = kit->next;
    kit_reopen(kit);
    assert_true(kit->seen_count > 0 && kit->seen_count < before);
    assert_int_equal(kit->seen[kit->seen_count - 1], before - 1);
    kit_free(kit);
}

/* Old batches in a segment that is used again are whole and right, but of another use. */
static void test_stale_batches_are_not_data(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_segment_info infos[SEGMENTS];
    kit->options.segments_spare = 1;
    kit_open(kit);
    for (unsigned round = 0; round < 30; round++) {
        fill(kit, 1);
        kit->start = journal_end_start(kit->journal);
        uint32_t from = kit->next;
        size_t count = list(kit, infos);
        for (size_t i = 0; i + 1 < count; i++)
            assert_int_equal(journal_recycle(kit->journal, infos[i].sequence, &kit->err), OK);
        kit_batch(kit, 1, 100 * round);
        kit_reopen(kit);
        kit_expect_seen(kit, from, kit->next);
    }
    assert_true(files(kit) <= 4);
    kit_free(kit);
}

static void test_the_last_segment_stays(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 10);
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), ERR_BUSY);
    assert_int_equal(journal_recycle(kit->journal, 2, &kit->err), ERR_BUSY);
    assert_int_equal(journal_recycle(kit->journal, 9, &kit->err), ERR_NOT_FOUND);
    /* The turn crossed into the next segment but is not committed. */
    for (unsigned i = 0; i < 4; i++)
        kit_add(kit, 8000);
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), ERR_BUSY);
    kit_commit(kit);
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), OK);
    kit_free(kit);
}

static void test_pins_hold(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_segment_info infos[SEGMENTS];
    kit_open(kit);
    fill(kit, 5);
    assert_int_equal(list(kit, infos), 6);
    struct journal_pin early = {0};
    struct journal_pin late = {0};
    assert_int_equal(journal_pin(kit->journal, infos[1].first, &early, &kit->err), OK);
    assert_int_equal(journal_pin(kit->journal, infos[3].end, &late, &kit->err), OK);
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), OK);
    assert_int_equal(journal_recycle(kit->journal, 2, &kit->err), ERR_BUSY);
    assert_int_equal(journal_recycle(kit->journal, 3, &kit->err), ERR_BUSY);
    journal_unpin(kit->journal, early);
    assert_int_equal(journal_recycle(kit->journal, 2, &kit->err), OK);
    assert_int_equal(journal_recycle(kit->journal, 3, &kit->err), OK);
    /* A pin at a segment's end does not need that segment. */
    assert_int_equal(journal_recycle(kit->journal, 4, &kit->err), OK);
    assert_int_equal(journal_recycle(kit->journal, 5, &kit->err), ERR_BUSY);
    journal_unpin(kit->journal, late);
    assert_int_equal(journal_recycle(kit->journal, 5, &kit->err), OK);
    kit_free(kit);
}

static void test_pins_are_bounded_and_checked(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    fill(kit, 3);
    struct journal_pin pins[JOURNAL_PINS_MAX];
    struct journal_pin more = {99};
    for (unsigned i = 0; i < JOURNAL_PINS_MAX; i++)
        assert_int_equal(journal_pin(kit->journal, 0, &pins[i], &kit->err), OK);
    assert_int_equal(journal_pin(kit->journal, 0, &more, &kit->err), ERR_LIMIT);
    assert_int_equal(more.slot, 99);
    for (unsigned i = 0; i < JOURNAL_PINS_MAX; i++)
        journal_unpin(kit->journal, pins[i]);
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), OK);
    assert_int_equal(journal_pin(kit->journal, 0, &more, &kit->err), ERR_NOT_FOUND);
    assert_int_equal(journal_pin(kit->journal, KIT_SEGMENT_BYTES + 4096, &more, &kit->err),
                     ERR_NOT_FOUND);
    assert_int_equal(journal_pin(kit->journal, 4097, &more, &kit->err), ERR_CORRUPT);
    kit_free(kit);
}

/* A position at the end of a segment means the start of the next, also when the first is gone. */
static void test_the_end_of_a_recycled_segment(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_segment_info infos[SEGMENTS];
    kit_open(kit);
    fill(kit, 3);
    (void)list(kit, infos);
    assert_int_equal(kit_scan(kit, infos[1].first, journal_durable_end(kit->journal)), OK);
    uint32_t first = kit->seen[0];
    assert_int_equal(journal_recycle(kit->journal, 1, &kit->err), OK);
    for (unsigned round = 0; round < 2; round++) {
        struct journal_pin pin = {0};
        uint64_t end = journal_durable_end(kit->journal);
        assert_int_equal(kit_scan(kit, infos[0].end, end), OK);
        kit_expect_seen(kit, first, kit->next);
        assert_int_equal(journal_pin(kit->journal, infos[0].end, &pin, &kit->err), OK);
        journal_unpin(kit->journal, pin);
        /* After a crash it is there again, until it is used or recycled again. */
        if (round == 0)
            assert_int_equal(kit_scan(kit, infos[0].end - 4096, end), ERR_NOT_FOUND);
        kit->start = journal_end_start(kit->journal);
        kit_reopen(kit);
    }
    kit_free(kit);
}

/* What follows a checkpoint at the end of a segment that was recycled since is found. */
static void test_recovery_from_the_end_of_a_recycled_segment(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_segment_info infos[SEGMENTS];
    kit_open(kit);
    for (unsigned round = 0; round < 5; round++) {
        kit_batch(kit, 1, 3000);
        while (journal_durable_end(kit->journal) % KIT_SEGMENT_BYTES < KIT_SEGMENT_BYTES - 4096)
            kit_batch(kit, 1, 10);
        kit->start = journal_end_start(kit->journal);
        uint32_t from = kit->next;
        kit_batch(kit, 1, 7000);
        (void)list(kit, infos);
        assert_int_equal(journal_recycle(kit->journal, infos[0].sequence, &kit->err), OK);
        fill(kit, 1);
        kit_reopen(kit);
        kit_expect_seen(kit, from, kit->next);
        while (list(kit, infos) > 1)
            assert_int_equal(journal_recycle(kit->journal, infos[0].sequence, &kit->err), OK);
    }
    kit_free(kit);
}

/* Segments may be given back in any order; a hole is a hole. */
static void test_holes(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_segment_info infos[SEGMENTS];
    kit_open(kit);
    fill(kit, 6);
    assert_int_equal(journal_recycle(kit->journal, 3, &kit->err), OK);
    assert_int_equal(journal_recycle(kit->journal, 5, &kit->err), OK);
    kit->start = journal_end_start(kit->journal);
    assert_int_equal(list(kit, infos), 5);
    for (unsigned round = 0; round < 2; round++) {
        uint64_t end = journal_durable_end(kit->journal);
        (void)list(kit, infos);
        assert_int_equal(kit_scan(kit, infos[0].first, infos[1].end), OK);
        assert_int_equal(kit_scan(kit, 4 * KIT_SEGMENT_BYTES, end),
                         round == 0 ? ERR_NOT_FOUND : OK);
        assert_int_equal(kit_scan(kit, 6 * KIT_SEGMENT_BYTES, end), OK);
        assert_true(kit->seen_count > 0);
        kit_reopen(kit);
    }
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments_are_listed),
        cmocka_unit_test(test_recycled_is_gone_and_used_again),
        cmocka_unit_test(test_stale_batches_are_not_data),
        cmocka_unit_test(test_the_last_segment_stays),
        cmocka_unit_test(test_pins_hold),
        cmocka_unit_test(test_pins_are_bounded_and_checked),
        cmocka_unit_test(test_the_end_of_a_recycled_segment),
        cmocka_unit_test(test_recovery_from_the_end_of_a_recycled_segment),
        cmocka_unit_test(test_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
