#include "offline/parquet_schema.h"

static bool is_taken(const struct parquet_column *columns, uint32_t count, struct str name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_equal_nocase(columns[i].name, name))
            return true;
    }
    return false;
}

void parquet_schema_of(const struct group *group, uint32_t feature_count, struct arena *arena,
                       struct parquet_schema *ret)
{
    struct parquet_column *columns = ARENA_NEW(arena, struct parquet_column, feature_count);

    assert(feature_count <= group->feature_count);
    for (uint32_t i = 0; i < feature_count; i++) {
        struct str name = group->features[i].name;
        while (is_taken(columns, i, name))
            name = arena_format(arena, "%.*s_%u", STR_ARG(name), i + 1);
        columns[i] = (struct parquet_column){name, group->features[i].type};
    }
    *ret = (struct parquet_schema){columns, feature_count, group->identifier_index,
                                   group->event_time_index};
}
