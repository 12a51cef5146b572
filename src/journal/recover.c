/*
 * Opening: which files stand for which part of the journal, and how far the journal goes.
 *
 * Batches are followed from the start, each by its number and the checksum of the one before. A
 * sealed segment says where its data ends: up to there every batch must be good. In the last
 * segment the first batch that is not good ends the journal, if no good one stands behind it: the
 * writer writes one after the other, each after the one before was durable, so anything good
 * behind a bad one means that acknowledged data was damaged, and the journal does not open.
 *
 * The disk is read past the page cache where that works: after a failed sync the cache can hold
 * what the disk does not.
 */
#include "core/mem.h"
#include "journal/journal_priv.h"

#include <inttypes.h>

enum { PROBE_BYTES = 2 * LIMIT_JOURNAL_BLOCK_BYTES };

struct recovery {
    struct journal *journal;
    journal_entry_fn *fn;
    void *context;
    struct window window;
    struct os_file *file; /* of the segment that is being read */
    uint64_t at;
    uint64_t batch_next;
    uint64_t chain;
};

static void recovery_close_file(struct recovery *recovery)
{
    const struct os *os = recovery->journal->os;
    if (recovery->file != NULL)
        os->close(os->context, recovery->file);
    recovery->file = NULL;
}

static void recovery_release(struct recovery *recovery)
{
    recovery_close_file(recovery);
    window_release(&recovery->window);
}

/* ---- the files ---- */

/* A leftover: made but never used, or cut short while it was made. */
static enum code load_unused(struct journal *journal, struct segment *segment, uint64_t bytes,
                             struct err *err)
{
    if (bytes != journal->place.segment_bytes)
        return segment_remove(&journal->place, segment, err);
    journal_set_aside(journal, segment);
    return OK;
}

static enum code load_used(struct journal *journal, struct segment *segment, uint64_t bytes,
                           struct err *err)
{
    uint64_t segment_bytes = segment->head.segment_bytes;
    uint64_t sequence = segment->head.sequence;
    if (segment_bytes != journal->place.segment_bytes) {
        segment_free(&journal->place, segment);
        return err_set(err, ERR_INVALID,
                       "the journal has segments of %" PRIu64 " bytes, the options say %" PRIu64,
                       segment_bytes, journal->place.segment_bytes);
    }
    struct segment *other = journal_find(journal, sequence);
    if (bytes != segment_bytes ||
        (other != NULL && other->previous_end != 0 && segment->previous_end != 0)) {
        segment_free(&journal->place, segment);
        return err_set(err, ERR_CORRUPT, "segment %" PRIu64 " of the journal is %s", sequence,
                       bytes != segment_bytes ? "cut short" : "there twice");
    }
    /* Of two with one number, one was given up while it was prepared: it has no batch. */
    if (other != NULL && segment->previous_end == 0) {
        journal_set_aside(journal, segment);
        return OK;
    }
    if (other != NULL)
        journal_unuse(journal, other);
    journal_use(journal, segment);
    return OK;
}

static enum code load_segment(struct journal *journal, unsigned slot, struct err *err)
{
    const struct os *os = journal->os;
    char path[SEGMENT_PATH_BYTES];
    struct os_stat stat;
    struct segment *segment = NULL;
    unsigned char probe[PROBE_BYTES] = {0};
    segment_path(&journal->place, slot, path);
    TRY(os->stat(os->context, path, &stat, err));
    TRY(segment_open(&journal->place, slot, &segment, err));
    assert(segment != NULL);
    size_t count = size_min(sizeof(probe), stat.bytes);
    enum code code = os->read(os->context, segment->reader, probe, count, 0, err);
    if (code != OK) {
        segment_free(&journal->place, segment);
        return code;
    }
    switch (segment_head_decode(probe, &segment->head)) {
    case SEGMENT_HEAD_NONE:
        return load_unused(journal, segment, stat.bytes, err);
    case SEGMENT_HEAD_DAMAGED:
        segment_free(&journal->place, segment);
        return err_set(err, ERR_CORRUPT, "'%s': the head of the segment fails its check", path);
    case SEGMENT_HEAD_VALID:
        break;
    }
    struct batch_head first;
    uint64_t position = segment_first(segment) + LIMIT_JOURNAL_BLOCK_BYTES;
    if (batch_head_decode(probe + LIMIT_JOURNAL_BLOCK_BYTES, &segment->head, position, &first))
        segment->previous_end = first.previous_end;
    return load_used(journal, segment, stat.bytes, err);
}

