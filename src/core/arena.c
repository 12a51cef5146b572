#include "core/arena.h"

#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(from, bytes) ASAN_POISON_MEMORY_REGION((from), (bytes))
#define UNPOISON(from, bytes) ASAN_UNPOISON_MEMORY_REGION((from), (bytes))
#else
#define POISON(from, bytes) ((void)(from), (void)(bytes))
#define UNPOISON(from, bytes) ((void)(from), (void)(bytes))
#endif

enum { BLOCK_BYTES = 16 * 1024, ALIGNMENT_MAX = 64 };

struct arena_block {
    struct arena_block *next;
    size_t bytes; /* with this head */
    alignas(ALIGNMENT_MAX) char data[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

static void block_free(struct arena *arena, struct arena_block *block)
{
    UNPOISON(block, block->bytes);
    arena->bytes_total -= block->bytes;
    mem_free(block);
}

void arena_release(struct arena *arena)
{
    while (arena->head != NULL) {
        struct arena_block *next = arena->head->next;
        block_free(arena, arena->head);
        arena->head = next;
    }
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena)
{
    struct arena_block *keep = arena->head;

    if (keep == NULL)
        return;
    if (keep->bytes > 4 * (size_t)BLOCK_BYTES) {
        arena_release(arena);
        return;
    }
    while (keep->next != NULL) {
        struct arena_block *next = keep->next->next;
        block_free(arena, keep->next);
        keep->next = next;
    }
    arena->cursor = keep->data;
    POISON(arena->cursor, (size_t)(arena->limit - arena->cursor));
}

static void block_add(struct arena *arena, size_t need)
{
    size_t bytes = size_max(BLOCK_BYTES, sizeof(struct arena_block) + need);
    struct arena_block *block = mem_new_aligned(ALIGNMENT_MAX, bytes);

    block->next = arena->head;
    block->bytes = bytes;
    arena->head = block;
    arena->cursor = block->data;
    arena->limit = (char *)block + bytes;
    arena->bytes_total += bytes;
    POISON(arena->cursor, (size_t)(arena->limit - arena->cursor));
}

void *arena_alloc_raw(struct arena *arena, size_t bytes, size_t alignment)
{
    assert(alignment != 0 && alignment <= ALIGNMENT_MAX && (alignment & (alignment - 1)) == 0);
    size_t pad = (size_t)(-(uintptr_t)arena->cursor & (alignment - 1));
    if (arena->head == NULL || pad + bytes > (size_t)(arena->limit - arena->cursor)) {
        if (bytes > SIZE_MAX / 2)
            abort();
        block_add(arena, bytes);
        pad = 0;
    }
    char *memory = arena->cursor + pad;
    UNPOISON(memory, bytes);
    arena->cursor = memory + bytes;
    assert(arena->cursor <= arena->limit);
    return memory;
}

void *arena_alloc(struct arena *arena, size_t bytes, size_t alignment)
{
    void *memory = arena_alloc_raw(arena, bytes, alignment);

    return memset(memory, 0, bytes);
}

size_t arena_array_size(size_t size, size_t count)
{
    size_t bytes;

    if (__builtin_mul_overflow(size, count, &bytes))
        abort();
    return bytes;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->head, arena->cursor};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->head != mark.head) {
        struct arena_block *next = arena->head->next;
        block_free(arena, arena->head);
        arena->head = next;
    }
    arena->cursor = mark.cursor;
    arena->limit = arena->head == NULL ? NULL : (char *)arena->head + arena->head->bytes;
    if (arena->head != NULL)
        POISON(arena->cursor, (size_t)(arena->limit - arena->cursor));
}

struct str arena_str(struct arena *arena, struct str text)
{
    return str_is_absent(text) ? text : (struct str){arena_cstr(arena, text), text.len};
}

const char *arena_cstr(struct arena *arena, struct str text)
{
    char *copy = arena_alloc_raw(arena, text.len + 1, 1);

    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

struct str arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *text = arena_alloc_raw(arena, (size_t)len + 1, 1);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return (struct str){text, (size_t)len};
}
