#pragma once
/*
 * What the index will hold once the turn's entries are applied: decisions see the writes before
 * them in the same turn. Views point into the turn's jobs and arena. The writer's alone.
 */
#include "online/online.h"

struct overlay_item {
    uint32_t group_id;
    uint32_t turn; /* of which turn it is; others' are empty */
    struct hash128 key;
    struct online_head head;
    struct str record; /* stored form; where the head is of this turn and a record */
};

struct overlay {
    struct overlay_item *items; /* open addressing */
    size_t mask;
    size_t count;
    uint32_t turn;
};

void overlay_init(struct overlay *overlay);
void overlay_release(struct overlay *overlay);
void overlay_clear(struct overlay *overlay);
/* NULL when no entry of the turn acted on it. Valid until the next overlay_set. */
const struct overlay_item *overlay_find(const struct overlay *overlay, uint32_t group_id,
                                        struct hash128 key);
void overlay_set(struct overlay *overlay, uint32_t group_id, struct hash128 key,
                 const struct online_head *head, struct str record);
