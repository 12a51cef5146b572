/* DeleteRecord (contract 1.4, 2.4): a tombstone or a forgetting online, a marker row offline. */
#include "api/record_read.h"
#include "api/record_write.h"
#include "core/uri.h"

struct delete_request {
    struct str identifier;
    struct str event_time;
    struct str mode;
    struct targets targets;
};

static enum code once(struct str *field, struct str name, struct str value, struct err *err)
{
    if (!str_is_absent(*field))
        return err_set(err, ERR_INVALID, "%.*s stands twice in the query", STR_ARG(name));
    *field = value;
    return OK;
}

static enum code request_read(struct call *call, struct delete_request *ret, struct err *err)
{
    struct uri_query query = {call->exchange->request.query};
    struct delete_request read = {0};
    enum code code = OK;
    struct str name;
    struct str value;

    while (uri_query_next(&query, call->arena, &name, &value, &code, err)) {
        if (str_equal(name, STR("RecordIdentifierValueAsString")))
            TRY(once(&read.identifier, name, value, err));
        else if (str_equal(name, STR("EventTime")))
            TRY(once(&read.event_time, name, value, err));
        else if (str_equal(name, STR("DeletionMode")))
            TRY(once(&read.mode, name, value, err));
        else if (str_equal(name, STR("TargetStores")))
            TRY(targets_add(&read.targets, value, err));
    }
    TRY(code);
    *ret = read;
    return OK;
}

static enum code mode_read(struct str mode, enum write_kind *ret, struct err *err)
{
    bool is_hard = str_equal(mode, STR("HardDelete"));

    if (!str_is_absent(mode) && !is_hard && !str_equal(mode, STR("SoftDelete")))
        return err_set(
            err, ERR_INVALID,
            "1 validation error detected: Value '%.*s' at 'deletionMode' failed to satisfy "
            "constraint: Member must satisfy enum value set: [SoftDelete, HardDelete] "
            "(DeletionMode)",
            STR_ARG(text_shown(mode)));
    *ret = is_hard ? WRITE_DELETE_HARD : WRITE_DELETE;
    return OK;
}

/* The identifier is a value of its feature: one that no record could have is refused. */
static enum code identifier_fits(const struct group *group, struct str identifier, struct err *err)
{
    const struct feature *feature = &group->features[group->identifier_index];
    struct err inner;

    TRY(identifier_check(identifier, err));
    if (value_check(feature->type, identifier, &inner) != OK)
        return err_set(err, ERR_INVALID, "RecordIdentifierValueAsString: feature '%.*s': %s",
                       STR_ARG(feature->name), inner.message);
    return OK;
}

static enum code event_time_read(const struct group *group, struct str text, struct instant *ret,
                                 struct err *err)
{
    if (str_is_absent(text))
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value null at 'eventTime' failed to satisfy "
                       "constraint: Member must not be null (EventTime)");
    enum code code = record_event_time(group, text, ret, err);
    return code == OK ? OK : err_prefix(err, code, "EventTime");
}

enum code api_delete_record(struct call *call, struct err *err)
{
    struct delete_request request;
    const struct group *group;
    struct instant event_time;
    enum write_kind kind;
    uint8_t targets;

    TRY(request_read(call, &request, err));
    TRY(call_group_or_invalid(call, &group, err));
    TRY(identifier_fits(group, request.identifier, err));
    TRY(event_time_read(group, request.event_time, &event_time, err));
    TRY(mode_read(request.mode, &kind, err));
    TRY(targets_resolve(&request.targets, group, &targets, err));
    struct record_write *write = record_write_new(call, group);
    write->item.kind = kind;
    write->item.targets = targets;
    write->item.has_event_time = true;
    write->item.event_time = event_time;
    write->item.identifier = request.identifier;
    return record_write_submit(write, err);
}
