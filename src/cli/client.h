#pragma once
/*
 * A blocking HTTP/1.1 client of one server: signs each request (SigV4, service "sagemaker"), keeps
 * its connection open, and sends again what may be sent again (no connection, 429, 500 to 504,
 * throttled) with growing pauses, always under the same amz-sdk-invocation-id, by which the server
 * knows a repeated write. One thread; several threads make one each.
 */
#include "cli/endpoint.h"
#include "core/buf.h"
#include "os/os.h"

#include <stdatomic.h>

struct client;

struct client_identity {
    struct str access_key;
    struct str secret;
    struct str session_token; /* absent: none */
    struct str region;
};

/* What it points to outlives the client. */
struct client_options {
    const struct os *os;
    struct endpoint endpoint;
    struct client_identity identity;
    const char *authorities; /* of TLS; NULL: the system's */
    bool is_unverified;
    unsigned timeout_ms;            /* for one wait on the server */
    unsigned retry_ms;              /* how long a request is tried again; 0: never */
    const atomic_bool *is_stopping; /* true ends the trying again; may be NULL */
};

/* Gets the body of a 2xx in pieces, in place of the reply. */
typedef enum code client_sink_fn(struct str piece, void *context, struct err *err);

/* Fields that are left out are absent or 0. */
struct client_request {
    struct str method;
    struct str path;   /* percent-encoded */
    struct str query;  /* percent-encoded, without '?' */
    struct str target; /* X-Amz-Target */
    struct str content_type;
    struct str body;
    struct str invocation_id; /* absent: a random one */
    unsigned timeout_ms;      /* 0: the client's */
    client_sink_fn *sink;
    void *sink_context;
};

/* Views hold until the next call of the same client. */
struct client_reply {
    int status;
    struct str body; /* empty when a sink took it */
    struct str content_type;
    struct str error_type; /* "ResourceNotFound"; absent on success */
    struct str message;    /* of the error; maybe empty */
    struct str request_id;
};

struct client *client_new(const struct client_options *options);
void client_free(struct client *client); /* accepts NULL */

/*
 * OK when there is an answer, whatever it says. ERR_TIMEOUT: none could be had; the message says
 * why and what to do. A sink's failure is passed on.
 */
NODISCARD enum code client_call(struct client *client, const struct client_request *request,
                                struct client_reply *ret, struct err *err);

enum { CLIENT_UUID_BYTES = 36 };
/* 16 bytes as a UUID's text. */
void client_uuid(const unsigned char bytes[16], char ret[CLIENT_UUID_BYTES]);

/* The error type of a header or "__type" value without namespace and address. Pure. */
struct str client_error_type(struct str value);
