#pragma once
/*
 * What the store must be, by the simplest means: arrays, applied write by write in order. The
 * simulation of power failures (sim_store.c) holds the store against it.
 */
#include "journal/entry.h"
#include "schema/catalog.h"
#include "write/write.h"

enum {
    MODEL_GROUPS = 3,
    MODEL_KEYS = 12,
    MODEL_ROWS_MAX = 1 << 14,
    MODEL_WRITES_MAX = 1 << 14,
    MODEL_TTL_EXPIRED = 1,      /* all event times are long past */
    MODEL_TTL_LONG = 315360000, /* ten years */
    MODEL_FEATURES = 4,         /* of a new group: id, t, f2, f3 */
    MODEL_FEATURES_MAX = 8,
};

/* One write, as it was asked for. */
struct op {
    enum write_kind kind;
    enum change_kind change; /* WRITE_CHANGE */
    unsigned group;          /* its name: "g<n>" */
    uint32_t group_id;       /* when it was asked for */
    unsigned key;
    int64_t seconds;
    int64_t ttl_seconds;
    uint8_t targets;
    bool has_event_time; /* false only for updates */
    bool has_ttl;
    bool is_f3_changed; /* by an update; else f2 is */
    uint64_t number;    /* of the write: its values and its retry key follow from it */
    struct flush_mark mark;
    size_t rows_flushed; /* WRITE_MARK: rows that the mark stands for */
};

struct model_record {
    bool is_found;
    bool is_tombstone;
    int64_t seconds;
    int64_t ttl_seconds;
    uint64_t f2; /* numbers of the writes that gave the values */
    uint64_t f3;
};

/* A row of the offline store. */
struct model_row {
    enum entry_kind kind;
    uint32_t group_id;
    unsigned key;
    int64_t seconds;
    uint64_t f2; /* 0 for deletes */
    uint64_t f3;
};

struct model_group {
    uint32_t id; /* 0: there is none */
    unsigned features;
    struct model_record records[MODEL_KEYS];
};

struct model_state {
    struct model_group groups[MODEL_GROUPS];
    uint32_t id_next;
    uint64_t flushed_to;
    size_t rows_flushed;
    size_t row_count;
};

/*
 * Whether a write was accepted: then asking again changes nothing. After a crash it is not known of
 * those that changed nothing visible; TRIAL: it would be, if the turn got so far.
 */
enum accepted { ACCEPTED_NO, ACCEPTED_YES, ACCEPTED_UNKNOWN, ACCEPTED_TRIAL };

struct model {
    struct model_state state;
    struct model_row rows[MODEL_ROWS_MAX]; /* those behind row_count are leftovers */
    enum accepted accepted[MODEL_WRITES_MAX];
};

void model_init(struct model *model);

/* Applies it, as if it were written now; what the store must answer. Refused: nothing changes. */
enum code model_apply(struct model *model, const struct op *op);
