#pragma once
/*
 * The journal: segments of fixed size, preallocated, zero-filled and recycled; one durable write a
 * turn (design section 6). A position is a byte address that only grows: segment sequence number
 * times segment size plus offset; segments that were reclaimed leave holes.
 *
 * The writer thread owns the end: begin, add, commit, reclaim. Any thread may read entries at
 * positions below journal_durable_end (readers pin segments against recycling by journal_pin).
 *
 * A batch: number, checksum over all of it, checksum of the one before; so a torn tail or a stale
 * recycled block is told from data. Bytes: head of batch.c and docs/FORMATS.md.
 */
#include "core/arena.h"
#include "journal/entry.h"
#include "os/os.h"

struct journal;

struct journal_options {
    uint64_t segment_bytes;  /* default 64 MiB; a multiple of the block */
    unsigned segments_spare; /* kept ready, zero-filled; default 2 */
    bool is_sync_skipped;    /* only for the test that must fail: durability off */
};

struct journal_start {
    uint64_t position; /* scan from here (a batch starts there); 0 for the first batch */
    uint64_t batch;    /* number of the batch that starts there */
    uint64_t chain;    /* checksum of the batch before it */
};

/*
 * Opens or makes the journal under `dir`. Recovery scans from `start` (of the checkpoint, or all
 * zero) and calls `fn` for every entry up to the last whole batch; the end is after it. ERR_CORRUPT
 * when a batch is damaged that is known to be whole because later ones chain to it.
 */
typedef enum code journal_entry_fn(uint64_t position, const struct entry *entry, void *context,
                                   struct err *err);
NODISCARD enum code journal_open(const struct os *os, const char *dir,
                                 const struct journal_options *options,
                                 const struct journal_start *start, journal_entry_fn *fn,
                                 void *context, struct journal **ret, struct err *err);
void journal_close(struct journal *journal);

/* Writer: adds an entry to the turn's batch; *ret_position is where it will stand. */
NODISCARD enum code journal_add(struct journal *journal, const struct entry *entry,
                                uint64_t *ret_position, struct err *err);
/* Writer: bytes of the turn's batch so far. */
size_t journal_pending_bytes(const struct journal *journal);
/* Writer: one durable write. After a failure the journal refuses everything: end the process. */
NODISCARD enum code journal_commit(struct journal *journal, struct err *err);

/* Any thread: everything before it is on stable storage. */
uint64_t journal_durable_end(const struct journal *journal);

/* Writer: the end as a start for the next recovery (for the checkpoint). */
struct journal_start journal_end_start(const struct journal *journal);

/* Any thread: the entry at `position` (its bytes are `bytes` long), decoded; memory from the arena.
 */
NODISCARD enum code journal_read(struct journal *journal, uint64_t position, uint32_t bytes,
                                 struct arena *arena, struct entry *ret, struct err *err);

/*
 * Any thread: calls fn for the entries of [from, to), both at batch boundaries that the caller got
 * from this interface. Pins what it reads.
 */
NODISCARD enum code journal_scan(struct journal *journal, uint64_t from, uint64_t to,
                                 journal_entry_fn *fn, void *context, struct err *err);

/* A batch boundary at or after `from`, at most `bytes_max` further (at least one batch), at most
 * the end. */
NODISCARD enum code journal_cut(struct journal *journal, uint64_t from, uint64_t bytes_max,
                                uint64_t *ret_to, struct err *err);

/* Keeps segments at or after `position` from being recycled while pinned. */
struct journal_pin {
    unsigned slot;
};
NODISCARD enum code journal_pin(struct journal *journal, uint64_t position, struct journal_pin *ret,
                                struct err *err);
void journal_unpin(struct journal *journal, struct journal_pin pin);

struct journal_segment_info {
    uint64_t sequence;
    uint64_t first; /* position of its first byte */
    uint64_t end;
};
/* Writer: the segments in use, oldest first. */
size_t journal_segments(const struct journal *journal, struct journal_segment_info *segments,
                        size_t count);
/* Writer: the segment's entries are no longer needed: zero-filled later and used again. */
NODISCARD enum code journal_recycle(struct journal *journal, uint64_t sequence, struct err *err);
