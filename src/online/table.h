#pragma once
/*
 * A group's table: TABLE_SHARDS shards by the top bits of the key; a shard is an open-addressing
 * array of pointers to immutable nodes. The writer replaces a node as a whole and retires the old
 * one; the same for an array that grows. So a reader in an epoch section follows pointers without
 * locks and sees each record whole.
 */
#include "core/epoch.h"
#include "core/hash.h"

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
