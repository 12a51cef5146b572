#pragma once
/*
 * How an entry becomes a row of the offline store: the one definition, for the flush that writes
 * files and for queries that read what is not flushed yet.
 */
#include "journal/entry.h"
#include "offline/duck.h"
#include "offline/parquet_schema.h"

struct parquet_row {
    const struct parquet_schema *schema;
    struct duck_appender *appender; /* columns: the features, write time, arrival, is deleted, … */
    struct buf number;              /* a value with a NUL behind it */
};

/*
 * Sets the cells of the row at hand up to "is deleted"; the caller appends it. ERR_CORRUPT when the
 * entry is no put or delete, or does not fit the schema.
 */
NODISCARD enum code parquet_row_fill(struct parquet_row *row, const struct entry *entry,
                                     int64_t write_time_us, struct err *err);

/* Whether the event-time column alone gives the entry's instant. */
NODISCARD enum code parquet_row_is_time_exact(struct parquet_row *row, const struct entry *entry,
                                              bool *ret, struct err *err);

void parquet_row_release(struct parquet_row *row); /* not the appender */
