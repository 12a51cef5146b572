#pragma once
/*
 * DuckDB, as much of it as asof uses: an in-memory database with one connection, for one thread.
 * Only worker processes open it (design section 3); the library is found and opened at the first
 * duck_open, in this order: the file named by the environment's ASOF_DUCKDB, the folder of this
 * program, "../lib" beside it, the folder known at build time, the system's libraries.
 *
 * Failures carry the library's own text. Codes: ERR_INVALID for what the SQL asked (parser, binder,
 * conversion), ERR_IO, ERR_TOO_LARGE (out of memory), ERR_TIMEOUT (interrupted), ERR_INTERNAL.
 */
#include "core/arena.h"
#include "core/buf.h"

struct duck;

struct duck_options {
    uint64_t memory_bytes_max; /* 0: the library's default */
    const char *temp_dir;      /* spilling goes here; NULL: none */
    uint64_t temp_bytes_max;
    unsigned threads; /* 0 stands for 1 */
};

/*
 * No extensions, no secrets, insertion order kept (reliability.md section 7). The scalar function
 * asof_instant is there: asof_instant(VARCHAR) and asof_instant(DOUBLE) -> HUGEINT, the nanoseconds
 * since 1970 of an event time (core/instant.h; text: ISO 8601, or decimal seconds as a Fractional
 * has them), NULL where the value is none.
 */
NODISCARD enum code duck_open(const struct duck_options *options, struct duck **ret,
                              struct err *err);
void duck_close(struct duck *duck); /* accepts NULL */

/*
 * Last step before a client's text: only these files (and everything below `dir`, when not NULL)
 * can be opened from now on, and no setting can be changed. Reads the settings back; ERR_INTERNAL
 * when they did not take.
 */
struct duck_lock {
    const char *const *files;
    size_t file_count;
    const char *dir;
};
NODISCARD enum code duck_lock(struct duck *duck, const struct duck_lock *lock, struct err *err);

/* The library's version, "v1.5.6". */
const char *duck_version(const struct duck *duck);

/* Any thread: ends the running statement soon, with ERR_TIMEOUT. */
void duck_interrupt(struct duck *duck);

/* Runs statements for their effect. */
NODISCARD enum code duck_run(struct duck *duck, const char *sql, struct err *err);

/* Appends text as an SQL string literal or a quoted identifier. NUL bytes must not be in it. */
void duck_add_literal(struct buf *sql, struct str text);
void duck_add_name(struct buf *sql, struct str name);

/* A table as a statement names it; parts that were not given are "". */
struct duck_name {
    struct str catalog, schema, table;
};

/*
 * ERR_INVALID unless the text is exactly one SELECT (or what is one in disguise: FROM t, DESCRIBE,
 * SHOW). Gives the tables it refers to, each once; names of its own WITH parts are among them. Only
 * parses: nothing it names needs to be there, and nothing is opened.
 */
NODISCARD enum code duck_parse_select(struct duck *duck, const char *sql, struct arena *arena,
                                      const struct duck_name **ret_tables, size_t *ret_count,
                                      struct err *err);

/* As the engine sees it, with its tables there: ERR_INVALID unless one SELECT, no parameters. */
NODISCARD enum code duck_check_select(struct duck *duck, const char *sql, struct err *err);

/* ---- reading a result, row by row ---- */

enum duck_type {
    DUCK_BOOLEAN,
    DUCK_BIGINT, /* and all smaller integers */
    DUCK_DOUBLE, /* and FLOAT */
    DUCK_VARCHAR,
    DUCK_BLOB,
    DUCK_TIMESTAMP, /* microseconds, also with time zone */
    DUCK_HUGEINT,
    DUCK_OTHER, /* cast it in SQL to read it */
};

struct duck_result;

/* `is_streaming`: rows are made while they are read; nothing else may run meanwhile. */
NODISCARD enum code duck_query(struct duck *duck, const char *sql, bool is_streaming,
                               struct duck_result **ret, struct err *err);
void duck_result_free(struct duck_result *result); /* accepts NULL */

size_t duck_result_columns(const struct duck_result *result);
struct str duck_result_name(struct duck_result *result, size_t column);
enum duck_type duck_result_type(const struct duck_result *result, size_t column);

/* Moves to the next row; *ret_has_row false at the end. */
NODISCARD enum code duck_result_next(struct duck_result *result, bool *ret_has_row,
                                     struct err *err);

/* Of the current row. Of the column's own type (see duck_type); the text holds until the next row.
 */
bool duck_is_null(const struct duck_result *result, size_t column);
bool duck_bool(const struct duck_result *result, size_t column);
int64_t duck_i64(const struct duck_result *result, size_t column); /* BIGINT, TIMESTAMP */
double duck_double(const struct duck_result *result, size_t column);
struct str duck_str(const struct duck_result *result, size_t column); /* VARCHAR, BLOB */
__extension__ typedef __int128 duck_i128_t;
duck_i128_t duck_i128(const struct duck_result *result, size_t column);

/* ---- appending rows to a table (BOOLEAN, BIGINT, DOUBLE, VARCHAR, TIMESTAMP columns) ---- */

struct duck_appender;

NODISCARD enum code duck_appender_open(struct duck *duck, const char *table,
                                       struct duck_appender **ret, struct err *err);
/* Cells of the row at hand by column; those not set are NULL. */
void duck_append_bool(struct duck_appender *appender, size_t column, bool value);
void duck_append_i64(struct duck_appender *appender, size_t column, int64_t value);
void duck_append_double(struct duck_appender *appender, size_t column, double value);
void duck_append_str(struct duck_appender *appender, size_t column, struct str text);
NODISCARD enum code duck_append_row(struct duck_appender *appender, struct err *err);
/* Makes the rows visible. Frees the appender in any case; duck_appender_free drops what is not
   flushed. */
NODISCARD enum code duck_appender_close(struct duck_appender *appender, struct err *err);
void duck_appender_free(struct duck_appender *appender); /* accepts NULL */
