#include "write/overlay.h"

#include "core/mem.h"

enum { OVERLAY_MIN = 256 };

void overlay_init(struct overlay *overlay)
{
    *overlay = (struct overlay){.mask = OVERLAY_MIN - 1, .turn = 1};
    overlay->items = MEM_NEW_ARRAY(struct overlay_item, OVERLAY_MIN);
}

void overlay_release(struct overlay *overlay)
{
    mem_free(overlay->items);
    *overlay = (struct overlay){0};
}

/* Items of earlier turns count as empty; only when turns run out are they cleared for good. */
void overlay_clear(struct overlay *overlay)
{
    overlay->count = 0;
    if (overlay->turn == UINT32_MAX) {
        memset(overlay->items, 0, (overlay->mask + 1) * sizeof(*overlay->items));
        overlay->turn = 0;
    }
    overlay->turn++;
}

static struct overlay_item *probe(const struct overlay *overlay, uint32_t group_id,
                                  struct hash128 key)
{
    for (size_t i = (size_t)key.low & overlay->mask;; i = (i + 1) & overlay->mask) {
        struct overlay_item *item = &overlay->items[i];
        if (item->turn != overlay->turn)
            return item;
        if (item->group_id == group_id && item->key.high == key.high && item->key.low == key.low)
            return item;
    }
}

const struct overlay_item *overlay_find(const struct overlay *overlay, uint32_t group_id,
                                        struct hash128 key)
{
    const struct overlay_item *item = probe(overlay, group_id, key);

    return item->turn == overlay->turn ? item : NULL;
}

static void grow(struct overlay *overlay)
{
    struct overlay old = *overlay;

    overlay->mask = old.mask * 2 + 1;
    overlay->items = MEM_NEW_ARRAY(struct overlay_item, overlay->mask + 1);
    for (size_t i = 0; i <= old.mask; i++) {
        const struct overlay_item *item = &old.items[i];
        if (item->turn == old.turn)
            *probe(overlay, item->group_id, item->key) = *item;
    }
    mem_free(old.items);
}

void overlay_set(struct overlay *overlay, uint32_t group_id, struct hash128 key,
                 const struct online_head *head, struct str record)
{
    if (overlay->count * 2 > overlay->mask)
        grow(overlay);
    struct overlay_item *item = probe(overlay, group_id, key);
    if (item->turn != overlay->turn)
        overlay->count++;
    *item = (struct overlay_item){group_id, overlay->turn, key, *head, record};
}
