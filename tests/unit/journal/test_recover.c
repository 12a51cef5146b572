/* Torn tails end the journal; damage does not. */
#include "unit/journal/kit.h"

/* A journal of `batches` batches over some segments, closed; counts[i] entries before batch i. */
static struct kit *filled(unsigned batches, uint32_t *counts, uint64_t *ends)
{
    struct kit *kit = kit_new(1);
    kit_open(kit);
    for (unsigned i = 0; i < batches; i++) {
        counts[i] = kit->next;
        kit_batch(kit, 1 + i % 4, 300 * (i % 12));
        ends[i] = journal_durable_end(kit->journal);
    }
    counts[batches] = kit->next;
    return kit;
}

static void test_torn_tail_is_cut_off(void **state)
{
    (void)state;
    uint32_t counts[9];
    uint64_t ends[8];
    struct kit *kit = filled(8, counts, ends);
    char path[SEGMENT_PATH_BYTES];
    kit_path(kit, kit->position[counts[7]], path);
    kit_close(kit);
    /* Somewhere in the last batch. */
    sim_flip(kit->sim, path, kit->position[counts[7]] % KIT_SEGMENT_BYTES + 80, 0);
    kit_open(kit);
    kit_expect_seen(kit, 0, counts[7]);
    assert_int_equal(journal_durable_end(kit->journal), ends[6]);
    kit->next = counts[7];
    kit_batch(kit, 1, 20);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, counts[7] + 1);
    kit_free(kit);
}

/* A bit flipped in any batch but the last, in any of its parts, is damage. */
static void test_damage_in_the_middle_is_found(void **state)
{
    (void)state;
    enum { BATCHES = 24 };
    uint32_t counts[BATCHES + 1];
    uint64_t ends[BATCHES];
    struct kit *kit = filled(BATCHES, counts, ends);
    for (unsigned i = 0; i + 1 < BATCHES; i++) {
        char path[SEGMENT_PATH_BYTES];
        uint64_t start = kit->position[counts[i]] - BATCH_HEAD_BYTES;
        const uint64_t offsets[] = {0, 9, 17, 30, 33, 41, 50, 57, 61, 65, 90};
        kit_path(kit, start, path);
        for (size_t j = 0; j < ARRAY_COUNT(offsets); j++) {
            sim_flip(kit->sim, path, start % KIT_SEGMENT_BYTES + offsets[j], j % 8);
            struct journal *journal = kit->journal;
            kit->journal = NULL;
            assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
            kit->journal = journal;
            sim_flip(kit->sim, path, start % KIT_SEGMENT_BYTES + offsets[j], j % 8);
        }
    }
    kit_reopen(kit);
    kit_expect_seen(kit, 0, counts[BATCHES]);
    kit_free(kit);
}

/* The last batch of a segment is guarded by the segment's seal, whatever follows. */
static void test_damage_at_the_end_of_a_sealed_segment(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    while (journal_durable_end(kit->journal) <= 2 * KIT_SEGMENT_BYTES)
        kit_batch(kit, 1, 3000);
    uint32_t last = 0;
    for (uint32_t i = 0; i < kit->next; i++)
        if (kit->position[i] < 2 * KIT_SEGMENT_BYTES)
            last = i;
    assert_int_equal(last + 2, kit->next);
    char first_path[SEGMENT_PATH_BYTES];
    char second_path[SEGMENT_PATH_BYTES];
    kit_path(kit, kit->position[last], first_path);
    kit_path(kit, kit->position[last + 1], second_path);
    kit_close(kit);
    sim_flip(kit->sim, first_path, kit->position[last] % KIT_SEGMENT_BYTES + 10, 0);
    /* Without the batch in the next segment nothing would show it. */
    sim_flip(kit->sim, second_path, 4096, 0);
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    sim_flip(kit->sim, first_path, kit->position[last] % KIT_SEGMENT_BYTES + 10, 0);
    kit_open(kit);
    kit_expect_seen(kit, 0, last + 1);
    kit_free(kit);
}

static void test_damaged_segment_head(void **state)
{
    (void)state;
    uint32_t counts[25];
    uint64_t ends[24];
    struct kit *kit = filled(24, counts, ends);
    char path[SEGMENT_PATH_BYTES];
    kit_path(kit, kit->position[0], path);
    kit_close(kit);
    sim_flip(kit->sim, path, 40, 2);
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    assert_non_null(strstr(kit->err.message, "segment-00000"));
    sim_flip(kit->sim, path, 40, 2);
    kit_open(kit);
    kit_expect_seen(kit, 0, kit->next);
    kit_free(kit);
}

static void test_missing_segments(void **state)
{
    (void)state;
    for (unsigned missing = 0; missing < 2; missing++) {
        uint32_t counts[41];
        uint64_t ends[40];
        struct kit *kit = filled(40, counts, ends);
        char path[SEGMENT_PATH_BYTES];
        assert_true(ends[39] > 4 * KIT_SEGMENT_BYTES);
        kit_path(kit, (missing + 1ULL) * KIT_SEGMENT_BYTES, path);
        kit_close(kit);
        assert_int_equal(kit->os->remove(kit->os->context, path, NULL), OK);
        assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
        assert_non_null(strstr(kit->err.message, "missing"));
        kit_free(kit);
    }
}

