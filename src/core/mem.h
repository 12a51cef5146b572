#pragma once
/*
 * Heap memory of process lifetime and of growing buffers. Out of memory aborts with a message, so
 * sizes that come from outside are checked against config/limits.h before they get here. Any
 * thread.
 */
#include "core/base.h"

/* Zero-filled; never NULL; count * size is checked for overflow. Free with mem_free. */
void *mem_new_array(size_t count, size_t size);

/* Grows or makes a block; the new part is not cleared. */
void *mem_resize(void *memory, size_t bytes);

/* Aligned to `alignment` (a power of two), zero-filled; free with mem_free. */
void *mem_new_aligned(size_t alignment, size_t bytes);

/* Accepts NULL. */
void mem_free(void *memory);

#define MEM_NEW(type) ((type *)mem_new_array(1, sizeof(type)))
#define MEM_NEW_ARRAY(type, count) ((type *)mem_new_array((count), sizeof(type)))
