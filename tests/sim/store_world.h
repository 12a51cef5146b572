#pragma once
/*
 * A store on the simulated machine, written to by jobs whose values follow from their numbers, and
 * looked at whole. For sim_store.c.
 */
#include "sim/sim_os.h"
#include "sim/store_model.h"
#include "write/write.h"

enum { WORLD_JOBS_MAX = 12, WORLD_ITEMS_MAX = 4, WORLD_OPS_MAX = WORLD_JOBS_MAX * WORLD_ITEMS_MAX };

/* A request: all its items have one retry key (none for changes and marks). */
struct plan {
    uint64_t key; /* 0: none */
    size_t count;
    struct op ops[WORLD_ITEMS_MAX];
};

/* What a job needs while it is under way. */
struct world_item {
    struct change change;
    struct record changes;
    struct buf bytes; /* record, group, mark */
    char identifier[16];
    struct str values[MODEL_FEATURES_MAX + 8];
    struct buf text;
};

struct world {
    struct sim *sim;
    struct store *store;
    struct store_options options;
    unsigned done;
    unsigned failures;
    struct plan plans[WORLD_JOBS_MAX];
    size_t plan_count;
    struct write_job jobs[WORLD_JOBS_MAX];
    struct write_item items[WORLD_JOBS_MAX][WORLD_ITEMS_MAX];
    struct world_item parts[WORLD_JOBS_MAX][WORLD_ITEMS_MAX];
};

/* Everything that is visible in a store. */
struct observed {
    struct model_state state;
    struct model_row *rows; /* not flushed: row_count - rows_flushed of them */
    size_t row_count;
    size_t capacity;
    enum code code; /* of reading it */
    struct err err;
};

void world_init(struct world *world, uint64_t seed);
void world_release(struct world *world);
NODISCARD enum code world_open(struct world *world, struct err *err);
void world_close(struct world *world);

/* The current id of the group; 0: there is none. */
uint32_t world_group_id(struct world *world, unsigned group);

/* Queues what is planned and turns once. */
NODISCARD enum code world_turn(struct world *world, struct err *err);
/* Forgets the jobs of the last turn. */
void world_clear_jobs(struct world *world);

void world_observe(struct world *world, struct observed *ret);
void observed_release(struct observed *observed);
/* Whether the store is as the model says. */
bool observed_is(const struct observed *observed, const struct model *model);
/* How many offline rows stand in [from, to). */
NODISCARD enum code world_count_rows(struct world *world, uint64_t from, uint64_t to, size_t *ret,
                                     struct err *err);
