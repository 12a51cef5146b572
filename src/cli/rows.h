#pragma once
/*
 * Cuts a stream of bytes into records (CSV records or JSON lines) and hands them out in batches.
 * Empty lines are no records. One thread at a time; a batch belongs to who took it.
 */
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

enum rows_form { ROWS_CSV, ROWS_JSON_LINES };

enum { ROWS_BATCH_MAX = 25, ROWS_RECORD_BYTES_MAX = 64 * 1024 * 1024 };

/* Up to `count` bytes; 0 only at the end. */
typedef enum code rows_read_fn(void *context, char *to, size_t count, size_t *ret_count,
                               struct err *err);

struct rows {
    enum rows_form form;
    rows_read_fn *read;
    void *context;
    struct buf buffer;
    size_t at; /* of the next record in the buffer */
    bool is_end;
    bool is_started;   /* the byte order mark was looked for */
    uint64_t next_row; /* number of the next record; a CSV header is not counted */
};

struct rows_batch {
    uint64_t first_row;
    size_t count;
    struct buf text;             /* the records with their line ends */
    size_t ends[ROWS_BATCH_MAX]; /* in text */
};

void rows_init(struct rows *rows, enum rows_form form, rows_read_fn *read, void *context);
void rows_release(struct rows *rows);

/* The CSV header, without its line end; ERR_INVALID when there is none. */
NODISCARD enum code rows_header(struct rows *rows, struct buf *out, struct err *err);

/* The next up to ROWS_BATCH_MAX records; batch->count 0 at the end. */
NODISCARD enum code rows_take(struct rows *rows, struct rows_batch *batch, struct err *err);

/* Passes over records until `row` is the next, or the end. */
NODISCARD enum code rows_skip(struct rows *rows, uint64_t row, struct err *err);

void rows_batch_init(struct rows_batch *batch);
void rows_batch_release(struct rows_batch *batch);
/* Record i, with its line end. */
struct str rows_batch_record(const struct rows_batch *batch, size_t i);
