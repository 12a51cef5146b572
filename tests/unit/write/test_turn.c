#include "unit/write/kit.h"

#include "config/limits.h"

/* Nobody hears of a job before its turn's write is durable. */
struct watch {
    struct kit *kit;
    uint64_t end_before;
    bool is_durable;
    bool is_visible;
};

static void watch_done(struct write_job *job, void *context)
{
    struct watch *watch = context;

    assert_int_equal(job->items[0].result, OK);
    watch->is_durable = journal_durable_end(store_journal(watch->kit->store)) > watch->end_before;
    watch->is_visible = kit_head(watch->kit, "a").is_found;
    assert_true(sim_calls(watch->kit->sim, SIM_CHANGING) > 0);
}

static void test_done_comes_after_the_write(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct watch watch = {.kit = kit, .end_before = kit_status(kit).journal_end};
    struct write_item item = kit_item(kit, WRITE_PUT, "a", 1, STR("x"));
    struct write_job job = {.items = &item, .count = 1, .done = watch_done, .context = &watch};

    (void)state;
    kit_submit(kit, &job);
    assert_false(kit_head(kit, "a").is_found);
    kit_turn(kit);
    assert_true(watch.is_durable);
    assert_true(watch.is_visible);
    kit_free(kit);
}

/* All that is queued goes into one durable write. */
static void test_group_commit(void **state)
{
    enum { JOBS = 300 };
    struct kit *kit = kit_with_group(1);
    struct write_item *items = MEM_NEW_ARRAY(struct write_item, JOBS);
    struct write_job *jobs = MEM_NEW_ARRAY(struct write_job, JOBS);
    char(*names)[8] = mem_new_array(JOBS, sizeof(*names));

    (void)state;
    kit_turn(kit);
    for (size_t i = 0; i < JOBS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%zu", i);
        items[i] = kit_item(kit, WRITE_PUT, names[i], 1, STR("record"));
        jobs[i] = kit_job(kit, &items[i], 1);
        kit_submit(kit, &jobs[i]);
    }
    unsigned done = kit->done;
    uint64_t writes = sim_calls(kit->sim, 1U << SIM_WRITE);
    kit_turn(kit);
    assert_int_equal(kit->done - done, JOBS);
    assert_true(sim_calls(kit->sim, 1U << SIM_WRITE) - writes <= 2);
    kit_expect(kit, "299", "record");
    mem_free(items);
    mem_free(jobs);
    mem_free(names);
    kit_free(kit);
}

static void test_arrivals_strictly_increase(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item items[3];
    struct write_job job = kit_job(kit, items, 3);
    int64_t last = 0;

    (void)state;
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 3; i++)
            items[i] = kit_item(kit, WRITE_PUT, "a", round, STR("x"));
        kit_submit(kit, &job);
        kit_turn(kit);
        for (size_t i = 0; i < 3; i++) {
            assert_true(items[i].arrival_us > last);
            last = items[i].arrival_us;
        }
        if (round == 1)
            sim_clock_set(kit->sim, 1000); /* far back */
        if (round == 2)
            kit_reopen(kit); /* also the clock of a machine that was set back */
    }
    kit_free(kit);
}

/* ---- retries ---- */

static enum code write_keyed(struct kit *kit, struct write_item *item, uint64_t key)
{
    struct write_job job = kit_job(kit, item, 1);

    job.has_retry_key = true;
    job.retry_key = (struct hash128){key, key};
    kit_submit(kit, &job);
    kit_turn(kit);
    return item->result;
}

static void test_a_retry_is_the_same_write(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item item = kit_item(kit, WRITE_PUT, "a", 5, STR("first"));

    (void)state;
    assert_int_equal(write_keyed(kit, &item, 1), OK);
    assert_false(item.is_repeat);
    int64_t arrival_us = item.arrival_us;
    assert_int_equal(kit_put(kit, "a", 6, "second"), OK);
    assert_int_equal(write_keyed(kit, &item, 1), OK);
    assert_true(item.is_repeat);
    assert_int_equal(item.arrival_us, arrival_us);
    kit_expect(kit, "a", "second");
    assert_int_equal(kit_status(kit).unflushed_rows, 2);
    kit_reopen(kit);
    item.group = kit->group;
    assert_int_equal(write_keyed(kit, &item, 1), OK);
    assert_true(item.is_repeat);
    assert_int_equal(item.arrival_us, arrival_us);
    assert_int_equal(write_keyed(kit, &item, 2), OK);
    assert_false(item.is_repeat);
    assert_int_equal(kit_status(kit).unflushed_rows, 3);
    kit_free(kit);
}

/* The first attempt may still be in the same turn; and a refused write is not remembered. */
static void test_retries_in_one_turn(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item first[] = {kit_item(kit, WRITE_PUT, "a", 5, STR("x")),
                                 kit_item(kit, WRITE_PUT, "b", 5, STR("x")),
                                 kit_item(kit, WRITE_DELETE_HARD, "a", 5, STR(""))};
    struct write_item again[3];
    struct write_job jobs[] = {kit_job(kit, first, 3), kit_job(kit, again, 3)};

    (void)state;
    memcpy(again, first, sizeof(again));
    for (size_t i = 0; i < 2; i++) {
        jobs[i].has_retry_key = true;
        jobs[i].retry_key = (struct hash128){1, 2};
        kit_submit(kit, &jobs[i]);
    }
    kit_turn(kit);
    assert_int_equal(first[2].result, ERR_CONFLICT);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(first[i].result, OK);
        assert_false(first[i].is_repeat);
        assert_int_equal(again[i].result, OK);
        assert_true(again[i].is_repeat);
        assert_int_equal(again[i].arrival_us, first[i].arrival_us);
    }
    assert_int_equal(again[2].result, ERR_CONFLICT);
    assert_int_equal(kit_status(kit).unflushed_rows, 2);
    kit_free(kit);
}

