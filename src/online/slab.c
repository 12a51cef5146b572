/*
 * Nodes come from chunks and go back to a list of free ones: no header a node, and no work for the
 * allocator when a record is replaced. Chunks live as long as the index.
 */
#include "online/online_priv.h"

#include "core/mem.h"

enum { SLAB_CHUNK_NODES = 1170 }; /* a little under 64 KiB */

struct slab_chunk {
    struct slab_chunk *next;
    struct node nodes[SLAB_CHUNK_NODES];
};

/* In the memory of a node that is not taken. */
struct slab_free {
    struct slab_free *next;
};

struct node *slab_take(struct slab *slab)
{
    if (slab->free != NULL) {
        struct slab_free *taken = slab->free;
        slab->free = taken->next;
        return (void *)taken;
    }
    if (slab->cursor == slab->limit) {
        struct slab_chunk *chunk = MEM_NEW(struct slab_chunk);
        chunk->next = slab->chunks;
        slab->chunks = chunk;
        slab->cursor = (char *)chunk->nodes;
        slab->limit = (char *)(chunk->nodes + SLAB_CHUNK_NODES);
    }
    struct node *node = (void *)slab->cursor;
    slab->cursor += sizeof(struct node);
    return node;
}

void slab_give(struct slab *slab, struct node *node)
{
    assert(node != NULL);
    struct slab_free *given = (void *)node;
    given->next = slab->free;
    slab->free = given;
}

void slab_release(struct slab *slab)
{
    while (slab->chunks != NULL) {
        struct slab_chunk *next = slab->chunks->next;
        mem_free(slab->chunks);
        slab->chunks = next;
    }
    *slab = (struct slab){0};
}
