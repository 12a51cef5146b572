#pragma once
/*
 * A file that a result is written to piece by piece: under another name until it is whole, so that
 * a broken download leaves what was there before.
 */
#include "core/arena.h"
#include "os/os.h"

struct out_file {
    const struct os *os;
    struct os_file *file;
    const char *path;
    const char *temporary;
    uint64_t bytes;
};

NODISCARD enum code out_file_open(struct out_file *out, const struct os *os, struct str path,
                                  struct arena *arena, struct err *err);
/* A client_sink_fn; `context` is the struct out_file. */
NODISCARD enum code out_file_take(struct str piece, void *context, struct err *err);
/* Puts the file in its place. */
NODISCARD enum code out_file_commit(struct out_file *out, struct err *err);
/* Removes what is not whole; after a commit it does nothing. */
void out_file_abort(struct out_file *out);
