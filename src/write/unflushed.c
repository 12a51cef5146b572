#include "write/unflushed.h"

#include "core/mem.h"

#include <string.h>

enum { PART_BYTES = 32 };

void unflushed_init(struct unflushed *unflushed, size_t parts_max)
{
    assert(parts_max >= 2);
    *unflushed = (struct unflushed){.parts_max = parts_max};
}

void unflushed_release(struct unflushed *unflushed)
{
    mem_free(unflushed->parts);
    *unflushed = (struct unflushed){0};
}

/* Neighbours two by two. */
static void merge(struct unflushed *unflushed)
{
    size_t to = 0;

    for (size_t i = unflushed->first; i < unflushed->count; i += 2) {
        struct unflushed_part part = unflushed->parts[i];
        if (i + 1 < unflushed->count) {
            part.end = unflushed->parts[i + 1].end;
            part.rows += unflushed->parts[i + 1].rows;
        }
        unflushed->parts[to++] = part;
    }
    unflushed->first = 0;
    unflushed->count = to;
}

static void make_room(struct unflushed *unflushed)
{
    size_t used = unflushed->count - unflushed->first;

    if (used >= unflushed->parts_max) {
        merge(unflushed);
    } else if (unflushed->first > unflushed->capacity / 2) {
        memmove(unflushed->parts, unflushed->parts + unflushed->first,
                used * sizeof(struct unflushed_part));
        unflushed->first = 0;
        unflushed->count = used;
    } else {
        unflushed->capacity = size_max(64, unflushed->capacity * 2);
        unflushed->parts =
            mem_resize(unflushed->parts, unflushed->capacity * sizeof(struct unflushed_part));
    }
}

static void add_part(struct unflushed *unflushed, struct unflushed_part part)
{
    if (unflushed->count == unflushed->capacity ||
        unflushed->count - unflushed->first >= unflushed->parts_max)
        make_room(unflushed);
    if (unflushed->count == unflushed->capacity)
        make_room(unflushed);
    unflushed->parts[unflushed->count++] = part;
    unflushed->rows += part.rows;
}

/* Entries of a batch stand one behind the other; between two batches there is a head. */
void unflushed_add(struct unflushed *unflushed, uint64_t position, uint64_t bytes,
                   int64_t arrival_us)
{
    if (unflushed->count > unflushed->first) {
        struct unflushed_part *last = &unflushed->parts[unflushed->count - 1];
        assert(position >= last->end);
        if (last->end == position) {
            last->end = position + bytes;
            last->rows++;
            unflushed->rows++;
            return;
        }
    }
    add_part(unflushed, (struct unflushed_part){position, position + bytes, 1, arrival_us});
}

void unflushed_drop(struct unflushed *unflushed, uint64_t flushed_to)
{
    while (unflushed->first < unflushed->count &&
           unflushed->parts[unflushed->first].end <= flushed_to)
        unflushed->rows -= unflushed->parts[unflushed->first++].rows;
    if (unflushed->first == unflushed->count)
        unflushed->first = unflushed->count = 0;
}

int64_t unflushed_oldest_us(const struct unflushed *unflushed)
{
    return unflushed->first == unflushed->count ? 0 : unflushed->parts[unflushed->first].oldest_us;
}

void unflushed_encode(const struct unflushed *unflushed, struct buf *out)
{
    for (size_t i = unflushed->first; i < unflushed->count; i++) {
        const struct unflushed_part *part = &unflushed->parts[i];
        buf_add_u64(out, part->first);
        buf_add_u64(out, part->end);
        buf_add_u64(out, part->rows);
        buf_add_u64(out, (uint64_t)part->oldest_us);
    }
}

enum code unflushed_decode(struct unflushed *unflushed, struct str text, struct err *err)
{
    struct bytes bytes = bytes_from(text);
    uint64_t end = 0;

    if (text.len % PART_BYTES != 0)
        return err_set(err, ERR_CORRUPT, "parts of unflushed rows have %d bytes each, not %zu",
                       PART_BYTES, text.len);
    while (bytes_left(&bytes) > 0) {
        struct unflushed_part part;
        part.first = bytes_u64(&bytes);
        part.end = bytes_u64(&bytes);
        part.rows = bytes_u64(&bytes);
        part.oldest_us = (int64_t)bytes_u64(&bytes);
        if (part.first < end || part.end <= part.first || part.rows > part.end - part.first)
            return err_set(err, ERR_CORRUPT, "parts of unflushed rows are not in order");
        add_part(unflushed, part);
        end = part.end;
    }
    return OK;
}
