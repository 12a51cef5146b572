/*
 * UpdateRecord (contract 1.4): the named features over the current record; what is written is a put
 * of the whole merged record. The record must be there. An event time that is older than the
 * record's is refused; without one the record keeps its own, and its TTL unless one was named.
 */
#include "write/store_priv.h"

#include "config/limits.h"
#include "schema/ttl.h"

/* The current record, as this turn's entries so far have it. */
static enum code current_record(struct store *store, const struct write_item *item,
                                struct online_record *ret, struct err *err)
{
    uint32_t group_id = item->group->id;
    const struct overlay_item *pending = overlay_find(
        &store->turn.overlay, group_id, online_key(store->online, group_id, item->identifier));
    struct online_record record;

    if (pending != NULL)
        record = (struct online_record){pending->head, pending->record};
    else
        TRY(online_get(store->online, group_id, item->identifier, &store->turn.arena, &record,
                       err));
    const struct online_head *head = &record.head;
    if (!head->is_found || head->is_tombstone ||
        ttl_is_expired(head->event_time, head->ttl_seconds, instant_from_us(store->turn.now_us)))
        return err_set(err, ERR_NOT_FOUND,
                       "Resource Not Found: FeatureGroup %.*s holds no record with identifier "
                       "'%.*s'",
                       STR_ARG(item->group->name), STR_ARG(item->identifier));
    *ret = record;
    return OK;
}

/*
 * The changes in terms of `group`, the current version: the record may have been written with
 * features that were added after the changes were decoded.
 */
static struct record widened(const struct record *changes, const struct group *group,
                             struct arena *arena)
{
    struct record wide = *changes;

    if (group->feature_count > changes->group->feature_count) {
        wide.values = ARENA_NEW(arena, struct str, group->feature_count);
        memcpy(wide.values, changes->values, changes->group->feature_count * sizeof(struct str));
        wide.group = group;
    }
    return wide;
}

static enum code check_size(const struct stored_record *record, const struct group *group,
                            struct err *err)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < record->value_count; i++) {
        if (i != group->identifier_index && i != group->event_time_index)
            bytes += stored_record_value(record, i).len;
    }
    if (bytes > LIMIT_RECORD_BYTES)
        return err_set(err, ERR_INVALID,
                       "the updated record has %zu bytes of values, at most %d are allowed", bytes,
                       (int)LIMIT_RECORD_BYTES);
    return OK;
}

/* The merged record in the turn's arena. */
static enum code merge(struct store *store, struct str base, const struct record *changes,
                       struct str *ret, struct err *err)
{
    CLEANUP(buf_release) struct buf merged;
    struct stored_record stored;

    buf_init(&merged, LIMIT_JOURNAL_ENTRY_BYTES);
    TRY(stored_record_open(base, &stored, err));
    record_merge(&stored, changes, &merged);
    if (merged.is_over)
        return err_set(err, ERR_INVALID, "the updated record is too large");
    TRY(stored_record_open(buf_str(&merged), &stored, err));
    TRY(check_size(&stored, changes->group, err));
    *ret = arena_str(&store->turn.arena, buf_str(&merged));
    return OK;
}

enum code prepare_update(struct store *store, const struct write_item *item,
                         const struct group *group, struct entry *ret, struct err *err)
{
    struct online_record current = {0};
    struct str merged;

    assert(item->changes != NULL);
    TRY(current_record(store, item, &current, err));
    const struct online_head *head = &current.head;
    if (item->has_event_time && instant_compare(item->event_time, head->event_time) < 0)
        return err_set(err, ERR_CONFLICT,
                       "the stored record '%.*s' is newer than the EventTime of the update",
                       STR_ARG(item->identifier));
    struct record changes = widened(item->changes, group, &store->turn.arena);
    TRY(merge(store, current.record, &changes, &merged, err));
    *ret = (struct entry){
        .kind = ENTRY_PUT,
        .targets = item->targets,
        .group_id = group->id,
        .feature_count = changes.group->feature_count,
        .event_time = item->has_event_time ? item->event_time : head->event_time,
        .ttl_seconds = item->has_ttl ? item->ttl_seconds : head->ttl_seconds,
        .identifier = item->identifier,
        .record = merged,
    };
    return OK;
}
