#pragma once
/*
 * A request slot: input buffer, parser, arena and response of the request a connection is busy
 * with. Idle connections hold none, and the slots of a loop are reused last in, first out, so a
 * steady load allocates nothing and works in a warm cache. Belongs to its loop's thread; only the
 * exchange is handed out, until net_finish.
 */
#include "net/net.h"

enum {
    SLOT_INPUT_BYTES = 16 * 1024, /* the usual input buffer */
    SLOT_KEEP_BYTES = 64 * 1024,  /* a larger buffer is kept only within LOOP_KEEP_BYTES */
};

struct conn;
struct loop;

struct slot {
    struct net_exchange exchange; /* first */
    struct slot *next;            /* spare, or finished by another thread */
    struct loop *loop;
    struct conn *conn; /* NULL while spare */
    struct buf in;
    size_t start; /* of the current request in `in` */
    struct arena arena;
    struct buf head;    /* of the response */
    uint64_t sent;      /* bytes of head and body */
    uint64_t accounted; /* of LIMIT_BODIES_IN_FLIGHT */
    bool is_finished;   /* net_finish was called while the handler ran */
    bool is_routed;     /* the handler has seen it: `sent` is owed */
    bool is_unread;     /* bytes in `in` were not shown to the parser yet */
    struct http_header headers[LIMIT_HTTP_HEADERS];
    struct http_parser parser;
};

struct slot *slot_take(struct loop *loop, struct conn *conn);
/* Its request is over: `sent` was called where it was owed. */
void slot_give(struct slot *slot);
void slot_free(struct slot *slot);

/* Ready for the next request of the connection, which starts at slot->start. */
void slot_renew(struct slot *slot);

/* Counts what the buffers of this request hold beyond the usual; false when it came to hold more,
 * and all requests together hold too much. */
bool slot_account(struct slot *slot);

/*
 * Whether the whole request may be worked on, seeing what all hold together. Those with a body may
 * have large answers and are refused first; reads of one record go on up to twice the limit.
 */
bool slot_may_work(const struct slot *slot);
