#pragma once
/*
 * What a BatchWriteRecord answer says of each entry. Failed entries come back as they were sent,
 * perhaps spelled differently, so they are known by what their record says. Pure.
 */
#include "cli/rows.h"
#include "core/arena.h"

enum answer_verdict { ANSWER_WRITTEN, ANSWER_FAILED, ANSWER_UNPROCESSED };

struct answer {
    enum answer_verdict verdicts[ROWS_BATCH_MAX];
    struct str messages[ROWS_BATCH_MAX]; /* of failed ones: "ValidationError: …" */
    size_t written;
};

/*
 * `entries` are the JSON texts that were sent. ERR_CORRUPT when the answer is malformed or names an
 * entry that was not sent. Texts are in the arena.
 */
NODISCARD enum code answer_read(struct str text, const struct str *entries, size_t count,
                                struct arena *arena, struct answer *ret, struct err *err);
