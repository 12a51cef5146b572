/*
 * A turn of the writer: decide what is queued (may fail, item by item), add it to the journal, one
 * durable write, apply (may not fail), complete the jobs.
 */
#include "config/limits.h"
#include "core/kill_point.h"
#include "core/mem.h"
#include "core/metrics.h"
#include "write/store_priv.h"

void turn_release(struct turn *turn)
{
    arena_release(&turn->arena);
    mem_free(turn->pending);
    overlay_release(&turn->overlay);
    *turn = (struct turn){0};
}

static struct catalog *published(const struct store *store)
{
    return atomic_load_explicit(&store->catalog, memory_order_relaxed);
}

static void turn_begin(struct store *store)
{
    struct turn *turn = &store->turn;

    arena_reset(&turn->arena);
    overlay_clear(&turn->overlay);
    turn->count = 0;
    turn->catalog = published(store);
    turn->now_us = store->os->now_us(store->os->context);
}

/* A catalog of this turn that nobody has seen. */
static void drop_catalog(struct store *store)
{
    if (store->turn.catalog != published(store))
        catalog_free(store->turn.catalog);
    store->turn.catalog = published(store);
}

/* ---- adding ---- */

bool turn_fits(const struct store *store, size_t bytes)
{
    size_t pending = journal_pending_bytes(store->journal);

    return pending == 0 || pending + bytes <= store->turn_bytes_max;
}

/* Later decisions of this turn see the entry. */
static void overlay_entry(struct store *store, const struct entry *entry, uint64_t position,
                          uint32_t bytes)
{
    struct online_head head;

    if ((entry->targets & TARGET_ONLINE) == 0)
        return;
    struct hash128 key = online_key(store->online, entry->group_id, entry->identifier);
    prepare_head(store, entry->group_id, key, &head);
    if (!online_head_accepts(&head, entry))
        return;
    head = (struct online_head){
        .is_found = entry->kind != ENTRY_DELETE_HARD,
        .is_tombstone = entry->kind == ENTRY_DELETE,
        .event_time = entry->event_time,
        .ttl_seconds = entry->ttl_seconds,
        .position = position,
        .bytes = bytes,
    };
    overlay_set(&store->turn.overlay, entry->group_id, key, &head, entry->record);
}

enum code turn_add(struct store *store, const struct entry *entry, uint32_t dropped_group_id,
                   struct err *err)
{
    struct turn *turn = &store->turn;
    uint64_t position;

    TRY(journal_add(store->journal, entry, &position, err));
    if (turn->count == turn->capacity) {
        turn->capacity = size_max(256, turn->capacity * 2);
        turn->pending = mem_resize(turn->pending, turn->capacity * sizeof(struct pending));
    }
    uint32_t bytes = (uint32_t)entry_bytes(entry);
    turn->pending[turn->count++] = (struct pending){*entry, position, bytes, dropped_group_id};
    if (entry->kind != ENTRY_CARRIED)
        overlay_entry(store, entry, position, bytes);
    return OK;
}

/* ---- deciding ---- */

enum decision { DECIDED, TURN_IS_FULL, JOURNAL_FAILED };

/* A definition's entry: the catalog that later decisions of this turn see. */
static enum code next_catalog(struct store *store, const struct entry *entry, struct catalog **ret,
                              uint32_t *ret_dropped, struct err *err)
{
    struct catalog *next;

    if (entry->kind != ENTRY_DEFINITION)
        return OK;
    TRY(catalog_apply(store->turn.catalog, entry->record, &next, err));
    *ret_dropped = catalog_dropped(store->turn.catalog, next);
    *ret = next;
    return OK;
}

/* The rest of a decision: the item's entry goes into the batch, or the item is refused. */
static enum decision add_item(struct store *store, struct write_item *item,
                              const struct entry *entry)
{
    struct catalog *next = NULL;
    uint32_t dropped = 0;

    item->result = next_catalog(store, entry, &next, &dropped, &item->err);
    if (item->result != OK)
        return DECIDED;
    item->result = turn_add(store, entry, dropped, &item->err);
    if (item->result != OK) {
        if (next != NULL)
            catalog_free(next);
        bool is_refused = item->result == ERR_BUSY || item->result == ERR_TOO_LARGE;
        return is_refused ? DECIDED : JOURNAL_FAILED;
    }
    if (next != NULL) {
        drop_catalog(store);
        store->turn.catalog = next;
    }
    store->arrival_last_us = entry->arrival_us;
    item->arrival_us = entry->arrival_us;
    if ((entry->flags & ENTRY_HAS_RETRY_KEY) != 0)
        retry_add(&store->retry, entry->retry_key, entry->arrival_us);
    return DECIDED;
}

static enum decision decide_item(struct store *store, const struct write_job *job, size_t index)
{
    struct write_item *item = &job->items[index];
    struct hash128 key = {0};
    struct entry entry;

