#include "net/conn.h"

#include "core/mem.h"
#include "core/metrics.h"
#include "net/loop.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum progress { GO_ON, WAIT, GONE };

static const char too_much[] = "all requests together hold too much memory";

#define TO(state) (1U << CONN_##state)

static const unsigned successors[] = {
    [CONN_HANDSHAKE] = TO(IDLE) | TO(CLOSED),
    [CONN_IDLE] = TO(HEAD) | TO(CLOSED),
    [CONN_HEAD] = TO(BODY) | TO(WRITE) | TO(CLOSED),
    [CONN_BODY] = TO(WORK) | TO(WRITE) | TO(CLOSED),
    [CONN_WORK] = TO(WRITE) | TO(CLOSED),
    [CONN_WRITE] = TO(IDLE) | TO(HEAD) | TO(DRAIN) | TO(CLOSED),
    [CONN_DRAIN] = TO(CLOSED),
    [CONN_CLOSED] = 0,
};

static void move(struct conn *conn, enum conn_state state)
{
    assert((successors[conn->state] & (1U << state)) != 0);
    conn->state = state;
    bool is_busy = state != CONN_HANDSHAKE && state != CONN_IDLE && state != CONN_DRAIN &&
                   state != CONN_CLOSED;
    assert(!is_busy || conn->slot != NULL);
}

static void deadline(struct conn *conn, int64_t due_ms)
{
    wheel_set(&conn->loop->wheel, &conn->timer, due_ms);
}

struct conn *conn_new(struct loop *loop, int fd, const char *peer)
{
    struct conn *conn = MEM_NEW(struct conn);
    struct net *net = loop->net;

    conn->loop = loop;
    conn->fd = fd;
    conn->is_writable = true;
    memcpy(conn->peer, peer, strnlen(peer, SOCKET_PEER_BYTES - 1));
    conn->state = net->tls == NULL ? CONN_IDLE : CONN_HANDSHAKE;
    if (net->tls != NULL)
        conn->tls = tls_accept(net->tls, fd);
    if (net->tls != NULL && conn->tls == NULL) {
        socket_close(fd, true);
        mem_free(conn);
        return NULL;
    }
    metric_add(METRIC_http_connections, 1);
    return conn;
}

/* The slot's request is over, answered or given up. */
static void request_end(struct conn *conn)
{
    struct slot *slot = conn->slot;
    const struct net_handler *handler = &conn->loop->net->handler;

    if (slot->is_routed && handler->sent != NULL)
        handler->sent(&slot->exchange, handler->context);
    if (slot->exchange.response.file >= 0)
        (void)close(slot->exchange.response.file);
    slot->exchange.response.file = -1;
    slot->is_routed = false;
}

static void slot_drop(struct conn *conn)
{
    if (conn->slot == NULL)
        return;
    request_end(conn);
    slot_give(conn->slot);
    conn->slot = NULL;
}

static enum progress conn_close(struct conn *conn, bool is_reset)
{
    struct loop *loop = conn->loop;

    assert(conn->state != CONN_CLOSED);
    move(conn, CONN_CLOSED);
    slot_drop(conn);
    if (!is_reset)
        tls_close(conn->tls);
    else
        tls_drop(conn->tls);
    conn->tls = NULL;
    socket_close(conn->fd, is_reset);
    conn->fd = -1;
    wheel_remove(&loop->wheel, &conn->timer);
    metric_add(METRIC_http_connections, -1);
    if (!conn->is_queued) /* else when its turn in the queue comes */
        loop_forget(loop, conn);
    return GONE;
}

/* ---- reading ---- */

enum input { INPUT_SOME, INPUT_NONE, INPUT_END };

static enum input tls_receive(struct conn *conn, char *to, size_t room, size_t *ret_count)
{
    switch (tls_read(conn->tls, to, room, ret_count)) {
    case TLS_DONE:
        return INPUT_SOME;
    case TLS_WANT_READ:
        conn->is_readable = false;
        return INPUT_NONE;
    case TLS_WANT_WRITE:
        conn->is_writable = false;
        return INPUT_NONE;
    case TLS_END:
    case TLS_BROKEN:
        return INPUT_END;
    }
    return INPUT_END;
}

