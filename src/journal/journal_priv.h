#pragma once
/*
 * The journal's inside. The writer thread owns what stands under "writer"; the mutex guards the
 * table of segments and the pins; the helper thread prepares segments (spare.c).
 */
#include "config/limits.h"
#include "journal/batch.h"
#include "journal/journal.h"
#include "journal/segment.h"
#include "os/thread.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    JOURNAL_PINS_MAX = 64,
    JOURNAL_SEGMENTS_MAX = 1 << 16,
    JOURNAL_WINDOW_BYTES = 4 * 1024 * 1024,
    JOURNAL_SPARE_PAUSE_US = 1000 * 1000, /* between attempts to prepare, after one failed */
};

struct journal {
    const struct os *os;
    struct journal_place place;
    struct journal_options options;

    /* Under the mutex. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct segment **used; /* sealed, active, ready; by sequence */
    size_t used_count;
    size_t used_capacity;
    struct segment **unused;
    size_t unused_count;
    size_t unused_capacity;
    size_t ready_count;
    unsigned slot_next;
    uint64_t pins[JOURNAL_PINS_MAX]; /* 0: free; else position + 1 */
    bool is_stopping;
    bool is_spare_failed;
    int64_t spare_failed_us; /* monotonic */
    struct err spare_failure;

    _Atomic uint64_t durable_end;

    /* Writer. */
    struct segment *active;
    uint64_t end; /* where the pending batch will stand */
    uint64_t last_end;
    uint64_t batch_next;
    uint64_t chain;
    unsigned char *pending; /* aligned to a block; room for the head in front */
    size_t pending_len;
    size_t pending_capacity;
    uint32_t pending_entries;
    size_t turn_bytes;
    bool is_failed;
    struct err failure;

    struct os_thread *helper;
};

void journal_lock(struct journal *journal);
void journal_unlock(struct journal **journal);
/* For the rest of the block. */
#define WITH_JOURNAL(pointer)                                                                      \
    CLEANUP(journal_unlock) struct journal *locked_ = (pointer);                                   \
    journal_lock(locked_)

/* ---- the table of segments (reclaim.c); under the mutex ---- */

struct segment *journal_find(const struct journal *journal, uint64_t sequence);
void journal_use(struct journal *journal, struct segment *segment);       /* into the table */
void journal_unuse(struct journal *journal, struct segment *segment);     /* table to unused */
void journal_set_aside(struct journal *journal, struct segment *segment); /* into unused */

/*
 * Where the first batch at or after `position` stands or will stand. A position at the end of a
 * segment's data is the start of the next one, also when that segment is gone.
 */
NODISCARD enum code journal_resolve(const struct journal *journal, uint64_t position, uint64_t *ret,
                                    struct err *err);

/* ---- preparing segments (spare.c) ---- */

NODISCARD enum code spare_start(struct journal *journal, struct err *err);
void spare_stop(struct journal *journal);
/* Writer: the next segment, prepared; ERR_BUSY when there is none (the disk is full). */
NODISCARD enum code spare_take(struct journal *journal, struct segment **ret, struct err *err);
/* Without a helper: prepares and removes here. With one: wakes it. */
void spare_tend(struct journal *journal);

/* ---- recovery (recover.c) ---- */

NODISCARD enum code journal_recover(struct journal *journal, const struct journal_replay *replay,
                                    struct err *err);
