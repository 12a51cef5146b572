#pragma once
/*
 * The parts of the index. A table a group; a table has TABLE_SHARDS shards by the top bits of the
 * key; a shard is an open-addressing array of pointers to immutable nodes. The writer replaces a
 * node as a whole and retires the old one; the same for an array that grows. So a reader in an
 * epoch section follows pointers without locks and sees each record whole.
 */
#include "online/online.h"

#include <stdatomic.h>

enum { TABLE_SHARDS = 256, TABLE_SHARD_BITS = 8 };

struct cached;

struct node {
    struct hash128 key;
    uint64_t position;
    int64_t event_seconds;
    int64_t ttl_seconds;
    uint32_t event_nanoseconds;
    uint32_t bytes_and_kind; /* bytes << 1 | is_tombstone */
    _Atomic(struct cached *) cached;
};
static_assert(sizeof(struct node) == 56, "a record costs what the design says");

/* ---- slab.c: nodes of one size; the writer's alone ---- */

struct slab {
    struct slab_chunk *chunks;
    void *free; /* each holds the pointer to the next */
    char *cursor;
    char *limit;
};
struct node *slab_take(struct slab *slab);
void slab_give(struct slab *slab, struct node *node);
void slab_release(struct slab *slab);

/* ---- cache.c: records in memory, bounded, second chance ---- */

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

/* ---- live.c: current entries by segment of the journal; the writer's alone ---- */

struct live {
    uint64_t segment_bytes;
    uint64_t first; /* sequence of segments[0] */
    struct online_live *segments;
    size_t count;
    size_t capacity;
};
void live_init(struct live *live, uint64_t segment_bytes);
void live_release(struct live *live);
void live_add(struct live *live, uint64_t position, uint32_t bytes);
void live_remove(struct live *live, uint64_t position, uint32_t bytes);
void live_get(const struct live *live, uint64_t sequence, struct online_live *ret);

/* ---- table.c ---- */

struct slots; /* the array of a shard */

struct shard {
    _Atomic(struct slots *) slots; /* NULL until the first record */
    uint32_t used;                 /* slots that are not empty: records and removed ones */
    uint32_t records;
};

struct table {
    uint32_t group_id;
    struct epoch *epoch;
    _Atomic(uint64_t) records; /* without tombstones */
    _Atomic(uint64_t) tombstones;
    _Atomic(uint64_t) bytes;
    struct shard shards[TABLE_SHARDS];
};

struct table *table_new(struct epoch *epoch, uint32_t group_id);
void table_free(struct table *table); /* nodes are not touched */

struct node *table_find(const struct table *table, struct hash128 key);
/* Writer: puts the node in and returns the one it replaced, or NULL. */
struct node *table_put(struct table *table, struct node *node);
/* Writer: takes the node out and returns it, or NULL. */
struct node *table_remove(struct table *table, struct hash128 key);

/* Calls fn for every node of a shard. */
typedef void node_fn(struct node *node, void *context);
void table_walk(const struct table *table, uint32_t shard, node_fn *fn, void *context);

/*
 * Calls fn for nodes whose key is at or after `from` (by its high half) until it took `count` of
 * them or `slots_max` slots were seen, and then up to a place where no earlier key can follow.
 * Returns the key before which every node was given; 0 at the end of the table.
 */
typedef bool node_take_fn(struct node *node, void *context); /* whether it counts */
struct table_range {
    uint64_t from;
    size_t count;
    size_t slots_max;
};
uint64_t table_range(const struct table *table, const struct table_range *range, node_take_fn *fn,
                     void *context);

/* ---- online.c ---- */

struct tables {
    uint32_t count;
    _Atomic(struct table *) at[]; /* by group id; NULL: none */
};

struct online {
    struct epoch *epoch;
    struct journal *journal;
    const unsigned char *secret;
    _Atomic(struct tables *) tables;
    _Atomic(uint64_t) records;
    _Atomic(uint64_t) bytes;
    struct cache cache;
    struct live live;
    struct slab slab;
};

struct table *online_table(const struct online *online, uint32_t group_id); /* may be NULL */
void online_head_from(const struct node *node, struct online_head *ret);
NODISCARD enum code online_read(struct online *online, uint32_t group_id, const struct node *node,
                                struct arena *arena, struct entry *ret, struct err *err);
