#pragma once
/*
 * The flusher thread: runs the flush every interval, when much is unflushed, or when asked; retries
 * with growing pauses after a failure (the worker may have been killed: a new one is started by the
 * sink).
 */
#include "offline/flush.h"

struct flusher;

struct flusher_options {
    unsigned interval_ms;
    uint64_t bytes_max; /* flush early when so much journal is unflushed */
};

NODISCARD enum code flusher_start(struct flush *flush, struct store *store,
                                  const struct flusher_options *options, struct flusher **ret,
                                  struct err *err);
void flusher_stop(struct flusher *flusher);

/*
 * Asks for a flush of everything that was durable at the call; `done` is called on the flusher
 * thread when that is in Parquet (OK) or when an attempt failed.
 */
typedef void flusher_done_fn(enum code code, const struct err *err, void *context);
NODISCARD enum code flusher_request(struct flusher *flusher, flusher_done_fn *done, void *context,
                                    struct err *err);
