#pragma once
/*
 * THE WRITE: the one door for everything that changes the store. A job is queued by any thread,
 * decided, journaled and applied by the writer thread, and completed after the durable write
 * (design section 3).
 */
#include "core/epoch.h"
#include "core/hash.h"
#include "journal/journal.h"
#include "online/online.h"
#include "schema/catalog.h"
#include "schema/record.h"

struct store; /* journal, index, catalog, retry keys, writer thread */

struct store_options {
    struct journal_options journal;
    uint64_t cache_bytes_max;  /* default 256 MiB */
    uint64_t checkpoint_bytes; /* of journal between checkpoints; default 256 MiB */
    /* Records are carried forward when the journal in use is over twice what is current of it and
     * this; default 1 GiB. */
    uint64_t journal_bytes_spare;
    size_t queue_max; /* default LIMIT_WRITE_QUEUE */
    /*
     * A write or sync of the journal failed: end the process (NULL: abort). Should it return,
     * nothing more is written, and all jobs complete with ERR_IO: whether what was in flight is
     * durable is not known.
     */
    void (*failed)(void *context, const struct err *err);
    void *failed_context;
    bool is_threaded; /* false: no writer thread, the caller runs store_turn (simulation) */
};

/*
 * Opens or makes the store under `dir` ("<dir>/journal", "<dir>/checkpoint", "<dir>/secret"): loads
 * the checkpoint, replays the tail, starts the writer. ERR_BUSY when another process has the
 * folder.
 */
NODISCARD enum code store_open(const struct os *os, const char *dir,
                               const struct store_options *options, struct store **ret,
                               struct err *err);
/* Completes what is queued, then stops. No other thread uses the store any more. */
void store_close(struct store *store);

struct epoch *store_epoch(struct store *store);
struct online *store_online(struct store *store);
struct journal *store_journal(struct store *store);
/* Inside an epoch section. */
const struct catalog *store_catalog(struct store *store);

enum write_kind {
    WRITE_PUT,
    WRITE_UPDATE, /* UpdateRecord: merged with the current record in the writer */
    WRITE_DELETE, /* SoftDelete */
    WRITE_DELETE_HARD,
    WRITE_CHANGE, /* of the catalog */
    WRITE_MARK,   /* of the offline store */
};

struct write_item {
    enum write_kind kind;
    const struct group
        *group; /* referenced by the job's owner until it is done; NULL for change, mark */
    uint8_t targets;
    bool has_event_time; /* false only for WRITE_UPDATE */
    bool has_ttl;        /* WRITE_UPDATE: the request named a TTL */
    struct instant event_time;
    int64_t ttl_seconds; /* effective: record, request or group level; 0: none */
    struct str identifier;
    struct str record;            /* stored form (put); payload (mark) */
    const struct record *changes; /* WRITE_UPDATE */
    const struct change *change;  /* WRITE_CHANGE */

    /* Results, valid in `done`. */
    enum code
        result; /* OK; ERR_NOT_FOUND (group or record gone), ERR_CONFLICT (stale event time), … */
    struct err err;
    int64_t arrival_us;
    bool is_repeat; /* recognised as a client's retry: nothing was written again */
};

struct write_job {
    struct write_item *items;
    size_t count;
    bool has_retry_key; /* a key of the request; items get their own by index */
    struct hash128 retry_key;
    /* Called on the writer thread after the durable write; must not block. The job is the owner's
     * again. */
    void (*done)(struct write_job *job, void *context);
    void *context;
};

/* Any thread. ERR_BUSY when the queue is full or the store stops: nothing was or will be written.
 */
NODISCARD enum code write_submit(struct store *store, struct write_job *job, struct err *err);

/* Any thread but the writer: submits and waits. The result is the first item's that failed, or OK.
 */
NODISCARD enum code write_wait(struct store *store, struct write_job *job, struct err *err);

/* Only where is_threaded is false: one turn of the writer; returns how many jobs it completed. */
NODISCARD enum code store_turn(struct store *store, size_t *ret_jobs, struct err *err);

/* ---- the offline store's progress (marks) ---- */

struct flush_mark {
    uint64_t flushed_to; /* journal position: everything before it is in Parquet */
    uint64_t cut_from;   /* a range was cut and may be half written: redo exactly it; equal: none */
    uint64_t cut_to;
    int64_t write_time_us; /* of the cut range */
    uint64_t manifest;     /* number of the newest manifest delta that is committed */
};
void flush_mark_encode(const struct flush_mark *mark, struct buf *out);
NODISCARD enum code flush_mark_decode(struct str bytes, struct flush_mark *ret, struct err *err);

/* The newest applied mark. Any thread. */
void store_flush_mark(struct store *store, struct flush_mark *ret);

struct store_status {
    uint64_t journal_bytes; /* of segments in use */
    uint64_t journal_end;
    uint64_t checkpoint_position;
    uint64_t unflushed_rows;     /* offline rows at or after flushed_to */
    int64_t unflushed_oldest_us; /* arrival; 0 when none */
    uint64_t online_records;
    uint64_t cache_bytes;
    uint64_t queue_length;
};
void store_status(struct store *store, struct store_status *ret);
