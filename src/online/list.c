/*
 * Listing. The cursor is a key: everything before it was given. Keys do not move when a table
 * grows, so a record that is there throughout is given by exactly one page.
 */
#include "online/online_priv.h"

#include "schema/ttl.h"

#include <stdlib.h>

enum { LIST_SLOTS_MAX = 1 << 16 }; /* looked at for one page */

struct place {
    uint64_t high; /* of the node's key */
    const struct node *node;
};

struct found {
    struct place *nodes;
    size_t count;
    size_t capacity;
    struct arena *arena;
    const struct online_list *list;
};

static bool add_node(struct node *node, void *context)
{
    struct found *found = context;
    struct online_head head;

    online_head_from(node, &head);
    if (head.is_tombstone ? !found->list->is_deleted_included
                          : ttl_is_expired(head.event_time, head.ttl_seconds, found->list->now))
        return false;
    if (found->count == found->capacity) {
        size_t capacity = size_max(256, found->capacity * 2);
        struct place *nodes = ARENA_NEW(found->arena, struct place, capacity);
        if (found->count > 0)
            memcpy(nodes, found->nodes, found->count * sizeof(*nodes));
        found->nodes = nodes;
        found->capacity = capacity;
    }
    found->nodes[found->count++] = (struct place){node->key.high, node};
    return true;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;

    return left->high < right->high ? -1 : left->high > right->high;
}

/*
 * At most count_max, without parting two with the same high half (there is no cursor between them;
 * more than count_max of those would be given together).
 */
static size_t cut(const struct found *found, size_t count_max)
{
    size_t count = count_max;

    while (count > 0 && found->nodes[count - 1].high == found->nodes[count].high)
        count--;
    if (count > 0)
        return count;
    count = count_max;
    while (count < found->count && found->nodes[count].high == found->nodes[0].high)
        count++;
    return count;
}

static enum code read_identifier(struct online *online, uint32_t group_id, const struct node *node,
                                 struct arena *arena, struct str *ret, struct err *err)
{
    const struct cached *cached = atomic_load_explicit(&node->cached, memory_order_acquire);
    struct entry entry = {.kind = ENTRY_PUT};

    if (cached != NULL) {
        *ret = cached_identifier(cached);
        return OK;
    }
    TRY(online_read(online, group_id, node, arena, &entry, err));
    *ret = entry.identifier;
    return OK;
}

enum code online_list(struct online *online, struct online_list *list, struct arena *arena,
                      struct str **ret_identifiers, size_t *ret_count, struct err *err)
{
    const struct table *table = online_table(online, list->group_id);
    struct found found = {.arena = arena, .list = list};
    struct table_range range = {list->cursor, list->count_max, LIST_SLOTS_MAX};
    uint64_t cursor = 0;

    assert(list->count_max > 0);
    if (table != NULL)
        cursor = table_range(table, &range, add_node, &found);
    if (found.count > 1)
        qsort(found.nodes, found.count, sizeof(*found.nodes), compare_places);
    size_t count = found.count;
    if (count > list->count_max) {
        count = cut(&found, list->count_max);
        if (count < found.count)
            cursor = found.nodes[count].high;
    }
    struct str *identifiers = ARENA_NEW(arena, struct str, size_max(count, 1));
    for (size_t i = 0; i < count; i++)
        TRY(read_identifier(online, list->group_id, found.nodes[i].node, arena, &identifiers[i],
                            err));
    list->cursor = cursor;
    *ret_identifiers = identifiers;
    *ret_count = count;
    return OK;
}
