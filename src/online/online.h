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
    uint64_t cache_bytes_max;    /* of the record cache */
    const unsigned char *secret; /* HASH_SECRET_BYTES, kept by the caller */
};

struct online *online_new(struct epoch *epoch, const struct online_options *options);
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
    uint32_t bytes;
};

/* Reader or writer. */
void online_head(struct online *online, uint32_t group_id, struct str identifier,
                 struct online_head *ret);

/*
 * Reader: the current record, tombstones included (then record is ""). Not found:
 * ret->head.is_found is false and OK. Views hold until the epoch section ends or the arena is
 * released. ERR_CORRUPT when the stored bytes fail their checks.
 */
struct online_record {
    struct online_head head;
    struct str record; /* stored record form */
};
NODISCARD enum code online_get(struct online *online, uint32_t group_id, struct str identifier,
                               struct arena *arena, struct online_record *ret, struct err *err);

/*
 * Writer and recovery: whether the entry acts online, given what is stored (design section 5):
 * newer or equal put; strictly newer delete; carried where the position is still `carried_from`.
 */
bool online_accepts(struct online *online, const struct entry *entry);

/* Writer and recovery: applies an accepted entry; may not fail. */
void online_apply(struct online *online, const struct entry *entry, uint64_t position,
                  uint32_t bytes);

/* Writer: the group was deleted. */
void online_drop_group(struct online *online, uint32_t group_id);

/*
 * Reader: up to `count` identifiers of a group. *cursor is 0 at the start and at the end of the
 * list. Expired records are skipped (now), tombstones unless is_deleted_included.
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
void online_group_size(struct online *online, uint32_t group_id, struct online_group_size *ret);
