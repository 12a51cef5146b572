#include "net/loop.h"

#include "core/mem.h"
#include "core/metrics.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The loop that runs on this thread; NULL on others. */
static _Thread_local struct loop *loop_here;

/* What an event is about, when it is no connection. */
static char listener_mark;
static char wake_mark;

/* ---- other threads ---- */

static void wake(const struct loop *loop)
{
    uint64_t one = 1;

    /* It is watched by edges, so it is never read; it cannot overflow in a machine's life. */
    (void)!write(loop->wake, &one, sizeof(one));
}

void loop_finish(struct loop *loop, struct slot *slot)
{
    if (loop == loop_here && loop->handling == slot) {
        slot->is_finished = true;
        return;
    }
    (void)pthread_mutex_lock(&loop->lock);
    slot->next = NULL;
    *loop->finished_end = slot;
    loop->finished_end = &slot->next;
    bool is_wanted = loop->is_sleeping;
    loop->is_sleeping = false; /* one wake is enough */
    (void)pthread_mutex_unlock(&loop->lock);
    if (is_wanted)
        wake(loop);
}

static void loop_give(struct loop *loop, struct conn *conn)
{
    (void)pthread_mutex_lock(&loop->lock);
    conn->link = loop->incoming;
    loop->incoming = conn;
    bool is_wanted = loop->is_sleeping;
    loop->is_sleeping = false;
    (void)pthread_mutex_unlock(&loop->lock);
    if (is_wanted)
        wake(loop);
}

void loop_stop(struct loop *loop, int64_t stop_ms)
{
    (void)pthread_mutex_lock(&loop->lock);
    loop->is_stop_wanted = true;
    loop->stop_ms = stop_ms;
    (void)pthread_mutex_unlock(&loop->lock);
    wake(loop);
}

/* ---- connections ---- */

void loop_again(struct loop *loop, struct conn *conn)
{
    if (conn->is_queued)
        return;
    conn->is_queued = true;
    conn->link = NULL;
    *loop->ready_end = conn;
    loop->ready_end = &conn->link;
}

void loop_forget(struct loop *loop, struct conn *conn)
{
    assert(conn->state == CONN_CLOSED && !conn->is_queued && loop->conn_count > 0);
    if (conn->next != NULL)
        conn->next->previous = conn->previous;
    if (conn->previous != NULL)
        conn->previous->next = conn->next;
    else
        loop->conns = conn->next;
    loop->conn_count--;
    atomic_fetch_sub(&loop->net->connections, 1);
    mem_free(conn);
}

/* A new connection is this loop's from now on. */
static void conn_adopt(struct loop *loop, struct conn *conn)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data = {.ptr = conn}};

    conn->next = loop->conns;
    if (conn->next != NULL)
        conn->next->previous = conn;
    loop->conns = conn;
    loop->conn_count++;
    wheel_set(&loop->wheel, &conn->timer, loop->now_ms + LIMIT_HTTP_HEADER_DEADLINE_MS);
    if (loop->is_stopping || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, conn->fd, &event) != 0)
        conn_abort(conn);
}

static void listen_set(struct loop *loop, bool is_on)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &listener_mark}};

    (void)epoll_ctl(loop->epoll, is_on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, loop->net->listener,
                    &event);
    loop->listen_again_ms = is_on ? 0 : loop->now_ms + LOOP_LISTEN_AGAIN_MS;
}

static void deal(struct net *net, struct loop *here, int fd, const char *peer)
{
    if (atomic_load(&net->connections) >= net->connections_max) {
        socket_close(fd, true);
        metric_add(METRIC_http_connections_refused_total, 1);
        return;
    }
    struct loop *loop = &net->loops[net->loop_next];
    net->loop_next = (net->loop_next + 1) % net->loop_count;
    struct conn *conn = conn_new(loop, fd, peer);
    if (conn == NULL)
        return;
    atomic_fetch_add(&net->connections, 1);
    if (loop == here)
        conn_adopt(loop, conn);
    else
        loop_give(loop, conn);
}

