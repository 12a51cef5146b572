#pragma once
/*
 * Memory of one lifetime: a request, a flush, a query, a catalog version. Nothing in it is freed
 * alone; what is not handed out is poisoned for AddressSanitizer. One thread at a time.
 */
#include "core/base.h"
#include "core/str.h"

#include <stdalign.h>

struct arena_block;

struct arena {
    struct arena_block *head;
    char *cursor;
    char *limit;
    size_t bytes_total; /* of all blocks, for accounting */
};

struct arena_mark {
    struct arena_block *head;
    char *cursor;
};

/* An all-zero struct arena is empty and ready. */
void arena_init(struct arena *arena);

/* Frees every block; the arena is empty and ready again. */
void arena_release(struct arena *arena);

/* Keeps the newest block for reuse when it is of ordinary size, frees the others. */
void arena_reset(struct arena *arena);

/* Zero-filled, never NULL. `alignment` is a power of two, at most 64. */
void *arena_alloc(struct arena *arena, size_t bytes, size_t alignment);

/* As arena_alloc, without clearing. */
void *arena_alloc_raw(struct arena *arena, size_t bytes, size_t alignment);

/* size * count; aborts on overflow. */
size_t arena_array_size(size_t size, size_t count);

#define ARENA_NEW(arena, type, count)                                                              \
    ((type *)arena_alloc((arena), arena_array_size(sizeof(type), (count)), alignof(type)))

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* A copy in the arena (with a NUL behind it, not counted); absent stays absent. */
struct str arena_str(struct arena *arena, struct str text);

/* Formatted text in the arena. */
PRINTF_LIKE(2, 3) struct str arena_format(struct arena *arena, const char *format, ...);

/* A NUL-terminated copy, for the libc edge. */
const char *arena_cstr(struct arena *arena, struct str text);
