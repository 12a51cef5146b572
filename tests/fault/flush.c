/*
 * Write, flush and recover with the nth call of the operating system failing, for every n, once and
 * for ever: a flush that fails says so, and the next one without a fault finishes the work.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "sim/flush_world.h"

#include <errno.h>
#include <stdio.h>

/* Calls that the flush makes; the store has its own test. */
static enum code scenario(struct world *world, struct err *err)
{
    uint64_t rows = 1;

    TRY(world_open(world, err));
    for (unsigned i = 0; i < 12; i++)
        world_write(world);
    while (rows > 0)
        TRY(world_flush(world, &rows, err));
    for (unsigned i = 0; i < 3; i++)
        world_write(world);
    rows = 1;
    while (rows > 0)
        TRY(world_flush(world, &rows, err));
    return OK;
}

static void finish(struct world *world)
{
    struct err err = {0};
    uint64_t rows = 1;

    sim_fail(world->sim, &(struct sim_fault){0});
    sim_clock_advance(world->sim, 60 * 1000000); /* the journal pauses behind a failure */
    if (world->store == NULL || world->flush == NULL || world->has_store_failed) {
        world_close(world);
        if (world_open(world, &err) != OK) {
            world_complain(world, "opening behind the fault: %s", err.message);
            return;
        }
    }
    world_check(world);
    while (rows > 0 && world->why[0] == '\0') {
        if (world_flush(world, &rows, &err) != OK)
            world_complain(world, "the flush behind the fault: %s", err.message);
    }
    if (world->why[0] == '\0')
        world_check_flushed(world);
}

/* `is_crash`: the power fails behind the fault, so that what it kept from being synced is lost. */
static void sweep(int errno_value, bool is_for_ever, bool is_crash)
{
    bool was_hit = true;
    uint64_t nth = 1;

    for (; was_hit; nth++) {
        struct world *world = world_new(11);
        struct err err = {0};
        struct sim_fault fault = {
            .nth = nth, .errno_value = errno_value, .is_for_ever = is_for_ever};
        sim_fail(world->sim, &fault);
        enum code code = scenario(world, &err);
        was_hit = sim_fault_was_hit(world->sim);
        if (code != OK && !was_hit)
            fail_msg("call %ju: %s", (uintmax_t)nth, err.message);
        if (code != OK && err.message[0] == '\0')
            fail_msg("call %ju: a failure without a word", (uintmax_t)nth);
        if (is_crash) {
            sim_fail(world->sim, &(struct sim_fault){0});
            world_close(world);
            sim_power_off(world->sim);
            sim_crash(world->sim, nth);
        }
        finish(world);
        if (world->why[0] != '\0')
            fail_msg("call %ju: %s", (uintmax_t)nth, world->why);
        world_free(world);
    }
    print_message("# %ju calls\n", (uintmax_t)nth - 2);
}

static void one_call_fails(void **state)
{
    (void)state;
    sweep(EIO, false, false);
}

static void one_call_fails_before_a_power_failure(void **state)
{
    (void)state;
    sweep(EIO, false, true);
}

static void all_calls_fail_from_there_on(void **state)
{
    (void)state;
    sweep(ENOSPC, true, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_fails),
        cmocka_unit_test(one_call_fails_before_a_power_failure),
        cmocka_unit_test(all_calls_fail_from_there_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
