#include "unit/write/kit.h"

/* After a failed write nothing is acknowledged, and what is there is found by the next start. */
static void test_a_failed_write_is_final(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item item = kit_item(kit, WRITE_PUT, "a", 5, STR("x"));
    struct write_item other = kit_item(kit, WRITE_PUT, "b", 5, STR("x"));
    struct write_job jobs[] = {kit_job(kit, &item, 1), kit_job(kit, &other, 1)};
    size_t count = 77;

    (void)state;
    assert_int_equal(kit_put(kit, "before", 1, "x"), OK);
    struct sim_fault fault = {
        .nth = 1, .calls = 1U << SIM_WRITE | 1U << SIM_SYNC, .errno_value = 5 /* EIO */};
    sim_fail(kit->sim, &fault);
    unsigned done = kit->done;
    kit_submit(kit, &jobs[0]);
    kit_submit(kit, &jobs[1]);
    assert_int_equal(store_turn(kit->store, &count, &kit->err), ERR_IO);
    assert_int_equal(count, 77);
    assert_int_equal(kit->failures, 1);
    assert_int_equal(kit->done - done, 2);
    assert_int_equal(item.result, ERR_IO);
    assert_int_equal(other.result, ERR_IO);
    kit_expect(kit, "a", "<none>");
    /* The disk works again; the store does not trust it any more. */
    sim_fail(kit->sim, &(struct sim_fault){0});
    assert_int_equal(write_submit(kit->store, &jobs[0], &kit->err), ERR_BUSY);
    assert_int_equal(store_turn(kit->store, &count, &kit->err), ERR_IO);
    assert_int_equal(kit->failures, 1);
    kit_expect(kit, "before", "x");
    kit_reopen(kit);
    kit_expect(kit, "before", "x");
    assert_int_equal(kit_put(kit, "a", 5, "y"), OK);
    kit_expect(kit, "a", "y");
    kit_free(kit);
}

/* The nth call fails, whichever it is: all that was acknowledged is there afterwards. */
static void test_every_call_of_a_turn_can_fail(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 400; nth++) {
        struct kit *kit = kit_new(nth);
        int64_t acknowledged = -1;
        kit->options.checkpoint_bytes = 20 * 1024;
        kit->options.journal_bytes_spare = 1;
        kit_open(kit);
        assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", 2), OK);
        struct sim_fault fault = {.nth = nth, .errno_value = 5, .is_for_ever = nth % 2 == 0};
        sim_fail(kit->sim, &fault);
        for (int64_t i = 0; i < 80 && kit->failures == 0; i++) {
            struct write_item item = kit_item(kit, WRITE_PUT, "a", i, STR("x"));
            struct write_job job = kit_job(kit, &item, 1);
            size_t jobs;
            kit_submit(kit, &job);
            (void)!store_turn(kit->store, &jobs, NULL);
            if (item.result == OK)
                acknowledged = i;
        }
        bool was_hit = sim_fault_was_hit(kit->sim);
        sim_fail(kit->sim, &(struct sim_fault){0});
        kit_reopen(kit);
        struct online_head head = kit_head(kit, "a");
        assert_int_equal(head.is_found, acknowledged >= 0 || head.is_found);
        assert_true(acknowledged < 0 || head.event_time.seconds >= acknowledged);
        kit_free(kit);
        if (!was_hit)
            return;
    }
    fail();
}

/* The writer's thread: waiting callers hear of the failure, later ones are refused. */
static void test_failure_with_threads(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item item = kit_item(kit, WRITE_PUT, "a", 5, STR("x"));
    struct write_job job = {.items = &item, .count = 1};

    (void)state;
    kit_close(kit);
    kit->options.is_threaded = true;
    kit_open(kit);
    item.group = kit->group;
    assert_int_equal(write_wait(kit->store, &job, &kit->err), OK);
    struct sim_fault fault = {
        .nth = 1, .calls = 1U << SIM_WRITE | 1U << SIM_SYNC, .errno_value = 5, .is_for_ever = true};
    sim_fail(kit->sim, &fault);
    assert_int_equal(write_wait(kit->store, &job, &kit->err), ERR_IO);
    assert_int_equal(write_wait(kit->store, &job, &kit->err), ERR_BUSY);
    kit_close(kit);
    assert_int_equal(kit->failures, 1);
    kit_free(kit);
}

/* Closing completes what is queued. */
static void test_closing_completes(void **state)
{
    enum { JOBS = 500 };
    struct kit *kit = kit_with_group(1);
    struct write_item *items = MEM_NEW_ARRAY(struct write_item, JOBS);
    struct write_job *jobs = MEM_NEW_ARRAY(struct write_job, JOBS);

    (void)state;
    for (int threaded = 0; threaded < 2; threaded++) {
        kit_close(kit);
        kit->options.is_threaded = threaded == 1;
        kit_open(kit);
        kit->done = 0;
        for (size_t i = 0; i < JOBS; i++) {
            items[i] = kit_item(kit, WRITE_PUT, "a", (int64_t)i, STR("x"));
            jobs[i] = kit_job(kit, &items[i], 1);
            kit_submit(kit, &jobs[i]);
        }
        kit_close(kit);
        assert_int_equal(kit->done, JOBS);
        for (size_t i = 0; i < JOBS; i++)
            assert_int_equal(items[i].result, OK);
    }
    mem_free(items);
    mem_free(jobs);
    kit->options.is_threaded = false;
    kit_open(kit);
    assert_int_equal(kit_head(kit, "a").event_time.seconds, JOBS - 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failed_write_is_final),
        cmocka_unit_test(test_every_call_of_a_turn_can_fail),
        cmocka_unit_test(test_failure_with_threads),
        cmocka_unit_test(test_closing_completes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
