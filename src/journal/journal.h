#pragma once
/*
 * The journal: segments of fixed size, preallocated, zero-filled and recycled; one durable write a
 * turn (design section 6). A position is a byte address that only grows: segment sequence number
 * times segment size plus offset; segments that were reclaimed leave holes.
 *
 * The writer thread owns the end: add, commit, recycle. Any thread may read entries at positions
 * below journal_durable_end. Long readers (flush, queries, scans) pin segments against recycling.
 * Readers that come with a position of the index do not: the store recycles a segment only after
 * no index entry points to it and an epoch has passed in which a reader could still hold one. A
 * read that is under way makes journal_recycle answer ERR_BUSY; a read that comes too late gets
 * ERR_NOT_FOUND, never another record's bytes.
 *
 * A batch: number, checksum over all of it, checksum of the one before; so a torn tail or a stale
 * recycled block is told from data. Bytes: head of batch.c and docs/FORMATS.md.
 */
#include "core/arena.h"
#include "journal/entry.h"
#include "os/os.h"

struct journal;

struct journal_options {
    uint64_t segment_bytes;  /* default 64 MiB; whole blocks; ERR_INVALID where the folder has other
                                ones: it is fixed when the folder is made */
    unsigned segments_spare; /* prepared ahead of need; default 2 */
    bool is_threaded;        /* a helper thread prepares them; else the writer does (simulation) */
    bool is_sync_skipped;    /* only for the test that must fail: durability off */
};

struct journal_start {
    uint64_t position; /* scan from here (a batch boundary); 0 for the first batch */
    uint64_t batch;    /* number of the batch that starts there */
    uint64_t chain;    /* checksum of the batch before it */
};

typedef enum code journal_entry_fn(uint64_t position, const struct entry *entry, void *context,
                                   struct err *err);

/* Recovery: from where, and who is told the entries. */
struct journal_replay {
    struct journal_start start;
    journal_entry_fn *fn;
    void *context;
};

/*
 * Opens or makes the journal under `dir`. Recovery scans from the start (of the checkpoint, or all
 * zero) and calls `fn` for every entry up to the last whole batch; the end is after it, and all of
 * it is on stable storage. ERR_CORRUPT when a batch is damaged that is known to have been whole,
 * because its segment is sealed or a later batch is there: nothing is cut off then. ERR_BUSY is
 * nobody's: the caller holds the folder's lock.
 */
NODISCARD enum code journal_open(const struct os *os, const char *dir,
                                 const struct journal_options *options,
                                 const struct journal_replay *replay, struct journal **ret,
                                 struct err *err);
void journal_close(struct journal *journal);

/*
 * Writer: adds an entry to the turn; *ret_position is where it will stand. ERR_TOO_LARGE: it can
 * never be stored. ERR_BUSY: no segment could be prepared (the disk is full); this entry is not
 * added, what was added before stays, and it may be tried again later. Any other failure is final,
 * as of commit: where a turn crosses into the next segment, its first part is written here.
 */
NODISCARD enum code journal_add(struct journal *journal, const struct entry *entry,
                                uint64_t *ret_position, struct err *err);
/* Writer: bytes of the turn so far. */
size_t journal_pending_bytes(const struct journal *journal);
/*
 * Writer: one durable write. After a failure the journal refuses everything: end the process, what
 * was added may or may not be there. Nothing added: nothing written.
 */
NODISCARD enum code journal_commit(struct journal *journal, struct err *err);

/* Any thread: everything before it is on stable storage. */
uint64_t journal_durable_end(const struct journal *journal);

/* Writer: the end as a start for the next recovery (for the checkpoint). */
struct journal_start journal_end_start(const struct journal *journal);

/*
 * Any thread: the entry at `position` (its bytes are `bytes` long), decoded and checked; memory
 * from the arena. ERR_NOT_FOUND: its segment was recycled. ERR_CORRUPT: the bytes fail their
 * checksum.
 */
NODISCARD enum code journal_read(struct journal *journal, uint64_t position, uint32_t bytes,
                                 struct arena *arena, struct entry *ret, struct err *err);

/*
 * Any thread: calls fn for the entries of [from, to), both at batch boundaries that the caller got
 * from this interface (or 0, the first of all). Pins what it reads; ERR_NOT_FOUND when a part of it
 * was recycled.
 */
NODISCARD enum code journal_scan(struct journal *journal, uint64_t from, uint64_t to,
                                 journal_entry_fn *fn, void *context, struct err *err);

/* Any thread: a batch boundary after `from`, at most `bytes_max` further (at least one batch), at
 * most the end; `from` itself when nothing is behind it. */
NODISCARD enum code journal_cut(struct journal *journal, uint64_t from, uint64_t bytes_max,
                                uint64_t *ret_to, struct err *err);

/*
 * Any thread: keeps what stands at or after `position` from being recycled while pinned.
 * ERR_NOT_FOUND when a part of it is gone already; ERR_LIMIT when too many pins are held.
 */
struct journal_pin {
    unsigned slot;
};
NODISCARD enum code journal_pin(struct journal *journal, uint64_t position, struct journal_pin *ret,
                                struct err *err);
void journal_unpin(struct journal *journal, struct journal_pin pin);

struct journal_segment_info {
    uint64_t sequence;
    uint64_t first; /* position of its first byte; a batch boundary for journal_scan */
    uint64_t end;   /* of its data */
};
/* Writer: the segments in use, oldest first; the last one is being written. At most `count` are
 * filled in; returns how many there are. */
size_t journal_segments(struct journal *journal, struct journal_segment_info *segments,
                        size_t count);
/*
 * Writer: the segment's entries are no longer needed, it will be used again. The checkpoint must
 * stand at or behind its end. ERR_BUSY when it is pinned, being read, or the last one with data.
 * After a crash it may be listed again, unchanged: recycle it again.
 */
NODISCARD enum code journal_recycle(struct journal *journal, uint64_t sequence, struct err *err);
