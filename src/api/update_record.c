/* UpdateRecord (contract 1.4): some features of a record that is there; merged by the writer. */
#include "api/body.h"
#include "api/record_read.h"
#include "api/record_request.h"
#include "api/record_write.h"
#include "config/limits.h"

struct update_request {
    const struct group *group;
    struct str identifier;
    struct record_request record;
    uint64_t seen;
};

enum { MEMBER_IDENTIFIER, MEMBER_FEATURES, MEMBER_TARGETS, MEMBER_TTL };
static const char *const members[] = {"RecordIdentifierValueAsString", "Features", "TargetStores",
                                      "TtlDuration"};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct update_request *request = context;
    size_t member;

    (void)call;
    TRY(json_field(json, key, members, ARRAY_COUNT(members), &request->seen, &member));
    if (member == MEMBER_IDENTIFIER)
        return body_text(json, &request->identifier);
    if (member == MEMBER_FEATURES)
        return record_request_record(json, request->group, &request->record, err);
    if (member == MEMBER_TARGETS)
        return record_request_targets(json, &request->record, err);
    if (member == MEMBER_TTL)
        return record_request_ttl(json, &request->record.ttl, err);
    return json_skip(json, NULL);
}

static enum code group_check(const struct group *group, struct err *err)
{
    TRY(group_is_writable(group, err));
    if (!group->is_online || group->storage_type != STORAGE_STANDARD_V2)
        return err_set(err, ERR_INVALID,
                       "UpdateRecord needs a feature group whose online store has the StorageType "
                       "Standard_V2; that of '%.*s' is %s",
                       STR_ARG(group->name),
                       group->is_online ? storage_type_name(group->storage_type) : "not enabled");
    return OK;
}

static enum code features_check(struct update_request *request, struct err *err)
{
    struct record *record = &request->record.record;

    if (!request->record.has_record)
        return member_missing("features", "Features", err);
    if (record->present_count > LIMIT_UPDATE_FEATURES)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value at 'features' failed to satisfy "
                       "constraint: Member must have length less than or equal to %d, found %u "
                       "(Features)",
                       LIMIT_UPDATE_FEATURES, record->present_count);
    TRY(record_check(record, true, err));
    if (!str_is_absent(record->identifier) && !str_equal(record->identifier, request->identifier))
        return err_set(err, ERR_INVALID,
                       "Features: the record identifier feature '%.*s' is not the value of "
                       "RecordIdentifierValueAsString",
                       STR_ARG(request->group->features[request->group->identifier_index].name));
    if (request->record.ttl.seconds != 0 && !record->has_event_time)
        return err_set(err, ERR_INVALID,
                       "TtlDuration can only be changed together with the event time: expected "
                       "feature '%.*s' in Features",
                       STR_ARG(request->group->features[request->group->event_time_index].name));
    return OK;
}

static enum code outcome_of_update(struct call *call, enum code code)
{
    (void)call;
    return code; /* not found and conflict are the operation's own (contract 1.4) */
}

enum code api_update_record(struct call *call, struct err *err)
{
    struct update_request request = {0};
    struct write_item item = {.kind = WRITE_UPDATE};

    TRY(call_group(call, call->path_arguments[0], LIMIT_GROUP_NAME_OR_ARN_RUNTIME, &request.group,
                   err));
    TRY(body_read(call, member_read, &request, err));
    TRY(identifier_check(request.identifier, err));
    TRY(group_check(request.group, err));
    TRY(features_check(&request, err));
    TRY(targets_resolve(request.group, request.record.targets, &item.targets, err));
    struct record *changes = ARENA_NEW(call->arena, struct record, 1);
    *changes = request.record.record;
    item.group = request.group;
    item.has_event_time = changes->has_event_time;
    item.event_time = changes->event_time;
    item.has_ttl = request.record.ttl.seconds != 0;
    item.ttl_seconds = request.record.ttl.seconds;
    item.identifier = request.identifier;
    item.changes = changes;
    return record_write(call, &item, outcome_of_update, err);
}
