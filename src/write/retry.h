#pragma once
/*
 * Keys of recent writes, by which a client's retry is recognised (design section 5): the newest
 * LIMIT_RETRY_KEYS, oldest forgotten first. They are in the journal's entries and in the
 * checkpoint, so recovery knows what was known. The writer's alone.
 */
#include "core/buf.h"
#include "core/bytes.h"
#include "core/hash.h"

struct retry_item;

struct retry {
    struct retry_item *items; /* a ring */
    size_t capacity;
    size_t first;
    size_t count;
    uint32_t *table; /* open addressing: place in the ring + 1; 0: empty */
    size_t table_mask;
};

/* `capacity` is a power of two. */
void retry_init(struct retry *retry, size_t capacity);
void retry_release(struct retry *retry);

/* The key of one item of a request. */
struct hash128 retry_item_key(struct hash128 request, size_t index);

/* Whether the key is known; then the arrival of its write. */
bool retry_find(const struct retry *retry, struct hash128 key, int64_t *ret_arrival_us);
/* A key that is known already keeps its place. */
void retry_add(struct retry *retry, struct hash128 key, int64_t arrival_us);

/* For the checkpoint: all keys, oldest first; and back. */
void retry_encode(const struct retry *retry, struct buf *out);
NODISCARD enum code retry_decode(struct retry *retry, struct str bytes, struct err *err);
