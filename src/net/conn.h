#pragma once
/*
 * A connection: a declared state machine, driven by its loop's thread alone. Events are edges: they
 * are noted in the connection, which reads and writes until the socket has no more.
 */
#include "net/slot.h"
#include "net/socket.h"
#include "net/tls.h"
#include "net/wheel.h"

enum {
    CONN_REQUESTS_A_TURN = 16, /* then others come first */
    CONN_LINGER_MS = 2000,     /* reading on after a refusal, so that the client can read it */
    CONN_READ_BYTES = 4096,    /* the least room a read gets */
    CONN_WRITE_RATE = 64,      /* bytes a millisecond that lengthen the write deadline */
    CONN_WRITE_BYTES_A_TURN = 4 * 1024 * 1024,
    CONN_HEAVY_BYTES = 4096, /* a request of so many bytes waits behind smaller ones */
};

enum conn_state {
    CONN_HANDSHAKE, /* of TLS */
    CONN_IDLE,      /* no byte of a request yet */
    CONN_HEAD,
    CONN_BODY,
    CONN_WORK,  /* the handler has it */
    CONN_WRITE, /* the response leaves */
    CONN_DRAIN, /* said all; reads and drops until the peer closes */
    CONN_CLOSED,
};

struct conn {
    struct timer timer; /* first */
    struct loop *loop;
    struct slot *slot;
    struct tls *tls;
    int fd;
    enum conn_state state;
    bool is_readable; /* since the last edge; reading may find nothing */
    bool is_writable;
    bool is_hung_up;   /* the peer sends no more */
    bool is_last;      /* closes behind the response */
    bool is_refused;   /* its response is a refusal: what follows was not read */
    bool is_queued;    /* in loop->ready */
    bool is_ripe;      /* its heavy request is whole and waits in loop->ready */
    unsigned requests; /* of this turn */
    int64_t since_ms;  /* of the state's clock: first byte, start of the body, of the response */
    struct conn *link; /* next in loop->ready or loop->incoming */
    struct conn *next, *previous; /* of loop->conns */
    char peer[SOCKET_PEER_BYTES];
};

/* Takes the socket; NULL when it cannot be used (it is closed then). Any thread. */
struct conn *conn_new(struct loop *loop, int fd, const char *peer);

/* Does all that can be done without waiting. The connection may be gone afterwards. */
void conn_run(struct conn *conn);
/* The response of its request is there. */
void conn_answer(struct conn *conn);
/* A deadline passed. */
void conn_expired(struct conn *conn);
/* The loop ends: what is idle closes, what is busy closes behind its response. */
void conn_stop(struct conn *conn);
/* Closes now, whatever is under way, unless the handler has the request. */
void conn_abort(struct conn *conn);

/* output.c: writes what is left of the response. */
enum output { OUTPUT_DONE, OUTPUT_AGAIN, OUTPUT_BROKEN };
enum output output_write(struct conn *conn);
/* Best effort, for a few bytes. */
enum output output_text(struct conn *conn, struct str text);
