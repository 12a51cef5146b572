#include "unit/write/kit.h"

#include "core/metrics.h"

enum { RECORD_BYTES = 900, STEADY = 40 };

static struct kit *kit_small(uint64_t checkpoint_bytes)
{
    struct kit *kit = kit_new(1);

    kit->options.checkpoint_bytes = checkpoint_bytes;
    kit->options.journal_bytes_spare = 1;
    kit_open(kit);
    assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", 2), OK);
    return kit;
}

static void put_large(struct kit *kit, const char *identifier, int64_t seconds)
{
    char record[RECORD_BYTES + 1];

    (void)snprintf(record, sizeof(record), "%s at %lld", identifier, (long long)seconds);
    size_t len = strlen(record);
    memset(record + len, '.', RECORD_BYTES - len);
    record[RECORD_BYTES] = '\0';
    assert_int_equal(kit_put(kit, identifier, seconds, record), OK);
}

static void expect_large(struct kit *kit, const char *identifier, int64_t seconds)
{
    char record[RECORD_BYTES + 1];

    (void)snprintf(record, sizeof(record), "%s at %lld", identifier, (long long)seconds);
    size_t len = strlen(record);
    memset(record + len, '.', RECORD_BYTES - len);
    record[RECORD_BYTES] = '\0';
    kit_expect(kit, identifier, record);
}

static void name_steady(char name[16], int i)
{
    (void)snprintf(name, 16, "steady-%d", i);
}

/*
 * A few records are written once, one is overwritten for ever. The journal stays small, because
 * what is current moves forward; nothing is lost on the way, in memory or after a restart.
 */
static void test_journal_stays_small(void **state)
{
    struct kit *kit = kit_small(64 * 1024);
    char name[16];
    uint64_t largest = 0;

    (void)state;
    for (int i = 0; i < STEADY; i++) {
        name_steady(name, i);
        put_large(kit, name, i);
    }
    assert_int_equal(kit_delete(kit, WRITE_DELETE, "gone", 5), OK);
    int64_t carried = metric_get(METRIC_journal_carried_total);
    for (int64_t i = 0; i < 3000; i++) {
        put_large(kit, "busy", i);
        if (i % 7 == 0)
            assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
        if (i > 500 && kit_status(kit).journal_bytes > largest)
            largest = kit_status(kit).journal_bytes;
        if (i % 600 == 599)
            kit_reopen(kit);
    }
    assert_true(largest <= 6 * KIT_SEGMENT_BYTES);
    assert_true(metric_get(METRIC_journal_carried_total) - carried > 10);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < STEADY; i++) {
            name_steady(name, i);
            expect_large(kit, name, i);
        }
        expect_large(kit, "busy", 2999);
        kit_expect(kit, "gone", "<tombstone>");
        kit_reopen(kit);
    }
    kit_free(kit);
}

/* What is not in Parquet is kept, whatever the journal grows to. */
static void test_unflushed_is_kept(void **state)
{
    struct kit *kit = kit_small(16 * 1024);

    (void)state;
    for (int64_t i = 0; i < 300; i++)
        put_large(kit, "busy", i);
    uint64_t bytes = kit_status(kit).journal_bytes;
    assert_true(bytes >= 300 * 4096);
    assert_int_equal(kit_status(kit).unflushed_rows, 300);
    assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
    kit_turns(kit, 20);
    assert_int_equal(kit_status(kit).unflushed_rows, 0);
    assert_true(kit_status(kit).journal_bytes <= 4 * KIT_SEGMENT_BYTES);
    kit_free(kit);
}

static void test_nothing_goes_before_a_checkpoint(void **state)
{
    struct kit *kit = kit_small(UINT64_C(1) << 40);

    (void)state;
    for (int64_t i = 0; i < 100; i++)
        put_large(kit, "busy", i);
    assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
    uint64_t bytes = kit_status(kit).journal_bytes;
    kit_turns(kit, 20);
    assert_int_equal(kit_status(kit).journal_bytes, bytes);
    kit_free(kit);
}