    item->is_repeat = false;
    item->arrival_us = 0;
    if (job->has_retry_key) {
        key = retry_item_key(job->retry_key, index);
        if (retry_find(&store->retry, key, &item->arrival_us)) {
            item->is_repeat = true;
            item->result = OK;
            metric_add(METRIC_retries_deduplicated_total, 1);
            return DECIDED;
        }
    }
    item->result = prepare_item(store, item, &entry, &item->err);
    if (item->result != OK)
        return DECIDED;
    if (job->has_retry_key) {
        entry.flags |= ENTRY_HAS_RETRY_KEY;
        entry.retry_key = key;
    }
    int64_t after_last = store->arrival_last_us + 1;
    entry.arrival_us = store->turn.now_us > after_last ? store->turn.now_us : after_last;
    if (entry_bytes(&entry) > LIMIT_JOURNAL_ENTRY_BYTES) {
        item->result =
            err_set(&item->err, ERR_TOO_LARGE, "the write has %zu bytes", entry_bytes(&entry));
        return DECIDED;
    }
    if (!turn_fits(store, entry_bytes(&entry)))
        return TURN_IS_FULL;
    return add_item(store, item, &entry);
}

/* Stops where the batch is full: the rest is decided in the next turn. */
static enum code decide_jobs(struct store *store, struct err *err)
{
    struct held *held = &store->held;

    for (; held->next < held->count; held->next++, held->item = 0) {
        struct write_job *job = held->jobs[held->next];
        for (; held->item < job->count; held->item++) {
            switch (decide_item(store, job, held->item)) {
            case DECIDED:
                break;
            case TURN_IS_FULL:
                return OK;
            case JOURNAL_FAILED:
                if (err != NULL)
                    *err = job->items[held->item].err;
                return job->items[held->item].result;
            }
        }
    }
    return OK;
}

static void take_jobs(struct store *store, int timeout_ms)
{
    struct held *held = &store->held;
    void *items[TURN_JOBS_MAX];

    if (held->next < held->count)
        return;
    assert(held->first == held->count);
    size_t count = reclaim_is_carrying(store) || timeout_ms == 0
                       ? queue_take(store->queue, items, TURN_JOBS_MAX)
                       : queue_wait(store->queue, items, TURN_JOBS_MAX, timeout_ms);
    for (size_t i = 0; i < count; i++)
        held->jobs[i] = items[i];
    held->count = count;
    held->first = held->next = held->item = 0;
}

/* ---- applying and completing ---- */

static void free_catalog(void *object, void *context)
{
    (void)context;
    catalog_free(object);
}

static enum code apply(struct store *store, struct err *err)
{
    struct turn *turn = &store->turn;
    struct catalog *old = published(store);

    for (size_t i = 0; i < turn->count; i++) {
        const struct pending *pending = &turn->pending[i];
        if (pending->dropped_group_id != 0)
            online_drop_group(store->online, pending->dropped_group_id);
        TRY(store_apply(store, &pending->entry, pending->position, pending->bytes, err));
    }
    if (turn->catalog != old) {
        atomic_store_explicit(&store->catalog, turn->catalog, memory_order_release);
        epoch_retire(store->epoch, old, free_catalog, NULL);
    }
    return OK;
}

static size_t complete_jobs(struct store *store)
{
    struct held *held = &store->held;
    size_t count = held->next - held->first;

    for (; held->first < held->next; held->first++) {
        struct write_job *job = held->jobs[held->first];
        job->done(job, job->context);
    }
    return count;
}

static enum code commit(struct store *store, struct err *err)
{
    size_t blocks = journal_pending_bytes(store->journal) / LIMIT_JOURNAL_BLOCK_BYTES + 1;

    kill_point("turn:before_commit");
    TRY(journal_commit(store->journal, err));
    kill_point("turn:after_commit");
    metric_add(METRIC_journal_batches_total, 1);
    metric_add(METRIC_journal_entries_total, (int64_t)store->turn.count);
    metric_add(METRIC_journal_bytes_total, (int64_t)(blocks * LIMIT_JOURNAL_BLOCK_BYTES));
    return OK;
}

static enum code turn_write(struct store *store, struct err *err)
{
    turn_begin(store);
    TRY(reclaim_carry(store, err));
    TRY(decide_jobs(store, err));
    if (store->turn.count > 0)
        TRY(commit(store, err));
    return apply(store, err);
}

enum code turn_run(struct store *store, int timeout_ms, size_t *ret_jobs, struct err *err)
{
    struct err failure = {0};

    take_jobs(store, timeout_ms);
    enum code code = turn_write(store, &failure);
    size_t jobs = 0;
    if (code == OK) {
        /* Who hears of a write finds it in the status and the flush mark. */
        writer_publish(store);
        jobs = complete_jobs(store);
        kill_point("turn:after_done");
        code = reclaim_step(store, &failure);
    } else {
        drop_catalog(store);
    }
    if (code != OK) {
        writer_fail(store, &failure);
        return err_set(err, code, "%s", failure.message);
    }
    online_tend(store->online);
    (void)epoch_collect(store->epoch);
    writer_publish(store);
    *ret_jobs = jobs;
    return OK;
}