static enum input receive(struct conn *conn, char *to, size_t room, size_t *ret_count)
{
    if (conn->tls != NULL)
        return tls_receive(conn, to, room, ret_count);
    ssize_t count = recv(conn->fd, to, room, 0);
    if (count > 0) {
        /* A short read has emptied the socket; only the peer's end is not told by it. */
        if ((size_t)count < room && !conn->is_hung_up)
            conn->is_readable = false;
        *ret_count = (size_t)count;
        return INPUT_SOME;
    }
    if (count == 0)
        return INPUT_END;
    if (errno == EINTR)
        return INPUT_NONE; /* still readable: comes again */
    if (errno != EAGAIN)
        return INPUT_END;
    conn->is_readable = false;
    return INPUT_NONE;
}

/* Room behind what is there: grows with what came, never by what was declared. */
static char *input_room(struct slot *slot, size_t *ret_room)
{
    struct buf *in = &slot->in;

    if (slot->start > 0 && in->capacity - in->len < CONN_READ_BYTES) {
        buf_drop_front(in, slot->start);
        slot->start = 0;
    }
    if (in->capacity - in->len < CONN_READ_BYTES || in->ptr == NULL)
        (void)buf_reserve(
            in, size_max(SLOT_INPUT_BYTES - size_min(in->len, SLOT_INPUT_BYTES), CONN_READ_BYTES));
    *ret_room = in->capacity - in->len;
    return in->ptr + in->len;
}

static void request_begin(struct conn *conn)
{
    move(conn, CONN_HEAD);
    conn->since_ms = conn->loop->now_ms;
    conn->slot->exchange.started_us = conn->loop->now_us;
}

static enum input fill(struct conn *conn)
{
    size_t room = 0;
    size_t count = 0;

    if (conn->slot == NULL)
        conn->slot = slot_take(conn->loop, conn);
    char *to = input_room(conn->slot, &room);
    enum input input = receive(conn, to, room, &count);
    if (input == INPUT_SOME) {
        conn->slot->in.len += count;
        conn->slot->is_unread = true;
        conn->loop->bytes_in += (int64_t)count;
        if (conn->state == CONN_IDLE)
            request_begin(conn);
    } else if (conn->state == CONN_IDLE) {
        slot_drop(conn);
    }
    return input;
}

/* ---- a request ---- */

/* Answers without the handler, and reads no further. */
static enum progress refuse(struct conn *conn, int status, const char *reason)
{
    struct slot *slot = conn->slot;
    const struct net_handler *handler = &conn->loop->net->handler;
    struct http_response *response = &slot->exchange.response;

    assert(!slot->is_routed);
    metric_add(METRIC_http_bad_requests_total, 1);
    slot->exchange.request = (struct http_request){.headers = slot->headers};
    response->status = status;
    if (handler->refused != NULL)
        handler->refused(status, reason, handler->context);
    if (handler->error_body != NULL)
        handler->error_body(status, reason, response, handler->context);
    conn->is_last = true;
    conn->is_refused = true;
    http_response_head(response, conn->loop->date, true, false, &slot->head);
    move(conn, CONN_WRITE);
    conn->since_ms = conn->loop->now_ms;
    return GO_ON;
}

void conn_answer(struct conn *conn)
{
    struct slot *slot = conn->slot;
    struct http_response *response = &slot->exchange.response;

    assert(conn->state == CONN_WORK && slot->is_routed);
    if (response->body.is_over) {
        buf_clear(&response->body);
        response->status = 500;
        response->is_closing = true;
    }
    conn->is_last = conn->is_last || response->is_closing || conn->loop->is_stopping;
    (void)slot_account(slot);
    http_response_head(response, conn->loop->date, conn->is_last,
                       slot->exchange.request.is_http_1_0, &slot->head);
    move(conn, CONN_WRITE);
    conn->since_ms = conn->loop->now_ms;
}

static enum progress handle(struct conn *conn)
{
    struct slot *slot = conn->slot;
    struct loop *loop = conn->loop;
    const struct net_handler *handler = &loop->net->handler;

