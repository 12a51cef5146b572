#include "net/slot.h"

#include "core/mem.h"
#include "net/loop.h"

static void exchange_renew(struct slot *slot)
{
    struct net_exchange *exchange = &slot->exchange;

    exchange->response.status = 0;
    exchange->response.content_type = STR_ABSENT;
    exchange->response.file = -1;
    exchange->response.file_bytes = 0;
    exchange->response.is_closing = false;
    buf_clear(&exchange->response.body);
    buf_clear(&exchange->response.headers);
    exchange->user = NULL;
}

static struct slot *slot_new(struct loop *loop)
{
    struct slot *slot = MEM_NEW(struct slot);

    slot->loop = loop;
    slot->exchange.arena = &slot->arena;
    slot->exchange.loop = loop->number;
    buf_init(&slot->in, 0);
    buf_init(&slot->head, 0);
    buf_init(&slot->exchange.response.body, LIMIT_RESPONSE_BYTES);
    buf_init(&slot->exchange.response.headers, LIMIT_HTTP_HEADER_BYTES);
    return slot;
}

/* The bytes of buffers that are larger than usual. */
static size_t slot_large_bytes(const struct slot *slot)
{
    size_t in = slot->in.capacity;
    size_t body = slot->exchange.response.body.capacity;

    return (in > SLOT_KEEP_BYTES ? in : 0) + (body > SLOT_KEEP_BYTES ? body : 0);
}

struct slot *slot_take(struct loop *loop, struct conn *conn)
{
    struct slot *slot = loop->spare;

    if (slot == NULL) {
        slot = slot_new(loop);
    } else {
        loop->spare = slot->next;
        loop->spare_count--;
        loop->kept_bytes -= slot_large_bytes(slot);
    }
    slot->next = NULL;
    slot->conn = conn;
    slot->exchange.peer = str_from(conn->peer);
    slot->exchange.is_tls = conn->tls != NULL;
    slot->start = 0;
    slot_renew(slot);
    return slot;
}

void slot_renew(struct slot *slot)
{
    slot->sent = 0;
    slot->is_finished = false;
    slot->is_routed = false;
    slot->is_unread = slot->in.len > slot->start;
    if (slot->start == slot->in.len) {
        buf_clear(&slot->in);
        slot->start = 0;
    }
    buf_clear(&slot->head);
    arena_reset(&slot->arena);
    exchange_renew(slot);
    http_parser_init(&slot->parser);
}

bool slot_account(struct slot *slot)
{
    struct net *net = slot->loop->net;
    const struct buf *body = &slot->exchange.response.body;
    uint64_t held = slot->in.len > SLOT_INPUT_BYTES ? slot->in.capacity : 0;

    /* Large buffers that a small request got from a larger one before it do not count. */
    if (body->len > SLOT_KEEP_BYTES)
        held += body->capacity;
    if (held == slot->accounted)
        return true;
    /* Unsigned arithmetic: a difference below zero subtracts. */
    uint64_t all =
        atomic_fetch_add(&net->bytes_in_flight, held - slot->accounted) + (held - slot->accounted);
    bool is_more = held > slot->accounted;
    slot->accounted = held;
    return !is_more || all <= LIMIT_BODIES_IN_FLIGHT;
}

bool slot_may_work(const struct slot *slot)
{
    uint64_t limit = slot->exchange.request.body.len > 0 ? LIMIT_BODIES_IN_FLIGHT
                                                         : 2 * (uint64_t)LIMIT_BODIES_IN_FLIGHT;

    return atomic_load(&slot->loop->net->bytes_in_flight) <= limit;
}

void slot_give(struct slot *slot)
{
    struct loop *loop = slot->loop;
    struct buf *body = &slot->exchange.response.body;

    assert(slot->conn != NULL && slot != loop->handling);
    slot->conn = NULL;
    slot->start = slot->in.len;
    slot_renew(slot);
    if (loop->kept_bytes + slot_large_bytes(slot) > LOOP_KEEP_BYTES) {
        if (slot->in.capacity > SLOT_KEEP_BYTES)
            buf_release(&slot->in);
        if (body->capacity > SLOT_KEEP_BYTES)
            buf_release(body);
    }
    atomic_fetch_sub(&loop->net->bytes_in_flight, slot->accounted);
    slot->accounted = 0;
    if (loop->spare_count == LOOP_SPARE_SLOTS) {
        slot_free(slot);
        return;
    }
    loop->kept_bytes += slot_large_bytes(slot);
    slot->next = loop->spare;
    loop->spare = slot;
    loop->spare_count++;
}

void slot_free(struct slot *slot)
{
    arena_release(&slot->arena);
    buf_release(&slot->in);
    buf_release(&slot->head);
    buf_release(&slot->exchange.response.body);
    buf_release(&slot->exchange.response.headers);
    mem_free(slot);
}
