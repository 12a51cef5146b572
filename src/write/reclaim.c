/*
 * Keeping the journal small. A segment may be used again when it is flushed (before the mark's
 * flushed_to), behind the durable checkpoint, and holds nothing current; then when no reader can
 * still hold a place in it (an epoch later), and nobody pinned it. Where segments hold a little
 * that is current, that is carried forward: appended again, for the online store alone.
 */
#include "core/hash.h"
#include "core/kill_point.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/metrics.h"
#include "write/store_priv.h"

enum {
    CARRY_LIVE_PERCENT = 75,    /* of a segment: carrying more than that gains too little */
    SPARE_SEGMENTS_MIN = 3,     /* with less room than that, carrying would cause more carrying */
    CARRY_TURN_BYTES = 1 << 20, /* in one turn */
};

struct segments {
    struct journal_segment_info *at;
    size_t count;
};

static uint64_t journal_end(const struct store *store)
{
    return journal_durable_end(store->journal);
}

static void log_failure(const char *event, const struct err *err)
{
    struct log_line line;

    log_begin(&line, LOG_WARN, event);
    log_str(&line, "error", str_from(err->message));
    log_end(&line);
}

/* ---- segments that go ---- */

static void segment_is_safe(void *object, void *context)
{
    struct leaving *leaving = object;

    (void)context;
    leaving->is_safe = true;
    leaving->store->reclaim.is_due = true;
}

static bool is_leaving(const struct store *store, uint64_t sequence)
{
    const struct leaving *leaving = store->reclaim.leaving;

    while (leaving != NULL && leaving->sequence != sequence)
        leaving = leaving->next;
    return leaving != NULL;
}

static bool is_dead(const struct store *store, const struct journal_segment_info *segment)
{
    struct online_live live;

    online_segment_live(store->online, segment->sequence, &live);
    return live.records == 0 && segment->end <= store->mark.flushed_to &&
           segment->end <= store->reclaim.checkpoint_position;
}

/* The last segment is being written. */
static void let_go(struct store *store, const struct segments *segments)
{
    for (size_t i = 0; i + 1 < segments->count; i++) {
        const struct journal_segment_info *segment = &segments->at[i];
        if (!is_dead(store, segment) || is_leaving(store, segment->sequence))
            continue;
        struct leaving *leaving = MEM_NEW(struct leaving);
        *leaving = (struct leaving){store->reclaim.leaving, store, segment->sequence, false};
        store->reclaim.leaving = leaving;
        epoch_retire(store->epoch, leaving, segment_is_safe, NULL);
    }
}

static enum code recycle(struct store *store, struct err *err)
{
    struct leaving **link = &store->reclaim.leaving;

    while (*link != NULL) {
        struct leaving *leaving = *link;
        enum code code =
            leaving->is_safe ? journal_recycle(store->journal, leaving->sequence, err) : ERR_BUSY;
        if (code == ERR_BUSY) {
            store->reclaim.is_due = store->reclaim.is_due || leaving->is_safe;
            link = &leaving->next;
            continue;
        }
        *link = leaving->next;
        mem_free(leaving);
        TRY(code);
        kill_point("reclaim:after_recycle");
        metric_add(METRIC_journal_segments_reclaimed_total, 1);
        store->reclaim.journal_bytes -= store->options.journal.segment_bytes;
    }
    return OK;
}

/* ---- checkpoints ---- */

/* Not more often than the index takes to write, whatever the journal's pace. */
static uint64_t checkpoint_interval(const struct store *store)
{
    struct online_size size;

    online_size(store->online, &size);
    uint64_t index_bytes = size.records * CHECKPOINT_ITEM_BYTES / 2;
    return index_bytes > store->options.checkpoint_bytes ? index_bytes
                                                         : store->options.checkpoint_bytes;
}

static void start_checkpoint(struct store *store)
{
    struct task *task = &store->background.task;
    struct checkpoint *checkpoint = &task->checkpoint;
    const struct catalog *catalog = atomic_load_explicit(&store->catalog, memory_order_relaxed);

    *task = (struct task){.kind = TASK_CHECKPOINT};
    checkpoint_init(checkpoint);
    checkpoint->start = journal_end_start(store->journal);
    checkpoint->segment_bytes = store->options.journal.segment_bytes;
    checkpoint->secret_checksum =
        hash_checksum((struct str){(const char *)store->secret, sizeof(store->secret)});
    checkpoint->arrival_last_us = store->arrival_last_us;
    checkpoint->mark = store->mark;
    checkpoint->group_id_max = catalog->id_next;
    catalog_write(catalog, &checkpoint->catalog);
    retry_encode(&store->retry, &checkpoint->retries);
    unflushed_encode(&store->unflushed, &checkpoint->unflushed);
    background_run(&store->background);
}

static void take_checkpoint(struct store *store)
{
    struct reclaim *reclaim = &store->reclaim;
    struct task *task = &store->background.task;

    if (task->code == OK) {
        reclaim->checkpoint_position = task->checkpoint.start.position;
        reclaim->checkpoint_after = reclaim->checkpoint_position + checkpoint_interval(store);
        reclaim->is_due = true;
        metric_add(METRIC_checkpoints_total, 1);
    } else {
        /* The old checkpoint is still there, and the journal behind it: this one can wait. */
        log_failure("checkpoint failed", &task->err);
        reclaim->checkpoint_after = journal_end(store) + checkpoint_interval(store) / 4;
    }
    background_take(&store->background);
}

/* ---- carrying ---- */

bool reclaim_is_carrying(const struct store *store)
{
    const struct background *background = &store->background;

    return background_state(background) == TASK_DONE && background->task.kind == TASK_CARRY;
}