static enum code load_segments(struct journal *journal, struct err *err)
{
    const struct os *os = journal->os;
    CLEANUP(arena_release) struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;
    /* A process that ended may have left names that are not stable; from here on they are used. */
    TRY(os->sync_dir(os->context, journal->place.dir, err));
    TRY(os->list(os->context, journal->place.dir, &arena, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        unsigned slot = 0;
        if (!segment_slot(names[i], &slot))
            continue;
        if (slot >= journal->slot_next)
            journal->slot_next = slot + 1;
        TRY(load_segment(journal, slot, err));
    }
    return OK;
}

/* ---- the batches ---- */

static enum code open_segment(struct recovery *recovery, const struct segment *segment,
                              struct err *err)
{
    const struct journal *journal = recovery->journal;
    char path[SEGMENT_PATH_BYTES];
    recovery_close_file(recovery);
    segment_path(&journal->place, segment->slot, path);
    TRY(journal->os->open(journal->os->context, path, OS_READ | OS_DIRECT, &recovery->file, err));
    window_file(&recovery->window, recovery->file, segment->head.segment_bytes);
    return OK;
}

/* Nothing good may stand at or behind `position` of a segment where the journal seems to end. */
static enum code check_nothing_behind(struct recovery *recovery, const struct segment *segment,
                                      uint64_t position, struct err *err)
{
    struct window *window = &recovery->window;
    for (; position < segment_limit(segment); position += LIMIT_JOURNAL_BLOCK_BYTES) {
        const unsigned char *bytes = NULL;
        struct batch_head head;
        struct batch batch;
        TRY(window_get(window, position - segment_first(segment), LIMIT_JOURNAL_BLOCK_BYTES, &bytes,
                       err));
        if (!batch_head_decode(bytes, &segment->head, position, &head))
            continue;
        enum code code = batch_read(window, &segment->head, position, &batch, NULL);
        if (code == OK)
            return err_set(err, ERR_CORRUPT,
                           "the journal is damaged at %" PRIu64 ": batch %" PRIu64 " at %" PRIu64
                           " stands behind the damage",
                           recovery->at, head.number, position);
        if (code != ERR_CORRUPT)
            return err_set(err, code, "cannot read the journal at %" PRIu64, position);
    }
    return OK;
}

/* Takes one batch; *ret_is_end where there is no good one. */
static enum code take_batch(struct recovery *recovery, const struct segment *segment,
                            bool *ret_is_end, struct err *err)
{
    struct batch batch;
    enum code code = batch_read(&recovery->window, &segment->head, recovery->at, &batch, err);
    if (code == ERR_CORRUPT && !segment_is_sealed(segment)) {
        *ret_is_end = true;
        return OK;
    }
    TRY(code);
    if (batch.head.number != recovery->batch_next || batch.head.chain != recovery->chain)
        return err_set(err, ERR_CORRUPT,
                       "the journal at %" PRIu64 " has batch %" PRIu64 ", expected %" PRIu64
                       " in the chain of what is before it",
                       recovery->at, batch.head.number, recovery->batch_next);
    TRY(batch_entries(&batch, recovery->fn, recovery->context, err));
    recovery->at += batch_space(batch.head.bytes);
    recovery->batch_next++;
    recovery->chain = batch.head.checksum;
    recovery->journal->last_end = recovery->at;
    *ret_is_end = false;
    return OK;
}

static enum code recover_segment(struct recovery *recovery, const struct segment *segment,
                                 struct err *err)
{
    uint64_t end = segment_is_sealed(segment) ? segment->head.data_end : segment_limit(segment);
    bool is_end = false;
    TRY(open_segment(recovery, segment, err));
    while (recovery->at < end && !is_end)
        TRY(take_batch(recovery, segment, &is_end, err));
    if (!segment_is_sealed(segment))
        return check_nothing_behind(recovery, segment, recovery->at, err);
    if (recovery->at != end || recovery->batch_next != segment->head.batch_next ||
        recovery->chain != segment->head.chain)
        return err_set(err, ERR_CORRUPT,
                       "segment %" PRIu64 " of the journal does not end as its head says",
                       segment->head.sequence);
    return OK;
}

/* Nothing was ever written to the segments behind the one where the journal ends. */
static enum code check_later(struct recovery *recovery, const struct segment *last, struct err *err)
{
    const struct journal *journal = recovery->journal;
    for (size_t i = 0; i < journal->used_count; i++) {
        const struct segment *later = journal->used[i];
        if (later->head.sequence <= last->head.sequence)
            continue;
        if (segment_is_sealed(later))
            return err_set(err, ERR_CORRUPT,
                           "the journal is damaged at %" PRIu64 ": segment %" PRIu64
                           " behind it is sealed",
                           recovery->at, later->head.sequence);
        TRY(open_segment(recovery, later, err));
        TRY(check_nothing_behind(recovery, later, segment_first(later) + LIMIT_JOURNAL_BLOCK_BYTES,
                                 err));
    }
    return OK;
}

/* Follows the batches; the segment where they end is the active one. */
static enum code recover_batches(struct recovery *recovery, struct segment *segment,
                                 struct err *err)
{
    struct journal *journal = recovery->journal;
    TRY(recover_segment(recovery, segment, err));
    while (segment_is_sealed(segment)) {
        uint64_t sequence = segment->head.sequence + 1;
        segment = journal_find(journal, sequence);
        if (segment == NULL)
            return err_set(err, ERR_CORRUPT, "segment %" PRIu64 " of the journal is missing",
                           sequence);
        recovery->at = segment_first(segment) + LIMIT_JOURNAL_BLOCK_BYTES;
        TRY(recover_segment(recovery, segment, err));
    }
    TRY(check_later(recovery, segment, err));
    journal->active = segment;
    if (recovery->at == segment_first(segment) + LIMIT_JOURNAL_BLOCK_BYTES)
        segment->previous_end = 0;
    return OK;
}

/* ---- where it starts ---- */

static enum code find_start(struct recovery *recovery, const struct journal_start *start,
                            struct segment **ret, struct err *err)
{
    const struct journal *journal = recovery->journal;
    uint64_t segment_bytes = journal->place.segment_bytes;
    recovery->batch_next = start->position == 0 ? 1 : start->batch;
    recovery->chain = start->position == 0 ? 0 : start->chain;
    /* The end of a full segment that is not sealed: the journal did not get to the next one. */
    if (start->position != 0 && start->position % segment_bytes == 0) {
        struct segment *full = journal_find(journal, start->position / segment_bytes - 1);
        if (full != NULL && !segment_is_sealed(full)) {
            recovery->at = start->position;
            *ret = full;
            return OK;
        }
    }
    enum code code = journal_resolve(journal, start->position, &recovery->at, err);
    struct segment *segment =
        code == OK ? journal_find(journal, recovery->at / segment_bytes) : NULL;
    if (segment == NULL)
        return err_set(err, ERR_CORRUPT,
                       "the journal does not have what follows %" PRIu64
                       ": segments or the checkpoint are missing",
                       start->position);
    *ret = segment;
    return OK;
}

/* ---- ready to write ---- */

/* What was just read may be whole but only in a volatile cache. */
static enum code make_stable(struct journal *journal, const struct segment *segment,
                             struct err *err)
{
    const struct os *os = journal->os;
    return journal->place.is_sync_skipped ? OK : os->sync(os->context, segment->reader, err);
}

static enum code make_writable(struct journal *journal, struct segment *segment, struct err *err)
{
    TRY(make_stable(journal, segment, err));
    return segment_open_writer(&journal->place, segment, err);
}

/*
 * Segments behind the active one were prepared; before it all are sealed, but for one that was
 * given up while it was prepared.
 */
static enum code sort_out(struct journal *journal, struct err *err)
{
    uint64_t expected = journal->active->head.sequence + 1;
    /* The seal of the one before must be stable before a batch is in the active one. */
    const struct segment *before = journal_find(journal, expected - 2);
    if (before != NULL)
        TRY(make_stable(journal, before, err));
    TRY(make_writable(journal, journal->active, err));
    for (size_t i = 0; i < journal->used_count;) {
        struct segment *segment = journal->used[i];
        uint64_t sequence = segment->head.sequence;
        bool is_before = sequence < journal->active->head.sequence;
        bool is_ready = sequence == expected;
        if (is_before && !segment_is_sealed(segment) && segment->previous_end != 0)
            return err_set(err, ERR_CORRUPT, "segment %" PRIu64 " of the journal is not sealed",
                           sequence);
        if (is_ready) {
            TRY(make_writable(journal, segment, err));
            segment->previous_end = 0;
            journal->ready_count++;
            expected++;
        } else if (segment != journal->active && !segment_is_sealed(segment)) {
            journal_unuse(journal, segment);
            continue;
        }
        i++;
    }
    return OK;
}

static enum code begin_new(struct journal *journal, struct err *err)
{
    struct segment *segment = NULL;
    TRY(spare_take(journal, &segment, err));
    journal->active = segment;
    journal->end = segment_first(segment) + LIMIT_JOURNAL_BLOCK_BYTES;
    journal->last_end = journal->end;
    journal->batch_next = 1;
    atomic_store(&journal->durable_end, journal->end);
    return OK;
}

enum code journal_recover(struct journal *journal, const struct journal_replay *replay,
                          struct err *err)
{
    const struct journal_start *start = &replay->start;
    CLEANUP(recovery_release)
    struct recovery recovery = {.journal = journal, .fn = replay->fn, .context = replay->context};
    struct segment *segment = NULL;
    window_init(&recovery.window, journal->os);
    TRY(load_segments(journal, err));
    if (journal->used_count == 0 && start->position == 0)
        return begin_new(journal, err);
    TRY(find_start(&recovery, start, &segment, err));
    assert(segment != NULL);
    journal->last_end = start->position == 0 ? recovery.at : start->position;
    TRY(recover_batches(&recovery, segment, err));
    TRY(sort_out(journal, err));
    journal->end = recovery.at;
    journal->batch_next = recovery.batch_next;
    journal->chain = recovery.chain;
    atomic_store(&journal->durable_end, journal->last_end);
    return OK;
}
