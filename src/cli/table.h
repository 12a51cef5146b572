#pragma once
/*
 * Tables for people: columns as wide as what is in them, numbers to the right, control characters
 * made visible (a stored value must not drive the terminal). Rows are collected, then rendered;
 * those beyond TABLE_ROWS_MEASURED are rendered at once, with the widths of the ones before.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

enum { TABLE_ROWS_MEASURED = 1000, TABLE_COLUMNS_MAX = 10000 };

struct table {
    struct arena arena;
    struct str *head;
    size_t columns;
    struct str *cells; /* row after row */
    size_t rows;       /* that are collected */
    size_t *widths;
    bool *is_text; /* of a column: some cell is not a number */
    bool is_head_rendered;
    bool is_head_hidden;   /* set by the caller after table_init */
    size_t cell_width_max; /* wider cells are cut; 0: never; set after table_init */
};

/* `head` is copied. */
void table_init(struct table *table, const struct str *head, size_t columns);
void table_release(struct table *table);

/* A row of as many cells as the head has; an absent cell shows as nothing. Copied. */
void table_add(struct table *table, const struct str *cells, struct buf *out);

/* Renders what was collected. */
void table_end(struct table *table, struct buf *out);

/* Display columns of text: code points, those of zero width and double width (East Asian) rightly.
 */
size_t table_width(struct str text);
