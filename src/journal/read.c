/*
 * Reading below the durable end, from any thread, through descriptors of their own.
 */
#include "journal/journal_priv.h"

#include <inttypes.h>

/* ---- one entry ---- */

static struct segment *hold(struct journal *journal, uint64_t sequence)
{
    WITH_JOURNAL(journal);
    struct segment *segment = journal_find(journal, sequence);
    if (segment != NULL)
        segment->readers++;
    return segment;
}

static void let_go(struct journal *journal, struct segment *segment)
{
    WITH_JOURNAL(journal);
    assert(segment->readers > 0);
    segment->readers--;
}

enum code journal_read(struct journal *journal, uint64_t position, uint32_t bytes,
                       struct arena *arena, struct entry *ret, struct err *err)
{
    const struct os *os = journal->os;
    uint64_t segment_bytes = journal->place.segment_bytes;
    uint64_t offset = position % segment_bytes;
    if (bytes == 0 || bytes > LIMIT_JOURNAL_ENTRY_BYTES || bytes > segment_bytes - offset)
        return err_set(err, ERR_CORRUPT, "no journal entry of %" PRIu32 " bytes can be at %" PRIu64,
                       bytes, position);
    struct segment *segment = hold(journal, position / segment_bytes);
    if (segment == NULL)
        return err_set(err, ERR_NOT_FOUND, "the journal at %" PRIu64 " was recycled", position);
    char *memory = arena_alloc_raw(arena, bytes, 1);
    enum code code = os->read(os->context, segment->reader, memory, bytes, offset, err);
    let_go(journal, segment);
    TRY(code);
    struct entry entry;
    size_t entry_len = 0;
    code = entry_decode((struct str){memory, bytes}, &entry, &entry_len, err);
    if (code != OK)
        return err_prefix(err, code, "at %" PRIu64, position);
    if (entry_len != bytes)
        return err_set(err, ERR_CORRUPT,
                       "journal entry at %" PRIu64 ": %zu bytes long, expected %" PRIu32, position,
                       entry_len, bytes);
    *ret = entry;
    return OK;
}

/* ---- ranges ---- */

struct pinned {
    struct journal *journal; /* NULL: none */
    struct journal_pin pin;
};

static void unpin(struct pinned *pinned)
{
    if (pinned->journal != NULL)
        journal_unpin(pinned->journal, pinned->pin);
}

static enum code pin(struct pinned *pinned, struct journal *journal, uint64_t position,
                     uint64_t *ret_first, struct err *err)
{
    TRY(journal_pin(journal, position, &pinned->pin, err));
    pinned->journal = journal;
    WITH_JOURNAL(journal);
    return journal_resolve(journal, position, ret_first, err);
}

/* What a pinned reader needs of a segment; a copy, as the writer may seal it meanwhile. */
struct view {
    struct segment_head head;
    struct os_file *reader;
};

static enum code view_of(struct journal *journal, uint64_t position, struct view *ret,
                         struct err *err)
{
    WITH_JOURNAL(journal);
    const struct segment *segment = journal_find(journal, position / journal->place.segment_bytes);
    if (segment == NULL)
        return err_set(err, ERR_NOT_FOUND, "the journal at %" PRIu64 " was recycled", position);
    *ret = (struct view){segment->head, segment->reader};
    return OK;
}

static uint64_t view_end(const struct view *view, uint64_t to)
{
    return view->head.data_end != 0 && view->head.data_end < to ? view->head.data_end : to;
}

struct scan {
    struct window window;
    uint64_t at;
    uint64_t batch_next; /* 0: not known yet */
    uint64_t chain;
    journal_entry_fn *fn;
    void *context;
};

static void scan_release(struct scan *scan)
{
    window_release(&scan->window);
}

static enum code check_order(const struct scan *scan, uint64_t number, uint64_t chain,
                             struct err *err)
{
    if (scan->batch_next == 0 || (number == scan->batch_next && chain == scan->chain))
        return OK;
    return err_set(err, ERR_CORRUPT, "the journal at %" PRIu64 " does not follow what is before it",
                   scan->at);
}

