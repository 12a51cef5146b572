/* Reading one entry, ranges and cuts below the durable end. */
#include "unit/journal/kit.h"

#include <pthread.h>

static void assert_reads(struct kit *kit, uint32_t number, size_t bytes)
{
    struct arena arena = {0};
    struct entry entry;
    char identifier[32];
    int len = snprintf(identifier, sizeof(identifier), "id-%u", number);
    struct entry shape = {.kind = ENTRY_PUT};
    shape.identifier.len = (size_t)len;
    shape.record.len = bytes;
    enum code code = journal_read(kit->journal, kit->position[number],
                                  (uint32_t)entry_bytes(&shape), &arena, &entry, &kit->err);
    if (code != OK)
        fail_msg("%s", kit->err.message);
    assert_int_equal(entry.group_id, number);
    assert_true(str_equal(entry.identifier, (struct str){identifier, (size_t)len}));
    assert_int_equal(entry.record.len, bytes);
    arena_release(&arena);
}

static void test_reads_each_entry(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    for (unsigned i = 0; i < 20; i++)
        kit_batch(kit, 3, 1500);
    for (uint32_t i = 0; i < kit->next; i++)
        assert_reads(kit, i, 1500);
    kit_reopen(kit);
    for (uint32_t i = 0; i < kit->next; i++)
        assert_reads(kit, i, 1500);
    kit_free(kit);
}

static enum code try_read(struct kit *kit, uint64_t position, uint32_t bytes)
{
    struct arena arena = {0};
    struct entry entry;
    enum code code = journal_read(kit->journal, position, bytes, &arena, &entry, &kit->err);
    arena_release(&arena);
    return code;
}

static void test_wrong_places_are_refused(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 2, 100);
    uint64_t at = kit->position[0];
    uint32_t bytes = 56 + 4 + 100;
    assert_int_equal(try_read(kit, at, bytes), OK);
    assert_int_equal(try_read(kit, at, bytes - 1), ERR_CORRUPT);
    assert_int_equal(try_read(kit, at, bytes + 1), ERR_CORRUPT);
    assert_non_null(strstr(kit->err.message, "expected"));
    assert_int_equal(try_read(kit, at + 1, bytes), ERR_CORRUPT);
    assert_int_equal(try_read(kit, at, 0), ERR_CORRUPT);
    assert_int_equal(try_read(kit, at, UINT32_MAX), ERR_CORRUPT);
    assert_int_equal(try_read(kit, 2 * KIT_SEGMENT_BYTES - 10, 20), ERR_CORRUPT);
    assert_int_equal(try_read(kit, 1000ULL * KIT_SEGMENT_BYTES, 20), ERR_NOT_FOUND);
    kit_free(kit);
}

static void test_flipped_bit_is_reported(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 2, 100);
    char path[SEGMENT_PATH_BYTES];
    kit_path(kit, kit->position[1], path);
    for (unsigned offset = 0; offset < 160; offset++) {
        sim_flip(kit->sim, path, kit->position[1] % KIT_SEGMENT_BYTES + offset, offset % 8);
        assert_int_equal(try_read(kit, kit->position[1], 160), ERR_CORRUPT);
        assert_int_equal(try_read(kit, kit->position[0], 160), OK);
        sim_flip(kit->sim, path, kit->position[1] % KIT_SEGMENT_BYTES + offset, offset % 8);
    }
    sim_fail(kit->sim, &(struct sim_fault){.nth = 1, .calls = 1U << SIM_READ, .errno_value = 5});
    assert_int_equal(try_read(kit, kit->position[1], 160), ERR_IO);
    assert_int_equal(try_read(kit, kit->position[1], 160), OK);
    kit_free(kit);
}

