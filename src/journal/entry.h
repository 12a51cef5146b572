#pragma once
/*
 * One entry of the journal: a write, a definition, a mark. The byte layout is at the head of
 * entry.c and in docs/FORMATS.md. Pure.
 */
#include "core/buf.h"
#include "core/hash.h"
#include "core/instant.h"
#include "core/str.h"

enum entry_kind {
    ENTRY_PUT = 1,
    ENTRY_DELETE,      /* soft: a tombstone online, a marker row offline */
    ENTRY_DELETE_HARD, /* forgets online, a marker row offline */
    ENTRY_EVENT,       /* of a stream source (stream/) */
    ENTRY_DEFINITION,  /* the catalog changed: record holds the payload */
    ENTRY_CARRIED,     /* a current record or tombstone, appended again; online only */
    ENTRY_MARK,        /* the offline store's progress: record holds a struct flush_mark's bytes */
};

enum { TARGET_ONLINE = 1, TARGET_OFFLINE = 2 };

enum entry_flags {
    ENTRY_HAS_RETRY_KEY = 1 << 0,
    ENTRY_IS_TOMBSTONE = 1 << 1, /* of a carried entry: what is carried is a tombstone */
};

struct entry {
    enum entry_kind kind;
    uint8_t targets; /* TARGET_ bits; 0 for definitions and marks */
    uint8_t flags;
    uint32_t group_id;
    uint32_t feature_count; /* of the group's schema when it was written; the first so many */
    struct instant event_time;
    int64_t arrival_us;
    int64_t ttl_seconds; /* 0: none */
    struct hash128 retry_key;
    struct str identifier;
    struct str record; /* stored record form; "" for deletes; payload for definitions and marks */
};

/* How many bytes the entry takes (the index keeps it beside the position). */
size_t entry_bytes(const struct entry *entry);

/* Appends the entry's bytes; returns their count. The entry is valid (asserted). */
size_t entry_encode(const struct entry *entry, struct buf *out);

/* The same into entry_bytes() of memory. */
void entry_encode_at(const struct entry *entry, unsigned char *out);

/*
 * `bytes` starts with an entry; views point into it. ERR_CORRUPT when it is cut short, malformed or
 * fails its checksum. `ret_bytes` (may be NULL) is where the next one starts.
 */
NODISCARD enum code entry_decode(struct str bytes, struct entry *ret, size_t *ret_bytes,
                                 struct err *err);
