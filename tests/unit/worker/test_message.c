/* Messages over a socket pair: whole, in pieces, too long, cut off, late. */
#include "unit/test.h"

#include "config/limits.h"
#include "os/os.h"
#include "os/thread.h"
#include "worker/message.h"

#include <sys/socket.h>
#include <unistd.h>

static int sockets[2];
static struct buf payload;
static struct err err;

static int setup(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets);
}

static int teardown(void **state)
{
    (void)state;
    (void)close(sockets[0]);
    (void)close(sockets[1]);
    buf_release(&payload);
    return 0;
}

static void messages_arrive_whole(void **state)
{
    (void)state;
    enum message_type type;

    assert_int_equal(message_send(sockets[0], MESSAGE_FILE_ROWS, STR("abc"), 1000, &err), OK);
    assert_int_equal(message_send(sockets[0], MESSAGE_FILE_CLOSE, STR(""), -1, &err), OK);
    assert_int_equal(message_receive(sockets[1], &type, &payload, 1000, &err), OK);
    assert_int_equal(type, MESSAGE_FILE_ROWS);
    assert_true(str_equal(buf_str(&payload), STR("abc")));
    assert_int_equal(message_receive(sockets[1], &type, &payload, -1, &err), OK);
    assert_int_equal(type, MESSAGE_FILE_CLOSE);
    assert_int_equal(payload.len, 0);
}

static void the_bytes_are_as_documented(void **state)
{
    (void)state;
    char bytes[16];

    assert_int_equal(message_send(sockets[0], MESSAGE_FILE_OPEN, STR("xy"), 1000, &err), OK);
    assert_int_equal(recv(sockets[1], bytes, sizeof(bytes), 0), 7);
    assert_memory_equal(bytes, "\3\0\0\0\2xy", 7);
}

struct sender {
    struct str text;
    enum code code;
};

static void send_large(void *context)
{
    struct sender *sender = context;

    sender->code = message_send(sockets[0], MESSAGE_QUERY, sender->text, 20000, NULL);
}

static void large_messages_pass_in_pieces(void **state)
{
    (void)state;
    struct buf text = {0};
    struct os_thread *thread = NULL;
    enum message_type type;

    memset(buf_reserve(&text, LIMIT_WORKER_MESSAGE_BYTES), 'x', LIMIT_WORKER_MESSAGE_BYTES);
    text.len = LIMIT_WORKER_MESSAGE_BYTES - 1;
    text.ptr[text.len - 1] = 'y';
    struct sender sender = {.text = buf_str(&text)};
    assert_int_equal(os_thread_start("sender", send_large, &sender, &thread, &err), OK);
    assert_int_equal(message_receive(sockets[1], &type, &payload, 20000, &err), OK);
    os_thread_join(thread);
    assert_int_equal(sender.code, OK);
    assert_true(str_equal(buf_str(&payload), sender.text));

    text.len++;
    assert_int_equal(message_send(sockets[0], MESSAGE_QUERY, buf_str(&text), 1000, &err),
                     ERR_TOO_LARGE);
    buf_release(&text);
}

static void bad_heads_are_refused(void **state)
{
    (void)state;
    enum message_type type;
    static const struct {
        char bytes[6];
    } heads[] = {
        {"\0\0\0\0\1"},         /* nothing, not even a type */
        {"\1\0\0\0\0"},         /* no such type */
        {"\1\0\0\0\x7f"},       /* no such type */
        {"\1\0\0\1\1"},         /* 16 MiB and one */
        {"\xff\xff\xff\xff\1"}, /* 4 GiB */
    };

    for (size_t i = 0; i < ARRAY_COUNT(heads); i++) {
        assert_int_equal(send(sockets[0], heads[i].bytes, 5, 0), 5);
        assert_int_equal(message_receive(sockets[1], &type, &payload, 1000, &err), ERR_CORRUPT);
        assert_true(payload.capacity < 1024);
    }
}

static void a_closed_peer_is_an_io_error(void **state)
{
    (void)state;
    enum message_type type;

    assert_int_equal(send(sockets[0], "\5\0\0\0\1ab", 7, 0), 7);
    (void)shutdown(sockets[0], SHUT_RDWR);
    assert_int_equal(message_receive(sockets[1], &type, &payload, 1000, &err), ERR_IO);
    assert_int_equal(message_receive(sockets[1], &type, &payload, -1, &err), ERR_IO);
    assert_int_equal(message_send(sockets[1], MESSAGE_QUERY, STR("x"), 1000, &err), ERR_IO);
}

static void silence_has_a_deadline(void **state)
{
    (void)state;
    const struct os *os = os_linux();
    struct buf text = {0};
    enum message_type type;
    int64_t start_us = os->monotonic_us(os->context);

    assert_int_equal(message_receive(sockets[1], &type, &payload, 30, &err), ERR_TIMEOUT);
    assert_int_equal(send(sockets[0], "\5\0\0\0\1a", 6, 0), 6);
    assert_int_equal(message_receive(sockets[1], &type, &payload, 30, &err), ERR_TIMEOUT);
    memset(buf_reserve(&text, 8 << 20), 'x', 8 << 20);
    text.len = 8 << 20;
    assert_int_equal(message_send(sockets[1], MESSAGE_QUERY, buf_str(&text), 30, &err),
                     ERR_TIMEOUT);
    int64_t took_us = os->monotonic_us(os->context) - start_us;
    assert_true(took_us >= 80000 && took_us < 10000000);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_arrive_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(the_bytes_are_as_documented, setup, teardown),
        cmocka_unit_test_setup_teardown(large_messages_pass_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_heads_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_peer_is_an_io_error, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_has_a_deadline, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
