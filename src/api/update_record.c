/* UpdateRecord (contract 1.4): some features of a live record; merged in the writer thread. */
#include "api/record_read.h"
#include "api/record_write.h"
#include "config/limits.h"

struct update_request {
    const struct group *group;
    struct str identifier;
    struct record *changes;
    bool has_changes;
    struct targets targets;
    struct ttl ttl;
};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct update_request *request = context;

    if (str_equal(key, STR("RecordIdentifierValueAsString")))
        return body_text(json, &request->identifier);
    if (str_equal(key, STR("Features")) && json_peek(json) != JSON_NULL) {
        request->has_changes = true;
        return record_read(json, request->group, request->changes, err);
    }
    if (str_equal(key, STR("TargetStores")))
        return targets_read(call, json, &request->targets, err);
    if (str_equal(key, STR("TtlDuration")))
        return ttl_member(json, &request->ttl, err);
    return json_skip(json, NULL);
}

static enum code storage_check(const struct group *group, struct err *err)
{
    TRY(online_required(group, err));
    if (group->storage_type != STORAGE_STANDARD_V2)
        return err_set(
            err, ERR_INVALID,
            "UpdateRecord: feature group '%.*s' has StorageType %s; expected Standard_V2",
            STR_ARG(group->name), storage_type_name(group->storage_type));
    return OK;
}

static enum code request_check(struct update_request *request, struct err *err)
{
    struct record *changes = request->changes;

    TRY(identifier_check(request->identifier, err));
    if (!request->has_changes)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value null at 'features' failed to satisfy "
                       "constraint: Member must not be null (Features)");
    if (changes->present_count > LIMIT_UPDATE_FEATURES)
        return err_set(err, ERR_INVALID, "Features: expected at most %d features, found %u",
                       LIMIT_UPDATE_FEATURES, changes->present_count);
    TRY(record_check(changes, true, err));
    if (!str_is_absent(changes->identifier) && !str_equal(changes->identifier, request->identifier))
        return err_set(err, ERR_INVALID,
                       "Features: the record identifier feature is '%.*s', "
                       "RecordIdentifierValueAsString is '%.*s': expected the same value",
                       STR_ARG(text_shown(changes->identifier)),
                       STR_ARG(text_shown(request->identifier)));
    if (request->ttl.seconds > 0 && !changes->has_event_time)
        return err_set(err, ERR_INVALID,
                       "TtlDuration: expected the event time feature among Features");
    return OK;
}

enum code api_update_record(struct call *call, struct err *err)
{
    struct update_request request = {.changes = ARENA_NEW(call->arena, struct record, 1)};
    uint8_t targets;

    TRY(call_group(call, call->path_arguments[0], LIMIT_GROUP_NAME_OR_ARN_RUNTIME, &request.group,
                   err));
    TRY(body_read(call, member_read, &request, err));
    TRY(storage_check(request.group, err));
    TRY(request_check(&request, err));
    TRY(targets_resolve(&request.targets, request.group, &targets, err));
    struct record_write *write = record_write_new(call, request.group);
    write->item.kind = WRITE_UPDATE;
    write->item.targets = targets;
    write->item.has_event_time = request.changes->has_event_time;
    write->item.event_time = request.changes->event_time;
    write->item.has_ttl = request.ttl.seconds > 0;
    write->item.ttl_seconds = request.ttl.seconds;
    write->item.identifier = request.identifier;
    write->item.changes = request.changes;
    return record_write_submit(write, err);
}
