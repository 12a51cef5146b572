/* Deadlines and limits of connections, with a clock that the test moves. */
#include "unit/test.h"

#include "unit/net/test_server.h"

#include "net/conn.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void skip_ms(struct server *server, int64_t ms)
{
    atomic_fetch_add(&server->skipped_us, ms * 1000);
}

/* Lets the server take what was sent. */
static void settle(void)
{
    (void)poll(NULL, 0, 30);
}

static bool is_open(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 300) == 0;
}

static void silence_is_closed(void **state)
{
    (void)state;
    struct server server;

    server_start(&server, 1);
    int fd = client_open(&server);
    settle();
    skip_ms(&server, LIMIT_HTTP_HEADER_DEADLINE_MS - 1000);
    assert_true(is_open(fd));
    skip_ms(&server, 1500);
    assert_true(client_is_closed(fd));
    assert_int_equal(atomic_load(&server.refused), 0);
    (void)close(fd);
    server_stop(&server);
}

static void idle_is_closed(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    assert_int_equal(client_ask(fd, &body, GET("/bytes/1")), 200);
    skip_ms(&server, LIMIT_HTTP_IDLE_MS - 1000);
    assert_true(is_open(fd));
    assert_int_equal(client_ask(fd, &body, GET("/bytes/1")), 200); /* that counts as a sign */
    skip_ms(&server, LIMIT_HTTP_IDLE_MS - 1000);
    assert_true(is_open(fd));
    skip_ms(&server, 1500);
    assert_true(client_is_closed(fd));
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* However steadily the bytes of a head drip, the head is due as a whole. */
static void slow_head_is_refused(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    client_say(fd, "GET / HTTP/1.1\r\n");
    for (unsigned i = 0; i < 9; i++) {
        settle();
        skip_ms(&server, LIMIT_HTTP_HEADER_DEADLINE_MS / 10);
        client_say(fd, "A: b\r\n");
    }
    assert_true(is_open(fd));
    skip_ms(&server, LIMIT_HTTP_HEADER_DEADLINE_MS / 5);
    assert_int_equal(client_read(fd, &body, false), 408);
    (void)shutdown(fd, SHUT_WR);
    assert_true(client_is_closed(fd));
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

static void slow_body_is_refused(void **state)
{
    (void)state;
    struct server server;
    struct buf body;
    char kilobyte[LIMIT_HTTP_BODY_RATE_BYTES];

    server_start(&server, 1);
    buf_init(&body, 0);
    memset(kilobyte, 'x', sizeof(kilobyte));
    int fd = client_open(&server);
    client_say(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    settle();
    skip_ms(&server, LIMIT_HTTP_BODY_RATE_GRACE_MS - 1000);
    for (unsigned i = 0; i < 5; i++) { /* as fast as is wanted */
        client_send(fd, (struct str){kilobyte, sizeof(kilobyte)});
        settle();
        skip_ms(&server, 500);
        assert_true(is_open(fd));
    }
    skip_ms(&server, 3000);
    assert_int_equal(client_read(fd, &body, false), 408);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* A client that does not read its answer is dropped, without keeping its unsent bytes. */
static void slow_reader_is_dropped(void **state)
{
    (void)state;
    struct server server;

    server_start(&server, 1);
    int fd = client_open(&server);
    client_say(fd, GET("/bytes/50000000"));
    wait_for(&server.handled, 1);
    settle();
    skip_ms(&server, LIMIT_HTTP_WRITE_DEADLINE_MS - 1000);
    (void)poll(NULL, 0, 300);
    assert_int_equal(atomic_load(&server.sent), 0);
    /* What the kernel took lengthens the deadline by CONN_WRITE_RATE. */
    skip_ms(&server, 1500 + 50000000 / CONN_WRITE_RATE);
    wait_for(&server.sent, 1);
    char byte;
    ssize_t count = 1;
    while (count > 0)
        count = recv(fd, &byte, 1, 0);
    assert_int_equal(count, -1); /* reset */
    (void)close(fd);
    server_stop(&server);
}

/* The handler may take as long as it wants. */
static void work_has_no_deadline(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    client_say(fd, GET("/hold"));
    wait_for(&server.handled, 1);
    skip_ms(&server, 600000);
    assert_true(is_open(fd));
    server_let_go(&server);
    assert_int_equal(client_read(fd, &body, false), 200);
    assert_int_equal(client_ask(fd, &body, GET("/bytes/2")), 200);
    skip_ms(&server, LIMIT_HTTP_IDLE_MS + 1000); /* and deadlines are back afterwards */
    assert_true(client_is_closed(fd));
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

static void lingering_ends(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    assert_int_equal(client_ask(fd, &body, "nonsense\r\n"), 400);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0); /* said all */
    client_say(fd, "still talking");
    settle();
    skip_ms(&server, CONN_LINGER_MS + 500);
    (void)poll(NULL, 0, 300);
    int failed = 0;
    for (unsigned i = 0; i < 50 && !failed; i++) {
        failed = send(fd, "x", 1, MSG_NOSIGNAL) != 1;
        (void)poll(NULL, 0, 10);
    }
    assert_true(failed);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* Bodies of all requests together are bounded: beyond it 503, and service goes on afterwards. */
static void bodies_together_are_bounded(void **state)
{
    (void)state;
    enum { CLIENTS = 80, PART = 4 * 1024 * 1024 };
    struct server server;
    struct buf body;
    int fds[CLIENTS];
    int refused = 0;
    char *part = calloc(1, PART);

    assert_non_null(part);
    server_start(&server, 1);
    buf_init(&body, 0);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client_open(&server);
        client_say(fds[i], "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n");
    }
    for (int i = 0; i < CLIENTS; i++) {
        struct str rest = {part, PART};
        while (rest.len > 0) {
            ssize_t count = send(fds[i], rest.ptr, rest.len, MSG_NOSIGNAL);
            if (count <= 0)
                break;
            rest = str_slice(rest, (size_t)count, rest.len);
        }
    }
    settle();
    for (int i = 0; i < CLIENTS; i++) {
        struct pollfd poll_fd = {.fd = fds[i], .events = POLLIN};
        if (poll(&poll_fd, 1, 50) == 1) {
            assert_int_equal(client_read(fds[i], &body, false), 503);
            refused++;
        }
        (void)close(fds[i]);
    }
    assert_true(refused > 0 && refused < CLIENTS);
    assert_int_equal(atomic_load(&server.refused), refused);
    int fd = client_open(&server);
    client_say(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4194304\r\n\r\n");
    client_send(fd, (struct str){part, PART});
    assert_int_equal(client_read(fd, &body, false), 200);
    assert_int_equal(body.len, PART);
    (void)close(fd);
    free(part);
    buf_release(&body);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_closed),      cmocka_unit_test(idle_is_closed),
        cmocka_unit_test(slow_head_is_refused),   cmocka_unit_test(slow_body_is_refused),
        cmocka_unit_test(slow_reader_is_dropped), cmocka_unit_test(work_has_no_deadline),
        cmocka_unit_test(lingering_ends),         cmocka_unit_test(bodies_together_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
