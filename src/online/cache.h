#pragma once
/*
 * The record cache: copies of records beside their nodes, bounded, evicted by second chance. Only
 * the writer links and unlinks; readers mark what they use and offer what they had to read.
 */
#include "online/table.h"

struct cached {
    struct cached *next; /* the ring of the clock; the writer's */
    struct cached *previous;
    struct node *node;           /* the writer's */
    struct hash128 key;          /* for what a reader offers: which node it belongs to */
    uint64_t position;           /* likewise */
    uint32_t group_id;           /* likewise */
    _Atomic(bool) is_referenced; /* set by readers, cleared by the clock's hand */
    uint32_t identifier_bytes;
    uint32_t record_bytes;
    char bytes[]; /* identifier, record */
};

enum { CACHE_OFFERS = 256 };

struct cache {
    struct epoch *epoch;
    struct cached *hand; /* the oldest; NULL when empty */
    uint64_t bytes_max;
    _Atomic(uint64_t) bytes;
    _Atomic(bool) has_offers;
    _Atomic(struct cached *) offers[CACHE_OFFERS]; /* by readers, taken by the writer */
};

void cache_init(struct cache *cache, struct epoch *epoch, uint64_t bytes_max);
void cache_release(struct cache *cache);
struct str cached_identifier(const struct cached *cached);
struct str cached_record(const struct cached *cached);
/* Writer: keeps the record with the node, and evicts others for it. */
void cache_put(struct cache *cache, struct node *node, struct str identifier, struct str record);
/* Writer: the node is about to be retired. */
void cache_forget(struct cache *cache, struct node *node);
/* Reader: a record that was read from the journal. */
void cache_offer(struct cache *cache, uint32_t group_id, const struct node *node,
                 struct str identifier, struct str record);
/* Writer: what `slot` was offered, or NULL; then belongs to the caller. */
struct cached *cache_take_offer(struct cache *cache, size_t slot);
void cache_adopt(struct cache *cache, struct node *node, struct cached *offer);
void cache_drop_offer(struct cached *offer);
