/*
 * The whole store under power failures and failing calls, by seed, held against a naive model after
 * every crash: every acknowledged write is there; of the turn under way a beginning is, each write
 * whole or not at all; event times online never go back; a retry is not written twice, also across
 * a crash; the rows behind the flush mark are exactly those that were written for the offline
 * store. The same runs without durability must fail: they prove that the test can see.
 *
 * SIM_FIRST and SIM_SEEDS choose other seeds.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "core/metrics.h"
#include "sim/store_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SEEDS = 3000,
    SEEDS_OF_CONTROL = 40,
    LIVES = 6,
    ACTIONS = 60,
    KNOWN_MAX = 32,
    SECONDS_RANGE = 8,
    HOUR_US_DIVISOR = 1000,
};
#define TIME_BASE                                                                                  \
    INT64_C(1780000000) /* a month before the simulated clock: TTLs of 1 s are over                \
                         */
#define HOUR_US INT64_C(3600000000)

struct run {
    uint64_t seed;
    uint64_t random;
    struct world world;
    struct model model;
    uint64_t number;              /* of the last write */
    uint64_t key;                 /* of the last request */
    struct plan known[KNOWN_MAX]; /* requests that may be asked again */
    size_t known_count;
    int64_t arrival_us; /* the newest acknowledged */
    size_t acknowledged;
    size_t repeats;
    char why[ERR_MESSAGE_BYTES + 128]; /* empty: fine */
};

static void complain(struct run *run, const char *what, const char *detail)
{
    if (run->why[0] == 0)
        (void)snprintf(run->why, sizeof(run->why), "seed %llu: %s %s",
                       (unsigned long long)run->seed, what, detail);
}

static uint64_t draw(struct run *run, uint64_t below)
{
    return sim_next(&run->random) % below;
}

/* ---- planning a turn ---- */

static void plan_change(struct run *run, struct plan *plan)
{
    static const enum change_kind kinds[] = {CHANGE_CREATE, CHANGE_CREATE, CHANGE_REPLACE,
                                             CHANGE_DELETE};
    *plan = (struct plan){.count = 1};
    plan->ops[0] = (struct op){.kind = WRITE_CHANGE,
                               .change = kinds[draw(run, ARRAY_COUNT(kinds))],
                               .group = (unsigned)draw(run, MODEL_GROUPS)};
}

/* A boundary at or behind the last mark, with the rows up to it. */
static bool plan_mark(struct run *run, struct plan *plan)
{
    struct world *world = &run->world;
    struct journal *journal = store_journal(world->store);
    uint64_t from = run->model.state.flushed_to;
    uint64_t to = journal_durable_end(journal);
    size_t rows = 0;
    struct err err;
    if (draw(run, 2) == 0 && journal_cut(journal, from, draw(run, 40000), &to, &err) != OK)
        return false;
    if (world_count_rows(world, from, to, &rows, &err) != OK)
        return false;
    *plan = (struct plan){.count = 1};
    plan->ops[0] = (struct op){.kind = WRITE_MARK,
                               .mark = {.flushed_to = to},
                               .rows_flushed = run->model.state.rows_flushed + rows};
    return true;
}

static enum write_kind draw_kind(struct run *run)
{
    static const enum write_kind kinds[] = {WRITE_PUT,        WRITE_PUT,    WRITE_PUT,
                                            WRITE_UPDATE,     WRITE_UPDATE, WRITE_DELETE,
                                            WRITE_DELETE_HARD};
    return kinds[draw(run, ARRAY_COUNT(kinds))];
}

static uint8_t draw_targets(struct run *run)
{
    static const uint8_t targets[] = {TARGET_ONLINE, TARGET_OFFLINE};
    if (draw(run, 4) > 0)
        return TARGET_ONLINE | TARGET_OFFLINE;
    return targets[draw(run, ARRAY_COUNT(targets))];
}

static void plan_op(struct run *run, struct op *op, unsigned group, uint32_t group_id)
{
    static const int64_t ttls[] = {0, 0, MODEL_TTL_EXPIRED, MODEL_TTL_LONG};
    run->number++;
    *op = (struct op){
        .kind = draw_kind(run),
        .group = group,
        .group_id = group_id,
        .key = (unsigned)draw(run, MODEL_KEYS),
        .seconds = TIME_BASE + (int64_t)draw(run, SECONDS_RANGE),
        .targets = draw_targets(run),
        .has_event_time = true,
        .is_f3_changed = draw(run, 2) == 0,
        .number = run->number,
    };
    if (op->kind == WRITE_UPDATE) {
        op->has_event_time = draw(run, 2) == 0;
        op->has_ttl = draw(run, 3) == 0;
    }
    if (op->kind == WRITE_PUT || op->has_ttl)
        op->ttl_seconds = ttls[draw(run, ARRAY_COUNT(ttls))];
}

