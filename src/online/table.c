/*
 * A group's table. Slots are ordered by the key: a record's home is its key's top bits behind the
 * shard's, and it stands at its home or behind it with no empty slot between. The array has a tail
 * behind the last home instead of wrapping around, so a walk by slot is a walk by key, cluster by
 * cluster, and a place in it survives growth.
 *
 * Beside each slot is a tag, a byte of the key; 0 marks a slot that was never used, and a slot does
 * not become unused again in the same array. Probing reads tags and follows a pointer only where
 * the tag fits.
 */
#include "online/table.h"

#include "core/mem.h"

enum {
    SLOTS_BITS_MIN = 3,
    SLOTS_TAIL_MAX = 128,
};

struct slots {
    unsigned bits; /* homes: 1 << bits */
    size_t count;  /* homes and tail */
    _Atomic(uint8_t) *tags;
    _Atomic(struct node *) at[];
};

static struct node removed; /* stands in slots whose record was removed */

static uint32_t key_shard(uint64_t high)
{
    return (uint32_t)(high >> (64 - TABLE_SHARD_BITS));
}

static size_t key_home(uint64_t high, unsigned bits)
{
    return (size_t)((high << TABLE_SHARD_BITS) >> (64 - bits));
}

static uint8_t key_tag(struct hash128 key)
{
    uint8_t tag = (uint8_t)(key.low >> 56);
    return tag == 0 ? 1 : tag;
}

