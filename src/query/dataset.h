#pragma once
/*
 * Point-in-time datasets (design section 9): for each label row, by its row number, and each group,
 * the newest row of the label's key with event time <= label time, and arrived by then where the
 * dataset is *as seen*. At equal event time a record beats a delete, then the later arrival wins.
 * No values where that row is a delete or has expired by the label's time. Every label row comes
 * out once, in input order: its own columns first, then each group's features but its record
 * identifier; a name that is taken (in any case) gets "<group>." before it.
 *
 * Labels of a CSV file stay the texts they are; of a Parquet file they keep their types. A label
 * time is ISO 8601 text (UTC without a zone), a timestamp, or epoch seconds.
 *
 * How: rows are ranked by one integer (event time, record before delete, arrival). For each key the
 * best rank by event time (as seen: the running best by the moment a row is known, the later of its
 * two times) is joined to the labels, at or before their times; arrivals are unique in a group, so
 * the winner's arrival finds its features. Only the narrow columns are sorted.
 */
#include "query/engine.h"
#include "query/source.h"

struct dataset_key {
    struct str group;
    struct str column; /* of the labels */
};

struct dataset {
    const char *labels_path;
    bool is_labels_parquet;       /* else CSV with a header */
    const struct source *sources; /* in output order; each with its rows, ended */
    size_t source_count;
    /* Absent: the event-time feature's name of the first group if the labels have it, else
       "event_time". */
    struct str time_column;
    const struct dataset_key *keys; /* default: the record identifier's name */
    size_t key_count;
    bool is_as_seen;
    enum engine_format format;
};

/* On a locked engine. Errors name the labels' row (from 1, without the header) and column. */
NODISCARD enum code dataset_write(struct engine *engine, const struct dataset *dataset,
                                  uint64_t *ret_rows, struct err *err);