/* A pinned segment waits for its reader; so does one that a reader may hold a place in. */
static void test_pins_and_readers(void **state)
{
    struct kit *kit = kit_small(16 * 1024);
    struct journal_pin pin;
    unsigned reader;

    (void)state;
    put_large(kit, "busy", 0);
    uint64_t position = kit_head(kit, "busy").position / 4096 * 4096;
    assert_int_equal(journal_pin(store_journal(kit->store), position, &pin, &kit->err), OK);
    for (int64_t i = 1; i < 200; i++)
        put_large(kit, "busy", i);
    assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
    kit_turns(kit, 10);
    uint64_t bytes = kit_status(kit).journal_bytes;
    assert_true(bytes > 100 * 4096);
    journal_unpin(store_journal(kit->store), pin);
    kit_turns(kit, 10);
    assert_true(kit_status(kit).journal_bytes < bytes / 2);

    assert_int_equal(epoch_reader_add(store_epoch(kit->store), &reader, NULL), OK);
    for (int64_t i = 200; i < 300; i++)
        put_large(kit, "busy", i);
    epoch_enter(store_epoch(kit->store), reader);
    struct online_head head = kit_head(kit, "busy");
    for (int64_t i = 300; i < 500; i++)
        put_large(kit, "busy", i);
    assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
    kit_turns(kit, 10);
    struct arena arena = {0};
    struct entry entry;
    assert_int_equal(journal_read(store_journal(kit->store), head.position, head.bytes, &arena,
                                  &entry, &kit->err),
                     OK);
    assert_int_equal(entry.event_time.seconds, 299);
    arena_release(&arena);
    bytes = kit_status(kit).journal_bytes;
    epoch_leave(store_epoch(kit->store), reader);
    epoch_reader_remove(store_epoch(kit->store), reader);
    kit_turns(kit, 10);
    assert_true(kit_status(kit).journal_bytes < bytes / 2);
    kit_free(kit);
}

/* What was current when the slice was read may not be when it is appended: then it is left out. */
static void test_carrying_looks_again(void **state)
{
    struct kit *kit = kit_small(UINT64_C(1) << 40);
    struct background *background = &kit->store->background;

    (void)state;
    assert_int_equal(kit_put(kit, "a", 5, "old"), OK);
    assert_int_equal(kit_put(kit, "b", 5, "b"), OK);
    uint64_t from = kit_head(kit, "a").position / 4096 * 4096;
    background->task =
        (struct task){.kind = TASK_CARRY, .from = from, .limit = kit_status(kit).journal_end};
    background_run(background);
    assert_int_equal(background->task.count, 2);
    kit->store->reclaim.carry_from = from;
    kit->store->reclaim.carry_to = background->task.limit;
    /* The writer goes on before it takes the slice. */
    struct entry newer = {.kind = ENTRY_PUT,
                          .targets = TARGET_ONLINE,
                          .group_id = kit->group->id,
                          .event_time = {5, 0},
                          .identifier = STR("a"),
                          .record = STR("new")};
    uint64_t position;
    assert_int_equal(journal_add(store_journal(kit->store), &newer, &position, NULL), OK);
    assert_int_equal(journal_commit(store_journal(kit->store), NULL), OK);
    online_apply(store_online(kit->store), &newer, position, (uint32_t)entry_bytes(&newer));
    uint64_t before = kit_head(kit, "b").position;
    kit_turn(kit);
    kit_expect(kit, "a", "new");
    kit_expect(kit, "b", "b");
    assert_int_equal(kit_head(kit, "a").position, position);
    assert_true(kit_head(kit, "b").position > before);
    assert_int_equal(background_state(background), TASK_NONE);
    kit_reopen(kit);
    kit_expect(kit, "a", "new");
    kit_expect(kit, "b", "b");
    kit_free(kit);
}

/* A checkpoint that cannot be written is tried again later; nothing else stops. */
static void test_a_failed_checkpoint(void **state)
{
    struct kit *kit = kit_small(16 * 1024);

    (void)state;
    kit_turn(kit);
    uint64_t position = kit_status(kit).checkpoint_position;
    struct sim_fault fault = {
        .nth = 1, .calls = 1U << SIM_RENAME, .errno_value = 28 /* ENOSPC */, .is_for_ever = true};
    sim_fail(kit->sim, &fault);
    for (int64_t i = 0; i < 50; i++)
        put_large(kit, "busy", i);
    assert_int_equal(kit_status(kit).checkpoint_position, position);
    sim_fail(kit->sim, &(struct sim_fault){0});
    for (int64_t i = 50; i < 100; i++)
        put_large(kit, "busy", i);
    assert_true(kit_status(kit).checkpoint_position > position);
    assert_int_equal(kit->failures, 0);
    kit_reopen(kit);
    expect_large(kit, "busy", 99);
    kit_free(kit);
}