/* ---- bounds ---- */

/* More than a batch holds: the rest waits for the next turn, jobs complete whole and in order. */
static void test_a_turn_is_bounded(void **state)
{
    enum { ITEMS = 25, JOBS = 3, BYTES = 300 * 1024 };
    struct kit *kit = kit_new(1);
    kit->options.journal.segment_bytes = 32 << 20;
    kit_open(kit);
    assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", 2), OK);
    char *record = mem_new_array(1, BYTES + 1);
    struct write_item items[JOBS][ITEMS];
    struct write_job jobs[JOBS];

    (void)state;
    memset(record, 'x', BYTES);
    for (size_t j = 0; j < JOBS; j++) {
        for (size_t i = 0; i < ITEMS; i++)
            items[j][i] = kit_item(kit, WRITE_PUT, "a", (int64_t)(j * ITEMS + i), str_from(record));
        jobs[j] = kit_job(kit, items[j], ITEMS);
        kit_submit(kit, &jobs[j]);
    }
    unsigned done = kit->done;
    size_t turns = 0;
    while (kit->done - done < JOBS) {
        uint64_t before = kit_status(kit).journal_end;
        kit_turn(kit);
        assert_true(kit_status(kit).journal_end - before <=
                    LIMIT_JOURNAL_BATCH_BYTES + LIMIT_JOURNAL_ENTRY_BYTES);
        turns++;
    }
    assert_true(turns >= 3);
    for (size_t j = 0; j < JOBS; j++) {
        for (size_t i = 0; i < ITEMS; i++)
            assert_int_equal(items[j][i].result, OK);
    }
    assert_int_equal(kit_head(kit, "a").event_time.seconds, JOBS * ITEMS - 1);
    mem_free(record);
    kit_free(kit);
}

static void test_an_entry_that_is_too_large(void **state)
{
    struct kit *kit = kit_with_group(1);
    char *record = mem_new_array(1, LIMIT_JOURNAL_ENTRY_BYTES + 1);
    struct write_item items[2] = {
        kit_item(kit, WRITE_PUT, "a", 1, (struct str){record, LIMIT_JOURNAL_ENTRY_BYTES}),
        kit_item(kit, WRITE_PUT, "b", 1, STR("x"))};
    struct write_job job = kit_job(kit, items, 2);

    (void)state;
    kit_submit(kit, &job);
    kit_turn(kit);
    assert_int_equal(items[0].result, ERR_TOO_LARGE);
    assert_int_equal(items[1].result, OK);
    kit_expect(kit, "a", "<none>");
    mem_free(record);
    kit_free(kit);
}

/* A full disk refuses writes as busy; reads go on, and so do writes when there is room again. */
static void test_a_full_disk(void **state)
{
    struct kit *kit = kit_with_group(1);
    char record[1001];
    enum code code = OK;
    int64_t i = 0;

    (void)state;
    memset(record, 'x', 1000);
    record[1000] = '\0';
    sim_disk_bytes_set(kit->sim, 400 * 1024);
    for (; i < 2000 && code == OK; i++)
        code = kit_put(kit, "a", i, record);
    assert_int_equal(code, ERR_BUSY);
    assert_int_equal(kit_head(kit, "a").event_time.seconds, i - 2);
    assert_int_equal(kit->failures, 0);
    sim_disk_bytes_set(kit->sim, 4000 * 1024);
    sim_clock_advance(kit->sim, 10 * 1000 * 1000);
    assert_int_equal(kit_put(kit, "a", i, "after"), OK);
    kit_expect(kit, "a", "after");
    kit_reopen(kit);
    kit_expect(kit, "a", "after");
    kit_free(kit);
}

static void test_a_full_queue(void **state)
{
    struct kit *kit = kit_new(1);
    kit->options.queue_max = 2;
    kit_open(kit);
    struct write_item item = {.kind = WRITE_MARK, .record = STR("")};
    struct write_job jobs[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        jobs[i] = kit_job(kit, &item, 1);
        assert_int_equal(write_submit(kit->store, &jobs[i], &kit->err), i < 2 ? OK : ERR_BUSY);
    }
    kit_turn(kit);
    assert_int_equal(kit->done, 2);
    assert_int_equal(write_submit(kit->store, &jobs[2], &kit->err), OK);
    kit_free(kit); /* closing completes what is queued */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_done_comes_after_the_write),
        cmocka_unit_test(test_group_commit),
        cmocka_unit_test(test_arrivals_strictly_increase),
        cmocka_unit_test(test_a_retry_is_the_same_write),
        cmocka_unit_test(test_retries_in_one_turn),
        cmocka_unit_test(test_a_turn_is_bounded),
        cmocka_unit_test(test_an_entry_that_is_too_large),
        cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_full_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
