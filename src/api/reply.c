/*
 * The one table from codes to HTTP status and AWS error type (contract 1.3), and the shape of an
 * error on each plane.
 */
#include "api/call.h"

struct error_type {
    enum code code;
    int runtime_status;
    int control_status;
    const char *runtime_type;
    const char *control_type;
};

static const struct error_type error_types[] = {
    {ERR_INVALID, 400, 400, "ValidationError", "ValidationException"},
    {ERR_TOO_LARGE, 400, 400, "ValidationError", "ValidationException"},
    {ERR_DENIED, 403, 400, "AccessForbidden", "AccessDeniedException"},
    {ERR_NOT_FOUND, 404, 400, "ResourceNotFound", "ResourceNotFound"},
    {ERR_EXISTS, 409, 400, "ConflictException", "ResourceInUse"},
    {ERR_CONFLICT, 409, 400, "ConflictException", "ConflictException"},
    {ERR_LIMIT, 503, 400, "ServiceUnavailable", "ResourceLimitExceeded"},
    {ERR_BUSY, 503, 503, "ServiceUnavailable", "ServiceUnavailable"},
    {ERR_TIMEOUT, 503, 503, "ServiceUnavailable", "ServiceUnavailable"},
};

const char *reply_error_type(enum plane plane, enum code code, int *ret_status)
{
    assert(code != OK);
    for (size_t i = 0; i < ARRAY_COUNT(error_types); i++) {
        if (error_types[i].code != code)
            continue;
        *ret_status =
            plane == PLANE_CONTROL ? error_types[i].control_status : error_types[i].runtime_status;
        return plane == PLANE_CONTROL ? error_types[i].control_type : error_types[i].runtime_type;
    }
    *ret_status = 500;
    return plane == PLANE_CONTROL ? "InternalServerError" : "InternalFailure";
}

/* The status of a type that a handler chose itself. */
static int chosen_status(const char *type, enum code code, int status)
{
    static const struct {
        const char *type;
        int status;
    } chosen[] = {
        {"ValidationException", 400},       {"SerializationException", 400},
        {"ValidationError", 400},           {"AccessDeniedException", 403},
        {"UnknownOperationException", 404},
    };

    (void)code;
    for (size_t i = 0; i < ARRAY_COUNT(chosen); i++) {
        if (str_equal(str_from(type), str_from(chosen[i].type)))
            return chosen[i].status;
    }
    return status;
}

void reply_typed(struct net_exchange *exchange, enum plane plane, const char *type, int status,
                 struct str message)
{
    struct http_response *response = &exchange->response;
    struct buf *out = &response->body;

    buf_clear(out);
    response->status = status;
    if (plane == PLANE_CONTROL) {
        response->content_type = STR("application/x-amz-json-1.1");
        buf_add_format(out, "{\"__type\":\"%s\",\"Message\":", type);
    } else {
        response->content_type = STR("application/json");
        buf_add(out, STR("{\"Message\":"));
    }
    buf_add_json(out, message);
    buf_add_byte(out, '}');
    buf_add_format(&response->headers, "x-amzn-ErrorType: %s\r\n", type);
}

/* What clients see of a failure inside: the contract's text; the cause goes to the log. */
static struct str message_shown(enum code code, const struct err *err)
{
    if (code == ERR_IO || code == ERR_CORRUPT || code == ERR_INTERNAL)
        return STR("Internal server error. Please try again later.");
    return err == NULL ? str_from(code_name(code)) : str_from(err->message);
}

void reply_error(struct call *call, enum code code, const struct err *err)
{
    int status = 500;
    const char *type = reply_error_type(call->operation->plane, code, &status);

    if (call->error_type != NULL) {
        type = call->error_type;
        status = call->operation->plane == PLANE_CONTROL ? 400 : chosen_status(type, code, status);
    }
    call->result_type = type;
    reply_typed(call->exchange, call->operation->plane, type, status, message_shown(code, err));
}

void out_key(struct buf *out, bool *is_first, const char *key)
{
    buf_add_format(out, *is_first ? "\"%s\":" : ",\"%s\":", key);
    *is_first = false;
}

void out_time(struct buf *out, int64_t us)
{
    int64_t ms = us / 1000;

    buf_add_format(out, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
}
