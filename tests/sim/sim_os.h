#pragma once
/*
 * A machine in memory behind `struct os`: a disk that keeps what was synced apart from what was
 * only written, a clock, seeded randomness, locks, faults and power failures. Deterministic: the
 * same seed and the same calls give the same results. Any thread (one lock around every call).
 *
 * The disk. A write changes the file at once for readers, but the stable image only sector by
 * sector (512 bytes): at `sync` of the file, at once through an OS_DURABLE handle (its own range),
 * or by chance at a crash. Making, renaming and removing names is stable after `sync_dir` of the
 * folder; syncing a file does not make its name stable. A rename is one change: both names or none.
 *
 * A power failure in three steps:
 *
 *     sim_power_off_at(sim, n);  the n-th changing call from now on fails halfway, and all after it
 *     ... run until a call fails, close what is open (closing works without power) ...
 *     sim_crash(sim, seed);      each un-synced sector and name is kept or lost; power is back
 *
 * Handles that were open at a crash are dead: their calls fail, closing them is fine. Renaming a
 * folder is not simulated.
 */
#include "os/os.h"

struct sim;

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *sim);
const struct os *sim_os(struct sim *sim);

/* The wall clock; it may be set back. It starts in 2026 and runs 1 us with every reading. */
void sim_clock_set(struct sim *sim, int64_t now_us);
/* Both clocks. */
void sim_clock_advance(struct sim *sim, int64_t us);

enum sim_call {
    SIM_OPEN,
    SIM_READ,
    SIM_WRITE,
    SIM_SYNC,
    SIM_PREALLOCATE,
    SIM_TRUNCATE,
    SIM_STAT,
    SIM_RENAME,
    SIM_REMOVE,
    SIM_MAKE_DIR,
    SIM_SYNC_DIR,
    SIM_LIST,
    SIM_LOCK,
    SIM_RANDOM,
    SIM_CALLS,
};
/* Calls that a power failure can hit: those that change the disk. */
#define SIM_CHANGING                                                                               \
    (1U << SIM_OPEN | 1U << SIM_WRITE | 1U << SIM_SYNC | 1U << SIM_PREALLOCATE |                   \
     1U << SIM_TRUNCATE | 1U << SIM_RENAME | 1U << SIM_REMOVE | 1U << SIM_MAKE_DIR |               \
     1U << SIM_SYNC_DIR)

/*
 * The nth (from 1, counted from this call on) of the calls in the mask fails with the errno, once
 * or for ever. A failing write may have written a part (whole sectors, where it is direct); a
 * failing sync loses what it should have synced, although it stays readable and a later sync
 * succeeds (as Linux does). nth 0: no faults.
 */
struct sim_fault {
    uint64_t nth;
    unsigned calls; /* bits 1 << enum sim_call; 0: all */
    int errno_value;
    bool is_for_ever;
};
void sim_fail(struct sim *sim, const struct sim_fault *fault);
bool sim_fault_was_hit(const struct sim *sim);
/* Calls so far of the kinds in the mask. */
uint64_t sim_calls(const struct sim *sim, unsigned calls);

/* nth 0: never. */
void sim_power_off_at(struct sim *sim, uint64_t nth);
void sim_power_off(struct sim *sim); /* now */
bool sim_is_off(const struct sim *sim);

/* What is un-synced is kept or lost by the seed; everything is closed, every lock is free. */
void sim_crash(struct sim *sim, uint64_t seed);

/* Sectors and names that a crash could lose now. */
size_t sim_unsynced(const struct sim *sim);

/* Free bytes of the disk (by file sizes); past it a growing call fails with ENOSPC. */
void sim_disk_bytes_set(struct sim *sim, uint64_t bytes_max);

/* Bit rot: flips one bit of a file, in what is read and in what is stable. The file has it. */
void sim_flip(struct sim *sim, const char *path, uint64_t offset, unsigned bit);

/* For tests that draw their own: splitmix64. */
uint64_t sim_next(uint64_t *state);
