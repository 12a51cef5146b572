#include "unit/write/kit.h"

static void wait_until_done(struct background *background)
{
    struct queue *queue = queue_new(1);
    void *item;

    /* No sleeping: a queue that nothing comes into is a timer. */
    for (int i = 0; i < 1000 && background_state(background) != TASK_DONE; i++)
        (void)queue_wait(queue, &item, 1, 5);
    assert_int_equal(background_state(background), TASK_DONE);
    queue_free(queue);
}

/* Only what is current comes out, as entries for the online store alone. */
static void test_a_slice_holds_what_is_current(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct background *background = &kit->store->background;

    (void)state;
    uint64_t from = kit_status(kit).journal_end;
    assert_int_equal(kit_put(kit, "a", 1, "overwritten"), OK);
    assert_int_equal(kit_put(kit, "a", 2, "current"), OK);
    assert_int_equal(kit_put(kit, "a", 1, "late"), OK);
    assert_int_equal(kit_delete(kit, WRITE_DELETE, "b", 3), OK);
    assert_int_equal(kit_put(kit, "c", 3, "forgotten"), OK);
    assert_int_equal(kit_delete(kit, WRITE_DELETE_HARD, "c", 4), OK);
    assert_int_equal(kit_mark(kit, from), OK);
    background->task =
        (struct task){.kind = TASK_CARRY, .from = from, .limit = kit_status(kit).journal_end};
    background_run(background);
    assert_int_equal(background_state(background), TASK_DONE);
    const struct task *task = &background->task;
    assert_int_equal(task->code, OK);
    assert_int_equal(task->to, task->limit);
    assert_int_equal(task->count, 2);
    const struct entry *entry = &task->entries[0].entry;
    assert_true(str_equal(entry->record, STR("current")));
    assert_int_equal(entry->kind, ENTRY_CARRIED);
    assert_int_equal(entry->targets, TARGET_ONLINE);
    assert_int_equal(entry->flags, 0);
    assert_int_equal(task->entries[0].position, kit_head(kit, "a").position);
    entry = &task->entries[1].entry;
    assert_int_equal(entry->flags, ENTRY_IS_TOMBSTONE);
    assert_int_equal(entry->event_time.seconds, 3);
    background_take(background);
    assert_int_equal(background_state(background), TASK_NONE);
    kit_free(kit);
}

static void test_a_failure_is_the_tasks(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct background *background = &kit->store->background;

    (void)state;
    background->task =
        (struct task){.kind = TASK_CARRY, .from = UINT64_C(1) << 50, .limit = UINT64_C(1) << 51};
    background_run(background);
    assert_int_not_equal(background->task.code, OK);
    assert_true(background->task.err.message[0] != '\0');
    background_take(background);
    kit_free(kit);
}

/* On a thread of its own: the state passes the task and its result to and fro. */
static void test_on_a_thread(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct background background = {
        .writer = {.os = kit->os,
                   .path = "/data/another",
                   .online = store_online(kit->store),
                   .epoch = store_epoch(kit->store)},
        .journal = store_journal(kit->store),
    };

    (void)state;
    assert_int_equal(kit_put(kit, "a", 1, "x"), OK);
    assert_int_equal(background_start(&background, true, NULL), OK);
    for (int i = 0; i < 3; i++) {
        background.task.kind = TASK_CHECKPOINT;
        checkpoint_init(&background.task.checkpoint);
        background.task.checkpoint.segment_bytes = KIT_SEGMENT_BYTES;
        background_run(&background);
        wait_until_done(&background);
        assert_int_equal(background.task.code, OK);
        background_take(&background);
    }
    struct os_stat status;
    assert_int_equal(kit->os->stat(kit->os->context, "/data/another", &status, NULL), OK);
    background.task.kind = TASK_CHECKPOINT;
    checkpoint_init(&background.task.checkpoint);
    background.task.checkpoint.segment_bytes = KIT_SEGMENT_BYTES;
    background_run(&background);
    background_stop(&background); /* whether it ran or not */
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slice_holds_what_is_current),
        cmocka_unit_test(test_a_failure_is_the_tasks),
        cmocka_unit_test(test_on_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
