#pragma once
/*
 * What of a row goes to which feature: made once from the group, the CSV header and the options,
 * then only read. Texts that every entry repeats are ready-made JSON. Pure; any thread.
 */
#include "cli/group_info.h"
#include "core/buf.h"

#define PLAN_NONE UINT32_MAX

struct plan_map {
    struct str feature;
    struct str column;
};

struct plan_request {
    const struct group_info *info;
    const struct plan_map *maps;
    size_t map_count;
    struct str targets; /* JSON array; absent: none */
    struct str ttl;     /* JSON object; absent: none */
    bool is_strict;
};

struct plan_feature {
    struct str source; /* name of the column or member it is taken from */
    struct str head;   /* {"FeatureName":"x","ValueAsString":" */
    bool is_mapped;    /* by an option: the column must be there */
    bool is_number;    /* Integral or Fractional: true and false are 1 and 0 */
};

struct plan {
    struct plan_feature *features;
    uint32_t feature_count;
    uint32_t id_feature;
    uint32_t event_time_feature;
    struct str body_head;  /* {"Entries":[ */
    struct str entry_head; /* {"FeatureGroupName":"g","Record":[ */
    uint32_t *columns;     /* CSV: the feature of each column, or PLAN_NONE */
    size_t column_count;
    struct str ignored; /* names of columns that are no features, with commas; "" when none */
    bool is_strict;
};

/* ERR_INVALID when an option names a feature that is not there. The plan's memory is the arena's.
 */
NODISCARD enum code plan_make(const struct plan_request *request, struct arena *arena,
                              struct plan *ret, struct err *err);

/*
 * Fits a CSV header to the plan. ERR_INVALID: a column twice, no column for the record identifier
 * or the event time, a mapped column that is not there, or (is_strict) one that is no feature.
 */
NODISCARD enum code plan_columns(struct plan *plan, const struct str *names, size_t count,
                                 struct arena *arena, struct err *err);

/* The column of failed rows' errors: never a feature's, ignored without a word. */
#define PLAN_ERROR_COLUMN STR("asof_error")
