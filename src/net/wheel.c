#include "net/wheel.h"

void wheel_init(struct wheel *wheel, int64_t now_ms)
{
    assert(now_ms >= 0);
    wheel->tick = now_ms / WHEEL_TICK_MS;
    wheel->count = 0;
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        wheel->slots[i].next = wheel->slots[i].previous = &wheel->slots[i];
}

void wheel_remove(struct wheel *wheel, struct timer *timer)
{
    if (timer->next == NULL)
        return;
    assert(wheel->count > 0);
    timer->next->previous = timer->previous;
    timer->previous->next = timer->next;
    timer->next = NULL;
    wheel->count--;
}

static void wheel_link(struct wheel *wheel, struct timer *timer)
{
    int64_t tick = timer->due_ms / WHEEL_TICK_MS;

    /* At the earliest the next slot to be looked at, at the latest the last one of this round. */
    if (tick < wheel->tick)
        tick = wheel->tick;
    if (tick > wheel->tick + WHEEL_SLOTS - 1)
        tick = wheel->tick + WHEEL_SLOTS - 1;
    struct timer *head = &wheel->slots[tick % WHEEL_SLOTS];
    timer->looked_at_ms = tick * WHEEL_TICK_MS;
    timer->next = head;
    timer->previous = head->previous;
    head->previous->next = timer;
    head->previous = timer;
    wheel->count++;
}

void wheel_set(struct wheel *wheel, struct timer *timer, int64_t due_ms)
{
    timer->due_ms = due_ms;
    if (timer->next != NULL && timer->looked_at_ms <= due_ms)
        return;
    wheel_remove(wheel, timer);
    if (due_ms != WHEEL_NEVER)
        wheel_link(wheel, timer);
}

struct timer *wheel_due(struct wheel *wheel, int64_t now_ms)
{
    if (wheel->count == 0 && now_ms / WHEEL_TICK_MS > wheel->tick)
        wheel->tick = now_ms / WHEEL_TICK_MS;
    /* A slot is looked at when all of its span has passed: never early, at most a tick late. */
    while ((wheel->tick + 1) * WHEEL_TICK_MS <= now_ms) {
        struct timer *head = &wheel->slots[wheel->tick % WHEEL_SLOTS];
        struct timer *timer = head->next;
        if (timer == head) {
            wheel->tick++;
            continue;
        }
        wheel_remove(wheel, timer);
        if (timer->due_ms <= now_ms)
            return timer;
        if (timer->due_ms != WHEEL_NEVER)
            wheel_link(wheel, timer); /* set later meanwhile: its new slot is another one */
    }
    return NULL;
}
