#include "api/record_request.h"

#include "config/limits.h"

enum { TARGETS_MAX = 2 };

enum code member_missing(const char *path, const char *name, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                   "Member must not be null (%s)",
                   path, name);
}

enum code record_request_record(struct json *json, const struct group *group,
                                struct record_request *request, struct err *err)
{
    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    TRY(record_read(json, group, &request->record, err));
    request->has_record = true;
    return OK;
}

enum code targets_add(struct str name, uint8_t *targets, struct err *err)
{
    if (str_equal(name, STR("OnlineStore")))
        *targets |= TARGET_ONLINE;
    else if (str_equal(name, STR("OfflineStore")))
        *targets |= TARGET_OFFLINE;
    else
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '[%.*s]' at 'targetStores' failed to "
                       "satisfy constraint: Member must satisfy constraint: [Member must satisfy "
                       "enum value set: [OnlineStore, OfflineStore]] (TargetStores)",
                       STR_ARG(text_shown(name)));
    return OK;
}

enum code targets_count_check(size_t count, struct err *err)
{
    if (count >= 1 && count <= TARGETS_MAX)
        return OK;
    return err_set(err, ERR_INVALID,
                   "1 validation error detected: Value at 'targetStores' failed to satisfy "
                   "constraint: Member must have length %s than or equal to %d (TargetStores)",
                   count < 1 ? "greater" : "less", count < 1 ? 1 : TARGETS_MAX);
}

enum code record_request_targets(struct json *json, struct record_request *request, struct err *err)
{
    size_t count = 0;
    struct str name;

    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        TRY(json_string(json, &name));
        TRY(targets_add(name, &request->targets, err));
        count++;
    }
    TRY(json_status(json));
    return targets_count_check(count, err);
}

enum code record_request_ttl(struct json *json, struct ttl *ret, struct err *err)
{
    return json_peek(json) == JSON_NULL ? json_null(json) : ttl_read(json, ret, err);
}

enum code targets_resolve(const struct group *group, uint8_t named, uint8_t *ret, struct err *err)
{
    uint8_t has = (uint8_t)((group->is_online ? TARGET_ONLINE : 0) |
                            (group->is_offline ? TARGET_OFFLINE : 0));
    uint8_t lacking = (uint8_t)(named & ~has);

    if (lacking != 0)
        return err_set(err, ERR_INVALID,
                       "TargetStores names %s, which is not enabled for feature group '%.*s'",
                       (lacking & TARGET_ONLINE) != 0 ? "OnlineStore" : "OfflineStore",
                       STR_ARG(group->name));
    *ret = named == 0 ? has : named;
    return OK;
}

enum code group_is_writable(const struct group *group, struct err *err)
{
    if (group->status != GROUP_CREATED)
        return err_set(err, ERR_INVALID,
                       "feature group '%.*s' takes no records: its FeatureGroupStatus is not "
                       "Created",
                       STR_ARG(group->name));
    return OK;
}

enum code writable_group(struct call *call, const struct group **ret, struct err *err)
{
    const struct group *group;
    enum code code =
        call_group(call, call->path_arguments[0], LIMIT_GROUP_NAME_OR_ARN_RUNTIME, &group, err);

    if (code == ERR_NOT_FOUND) {
        if (err != NULL)
            err->code = ERR_INVALID;
        return ERR_INVALID;
    }
    TRY(code);
    TRY(group_is_writable(group, err));
    *ret = group;
    return OK;
}
