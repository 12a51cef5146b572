#pragma once
/* The index from inside: a table a group (table.h), the record cache (cache.h), and their sums. */
#include "online/cache.h"
#include "online/online.h"
#include "online/table.h"

/* ---- slab.c: nodes of one size; the writer's alone ---- */

struct slab {
    struct slab_chunk *chunks;
    struct slab_free *free;
    char *cursor;
    char *limit;
};
struct node *slab_take(struct slab *slab);
void slab_give(struct slab *slab, struct node *node);
void slab_release(struct slab *slab);

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
