#pragma once
/* Results of SQL and datasets: their form, and where they go. */
#include "cli/command.h"

enum result_form { RESULT_TABLE, RESULT_JSON, RESULT_CSV, RESULT_PARQUET };

/* The form that an option says, else the name of the file, else `fallback`. Pure. */
enum result_form result_form_of(struct str option, struct str path, enum result_form fallback);

/* As the server calls it; a table is made of CSV. */
const char *result_form_name(enum result_form form);

/* Sends the request and puts the answer into the file. */
NODISCARD enum code result_to_file(struct cli *cli, const struct client_request *request,
                                   struct str path, uint64_t *ret_bytes, struct err *err);

/* Sends the request and prints the answer: a table, or as it comes. */
NODISCARD enum code result_print(struct cli *cli, const struct client_request *request,
                                 enum result_form form, struct err *err);

/* Renders CSV with a header as a table; cells are cut on a terminal. `cell_width_max` 0: never.
 * Pure. */
NODISCARD enum code result_table(struct str csv, size_t cell_width_max, struct buf *out,
                                 size_t *ret_rows, struct err *err);
