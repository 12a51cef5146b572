/*
 * Unflushed rows: what the flush would write, and beside it the exact event time and the TTL, which
 * for flushed rows are in a sidecar.
 */
#include "query/source.h"

enum { META_COLUMNS = 3 }; /* write_time, api_invocation_time, is_deleted */

enum code source_add_row(struct source *source, const struct entry *entry, int64_t write_time_us,
                         struct err *err)
{
    struct duck_appender *tail = source->row.appender;
    const size_t column = source->schema.column_count + META_COLUMNS;

    assert(tail != NULL && entry->group_id == source->group->id);
    source->row.schema = &source->schema;
    TRY(parquet_row_fill(&source->row, entry, write_time_us, err));
    duck_append_i64(tail, column, entry->event_time.seconds);
    duck_append_i64(tail, column + 1, entry->event_time.nanoseconds);
    duck_append_i64(tail, column + 2, entry->ttl_seconds);
    return duck_append_row(tail, err);
}
