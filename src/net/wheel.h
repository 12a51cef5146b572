#pragma once
/*
 * Deadlines of many connections: a timer wheel. Setting a later deadline costs nothing (the entry
 * is moved when its old slot comes round), an earlier one is a relink. One thread. Pure: time comes
 * in as milliseconds of a clock that never steps.
 */
#include "core/base.h"

enum { WHEEL_SLOTS = 512, WHEEL_TICK_MS = 128 };

#define WHEEL_NEVER INT64_MAX

struct timer {
    struct timer *next; /* NULL while it is in no slot */
    struct timer *previous;
    int64_t due_ms;
    int64_t looked_at_ms; /* its slot comes round then, at or before due_ms */
};

struct wheel {
    int64_t tick;                    /* every slot before it was emptied */
    struct timer slots[WHEEL_SLOTS]; /* heads of rings */
    size_t count;
};

void wheel_init(struct wheel *wheel, int64_t now_ms);

/* WHEEL_NEVER keeps the timer from ever being due. */
void wheel_set(struct wheel *wheel, struct timer *timer, int64_t due_ms);
void wheel_remove(struct wheel *wheel, struct timer *timer);

/* A timer that is due, taken out of the wheel; NULL when there is none (more). */
struct timer *wheel_due(struct wheel *wheel, int64_t now_ms);
