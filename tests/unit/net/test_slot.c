/* Slots: reused last in first out, with their buffers, within bounds that are counted. */
#include "unit/test.h"

#include "core/mem.h"
#include "net/loop.h"

static struct net net;
static struct loop loop;
static struct conn conn;

static int fresh(void **state)
{
    (void)state;
    net = (struct net){0};
    memset(&loop, 0, sizeof(loop));
    loop.net = &net;
    loop.number = 3;
    conn = (struct conn){.loop = &loop, .peer = "127.0.0.1:1"};
    return 0;
}

static int drop_spare(void **state)
{
    (void)state;
    while (loop.spare != NULL) {
        struct slot *next = loop.spare->next;
        slot_free(loop.spare);
        loop.spare = next;
    }
    assert_int_equal(net.bytes_in_flight, 0);
    return 0;
}

static void grow(struct buf *buf, size_t bytes)
{
    assert_non_null(buf_reserve(buf, bytes));
}

static void the_warm_one_is_reused(void **state)
{
    (void)state;
    struct slot *first = slot_take(&loop, &conn);
    struct slot *second = slot_take(&loop, &conn);

    assert_ptr_not_equal(first, second);
    assert_int_equal(first->exchange.loop, 3);
    assert_true(str_equal(first->exchange.peer, STR("127.0.0.1:1")));
    grow(&second->in, SLOT_INPUT_BYTES);
    char *memory = second->in.ptr;
    slot_give(first);
    slot_give(second);
    struct slot *again = slot_take(&loop, &conn);
    assert_ptr_equal(again, second);
    assert_ptr_equal(again->in.ptr, memory);
    assert_int_equal(again->in.len, 0);
    slot_give(again);
}

static void nothing_of_the_last_request_is_left(void **state)
{
    (void)state;
    struct slot *slot = slot_take(&loop, &conn);

    buf_add(&slot->exchange.response.body, STR("secret"));
    buf_add(&slot->exchange.response.headers, STR("secret"));
    slot->exchange.response.status = 200;
    slot->exchange.response.content_type = STR("x");
    slot->exchange.response.is_closing = true;
    slot->exchange.user = slot;
    slot->sent = 7;
    slot->is_finished = slot->is_routed = true;
    slot_give(slot);
    slot = slot_take(&loop, &conn);
    assert_int_equal(slot->exchange.response.body.len, 0);
    assert_int_equal(slot->exchange.response.headers.len, 0);
    assert_int_equal(slot->exchange.response.status, 0);
    assert_int_equal(slot->exchange.response.file, -1);
    assert_false(slot->exchange.response.is_closing);
    assert_null(slot->exchange.user);
    assert_int_equal(slot->sent, 0);
    assert_false(slot->is_finished || slot->is_routed || slot->is_unread);
    slot_give(slot);
}

static void the_rest_is_kept_for_the_next_request(void **state)
{
    (void)state;
    struct slot *slot = slot_take(&loop, &conn);

    buf_add(&slot->in, STR("first second"));
    slot->start = 6;
    slot_renew(slot);
    assert_true(slot->is_unread);
    assert_int_equal(slot->start, 6);
    assert_int_equal(slot->in.len, 12);
    slot->start = 12;
    slot_renew(slot);
    assert_false(slot->is_unread);
    assert_int_equal(slot->start, 0);
    assert_int_equal(slot->in.len, 0);
    slot_give(slot);
}

static void held_bytes_are_counted(void **state)
{
    (void)state;
    struct slot *slot = slot_take(&loop, &conn);

    assert_true(slot_account(slot));
    assert_int_equal(net.bytes_in_flight, 0); /* the usual buffers do not count */
    grow(&slot->in, SLOT_INPUT_BYTES);
    assert_true(slot_account(slot));
    assert_int_equal(net.bytes_in_flight, 0);
    grow(&slot->in, 100000);
    assert_true(slot_account(slot)); /* room that nothing uses is not counted */
    assert_int_equal(net.bytes_in_flight, 0);
    slot->in.len = 100000;
    assert_true(slot_account(slot));
    assert_int_equal(net.bytes_in_flight, slot->in.capacity);
    grow(&slot->exchange.response.body, 200000);
    slot->exchange.response.body.len = 200000;
    assert_true(slot_account(slot));
    assert_int_equal(net.bytes_in_flight,
                     slot->in.capacity + slot->exchange.response.body.capacity);
    slot_give(slot);
    assert_int_equal(net.bytes_in_flight, 0);
}

static void too_much_together_is_refused(void **state)
{
    (void)state;
    struct slot *slot = slot_take(&loop, &conn);

    net.bytes_in_flight = LIMIT_BODIES_IN_FLIGHT;
    assert_true(slot_account(slot)); /* it asks for nothing more */
    grow(&slot->in, 100000);
    slot->in.len = 100000;
    assert_false(slot_account(slot));
    slot->exchange.request.body = STR("body");
    assert_false(slot_may_work(slot));
    slot->exchange.request.body = STR("");
    assert_true(slot_may_work(slot));
    net.bytes_in_flight += LIMIT_BODIES_IN_FLIGHT;
    assert_false(slot_may_work(slot));
    net.bytes_in_flight -= LIMIT_BODIES_IN_FLIGHT;
    slot_give(slot);
    assert_int_equal(net.bytes_in_flight, LIMIT_BODIES_IN_FLIGHT);
    net.bytes_in_flight = 0;
}

static void spare_ones_are_bounded(void **state)
{
    (void)state;
    enum { SLOTS = LOOP_SPARE_SLOTS + 10 };
    static struct slot *slots[SLOTS];

    for (size_t i = 0; i < SLOTS; i++) {
        slots[i] = slot_take(&loop, &conn);
        grow(&slots[i]->in, 256 * 1024);
    }
    for (size_t i = 0; i < SLOTS; i++)
        slot_give(slots[i]);
    assert_int_equal(loop.spare_count, LOOP_SPARE_SLOTS);
    assert_true(loop.kept_bytes > 0 && loop.kept_bytes <= LOOP_KEEP_BYTES);
    size_t kept = 0;
    for (struct slot *slot = loop.spare; slot != NULL; slot = slot->next)
        kept += slot->in.capacity;
    assert_true(kept <= LOOP_KEEP_BYTES + (size_t)LOOP_SPARE_SLOTS * SLOT_KEEP_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_warm_one_is_reused, fresh, drop_spare),
        cmocka_unit_test_setup_teardown(nothing_of_the_last_request_is_left, fresh, drop_spare),
        cmocka_unit_test_setup_teardown(the_rest_is_kept_for_the_next_request, fresh, drop_spare),
        cmocka_unit_test_setup_teardown(held_bytes_are_counted, fresh, drop_spare),
        cmocka_unit_test_setup_teardown(too_much_together_is_refused, fresh, drop_spare),
        cmocka_unit_test_setup_teardown(spare_ones_are_bounded, fresh, drop_spare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
