#pragma once
/*
 * What a query reads: every row that was acknowledged before it began, each once. Taken on the
 * server's side from one flush mark: the manifest's files as of the mark's delta hold exactly the
 * rows before the mark's `flushed_to`, the journal from there on (pinned) the others. A flush that
 * goes on meanwhile changes neither: files are never changed, and its delta is a later one.
 */
#include "offline/manifest.h"
#include "write/write.h"

struct snapshot {
    struct store *store;
    uint64_t manifest;  /* number of the delta */
    uint64_t tail_from; /* journal positions of what is not in those files */
    uint64_t tail_to;
    struct journal_pin pin;
    bool is_pinned;
};

NODISCARD enum code snapshot_begin(struct store *store, struct snapshot *ret, struct err *err);
void snapshot_end(struct snapshot *snapshot); /* accepts a zero one */

/*
 * Calls fn for the unflushed rows of the groups (puts and deletes for the offline store), in order
 * of arrival; `index` is the group's place in group_ids.
 */
typedef enum code snapshot_row_fn(size_t index, const struct entry *entry, void *context,
                                  struct err *err);
NODISCARD enum code snapshot_tail(const struct snapshot *snapshot, const uint32_t *group_ids,
                                  size_t group_count, snapshot_row_fn *fn, void *context,
                                  struct err *err);
