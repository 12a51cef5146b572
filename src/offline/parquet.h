#pragma once
/*
 * Writing one Parquet file from journal entries: what is asked, and by whom. The one real
 * implementation is the flush worker (worker/flush_client.c asks, offline/parquet_write.c does it
 * with DuckDB); tests/sim has its own. Same job, same bytes: nothing in a file depends on a clock
 * or on threads.
 *
 * Columns are the first feature_count features (Integral int64, Fractional double, String UTF-8),
 * then write_time, api_invocation_time (timestamps, microseconds), is_deleted (boolean), with field
 * ids.
 *
 * A sidecar is a second Parquet file beside the store (never under its data prefix), written only
 * when a row has a TTL, or a Fractional event time that its double does not carry exactly: columns
 * row (0-based), event_seconds, event_nanoseconds, ttl_seconds. Point-in-time reads join it by row
 * number.
 */
#include "journal/entry.h"
#include "schema/group.h"

struct parquet_job {
    const char *path;         /* to be written whole; the caller syncs and renames */
    const char *sidecar_path; /* written only when needed */
    const struct group *group;
    uint32_t feature_count;
    const struct entry *const *entries; /* puts and deletes of that group, journal order */
    size_t entry_count;
    int64_t write_time_us;
};

struct parquet_result {
    uint64_t bytes;
    bool has_sidecar;
};

struct parquet_sink {
    NODISCARD enum code (*write)(void *context, const struct parquet_job *job,
                                 struct parquet_result *ret, struct err *err);
    void *context;
};
