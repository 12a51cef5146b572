/*
 * Segments ahead of need, so that the writer does not wait for a file of zeros to be written: a
 * helper thread makes new files or takes recycled ones, and gives each its sequence number. What is
 * unused beyond the wanted number is removed. A failure here loses nothing: the writer refuses new
 * entries as busy, and after a pause the next one that needs room causes another attempt.
 */
#include "journal/journal_priv.h"

static uint64_t sequence_next(const struct journal *journal)
{
    if (journal->used_count == 0)
        return 1;
    return journal->used[journal->used_count - 1]->head.sequence + 1;
}

/* Takes an unused segment or, NULL, a free place for a new one. Under the mutex. */
static struct segment *unused_pop(struct journal *journal)
{
    if (journal->unused_count == 0)
        return NULL;
    journal->unused_count--;
    return journal->unused[journal->unused_count];
}

static enum code make_one(struct journal *journal, struct segment *segment, unsigned slot,
                          uint64_t sequence, struct segment **ret, struct err *err)
{
    const struct journal_place *place = &journal->place;
    if (segment == NULL)
        TRY(segment_make(place, slot, &segment, err));
    enum code code = segment_begin(place, segment, sequence, err);
    if (code != OK) {
        /* Its head may or may not be there; recovery tells it by its having no batch. */
        (void)!segment_remove(place, segment, NULL);
        return code;
    }
    *ret = segment;
    return OK;
}

/* One attempt, without the mutex; one thread at a time. The outcome is told under it. */
static enum code prepare(struct journal *journal, struct err *err)
{
    struct segment *segment = NULL;
    uint64_t sequence = 0;
    unsigned slot = 0;
    bool is_full = false;
    {
        WITH_JOURNAL(journal);
        is_full = journal->used_count >= JOURNAL_SEGMENTS_MAX;
        sequence = sequence_next(journal);
        segment = is_full ? NULL : unused_pop(journal);
        slot = journal->slot_next;
        journal->slot_next += segment == NULL && !is_full;
    }
    struct err failure = {0};
    enum code code =
        is_full ? err_set(&failure, ERR_BUSY, "the journal has %d segments", JOURNAL_SEGMENTS_MAX)
                : make_one(journal, segment, slot, sequence, &segment, &failure);
    int64_t now_us = journal->os->monotonic_us(journal->os->context);

    WITH_JOURNAL(journal);
    journal->is_spare_failed = code != OK;
    if (code == OK) {
        journal_use(journal, segment);
        journal->ready_count++;
    } else {
        journal->spare_failed_us = now_us;
        journal->spare_failure = failure;
        if (err != NULL)
            *err = failure;
    }
    pthread_cond_broadcast(&journal->changed);
    return code;
}

/* Under the mutex. */
static bool is_pausing(const struct journal *journal)
{
    return journal->is_spare_failed &&
           journal->os->monotonic_us(journal->os->context) - journal->spare_failed_us <
               JOURNAL_SPARE_PAUSE_US;
}

static enum code refuse_busy(const struct journal *journal, struct err *err)
{
    return err_set(err, ERR_BUSY, "the journal has no room: %s", journal->spare_failure.message);
}

static enum code trim_one(struct journal *journal, bool *ret_is_done)
{
    struct segment *segment = NULL;
    {
        WITH_JOURNAL(journal);
        if (journal->unused_count > journal->options.segments_spare)
            segment = unused_pop(journal);
    }
    *ret_is_done = segment == NULL;
    return segment == NULL ? OK : segment_remove(&journal->place, segment, NULL);
}

/* ---- with a helper thread ---- */

/* What the helper is to do next; waits for something. Under the mutex. */
enum chore { CHORE_STOP, CHORE_PREPARE, CHORE_TRIM };

static enum chore chore_wait(struct journal *journal)
{
    WITH_JOURNAL(journal);
    for (;;) {
        if (journal->is_stopping)
            return CHORE_STOP;
        if (journal->ready_count < journal->options.segments_spare && !journal->is_spare_failed)
            return CHORE_PREPARE;
        if (journal->unused_count > journal->options.segments_spare)
            return CHORE_TRIM;
        pthread_cond_wait(&journal->changed, &journal->mutex);
    }
}

static void help(void *context)
{
    struct journal *journal = context;
    for (;;) {
        enum chore chore = chore_wait(journal);
        bool is_done = false;
        if (chore == CHORE_STOP)
            return;
        /* A failure is told to the writer through the journal; a file that stays is harmless. */
        if (chore == CHORE_PREPARE)
            (void)!prepare(journal, NULL);
        else
            (void)!trim_one(journal, &is_done);
    }
}

enum code spare_start(struct journal *journal, struct err *err)
{
    if (journal->options.is_threaded)
        return os_thread_start("journal", help, journal, &journal->helper, err);
    spare_tend(journal);
    return OK;
}

void spare_stop(struct journal *journal)
{
    if (journal->helper == NULL)
        return;
    {
        WITH_JOURNAL(journal);
        journal->is_stopping = true;
        pthread_cond_broadcast(&journal->changed);
    }
    os_thread_join(journal->helper);
    journal->helper = NULL;
}

/* ---- the writer's side ---- */

void spare_tend(struct journal *journal)
{
    bool is_done = false;
    if (journal->helper != NULL) {
        WITH_JOURNAL(journal);
        journal->is_spare_failed = is_pausing(journal);
        pthread_cond_broadcast(&journal->changed);
        return;
    }
    while (journal->ready_count < journal->options.segments_spare)
        if (prepare(journal, NULL) != OK)
            break;
    while (!is_done)
        if (trim_one(journal, &is_done) != OK)
            break;
}

static struct segment *ready_take(struct journal *journal)
{
    uint64_t sequence = journal->active == NULL ? 1 : journal->active->head.sequence + 1;
    struct segment *segment = journal_find(journal, sequence);
    if (segment != NULL) {
        assert(journal->ready_count > 0 && segment->writer != NULL);
        journal->ready_count--;
    }
    return segment;
}

static enum code take_or_make(struct journal *journal, struct segment **ret, struct err *err)
{
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        {
            WITH_JOURNAL(journal);
            struct segment *segment = ready_take(journal);
            if (segment != NULL) {
                *ret = segment;
                return OK;
            }
            if (is_pausing(journal))
                return refuse_busy(journal, err);
        }
        /* The outcome is seen in the next round. */
        (void)!prepare(journal, NULL);
    }
    WITH_JOURNAL(journal);
    return refuse_busy(journal, err);
}

enum code spare_take(struct journal *journal, struct segment **ret, struct err *err)
{
    if (journal->helper == NULL)
        return take_or_make(journal, ret, err);
    WITH_JOURNAL(journal);
    for (;;) {
        struct segment *segment = ready_take(journal);
        if (segment != NULL) {
            *ret = segment;
            return OK;
        }
        if (is_pausing(journal))
            return refuse_busy(journal, err);
        journal->is_spare_failed = false;
        pthread_cond_broadcast(&journal->changed);
        pthread_cond_wait(&journal->changed, &journal->mutex);
    }
}
