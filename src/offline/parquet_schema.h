#pragma once
/*
 * The columns of a Parquet file: what the flush worker writes and what queries read. Pure.
 *
 * A column has its feature's name, but for a name that differs from an earlier column's only in
 * case: engines take those for one, so "_<number of the feature, from 1>" is added (until it is new
 * among the earlier ones). The rule looks at earlier features only, so a column keeps its name when
 * features are added.
 *
 * Field ids: features count from 1 in schema order; the three that follow them have ids of their
 * own, so that an added feature moves none.
 */
#include "core/arena.h"
#include "schema/group.h"

enum {
    FIELD_ID_WRITE_TIME = 100001,
    FIELD_ID_API_INVOCATION_TIME = 100002,
    FIELD_ID_IS_DELETED = 100003,
};

struct parquet_column {
    struct str name;
    enum feature_type type;
};

struct parquet_schema {
    const struct parquet_column *columns; /* of features */
    uint32_t column_count;
    uint32_t identifier_index;
    uint32_t event_time_index;
};

/* Of the first feature_count features; names are views into the group or in the arena. */
void parquet_schema_of(const struct group *group, uint32_t feature_count, struct arena *arena,
                       struct parquet_schema *ret);
