#pragma once
/*
 * Keeping the journal small: checkpoints, carrying what is current forward, and letting segments
 * go. The writer's alone; the long parts run in the background (background.h).
 */
#include "core/base.h"

struct store;

/* A segment without current records, waiting until no reader can hold a place in it. */
struct leaving {
    struct leaving *next;
    struct store *store;
    uint64_t sequence;
    bool is_safe;
};

struct reclaim {
    bool is_due;           /* something changed that may let a segment go */
    uint64_t segment_last; /* that held the end when it was looked at */
    uint64_t journal_bytes;
    struct leaving *leaving;

    uint64_t checkpoint_position; /* of the durable one */
    uint64_t checkpoint_after;    /* where the journal's end makes the next one due */

    /* What is left of the segment being carried, slice by slice; equal: none. */
    uint64_t carry_from;
    uint64_t carry_to;
    size_t carried;       /* of the slice's records */
    uint64_t carry_after; /* not before the journal's end is there: an attempt failed */
};

/* Ends what the background thread finished, lets segments go, starts what is due. */
NODISCARD enum code reclaim_step(struct store *store, struct err *err);
/* Adds records to carry forward to the turn's batch. */
NODISCARD enum code reclaim_carry(struct store *store, struct err *err);
bool reclaim_is_carrying(const struct store *store);
void reclaim_release(struct store *store);
