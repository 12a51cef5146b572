#pragma once
/*
 * One row as one entry of a BatchWriteRecord body, written by hand into a buffer. Pure; a struct
 * row_maker belongs to one thread.
 */
#include "cli/plan.h"
#include "cli/rows.h"

struct row_maker {
    const struct plan *plan;
    enum rows_form form;
    struct arena arena;
    struct str *cells;  /* of a CSV row */
    struct str unknown; /* first member of a JSON line that is no feature; absent: none */
    char unknown_text[128];
};

void row_maker_init(struct row_maker *maker, const struct plan *plan, enum rows_form form);
void row_maker_release(struct row_maker *maker);

/*
 * Appends the entry. ERR_INVALID says what is wrong with the row; `body` is then as it was. Whether
 * values are good is for the server to say; here a row must only be readable and have its
 * identifier and event time.
 */
NODISCARD enum code row_add(struct row_maker *maker, struct str record, struct buf *body,
                            struct err *err);
