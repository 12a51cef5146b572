#pragma once
/*
 * What a load reads: a text file (plain or gzip) or a Parquet file, which comes as CSV. One thread
 * at a time.
 */
#include "cli/rows.h"

enum load_form { LOAD_CSV, LOAD_JSON_LINES, LOAD_PARQUET };

/* The form that an option says ("csv", "jsonl", "parquet"), else the file's name, ".gz" or not. */
enum load_form load_form_of(struct str option, struct str path);

struct load_source;

NODISCARD enum code load_source_open(const char *path, enum load_form form,
                                     struct load_source **ret, struct err *err);
void load_source_close(struct load_source *source); /* accepts NULL */

/* A rows_read_fn; `context` is the struct load_source. */
NODISCARD enum code load_source_read(void *context, char *to, size_t count, size_t *ret_count,
                                     struct err *err);

/* The file's size in bytes; 0 when it has none (a pipe). */
uint64_t load_source_bytes(const struct load_source *source);

/* How far it is read, of what: bytes of a text file, rows of Parquet; *ret_of 0: not known. */
void load_source_progress(const struct load_source *source, uint64_t rows_taken, uint64_t *ret_done,
                          uint64_t *ret_of);
