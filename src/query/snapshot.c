#include "query/snapshot.h"

/*
 * Between reading the mark and pinning its position the journal may have been flushed further and
 * recycled; then the mark is read again. Each time a whole segment must have gone by.
 */
enum { TRIES_MAX = 100 };

enum code snapshot_begin(struct store *store, struct snapshot *ret, struct err *err)
{
    struct journal *journal = store_journal(store);
    struct snapshot snapshot = {.store = store};
    enum code code = ERR_NOT_FOUND;

    for (unsigned i = 0; i < TRIES_MAX && code == ERR_NOT_FOUND; i++) {
        struct flush_mark mark;
        store_flush_mark(store, &mark);
        snapshot.manifest = mark.manifest;
        snapshot.tail_from = mark.flushed_to;
        code = journal_pin(journal, mark.flushed_to, &snapshot.pin, err);
    }
    TRY(code);
    snapshot.is_pinned = true;
    snapshot.tail_to = journal_durable_end(journal);
    assert(snapshot.tail_to >= snapshot.tail_from);
    *ret = snapshot;
    return OK;
}

void snapshot_end(struct snapshot *snapshot)
{
    if (!snapshot->is_pinned)
        return;
    journal_unpin(store_journal(snapshot->store), snapshot->pin);
    snapshot->is_pinned = false;
}

struct tail {
    const uint32_t *group_ids;
    size_t group_count;
    snapshot_row_fn *fn;
    void *context;
};

static bool is_row(const struct entry *entry)
{
    return (entry->targets & TARGET_OFFLINE) != 0 &&
           (entry->kind == ENTRY_PUT || entry->kind == ENTRY_DELETE ||
            entry->kind == ENTRY_DELETE_HARD);
}

static enum code tail_entry(uint64_t position, const struct entry *entry, void *context,
                            struct err *err)
{
    const struct tail *tail = context;

    (void)position;
    if (!is_row(entry))
        return OK;
    for (size_t i = 0; i < tail->group_count; i++) {
        if (tail->group_ids[i] == entry->group_id)
            return tail->fn(i, entry, tail->context, err);
    }
    return OK;
}

enum code snapshot_tail(const struct snapshot *snapshot, const uint32_t *group_ids,
                        size_t group_count, snapshot_row_fn *fn, void *context, struct err *err)
{
    struct tail tail = {group_ids, group_count, fn, context};

    assert(snapshot->is_pinned);
    if (snapshot->tail_from == snapshot->tail_to)
        return OK;
    return journal_scan(store_journal(snapshot->store), snapshot->tail_from, snapshot->tail_to,
                        tail_entry, &tail, err);
}
