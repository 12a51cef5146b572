#pragma once
/*
 * A bounded queue of pointers between threads: many producers, one consumer. A full queue refuses
 * (ERR_BUSY); nothing waits for room. The consumer takes all that is there at once, in order.
 */
#include "core/base.h"

struct queue;

struct queue *queue_new(size_t items_max);
void queue_free(struct queue *queue); /* items are not touched */

/* *ret_was_empty (may be NULL) tells whether the consumer may need waking. */
NODISCARD enum code queue_push(struct queue *queue, void *item, bool *ret_was_empty,
                               struct err *err);

/* Consumer only: takes up to `count` items without waiting; returns how many. */
size_t queue_take(struct queue *queue, void **items, size_t count);

/* Consumer only: as queue_take, but waits up to timeout_ms for the first item (or queue_wake). */
size_t queue_wait(struct queue *queue, void **items, size_t count, int timeout_ms);

/* Any thread: ends a queue_wait early. */
void queue_wake(struct queue *queue);

size_t queue_length(const struct queue *queue);
