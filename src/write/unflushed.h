#pragma once
/*
 * How many rows wait for the offline store, and since when. Rows of one batch of the journal are
 * counted together, in journal order; a flush covers whole batches, so the count is exact. When
 * there are too many batches, neighbours are counted together, and stay counted until the flush has
 * passed both. The writer's alone.
 */
#include "core/buf.h"
#include "core/bytes.h"

struct unflushed_part {
    uint64_t first; /* position of its first entry */
    uint64_t end;   /* behind its last entry */
    uint64_t rows;
    int64_t oldest_us; /* arrival */
};

struct unflushed {
    struct unflushed_part *parts; /* a queue */
    size_t first;
    size_t count; /* with those before `first` */
    size_t capacity;
    size_t parts_max;
    uint64_t rows;
};

void unflushed_init(struct unflushed *unflushed, size_t parts_max);
void unflushed_release(struct unflushed *unflushed);

/* One row; positions only grow. */
void unflushed_add(struct unflushed *unflushed, uint64_t position, uint64_t bytes,
                   int64_t arrival_us);
/* Everything before the position is flushed. */
void unflushed_drop(struct unflushed *unflushed, uint64_t flushed_to);
/* Arrival of the oldest; 0 when there is none. */
int64_t unflushed_oldest_us(const struct unflushed *unflushed);

void unflushed_encode(const struct unflushed *unflushed, struct buf *out);
NODISCARD enum code unflushed_decode(struct unflushed *unflushed, struct str bytes,
                                     struct err *err);
