#pragma once
/*
 * Which operation a request is for: the table of ops.def, matched by method and path, or by
 * X-Amz-Target for the control plane. Path segments are split before they are decoded
 * (contract 1.1). Pure.
 */
#include "api/call.h"

struct route {
    const struct operation *operation;             /* NULL: there is none */
    struct str arguments[CALL_PATH_ARGUMENTS_MAX]; /* decoded */
};

size_t router_count(void);
const struct operation *router_operation(size_t number);

/* ERR_INVALID for a malformed percent-encoding; OK with a NULL operation when nothing matches. */
NODISCARD enum code router_find(const struct http_request *request, struct arena *arena,
                                struct route *ret, struct err *err);

/* The operation without its arguments: for the body's limit, before the body is read. */
const struct operation *router_match(const struct http_request *request);
