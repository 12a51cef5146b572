#pragma once
/* What dataset.c and labels.c share: one dataset while it is made. */
#include "query/dataset.h"

/* The label rows' number in the table of labels; holds a blank so that no label is likely to. */
#define ROW_COLUMN "asof row"

struct label_column {
    struct str name;
    struct str type; /* the engine's name of it */
};

struct dataset_run {
    struct engine *engine;
    const struct dataset *dataset;
    struct arena *arena;
    struct label_column *columns; /* of the labels, without the row's number */
    size_t column_count;
    uint64_t label_count;
};

/*
 * Makes "asof labels" (the file's columns and the row's number) and "asof keys" (r, t: the label
 * time in nanoseconds, k<i>: the key for source i), and checks every time and key.
 */
NODISCARD enum code labels_load(struct dataset_run *run, struct err *err);
