/* PutRecord (contract 1.4, 2.2): one record, one journal entry, both stores. */
#include "api/record_write.h"

struct put_request {
    const struct group *group;
    struct record record;
    bool has_record;
    struct targets targets;
    struct ttl ttl;
};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct put_request *request = context;

    if (str_equal(key, STR("Record")) && json_peek(json) != JSON_NULL) {
        if (request->has_record)
            return err_set(err, ERR_INVALID, "Record stands twice in the request");
        request->has_record = true;
        return record_read(json, request->group, &request->record, err);
    }
    if (str_equal(key, STR("TargetStores")))
        return targets_read(call, json, &request->targets, err);
    if (str_equal(key, STR("TtlDuration")))
        return ttl_member(json, &request->ttl, err);
    return json_skip(json, NULL);
}

enum code api_put_record(struct call *call, struct err *err)
{
    struct put_request request = {0};
    uint8_t targets;

    TRY(call_group_or_invalid(call, &request.group, err));
    TRY(body_read(call, member_read, &request, err));
    if (!request.has_record)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value null at 'record' failed to satisfy "
                       "constraint: Member must not be null (Record)");
    TRY(record_check(&request.record, false, err));
    TRY(targets_resolve(&request.targets, request.group, &targets, err));
    struct record_write *write = record_write_new(call, request.group);
    record_encode(&request.record, &write->record);
    write->item.kind = WRITE_PUT;
    write->item.targets = targets;
    write->item.has_event_time = true;
    write->item.event_time = request.record.event_time;
    write->item.ttl_seconds =
        request.ttl.seconds > 0 ? request.ttl.seconds : request.group->ttl.seconds;
    write->item.identifier = request.record.identifier;
    write->item.record = buf_str(&write->record);
    return record_write_submit(write, err);
}
