#include "core/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory, size_t bytes)
{
    if (memory == NULL) {
        (void)fprintf(stderr, "asof: out of memory (asked for %zu bytes)\n", bytes);
        abort();
    }
    return memory;
}

void *mem_new_array(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return must(NULL, SIZE_MAX);
    return must(calloc(bytes == 0 ? 1 : bytes, 1), bytes);
}

void *mem_resize(void *memory, size_t bytes)
{
    return must(realloc(memory, bytes == 0 ? 1 : bytes), bytes);
}

void *mem_new_aligned(size_t alignment, size_t bytes)
{
    void *memory = NULL;

    assert((alignment & (alignment - 1)) == 0);
    if (posix_memalign(&memory, alignment, bytes == 0 ? alignment : bytes) != 0)
        return must(NULL, bytes);
    memset(memory, 0, bytes);
    return memory;
}

void mem_free(void *memory)
{
    free(memory);
}