    http_view(&slot->parser, slot->in.ptr + slot->start, slot->headers, &slot->exchange.request);
    if (!slot_may_work(slot))
        return refuse(conn, 503, too_much);
    conn->is_last = !slot->exchange.request.is_keep_alive;
    move(conn, CONN_WORK);
    slot->is_routed = true;
    loop->handling = slot;
    handler->handle(&slot->exchange, handler->context);
    loop->handling = NULL;
    if (!slot->is_finished)
        return WAIT;
    conn_answer(conn);
    return GO_ON;
}

/* The head is there: may this body come? */
static void body_begin(struct conn *conn)
{
    struct slot *slot = conn->slot;
    const struct net_handler *handler = &conn->loop->net->handler;

    http_view(&slot->parser, slot->in.ptr + slot->start, slot->headers, &slot->exchange.request);
    slot->parser.body_bytes_max =
        handler->body_bytes_max(&slot->exchange.request, handler->context);
    move(conn, CONN_BODY);
    conn->since_ms = conn->loop->now_ms;
}

/* More is needed: how long may that take? */
static enum progress await_more(struct conn *conn, bool is_first_of_body)
{
    const struct slot *slot = conn->slot;

    if (conn->state == CONN_HEAD) {
        deadline(conn, conn->since_ms + LIMIT_HTTP_HEADER_DEADLINE_MS);
        return GO_ON;
    }
    if (is_first_of_body && slot->exchange.request.is_continue_expected &&
        output_text(conn, STR("HTTP/1.1 100 Continue\r\n\r\n")) != OUTPUT_DONE)
        return conn_close(conn, true);
    uint64_t received = slot->in.len - slot->start - slot->parser.head_bytes;
    deadline(conn, conn->since_ms + LIMIT_HTTP_BODY_RATE_GRACE_MS +
                       (int64_t)(received * 1000 / LIMIT_HTTP_BODY_RATE_BYTES));
    return GO_ON;
}

static enum http_step parse_some(struct slot *slot)
{
    size_t len = slot->in.len - slot->start;
    enum http_step step = http_parse(&slot->parser, slot->in.ptr + slot->start, &len);

    slot->in.len = slot->start + len;
    slot->is_unread = false;
    return step;
}

static enum progress parse(struct conn *conn)
{
    struct slot *slot = conn->slot;
    enum http_step step = parse_some(slot);
    bool is_first_of_body = step == HTTP_HEAD_DONE;

    if (is_first_of_body) {
        body_begin(conn);
        step = parse_some(slot);
    }
    if (step == HTTP_REFUSED)
        return refuse(conn, slot->parser.refused_status, slot->parser.refused_reason);
    if (!slot_account(slot))
        return refuse(conn, 503, too_much);
    if (step != HTTP_DONE)
        return await_more(conn, is_first_of_body);
    if (slot->in.len - slot->start < CONN_HEAVY_BYTES)
        return handle(conn);
    conn->is_ripe = true;
    loop_again(conn->loop, conn);
    return WAIT;
}

static enum progress step_read(struct conn *conn)
{
    if (conn->is_ripe) {
        conn->is_ripe = false;
        return handle(conn);
    }
    if (conn->slot == NULL || !conn->slot->is_unread) {
        if (!conn->is_readable || !conn->is_writable) /* reading TLS may have to write */
            return WAIT;
        enum input input = fill(conn);
        if (input == INPUT_NONE)
            return GO_ON;
        if (input == INPUT_END)
            return conn_close(conn, false);
    }
    return parse(conn);
}

/* ---- writing ---- */

static enum progress drain_begin(struct conn *conn)
{
    slot_drop(conn);
    tls_close(conn->tls);
    conn->tls = NULL;
    (void)shutdown(conn->fd, SHUT_WR);
    move(conn, CONN_DRAIN);
    deadline(conn, conn->loop->now_ms + CONN_LINGER_MS);
    return GO_ON;
}

/* The response has left. */
static enum progress response_end(struct conn *conn)
{
    struct slot *slot = conn->slot;

