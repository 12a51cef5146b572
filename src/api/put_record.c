/* PutRecord (contract 1.4, 2.2): a whole record, to the stores named. */
#include "api/body.h"
#include "api/record_request.h"
#include "api/record_write.h"

struct put_request {
    const struct group *group;
    struct record_request record;
    uint64_t seen;
};

enum { MEMBER_RECORD, MEMBER_TARGETS, MEMBER_TTL };
static const char *const members[] = {"Record", "TargetStores", "TtlDuration"};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct put_request *request = context;
    size_t member;

    (void)call;
    TRY(json_field(json, key, members, ARRAY_COUNT(members), &request->seen, &member));
    if (member == MEMBER_RECORD)
        return record_request_record(json, request->group, &request->record, err);
    if (member == MEMBER_TARGETS)
        return record_request_targets(json, &request->record, err);
    if (member == MEMBER_TTL)
        return record_request_ttl(json, &request->record.ttl, err);
    return json_skip(json, NULL);
}

enum code api_put_record(struct call *call, struct err *err)
{
    struct put_request request = {0};
    struct record *record = &request.record.record;
    struct write_item item = {.kind = WRITE_PUT, .has_event_time = true};

    TRY(writable_group(call, &request.group, err));
    TRY(body_read(call, member_read, &request, err));
    if (!request.record.has_record)
        return member_missing("record", "Record", err);
    TRY(targets_resolve(request.group, request.record.targets, &item.targets, err));
    TRY(record_check(record, false, err));
    /* The response's buffer is reused from request to request: nothing is allocated. */
    record_encode(record, call->out);
    item.group = request.group;
    item.event_time = record->event_time;
    item.ttl_seconds =
        request.record.ttl.seconds != 0 ? request.record.ttl.seconds : request.group->ttl.seconds;
    item.identifier = record->identifier;
    item.record = buf_str(call->out);
    return record_write(call, &item, outcome_of_put, err);
}
