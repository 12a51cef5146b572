/*
 * UpdateFeatureGroup (contract 1.5): adds features at the end, sets or removes the TTL, moves the
 * storage type to Standard_V2, or changes the throughput; one of them at a time.
 */
#include "api/group_edit.h"
#include "api/group_out.h"
#include "config/limits.h"
#include "schema/ttl.h"

static const struct shape_member online_members[] = {
    {.name = "TtlDuration",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct in_update_online, ttl),
     .of = &shape_ttl_optional},
    {.name = "StorageType",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_update_online, storage_type),
     .values = shape_storage_types},
};
static const struct shape shape_online = SHAPE_OF(online_members, struct in_update_online);

static const struct shape_member update_members[] = {
    SHAPE_GROUP_REFERENCE(struct in_update),
    {.name = "FeatureAdditions",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct in_update, additions),
     .min = 1,
     .max = LIMIT_FEATURE_ADDITIONS,
     .of = &shape_definition},
    {.name = "OnlineStoreConfig",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct in_update, online),
     .of = &shape_online},
    {.name = "ThroughputConfig",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct in_update, throughput),
     .of = &shape_throughput_optional},
};
const struct shape shape_update = SHAPE_OF(update_members, struct in_update);

static bool has_throughput(const struct in_throughput *in)
{
    return in != NULL &&
           (!str_is_absent(in->mode) || in->read_units.is_given || in->write_units.is_given);
}

enum code update_check(const struct in_update *in, struct err *err)
{
    bool has_ttl = in->online != NULL && in->online->ttl != NULL;
    bool has_storage = in->online != NULL && !str_is_absent(in->online->storage_type);
    unsigned asked =
        (unsigned)in->additions.is_given + has_ttl + has_storage + has_throughput(in->throughput);

    if (asked == 0)
        return err_set(err, ERR_INVALID,
                       "Validation Error: nothing to update. Give one of FeatureAdditions, "
                       "OnlineStoreConfig and ThroughputConfig.");
    if (asked > 1)
        return err_set(err, ERR_INVALID,
                       "Validation Error: only one parameter can be updated at a time. Give one of "
                       "FeatureAdditions, OnlineStoreConfig.TtlDuration, "
                       "OnlineStoreConfig.StorageType and ThroughputConfig.");
    return OK;
}

static enum code online_required(const struct group *draft, const char *member, struct err *err)
{
    if (draft->is_online)
        return OK;
    return err_set(
        err, ERR_INVALID,
        "Validation Error: OnlineStoreConfig.%s cannot be updated: FeatureGroup %.*s has "
        "no online store.",
        member, STR_ARG(draft->name));
}

/* Unit and Value both null: the TTL is removed. */
static enum code ttl_apply(const struct in_ttl *in, struct group *draft, struct err *err)
{
    TRY(online_required(draft, "TtlDuration", err));
    if (str_is_absent(in->unit) && !in->value.is_given) {
        draft->ttl = (struct ttl){0};
        return OK;
    }
    if (str_is_absent(in->unit) || !in->value.is_given)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value null at "
                       "'onlineStoreConfig.ttlDuration.%s' failed to satisfy constraint: Member "
                       "must not be null",
                       in->value.is_given ? "unit" : "value");
    return ttl_make(in->unit, in->value.value, &draft->ttl, err);
}

static enum code storage_apply(struct str type, struct group *draft, struct err *err)
{
    TRY(online_required(draft, "StorageType", err));
    if (str_equal(type, STR("Standard_V2"))) {
        draft->storage_type = STORAGE_STANDARD_V2;
        draft->has_storage_type = true;
        return OK;
    }
    if (str_equal(type, str_from(storage_type_name(draft->storage_type))))
        return OK;
    return err_set(
        err, ERR_INVALID,
        "Validation Error: StorageType of FeatureGroup %.*s cannot be changed from %s to "
        "%.*s. Only a change from Standard to Standard_V2 is possible.",
        STR_ARG(draft->name), storage_type_name(draft->storage_type), STR_ARG(type));
}

static enum code features_apply(const struct group_edit *edit, const struct shape_list *additions,
                                struct group *draft, struct arena *arena, struct err *err)
{
    struct definitions definitions = {
        .list = additions,
        .old = draft->features,
        .old_count = draft->feature_count,
        .now_us = edit->now_us,
    };

    return definitions_make(&definitions, arena, &draft->features, &draft->feature_count, err);
}

enum code update_apply(const struct group_edit *edit, struct group *draft, struct arena *arena,
                       struct err *err)
{
    const struct in_update *in = edit->in;

    if (draft->status != GROUP_CREATED)
        return err_set(err, ERR_INVALID,
                       "Validation Error: FeatureGroup %.*s cannot be updated: its "
                       "FeatureGroupStatus is %s.",
                       STR_ARG(draft->name), group_status_text(draft));
    if (in->additions.is_given)
        TRY(features_apply(edit, &in->additions, draft, arena, err));
    if (in->online != NULL && in->online->ttl != NULL)
        TRY(ttl_apply(in->online->ttl, draft, err));
    if (in->online != NULL && !str_is_absent(in->online->storage_type))
        TRY(storage_apply(in->online->storage_type, draft, err));
    if (has_throughput(in->throughput))
        TRY(throughput_set(draft, in->throughput, err));
    draft->modified_us = edit->now_us > draft->modified_us ? edit->now_us : draft->modified_us;
    draft->has_update = true;
    draft->last_update_failure = STR_ABSENT;
    return OK;
}

static void update_reply(struct call *call, void *context)
{
    const struct group_edit *edit = context;
    bool is_first = true;

    buf_add_byte(call->out, '{');
    out_text(call->out, &is_first, "FeatureGroupArn", edit->arn);
    buf_add_byte(call->out, '}');
}

enum code api_update_feature_group(struct call *call, struct err *err)
{
    struct in_update *in = ARENA_NEW(call->arena, struct in_update, 1);
    const struct group *group;

    TRY(shape_read_call(call, &shape_update, in, err));
    TRY(call_group(call, in->name, LIMIT_GROUP_NAME_OR_ARN_CONTROL, &group, err));
    TRY(update_check(in, err));
    struct group_edit edit = {
        .call = call,
        .name = group->name,
        .arn = group->arn,
        .now_us = call->now_us,
        .in = in,
        .apply = update_apply,
        .reply = update_reply,
    };
    return group_edit_submit(&edit, err);
}