static void test_scans_between_all_boundaries(void **state)
{
    (void)state;
    enum { BATCHES = 40 };
    struct kit *kit = kit_new(1);
    uint64_t ends[BATCHES + 1];
    uint32_t counts[BATCHES + 1];
    kit_open(kit);
    ends[0] = journal_durable_end(kit->journal);
    counts[0] = 0;
    for (unsigned i = 1; i <= BATCHES; i++) {
        kit_batch(kit, 1 + i % 4, 200 * (i % 18));
        ends[i] = journal_durable_end(kit->journal);
        counts[i] = kit->next;
    }
    for (unsigned from = 0; from <= BATCHES; from++) {
        for (unsigned to = from; to <= BATCHES; to++) {
            assert_int_equal(kit_scan(kit, ends[from], ends[to]), OK);
            kit_expect_seen(kit, counts[from], counts[to]);
        }
    }
    assert_int_equal(kit_scan(kit, 0, ends[BATCHES]), OK);
    kit_expect_seen(kit, 0, kit->next);
    kit_free(kit);
}

static void test_scan_refuses_what_is_no_range(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    kit_batch(kit, 1, 6000);
    kit_batch(kit, 1, 100);
    uint64_t end = journal_durable_end(kit->journal);
    assert_int_equal(kit_scan(kit, 0, end + 4096), ERR_INVALID);
    assert_int_equal(kit_scan(kit, 0, end - 1), ERR_INVALID);
    assert_int_equal(kit_scan(kit, end - 8192, end), ERR_CORRUPT);
    assert_int_equal(kit_scan(kit, 100, end), ERR_CORRUPT);
    assert_int_equal(kit_scan(kit, end, end), OK);
    assert_int_equal(kit_scan(kit, end, 0), OK);
    assert_int_equal(kit->seen_count, 0);
    kit_free(kit);
}

static void test_scan_reports_damage(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    for (unsigned i = 0; i < 20; i++)
        kit_batch(kit, 2, 1500);
    uint64_t end = journal_durable_end(kit->journal);
    for (unsigned number = 0; number < kit->next; number += 3) {
        char path[SEGMENT_PATH_BYTES];
        kit_path(kit, kit->position[number], path);
        sim_flip(kit->sim, path, kit->position[number] % KIT_SEGMENT_BYTES + 70, 3);
        assert_int_equal(kit_scan(kit, 0, end), ERR_CORRUPT);
        assert_true(kit->seen_count <= number);
        sim_flip(kit->sim, path, kit->position[number] % KIT_SEGMENT_BYTES + 70, 3);
    }
    assert_int_equal(kit_scan(kit, 0, end), OK);
    kit_free(kit);
}

static enum code stop_at_third(uint64_t position, const struct entry *entry, void *context,
                               struct err *err)
{
    unsigned *count = context;
    (void)position;
    (void)entry;
    (*count)++;
    return *count == 3 ? err_set(err, ERR_LIMIT, "enough") : OK;
}

static void test_callback_ends_the_scan(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    unsigned count = 0;
    kit_open(kit);
    kit_batch(kit, 5, 10);
    uint64_t end = journal_durable_end(kit->journal);
    assert_int_equal(journal_scan(kit->journal, 0, end, stop_at_third, &count, &kit->err),
                     ERR_LIMIT);
    assert_string_equal(kit->err.message, "enough");
    assert_int_equal(count, 3);
    kit_free(kit);
}

/* Every cut is a boundary; it is within the bound or one batch; the cuts tile the journal. */
static void test_cuts_tile_the_journal(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    for (unsigned i = 0; i < 50; i++)
        kit_batch(kit, 1 + i % 4, 250 * (i % 16));
    uint64_t end = journal_durable_end(kit->journal);
    const uint64_t bounds[] = {0, 1, 4096, 5000, 8192, 20000, 40000, 100000, UINT64_C(1) << 40};
    for (size_t i = 0; i < ARRAY_COUNT(bounds); i++) {
        uint64_t at = 0;
        uint32_t next = 0;
        while (at < end) {
            uint64_t to = 0;
            assert_int_equal(journal_cut(kit->journal, at, bounds[i], &to, &kit->err), OK);
            assert_true(to > at && to <= end);
            assert_int_equal(kit_scan(kit, at, to), OK);
            assert_true(kit->seen_count > 0);
            kit_expect_seen(kit, next, next + kit->seen_count);
            uint64_t last = kit->seen_at[kit->seen_count - 1];
            assert_true(to - at <= bounds[i] || at == 0 || last - at < 40000);
            next += kit->seen_count;
            at = to;
        }
        assert_int_equal(next, kit->next);
    }
    uint64_t to = 1;
    assert_int_equal(journal_cut(kit->journal, end, 100, &to, NULL), OK);
    assert_int_equal(to, end);
    kit_free(kit);
}

