#pragma once
/* The states of one flush and which may follow which. Pure. */
#include "core/base.h"

enum flush_state {
    FLUSH_IDLE,   /* nothing is cut, or a cut of an earlier run waits to be redone */
    FLUSH_CUT,    /* a range is chosen and read */
    FLUSH_WRITE,  /* its mark is durable; files are written, synced and renamed one by one */
    FLUSH_SYNC,   /* all files have their names; their folders are not synced */
    FLUSH_COMMIT, /* everything is durable; the manifest does not name it */
    FLUSH_CLOSE,  /* the manifest names it; the journal does not know */
    FLUSH_STATES,
};

const char *flush_state_name(enum flush_state state);

/* Whether `to` may follow `from`. Every state may fall back to FLUSH_IDLE: a failure, or the end.
 */
bool flush_state_may_follow(enum flush_state from, enum flush_state to);

/* Moves on; asserts that it is allowed. */
void flush_state_move(enum flush_state *state, enum flush_state to);
