/* Reclamation: what a reader may hold is not freed, what nobody holds is; also under threads. */
#include "unit/test.h"

#include "core/epoch.h"
#include "core/mem.h"

#include <pthread.h>
#include <stdatomic.h>

static void count_free(void *object, void *context)
{
    (void)object;
    ++*(int *)context;
}

static void frees_at_once_when_nobody_reads(void **state)
{
    struct epoch *epoch = epoch_new();
    int freed = 0;

    (void)state;
    assert_int_equal(epoch_collect(epoch), 0);
    epoch_retire(epoch, NULL, count_free, &freed);
    assert_int_equal(freed, 0);
    assert_int_equal(epoch_collect(epoch), 0);
    assert_int_equal(freed, 1);
    epoch_free(epoch);
}

static void a_reader_inside_holds_what_it_may_have_seen(void **state)
{
    struct epoch *epoch = epoch_new();
    unsigned early;
    unsigned late;
    int freed = 0;

    (void)state;
    assert_int_equal(epoch_reader_add(epoch, &early, NULL), OK);
    assert_int_equal(epoch_reader_add(epoch, &late, NULL), OK);
    assert_true(early != late);
    epoch_enter(epoch, early);
    epoch_retire(epoch, NULL, count_free, &freed);
    assert_int_equal(epoch_collect(epoch), 1);
    epoch_enter(epoch, late); /* came after it was unpublished: holds nothing */
    assert_int_equal(epoch_collect(epoch), 1);
    assert_int_equal(freed, 0);
    epoch_leave(epoch, early);
    assert_int_equal(epoch_collect(epoch), 0);
    assert_int_equal(freed, 1);
    epoch_retire(epoch, NULL, count_free, &freed);
    assert_int_equal(epoch_collect(epoch), 1);
    epoch_leave(epoch, late);
    assert_int_equal(epoch_collect(epoch), 0);
    epoch_reader_remove(epoch, early);
    epoch_reader_remove(epoch, late);
    epoch_free(epoch);
    assert_int_equal(freed, 2);
}

static void freeing_the_epoch_frees_what_waits(void **state)
{
    struct epoch *epoch = epoch_new();
    int freed = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        epoch_retire(epoch, NULL, count_free, &freed);
    epoch_free(epoch);
    assert_int_equal(freed, 1000);
    epoch_free(NULL);
}

static void slots_are_bounded_and_reused(void **state)
{
    struct epoch *epoch = epoch_new();
    unsigned readers[EPOCH_READERS_MAX];
    unsigned reader = 999;

    (void)state;
    for (int i = 0; i < EPOCH_READERS_MAX; i++)
        assert_int_equal(epoch_reader_add(epoch, &readers[i], NULL), OK);
    assert_int_equal(epoch_reader_add(epoch, &reader, NULL), ERR_LIMIT);
    assert_int_equal(reader, 999);
    epoch_reader_remove(epoch, readers[17]);
    assert_int_equal(epoch_reader_add(epoch, &reader, NULL), OK);
    assert_int_equal(reader, readers[17]);
    for (int i = 0; i < EPOCH_READERS_MAX; i++)
        epoch_reader_remove(epoch, readers[i]);
    epoch_free(epoch);
}

/* The queue of retired objects is kept in order while it is filled and emptied in turns. */
static void order_is_kept_over_many_turns(void **state)
{
    struct epoch *epoch = epoch_new();
    unsigned reader;
    int freed = 0;
    int retired = 0;

    (void)state;
    assert_int_equal(epoch_reader_add(epoch, &reader, NULL), OK);
    for (int turn = 0; turn < 200; turn++) {
        epoch_enter(epoch, reader);
        for (int i = 0; i < turn % 7 * 13; i++, retired++)
            epoch_retire(epoch, NULL, count_free, &freed);
        size_t waiting = epoch_collect(epoch);
        assert_int_equal(waiting, retired - freed);
        epoch_leave(epoch, reader);
        if (turn % 3 == 0)
            assert_int_equal(epoch_collect(epoch), 0);
    }
    epoch_reader_remove(epoch, reader);
    epoch_free(epoch);
    assert_int_equal(freed, retired);
}

/*
 * Threads follow a published pointer while it is replaced; a freed object is overwritten first, so
 * a reader that held one would see it (and the sanitizers too).
 */
enum { ALIVE = 0x600d, DEAD = 0xdead, READERS = 4, TURNS = 20000 };

struct shared {
    struct epoch *epoch;
    struct object {
        int state;
        int again;
    } *_Atomic published;
    atomic_bool is_done;
    atomic_long bad;
    atomic_long reads;
};

static void kill_object(void *pointer, void *context)
{
    struct object *object = pointer;

    (void)context;
    object->state = DEAD;
    object->again = DEAD;
    mem_free(object);
}

static struct object *object_new(void)
{
    struct object *object = MEM_NEW(struct object);

    object->state = ALIVE;
    object->again = ALIVE;
    return object;
}

static void *read_loop(void *context)
{
    struct shared *shared = context;
    unsigned reader;

    if (epoch_reader_add(shared->epoch, &reader, NULL) != OK)
        return NULL;
    while (!atomic_load(&shared->is_done)) {
        epoch_enter(shared->epoch, reader);
        const struct object *object =
            atomic_load_explicit(&shared->published, memory_order_acquire);
        for (int i = 0; i < 20; i++)
            atomic_fetch_add_explicit(&shared->bad,
                                      object->state != ALIVE || object->again != ALIVE,
                                      memory_order_relaxed);
        epoch_leave(shared->epoch, reader);
        atomic_fetch_add_explicit(&shared->reads, 1, memory_order_relaxed);
    }
    epoch_reader_remove(shared->epoch, reader);
    return NULL;
}

static void readers_never_see_a_freed_object(void **state)
{
    struct shared shared = {.epoch = epoch_new()};
    pthread_t threads[READERS];

    (void)state;
    atomic_init(&shared.published, object_new());
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_loop, &shared), 0);
    for (int turn = 0; turn < TURNS || atomic_load(&shared.reads) < 100; turn++) {
        struct object *before =
            atomic_exchange_explicit(&shared.published, object_new(), memory_order_acq_rel);
        epoch_retire(shared.epoch, before, kill_object, NULL);
        if (turn % 4 == 0)
            (void)epoch_collect(shared.epoch);
    }
    atomic_store(&shared.is_done, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&shared.bad), 0);
    kill_object(atomic_load(&shared.published), NULL);
    epoch_free(shared.epoch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frees_at_once_when_nobody_reads),
        cmocka_unit_test(a_reader_inside_holds_what_it_may_have_seen),
        cmocka_unit_test(freeing_the_epoch_frees_what_waits),
        cmocka_unit_test(slots_are_bounded_and_reused),
        cmocka_unit_test(order_is_kept_over_many_turns),
        cmocka_unit_test(readers_never_see_a_freed_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
