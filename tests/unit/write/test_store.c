#include "unit/write/kit.h"

static void test_reopening_is_a_no_op(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct store_status before, after;

    (void)state;
    for (int64_t i = 0; i < 50; i++)
        assert_int_equal(kit_put(kit, i % 2 == 0 ? "a" : "b", i, "x"), OK);
    before = kit_status(kit);
    for (int i = 0; i < 3; i++) {
        kit_reopen(kit);
        kit_turn(kit);
        after = kit_status(kit);
        assert_int_equal(after.journal_end, before.journal_end);
        assert_int_equal(after.online_records, before.online_records);
        assert_int_equal(after.unflushed_rows, before.unflushed_rows);
        assert_int_equal(after.unflushed_oldest_us, before.unflushed_oldest_us);
        assert_int_equal(after.journal_bytes, before.journal_bytes);
    }
    kit_expect(kit, "a", "x");
    kit_free(kit);
}

static void test_one_store_a_folder(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct store *second = NULL;
    struct err err;

    (void)state;
    assert_int_equal(store_open(kit->os, "/data", &kit->options, &second, &err), ERR_BUSY);
    assert_null(second);
    assert_int_equal(store_open(kit->os, "/other", &kit->options, &second, &err), OK);
    store_close(second);
    kit_reopen(kit);
    kit_free(kit);
}

/* Whatever call fails while opening, the store is not open, and opens the next time. */
static void test_every_call_of_opening_can_fail(void **state)
{
    (void)state;
    for (uint64_t nth = 1;; nth++) {
        struct kit *kit = kit_new(nth);
        struct sim_fault fault = {.nth = nth, .errno_value = 5 /* EIO */};
        sim_fail(kit->sim, &fault);
        enum code code = kit_try_open(kit);
        bool was_hit = sim_fault_was_hit(kit->sim);
        sim_fail(kit->sim, &(struct sim_fault){0});
        if (code == OK) {
            kit_close(kit);
        } else {
            assert_true(was_hit);
            assert_null(kit->store);
        }
        kit_open(kit);
        assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", 2), OK);
        assert_int_equal(kit_put(kit, "a", 1, "x"), OK);
        kit_free(kit);
        if (!was_hit)
            break;
        assert_true(nth < 500);
    }
}

/* Another secret means other keys: the checkpoint is refused, not misread. */
static void test_the_secret_is_checked(void **state)
{
    struct kit *kit = kit_with_group(1);

    (void)state;
    kit->options.checkpoint_bytes = 1;
    kit_reopen(kit);
    assert_int_equal(kit_put(kit, "a", 1, "x"), OK);
    kit_turns(kit, 3);
    assert_true(kit_status(kit).checkpoint_position > 0);
    kit_close(kit);
    sim_flip(kit->sim, "/data/secret", 10, 1);
    assert_int_equal(kit_try_open(kit), ERR_CORRUPT);
    sim_flip(kit->sim, "/data/secret", 10, 1);
    kit_open(kit);
    kit_expect(kit, "a", "x");
    kit_free(kit);
}

static void test_write_wait(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct write_item items[] = {kit_item(kit, WRITE_PUT, "a", 5, STR("x")),
                                 kit_item(kit, WRITE_DELETE_HARD, "a", 5, STR(""))};
    struct write_job job = {.items = items, .count = 1};
    struct err err;

    (void)state;
    assert_int_equal(write_wait(kit->store, &job, &err), OK);
    job.count = 2;
    assert_int_equal(write_wait(kit->store, &job, &err), ERR_CONFLICT);
    assert_string_equal(err.message, items[1].err.message);
    kit_free(kit);
}

/* ---- threads ---- */

enum { THREADS = 3, WRITES = 400 };

struct writing {
    struct kit *kit;
    unsigned number;
    _Atomic(unsigned) done;
    unsigned wrong;
};

static void count_done(struct write_job *job, void *context)
{
    struct writing *writing = context;
    if (job->items[0].result == OK)
        atomic_fetch_add(&writing->done, 1);
}

/* Each thread writes its own keys, waits for some, and reads what it wrote. */
static void write_and_read(void *context)
{
    struct writing *writing = context;
    struct kit *kit = writing->kit;
    struct write_item *items = MEM_NEW_ARRAY(struct write_item, WRITES);
    struct write_job *jobs = MEM_NEW_ARRAY(struct write_job, WRITES);
    char(*names)[16] = mem_new_array(WRITES, sizeof(*names));
    struct arena arena = {0};
    unsigned reader;

    if (epoch_reader_add(store_epoch(kit->store), &reader, NULL) != OK)
        return;
    for (unsigned i = 0; i < WRITES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%u-%u", writing->number, i / 2);
        items[i] = kit_item(kit, WRITE_PUT, names[i], i, str_from(names[i]));
        jobs[i] = (struct write_job){
            .items = &items[i], .count = 1, .done = count_done, .context = writing};
        if (i % 10 != 0) {
            if (write_submit(kit->store, &jobs[i], NULL) != OK)
                writing->wrong++;
            continue;
        }
        if (write_wait(kit->store, &jobs[i], NULL) != OK)
            writing->wrong++;
        struct online_record got;
        epoch_enter(store_epoch(kit->store), reader);
        const struct group *group = catalog_find(store_catalog(kit->store), STR("g"));
        if (online_get(store_online(kit->store), group->id, str_from(names[i]), &arena, &got,
                       NULL) != OK ||
            !str_equal(got.record, str_from(names[i])))
            writing->wrong++;
        epoch_leave(store_epoch(kit->store), reader);
        arena_reset(&arena);
    }
    /* Closing completes the rest; until then the jobs must live. */
    while (atomic_load(&writing->done) < WRITES - WRITES / 10 && writing->wrong == 0) {
        struct write_item mark = {.kind = WRITE_MARK, .record = STR("")};
        struct write_job wait = {.items = &mark, .count = 1};
        if (write_wait(kit->store, &wait, NULL) != ERR_CORRUPT)
            writing->wrong++;
    }
    epoch_reader_remove(store_epoch(kit->store), reader);
    arena_release(&arena);
    mem_free(items);
    mem_free(jobs);
    mem_free(names);
}

/* Small segments and checkpoints all the time, beside writers and readers. */
static void test_threads(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct os_thread *threads[THREADS];
    struct writing writing[THREADS];

    (void)state;
    kit_close(kit);
    kit->options.is_threaded = true;
    kit->options.checkpoint_bytes = 8 * 1024;
    kit->options.journal_bytes_spare = 1;
    kit_open(kit);
    for (unsigned i = 0; i < THREADS; i++) {
        writing[i] = (struct writing){.kit = kit, .number = i};
        assert_int_equal(os_thread_start("writing", write_and_read, &writing[i], &threads[i], NULL),
                         OK);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
        assert_int_equal(writing[i].wrong, 0);
        assert_int_equal(atomic_load(&writing[i].done), WRITES - WRITES / 10);
    }
    assert_int_equal(kit_status(kit).unflushed_rows, THREADS * WRITES);
    assert_int_equal(kit->failures, 0);
    kit_reopen(kit);
    assert_int_equal(kit_status(kit).online_records, THREADS * WRITES / 2);
    assert_int_equal(kit_status(kit).unflushed_rows, THREADS * WRITES);
    kit_expect(kit, "2-7", "2-7");
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reopening_is_a_no_op),
        cmocka_unit_test(test_one_store_a_folder),
        cmocka_unit_test(test_every_call_of_opening_can_fail),
        cmocka_unit_test(test_the_secret_is_checked),
        cmocka_unit_test(test_write_wait),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
