#pragma once
/*
 * The flush in a world of its own: the simulated machine, the real store, manifest and flush, and a
 * sink that writes lines instead of Parquet. A model knows every row that was ever written and what
 * was said about it. Complaints name the seed; only the first is kept. For tests/sim and
 * tests/fault.
 */
#include "offline/flush.h"
#include "sim/sim_os.h"

enum { WORLD_ROWS_MAX = 4000, WORLD_FILES_MAX = 8000, WORLD_GROUPS = 3 };

struct world_row {
    int64_t hour;
    bool is_offline;
    bool is_acked; /* else unknown: it may be there or not */
    unsigned seen; /* by the check that runs */
};

struct world_file {
    struct hash128 name;
    uint64_t content;
};

struct world {
    uint64_t seed;
    uint64_t random;
    struct sim *sim;
    struct os os; /* what the flush and the manifest get: the simulated one, or a broken copy */
    struct store_options options;
    uint64_t range_bytes_max;
    struct store *store;
    struct manifest *manifest;
    struct flush *flush;
    struct arena arena; /* of one life */
    const struct group *groups[WORLD_GROUPS];
    bool has_store_failed;

    struct world_row rows[WORLD_ROWS_MAX]; /* by number; the identifier is "r<number>" */
    uint32_t row_count;
    struct world_file files[WORLD_FILES_MAX]; /* every name that was ever written */
    size_t file_count;

    int64_t kill_after; /* passages of kill points until the run ends; 0: never */
    uint64_t passages;
    bool is_clock_in_file; /* control: the bytes depend on the clock */
    char why[ERR_MESSAGE_BYTES + 128]; /* empty: all is well */
};

struct world *world_new(uint64_t seed);
void world_free(struct world *world);

uint64_t world_draw(struct world *world, uint64_t below);
PRINTF_LIKE(2, 3) void world_complain(struct world *world, const char *format, ...);

/* Opens store, manifest and flush; makes the groups where they are missing. Not OK: the power is
 * off or a fault was hit; close and go on. */
NODISCARD enum code world_open(struct world *world, struct err *err);
void world_close(struct world *world);

/* One job of 1 to 8 rows (puts and deletes, some for the online store alone). */
void world_write(struct world *world);
/* Deletes a group, or makes it (again). */
void world_change_group(struct world *world);
NODISCARD enum code world_flush(struct world *world, uint64_t *ret_rows, struct err *err);

/* Files as of the mark and the journal from there hold each acknowledged row exactly once. */
void world_check(struct world *world);
/* All is flushed: so do the files alone, and no other file of ours is on the disk. */
void world_check_flushed(struct world *world);
