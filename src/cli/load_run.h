#pragma once
/*
 * The running of a load: threads with a connection each take batches of rows in turn, send them,
 * and settle what comes back. A batch's invocation id is a function of the load's id and its rows,
 * so a batch that is sent twice is written once.
 */
#include "cli/client.h"
#include "cli/failed.h"
#include "cli/plan.h"
#include "cli/rows.h"

struct load;

struct load_options {
    const struct client_options *client;
    const struct plan *plan;
    struct rows *rows; /* used by the load alone until load_free */
    struct failed *failed;
    struct str load_id;
    unsigned connections;
    const atomic_bool *is_stopping; /* set from outside: finish what is on its way, then stop */
};

NODISCARD enum code load_start(const struct load_options *options, struct load **ret,
                               struct err *err);

struct load_state {
    uint64_t written; /* rows that the server took */
    uint64_t row;     /* all rows before it are settled */
    bool is_running;  /* some thread still works */
};

/* Waits up to timeout_ms for the end; tells how it stands. */
void load_wait(struct load *load, int timeout_ms, struct load_state *ret);

/* Why it stopped before the end of the rows: OK when it did not. After the threads ended. */
NODISCARD enum code load_result(const struct load *load, struct err *err);
/* The first member of a JSON line that was no feature; absent: none. After the threads ended. */
struct str load_unknown(const struct load *load);

void load_free(struct load *load); /* waits for the threads; accepts NULL */