static void accept_some(struct loop *loop)
{
    char peer[SOCKET_PEER_BYTES];
    bool is_exhausted = false;

    for (unsigned i = 0; i < LOOP_ACCEPTS_A_TURN; i++) {
        int fd = socket_accept(loop->net->listener, peer, &is_exhausted);
        if (fd < 0)
            break;
        deal(loop->net, loop, fd, peer);
    }
    if (is_exhausted) /* a waiting connection that cannot be taken would wake us without end */
        listen_set(loop, false);
}

/* ---- a turn ---- */

static void conn_event(struct conn *conn, uint32_t events)
{
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        conn->is_readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        conn->is_hung_up = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        conn->is_writable = true;
    conn_run(conn);
}

static int wait_ms(const struct loop *loop)
{
    if (loop->ready != NULL)
        return 0;
    return loop->wheel.count > 0 || loop->listen_again_ms != 0 || loop->is_stopping ? WHEEL_TICK_MS
                                                                                    : -1;
}

/* Sleeps unless something came meanwhile; returns the number of events. */
static int loop_wait(struct loop *loop, struct epoll_event *events)
{
    int timeout = wait_ms(loop);

    (void)pthread_mutex_lock(&loop->lock);
    if (loop->finished != NULL || loop->incoming != NULL)
        timeout = 0;
    loop->is_sleeping = timeout != 0;
    (void)pthread_mutex_unlock(&loop->lock);
    int count = epoll_wait(loop->epoll, events, LOOP_EVENTS, timeout);
    return count < 0 ? 0 : count;
}

/* What other threads left here. */
static void loop_collect(struct loop *loop, struct slot **ret_finished, struct conn **ret_incoming)
{
    (void)pthread_mutex_lock(&loop->lock);
    loop->is_sleeping = false;
    *ret_finished = loop->finished;
    *ret_incoming = loop->incoming;
    loop->finished = NULL;
    loop->finished_end = &loop->finished;
    loop->incoming = NULL;
    loop->is_stopping = loop->is_stop_wanted;
    (void)pthread_mutex_unlock(&loop->lock);
}

static void loop_clock(struct loop *loop)
{
    const struct os *os = loop->net->os;

    loop->now_us = os->monotonic_us(os->context);
    loop->now_ms = loop->now_us / 1000;
    if (loop->now_us < loop->date_until_us)
        return;
    int64_t now_us = os->now_us(os->context);
    http_date(now_us, loop->date);
    loop->date_until_us = loop->now_us + 1000000 - now_us % 1000000;
}

static void run_finished(struct slot *slot)
{
    while (slot != NULL) {
        struct slot *next = slot->next;
        struct conn *conn = slot->conn;
        conn_answer(conn);
        conn_run(conn);
        slot = next;
    }
}

/*
 * Some of what waits: after a few, new events come first, so that a small read is not held up by a
 * crowd of large writes.
 */
static void run_ready(struct loop *loop)
{
    struct conn *last = NULL;

    for (unsigned i = 0; i < LOOP_READY_A_TURN && loop->ready != NULL && last == NULL; i++) {
        struct conn *conn = loop->ready;
        loop->ready = conn->link;
        if (loop->ready == NULL) {
            loop->ready_end = &loop->ready;
            last = conn; /* what it queues now is for the next turn */
        }
        conn->is_queued = false;
        conn_run(conn);
    }
}

static void run_events(struct loop *loop, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &listener_mark)
            accept_some(loop);
        else if (events[i].data.ptr != &wake_mark)
            conn_event(events[i].data.ptr, events[i].events);
    }
}

static void run_deadlines(struct loop *loop)
{
    for (;;) {
        struct timer *timer = wheel_due(&loop->wheel, loop->now_ms);
        if (timer == NULL)
            break;
        conn_expired((struct conn *)timer);
    }
    if (loop->listen_again_ms != 0 && loop->now_ms >= loop->listen_again_ms && !loop->is_stopping)
        listen_set(loop, true);
}

