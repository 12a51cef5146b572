/*
 * Opening: the checkpoint, then every entry of the journal behind it, by the same rules that
 * applied it the first time.
 */
#include "core/hash.h"
#include "write/store_priv.h"

enum { RECOVER_COLLECT_ENTRIES = 1024 };

static uint32_t newly_retired(const struct catalog *old, const struct catalog *next)
{
    for (size_t i = 0; i < next->retired_count; i++) {
        if (i >= old->retired_count || old->retired[i]->id != next->retired[i]->id)
            return next->retired[i]->id;
    }
    return 0;
}

uint32_t catalog_dropped(const struct catalog *old, const struct catalog *next)
{
    return next->retired_count == old->retired_count ? 0 : newly_retired(old, next);
}

enum code store_apply(struct store *store, const struct entry *entry, uint64_t position,
                      uint32_t bytes, struct err *err)
{
    switch (entry->kind) {
    case ENTRY_PUT:
    case ENTRY_DELETE:
    case ENTRY_DELETE_HARD:
        if ((entry->targets & TARGET_OFFLINE) != 0)
            unflushed_add(&store->unflushed, position, bytes, entry->arrival_us);
        if (online_accepts(store->online, entry))
            online_apply(store->online, entry, position, bytes);
        break;
    case ENTRY_CARRIED:
        if (online_accepts(store->online, entry))
            online_apply(store->online, entry, position, bytes);
        break;
    case ENTRY_MARK:
        TRY(flush_mark_decode(entry->record, &store->mark, err));
        unflushed_drop(&store->unflushed, store->mark.flushed_to);
        store->reclaim.is_due = true;
        break;
    case ENTRY_DEFINITION:
    case ENTRY_EVENT:
        break;
    }
    return OK;
}

struct replay {
    struct store *store;
    uint64_t entries;
};

static enum code replay_definition(struct store *store, const struct entry *entry, struct err *err)
{
    struct catalog *old = atomic_load_explicit(&store->catalog, memory_order_relaxed);
    struct catalog *next;

    TRY(catalog_apply(old, entry->record, &next, err));
    uint32_t dropped = catalog_dropped(old, next);
    if (dropped != 0)
        online_drop_group(store->online, dropped);
    atomic_store_explicit(&store->catalog, next, memory_order_relaxed);
    catalog_free(old);
    return OK;
}

static enum code replay_entry(uint64_t position, const struct entry *entry, void *context,
                              struct err *err)
{
    struct replay *replay = context;
    struct store *store = replay->store;

    if (entry->kind == ENTRY_DEFINITION)
        TRY(replay_definition(store, entry, err));
    TRY(store_apply(store, entry, position, (uint32_t)entry_bytes(entry), err));
    /* A carried entry keeps the arrival of what it carries. */
    if (entry->kind != ENTRY_CARRIED && entry->arrival_us > store->arrival_last_us)
        store->arrival_last_us = entry->arrival_us;
    if ((entry->flags & ENTRY_HAS_RETRY_KEY) != 0)
        retry_add(&store->retry, entry->retry_key, entry->arrival_us);
    if (++replay->entries % RECOVER_COLLECT_ENTRIES == 0)
        (void)epoch_collect(store->epoch);
    return OK;
}

static uint64_t secret_checksum(const struct store *store)
{
    return hash_checksum((struct str){(const char *)store->secret, sizeof(store->secret)});
}

static enum code take_checkpoint(struct store *store, const struct checkpoint *checkpoint,
                                 struct err *err)
{
    struct catalog *catalog;

    if (checkpoint->secret_checksum != secret_checksum(store))
        return err_set(err, ERR_CORRUPT,
                       "the checkpoint was made under another secret than '%s/secret' holds",
                       store->dir);
    if (checkpoint->segment_bytes != store->options.journal.segment_bytes)
        return err_set(err, ERR_INVALID,
                       "the journal has segments of %llu bytes, %llu were asked for",
                       (unsigned long long)checkpoint->segment_bytes,
                       (unsigned long long)store->options.journal.segment_bytes);
    TRY(retry_decode(&store->retry, buf_str(&checkpoint->retries), err));
    TRY(unflushed_decode(&store->unflushed, buf_str(&checkpoint->unflushed), err));
    TRY(catalog_read(buf_str(&checkpoint->catalog), &catalog, err));
    catalog_free(atomic_load(&store->catalog));
    atomic_store(&store->catalog, catalog);
    store->arrival_last_us = checkpoint->arrival_last_us;
    store->mark = checkpoint->mark;
    store->reclaim.checkpoint_position = checkpoint->start.position;
    return OK;
}

static enum code load(struct store *store, struct journal_start *ret, struct err *err)
{
    CLEANUP(checkpoint_release) struct checkpoint checkpoint;

    checkpoint_init(&checkpoint);
    enum code code =
        checkpoint_read(store->os, store->checkpoint_path, store->online, &checkpoint, err);
    if (code == ERR_NOT_FOUND)
        return OK;
    TRY(code);
    TRY(take_checkpoint(store, &checkpoint, err));
    *ret = checkpoint.start;
    return OK;
}

enum code recover(struct store *store, struct err *err)
{
    struct replay context = {store, 0};
    struct journal_replay replay = {.fn = replay_entry, .context = &context};

    TRY(load(store, &replay.start, err));
    TRY(journal_open(store->os, store->journal_dir, &store->options.journal, &replay,
                     &store->journal, err));
    online_attach(store->online, store->journal);
    (void)epoch_collect(store->epoch);
    return OK;
}
