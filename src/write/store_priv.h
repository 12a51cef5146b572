#pragma once
/*
 * The store from inside. All but what says otherwise belongs to the writer: the writer thread, or
 * whoever calls store_turn; before the writer starts and after it stopped, whoever opens and
 * closes.
 */
#include "core/queue.h"
#include "os/os.h"
#include "os/thread.h"
#include "write/background.h"
#include "write/checkpoint.h"
#include "write/overlay.h"
#include "write/reclaim.h"
#include "write/retry.h"
#include "write/unflushed.h"
#include "write/write.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    TURN_JOBS_MAX = 4096, /* taken from the queue at once */
    TURN_IDLE_MS = 100,   /* a turn without jobs looks after caches and reclaim */
};

/* One entry of the turn, from its decision to its application. */
struct pending {
    struct entry entry;
    uint64_t position;
    uint32_t bytes;
    uint32_t dropped_group_id; /* of a definition: its data goes; 0: none */
};

struct turn {
    struct arena arena; /* what the turn's entries point to beside the jobs */
    int64_t now_us;
    struct pending *pending;
    size_t count;
    size_t capacity;
    struct overlay overlay;
    struct catalog *catalog; /* with this turn's changes; the published one when there are none */
};

/* Jobs that were taken from the queue. */
struct held {
    struct write_job *jobs[TURN_JOBS_MAX];
    size_t count;
    size_t first; /* not completed yet */
    size_t next;  /* not decided yet */
    size_t item;  /* of jobs[next] */
};

struct store {
    const struct os *os;
    struct store_options options;
    struct arena arena; /* paths */
    const char *dir;
    const char *journal_dir;
    const char *checkpoint_path;
    unsigned char secret[HASH_SECRET_BYTES];
    struct os_file *lock;
    struct epoch *epoch;
    struct online *online;
    struct journal *journal;
    _Atomic(struct catalog *) catalog; /* readers: inside an epoch section */

    int64_t arrival_last_us;
    struct flush_mark mark;
    struct retry retry;
    struct unflushed unflushed;
    struct turn turn;
    struct held held;
    struct reclaim reclaim;
    uint64_t turn_bytes_max;

    struct queue *queue; /* any thread */
    struct background background;
    struct os_thread *writer;
    _Atomic(bool) is_stopping;
    _Atomic(bool) is_failed;

    pthread_mutex_t mutex; /* of what is below; any thread */
    struct flush_mark mark_published;
    struct store_status status;
};

/* ---- turn.c ---- */

/*
 * Waits up to timeout_ms for a job, decides what is there, writes it, applies it, completes it.
 * After a failure the store is failed, and so are the jobs.
 */
NODISCARD enum code turn_run(struct store *store, int timeout_ms, size_t *ret_jobs,
                             struct err *err);
void turn_release(struct turn *turn);
/* Whether an entry of that size still fits the turn's batch. */
bool turn_fits(const struct store *store, size_t bytes);
/* Adds an entry that was decided. Fails only where the journal does. */
NODISCARD enum code turn_add(struct store *store, const struct entry *entry,
                             uint32_t dropped_group_id, struct err *err);

/* ---- prepare.c, update.c ---- */

/* Decides an item: the entry to write. Refusals are errors. Nothing is changed. */
NODISCARD enum code prepare_item(struct store *store, const struct write_item *item,
                                 struct entry *ret, struct err *err);
/* What the index will hold for the key after the turn's entries so far. */
void prepare_head(struct store *store, uint32_t group_id, struct hash128 key,
                  struct online_head *ret);
NODISCARD enum code prepare_update(struct store *store, const struct write_item *item,
                                   const struct group *group, struct entry *ret, struct err *err);

/* ---- recover.c ---- */

/* Loads the checkpoint, opens the journal and replays its tail. */
NODISCARD enum code recover(struct store *store, struct err *err);
/* What an entry changes beside the catalog; live and at recovery. */
NODISCARD enum code store_apply(struct store *store, const struct entry *entry, uint64_t position,
                                uint32_t bytes, struct err *err);
/* The group that `next` retired and `old` did not; 0: none. */
uint32_t catalog_dropped(const struct catalog *old, const struct catalog *next);

/* ---- writer.c ---- */

void writer_main(void *context);
/* Marks the store as failed, says so, and completes every job that is not completed. */
void writer_fail(struct store *store, const struct err *err);
void writer_publish(struct store *store);