/* False where there is no group to write to. */
static bool plan_writes(struct run *run, struct plan *plan)
{
    unsigned group = (unsigned)draw(run, MODEL_GROUPS);
    uint32_t group_id = world_group_id(&run->world, group);
    if (group_id == 0)
        return false;
    run->key++;
    *plan = (struct plan){.key = run->key, .count = 1};
    if (draw(run, 4) == 0)
        plan->count += draw(run, WORLD_ITEMS_MAX);
    for (size_t i = 0; i < plan->count; i++)
        plan_op(run, &plan->ops[i], group, group_id);
    return true;
}

/* A request asked again, as by a client whose answer was lost. */
static bool plan_retry(struct run *run, struct plan *plan)
{
    if (run->known_count == 0)
        return false;
    const struct plan *known = &run->known[draw(run, size_min(run->known_count, KNOWN_MAX))];
    for (size_t i = 0; i < known->count; i++)
        if (run->model.accepted[known->ops[i].number] == ACCEPTED_UNKNOWN)
            return false;
    *plan = *known;
    return true;
}

static bool plan_one(struct run *run, struct plan *plan)
{
    uint64_t what = draw(run, 40);
    if (what == 0)
        plan_change(run, plan);
    else if (what <= 4)
        return plan_retry(run, plan);
    else
        return plan_writes(run, plan);
    return true;
}

static void remember(struct run *run, const struct plan *plan)
{
    if (plan->key == 0)
        return;
    run->known[run->known_count % KNOWN_MAX] = *plan;
    run->known_count++;
}

static void plan_turn(struct run *run)
{
    struct world *world = &run->world;
    size_t wanted = 1 + draw(run, draw(run, 3) == 0 ? WORLD_JOBS_MAX - 1 : 3);
    assert(world->plan_count == 0);
    if (draw(run, 6) == 0 && plan_mark(run, &world->plans[0]))
        world->plan_count++;
    for (size_t i = 0; i < wanted && world->plan_count < WORLD_JOBS_MAX; i++)
        world->plan_count += plan_one(run, &world->plans[world->plan_count]);
    if (world_group_id(world, 0) == 0 && draw(run, 2) == 0 && world->plan_count < WORLD_JOBS_MAX) {
        plan_change(run, &world->plans[world->plan_count]);
        world->plan_count++;
    }
    for (size_t i = 0; i < world->plan_count; i++)
        remember(run, &world->plans[i]);
}

/* ---- holding answers against the model ---- */

/* Calls failed that nobody could help. */
static bool is_excused(const struct run *run)
{
    return sim_is_off(run->world.sim) || sim_fault_was_hit(run->world.sim);
}

static enum accepted *accepted_of(struct run *run, const struct plan *plan, const struct op *op)
{
    assert(op->number < MODEL_WRITES_MAX);
    return plan->key == 0 ? NULL : &run->model.accepted[op->number];
}

static void check_arrival(struct run *run, const struct write_item *item)
{
    if (item->arrival_us <= run->arrival_us)
        complain(run, "an arrival time went back", "");
    run->arrival_us = item->arrival_us;
    run->acknowledged++;
}

static void check_item(struct run *run, const struct plan *plan, const struct op *op,
                       const struct write_item *item)
{
    enum accepted *accepted = accepted_of(run, plan, op);
    if (is_excused(run) && (item->result == ERR_BUSY || item->result == ERR_IO))
        return;
    if (item->is_repeat) {
        if (accepted == NULL || *accepted != ACCEPTED_YES)
            complain(run, "a new write was taken for a retry", "");
        run->repeats++;
        return;
    }
    if (accepted != NULL && *accepted == ACCEPTED_YES) {
        complain(run, "a retry was written again", "");
        return;
    }
    enum code expected = model_apply(&run->model, op);
    if (item->result != expected) {
        complain(run, code_name(item->result), item->err.message);
        return;
    }
    if (accepted != NULL)
        *accepted = expected == OK ? ACCEPTED_YES : ACCEPTED_NO;
    if (expected == OK)
        check_arrival(run, item);
}

