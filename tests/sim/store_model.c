#include "sim/store_model.h"

void model_init(struct model *model)
{
    memset(model, 0, sizeof(*model));
    model->state.id_next = 1;
}

static void add_row(struct model *model, const struct op *op, enum entry_kind kind, int64_t seconds,
                    const struct model_record *record)
{
    if ((op->targets & TARGET_OFFLINE) == 0)
        return;
    assert(model->state.row_count < MODEL_ROWS_MAX);
    model->rows[model->state.row_count] = (struct model_row){
        .kind = kind,
        .group_id = op->group_id,
        .key = op->key,
        .seconds = seconds,
        .f2 = record == NULL ? 0 : record->f2,
        .f3 = record == NULL ? 0 : record->f3,
    };
    model->state.row_count++;
}

static void put(struct model *model, const struct op *op, struct model_record *record,
                const struct model_record *next)
{
    add_row(model, op, ENTRY_PUT, next->seconds, next);
    bool is_newest = !record->is_found || next->seconds >= record->seconds;
    if ((op->targets & TARGET_ONLINE) != 0 && is_newest)
        *record = *next;
}

static enum code update(struct model *model, const struct op *op, struct model_record *record)
{
    if (!record->is_found || record->is_tombstone || record->ttl_seconds == MODEL_TTL_EXPIRED)
        return ERR_NOT_FOUND;
    if (op->has_event_time && op->seconds < record->seconds)
        return ERR_CONFLICT;
    struct model_record next = *record;
    if (op->has_event_time)
        next.seconds = op->seconds;
    if (op->has_ttl)
        next.ttl_seconds = op->ttl_seconds;
    if (op->is_f3_changed)
        next.f3 = op->number;
    else
        next.f2 = op->number;
    put(model, op, record, &next);
    return OK;
}

static enum code delete_record(struct model *model, const struct op *op,
                               struct model_record *record)
{
    bool is_online = (op->targets & TARGET_ONLINE) != 0;
    bool is_newer = !record->is_found || op->seconds > record->seconds;
    if (op->kind == WRITE_DELETE_HARD && is_online && !is_newer)
        return ERR_CONFLICT;
    bool is_hard = op->kind == WRITE_DELETE_HARD;
    add_row(model, op, is_hard ? ENTRY_DELETE_HARD : ENTRY_DELETE, op->seconds, NULL);
    if (!is_online || !is_newer)
        return OK;
    *record = (struct model_record){0};
    if (!is_hard)
        *record =
            (struct model_record){.is_found = true, .is_tombstone = true, .seconds = op->seconds};
    return OK;
}

static enum code apply_change(struct model *model, const struct op *op)
{
    struct model_group *group = &model->state.groups[op->group];
    if (op->change == CHANGE_CREATE) {
        if (group->id != 0)
            return ERR_EXISTS;
        *group = (struct model_group){.id = model->state.id_next, .features = MODEL_FEATURES};
        model->state.id_next++;
        return OK;
    }
    if (group->id == 0)
        return ERR_NOT_FOUND;
    if (op->change == CHANGE_DELETE)
        *group = (struct model_group){0};
    else if (group->features < MODEL_FEATURES_MAX)
        group->features++;
    return OK;
}

enum code model_apply(struct model *model, const struct op *op)
{
    struct model_group *group = &model->state.groups[op->group];
    if (op->kind == WRITE_CHANGE)
        return apply_change(model, op);
    if (op->kind == WRITE_MARK) {
        model->state.flushed_to = op->mark.flushed_to;
        model->state.rows_flushed = op->rows_flushed;
        return OK;
    }
    if (group->id == 0 || group->id != op->group_id)
        return ERR_NOT_FOUND;
    struct model_record *record = &group->records[op->key];
    if (op->kind == WRITE_UPDATE)
        return update(model, op, record);
    if (op->kind != WRITE_PUT)
        return delete_record(model, op, record);
    struct model_record next = {.is_found = true,
                                .seconds = op->seconds,
                                .ttl_seconds = op->ttl_seconds,
                                .f2 = op->number,
                                .f3 = op->number};
    put(model, op, record, &next);
    return OK;
}