static void start_slice(struct store *store)
{
    store->background.task = (struct task){
        .kind = TASK_CARRY,
        .from = store->reclaim.carry_from,
        .limit = store->reclaim.carry_to,
    };
    store->reclaim.carried = 0;
    background_run(&store->background);
}

/* After the turn that appended the slice's last record. */
static void take_slice(struct store *store)
{
    struct reclaim *reclaim = &store->reclaim;
    const struct task *task = &store->background.task;

    if (task->code == OK && reclaim->carried < task->count)
        return;
    kill_point("reclaim:after_carry");
    if (task->code == OK) {
        reclaim->carry_from = task->to;
    } else {
        log_failure("carrying failed", &task->err);
        reclaim->carry_after = journal_end(store) + store->options.journal.segment_bytes;
        reclaim->carry_from = reclaim->carry_to;
    }
    reclaim->is_due = true;
    background_take(&store->background);
}

enum code reclaim_carry(struct store *store, struct err *err)
{
    struct reclaim *reclaim = &store->reclaim;
    const struct task *task = &store->background.task;
    size_t bytes = 0;

    if (!reclaim_is_carrying(store) || task->code != OK)
        return OK;
    while (reclaim->carried < task->count && bytes < CARRY_TURN_BYTES) {
        const struct carried_entry *carried = &task->entries[reclaim->carried];
        struct online_head head;
        online_head(store->online, carried->entry.group_id, carried->entry.identifier, &head);
        if (head.is_found && head.position == carried->position) {
            enum code code = turn_add(store, &carried->entry, 0, err);
            if (code == ERR_BUSY)
                return OK; /* the disk is full; again in a later turn */
            TRY(code);
            bytes += entry_bytes(&carried->entry);
            metric_add(METRIC_journal_carried_total, 1);
        }
        reclaim->carried++;
    }
    return OK;
}

/* The flushed segment behind the checkpoint that holds the least; NULL when none is worth it. */
static const struct journal_segment_info *choose(const struct store *store,
                                                 const struct segments *segments)
{
    const struct journal_segment_info *chosen = NULL;
    uint64_t least = store->options.journal.segment_bytes / 100 * CARRY_LIVE_PERCENT;

    for (size_t i = 0; i + 1 < segments->count; i++) {
        const struct journal_segment_info *segment = &segments->at[i];
        struct online_live live;
        if (segment->end > store->mark.flushed_to ||
            segment->end > store->reclaim.checkpoint_position)
            continue;
        online_segment_live(store->online, segment->sequence, &live);
        if (live.records > 0 && live.bytes < least) {
            least = live.bytes;
            chosen = segment;
        }
    }
    return chosen;
}

static bool is_journal_large(const struct store *store)
{
    uint64_t least = SPARE_SEGMENTS_MIN * store->options.journal.segment_bytes;
    uint64_t spare = store->options.journal_bytes_spare;
    struct online_size size;

    online_size(store->online, &size);
    return store->reclaim.journal_bytes > 2 * size.bytes + (spare > least ? spare : least);
}

static void start_carry(struct store *store, const struct segments *segments)
{
    struct reclaim *reclaim = &store->reclaim;

    if (!is_journal_large(store) || journal_end(store) < reclaim->carry_after)
        return;
    const struct journal_segment_info *segment = choose(store, segments);
    if (segment == NULL)
        return;
    reclaim->carry_from = segment->first;
    reclaim->carry_to = segment->end;
    start_slice(store);
}

/* ---- a step ---- */

static void take_result(struct store *store)
{
    if (background_state(&store->background) != TASK_DONE)
        return;
    switch (store->background.task.kind) {
    case TASK_CHECKPOINT:
        take_checkpoint(store);
        break;
    case TASK_CARRY:
        take_slice(store);
        break;
    }
}

static enum code look(struct store *store, struct err *err)
{
    struct reclaim *reclaim = &store->reclaim;
    struct segments segments = {0};

    reclaim->is_due = false;
    segments.count = journal_segments(store->journal, NULL, 0);
    segments.at = MEM_NEW_ARRAY(struct journal_segment_info, size_max(segments.count, 1));
    segments.count =
        size_min(segments.count, journal_segments(store->journal, segments.at, segments.count));
    reclaim->journal_bytes = segments.count * store->options.journal.segment_bytes;
    let_go(store, &segments);
    enum code code = recycle(store, err);
    if (code == OK && background_state(&store->background) == TASK_NONE &&
        reclaim->carry_from == reclaim->carry_to)
        start_carry(store, &segments);
    mem_free(segments.at);
    return code;
}

enum code reclaim_step(struct store *store, struct err *err)
{
    struct reclaim *reclaim = &store->reclaim;
    uint64_t end = journal_end(store);
    uint64_t segment = end == 0 ? 0 : (end - 1) / store->options.journal.segment_bytes;

    take_result(store);
    if (segment != reclaim->segment_last) {
        reclaim->segment_last = segment;
        reclaim->is_due = true;
    }
    if (background_state(&store->background) == TASK_NONE && end >= reclaim->checkpoint_after)
        start_checkpoint(store);
    else if (background_state(&store->background) == TASK_NONE &&
             reclaim->carry_from != reclaim->carry_to)
        start_slice(store);
    return reclaim->is_due ? look(store, err) : OK;
}

void reclaim_release(struct store *store)
{
    struct leaving *leaving = store->reclaim.leaving;

    while (leaving != NULL) {
        struct leaving *next = leaving->next;
        mem_free(leaving);
        leaving = next;
    }
    store->reclaim.leaving = NULL;
}
