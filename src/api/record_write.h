#pragma once
/*
 * One write of one record, from the loop to the writer and back. The call is deferred; the answer
 * leaves after the durable write.
 */
#include "api/call.h"

/* How the item's outcome becomes the operation's: may change the code, and call->error_type. */
typedef enum code record_outcome_fn(struct call *call, enum code code);

/*
 * Submits `item` (its texts in the call's arena, or the record in call->out, which is emptied
 * before the answer). Takes a reference to the item's group. On failure nothing was taken.
 */
NODISCARD enum code record_write(struct call *call, const struct write_item *item,
                                 record_outcome_fn *outcome, struct err *err);

/* The group vanished while the write waited: not found is ERR_INVALID here. */
enum code outcome_of_put(struct call *call, enum code code);