static void check_answers(struct run *run)
{
    struct world *world = &run->world;
    for (size_t i = 0; i < world->plan_count; i++)
        for (size_t j = 0; j < world->plans[i].count; j++)
            check_item(run, &world->plans[i], &world->plans[i].ops[j], &world->items[i][j]);
}

static void check_store(struct run *run, const char *when)
{
    struct observed observed;
    world_observe(&run->world, &observed);
    if (observed.code != OK)
        complain(run, when, observed.err.message);
    else if (!observed_is(&observed, &run->model))
        complain(run, when, "the store is not as it must be");
    observed_release(&observed);
}

/* ---- after a crash ---- */

/* Whether the model with a beginning of the last turn is what is seen. */
struct beginning {
    size_t ops; /* how many of the turn's */
    struct model_state state;
};

/* One write of the turn on trial. */
static void try_op(struct run *run, const struct plan *plan, const struct op *op)
{
    enum accepted *accepted = accepted_of(run, plan, op);
    if (accepted != NULL && (*accepted == ACCEPTED_YES || *accepted == ACCEPTED_TRIAL))
        return;
    if (model_apply(&run->model, op) == OK && accepted != NULL)
        *accepted = ACCEPTED_TRIAL;
}

/*
 * Of the turn's writes those up to some point are there. Several points may look the same: the
 * first and the last are given. False when none fits.
 */
static bool find_beginnings(struct run *run, const struct observed *observed,
                            struct beginning *first, struct beginning *last)
{
    struct world *world = &run->world;
    size_t ops = 0;
    bool is_found = observed_is(observed, &run->model);
    if (is_found)
        *first = *last = (struct beginning){0, run->model.state};
    for (size_t i = 0; i < world->plan_count; i++) {
        for (size_t j = 0; j < world->plans[i].count; j++) {
            try_op(run, &world->plans[i], &world->plans[i].ops[j]);
            ops++;
            if (!observed_is(observed, &run->model))
                continue;
            *last = (struct beginning){ops, run->model.state};
            if (!is_found)
                *first = *last;
            is_found = true;
        }
    }
    return is_found;
}

/* What is before the first point was written, what is behind the last was not. */
static void settle_accepted(struct run *run, size_t first, size_t last)
{
    struct world *world = &run->world;
    size_t ops = 0;
    for (size_t i = 0; i < world->plan_count; i++) {
        for (size_t j = 0; j < world->plans[i].count; j++) {
            enum accepted *accepted = accepted_of(run, &world->plans[i], &world->plans[i].ops[j]);
            ops++;
            if (accepted == NULL || *accepted != ACCEPTED_TRIAL)
                continue;
            *accepted = ops <= first ? ACCEPTED_YES : ops <= last ? ACCEPTED_UNKNOWN : ACCEPTED_NO;
        }
    }
}

static void check_recovered(struct run *run)
{
    struct observed observed;
    struct beginning first;
    struct beginning last;
    struct model_state before = run->model.state;
    world_observe(&run->world, &observed);
    if (observed.code != OK) {
        complain(run, "after the crash:", observed.err.message);
    } else if (!find_beginnings(run, &observed, &first, &last)) {
        complain(run, "after the crash the store is not as it must be", "");
    } else {
        settle_accepted(run, first.ops, last.ops);
        before = first.state;
    }
    run->model.state = before;
    world_clear_jobs(&run->world);
    observed_release(&observed);
}

/* ---- lives ---- */

static void step_clock(struct run *run)
{
    const struct os *os = sim_os(run->world.sim);
    int64_t now_us = os->now_us(os->context);
    int64_t step = (int64_t)draw(run, 2 * HOUR_US) - HOUR_US;
    sim_clock_set(run->world.sim, now_us + step / HOUR_US_DIVISOR);
}

/* Most lives end with the power; some with a call that fails, as the process has to end then. */
static void plan_end(struct run *run)
{
    uint64_t nth = 1 + draw(run, draw(run, 4) == 0 ? 25 : 160);
    if (draw(run, 4) > 0)
        sim_power_off_at(run->world.sim, nth);
    else
        sim_fail(run->world.sim, &(struct sim_fault){.nth = nth,
                                                     .calls = SIM_CHANGING,
                                                     .errno_value = EIO,
                                                     .is_for_ever = draw(run, 2) == 0});
}

static bool open_world(struct run *run)
{
    struct err err = {0};
    if (world_open(&run->world, &err) != OK) {
        if (!is_excused(run))
            complain(run, "the store does not open:", err.message);
        return false;
    }
    /* The power can go while segments are prepared, which opening does not depend on. */
    if (sim_is_off(run->world.sim))
        return false;
    check_recovered(run);
    return run->why[0] == 0;
}

