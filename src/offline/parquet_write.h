#pragma once
/*
 * Journal entries to Parquet with DuckDB, in the flush worker. One writer is used for file after
 * file; after a failure the next open starts afresh. Same calls, same bytes.
 */
#include "offline/duck.h"
#include "offline/parquet.h"
#include "offline/parquet_schema.h"

struct parquet_target {
    const char *path;
    const char *sidecar_path;
    int64_t write_time_us;
    struct parquet_schema schema; /* copied by open */
};

struct parquet_writer;

struct parquet_writer *parquet_writer_new(struct duck *duck);
void parquet_writer_free(struct parquet_writer *writer); /* accepts NULL */

NODISCARD enum code parquet_writer_open(struct parquet_writer *writer,
                                        const struct parquet_target *target, struct err *err);
/* A put or delete; ERR_CORRUPT when it does not fit the schema. */
NODISCARD enum code parquet_writer_add(struct parquet_writer *writer, const struct entry *entry,
                                       struct err *err);
/* Writes the files; is to be called with at least one row added. Sizes are the caller's to see. */
NODISCARD enum code parquet_writer_close(struct parquet_writer *writer, bool *ret_has_sidecar,
                                         struct err *err);
