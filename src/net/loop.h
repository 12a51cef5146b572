#pragma once
/*
 * A loop thread: epoll, deadlines, and the requests that other threads finished. All of it belongs
 * to its thread but what its lock guards. Loop 0 also accepts, and deals new connections out in
 * turn.
 */
#include "net/conn.h"
#include "os/thread.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    LOOP_KEEP_BYTES = 16 * 1024 * 1024, /* large buffers kept in spare slots */
    LOOP_SPARE_SLOTS = 256,
    LOOP_EVENTS = 256,
    LOOP_STAGE_BYTES = 16 * 1024, /* one TLS record */
    LOOP_ACCEPTS_A_TURN = 64,
    LOOP_READY_A_TURN = 8,
    LOOP_LISTEN_AGAIN_MS = 200, /* after descriptors ran out */
};

struct loop {
    struct net *net;
    unsigned number;
    int epoll;
    int wake; /* eventfd */
    struct os_thread *thread;
    unsigned reader; /* of the epoch */
    bool has_reader;
    int64_t now_us; /* of a clock that never steps; of this turn */
    int64_t now_ms;
    struct wheel wheel;
    struct conn *conns;
    size_t conn_count;
    struct conn *ready;
    struct conn **ready_end;
    struct slot *spare;
    size_t spare_count;
    size_t kept_bytes;     /* of the spare slots' large buffers */
    struct slot *handling; /* the handler is running with it */
    int64_t bytes_in;      /* of this turn, for the metrics */
    int64_t bytes_out;
    char date[HTTP_DATE_BYTES];
    int64_t date_until_us;
    int64_t listen_again_ms; /* 0: listening */
    bool is_stopping;        /* as read under the lock */
    char stage[LOOP_STAGE_BYTES];

    pthread_mutex_t lock; /* of what follows */
    struct slot *finished;
    struct slot **finished_end;
    struct conn *incoming;
    bool is_sleeping;
    bool is_stop_wanted;
    int64_t stop_ms; /* what is open then is dropped */
};

struct net {
    const struct os *os;
    struct net_handler handler;
    struct epoch *epoch;
    struct tls_server *tls;
    int listener;
    unsigned port;
    unsigned connections_max;
    struct loop *loops;
    unsigned loop_count;
    unsigned loop_next; /* who gets the next connection */
    _Atomic(uint64_t) bytes_in_flight;
    _Atomic(unsigned) connections;
};

NODISCARD enum code loop_open(struct loop *loop, struct net *net, unsigned number, struct err *err);
void loop_run(void *context); /* the thread */
/* After the thread ended: what other threads finished meanwhile, spare slots, descriptors. */
void loop_release(struct loop *loop);

/* Any thread: hands a finished request to its loop. */
void loop_finish(struct loop *loop, struct slot *slot);
/* Any thread. */
void loop_stop(struct loop *loop, int64_t stop_ms);

/* The connection has more to do, after others had their turn. */
void loop_again(struct loop *loop, struct conn *conn);
/* The connection is closed and free. */
void loop_forget(struct loop *loop, struct conn *conn);
/* Watches the socket for edges from now on. */
bool loop_watch(struct loop *loop, struct conn *conn);
