/* Opening, adding, committing, rolling on; also on the real operating system. */
#include "unit/journal/kit.h"

#include <stdlib.h>

static void test_new_journal_is_empty(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    assert_int_equal(kit->seen_count, 0);
    uint64_t end = journal_durable_end(kit->journal);
    assert_int_equal(end, KIT_SEGMENT_BYTES + 4096);
    kit_commit(kit);
    assert_int_equal(journal_durable_end(kit->journal), end);
    struct journal_start start = journal_end_start(kit->journal);
    assert_int_equal(start.position, end);
    assert_int_equal(start.batch, 1);
    assert_int_equal(start.chain, 0);
    kit_reopen(kit);
    assert_int_equal(kit->seen_count, 0);
    assert_int_equal(journal_durable_end(kit->journal), end);
    kit_free(kit);
}

static void test_committed_is_found_again(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 100);
    kit_batch(kit, 10, 500);
    kit_batch(kit, 3, 0);
    uint64_t end = journal_durable_end(kit->journal);
    assert_int_equal(end % 4096, 0);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, 14);
    assert_int_equal(journal_durable_end(kit->journal), end);
    kit_batch(kit, 2, 50);
    assert_int_equal(kit->position[14], end + BATCH_HEAD_BYTES);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, 16);
    kit_free(kit);
}

static void test_uncommitted_is_not_there(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 100);
    uint64_t end = journal_durable_end(kit->journal);
    kit_add(kit, 100);
    assert_true(journal_pending_bytes(kit->journal) > 100);
    assert_int_equal(journal_durable_end(kit->journal), end);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, 1);
    assert_int_equal(journal_pending_bytes(kit->journal), 0);
    kit_free(kit);
}

static void test_rolls_on_through_many_segments(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    for (unsigned i = 0; i < 60; i++)
        kit_batch(kit, 1 + i % 7, 100 * (i % 40));
    assert_true(journal_durable_end(kit->journal) > 5 * KIT_SEGMENT_BYTES);
    uint32_t count = kit->next;
    kit_reopen(kit);
    kit_expect_seen(kit, 0, count);
    kit_free(kit);
}

/* The positions that were given out stand although the turn crossed into the next segments. */
static void test_one_turn_over_several_segments(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    uint64_t end = journal_durable_end(kit->journal);
    for (unsigned i = 0; i < 30; i++)
        kit_add(kit, 4000);
    assert_true(journal_pending_bytes(kit->journal) > 30 * 4000);
    assert_int_equal(journal_durable_end(kit->journal), end);
    kit_commit(kit);
    assert_int_equal(journal_pending_bytes(kit->journal), 0);
    assert_true(journal_durable_end(kit->journal) > 4 * KIT_SEGMENT_BYTES);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, 30);
    kit_free(kit);
}

static void test_batches_are_bounded(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.segment_bytes = 32 * 1024 * 1024;
    kit_open(kit);
    uint64_t writes = sim_calls(kit->sim, 1U << SIM_WRITE);
    static char record[LIMIT_JOURNAL_ENTRY_BYTES];
    struct entry entry = {.kind = ENTRY_MARK};
    entry.record = (struct str){record, sizeof(record) - 56};
    uint64_t position = 0;
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(journal_add(kit->journal, &entry, &position, NULL), OK);
    assert_int_equal(sim_calls(kit->sim, 1U << SIM_WRITE), writes + 1);
    kit_commit(kit);
    assert_int_equal(sim_calls(kit->sim, 1U << SIM_WRITE), writes + 2);
    kit_free(kit);
}

static void test_too_large_is_refused_and_costs_nothing(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_add(kit, 100);
    static char record[LIMIT_JOURNAL_ENTRY_BYTES + 1];
    struct entry entry = {.kind = ENTRY_MARK};
    uint64_t position = 123;
    /* The most a segment of 32 KiB takes: less its head, the batch's head and the entry's. */
    entry.record = (struct str){record, KIT_SEGMENT_BYTES - 4096 - 64 - 56 + 1};
    assert_int_equal(journal_add(kit->journal, &entry, &position, NULL), ERR_TOO_LARGE);
    entry.record.len = sizeof(record);
    assert_int_equal(journal_add(kit->journal, &entry, &position, NULL), ERR_TOO_LARGE);
    assert_int_equal(position, 123);
    entry.record.len = KIT_SEGMENT_BYTES - 4096 - 64 - 56;
    assert_int_equal(journal_add(kit->journal, &entry, &position, NULL), OK);
    kit_commit(kit);
    kit_free(kit);
}

static void test_exactly_full_segments(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    static char record[KIT_SEGMENT_BYTES];
    struct entry entry = {.kind = ENTRY_MARK};
    entry.record = (struct str){record, KIT_SEGMENT_BYTES - 4096 - 64 - 56};
    uint64_t position = 0;
    for (unsigned i = 1; i <= 3; i++) {
        for (size_t j = 0; j < entry.record.len; j++)
            record[j] = (char)(i * 7 + j);
        entry.group_id = i;
        assert_int_equal(journal_add(kit->journal, &entry, &position, NULL), OK);
        kit_commit(kit);
        assert_int_equal(journal_durable_end(kit->journal), (i + 1ULL) * KIT_SEGMENT_BYTES);
        kit->start = journal_end_start(kit->journal);
        kit_reopen(kit);
        assert_int_equal(kit->seen_count, 0);
        assert_int_equal(journal_durable_end(kit->journal), (i + 1ULL) * KIT_SEGMENT_BYTES);
        kit->start = (struct journal_start){0};
        kit_reopen(kit);
        assert_int_equal(kit->seen_count, i);
    }
    kit_free(kit);
}

