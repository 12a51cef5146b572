/*
 * The flush under kills and power failures, by seed: whatever happens, each acknowledged row is in
 * the offline store exactly once, a name always has the same bytes, and nothing of ours lies about.
 * The same runs with a deliberate bug must fail: they prove that the test can see.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "sim/flush_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIVES = 5, ACTIONS = 40, SEEDS = 1200, SEEDS_OF_CONTROL = 150 };

enum control { CONTROL_NONE, CONTROL_NO_DIR_SYNC, CONTROL_NO_FILE_SYNC, CONTROL_CLOCK_IN_FILE };

static enum code dir_sync_skipped(void *context, const char *path, struct err *err)
{
    (void)context;
    (void)path;
    (void)err;
    return OK;
}

static enum code file_sync_skipped(void *context, struct os_file *file, struct err *err)
{
    (void)context;
    (void)file;
    (void)err;
    return OK;
}

static void act(struct world *world)
{
    uint64_t rows = 0, removed = 0;
    enum code ignored = OK;

    switch (world_draw(world, 12)) {
    case 0:
    case 1:
    case 2:
        ignored = world_flush(world, &rows, NULL);
        break;
    case 3:
        world_change_group(world);
        break;
    case 4:
        ignored = flush_sweep(world->flush, &removed, NULL);
        break;
    default:
        world_write(world);
    }
    (void)ignored;
}

/* Work until the actions are used up, the power is off, or a kill point ended it. */
static void live(struct world *world)
{
    uint64_t passages_left = world_draw(world, 3) == 0 ? 1 + world_draw(world, 60) : 0;
    struct err err = {0};

    world->kill_after = (int64_t)passages_left;
    if (world_draw(world, 2) == 0)
        sim_power_off_at(world->sim, 1 + world_draw(world, 600));
    enum code code = world_open(world, &err);
    if (code != OK && !sim_is_off(world->sim))
        world_complain(world, "opening: %s", err.message);
    for (unsigned i = 0; i < ACTIONS && code == OK; i++) {
        act(world);
        if (sim_is_off(world->sim) || world->has_store_failed)
            break;
        if (passages_left != 0 && world->kill_after <= 0)
            break;
    }
}

/* The last life has no faults: everything is flushed and held against the model. */
static void settle(struct world *world)
{
    struct err err = {0};
    uint64_t rows = 1;

    world->kill_after = 0;
    if (world_open(world, &err) != OK) {
        world_complain(world, "the last opening: %s", err.message);
        return;
    }
    world_check(world);
    while (rows > 0 && world->why[0] == '\0') {
        if (world_flush(world, &rows, &err) != OK)
            world_complain(world, "the last flush: %s", err.message);
    }
    if (world->why[0] == '\0')
        world_check_flushed(world);
}

static bool run(uint64_t seed, enum control control, char why[static 1], size_t why_bytes)
{
    struct world *world = world_new(seed);

    if (control == CONTROL_NO_DIR_SYNC)
        world->os.sync_dir = dir_sync_skipped;
    if (control == CONTROL_NO_FILE_SYNC)
        world->os.sync = file_sync_skipped;
    world->is_clock_in_file = control == CONTROL_CLOCK_IN_FILE;
    for (unsigned i = 0; i < LIVES && world->why[0] == '\0'; i++) {
        live(world);
        bool is_off = sim_is_off(world->sim);
        sim_power_off_at(world->sim, 0);
        if (!is_off && world->flush != NULL && !world->has_store_failed)
            world_check(world);
        /* A kill leaves what was written; a power failure only what was synced. */
        world_close(world);
        if (is_off || world_draw(world, 3) == 0) {
            sim_power_off(world->sim);
            sim_crash(world->sim, sim_next(&world->random));
        }
    }
    if (world->why[0] == '\0')
        settle(world);
    (void)snprintf(why, why_bytes, "%s", world->why);
    world_free(world);
    return why[0] == '\0';
}

static void each_row_once_whatever_happens(void **state)
{
    (void)state;
    char why[ERR_MESSAGE_BYTES + 128];
    const char *chosen = getenv("ASOF_SIM_SEED");
    const char *count = getenv("ASOF_SIM_SEEDS");
    uint64_t first = chosen == NULL ? 1 : strtoull(chosen, NULL, 10);
    uint64_t seeds = chosen != NULL ? 1 : count == NULL ? SEEDS : strtoull(count, NULL, 10);

    for (uint64_t seed = first; seed < first + seeds; seed++) {
        if (!run(seed, CONTROL_NONE, why, sizeof(why)))
            fail_msg("%s", why);
    }
    print_message("# %ju seeds\n", (uintmax_t)seeds);
}

static void control_fails(enum control control)
{
    char why[ERR_MESSAGE_BYTES + 128];

    for (uint64_t seed = 1; seed <= SEEDS_OF_CONTROL; seed++) {
        if (!run(seed, control, why, sizeof(why))) {
            print_message("# seen: %s\n", why);
            return;
        }
    }
    fail_msg("a build with this bug passes");
}

static void folders_that_are_not_synced_are_seen(void **state)
{
    (void)state;
    control_fails(CONTROL_NO_DIR_SYNC);
}

static void files_that_are_not_synced_are_seen(void **state)
{
    (void)state;
    control_fails(CONTROL_NO_FILE_SYNC);
}

static void a_clock_in_the_bytes_is_seen(void **state)
{
    (void)state;
    control_fails(CONTROL_CLOCK_IN_FILE);
}

/* Every kill point, each passage of it, in one scenario: the next process finishes the work. */
static void killed_at_every_step(void **state)
{
    (void)state;
    uint64_t passages = 1;

    for (uint64_t kill = 0; kill <= passages; kill++) {
        struct world *world = world_new(7);
        struct err err = {0};
        uint64_t rows = 0;
        assert_int_equal(world_open(world, &err), OK);
        for (unsigned i = 0; i < 20; i++)
            world_write(world);
        world->kill_after = (int64_t)kill;
        enum code code = OK;
        do
            code = world_flush(world, &rows, &err);
        while (code == OK && rows > 0);
        assert_int_equal(code, kill == 0 ? OK : ERR_INTERNAL);
        if (kill == 0)
            passages = world->passages;
        world_check(world);
        world_close(world);
        if (kill % 2 == 1) {
            sim_power_off(world->sim);
            sim_crash(world->sim, kill);
        }
        settle(world);
        if (world->why[0] != '\0')
            fail_msg("killed at passage %ju: %s", (uintmax_t)kill, world->why);
        world_free(world);
    }
    assert_true(passages > 20);
    print_message("# %ju passages\n", (uintmax_t)passages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_every_step),
        cmocka_unit_test(each_row_once_whatever_happens),
        cmocka_unit_test(folders_that_are_not_synced_are_seen),
        cmocka_unit_test(files_that_are_not_synced_are_seen),
        cmocka_unit_test(a_clock_in_the_bytes_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