/* A group's records stop being current when the group goes. */
static void test_a_deleted_group_frees_its_segments(void **state)
{
    struct kit *kit = kit_small(16 * 1024);
    char name[16];

    (void)state;
    for (int i = 0; i < 100; i++) {
        name_steady(name, i);
        put_large(kit, name, i);
    }
    assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
    assert_int_equal(kit_change(kit, CHANGE_DELETE, "g", 0), OK);
    assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", 2), OK);
    for (int64_t i = 0; i < 10; i++)
        put_large(kit, "busy", i);
    assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
    kit_turns(kit, 10);
    assert_true(kit_status(kit).journal_bytes <= 3 * KIT_SEGMENT_BYTES);
    kit_reopen(kit);
    expect_large(kit, "busy", 9);
    kit_expect(kit, "steady-1", "<none>");
    kit_free(kit);
}

/* ---- readers beside all of it ---- */

struct reading {
    struct kit *kit;
    uint32_t group_id;
    _Atomic(bool) is_over;
    unsigned reads;
    unsigned wrong;
    char message[200];
};

/* Every record that was there before stays readable, wherever it is carried meanwhile. */
static void read_steady(void *context)
{
    struct reading *reading = context;
    struct store *store = reading->kit->store;
    struct arena arena = {0};
    unsigned reader;

    if (epoch_reader_add(store_epoch(store), &reader, NULL) != OK)
        return;
    while (!atomic_load(&reading->is_over)) {
        epoch_enter(store_epoch(store), reader);
        for (int i = 0; i < STEADY; i++) {
            char name[16];
            struct online_record got = {0};
            struct err err = {0};
            name_steady(name, i);
            if (online_get(store_online(store), reading->group_id, str_from(name), &arena, &got,
                           &err) != OK ||
                !str_starts(got.record, str_from(name))) {
                reading->wrong++;
                (void)snprintf(reading->message, sizeof(reading->message), "%.150s", err.message);
            }
            reading->reads++;
        }
        epoch_leave(store_epoch(store), reader);
        arena_reset(&arena);
    }
    arena_release(&arena);
    epoch_reader_remove(store_epoch(store), reader);
}

static enum code wait_put(struct kit *kit, const char *identifier, int64_t seconds)
{
    char record[RECORD_BYTES + 1];
    struct write_item item = kit_item(kit, WRITE_PUT, identifier, seconds, STR_ABSENT);
    struct write_job job = {.items = &item, .count = 1};

    (void)snprintf(record, sizeof(record), "%-900s", identifier);
    item.record = str_from(record);
    return write_wait(kit->store, &job, &kit->err);
}

static enum code wait_mark(struct kit *kit)
{
    struct flush_mark mark = {.flushed_to = journal_durable_end(store_journal(kit->store))};
    CLEANUP(buf_release) struct buf bytes;

    buf_init(&bytes, 0);
    flush_mark_encode(&mark, &bytes);
    struct write_item item = {.kind = WRITE_MARK, .record = buf_str(&bytes)};
    struct write_job job = {.items = &item, .count = 1};
    return write_wait(kit->store, &job, &kit->err);
}

static void test_readers_beside_reclaim(void **state)
{
    struct kit *kit = kit_small(40 * 1024);
    struct os_thread *thread;
    char name[16];

    (void)state;
    kit_close(kit);
    kit->options.is_threaded = true;
    kit->options.cache_bytes_max = 1; /* every read goes to the journal */
    kit_open(kit);
    for (int i = 0; i < STEADY; i++) {
        name_steady(name, i);
        assert_int_equal(wait_put(kit, name, i), OK);
    }
    int64_t carried = metric_get(METRIC_journal_carried_total);
    struct reading reading = {.kit = kit, .group_id = kit->group->id};
    assert_int_equal(os_thread_start("reading", read_steady, &reading, &thread, NULL), OK);
    for (int64_t i = 0; i < 600; i++) {
        assert_int_equal(wait_put(kit, "busy", i), OK);
        if (i % 5 == 0)
            assert_int_equal(wait_mark(kit), OK);
    }
    atomic_store(&reading.is_over, true);
    os_thread_join(thread);
    if (reading.wrong > 0)
        fail_msg("%s", reading.message);
    assert_true(reading.reads > 0);
    assert_true(metric_get(METRIC_journal_carried_total) > carried);
    assert_int_equal(kit->failures, 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal_stays_small),
        cmocka_unit_test(test_unflushed_is_kept),
        cmocka_unit_test(test_nothing_goes_before_a_checkpoint),
        cmocka_unit_test(test_pins_and_readers),
        cmocka_unit_test(test_carrying_looks_again),
        cmocka_unit_test(test_a_failed_checkpoint),
        cmocka_unit_test(test_a_deleted_group_frees_its_segments),
        cmocka_unit_test(test_readers_beside_reclaim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
