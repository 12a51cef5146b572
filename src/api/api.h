#pragma once
/*
 * The API: one table of operations (ops.def), one file an operation or family, one place where
 * codes become HTTP status and AWS error type (reply.c). A net_exchange comes in; api authenticates
 * it once, routes it, limits it, and answers, at once or when the writer, a query or the flusher is
 * done.
 */
#include "auth/auth.h"
#include "net/net.h"
#include "offline/flusher.h"
#include "offline/manifest.h"
#include "worker/query_client.h"
#include "write/write.h"

struct api;

struct api_options {
    const struct os *os;
    struct auth *auth;
    struct store *store;
    struct manifest *manifest;
    struct flusher *flusher;
    struct query_context query;
    struct identity identity;
    const char *data_dir;
    size_t groups_max; /* quota: LIMIT_GROUPS_DEFAULT */
    unsigned query_timeout_ms;
    uint64_t query_memory_bytes;
    bool is_request_logged;
    _Atomic(bool) *is_ready;
};

NODISCARD enum code api_new(const struct api_options *options, struct api **ret, struct err *err);
/* Waits for running queries and for the writes that calls still wait for. No request comes any
 * more. */
void api_stop(struct api *api);
/* After net_free: what net gives up at its end is still logged and counted here. */
void api_free(struct api *api);
/* net is known only after net_start, which needs the handler. */
void api_attach(struct api *api, struct net *net);
struct net_handler api_handler(struct api *api);
