#pragma once
/*
 * One batch of rows sent and settled: every row is written, or in the file of failed rows, when
 * load_sender_send returns OK. One thread.
 */
#include "cli/load_run.h"

struct load_sender;

struct load_sender *load_sender_new(const struct load_options *options);
void load_sender_free(struct load_sender *sender);

/*
 * ERR_TIMEOUT: no answer, or the load is being stopped: what became of the batch is not known.
 * ERR_DENIED: the server refuses the load as a whole. *ret_written counts the rows it took.
 */
NODISCARD enum code load_sender_send(struct load_sender *sender, const struct rows_batch *batch,
                                     size_t *ret_written, struct err *err);

/* The error of the last row that failed, or "". */
struct str load_sender_message(const struct load_sender *sender);
/* See row_maker.unknown. */
struct str load_sender_unknown(const struct load_sender *sender);
