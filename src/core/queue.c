/*
 * A ring under a mutex; the consumer sleeps on a futex word that every event changes, so that an
 * event between its look and its sleep is not lost. A producer makes the wake-up call only when
 * the consumer said that it sleeps.
 */
#include "core/queue.h"

#include "core/mem.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t mutex;
    void **items; /* a ring */
    size_t capacity;
    size_t first;
    bool is_waiting; /* the consumer sleeps, or is about to */
    bool is_woken;   /* queue_wake was called since the last queue_wait */
    _Atomic size_t count;
    _Atomic uint32_t events;
};

static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "a futex word is 32 bits");

struct queue *queue_new(size_t items_max)
{
    struct queue *queue = MEM_NEW(struct queue);

    assert(items_max > 0);
    queue->items = MEM_NEW_ARRAY(void *, items_max);
    queue->capacity = items_max;
    (void)pthread_mutex_init(&queue->mutex, NULL);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (queue == NULL)
        return;
    (void)pthread_mutex_destroy(&queue->mutex);
    mem_free(queue->items);
    mem_free(queue);
}

static void lock(struct queue *queue)
{
    int failed = pthread_mutex_lock(&queue->mutex);
    assert(failed == 0);
    (void)failed;
}

/* Returns whether the consumer must be called awake (after unlocking). */
static bool note_event(struct queue *queue)
{
    bool was_waiting = queue->is_waiting;

    atomic_fetch_add(&queue->events, 1);
    queue->is_waiting = false;
    return was_waiting;
}

static void unlock_and_call(struct queue *queue, bool is_calling)
{
    (void)pthread_mutex_unlock(&queue->mutex);
    if (is_calling)
        (void)syscall(SYS_futex, &queue->events, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

enum code queue_push(struct queue *queue, void *item, bool *ret_was_empty, struct err *err)
{
    lock(queue);
    size_t count = atomic_load_explicit(&queue->count, memory_order_relaxed);
    if (count == queue->capacity) {
        unlock_and_call(queue, false);
        return err_set(err, ERR_BUSY, "the queue is full (%zu items)", queue->capacity);
    }
    size_t at = queue->first + count;
    queue->items[at < queue->capacity ? at : at - queue->capacity] = item;
    atomic_store_explicit(&queue->count, count + 1, memory_order_relaxed);
    unlock_and_call(queue, note_event(queue));
    if (ret_was_empty != NULL)
        *ret_was_empty = count == 0;
    return OK;
}

static size_t take_locked(struct queue *queue, void **items, size_t count)
{
    size_t there = atomic_load_explicit(&queue->count, memory_order_relaxed);
    size_t taken = size_min(there, count);

    for (size_t i = 0; i < taken; i++) {
        items[i] = queue->items[queue->first];
        queue->first = queue->first + 1 == queue->capacity ? 0 : queue->first + 1;
    }
    atomic_store_explicit(&queue->count, there - taken, memory_order_relaxed);
    return taken;
}

size_t queue_take(struct queue *queue, void **items, size_t count)
{
    lock(queue);
    size_t taken = take_locked(queue, items, count);
    unlock_and_call(queue, false);
    return taken;
}

/* Returns when the word is no longer `seen`, after the timeout, or now and then early. */
static void sleep_on(struct queue *queue, uint32_t seen, int timeout_ms)
{
    struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                               .tv_nsec = (long)(timeout_ms % 1000) * 1000000};

    (void)syscall(SYS_futex, &queue->events, FUTEX_WAIT_PRIVATE, seen, &timeout, NULL, 0);
}

size_t queue_wait(struct queue *queue, void **items, size_t count, int timeout_ms)
{
    assert(timeout_ms >= 0 && count > 0);
    lock(queue);
    size_t taken = take_locked(queue, items, count);
    if (taken == 0 && !queue->is_woken) {
        uint32_t seen = atomic_load(&queue->events);
        queue->is_waiting = true;
        unlock_and_call(queue, false);
        sleep_on(queue, seen, timeout_ms);
        lock(queue);
        queue->is_waiting = false;
        taken = take_locked(queue, items, count);
    }
    queue->is_woken = false;
    unlock_and_call(queue, false);
    return taken;
}

void queue_wake(struct queue *queue)
{
    lock(queue);
    queue->is_woken = true;
    unlock_and_call(queue, note_event(queue));
}

size_t queue_length(const struct queue *queue)
{
    return atomic_load_explicit(&queue->count, memory_order_relaxed);
}
