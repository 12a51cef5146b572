#pragma once
/*
 * The online store: an index in memory from (group, record identifier) to the newest record's place
 * in the journal, with its bytes where the bounded record cache holds them (design section 6).
 * Readers take no locks: they are inside an epoch section. The writer thread applies.
 *
 * Identity is a 128-bit hash keyed by the data folder's secret; a read checks the stored
 * identifier.
 */
#include "core/arena.h"
#include "core/epoch.h"
#include "journal/journal.h"

struct online;

struct online_options {
    uint64_t cache_bytes_max;    /* of the record cache; 0: nothing is cached */
    uint64_t segment_bytes;      /* of the journal: live bytes are counted by segment */
    const unsigned char *secret; /* HASH_SECRET_BYTES, kept by the caller */
};

struct online *online_new(struct epoch *epoch, const struct online_options *options);
/* After epoch_free: what was retired belongs to the index's own memory. Accepts NULL. */
void online_free(struct online *online);

/* After recovery: where reads go that the cache does not answer. */
void online_attach(struct online *online, struct journal *journal);

/* What the index knows without reading the record. */
struct online_head {
    bool is_found; /* a record or a tombstone is there */
    bool is_tombstone;
    struct instant event_time;
    int64_t ttl_seconds; /* 0: none */
    uint64_t position;
    uint32_t bytes; /* of the journal's entry */
};

/* The identity of a record in a group. */
struct hash128 online_key(const struct online *online, uint32_t group_id, struct str identifier);

/* Reader or writer. */
void online_head(struct online *online, uint32_t group_id, struct str identifier,
                 struct online_head *ret);
void online_head_of_key(struct online *online, uint32_t group_id, struct hash128 key,
                        struct online_head *ret);

/*
 * Reader: the current record, tombstones included (then record is ""). Not found:
 * ret->head.is_found is false and OK. Views hold until the epoch section ends or the arena is
 * released. ERR_CORRUPT when the stored bytes fail their checks or are another record's.
 */
struct online_record {
    struct online_head head;
    struct str record; /* stored record form */
};
NODISCARD enum code online_get(struct online *online, uint32_t group_id, struct str identifier,
                               struct arena *arena, struct online_record *ret, struct err *err);

/*
 * Whether the entry acts, given what is stored (design section 5): a put that is newer or equal, a
 * delete that is strictly newer; what is carried only where a record of the same kind and time is
 * stored. Pure; it looks at no clock, so that replay takes the same decisions.
 */
bool online_head_accepts(const struct online_head *stored, const struct entry *entry);
/* Writer and recovery: the same against what the index holds. */
bool online_accepts(struct online *online, const struct entry *entry);

/* Writer and recovery: applies an accepted entry; may not fail. */
void online_apply(struct online *online, const struct entry *entry, uint64_t position,
                  uint32_t bytes);

/* Writer: the group was deleted. */
void online_drop_group(struct online *online, uint32_t group_id);

/* Writer, once a turn: takes into the cache what readers had to read from the journal. */
void online_tend(struct online *online);

/*
 * Reader: up to `count_max` identifiers of a group. *cursor is 0 at the start and at the end of the
 * list; a page may be short, even empty, before the end. Expired records are skipped (now),
 * tombstones unless is_deleted_included. A record that is there throughout is listed once.
 */
struct online_list {
    uint32_t group_id;
    uint64_t cursor;
    size_t count_max;
    bool is_deleted_included;
    struct instant now;
};
NODISCARD enum code online_list(struct online *online, struct online_list *list,
                                struct arena *arena, struct str **ret_identifiers,
                                size_t *ret_count, struct err *err);

struct online_group_size {
    uint64_t records; /* without tombstones */
    uint64_t tombstones;
    uint64_t bytes; /* of the stored entries */
};
/* Any thread inside an epoch section. */
void online_group_size(struct online *online, uint32_t group_id, struct online_group_size *ret);

struct online_size {
    uint64_t records; /* tombstones included */
    uint64_t bytes;   /* of the stored entries */
    uint64_t cache_bytes;
};
void online_size(struct online *online, struct online_size *ret); /* any thread */

/* Writer: how much of a segment of the journal is current. */
struct online_live {
    uint64_t records;
    uint64_t bytes;
};
void online_segment_live(const struct online *online, uint64_t sequence, struct online_live *ret);

/* ---- checkpoint ---- */

struct online_item {
    uint32_t group_id;
    struct hash128 key;
    struct online_head head;
};
/*
 * Reader: calls fn for every record of the next shard; false when there was none left. All zero at
 * the start. Call it in an epoch section a shard. The writer may go on meanwhile; what comes out is
 * each record's state at some moment of the walk.
 */
struct online_walk {
    uint32_t group_id;
    uint32_t shard;
};
typedef void online_item_fn(const struct online_item *item, void *context);
bool online_walk_next(struct online *online, struct online_walk *walk, online_item_fn *fn,
                      void *context);
/* Recovery: what the walk gave. */
void online_restore(struct online *online, const struct online_item *item);
