/* The queue: order, the bound, waking; then many producers against one consumer. */
#include "unit/test.h"

#include "core/queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

static int items[10];

static void first_in_first_out_around_the_ring(void **state)
{
    struct queue *queue = queue_new(3);
    void *taken[3];
    bool was_empty;

    (void)state;
    for (int turn = 0; turn < 10; turn++) {
        assert_int_equal(queue_push(queue, &items[0], &was_empty, NULL), OK);
        assert_true(was_empty);
        assert_int_equal(queue_push(queue, &items[1], &was_empty, NULL), OK);
        assert_false(was_empty);
        assert_int_equal(queue_length(queue), 2);
        assert_int_equal(queue_take(queue, taken, 1), 1);
        assert_ptr_equal(taken[0], &items[0]);
        assert_int_equal(queue_take(queue, taken, 3), 1);
        assert_ptr_equal(taken[0], &items[1]);
        assert_int_equal(queue_take(queue, taken, 3), 0);
    }
    queue_free(queue);
    queue_free(NULL);
}

static void a_full_queue_refuses(void **state)
{
    struct queue *queue = queue_new(2);
    struct err err;
    void *taken[4];

    (void)state;
    assert_int_equal(queue_push(queue, &items[0], NULL, NULL), OK);
    assert_int_equal(queue_push(queue, &items[1], NULL, NULL), OK);
    assert_int_equal(queue_push(queue, &items[2], NULL, &err), ERR_BUSY);
    assert_string_equal(err.message, "the queue is full (2 items)");
    assert_int_equal(queue_take(queue, taken, 4), 2);
    assert_int_equal(queue_push(queue, &items[2], NULL, NULL), OK);
    queue_free(queue);
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void waiting_ends_with_time_or_a_wake(void **state)
{
    struct queue *queue = queue_new(2);
    void *taken[2];
    int64_t start = now_ms();

    (void)state;
    assert_int_equal(queue_wait(queue, taken, 2, 30), 0);
    assert_true(now_ms() - start >= 25);
    queue_wake(queue); /* before the wait: not lost */
    start = now_ms();
    assert_int_equal(queue_wait(queue, taken, 2, 5000), 0);
    assert_true(now_ms() - start < 2000);
    start = now_ms();
    assert_int_equal(queue_wait(queue, taken, 2, 30), 0); /* and spent */
    assert_true(now_ms() - start >= 25);
    assert_int_equal(queue_push(queue, &items[0], NULL, NULL), OK);
    assert_int_equal(queue_wait(queue, taken, 2, 5000), 1);
    assert_int_equal(queue_wait(queue, taken, 2, 0), 0);
    queue_free(queue);
}

static void *wake_soon(void *context)
{
    struct timespec pause = {.tv_nsec = 20000000};

    (void)nanosleep(&pause, NULL);
    queue_wake(context);
    return NULL;
}

static void *push_soon(void *context)
{
    struct timespec pause = {.tv_nsec = 20000000};

    (void)nanosleep(&pause, NULL);
    if (queue_push(context, &items[3], NULL, NULL) != OK)
        return context;
    return NULL;
}

static void a_sleeping_consumer_is_called(void **state)
{
    struct queue *queue = queue_new(2);
    pthread_t thread;
    void *taken[2];
    int64_t start = now_ms();

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, push_soon, queue), 0);
    while (queue_wait(queue, taken, 2, 10000) == 0)
        continue;
    assert_ptr_equal(taken[0], &items[3]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, wake_soon, queue), 0);
    assert_int_equal(queue_wait(queue, taken, 2, 10000), 0);
    assert_true(now_ms() - start < 8000);
    assert_int_equal(pthread_join(thread, NULL), 0);
    queue_free(queue);
}

enum { PRODUCERS = 4, ITEMS = 50000 };

struct load {
    struct queue *queue;
    struct item {
        unsigned producer;
        unsigned number;
    } items[PRODUCERS][ITEMS];
    atomic_uint next_producer;
};

static void *produce(void *context)
{
    struct load *load = context;
    unsigned producer = atomic_fetch_add(&load->next_producer, 1);

    for (unsigned i = 0; i < ITEMS; i++) {
        load->items[producer][i] = (struct item){producer, i};
        while (queue_push(load->queue, &load->items[producer][i], NULL, NULL) != OK)
            (void)sched_yield();
    }
    return NULL;
}

/* Nothing lost, nothing twice, each producer's items in its order. */
static void many_producers_one_consumer(void **state)
{
    static struct load load;
    pthread_t threads[PRODUCERS];
    unsigned seen[PRODUCERS] = {0};
    unsigned total = 0;
    void *taken[64];

    (void)state;
    load.queue = queue_new(128);
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &load), 0);
    while (total < PRODUCERS * ITEMS) {
        size_t count = queue_wait(load.queue, taken, 64, 10000);
        for (size_t i = 0; i < count; i++) {
            const struct item *item = taken[i];
            assert_int_equal(item->number, seen[item->producer]);
            seen[item->producer]++;
        }
        total += (unsigned)count;
    }
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(queue_length(load.queue), 0);
    queue_free(load.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out_around_the_ring),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(waiting_ends_with_time_or_a_wake),
        cmocka_unit_test(a_sleeping_consumer_is_called),
        cmocka_unit_test(many_producers_one_consumer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