static void test_cut_short_segment(void **state)
{
    (void)state;
    uint32_t counts[5];
    uint64_t ends[4];
    struct kit *kit = filled(4, counts, ends);
    char path[SEGMENT_PATH_BYTES];
    kit_path(kit, KIT_SEGMENT_BYTES, path);
    kit_close(kit);
    struct os_file *file = NULL;
    const struct os *os = kit->os;
    assert_int_equal(os->open(os->context, path, OS_WRITE, &file, NULL), OK);
    assert_int_equal(os->truncate(os->context, file, 20000, NULL), OK);
    os->close(os->context, file);
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    assert_non_null(strstr(kit->err.message, "cut short"));
    kit_free(kit);
}

static void test_start_must_fit(void **state)
{
    (void)state;
    uint32_t counts[9];
    uint64_t ends[8];
    struct kit *kit = filled(8, counts, ends);
    struct journal_start right = journal_end_start(kit->journal);
    kit_close(kit);
    kit->start = right;
    kit->start.position += 1;
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    kit->start.position = 100ULL * KIT_SEGMENT_BYTES + 8192;
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    kit->start = (struct journal_start){ends[3], 5, 1};
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    kit->start = right;
    kit_open(kit);
    assert_int_equal(kit->seen_count, 0);
    kit_free(kit);
}

/* The checkpoint is gone and so is the beginning: not a new journal. */
static void test_no_start_but_a_recycled_beginning(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    while (journal_durable_end(kit->journal) < 3 * KIT_SEGMENT_BYTES)
        kit_batch(kit, 1, 3000);
    assert_int_equal(journal_recycle(kit->journal, 1, NULL), OK);
    while (journal_durable_end(kit->journal) < 6 * KIT_SEGMENT_BYTES)
        kit_batch(kit, 1, 3000);
    kit_close(kit);
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    assert_non_null(strstr(kit->err.message, "missing"));
    kit_free(kit);
}

static void test_leftovers_are_swept(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 100);
    kit_close(kit);
    const struct os *os = kit->os;
    const uint64_t sizes[] = {0, 100, 5000, KIT_SEGMENT_BYTES, 2 * KIT_SEGMENT_BYTES};
    for (unsigned i = 0; i < ARRAY_COUNT(sizes); i++) {
        char path[64];
        struct os_file *file = NULL;
        (void)snprintf(path, sizeof(path), "/data/journal/segment-0009%02u", i);
        assert_int_equal(os->open(os->context, path, OS_WRITE | OS_CREATE, &file, NULL), OK);
        assert_int_equal(os->truncate(os->context, file, sizes[i], NULL), OK);
        os->close(os->context, file);
    }
    kit_open(kit);
    kit_expect_seen(kit, 0, 1);
    struct os_stat stat;
    assert_int_equal(os->stat(os->context, "/data/journal/segment-000900", &stat, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(os->stat(os->context, "/data/journal/segment-000902", &stat, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(os->stat(os->context, "/data/journal/segment-000903", &stat, NULL), OK);
    while (journal_durable_end(kit->journal) < 8 * KIT_SEGMENT_BYTES)
        kit_batch(kit, 1, 3000);
    kit_reopen(kit);
    kit_expect_seen(kit, 0, kit->next);
    kit_free(kit);
}

static enum code refuse_all(uint64_t position, const struct entry *entry, void *context,
                            struct err *err)
{
    (void)position;
    (void)entry;
    (void)context;
    return err_set(err, ERR_LIMIT, "not this one");
}

static void test_callback_failure_is_passed_on(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 100);
    kit_close(kit);
    struct journal_replay replay = {.fn = refuse_all};
    assert_int_equal(
        journal_open(kit->os, "/data/journal", &kit->options, &replay, &kit->journal, &kit->err),
        ERR_LIMIT);
    assert_string_equal(kit->err.message, "not this one");
    assert_null(kit->journal);
    kit_free(kit);
}

/* What recovery found is on stable storage: another power failure right after does not lose it. */
static void test_recovered_is_durable(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct kit *kit = kit_new(seed);
        kit_open(kit);
        kit_batch(kit, 1, 100);
        kit_add(kit, 3000);
        /* The process ends, not the machine: the write is half done in the cache. */
        sim_fail(kit->sim,
                 &(struct sim_fault){.nth = 1, .calls = 1U << SIM_WRITE, .errno_value = 5});
        assert_int_equal(journal_commit(kit->journal, NULL), ERR_IO);
        kit_close(kit);
        kit_open(kit);
        unsigned count = kit->seen_count;
        kit_close(kit);
        sim_crash(kit->sim, seed);
        kit_open(kit);
        assert_int_equal(kit->seen_count, count);
        kit_free(kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn_tail_is_cut_off),
        cmocka_unit_test(test_damage_in_the_middle_is_found),
        cmocka_unit_test(test_damage_at_the_end_of_a_sealed_segment),
        cmocka_unit_test(test_damaged_segment_head),
        cmocka_unit_test(test_missing_segments),
        cmocka_unit_test(test_cut_short_segment),
        cmocka_unit_test(test_start_must_fit),
        cmocka_unit_test(test_no_start_but_a_recycled_beginning),
        cmocka_unit_test(test_leftovers_are_swept),
        cmocka_unit_test(test_callback_failure_is_passed_on),
        cmocka_unit_test(test_recovered_is_durable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
