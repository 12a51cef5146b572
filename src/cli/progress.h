#pragma once
/*
 * How far a load has come, as a small JSON file beside the input (FILE.asof-progress), so that it
 * can go on after an interruption; and the line that tells people. Rows before `row` are done;
 * later ones may be too, and are sent again under the same invocation ids, by which the server
 * knows them.
 */
#include "os/os.h"

enum { PROGRESS_ID_BYTES = 32 };

struct progress {
    struct str group;
    struct str load_id; /* random hex, the root of all invocation ids of this load */
    uint64_t file_bytes;
    uint64_t row;
    uint64_t failed;
};

/* ERR_NOT_FOUND when there is none; ERR_CORRUPT when it is no such file. Texts in the arena. */
NODISCARD enum code progress_read(const struct os *os, const char *path, struct arena *arena,
                                  struct progress *ret, struct err *err);
NODISCARD enum code progress_write(const struct os *os, const char *path,
                                   const struct progress *progress, struct err *err);

struct progress_view {
    uint64_t rows; /* written in this run */
    uint64_t failed;
    uint64_t position; /* of the file */
    uint64_t size;     /* 0: not known */
    int64_t elapsed_us;
};

/* "[=====>    ]  42%  1,234,567 rows  61,000 rows/s  0:12 left"; pure. */
void progress_line(const struct progress_view *view, struct buf *out);

/* 1234567 as "1,234,567"; pure. */
void progress_count(uint64_t value, struct buf *out);
