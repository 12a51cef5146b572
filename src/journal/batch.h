#pragma once
/*
 * A batch: what one commit wrote. Whole blocks; a head of 64 bytes, then entries, then zeros. The
 * bytes are at the head of batch.c.
 */
#include "journal/journal.h"
#include "journal/segment.h"

enum { BATCH_HEAD_BYTES = 64 };

struct batch_head {
    uint64_t checksum; /* of all bytes behind it */
    uint64_t chain;    /* checksum of the batch before */
    uint64_t number;
    uint64_t nonce; /* of the segment's use: blocks of an earlier one are told apart */
    uint64_t position;
    uint64_t previous_end; /* where the batch before ended; differs at a segment's start */
    uint32_t bytes;        /* head and entries */
    uint32_t entries;
};

struct batch {
    struct batch_head head;
    struct str content; /* the entries */
};

/* The space it takes: whole blocks. */
static inline uint64_t batch_space(uint64_t bytes)
{
    const uint64_t block = 4096;
    return (bytes + block - 1) / block * block;
}

/* Fills in the head in front of `bytes - BATCH_HEAD_BYTES` bytes of entries; sets the checksum. */
void batch_seal(struct batch_head *head, unsigned char *bytes);

/* Whether a head of this segment's use stands there, at this position; not its checksum. */
bool batch_head_decode(const unsigned char *bytes, const struct segment_head *segment,
                       uint64_t position, struct batch_head *ret);

/*
 * A piece of a segment in memory. Handles may be direct: it reads whole blocks, ahead up to the
 * limit. A view holds until the next call.
 */
struct window {
    const struct os *os;
    struct os_file *file;
    uint64_t limit; /* whole blocks */
    unsigned char *bytes;
    size_t capacity;
    uint64_t start;
    size_t len;
};
void window_init(struct window *window, const struct os *os);
void window_release(struct window *window);
void window_file(struct window *window, struct os_file *file, uint64_t limit);
NODISCARD enum code window_get(struct window *window, uint64_t offset, size_t count,
                               const unsigned char **ret, struct err *err);

/* The batch at `position`, whole and with a right checksum; else ERR_CORRUPT (or ERR_IO). */
NODISCARD enum code batch_read(struct window *window, const struct segment_head *segment,
                               uint64_t position, struct batch *ret, struct err *err);

/* Calls fn for its entries. ERR_CORRUPT when they do not fill it exactly. */
NODISCARD enum code batch_entries(const struct batch *batch, journal_entry_fn *fn, void *context,
                                  struct err *err);