    if (conn->is_last)
        return conn->is_refused ? drain_begin(conn) : conn_close(conn, false);
    request_end(conn);
    slot->start += slot->parser.consumed;
    if (slot->start < slot->in.len) {
        slot_renew(slot);
        request_begin(conn);
        deadline(conn, conn->since_ms + LIMIT_HTTP_HEADER_DEADLINE_MS);
    } else {
        slot_give(slot);
        conn->slot = NULL;
        move(conn, CONN_IDLE);
        deadline(conn, conn->loop->now_ms + LIMIT_HTTP_IDLE_MS);
    }
    if (++conn->requests < CONN_REQUESTS_A_TURN)
        return GO_ON;
    loop_again(conn->loop, conn);
    return WAIT;
}

static enum progress step_write(struct conn *conn)
{
    switch (output_write(conn)) {
    case OUTPUT_DONE:
        return response_end(conn);
    case OUTPUT_AGAIN:
        deadline(conn, conn->since_ms + LIMIT_HTTP_WRITE_DEADLINE_MS +
                           (int64_t)(conn->slot->sent / CONN_WRITE_RATE));
        if (conn->is_writable)
            loop_again(conn->loop, conn);
        return WAIT;
    case OUTPUT_BROKEN:
        break;
    }
    return conn_close(conn, true);
}

static enum progress step_drain(struct conn *conn)
{
    size_t count = 0;

    if (!conn->is_readable)
        return WAIT;
    if (receive(conn, conn->loop->stage, LOOP_STAGE_BYTES, &count) == INPUT_END)
        return conn_close(conn, false);
    return GO_ON;
}

static enum progress step_handshake(struct conn *conn)
{
    if (!conn->is_readable || !conn->is_writable)
        return WAIT;
    switch (tls_handshake(conn->tls)) {
    case TLS_DONE:
        move(conn, CONN_IDLE);
        deadline(conn, conn->loop->now_ms + LIMIT_HTTP_IDLE_MS);
        return GO_ON;
    case TLS_WANT_READ:
        conn->is_readable = false;
        return WAIT;
    case TLS_WANT_WRITE:
        conn->is_writable = false;
        return WAIT;
    case TLS_END:
    case TLS_BROKEN:
        break;
    }
    return conn_close(conn, true);
}

static enum progress step(struct conn *conn)
{
    switch (conn->state) {
    case CONN_HANDSHAKE:
        return step_handshake(conn);
    case CONN_IDLE:
    case CONN_HEAD:
    case CONN_BODY:
        return step_read(conn);
    case CONN_WORK:
        return WAIT;
    case CONN_WRITE:
        return conn->is_writable ? step_write(conn) : WAIT;
    case CONN_DRAIN:
        return step_drain(conn);
    case CONN_CLOSED:
        loop_forget(conn->loop, conn);
        return GONE;
    }
    return GONE;
}

void conn_run(struct conn *conn)
{
    enum progress progress = GO_ON;

    if (conn->is_queued && conn->state != CONN_CLOSED)
        return; /* its turn comes */
    conn->requests = 0;
    while (progress == GO_ON)
        progress = step(conn);
}

/* ---- from outside ---- */

void conn_expired(struct conn *conn)
{
    if (conn->is_ripe) /* it came in time, and waits for us */
        return;
    switch (conn->state) {
    case CONN_HEAD:
    case CONN_BODY:
        (void)refuse(conn, 408, "the request did not come in time");
        conn_run(conn);
        return;
    case CONN_HANDSHAKE:
    case CONN_IDLE:
    case CONN_DRAIN:
        (void)conn_close(conn, false);
        return;
    case CONN_WRITE:
        (void)conn_close(conn, true);
        return;
    case CONN_WORK: /* a deadline of an earlier state */
    case CONN_CLOSED:
        return;
    }
}

void conn_stop(struct conn *conn)
{
    if (conn->state == CONN_HANDSHAKE || conn->state == CONN_IDLE || conn->state == CONN_DRAIN)
        (void)conn_close(conn, false);
    else
        conn->is_last = true;
}

void conn_abort(struct conn *conn)
{
    if (conn->state != CONN_WORK && conn->state != CONN_CLOSED)
        (void)conn_close(conn, true);
}
