/*
 * The table of segments, pins, and giving segments back. The table is sorted by sequence number;
 * numbers that were recycled are holes.
 */
#include "core/mem.h"
#include "journal/journal_priv.h"

#include <inttypes.h>

/* The first one in the table that is not below `sequence`. */
static size_t lower_bound(const struct journal *journal, uint64_t sequence)
{
    size_t low = 0;
    size_t high = journal->used_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (journal->used[middle]->head.sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct segment *journal_find(const struct journal *journal, uint64_t sequence)
{
    size_t at = lower_bound(journal, sequence);
    bool is_there = at < journal->used_count && journal->used[at]->head.sequence == sequence;
    return is_there ? journal->used[at] : NULL;
}

static void list_grow(struct segment ***list, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return;
    *capacity = size_max(16, *capacity * 2);
    *list = mem_resize(*list, *capacity * sizeof(**list));
}

void journal_use(struct journal *journal, struct segment *segment)
{
    size_t at = lower_bound(journal, segment->head.sequence);
    list_grow(&journal->used, journal->used_count, &journal->used_capacity);
    memmove(&journal->used[at + 1], &journal->used[at],
            (journal->used_count - at) * sizeof(*journal->used));
    journal->used[at] = segment;
    journal->used_count++;
}

void journal_set_aside(struct journal *journal, struct segment *segment)
{
    assert(segment->writer == NULL);
    list_grow(&journal->unused, journal->unused_count, &journal->unused_capacity);
    journal->unused[journal->unused_count] = segment;
    journal->unused_count++;
}

void journal_unuse(struct journal *journal, struct segment *segment)
{
    size_t at = lower_bound(journal, segment->head.sequence);
    assert(at < journal->used_count && journal->used[at] == segment);
    journal->used_count--;
    memmove(&journal->used[at], &journal->used[at + 1],
            (journal->used_count - at) * sizeof(*journal->used));
    journal_set_aside(journal, segment);
}

/* A position in a segment that was recycled: fine where that segment's data ended there. */
static enum code resolve_gone(const struct journal *journal, uint64_t position, uint64_t *ret,
                              struct err *err)
{
    uint64_t sequence = position / journal->place.segment_bytes;
    const struct segment *next = journal_find(journal, sequence + 1);
    if (next == NULL || next->previous_end != position)
        return err_set(err, ERR_NOT_FOUND,
                       "the journal at %" PRIu64 " was recycled or never written", position);
    *ret = segment_first(next) + LIMIT_JOURNAL_BLOCK_BYTES;
    return OK;
}

enum code journal_resolve(const struct journal *journal, uint64_t position, uint64_t *ret,
                          struct err *err)
{
    uint64_t segment_bytes = journal->place.segment_bytes;
    if (position % LIMIT_JOURNAL_BLOCK_BYTES != 0)
        return err_set(err, ERR_CORRUPT, "the journal has no batch boundary at %" PRIu64, position);
    if (position == 0) {
        if (journal->used_count == 0 || journal->used[0]->head.sequence != 1)
            return err_set(err, ERR_NOT_FOUND, "the beginning of the journal was recycled");
        *ret = segment_bytes + LIMIT_JOURNAL_BLOCK_BYTES;
        return OK;
    }
    const struct segment *segment = journal_find(journal, position / segment_bytes);
    /* The end of a segment that is full, or the start of one: there the head is passed over. */
    if (position % segment_bytes == 0) {
        const struct segment *before = journal_find(journal, position / segment_bytes - 1);
        if (segment == NULL && before == NULL)
            return err_set(err, ERR_NOT_FOUND,
                           "the journal at %" PRIu64 " was recycled or never written", position);
        *ret = position + LIMIT_JOURNAL_BLOCK_BYTES;
        return OK;
    }
    if (segment == NULL)
        return resolve_gone(journal, position, ret, err);
    if (segment_is_sealed(segment) && position > segment->head.data_end)
        return err_set(err, ERR_CORRUPT, "the journal has no batch boundary at %" PRIu64, position);
    bool is_at_end = segment_is_sealed(segment) && position == segment->head.data_end;
    *ret = is_at_end ? segment_limit(segment) + LIMIT_JOURNAL_BLOCK_BYTES : position;
    return OK;
}

/* ---- pins ---- */

enum code journal_pin(struct journal *journal, uint64_t position, struct journal_pin *ret,
                      struct err *err)
{
    WITH_JOURNAL(journal);
    uint64_t first = 0;
    TRY(journal_resolve(journal, position, &first, err));
    for (unsigned slot = 0; slot < JOURNAL_PINS_MAX; slot++) {
        if (journal->pins[slot] != 0)
            continue;
        journal->pins[slot] = position + 1;
        ret->slot = slot;
        return OK;
    }
    return err_set(err, ERR_LIMIT, "the journal is pinned %d times already", JOURNAL_PINS_MAX);
}

void journal_unpin(struct journal *journal, struct journal_pin pin)
{
    WITH_JOURNAL(journal);
    assert(pin.slot < JOURNAL_PINS_MAX && journal->pins[pin.slot] != 0);
    journal->pins[pin.slot] = 0;
}

static bool is_pinned(const struct journal *journal, uint64_t data_end)
{
    for (unsigned slot = 0; slot < JOURNAL_PINS_MAX; slot++)
        if (journal->pins[slot] != 0 && journal->pins[slot] - 1 < data_end)
            return true;
    return false;
}

/* ---- giving back ---- */

size_t journal_segments(struct journal *journal, struct journal_segment_info *segments,
                        size_t count)
{
    WITH_JOURNAL(journal);
    size_t found = 0;
    for (size_t i = 0; i < journal->used_count; i++) {
        const struct segment *segment = journal->used[i];
        if (segment->head.sequence > journal->active->head.sequence)
            break;
        struct journal_segment_info info = {.sequence = segment->head.sequence,
                                            .first = segment_first(segment),
                                            .end = segment->head.data_end};
        if (!segment_is_sealed(segment))
            info.end = segment->previous_end == 0 ? info.first : journal->end;
        if (found < count)
            segments[found] = info;
        found++;
    }
    return found;
}

static enum code recycle(struct journal *journal, uint64_t sequence, struct err *err)
{
    WITH_JOURNAL(journal);
    struct segment *segment = journal_find(journal, sequence);
    if (segment == NULL)
        return err_set(err, ERR_NOT_FOUND, "the journal has no segment %" PRIu64, sequence);
    if (!segment_is_sealed(segment) || segment->head.data_end >= journal_durable_end(journal))
        return err_set(err, ERR_BUSY, "segment %" PRIu64 " is the last of the journal", sequence);
    if (is_pinned(journal, segment->head.data_end) || segment->readers > 0)
        return err_set(err, ERR_BUSY, "segment %" PRIu64 " is being read", sequence);
    journal_unuse(journal, segment);
    return OK;
}

enum code journal_recycle(struct journal *journal, uint64_t sequence, struct err *err)
{
    TRY(recycle(journal, sequence, err));
    spare_tend(journal);
    return OK;
}
