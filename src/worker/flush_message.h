#pragma once
/* Payloads between the server and the flush worker (FORMATS.md, "Worker messages"). Pure. */
#include "core/arena.h"
#include "core/buf.h"
#include "offline/parquet_write.h"

void flush_open_write(const struct parquet_target *target, struct buf *out);
/* ERR_CORRUPT when malformed; texts are copied into the arena. */
NODISCARD enum code flush_open_read(struct str payload, struct arena *arena,
                                    struct parquet_target *ret, struct err *err);

void flush_done_write(const struct parquet_result *result, struct buf *out);
NODISCARD enum code flush_done_read(struct str payload, struct parquet_result *ret,
                                    struct err *err);

/* MESSAGE_FAILED, of all workers. */
void failed_write(const struct err *failure, struct buf *out);
/* Sets *err from the payload and returns its code; ERR_CORRUPT when malformed. */
NODISCARD enum code failed_read(struct str payload, struct err *err);
