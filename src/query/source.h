#pragma once
/*
 * A feature group as a query sees it: the flushed rows in exactly the Parquet files that the server
 * named, and the unflushed rows that it sent. Inside the database a source has a table and views
 * whose names hold a blank, which no group's name does:
 *
 *   "asof tail <n>"     unflushed rows: c0 … (features), w, a, d (write_time, api_invocation_time,
 *                       is_deleted), es, en (event time), ttl
 *   "asof base <n>"     all rows: c0 …, w, a, d
 *   "asof history <n>"  all rows for point-in-time reads: k (record identifier), e (event time,
 *                       nanoseconds, HUGEINT), a (arrival, microseconds), d, x (expiry as e, or
 *                       NULL), c0 …
 *
 * One thread.
 */
#include "offline/parquet_row.h"
#include "schema/group.h"

struct source_file {
    struct str path;
    struct str sidecar; /* "" when none (offline/parquet.h) */
    uint32_t feature_count;
};

struct source {
    unsigned number; /* n above */
    const struct group *group;
    const struct source_file *files;
    size_t file_count;
    struct parquet_schema schema; /* of all its features; made by source_begin */
    struct parquet_row row;       /* its appender: while rows are added */
};

/* Makes the table of unflushed rows, open for source_add_row. The arena is to outlive the source.
 */
NODISCARD enum code source_begin(struct duck *duck, struct source *source, struct arena *arena,
                                 struct err *err);
/* A put or delete of the group; `write_time_us` is what SQL shows until the flush gives one. */
NODISCARD enum code source_add_row(struct source *source, const struct entry *entry,
                                   int64_t write_time_us, struct err *err);
/* No more rows. */
NODISCARD enum code source_end(struct source *source, struct err *err);
/* Drops what source_begin left open; accepts a source that was never begun. */
void source_abort(struct source *source);

/* Makes the base view; the files must be readable by now. */
NODISCARD enum code source_make_base(struct duck *duck, const struct source *source,
                                     struct err *err);
/* A view of the base with the features' names, under the name that a statement uses for it. */
NODISCARD enum code source_make_table(struct duck *duck, const struct source *source,
                                      const struct duck_name *name, struct err *err);
NODISCARD enum code source_make_history(struct duck *duck, const struct source *source,
                                        struct err *err);

/* "BIGINT", "DOUBLE", "VARCHAR" */
const char *source_type(enum feature_type type);