static void test_recovery_from_every_start(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct journal_start starts[64];
    uint32_t counts[64];
    kit_open(kit);
    for (unsigned i = 0; i < 64; i++) {
        starts[i] = journal_end_start(kit->journal);
        counts[i] = kit->next;
        kit_batch(kit, 1 + i % 3, 150 * (i % 20));
    }
    for (unsigned i = 0; i < 64; i++) {
        kit->start = starts[i];
        kit_reopen(kit);
        kit_expect_seen(kit, counts[i], kit->next);
    }
    kit_free(kit);
}

static void test_failed_write_is_final(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 100);
    uint64_t end = journal_durable_end(kit->journal);
    kit_add(kit, 100);
    sim_fail(kit->sim, &(struct sim_fault){.nth = 1, .calls = 1U << SIM_WRITE, .errno_value = 28});
    assert_int_equal(journal_commit(kit->journal, &kit->err), ERR_IO);
    assert_non_null(strstr(kit->err.message, "No space left"));
    assert_int_equal(journal_durable_end(kit->journal), end);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(journal_commit(kit->journal, &kit->err), ERR_IO);
        assert_non_null(strstr(kit->err.message, "failed earlier"));
        assert_int_equal(kit_try_add(kit, 100), ERR_IO);
    }
    assert_true(sim_calls(kit->sim, 1U << SIM_WRITE) > 0);
    kit_reopen(kit);
    assert_true(kit->seen_count == 1 || kit->seen_count == 2);
    kit_free(kit);
}

static void test_failed_seal_is_final(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 8000);
    kit_batch(kit, 1, 8000);
    sim_fail(kit->sim, &(struct sim_fault){.nth = 1, .calls = 1U << SIM_WRITE, .errno_value = 5});
    kit_add(kit, 8000);
    assert_int_equal(kit_try_add(kit, 8000), ERR_IO);
    assert_int_equal(journal_commit(kit->journal, &kit->err), ERR_IO);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, 2);
    kit_free(kit);
}

static void test_options_are_checked(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    const uint64_t wrong[] = {4096, 10000, UINT64_C(1) << 32};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        kit->options.segment_bytes = wrong[i];
        assert_int_equal(kit_try_open(kit), ERR_INVALID);
    }
    kit->options.segment_bytes = KIT_SEGMENT_BYTES;
    kit_open(kit);
    kit_close(kit);
    kit->options.segment_bytes = 2 * KIT_SEGMENT_BYTES;
    assert_int_equal(kit_try_open(kit), ERR_INVALID);
    assert_non_null(strstr(kit->err.message, "32768"));
    kit_free(kit);
}

static void test_block_with_data_is_never_written_again(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    for (unsigned i = 0; i < 5; i++) {
        kit_batch(kit, 1, 10);
        assert_int_equal(kit->position[i], KIT_SEGMENT_BYTES + 4096 * (i + 1ULL) + 64);
    }
    kit_free(kit);
}

/* The same code on the real disk, with the helper thread and direct writes where they work. */
static void test_real_disk(void **state)
{
    (void)state;
    char dir[] = "/var/tmp/asof-journal-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct kit *kit = kit_new(1);
    kit->options = (struct journal_options){
        .segment_bytes = 256 * 1024, .segments_spare = 1, .is_threaded = true};
    for (unsigned round = 0; round < 3; round++) {
        kit->seen_count = 0;
        struct journal_replay replay = {kit->start, kit_see, kit};
        assert_int_equal(journal_open(os_linux(), dir, &kit->options, &replay, &kit->journal, NULL),
                         OK);
        kit_expect_seen(kit, 0, kit->next);
        for (unsigned i = 0; i < 100; i++)
            kit_batch(kit, 1 + i % 5, 1000 + i);
        kit_close(kit);
    }
    struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;
    const struct os *os = os_linux();
    assert_int_equal(os->list(os->context, dir, &arena, &names, &count, NULL), OK);
    assert_true(count > 3);
    for (size_t i = 0; i < count; i++) {
        struct str path = arena_format(&arena, "%s/%.*s", dir, STR_ARG(names[i]));
        assert_int_equal(os->remove(os->context, path.ptr, NULL), OK);
    }
    assert_int_equal(os->remove(os->context, dir, NULL), OK);
    arena_release(&arena);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_journal_is_empty),
        cmocka_unit_test(test_committed_is_found_again),
        cmocka_unit_test(test_uncommitted_is_not_there),
        cmocka_unit_test(test_rolls_on_through_many_segments),
        cmocka_unit_test(test_one_turn_over_several_segments),
        cmocka_unit_test(test_batches_are_bounded),
        cmocka_unit_test(test_too_large_is_refused_and_costs_nothing),
        cmocka_unit_test(test_exactly_full_segments),
        cmocka_unit_test(test_recovery_from_every_start),
        cmocka_unit_test(test_failed_write_is_final),
        cmocka_unit_test(test_failed_seal_is_final),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_block_with_data_is_never_written_again),
        cmocka_unit_test(test_real_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
