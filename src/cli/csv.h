#pragma once
/*
 * CSV (RFC 4180): cells between separators, a cell in quotes may hold separators, line ends and
 * doubled quotes; lines end with LF or CR LF; a UTF-8 byte order mark before the header is skipped.
 * Pure; fuzzed.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/str.h"

enum { CSV_CELLS_MAX = 16384 };

/*
 * The length of the first record of `text` with its line end: 0 when it does not end in `text`. At
 * the end of the input (is_end) what is there is a record. *ret_has_quotes tells whether a quote
 * stands in it.
 */
size_t csv_record_length(struct str text, bool is_end, bool *ret_has_quotes);

/*
 * Takes the cells of one record (without its line end). A cell is a view, or decoded into the arena
 * where quotes are doubled. An empty cell without quotes is absent, one with quotes is empty.
 * ERR_INVALID for a quote inside a plain cell, text behind a closing quote, a missing closing quote
 * and more than `cells_max` cells.
 */
NODISCARD enum code csv_cells(struct str record, struct arena *arena, struct str *cells,
                              size_t cells_max, size_t *ret_count, struct err *err);

/* Without the line end. */
struct str csv_chomp(struct str record);
