#pragma once
/*
 * The machine's inside, shared by sim_os.c (machine, clock, names) and sim_file.c (handles, locks).
 */
#include "sim/sim_disk.h"
#include "sim/sim_os.h"

#include <pthread.h>

struct sim_handle {
    struct sim_node *node; /* NULL: a lock */
    char *lock_path;
    unsigned flags;
    uint64_t life; /* dead when the machine's differs */
};

struct sim {
    struct os os;
    pthread_mutex_t mutex;
    struct sim_disk disk;
    uint64_t random;
    uint64_t life; /* grows at each crash */
    int64_t now_us;
    int64_t monotonic_us;
    uint64_t disk_bytes_max;
    uint64_t calls[SIM_CALLS];
    struct sim_fault fault;
    uint64_t fault_calls; /* seen since the fault was set */
    bool is_fault_hit;
    uint64_t power_off_at; /* changing calls left; 0: never */
    bool is_off;
    char **locks;
    size_t lock_count;
};

/* What happens to a call: it works, it fails with an errno, or the power goes in its middle. */
struct sim_outcome {
    int errno_value;
    bool is_halfway; /* a failing write has written something */
};
struct sim_outcome sim_call_begin(struct sim *sim, enum sim_call call);
NODISCARD enum code sim_call_fail(const struct sim *sim, int errno_value, const char *what,
                                  const char *path, struct err *err);

struct sim *sim_enter(void *context);
void sim_leave(struct sim **sim);
#define WITH_SIM(context) CLEANUP(sim_leave) struct sim *sim = sim_enter(context)

/* The functions of the table that have to do with open files; sim_clear_locks frees every lock. */
void sim_file_setup(struct os *os);
void sim_clear_locks(struct sim *sim);
