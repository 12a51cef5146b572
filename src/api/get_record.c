/* GetRecord (contract 1.4, 2.3): answered on the loop thread from the index. */
#include "api/record_read.h"
#include "config/limits.h"
#include "core/uri.h"

struct get_request {
    struct str identifier;
    struct str expiration;
    struct str *names;
    size_t name_count;
};

static size_t query_fields(struct str query)
{
    size_t count = 1;

    for (size_t i = 0; i < query.len; i++)
        count += query.ptr[i] == '&';
    return count;
}

static enum code field_once(struct str *field, struct str name, struct str value, struct err *err)
{
    if (!str_is_absent(*field))
        return err_set(err, ERR_INVALID, "%.*s stands twice in the query", STR_ARG(name));
    *field = value;
    return OK;
}

static enum code request_read(struct call *call, struct get_request *ret, struct err *err)
{
    struct str raw = call->exchange->request.query;
    struct uri_query query = {raw};
    struct get_request read = {.names = ARENA_NEW(call->arena, struct str, query_fields(raw))};
    enum code code = OK;
    struct str name;
    struct str value;

    while (uri_query_next(&query, call->arena, &name, &value, &code, err)) {
        if (str_equal(name, STR("RecordIdentifierValueAsString")))
            TRY(field_once(&read.identifier, name, value, err));
        else if (str_equal(name, STR("ExpirationTimeResponse")))
            TRY(field_once(&read.expiration, name, value, err));
        else if (str_equal(name, STR("FeatureName")))
            read.names[read.name_count++] = value;
    }
    TRY(code);
    *ret = read;
    return OK;
}

enum code api_get_record(struct call *call, struct err *err)
{
    const struct group *group;
    struct get_request request;
    struct choice choice;
    struct live_record live;
    bool is_expiry_wanted;

    TRY(request_read(call, &request, err));
    TRY(call_group(call, call->path_arguments[0], LIMIT_GROUP_NAME_OR_ARN_RUNTIME, &group, err));
    TRY(identifier_check(request.identifier, err));
    TRY(expiration_read(request.expiration, &is_expiry_wanted, err));
    TRY(online_required(group, err));
    TRY(choice_make(call, group, request.names, request.name_count, &choice, err));
    TRY(live_record_get(call, group, request.identifier, &live, err));
    buf_add_byte(call->out, '{');
    if (live.is_found && live_record_has(&live, &choice))
        live_record_out(call, group, &live, &choice, is_expiry_wanted);
    buf_add_byte(call->out, '}');
    return OK;
}
