#pragma once
/*
 * A segment: one preallocated file "segment-NNNNNN" (the number is its place, not its order). Its
 * first block is the head: which sequence number the file stands for now, a nonce of this use, and,
 * once the journal went on to the next, where its data ends. Batches follow.
 *
 * The head fits one sector, so a rewrite is whole or not there: a head that is neither zero nor
 * valid is damage.
 */
#include "core/base.h"
#include "os/os.h"

struct segment_head {
    uint64_t segment_bytes;
    uint64_t sequence;
    uint64_t nonce;
    uint64_t data_end;   /* position; 0: not sealed */
    uint64_t batch_next; /* sealed: number of the batch after the last */
    uint64_t chain;      /* sealed: checksum of the last batch */
};

enum segment_head_state { SEGMENT_HEAD_NONE, SEGMENT_HEAD_VALID, SEGMENT_HEAD_DAMAGED };

/* A block of memory aligned to a block. */
void segment_head_encode(const struct segment_head *head, unsigned char *block);
/* `ret` is written when valid. */
enum segment_head_state segment_head_decode(const unsigned char *block, struct segment_head *ret);

struct segment {
    unsigned slot;
    struct segment_head head;
    uint64_t previous_end;  /* of its first batch; 0: it has none */
    struct os_file *reader; /* any thread, while `readers` counts it */
    struct os_file *writer; /* of the ready and the active ones */
    unsigned readers;
};

/* Where segments live. */
struct journal_place {
    const struct os *os;
    char *dir;
    uint64_t segment_bytes;
    bool is_sync_skipped;
};

static inline uint64_t segment_first(const struct segment *segment)
{
    return segment->head.sequence * segment->head.segment_bytes;
}

static inline uint64_t segment_limit(const struct segment *segment)
{
    return segment_first(segment) + segment->head.segment_bytes;
}

static inline bool segment_is_sealed(const struct segment *segment)
{
    return segment->head.data_end != 0;
}

enum { SEGMENT_PATH_BYTES = 4096 };
void segment_path(const struct journal_place *place, unsigned slot, char ret[SEGMENT_PATH_BYTES]);
/* False where `name` is not a segment's. */
bool segment_slot(struct str name, unsigned *ret);

/* Makes the file, zero-filled, and its name stable. */
NODISCARD enum code segment_make(const struct journal_place *place, unsigned slot,
                                 struct segment **ret, struct err *err);
/* Opens one that is there, for reading; its head is the caller's to read. */
NODISCARD enum code segment_open(const struct journal_place *place, unsigned slot,
                                 struct segment **ret, struct err *err);
/* Closes what is open and frees it. Accepts NULL. */
void segment_free(const struct journal_place *place, struct segment *segment);
/* Also removes the file. */
NODISCARD enum code segment_remove(const struct journal_place *place, struct segment *segment,
                                   struct err *err);

NODISCARD enum code segment_open_writer(const struct journal_place *place, struct segment *segment,
                                        struct err *err);
void segment_close_writer(const struct journal_place *place, struct segment *segment);

/* Writes the head, durably. The writer is open; giving it to the segment is the caller's. */
NODISCARD enum code segment_write_head(const struct journal_place *place,
                                       const struct segment *segment,
                                       const struct segment_head *head, struct err *err);
/* A new use of the file: a new sequence number and nonce, no data. Opens the writer. */
NODISCARD enum code segment_begin(const struct journal_place *place, struct segment *segment,
                                  uint64_t sequence, struct err *err);
