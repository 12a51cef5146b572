#pragma once
/*
 * The manifest: which Parquet files make up the offline store. A directory of numbered immutable
 * text files, each the delta of one flush (or, from time to time, the whole list as a new base),
 * each with a checksum, published by rename (FORMATS.md). Loaded at start, held in memory; queries
 * take snapshots. A file that no manifest names is not part of the store.
 */
#include "core/arena.h"
#include "core/instant.h"
#include "os/os.h"

struct manifest;

struct manifest_file {
    uint64_t number; /* of the delta that brought it; set by the manifest */
    uint32_t group_id;
    uint32_t feature_count; /* its columns: the first so many features */
    int64_t hour;
    struct str path;    /* relative to the data folder */
    struct str sidecar; /* relative path; absent when rows need none (see parquet.h) */
    uint64_t rows;
    uint64_t bytes;
    uint64_t checksum;             /* of the file's bytes */
    struct instant oldest, newest; /* event times */
    int64_t arrival_min_us, arrival_max_us;
};

/* Reads all deltas up to `newest_number` (0: none); later ones were not committed and are removed.
 */
NODISCARD enum code manifest_open(const struct os *os, const char *dir, uint64_t newest_number,
                                  struct manifest **ret, struct err *err);
void manifest_close(struct manifest *manifest);

/* Flusher only: durably adds files as delta `number` (newest + 1). Repeating a number that is there
   with the same content is fine (a crash came between). */
NODISCARD enum code manifest_commit(struct manifest *manifest, uint64_t number,
                                    const struct manifest_file *files, size_t count,
                                    struct err *err);

uint64_t manifest_number(struct manifest *manifest);

/*
 * Any thread: the files of a group as of delta `number`, in order of commit; the array is in the
 * arena, its texts hold until the manifest is closed. A snapshot that sees each row once is the
 * files as of a mark's `manifest` and the journal from that mark's `flushed_to` (write/write.h).
 */
void manifest_files(struct manifest *manifest, uint32_t group_id, uint64_t number,
                    struct arena *arena, const struct manifest_file **ret, size_t *ret_count);

/* Any thread: all paths, of sidecars too, sorted as bytes; in the arena as manifest_files. */
void manifest_paths(struct manifest *manifest, struct arena *arena, struct str **ret,
                    size_t *ret_count);

struct manifest_totals {
    uint64_t files, rows, bytes;
};
void manifest_totals(struct manifest *manifest, uint32_t group_id, struct manifest_totals *ret);
