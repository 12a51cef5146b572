/*
 * The writer's side: entries gather in one buffer behind the room for a batch's head, and one
 * durable write of whole blocks puts them behind what is there. A block that holds acknowledged
 * data is never written again.
 *
 * Positions are final when an entry is added. So a turn that does not fit the segment is written in
 * two batches, the first at once; readers see neither before the commit.
 */
#include "core/mem.h"
#include "journal/journal_priv.h"

#include <inttypes.h>
#include <stdio.h>

enum { SEGMENT_BYTES_DEFAULT = 64 * 1024 * 1024, SEGMENTS_SPARE_DEFAULT = 2 };
enum { PENDING_BYTES_FIRST = 256 * 1024 };

static_assert(PENDING_BYTES_FIRST % LIMIT_JOURNAL_BLOCK_BYTES == 0, "whole blocks");

void journal_lock(struct journal *journal)
{
    int status = pthread_mutex_lock(&journal->mutex);
    assert(status == 0);
    (void)status;
}

void journal_unlock(struct journal **journal)
{
    int status = pthread_mutex_unlock(&(*journal)->mutex);
    assert(status == 0);
    (void)status;
}

/* ---- opening and closing ---- */

static enum code options_check(const struct journal_options *options, struct err *err)
{
    if (options->segment_bytes % LIMIT_JOURNAL_BLOCK_BYTES != 0 ||
        options->segment_bytes < 2 * (uint64_t)LIMIT_JOURNAL_BLOCK_BYTES ||
        options->segment_bytes > UINT32_MAX)
        return err_set(err, ERR_INVALID,
                       "journal: segments of %" PRIu64 " bytes, expected whole blocks of %d bytes, "
                       "at least two, below 4 GiB",
                       options->segment_bytes, LIMIT_JOURNAL_BLOCK_BYTES);
    return OK;
}

static struct journal *journal_new(const struct os *os, const char *dir,
                                   const struct journal_options *options)
{
    assert(dir != NULL);
    struct journal *journal = MEM_NEW(struct journal);
    size_t dir_bytes = strlen(dir) + 1;
    journal->os = os;
    journal->options = *options;
    journal->place = (struct journal_place){.os = os,
                                            .dir = mem_new_array(dir_bytes, 1),
                                            .segment_bytes = options->segment_bytes,
                                            .is_sync_skipped = options->is_sync_skipped};
    memcpy(journal->place.dir, dir, dir_bytes);
    int status = pthread_mutex_init(&journal->mutex, NULL);
    assert(status == 0);
    status = pthread_cond_init(&journal->changed, NULL);
    assert(status == 0);
    journal->pending_capacity = PENDING_BYTES_FIRST;
    journal->pending = mem_new_aligned(LIMIT_JOURNAL_BLOCK_BYTES, journal->pending_capacity);
    journal->pending_len = BATCH_HEAD_BYTES;
    return journal;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    spare_stop(journal);
    for (size_t i = 0; i < journal->used_count; i++)
        segment_free(&journal->place, journal->used[i]);
    for (size_t i = 0; i < journal->unused_count; i++)
        segment_free(&journal->place, journal->unused[i]);
    mem_free(journal->used);
    mem_free(journal->unused);
    mem_free(journal->pending);
    mem_free(journal->place.dir);
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->mutex);
    mem_free(journal);
}

/* Also where the folder is there already: who made it may have ended before it was stable. */
static enum code make_folder(const struct os *os, const char *dir, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    TRY(os_make_dirs(os, dir, err));
    struct str path = str_from(dir);
    size_t slash = path.len;
    while (slash > 0 && path.ptr[slash - 1] != '/')
        slash--;
    struct str parent = slash == 0 ? STR(".") : str_slice(path, 0, slash);
    return os->sync_dir(os->context, arena_cstr(&arena, parent), err);
}

static void close_half_open(struct journal **journal)
{
    journal_close(*journal);
}

enum code journal_open(const struct os *os, const char *dir, const struct journal_options *options,
                       const struct journal_replay *replay, struct journal **ret, struct err *err)
{
    struct journal_options filled = *options;
    if (filled.segment_bytes == 0)
        filled.segment_bytes = SEGMENT_BYTES_DEFAULT;
    if (filled.segments_spare == 0)
        filled.segments_spare = SEGMENTS_SPARE_DEFAULT;
    TRY(options_check(&filled, err));
    TRY(make_folder(os, dir, err));
    CLEANUP(close_half_open) struct journal *journal = journal_new(os, dir, &filled);
    TRY(journal_recover(journal, replay, err));
    TRY(spare_start(journal, err));
    *ret = journal;
    journal = NULL;
    return OK;
}

/* ---- writing ---- */

/* The first failure is kept: it is the one that tells what happened. */
static enum code fail(struct journal *journal, enum code code, const struct err *failure,
                      struct err *err)
{
    journal->is_failed = true;
    journal->failure = *failure;
    if (err != NULL)
        *err = *failure;
    return code;
}

static enum code refuse_failed(const struct journal *journal, struct err *err)
{
    if (!journal->is_failed)
        return OK;
    return err_set(err, ERR_IO, "the journal failed earlier: %s", journal->failure.message);
}

