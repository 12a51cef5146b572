/* DeleteRecord (contract 1.4, 2.4). */
#include "api/record_read.h"
#include "api/record_request.h"
#include "api/record_write.h"
#include "core/uri.h"

struct delete_request {
    struct str identifier;
    struct str event_time;
    struct str mode;
    uint8_t targets;
    size_t target_count;
};

static enum code field_read(struct delete_request *request, struct str name, struct str value,
                            struct err *err)
{
    struct str *field = NULL;

    if (str_equal(name, STR("RecordIdentifierValueAsString")))
        field = &request->identifier;
    else if (str_equal(name, STR("EventTime")))
        field = &request->event_time;
    else if (str_equal(name, STR("DeletionMode")))
        field = &request->mode;
    else if (str_equal(name, STR("TargetStores"))) {
        TRY(targets_count_check(++request->target_count, err));
        return targets_add(value, &request->targets, err);
    }
    if (field == NULL)
        return OK;
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

    while (uri_query_next(&query, call->arena, &name, &value, &code, err))
        TRY(field_read(&read, name, value, err));
    TRY(code);
    *ret = read;
    return OK;
}

static enum code mode_read(struct str mode, enum write_kind *ret, struct err *err)
{
    bool is_hard = str_equal(mode, STR("HardDelete"));

    if (!str_is_absent(mode) && !is_hard && !str_equal(mode, STR("SoftDelete")))
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '%.*s' at 'deletionMode' failed to "
                       "satisfy constraint: Member must satisfy enum value set: [SoftDelete, "
                       "HardDelete] (DeletionMode)",
                       STR_ARG(text_shown(mode)));
    *ret = is_hard ? WRITE_DELETE_HARD : WRITE_DELETE;
    return OK;
}

/* The offline marker carries the identifier in its feature's type, so it must be a value of it. */
static enum code identifier_of_type(const struct group *group, struct str identifier,
                                    struct err *err)
{
    const struct feature *feature = &group->features[group->identifier_index];
    struct err inner = {0};

    TRY(identifier_check(identifier, err));
    if (value_check(feature->type, identifier, &inner) != OK)
        return err_set(err, ERR_INVALID, "RecordIdentifierValueAsString: feature '%.*s': %s",
                       STR_ARG(feature->name), inner.message);
    return OK;
}

/* A hard delete that came too late is a ValidationException (contract 1.5). */
static enum code outcome_of_delete(struct call *call, enum code code)
{
    if (code != ERR_CONFLICT)
        return outcome_of_put(call, code);
    call->error_type = "ValidationException";
    return ERR_INVALID;
}

enum code api_delete_record(struct call *call, struct err *err)
{
    struct delete_request request;
    struct write_item item = {.has_event_time = true};

    TRY(request_read(call, &request, err));
    TRY(writable_group(call, &item.group, err));
    if (str_is_absent(request.event_time))
        return member_missing("eventTime", "EventTime", err);
    TRY(identifier_of_type(item.group, request.identifier, err));
    TRY(mode_read(request.mode, &item.kind, err));
    TRY(targets_resolve(item.group, request.targets, &item.targets, err));
    enum code code = record_event_time(item.group, request.event_time, &item.event_time, err);
    if (code != OK)
        return err_prefix(err, code, "EventTime");
    item.identifier = request.identifier;
    return record_write(call, &item, outcome_of_delete, err);
}
