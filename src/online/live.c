/*
 * How much of each segment is current: what a reclaim gains by freeing it. Sequence numbers only
 * grow, so an array from the oldest segment that still holds something is enough.
 */
#include "online/online_priv.h"

#include "core/mem.h"

void live_init(struct live *live, uint64_t segment_bytes)
{
    assert(segment_bytes > 0);
    *live = (struct live){.segment_bytes = segment_bytes};
}

void live_release(struct live *live)
{
    mem_free(live->segments);
    live->segments = NULL;
}

/* Room for sequences from `first` to `last`, keeping what is there. */
static void widen(struct live *live, uint64_t first, uint64_t last)
{
    size_t count = (size_t)(last - first + 1);
    if (count > live->capacity || first != live->first) {
        size_t capacity = size_max(64, count + count / 2);
        struct online_live *segments = MEM_NEW_ARRAY(struct online_live, capacity);
        for (size_t i = 0; i < live->count; i++) {
            if (live->segments[i].records > 0)
                segments[live->first + i - first] = live->segments[i];
        }
        mem_free(live->segments);
        live->segments = segments;
        live->capacity = capacity;
    }
    live->first = first;
    live->count = count;
}

static uint64_t first_in_use(const struct live *live)
{
    size_t i = 0;
    while (i < live->count && live->segments[i].records == 0)
        i++;
    return live->first + i;
}

void live_add(struct live *live, uint64_t position, uint32_t bytes)
{
    uint64_t sequence = position / live->segment_bytes;

    if (live->count == 0)
        widen(live, sequence, sequence);
    else if (sequence < live->first)
        widen(live, sequence, live->first + live->count - 1);
    else if (sequence - live->first >= live->capacity) {
        uint64_t first = first_in_use(live);
        widen(live, first < sequence ? first : sequence, sequence);
    } else if (sequence - live->first >= live->count)
        live->count = (size_t)(sequence - live->first + 1);
    struct online_live *segment = &live->segments[sequence - live->first];
    segment->records++;
    segment->bytes += bytes;
}

void live_remove(struct live *live, uint64_t position, uint32_t bytes)
{
    uint64_t sequence = position / live->segment_bytes;

    assert(sequence >= live->first && sequence - live->first < live->count);
    struct online_live *segment = &live->segments[sequence - live->first];
    assert(segment->records > 0 && segment->bytes >= bytes);
    segment->records--;
    segment->bytes -= bytes;
}

void live_get(const struct live *live, uint64_t sequence, struct online_live *ret)
{
    if (sequence < live->first || sequence - live->first >= live->count)
        *ret = (struct online_live){0};
    else
        *ret = live->segments[sequence - live->first];
}