static void pending_grow(struct journal *journal, size_t bytes)
{
    size_t capacity = journal->pending_capacity;
    while (capacity < bytes)
        capacity *= 2;
    if (capacity == journal->pending_capacity)
        return;
    unsigned char *larger = mem_new_aligned(LIMIT_JOURNAL_BLOCK_BYTES, capacity);
    memcpy(larger, journal->pending, journal->pending_len);
    mem_free(journal->pending);
    journal->pending = larger;
    journal->pending_capacity = capacity;
}

static void note_first_batch(struct journal *journal, uint64_t previous_end)
{
    WITH_JOURNAL(journal);
    if (journal->active->previous_end == 0)
        journal->active->previous_end = previous_end;
}

static enum code write_pending(struct journal *journal, struct err *err)
{
    struct batch_head head = {
        .chain = journal->chain,
        .number = journal->batch_next,
        .nonce = journal->active->head.nonce,
        .position = journal->end,
        .previous_end = journal->last_end,
        .bytes = (uint32_t)journal->pending_len,
        .entries = journal->pending_entries,
    };
    size_t space = batch_space(journal->pending_len);
    assert(space <= journal->pending_capacity);
    assert(journal->end + space <= segment_limit(journal->active));
    memset(journal->pending + journal->pending_len, 0, space - journal->pending_len);
    batch_seal(&head, journal->pending);

    struct err failure;
    enum code code =
        journal->os->write(journal->os->context, journal->active->writer, journal->pending, space,
                           journal->end - segment_first(journal->active), &failure);
    if (code != OK)
        return fail(journal, code, &failure, err);
    note_first_batch(journal, head.previous_end);
    journal->end += space;
    journal->last_end = journal->end;
    journal->batch_next++;
    journal->chain = head.checksum;
    journal->pending_len = BATCH_HEAD_BYTES;
    journal->pending_entries = 0;
    return OK;
}

/*
 * On to the next segment. The one before is sealed first: whoever finds a batch in a segment knows
 * that the one before it is sealed, so a batch that is missing there was lost.
 */
static enum code roll(struct journal *journal, struct err *err)
{
    assert(journal->pending_entries == 0);
    struct segment *next = NULL;
    struct segment *last = journal->active;
    TRY(spare_take(journal, &next, err));
    struct segment_head head = last->head;
    head.data_end = journal->end;
    head.batch_next = journal->batch_next;
    head.chain = journal->chain;
    struct err failure;
    enum code code = segment_write_head(&journal->place, last, &head, &failure);
    if (code != OK)
        return fail(journal, code, &failure, err);
    segment_close_writer(&journal->place, last);
    {
        WITH_JOURNAL(journal);
        last->head = head;
        journal->active = next;
    }
    journal->end = segment_first(next) + LIMIT_JOURNAL_BLOCK_BYTES;
    spare_tend(journal);
    return OK;
}

static enum code make_room(struct journal *journal, size_t bytes, struct err *err)
{
    uint64_t room = segment_limit(journal->active) - journal->end;
    size_t need = journal->pending_len + bytes;
    if (journal->pending_entries > 0 && (need > room || need > LIMIT_JOURNAL_BATCH_BYTES)) {
        TRY(write_pending(journal, err));
        room = segment_limit(journal->active) - journal->end;
        need = journal->pending_len + bytes;
    }
    if (need > room)
        TRY(roll(journal, err));
    pending_grow(journal, batch_space(need));
    return OK;
}

enum code journal_add(struct journal *journal, const struct entry *entry, uint64_t *ret_position,
                      struct err *err)
{
    TRY(refuse_failed(journal, err));
    size_t bytes = entry_bytes(entry);
    uint64_t room =
        journal->place.segment_bytes - LIMIT_JOURNAL_BLOCK_BYTES - (uint64_t)BATCH_HEAD_BYTES;
    if (bytes > LIMIT_JOURNAL_ENTRY_BYTES || bytes > room)
        return err_set(err, ERR_TOO_LARGE, "a journal entry of %zu bytes is too large", bytes);
    TRY(make_room(journal, bytes, err));
    entry_encode_at(entry, journal->pending + journal->pending_len);
    *ret_position = journal->end + journal->pending_len;
    journal->pending_len += bytes;
    journal->pending_entries++;
    journal->turn_bytes += bytes;
    return OK;
}

size_t journal_pending_bytes(const struct journal *journal)
{
    return journal->turn_bytes;
}

enum code journal_commit(struct journal *journal, struct err *err)
{
    TRY(refuse_failed(journal, err));
    if (journal->pending_entries > 0)
        TRY(write_pending(journal, err));
    journal->turn_bytes = 0;
    /* Release: who reads the end sees the table of segments as it was when it was written. */
    atomic_store_explicit(&journal->durable_end, journal->last_end, memory_order_release);
    return OK;
}

uint64_t journal_durable_end(const struct journal *journal)
{
    return atomic_load_explicit(&journal->durable_end, memory_order_acquire);
}

struct journal_start journal_end_start(const struct journal *journal)
{
    assert(journal->pending_entries == 0);
    return (struct journal_start){journal->last_end, journal->batch_next, journal->chain};
}
