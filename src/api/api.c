/*
 * A request's way through the API: open routes; the signature, once, before anything is read into
 * the request; the operation; what the principal may do; the handler; and, when the answer has
 * gone, one log line and the metrics.
 */
#include "api/api_priv.h"
#include "api/open.h"
#include "api/query_pool.h"
#include "api/router.h"
#include "config/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/metrics.h"

#include <poll.h>

static enum code keys_make(struct api *api, struct err *err)
{
    const struct api_options *options = &api->options;
    struct arena arena = {0};
    struct buf secret = {0};
    const char *path = arena_format(&arena, "%s/secret", options->data_dir).ptr;
    enum code code = os_read_file(options->os, path, 2 * (size_t)HASH_SECRET_BYTES, &secret, err);

    if (code == OK) {
        api->token_key = sha256_hmac(buf_str(&secret), STR("pagination tokens"));
        code =
            options->os->random(options->os->context, api->id_secret, sizeof(api->id_secret), err);
    }
    buf_release(&secret);
    arena_release(&arena);
    return code;
}

enum code api_new(const struct api_options *options, struct api **ret, struct err *err)
{
    struct api *api = MEM_NEW(struct api);

    api->options = *options;
    enum code code = keys_make(api, err);
    if (code == OK)
        code = query_pool_new(&api->options, &api->queries, err);
    if (code != OK) {
        mem_free(api);
        return code;
    }
    for (size_t i = 0; i < router_count(); i++)
        metric_operation_name((unsigned)i, router_operation(i)->name);
    metric_operation_name((unsigned)router_count(), "Unknown");
    *ret = api;
    return OK;
}

void api_stop(struct api *api)
{
    query_pool_free(api->queries);
    api->queries = NULL;
    /* Writes that wait for a slow disk: the writer still runs, and finishes them. */
    while (atomic_load(&api->deferred) > 0)
        (void)poll(NULL, 0, 1);
}

void api_free(struct api *api)
{
    api_stop(api);
    mem_free(api);
}

void api_attach(struct api *api, struct net *net)
{
    api->net = net;
}

enum { REQUEST_ID_BYTES = 36 };

/* A UUID in form; unique within and across runs by the random secret. */
static struct str request_id(struct api *api, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t number = atomic_fetch_add(&api->id_next, 1);
    struct hash128 id =
        hash_keyed(api->id_secret, 0, (struct str){(const char *)&number, sizeof(number)});
    char *text = arena_alloc_raw(arena, REQUEST_ID_BYTES, 1);

    for (size_t i = 0; i < REQUEST_ID_BYTES; i++) {
        uint64_t *half = i < REQUEST_ID_BYTES / 2 ? &id.high : &id.low;
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        text[i] = digits[*half & 15];
        if (is_dash)
            text[i] = '-';
        else
            *half >>= 4;
    }
    text[14] = '4'; /* version and variant of a random one */
    text[19] = '8';
    return (struct str){text, REQUEST_ID_BYTES};
}

static bool is_control(const struct http_request *request)
{
    return request->method == HTTP_POST && str_equal(request->path, STR("/"));
}

/* A call for what has no operation, so that refusals are logged and counted like answers. */
static const struct operation unknown_control = {.name = "Unknown", .plane = PLANE_CONTROL};
static const struct operation unknown_runtime = {.name = "Unknown", .plane = PLANE_RUNTIME};

static struct call *call_new(struct api *api, struct net_exchange *exchange)
{
    struct call *call = ARENA_NEW(exchange->arena, struct call, 1);
    const struct os *os = api->options.os;

    call->api = api;
    call->options = &api->options;
    call->exchange = exchange;
    call->arena = exchange->arena;
    call->out = &exchange->response.body;
    call->operation = is_control(&exchange->request) ? &unknown_control : &unknown_runtime;
    call->now_us = os->now_us(os->context);
    call->now = instant_from_us(call->now_us);
    call->request_id = request_id(api, exchange->arena);
    exchange->user = call;
    return call;
}

static void call_refuse(struct call *call, const char *type, int status, struct str message)
{
    call->result_type = type;
    call->code = ERR_DENIED;
    reply_typed(call->exchange, call->operation->plane, type, status, message);
}

static bool call_authenticate(struct call *call)
{
    static const char *const services[] = {"sagemaker", NULL};
    const struct operation *operation = router_match(&call->exchange->request);
    struct err err = {0};
    const struct auth_question question = {
        .request = &call->exchange->request,
        .services = operation == NULL ? services : (const char *const *)operation->services,
        .now_us = call->now_us,
    };
    enum auth_failure failure =
        auth_check(call->options->auth, &question, call->arena, &call->principal, &err);

    if (failure == AUTH_OK)
        return true;
    metric_add(METRIC_auth_refused_total, 1);
    call_refuse(call, auth_failure_type(failure), auth_failure_status(failure),
                str_from(err.message));
    return false;
}

