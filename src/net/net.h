#pragma once
/*
 * Loop threads: epoll, connections, deadlines, TLS. Each connection belongs to one loop; one
 * request of a connection is worked on at a time. The handler runs on the loop thread and must not
 * block: it finishes the exchange there, or keeps it and finishes it later from any thread.
 */
#include "core/epoch.h"
#include "net/http.h"
#include "os/os.h"

struct net;

struct net_exchange {
    struct http_request request;
    struct arena *arena; /* of this request; reset when it is finished and sent */
    struct http_response response;
    struct str peer;    /* "127.0.0.1:41234" */
    int64_t started_us; /* monotonic: first byte of the request */
    unsigned loop;      /* number of the loop thread */
    bool is_tls;
    void *user; /* the handler's */
};

struct net_handler {
    /*
     * Called when the headers are there, before any body: the limit for the body (0: none allowed);
     * over it the request is answered 413 and the connection closes.
     */
    uint64_t (*body_bytes_max)(const struct http_request *request, void *context);
    void (*handle)(struct net_exchange *exchange, void *context);
    /* Called once for each handled exchange when the response was sent or given up (logging,
     * metrics); before the arena goes. May be NULL. */
    void (*sent)(struct net_exchange *exchange, void *context);
    /* The framing layer refused: status and reason, for metrics. May be NULL. */
    void (*refused)(int status, const char *reason, void *context);
    /* Body of a framing-level error response (400, 413, 414, 431, 503…). May be NULL. */
    void (*error_body)(int status, const char *reason, struct http_response *response,
                       void *context);
    void *context;
};

struct net_options {
    struct str listen;       /* "127.0.0.1:7878", "[::1]:7878", "0.0.0.0:0" */
    const char *certificate; /* PEM files; NULL: plain */
    const char *key;
    unsigned loops;
    unsigned connections_max;
    struct epoch *epoch; /* each loop is inside it while it works; NULL: none */
};

NODISCARD enum code net_start(const struct os *os, const struct net_options *options,
                              const struct net_handler *handler, struct net **ret, struct err *err);

/* The port that was bound (for ":0"). */
unsigned net_port(const struct net *net);

/* Any thread, exactly once an exchange: sends exchange->response. */
void net_finish(struct net *net, struct net_exchange *exchange);

/* Reads the certificate and key again (SIGHUP). The old ones stay on failure. */
NODISCARD enum code net_reload_tls(struct net *net, struct err *err);

/*
 * No new connections; open exchanges are finished within grace_ms, then all connections close and
 * the threads end. Exchanges that a handler still has may be finished until net_free; their
 * responses go nowhere.
 */
void net_stop(struct net *net, unsigned grace_ms);

/* After net_stop, when every exchange was finished. */
void net_free(struct net *net);