static bool key_equal(struct hash128 a, struct hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

static struct slots *slots_new(unsigned bits)
{
    size_t homes = (size_t)1 << bits;
    size_t count = homes + size_min(homes, SLOTS_TAIL_MAX);
    struct slots *slots =
        mem_new_array(1, sizeof(*slots) + count * (sizeof(slots->at[0]) + sizeof(slots->tags[0])));

    slots->bits = bits;
    slots->count = count;
    slots->tags = (_Atomic(uint8_t) *)(slots->at + count);
    return slots;
}

static void free_slots(void *object, void *context)
{
    (void)context;
    mem_free(object);
}

struct table *table_new(struct epoch *epoch, uint32_t group_id)
{
    struct table *table = MEM_NEW(struct table);

    table->group_id = group_id;
    table->epoch = epoch;
    return table;
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    for (uint32_t i = 0; i < TABLE_SHARDS; i++)
        mem_free(atomic_load_explicit(&table->shards[i].slots, memory_order_relaxed));
    mem_free(table);
}

/*
 * The slot of the key, or slots->count. *ret_free (may be NULL) is the first slot on the way that
 * could take it; slots->count when there is none.
 */
static size_t probe(const struct slots *slots, struct hash128 key, size_t *ret_free)
{
    uint8_t tag = key_tag(key);
    size_t vacant = slots->count;

    for (size_t i = key_home(key.high, slots->bits); i < slots->count; i++) {
        uint8_t found = atomic_load_explicit(&slots->tags[i], memory_order_acquire);
        if (found == 0) {
            vacant = vacant == slots->count ? i : vacant;
            break;
        }
        if (found != tag && ret_free == NULL)
            continue;
        struct node *node = atomic_load_explicit(&slots->at[i], memory_order_acquire);
        if (node == &removed)
            vacant = vacant == slots->count ? i : vacant;
        else if (found == tag && node != NULL && key_equal(node->key, key))
            return i;
    }
    if (ret_free != NULL)
        *ret_free = vacant;
    return slots->count;
}

static struct slots *shard_slots(const struct shard *shard)
{
    return atomic_load_explicit(&shard->slots, memory_order_acquire);
}

struct node *table_find(const struct table *table, struct hash128 key)
{
    const struct slots *slots = shard_slots(&table->shards[key_shard(key.high)]);

    if (slots == NULL)
        return NULL;
    size_t i = probe(slots, key, NULL);
    if (i == slots->count)
        return NULL;
    /* Once more: the writer may have replaced or removed it since. */
    struct node *node = atomic_load_explicit(&slots->at[i], memory_order_acquire);
    return node != &removed && key_equal(node->key, key) ? node : NULL;
}

/* Puts a node into a slot that is free. The node is there before its tag says so. */
static void fill(struct slots *slots, size_t i, struct node *node)
{
    atomic_store_explicit(&slots->at[i], node, memory_order_release);
    atomic_store_explicit(&slots->tags[i], key_tag(node->key), memory_order_release);
}

static bool fill_all(struct slots *slots, const struct slots *old)
{
    for (size_t i = 0; i < old->count; i++) {
        struct node *node = atomic_load_explicit(&old->at[i], memory_order_relaxed);
        if (node == NULL || node == &removed)
            continue;
        size_t at = key_home(node->key.high, slots->bits);
        while (at < slots->count &&
               atomic_load_explicit(&slots->tags[at], memory_order_relaxed) != 0)
            at++;
        if (at == slots->count)
            return false;
        fill(slots, at, node);
    }
    return true;
}

/* A new array at most half full, or twice as large where the tail was full. */
static struct slots *regrow(struct table *table, struct shard *shard, bool is_tail_full)
{
    struct slots *old = shard_slots(shard);
    unsigned bits = SLOTS_BITS_MIN;

    while (((size_t)1 << bits) < (size_t)(shard->records + 1) * 2)
        bits++;
    if (is_tail_full && old != NULL && bits <= old->bits)
        bits = old->bits + 1;
    struct slots *slots = slots_new(bits);
    while (old != NULL && !fill_all(slots, old)) {
        mem_free(slots);
        slots = slots_new(++bits);
    }
    atomic_store_explicit(&shard->slots, slots, memory_order_release);
    if (old != NULL)
        epoch_retire(table->epoch, old, free_slots, NULL);
    shard->used = shard->records;
    return slots;
}

static bool is_full(const struct slots *slots, uint32_t used)
{
    size_t homes = (size_t)1 << slots->bits;
    return (size_t)used + 1 > homes - homes / 5;
}

struct node *table_put(struct table *table, struct node *node)
{
    struct shard *shard = &table->shards[key_shard(node->key.high)];
    struct slots *slots = shard_slots(shard);

    if (slots == NULL)
        slots = regrow(table, shard, false);
    size_t vacant = 0;
    size_t i = probe(slots, node->key, &vacant);
    if (i < slots->count) {
        struct node *old = atomic_load_explicit(&slots->at[i], memory_order_relaxed);
        atomic_store_explicit(&slots->at[i], node, memory_order_release);
        return old;
    }
    while (vacant == slots->count || is_full(slots, shard->used)) {
        slots = regrow(table, shard, vacant == slots->count);
        (void)probe(slots, node->key, &vacant);
    }
    if (atomic_load_explicit(&slots->tags[vacant], memory_order_relaxed) == 0)
        shard->used++;
    shard->records++;
    fill(slots, vacant, node);
    return NULL;
}

struct node *table_remove(struct table *table, struct hash128 key)
{
    struct shard *shard = &table->shards[key_shard(key.high)];
    struct slots *slots = shard_slots(shard);
    size_t i = slots == NULL ? 0 : probe(slots, key, NULL);

    if (slots == NULL || i == slots->count)
        return NULL;
    struct node *node = atomic_load_explicit(&slots->at[i], memory_order_relaxed);
    atomic_store_explicit(&slots->at[i], &removed, memory_order_release);
    assert(shard->records > 0);
    shard->records--;
    return node;
}

void table_walk(const struct table *table, uint32_t shard, node_fn *fn, void *context)
{
    assert(shard < TABLE_SHARDS);
    const struct slots *slots = shard_slots(&table->shards[shard]);

    for (size_t i = 0; slots != NULL && i < slots->count; i++) {
        struct node *node = atomic_load_explicit(&slots->at[i], memory_order_acquire);
        if (node != NULL && node != &removed)
            fn(node, context);
    }
}

/* What table_range has come to. */
struct range_state {
    struct table_range range;
    size_t taken;
    size_t seen;
    node_take_fn *fn;
    void *context;
};

static bool is_enough(const struct range_state *state)
{
    return state->taken >= state->range.count || state->seen >= state->range.slots_max;
}

/*
 * One shard from the range's key on: returns the slot where it stopped, which is empty (a key of an
 * earlier home cannot stand behind it), or the number of homes when it came to the end.
 */
static size_t range_shard(const struct slots *slots, struct range_state *state)
{
    size_t homes = (size_t)1 << slots->bits;

    for (size_t i = key_home(state->range.from, slots->bits); i < slots->count; i++) {
        struct node *node = atomic_load_explicit(&slots->at[i], memory_order_acquire);
        state->seen++;
        if (node == NULL && i < homes && is_enough(state))
            return i;
        if (node == NULL || node == &removed || node->key.high < state->range.from)
            continue;
        if (state->fn(node, state->context))
            state->taken++;
    }
    return homes;
}

uint64_t table_range(const struct table *table, const struct table_range *range, node_take_fn *fn,
                     void *context)
{
    struct range_state state = {.range = *range, .fn = fn, .context = context};

    assert(range->count > 0 && range->slots_max > 1);
    for (uint32_t shard = key_shard(range->from); shard < TABLE_SHARDS; shard++) {
        const struct slots *slots = shard_slots(&table->shards[shard]);
        uint64_t first = (uint64_t)shard << (64 - TABLE_SHARD_BITS);
        if (state.range.from < first)
            state.range.from = first;
        if (slots != NULL) {
            size_t end = range_shard(slots, &state);
            if (end < (size_t)1 << slots->bits)
                return first + ((uint64_t)end << (64 - TABLE_SHARD_BITS - slots->bits));
        }
        if (shard + 1 < TABLE_SHARDS && is_enough(&state))
            return (uint64_t)(shard + 1) << (64 - TABLE_SHARD_BITS);
    }
    return 0;
}
