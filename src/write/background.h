#pragma once
/*
 * One task at a time beside the writer: writing a checkpoint, or reading a slice of a segment for
 * records to carry forward. The writer starts a task and takes its result; in between it belongs to
 * the background thread. Without threads a task runs where it is started.
 */
#include "write/checkpoint.h"

struct os_thread;
struct queue;

struct carried_entry {
    struct entry entry; /* to append */
    uint64_t position;  /* where it stands now */
};

struct task {
    enum task_kind { TASK_CHECKPOINT, TASK_CARRY } kind;
    enum code code; /* of the finished one */
    struct err err;

    struct checkpoint checkpoint; /* in */

    uint64_t from; /* in: of a carry, a boundary of batches */
    uint64_t limit;
    uint64_t to; /* out: where the next slice begins */
    struct arena arena;
    struct carried_entry *entries; /* out: what was current when it was looked at */
    size_t count;
    size_t capacity;
};

enum task_state { TASK_NONE, TASK_RUNNING, TASK_DONE };

struct background {
    struct checkpoint_writer writer;
    struct journal *journal;
    struct queue *queue;       /* tasks for the thread */
    struct queue *queue_woken; /* the writer's own, woken when a task is done */
    struct os_thread *thread;
    _Atomic(bool) is_stopping;
    _Atomic(unsigned) state; /* enum task_state */
    struct task task;
};

NODISCARD enum code background_start(struct background *background, bool is_threaded,
                                     struct err *err);
/* Ends the running task first. */
void background_stop(struct background *background);

/* Writer: fills in background->task before, when the state is none. */
void background_run(struct background *background);
/* Writer. */
enum task_state background_state(const struct background *background);
/* Writer: the finished task's result was taken. */
void background_take(struct background *background);
