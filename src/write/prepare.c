/*
 * The decision on one item: may it be written, and as which entry? It sees the index, the catalog,
 * and the turn's entries before it. Nothing is changed here, so an item may be decided again.
 */
#include "write/store_priv.h"

#include "core/mem.h"

static enum code group_gone(struct str name, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND,
                   "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name %.*s",
                   STR_ARG(name));
}

void prepare_head(struct store *store, uint32_t group_id, struct hash128 key,
                  struct online_head *ret)
{
    const struct overlay_item *item = overlay_find(&store->turn.overlay, group_id, key);

    if (item != NULL)
        *ret = item->head;
    else
        online_head_of_key(store->online, group_id, key, ret);
}

static struct entry record_entry(const struct write_item *item, enum entry_kind kind)
{
    return (struct entry){
        .kind = kind,
        .targets = item->targets,
        .group_id = item->group->id,
        .feature_count = item->group->feature_count,
        .event_time = item->event_time,
        .ttl_seconds = kind == ENTRY_PUT ? item->ttl_seconds : 0,
        .identifier = item->identifier,
        .record = kind == ENTRY_PUT ? item->record : STR(""),
    };
}

/* A hard delete that would not act is refused: no marker either (contract 2.4). */
static enum code prepare_delete_hard(struct store *store, const struct write_item *item,
                                     struct entry *ret, struct err *err)
{
    struct entry entry = record_entry(item, ENTRY_DELETE_HARD);
    struct online_head head;

    if ((item->targets & TARGET_ONLINE) != 0) {
        prepare_head(store, item->group->id,
                     online_key(store->online, item->group->id, item->identifier), &head);
        if (!online_head_accepts(&head, &entry))
            return err_set(err, ERR_CONFLICT,
                           "the stored record '%.*s' is as new as or newer than the EventTime of "
                           "the delete",
                           STR_ARG(item->identifier));
    }
    *ret = entry;
    return OK;
}

static enum code prepare_record(struct store *store, const struct write_item *item,
                                struct entry *ret, struct err *err)
{
    bool is_retired = false;
    const struct group *group = catalog_find_id(store->turn.catalog, item->group->id, &is_retired);

    if (group == NULL || is_retired)
        return group_gone(item->group->name, err);
    assert(item->targets != 0);
    switch (item->kind) {
    case WRITE_PUT:
        *ret = record_entry(item, ENTRY_PUT);
        return OK;
    case WRITE_DELETE:
        *ret = record_entry(item, ENTRY_DELETE);
        return OK;
    case WRITE_DELETE_HARD:
        return prepare_delete_hard(store, item, ret, err);
    case WRITE_UPDATE:
        return prepare_update(store, item, group, ret, err);
    case WRITE_CHANGE:
    case WRITE_MARK:
        break;
    }
    return err_set(err, ERR_INTERNAL, "a write of no kind");
}

static enum code prepare_change(struct store *store, const struct write_item *item,
                                struct entry *ret, struct err *err)
{
    struct str payload;

    TRY(catalog_plan(store->turn.catalog, item->change, &store->turn.arena, &payload, err));
    *ret = (struct entry){.kind = ENTRY_DEFINITION, .identifier = STR(""), .record = payload};
    return OK;
}

static enum code prepare_mark(const struct write_item *item, struct entry *ret, struct err *err)
{
    struct flush_mark mark;

    TRY(flush_mark_decode(item->record, &mark, err));
    *ret = (struct entry){.kind = ENTRY_MARK, .identifier = STR(""), .record = item->record};
    return OK;
}

enum code prepare_item(struct store *store, const struct write_item *item, struct entry *ret,
                       struct err *err)
{
    if (item->kind == WRITE_CHANGE)
        return prepare_change(store, item, ret, err);
    if (item->kind == WRITE_MARK)
        return prepare_mark(item, ret, err);
    return prepare_record(store, item, ret, err);
}
