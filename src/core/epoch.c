/*
 * A counter and one slot a reader. A reader entering stores the counter in its slot (0: outside).
 * A retired object carries the counter's value; epoch_collect first advances the counter, then
 * frees what is older than every reader inside.
 *
 * Why that is safe: the collector reads a slot by an exchange of its own (fetch_add of 0), so
 * for each slot either it comes after the reader's entry and sees it, or before it, and then the
 * reader's own exchange synchronizes with it and the reader sees all that was unpublished before.
 */
#include "core/epoch.h"

#include "core/mem.h"

#include <stdatomic.h>

enum { CACHE_LINE = 64 };

struct slot {
    _Alignas(CACHE_LINE) _Atomic uint64_t entered; /* 0: outside */
    atomic_bool is_taken;
};

struct retired {
    void *object;
    epoch_free_fn *fn;
    void *context;
    uint64_t epoch;
};

struct epoch {
    struct slot slots[EPOCH_READERS_MAX];
    _Atomic uint64_t now; /* from 1 */
    _Atomic unsigned slots_used;

    /* The retiring thread's alone: a queue ordered by epoch, objects from `first` on. */
    struct retired *retired;
    size_t first;
    size_t count; /* with those before `first` */
    size_t capacity;
};

struct epoch *epoch_new(void)
{
    struct epoch *epoch = mem_new_aligned(CACHE_LINE, sizeof(*epoch));

    atomic_init(&epoch->now, 1);
    return epoch;
}

void epoch_free(struct epoch *epoch)
{
    if (epoch == NULL)
        return;
    (void)epoch_collect(epoch);
    assert(epoch->first == epoch->count); /* no reader is inside */
    mem_free(epoch->retired);
    mem_free(epoch);
}

enum code epoch_reader_add(struct epoch *epoch, unsigned *ret_reader, struct err *err)
{
    for (unsigned i = 0; i < EPOCH_READERS_MAX; i++) {
        bool expected = false;
        if (!atomic_compare_exchange_strong(&epoch->slots[i].is_taken, &expected, true))
            continue;
        unsigned used = atomic_load(&epoch->slots_used);
        while (used < i + 1 && !atomic_compare_exchange_weak(&epoch->slots_used, &used, i + 1))
            continue;
        *ret_reader = i;
        return OK;
    }
    return err_set(err, ERR_LIMIT, "all %d reader slots are taken", EPOCH_READERS_MAX);
}

void epoch_reader_remove(struct epoch *epoch, unsigned reader)
{
    assert(reader < EPOCH_READERS_MAX);
    assert(atomic_load(&epoch->slots[reader].entered) == 0);
    atomic_store(&epoch->slots[reader].is_taken, false);
}

void epoch_enter(struct epoch *epoch, unsigned reader)
{
    assert(reader < EPOCH_READERS_MAX);
    uint64_t now = atomic_load(&epoch->now);
    uint64_t before = atomic_exchange(&epoch->slots[reader].entered, now);
    assert(before == 0);
    (void)before;
}

void epoch_leave(struct epoch *epoch, unsigned reader)
{
    assert(reader < EPOCH_READERS_MAX);
    atomic_store_explicit(&epoch->slots[reader].entered, 0, memory_order_release);
}

static void make_room(struct epoch *epoch)
{
    if (epoch->first > 0 && epoch->first >= epoch->capacity / 2) {
        for (size_t i = epoch->first; i < epoch->count; i++)
            epoch->retired[i - epoch->first] = epoch->retired[i];
        epoch->count -= epoch->first;
        epoch->first = 0;
        return;
    }
    epoch->capacity = size_max(64, epoch->capacity * 2);
    epoch->retired = mem_resize(epoch->retired, epoch->capacity * sizeof(struct retired));
}

void epoch_retire(struct epoch *epoch, void *object, epoch_free_fn *fn, void *context)
{
    assert(fn != NULL);
    if (epoch->count == epoch->capacity)
        make_room(epoch);
    epoch->retired[epoch->count++] = (struct retired){
        object, fn, context, atomic_load_explicit(&epoch->now, memory_order_relaxed)};
}

/* The oldest epoch a reader is inside, or UINT64_MAX. */
static uint64_t oldest_reader(struct epoch *epoch)
{
    unsigned used = atomic_fetch_add(&epoch->slots_used, 0);
    uint64_t oldest = UINT64_MAX;

    for (unsigned i = 0; i < used; i++) {
        uint64_t entered = atomic_fetch_add(&epoch->slots[i].entered, 0);
        if (entered != 0 && entered < oldest)
            oldest = entered;
    }
    return oldest;
}

size_t epoch_collect(struct epoch *epoch)
{
    if (epoch->first == epoch->count)
        return 0;
    (void)atomic_fetch_add(&epoch->now, 1);
    uint64_t oldest = oldest_reader(epoch);
    while (epoch->first < epoch->count && epoch->retired[epoch->first].epoch < oldest) {
        struct retired retired = epoch->retired[epoch->first++];
        retired.fn(retired.object, retired.context);
    }
    if (epoch->first == epoch->count)
        epoch->first = epoch->count = 0;
    return epoch->count - epoch->first;
}