static void test_cut_of_one_batch_may_be_larger_than_the_bound(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    uint64_t from = journal_durable_end(kit->journal);
    kit_batch(kit, 3, 5000);
    uint64_t first = journal_durable_end(kit->journal);
    kit_batch(kit, 1, 100);
    uint64_t to = 0;
    assert_int_equal(journal_cut(kit->journal, from, 4096, &to, NULL), OK);
    assert_int_equal(to, first);
    assert_int_equal(journal_cut(kit->journal, from, first - from + 4095, &to, NULL), OK);
    assert_int_equal(to, first);
    assert_int_equal(journal_cut(kit->journal, from, first - from + 4096, &to, NULL), OK);
    assert_int_equal(to, journal_durable_end(kit->journal));
    kit_free(kit);
}

static void test_cut_reports_damage(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit_open(kit);
    uint64_t from = journal_durable_end(kit->journal);
    for (unsigned i = 0; i < 5; i++)
        kit_batch(kit, 1, 10);
    char path[SEGMENT_PATH_BYTES];
    uint64_t to = 77;
    kit_path(kit, from, path);
    sim_flip(kit->sim, path, 8192, 0);
    assert_int_equal(journal_cut(kit->journal, from, 12288, &to, &kit->err), ERR_CORRUPT);
    assert_int_equal(to, 77);
    sim_fail(kit->sim, &(struct sim_fault){.nth = 1, .calls = 1U << SIM_READ, .errno_value = 5});
    assert_int_equal(journal_cut(kit->journal, from, 12288, &to, &kit->err), ERR_IO);
    kit_free(kit);
}

/* ---- readers beside the writer ---- */

struct reader {
    struct kit *kit;
    _Atomic bool is_stopping;
    uint64_t scanned;
};

static enum code count_entry(uint64_t position, const struct entry *entry, void *context,
                             struct err *err)
{
    struct reader *reader = context;
    if (entry->event_time.seconds != (int64_t)reader->scanned)
        return err_set(err, ERR_INTERNAL, "out of order at %llu", (unsigned long long)position);
    reader->scanned++;
    return OK;
}

static void *read_all_the_time(void *context)
{
    struct reader *reader = context;
    uint64_t at = 0;
    for (;;) {
        bool is_last = atomic_load(&reader->is_stopping);
        uint64_t end = journal_durable_end(reader->kit->journal);
        uint64_t to = at;
        struct err err;
        while (at < end) {
            if (journal_cut(reader->kit->journal, at, 16384, &to, &err) != OK ||
                journal_scan(reader->kit->journal, at, to, count_entry, reader, &err) != OK)
                return reader;
            at = to;
        }
        if (is_last)
            return NULL;
    }
}

static void test_readers_beside_the_writer(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    kit->options.is_threaded = true;
    kit_open(kit);
    struct reader readers[2] = {{.kit = kit}, {.kit = kit}};
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_all_the_time, &readers[i]), 0);
    for (unsigned i = 0; i < 400; i++)
        kit_batch(kit, 1 + i % 5, 10 * (i % 90));
    for (unsigned i = 0; i < 2; i++) {
        void *failed = NULL;
        atomic_store(&readers[i].is_stopping, true);
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
        assert_int_equal(readers[i].scanned, kit->next);
    }
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_each_entry),
        cmocka_unit_test(test_wrong_places_are_refused),
        cmocka_unit_test(test_flipped_bit_is_reported),
        cmocka_unit_test(test_scans_between_all_boundaries),
        cmocka_unit_test(test_scan_refuses_what_is_no_range),
        cmocka_unit_test(test_scan_reports_damage),
        cmocka_unit_test(test_callback_ends_the_scan),
        cmocka_unit_test(test_cuts_tile_the_journal),
        cmocka_unit_test(test_cut_of_one_batch_may_be_larger_than_the_bound),
        cmocka_unit_test(test_cut_reports_damage),
        cmocka_unit_test(test_readers_beside_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
