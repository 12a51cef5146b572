#include "write/retry.h"

#include "core/mem.h"

enum { RETRY_BYTES = 24 };

struct retry_item {
    struct hash128 key;
    int64_t arrival_us;
};

void retry_init(struct retry *retry, size_t capacity)
{
    assert(capacity > 0 && (capacity & (capacity - 1)) == 0 && capacity <= UINT32_MAX / 4);
    *retry = (struct retry){.capacity = capacity, .table_mask = capacity * 2 - 1};
    retry->items = MEM_NEW_ARRAY(struct retry_item, capacity);
    retry->table = MEM_NEW_ARRAY(uint32_t, capacity * 2);
}

void retry_release(struct retry *retry)
{
    mem_free(retry->items);
    mem_free(retry->table);
    *retry = (struct retry){0};
}

struct hash128 retry_item_key(struct hash128 request, size_t index)
{
    uint64_t words[3] = {request.high, request.low, index};

    return hash_wide((struct str){(const char *)words, sizeof(words)});
}

static bool key_equal(struct hash128 a, struct hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

/* The table's slot of the key, or the empty one where it would go. */
static size_t slot_of(const struct retry *retry, struct hash128 key)
{
    size_t slot = (size_t)key.low & retry->table_mask;

    while (retry->table[slot] != 0 && !key_equal(retry->items[retry->table[slot] - 1].key, key))
        slot = (slot + 1) & retry->table_mask;
    return slot;
}

bool retry_find(const struct retry *retry, struct hash128 key, int64_t *ret_arrival_us)
{
    uint32_t place = retry->table[slot_of(retry, key)];

    if (place == 0)
        return false;
    *ret_arrival_us = retry->items[place - 1].arrival_us;
    return true;
}

/* Closes the gap: what stands behind it and would be found no more moves into it. */
static void clear_slot(struct retry *retry, size_t gap)
{
    for (size_t slot = (gap + 1) & retry->table_mask; retry->table[slot] != 0;
         slot = (slot + 1) & retry->table_mask) {
        size_t home = (size_t)retry->items[retry->table[slot] - 1].key.low & retry->table_mask;
        size_t from_home = (slot - home) & retry->table_mask;
        size_t from_gap = (slot - gap) & retry->table_mask;
        if (from_home < from_gap)
            continue;
        retry->table[gap] = retry->table[slot];
        gap = slot;
    }
    retry->table[gap] = 0;
}

void retry_add(struct retry *retry, struct hash128 key, int64_t arrival_us)
{
    if (retry->table[slot_of(retry, key)] != 0)
        return;
    if (retry->count == retry->capacity) {
        size_t oldest = slot_of(retry, retry->items[retry->first].key);
        assert(retry->table[oldest] == retry->first + 1);
        clear_slot(retry, oldest);
        retry->first = (retry->first + 1) & (retry->capacity - 1);
        retry->count--;
    }
    size_t place = (retry->first + retry->count) & (retry->capacity - 1);
    retry->items[place] = (struct retry_item){key, arrival_us};
    retry->count++;
    retry->table[slot_of(retry, key)] = (uint32_t)(place + 1);
}

void retry_encode(const struct retry *retry, struct buf *out)
{
    for (size_t i = 0; i < retry->count; i++) {
        const struct retry_item *item = &retry->items[(retry->first + i) & (retry->capacity - 1)];
        buf_add_u64(out, item->key.high);
        buf_add_u64(out, item->key.low);
        buf_add_u64(out, (uint64_t)item->arrival_us);
    }
}

enum code retry_decode(struct retry *retry, struct str text, struct err *err)
{
    struct bytes bytes = bytes_from(text);

    if (text.len % RETRY_BYTES != 0)
        return err_set(err, ERR_CORRUPT, "retry keys have %d bytes each, not %zu together",
                       RETRY_BYTES, text.len);
    while (bytes_left(&bytes) > 0) {
        struct hash128 key;
        key.high = bytes_u64(&bytes);
        key.low = bytes_u64(&bytes);
        retry_add(retry, key, (int64_t)bytes_u64(&bytes));
    }
    return OK;
}