/* `fn` may free the connection. */
static void for_all(struct loop *loop, void (*fn)(struct conn *conn))
{
    struct conn *conn = loop->conns;

    while (conn != NULL) {
        struct conn *next = conn->next;
        fn(conn);
        conn = next;
    }
}

static void stop_begin(struct loop *loop)
{
    if (loop->number == 0 && loop->listen_again_ms == 0)
        listen_set(loop, false);
    for_all(loop, conn_stop);
}

static void turn(struct loop *loop, const struct epoll_event *events, int count)
{
    struct slot *finished = NULL;
    struct conn *incoming = NULL;
    bool was_stopping = loop->is_stopping;

    loop_clock(loop);
    loop_collect(loop, &finished, &incoming);
    run_events(loop, events, count);
    while (incoming != NULL) {
        struct conn *next = incoming->link;
        conn_adopt(loop, incoming);
        incoming = next;
    }
    run_finished(finished);
    run_ready(loop);
    run_deadlines(loop);
    if (loop->is_stopping && !was_stopping)
        stop_begin(loop);
    if (loop->bytes_in != 0)
        metric_add(METRIC_http_bytes_in_total, loop->bytes_in);
    if (loop->bytes_out != 0)
        metric_add(METRIC_http_bytes_out_total, loop->bytes_out);
    loop->bytes_in = 0;
    loop->bytes_out = 0;
}

void loop_run(void *context)
{
    struct loop *loop = context;
    struct epoch *epoch = loop->net->epoch;
    struct epoll_event events[LOOP_EVENTS];

    loop_here = loop;
    while (!loop->is_stopping || (loop->conn_count > 0 && loop->now_ms < loop->stop_ms)) {
        int count = loop_wait(loop, events);
        if (epoch != NULL)
            epoch_enter(epoch, loop->reader);
        turn(loop, events, count);
        if (epoch != NULL)
            epoch_leave(epoch, loop->reader);
    }
    for_all(loop, conn_abort);
    loop_here = NULL;
}

/* ---- life ---- */

enum code loop_open(struct loop *loop, struct net *net, unsigned number, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.ptr = &wake_mark}};

    loop->net = net;
    loop->number = number;
    (void)pthread_mutex_init(&loop->lock, NULL);
    loop->finished_end = &loop->finished;
    loop->ready_end = &loop->ready;
    loop_clock(loop);
    wheel_init(&loop->wheel, loop->now_ms);
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->wake < 0 || loop->epoll < 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &event) != 0)
        return err_errno(err, ERR_IO, errno, "cannot make loop %u", number);
    if (net->epoch != NULL)
        TRY(epoch_reader_add(net->epoch, &loop->reader, err));
    loop->has_reader = net->epoch != NULL;
    if (number == 0)
        listen_set(loop, true);
    return OK;
}

void loop_release(struct loop *loop)
{
    /* Connections of requests that were finished too late. */
    for (struct slot *slot = loop->finished; slot != NULL;) {
        struct slot *next = slot->next;
        struct conn *conn = slot->conn;
        conn_answer(conn);
        conn_abort(conn);
        slot = next;
    }
    while (loop->incoming != NULL) {
        struct conn *next = loop->incoming->link;
        conn_adopt(loop, loop->incoming);
        loop->incoming = next;
    }
    while (loop->ready != NULL) /* closed while they waited for their turn */
        run_ready(loop);
    assert(loop->conn_count == 0);
    while (loop->spare != NULL) {
        struct slot *next = loop->spare->next;
        slot_free(loop->spare);
        loop->spare = next;
    }
    if (loop->has_reader)
        epoch_reader_remove(loop->net->epoch, loop->reader);
    (void)close(loop->wake);
    (void)close(loop->epoll);
    (void)pthread_mutex_destroy(&loop->lock);
}
