/*
 * The record cache: copies of records beside their nodes, at most bytes_max of them, evicted by
 * second chance. Only the writer links and unlinks; a reader that had to go to the journal leaves
 * its copy in one of a few boxes, which the writer empties once a turn.
 */
#include "online/cache.h"

#include "core/mem.h"
#include "core/metrics.h"

enum { ALLOCATOR_BYTES = 16 }; /* a guess at what the allocator adds to each block */

void cache_init(struct cache *cache, struct epoch *epoch, uint64_t bytes_max)
{
    *cache = (struct cache){.epoch = epoch, .bytes_max = bytes_max};
}

void cache_release(struct cache *cache)
{
    for (size_t i = 0; i < CACHE_OFFERS; i++)
        mem_free(cache_take_offer(cache, i));
    while (cache->hand != NULL) {
        struct cached *cached = cache->hand;
        cache->hand = cached->next == cached ? NULL : cached->next;
        cached->previous->next = cached->next;
        cached->next->previous = cached->previous;
        mem_free(cached);
    }
}

struct str cached_identifier(const struct cached *cached)
{
    return (struct str){cached->bytes, cached->identifier_bytes};
}

struct str cached_record(const struct cached *cached)
{
    return (struct str){cached->bytes + cached->identifier_bytes, cached->record_bytes};
}

static uint64_t cost(size_t identifier_bytes, size_t record_bytes)
{
    return sizeof(struct cached) + ALLOCATOR_BYTES + identifier_bytes + record_bytes;
}

/* A record that would push out much of the cache is not worth it. */
static bool fits(const struct cache *cache, struct str identifier, struct str record)
{
    return cost(identifier.len, record.len) <= cache->bytes_max / 8;
}

static struct cached *cached_new(struct str identifier, struct str record)
{
    struct cached *cached = mem_resize(NULL, sizeof(*cached) + identifier.len + record.len);

    memset(cached, 0, sizeof(*cached));
    cached->identifier_bytes = (uint32_t)identifier.len;
    cached->record_bytes = (uint32_t)record.len;
    if (identifier.len > 0)
        memcpy(cached->bytes, identifier.ptr, identifier.len);
    if (record.len > 0)
        memcpy(cached->bytes + identifier.len, record.ptr, record.len);
    return cached;
}

static void free_cached(void *object, void *context)
{
    (void)context;
    mem_free(object);
}

static void add_bytes(struct cache *cache, uint64_t more, uint64_t less)
{
    uint64_t bytes = atomic_load_explicit(&cache->bytes, memory_order_relaxed);
    assert(bytes + more >= less);
    atomic_store_explicit(&cache->bytes, bytes + more - less, memory_order_relaxed);
}

/* Takes it out of the ring; readers may still hold it. */
static void unlink_cached(struct cache *cache, struct cached *cached)
{
    if (cache->hand == cached)
        cache->hand = cached->next == cached ? NULL : cached->next;
    cached->previous->next = cached->next;
    cached->next->previous = cached->previous;
    add_bytes(cache, 0, cost(cached->identifier_bytes, cached->record_bytes));
    epoch_retire(cache->epoch, cached, free_cached, NULL);
}

/* Behind the newest, that is just before the hand. */
static void link_cached(struct cache *cache, struct cached *cached)
{
    if (cache->hand == NULL) {
        cached->next = cached->previous = cached;
        cache->hand = cached;
    } else {
        cached->next = cache->hand;
        cached->previous = cache->hand->previous;
        cached->previous->next = cached;
        cache->hand->previous = cached;
    }
    add_bytes(cache, cost(cached->identifier_bytes, cached->record_bytes), 0);
}

/* Ends: each step clears a reference or evicts. */
static void evict(struct cache *cache)
{
    while (atomic_load_explicit(&cache->bytes, memory_order_relaxed) > cache->bytes_max) {
        struct cached *oldest = cache->hand;
        assert(oldest != NULL);
        if (atomic_load_explicit(&oldest->is_referenced, memory_order_relaxed)) {
            atomic_store_explicit(&oldest->is_referenced, false, memory_order_relaxed);
            cache->hand = oldest->next;
            continue;
        }
        atomic_store_explicit(&oldest->node->cached, NULL, memory_order_release);
        unlink_cached(cache, oldest);
    }
}

static void adopt(struct cache *cache, struct node *node, struct cached *cached)
{
    cached->node = node;
    link_cached(cache, cached);
    atomic_store_explicit(&node->cached, cached, memory_order_release);
    evict(cache);
}

void cache_put(struct cache *cache, struct node *node, struct str identifier, struct str record)
{
    assert(atomic_load_explicit(&node->cached, memory_order_relaxed) == NULL);
    if (fits(cache, identifier, record))
        adopt(cache, node, cached_new(identifier, record));
}

void cache_forget(struct cache *cache, struct node *node)
{
    struct cached *cached = atomic_load_explicit(&node->cached, memory_order_relaxed);

    /* The node keeps its pointer: a reader that holds the node may still follow it. */
    if (cached != NULL)
        unlink_cached(cache, cached);
}

void cache_offer(struct cache *cache, uint32_t group_id, const struct node *node,
                 struct str identifier, struct str record)
{
    _Atomic(struct cached *) *box = &cache->offers[node->key.low % CACHE_OFFERS];

    if (!fits(cache, identifier, record) || atomic_load(box) != NULL)
        return;
    struct cached *cached = cached_new(identifier, record);
    cached->group_id = group_id;
    cached->key = node->key;
    cached->position = node->position;
    struct cached *empty = NULL;
    if (atomic_compare_exchange_strong(box, &empty, cached))
        atomic_store(&cache->has_offers, true);
    else
        mem_free(cached);
}

struct cached *cache_take_offer(struct cache *cache, size_t slot)
{
    assert(slot < CACHE_OFFERS);
    return atomic_exchange(&cache->offers[slot], NULL);
}

void cache_adopt(struct cache *cache, struct node *node, struct cached *offer)
{
    assert(offer->position == node->position);
    adopt(cache, node, offer);
}

void cache_drop_offer(struct cached *offer)
{
    mem_free(offer);
}