static bool call_route(struct call *call)
{
    struct route route;
    struct err err;

    if (router_find(&call->exchange->request, call->arena, &route, &err) != OK) {
        call_refuse(call, "ValidationException", 400, str_from(err.message));
        return false;
    }
    if (route.operation == NULL) {
        call_refuse(call, "UnknownOperationException",
                    call->operation->plane == PLANE_CONTROL ? 400 : 404,
                    STR("there is no such operation: expected an operation of the Amazon SageMaker "
                        "Feature Store API or of /v1/"));
        return false;
    }
    call->operation = route.operation;
    memcpy(call->path_arguments, route.arguments, sizeof(call->path_arguments));
    return true;
}

static bool call_authorize(struct call *call)
{
    const struct identity *identity = &call->options->identity;

    if (call->operation->access == ACCESS_READ || call->principal.access == ACCESS_WRITE)
        return true;
    call_refuse(
        call, "AccessDeniedException", call->operation->plane == PLANE_CONTROL ? 400 : 403,
        arena_format(call->arena,
                     "User: arn:aws:iam::%.*s:user/%.*s is not authorized to perform: "
                     "sagemaker:%s on resource: arn:aws:sagemaker:%.*s:%.*s:feature-group/*",
                     STR_ARG(identity->account), STR_ARG(call->principal.user),
                     call->operation->name, STR_ARG(identity->region), STR_ARG(identity->account)));
    return false;
}

static void api_handle(struct net_exchange *exchange, void *context)
{
    struct api *api = context;
    struct err err = {0};

    exchange->response.body.bytes_max = LIMIT_RESPONSE_BYTES;
    if (open_answer(api, exchange)) {
        net_finish(api->net, exchange);
        return;
    }
    struct call *call = call_new(api, exchange);
    buf_add(&exchange->response.headers, STR("x-amzn-RequestId: "));
    buf_add(&exchange->response.headers, call->request_id);
    buf_add(&exchange->response.headers, STR("\r\n"));
    if (call_authenticate(call) && call_route(call) && call_authorize(call)) {
        call->catalog = store_catalog(api->options.store);
        enum code code = call->operation->run(call, &err);
        if (call->is_deferred) {
            assert(code == OK);
            return;
        }
        call_answer(call, code, &err);
    }
    net_finish(api->net, exchange);
}

static void call_log(const struct call *call, int64_t latency_us)
{
    const struct net_exchange *exchange = call->exchange;
    struct log_line line;
    bool is_fault = exchange->response.status >= 500;

    log_begin(&line, is_fault ? LOG_ERROR : LOG_INFO, "request");
    log_str(&line, "operation", str_from(call->operation->name));
    log_i64(&line, "status", exchange->response.status);
    log_i64(&line, "latency_us", latency_us);
    log_str(&line, "peer", exchange->peer);
    log_str(&line, "user", call->principal.user);
    log_i64(&line, "bytes_in", (int64_t)exchange->request.body.len);
    log_str(&line, "request_id", call->request_id);
    if (!str_is_absent(call->path_arguments[0]))
        log_str(&line, "resource", call->path_arguments[0]);
    if (call->result_type != NULL && call->result_type[0] != '\0')
        log_str(&line, "error", str_from(call->result_type));
    if (!str_is_absent(call->failure))
        log_str(&line, "message", call->failure);
    log_end(&line);
}

static void api_sent(struct net_exchange *exchange, void *context)
{
    struct api *api = context;
    const struct call *call = exchange->user;

    if (call == NULL)
        return;
    const struct os *os = api->options.os;
    int64_t latency_us = os->monotonic_us(os->context) - exchange->started_us;
    bool is_unknown = call->operation == &unknown_control || call->operation == &unknown_runtime;
    unsigned number = is_unknown ? (unsigned)router_count() : call->operation->number;
    metric_operation_done(number, latency_us, exchange->response.status);
    if (api->options.is_request_logged || exchange->response.status >= 500)
        call_log(call, latency_us);
}

static uint64_t api_body_bytes_max(const struct http_request *request, void *context)
{
    const struct operation *operation = router_match(request);

    (void)context;
    /* An unknown operation is refused after its signature was checked, which needs its body. */
    return operation == NULL ? LIMIT_BODY_CONTROL : operation->body_bytes_max;
}

static void api_refused(int status, const char *reason, void *context)
{
    const struct api *api = context;
    struct log_line line;

    if (!api->options.is_request_logged)
        return;
    log_begin(&line, LOG_INFO, "refused");
    log_i64(&line, "status", status);
    log_str(&line, "message", str_from(reason));
    log_end(&line);
}

static void api_error_body(int status, const char *reason, struct http_response *response,
                           void *context)
{
    bool is_busy = status == 503;

    (void)context;
    response->content_type = STR("application/json");
    buf_add(&response->body, STR("{\"Message\":"));
    buf_add_json(&response->body, str_from(reason));
    buf_add_byte(&response->body, '}');
    buf_add_format(&response->headers, "x-amzn-ErrorType: %s\r\n",
                   is_busy ? "ServiceUnavailable" : "ValidationError");
}

struct net_handler api_handler(struct api *api)
{
    return (struct net_handler){
        .body_bytes_max = api_body_bytes_max,
        .handle = api_handle,
        .sent = api_sent,
        .refused = api_refused,
        .error_body = api_error_body,
        .context = api,
    };
}