static void live(struct run *run)
{
    plan_end(run);
    if (!open_world(run))
        return;
    for (unsigned i = 0; i < ACTIONS && run->why[0] == 0; i++) {
        struct err err = {0};
        if (draw(run, 8) == 0)
            step_clock(run);
        plan_turn(run);
        if (world_turn(&run->world, &err) != OK) {
            if (!is_excused(run))
                complain(run, "a turn failed:", err.message);
            return;
        }
        check_answers(run);
        world_clear_jobs(&run->world);
        if (sim_is_off(run->world.sim))
            return;
        if (draw(run, 16) == 0)
            check_store(run, "while it runs:");
    }
}

/* The process is gone; the machine sometimes goes on, with what is only in its cache. */
static void end_life(struct run *run)
{
    world_close(&run->world);
    bool is_on = !sim_is_off(run->world.sim);
    sim_fail(run->world.sim, &(struct sim_fault){0});
    if (is_on && draw(run, 2) == 0)
        return;
    sim_crash(run->world.sim, sim_next(&run->random));
}

static void set_options(struct run *run, bool is_sync_skipped)
{
    static const uint64_t segments[] = {16 * 1024, 32 * 1024, 64 * 1024};
    static const uint64_t checkpoints[] = {4 * 1024, 20 * 1024, 60 * 1024, UINT64_C(1) << 40};
    struct store_options *options = &run->world.options;
    options->journal.segment_bytes = segments[draw(run, ARRAY_COUNT(segments))];
    options->journal.segments_spare = 1 + (unsigned)draw(run, 2);
    options->journal.is_sync_skipped = is_sync_skipped;
    options->checkpoint_bytes = checkpoints[draw(run, ARRAY_COUNT(checkpoints))];
    options->journal_bytes_spare = 1 + draw(run, 200 * 1024);
    options->cache_bytes_max = draw(run, 2) == 0 ? 1 : 16 * 1024;
}

/* A complaint, or none, is left in run->why. */
static void run_seed(struct run *run, uint64_t seed, bool is_sync_skipped)
{
    memset(run, 0, sizeof(*run));
    run->seed = run->random = seed;
    world_init(&run->world, seed);
    model_init(&run->model);
    set_options(run, is_sync_skipped);
    const struct os *os = sim_os(run->world.sim);
    if (os_make_dirs(os, "/data", NULL) != OK)
        complain(run, "no folder", "");
    for (unsigned i = 0; i < LIVES && run->why[0] == 0; i++) {
        live(run);
        end_life(run);
    }
    if (run->why[0] == 0 && open_world(run))
        check_store(run, "at the end:");
    world_release(&run->world);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void test_power_failures(void **state)
{
    (void)state;
    struct run *run = MEM_NEW(struct run);
    uint64_t first = from_environment("SIM_FIRST", 1);
    uint64_t count = from_environment("SIM_SEEDS", SEEDS);
    uint64_t acknowledged = 0;
    uint64_t repeats = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        run_seed(run, seed, false);
        if (run->why[0] != 0)
            fail_msg("%s", run->why);
        acknowledged += run->acknowledged;
        repeats += run->repeats;
    }
    print_message("# %llu seeds, %llu lives, %llu acknowledged writes, %llu retries known\n",
                  (unsigned long long)count, (unsigned long long)count * LIVES,
                  (unsigned long long)acknowledged, (unsigned long long)repeats);
    print_message("# %lld checkpoints, %lld records carried, %lld segments used again\n",
                  (long long)metric_get(METRIC_checkpoints_total),
                  (long long)metric_get(METRIC_journal_carried_total),
                  (long long)metric_get(METRIC_journal_segments_reclaimed_total));
    mem_free(run);
}

static void test_skipped_sync_is_caught(void **state)
{
    (void)state;
    struct run *run = MEM_NEW(struct run);
    unsigned caught = 0;
    for (uint64_t seed = 1; seed <= SEEDS_OF_CONTROL; seed++) {
        run_seed(run, seed, true);
        caught += run->why[0] != 0;
    }
    print_message("# without sync %u of %d seeds are caught\n", caught, SEEDS_OF_CONTROL);
    assert_true(caught > SEEDS_OF_CONTROL / 2);
    mem_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_failures),
        cmocka_unit_test(test_skipped_sync_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