static enum code scan_segment(struct scan *scan, const struct view *view, uint64_t to,
                              struct err *err)
{
    uint64_t first = view->head.sequence * view->head.segment_bytes;
    uint64_t end = view_end(view, to);
    window_file(&scan->window, view->reader, end - first);
    while (scan->at < end) {
        struct batch batch;
        TRY(batch_read(&scan->window, &view->head, scan->at, &batch, err));
        TRY(check_order(scan, batch.head.number, batch.head.chain, err));
        TRY(batch_entries(&batch, scan->fn, scan->context, err));
        scan->at += batch_space(batch.head.bytes);
        scan->batch_next = batch.head.number + 1;
        scan->chain = batch.head.checksum;
    }
    if (scan->at != view->head.data_end)
        return OK;
    TRY(check_order(scan, view->head.batch_next, view->head.chain, err));
    scan->at = first + view->head.segment_bytes + LIMIT_JOURNAL_BLOCK_BYTES;
    return OK;
}

enum code journal_scan(struct journal *journal, uint64_t from, uint64_t to, journal_entry_fn *fn,
                       void *context, struct err *err)
{
    CLEANUP(unpin) struct pinned pinned = {0};
    CLEANUP(scan_release) struct scan scan = {.fn = fn, .context = context};
    if (from >= to)
        return OK;
    if (to > journal_durable_end(journal) || to % LIMIT_JOURNAL_BLOCK_BYTES != 0)
        return err_set(err, ERR_INVALID, "the journal has no batch boundary at %" PRIu64, to);
    window_init(&scan.window, journal->os);
    TRY(pin(&pinned, journal, from, &scan.at, err));
    while (scan.at < to) {
        struct view view;
        TRY(view_of(journal, scan.at, &view, err));
        TRY(scan_segment(&scan, &view, to, err));
    }
    return OK;
}

/* ---- cutting ---- */

static enum code batch_end(struct journal *journal, const struct view *view, uint64_t position,
                           uint64_t *ret, struct err *err)
{
    unsigned char bytes[BATCH_HEAD_BYTES];
    struct batch_head head;
    TRY(journal->os->read(journal->os->context, view->reader, bytes, sizeof(bytes),
                          position % view->head.segment_bytes, err));
    if (!batch_head_decode(bytes, &view->head, position, &head))
        return err_set(err, ERR_CORRUPT, "no batch of the journal at %" PRIu64, position);
    *ret = position + batch_space(head.bytes);
    return OK;
}

struct cut {
    uint64_t limit;    /* no boundary past it, but for the first batch */
    uint64_t end;      /* of what is durable */
    uint64_t at;       /* a batch stands here */
    uint64_t boundary; /* the best so far; 0: none */
};

/* As far as the segment goes; *ret_is_done when the boundary is found. */
static enum code cut_segment(struct journal *journal, const struct view *view, struct cut *cut,
                             bool *ret_is_done, struct err *err)
{
    uint64_t last = view_end(view, cut->end);
    /* Whole segments need not be walked. */
    if (last <= cut->limit)
        cut->at = cut->boundary = last;
    while (cut->at < last) {
        uint64_t next = 0;
        TRY(batch_end(journal, view, cut->at, &next, err));
        if (next > cut->limit && cut->boundary != 0) {
            *ret_is_done = true;
            return OK;
        }
        cut->at = cut->boundary = next;
    }
    if (cut->at == view->head.data_end)
        cut->at = (view->head.sequence + 1) * view->head.segment_bytes + LIMIT_JOURNAL_BLOCK_BYTES;
    *ret_is_done = cut->at >= cut->end || cut->boundary >= cut->limit;
    return OK;
}

enum code journal_cut(struct journal *journal, uint64_t from, uint64_t bytes_max, uint64_t *ret_to,
                      struct err *err)
{
    CLEANUP(unpin) struct pinned pinned = {0};
    struct cut cut = {.limit = from + bytes_max, .end = journal_durable_end(journal)};
    bool is_done = false;
    if (from >= cut.end || cut.end - from <= bytes_max) {
        *ret_to = from >= cut.end ? from : cut.end;
        return OK;
    }
    TRY(pin(&pinned, journal, from, &cut.at, err));
    while (!is_done) {
        struct view view;
        TRY(view_of(journal, cut.at, &view, err));
        TRY(cut_segment(journal, &view, &cut, &is_done, err));
    }
    *ret_to = cut.boundary;
    return OK;
}
