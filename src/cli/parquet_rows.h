#pragma once
/*
 * A Parquet file as CSV text, made by a child process of this program (parquet_worker.h), since
 * only children open DuckDB: a broken file ends the child, not the load. One thread at a time.
 */
#include "core/base.h"

struct parquet_rows;

/* ERR_NOT_FOUND, ERR_IO, ERR_CORRUPT name the file. */
NODISCARD enum code parquet_rows_open(const char *path, struct parquet_rows **ret, struct err *err);
void parquet_rows_close(struct parquet_rows *rows); /* accepts NULL */

/* A rows_read_fn; `context` is the struct parquet_rows. */
NODISCARD enum code parquet_rows_read(void *context, char *to, size_t count, size_t *ret_count,
                                      struct err *err);

/* The number of rows in the file. */
uint64_t parquet_rows_total(const struct parquet_rows *rows);
