#pragma once
/*
 * One authenticated, routed request, for the files of api/. It is made by api.c after auth_check
 * and lives in the exchange's arena until the response was sent. A handler runs on the loop thread,
 * inside the turn's epoch section: it fills response.body and returns, or takes call_defer and
 * finishes later from any thread.
 */
#include "api/api.h"

struct call;

typedef enum code operation_fn(struct call *call, struct err *err);

enum plane { PLANE_CONTROL, PLANE_RUNTIME, PLANE_OWN };

struct operation {
    const char *name;
    const char *path;
    const char *services[2]; /* NULL-terminated */
    operation_fn *run;
    uint64_t body_bytes_max;
    unsigned number;
    enum plane plane;
    enum http_method method;
    enum access access;
};

enum { CALL_PATH_ARGUMENTS_MAX = 2 };

struct call {
    struct api *api;
    const struct api_options *options;
    struct net_exchange *exchange;
    const struct operation *operation;
    struct principal principal;
    struct arena *arena;
    struct buf *out;               /* exchange->response.body */
    const struct catalog *catalog; /* only while the handler runs on the loop thread */
    struct str path_arguments[CALL_PATH_ARGUMENTS_MAX]; /* decoded once */
    int64_t now_us;
    struct instant now;
    struct str request_id;   /* a UUID, for x-amzn-RequestId and the log */
    const char *error_type;  /* set by a handler to answer with another AWS type than its code's */
    const char *result_type; /* as answered, for log and metrics */
    bool is_deferred;
    enum code code;     /* as answered */
    struct str failure; /* the cause, for the log; absent when none */
};

#define OPERATION(id, name, plane, method, path, service, access, body, handler)                   \
    enum code handler(struct call *call, struct err *err);
#include "api/ops.def"
#undef OPERATION

/* The handler will finish later, by call_finish, exactly once, from any thread. */
void call_defer(struct call *call);
/* It will not, after all: nobody else has seen the call. */
void call_undefer(struct call *call);
/* Answers (response.body as it is when OK, else the error) and gives the exchange back to net. */
void call_finish(struct call *call, enum code code, const struct err *err);

/* The handler returned without deferring: as call_finish, but net is told by the caller. */
void call_answer(struct call *call, enum code code, const struct err *err);

/*
 * The group that a request names (name or ARN; contract 1.4). An ARN of another account or region
 * is ERR_DENIED. An unknown group is ERR_NOT_FOUND with the contract's text. The pointer holds on
 * the loop thread only: take group_ref for more.
 */
NODISCARD enum code call_group(struct call *call, struct str name_or_arn, size_t bytes_max,
                               const struct group **ret, struct err *err);

/*
 * Submits the change and defers; after the durable write `reply` (may be NULL: empty body) runs on
 * the writer thread to fill call->out, then the call is finished.
 */
NODISCARD enum code call_change(struct call *call, const struct change *change,
                                void (*reply)(struct call *call, void *context), void *context,
                                struct err *err);

/* Retry key from amz-sdk-invocation-id, principal, operation and body; false without the header. */
bool call_retry_key(const struct call *call, struct hash128 *ret);

/* The error reply of the operation's plane: status, x-amzn-ErrorType or __type, message. */
void reply_error(struct call *call, enum code code, const struct err *err);
/* The AWS error type of a code on the plane ("ValidationError"…), and its HTTP status. */
const char *reply_error_type(enum plane plane, enum code code, int *ret_status);

/* As reply_error, before there is a call: authentication, unknown operations. */
void reply_typed(struct net_exchange *exchange, enum plane plane, const char *type, int status,
                 struct str message);

/* JSON output helpers over call->out. */
void out_key(struct buf *out, bool *is_first, const char *key); /* `,"key":` or `"key":` */
void out_time(struct buf *out, int64_t us); /* epoch seconds with milliseconds */

/* Pagination tokens: opaque, bound to operation and principal, checked by HMAC; ERR_INVALID when
 * not ours. */
struct str token_make(struct call *call, struct str state);
NODISCARD enum code token_read(struct call *call, struct str token, struct str *ret_state,
                               struct err *err);
