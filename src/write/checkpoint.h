#pragma once
/*
 * The checkpoint: the index, the catalog, retry keys and marks, with the journal position they
 * stand for. Recovery loads it and replays the journal from there. One file, replaced as a whole;
 * bytes at the head of checkpoint.c and in docs/FORMATS.md.
 */
#include "core/epoch.h"
#include "journal/journal.h"
#include "online/online.h"
#include "os/os.h"
#include "write/write.h"

/* All but the index, as it was between two turns of the writer. */
struct checkpoint {
    struct journal_start start; /* replay from here */
    uint64_t segment_bytes;
    uint64_t secret_checksum; /* keys of the index are worth nothing under another secret */
    int64_t arrival_last_us;
    struct flush_mark mark;
    uint32_t group_id_max;
    struct buf catalog;   /* catalog_write */
    struct buf retries;   /* retry_encode */
    struct buf unflushed; /* unflushed_encode */
};
void checkpoint_init(struct checkpoint *checkpoint);
void checkpoint_release(struct checkpoint *checkpoint);

/*
 * Any one thread, with a reader's slot of the epoch: writes the file, while the writer goes on. The
 * old checkpoint stays until the new one is whole and stable.
 */
struct checkpoint_writer {
    const struct os *os;
    const char *path;
    struct online *online;
    struct epoch *epoch;
    unsigned reader;
};
NODISCARD enum code checkpoint_write(const struct checkpoint_writer *writer,
                                     const struct checkpoint *checkpoint, struct err *err);

/*
 * Fills `ret` (initialised) and the index. ERR_NOT_FOUND when there is no checkpoint; ERR_CORRUPT
 * when it is damaged: `ret` and the index are then of no use.
 */
NODISCARD enum code checkpoint_read(const struct os *os, const char *path, struct online *online,
                                    struct checkpoint *ret, struct err *err);

/* ---- chunks, shared by both directions ---- */

enum { CHUNK_HEAD_BYTES = 16, CHUNK_TAIL_BYTES = 8, CHUNK_PAYLOAD_MAX = 1 << 20 };

enum chunk_type {
    CHUNK_START = 1,
    CHUNK_CATALOG,
    CHUNK_RETRIES,
    CHUNK_UNFLUSHED,
    CHUNK_RECORDS,
    CHUNK_END,
};

enum { CHECKPOINT_ITEM_BYTES = 52 }; /* of a record in a CHUNK_RECORDS */
extern const char checkpoint_magic[9];

/* Appends a chunk with its head and checksum; `number` counts chunks from 0. */
void chunk_encode(enum chunk_type type, uint64_t number, struct str payload, struct buf *out);
