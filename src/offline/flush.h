#pragma once
/*
 * The flush: turns a range of the journal into Parquet, exactly once (reliability.md section 2):
 *   cut a range, append a mark with its write time -> write temporary files -> sync them -> rename
 * to names that are a function of the range -> sync folders -> commit the manifest -> append the
 * closing mark. A crash anywhere repeats the same bytes under the same names. A declared state
 * machine; one thread (the flusher) owns it; all I/O but the Parquet bytes goes through `os`.
 */
#include "offline/manifest.h"
#include "offline/parquet.h"
#include "write/write.h"

struct flush;

struct flush_options {
    const char *data_dir;
    uint64_t range_bytes_max; /* 0: LIMIT_FLUSH_RANGE_BYTES */
    struct parquet_sink sink;
    /* Called at each named step ("flush:after_rename"...), for tests. NULL: none. ERR_ ends the run
     * there, as if the process had been killed. */
    NODISCARD enum code (*kill_point)(void *context, const char *name, struct err *err);
    void *kill_point_context;
};

/* Makes the folders it needs. Temporary files of an earlier process are removed. */
NODISCARD enum code flush_new(const struct os *os, struct store *store, struct manifest *manifest,
                              const struct flush_options *options, struct flush **ret,
                              struct err *err);
void flush_free(struct flush *flush); /* accepts NULL */

/*
 * One range: everything durable, up to range_bytes_max of journal. *ret_rows 0 when there was
 * nothing to do. On failure the same range is repeated by the next call.
 */
NODISCARD enum code flush_run(struct flush *flush, uint64_t *ret_rows, struct err *err);

/*
 * Removes files that a flush of ours made and that the manifest does not name: what an earlier
 * version of the manifest, restored from a backup, does not know. Files of other names are others'
 * and stay. Not while a cut is open: call it after a flush_run.
 */
NODISCARD enum code flush_sweep(struct flush *flush, uint64_t *ret_removed, struct err *err);
