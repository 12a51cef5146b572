#include "offline/flush_state.h"

static const struct {
    const char *name;
    unsigned successors; /* bits 1 << state */
} states[FLUSH_STATES] = {
    /* A redone cut has its mark already. */
    [FLUSH_IDLE] = {"idle", 1U << FLUSH_IDLE | 1U << FLUSH_CUT | 1U << FLUSH_WRITE},
    /* A range without rows needs no files: it is closed at once. */
    [FLUSH_CUT] = {"cut", 1U << FLUSH_IDLE | 1U << FLUSH_WRITE | 1U << FLUSH_CLOSE},
    [FLUSH_WRITE] = {"write", 1U << FLUSH_IDLE | 1U << FLUSH_WRITE | 1U << FLUSH_SYNC},
    [FLUSH_SYNC] = {"sync", 1U << FLUSH_IDLE | 1U << FLUSH_COMMIT},
    [FLUSH_COMMIT] = {"commit", 1U << FLUSH_IDLE | 1U << FLUSH_CLOSE},
    [FLUSH_CLOSE] = {"close", 1U << FLUSH_IDLE},
};

const char *flush_state_name(enum flush_state state)
{
    assert(state < FLUSH_STATES);
    return states[state].name;
}

bool flush_state_may_follow(enum flush_state from, enum flush_state to)
{
    assert(from < FLUSH_STATES && to < FLUSH_STATES);
    return (states[from].successors >> to & 1U) != 0;
}

void flush_state_move(enum flush_state *state, enum flush_state to)
{
    assert(flush_state_may_follow(*state, to));
    *state = to;
}
