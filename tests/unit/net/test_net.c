/* A real server on the loopback: the life of requests, of connections and of the server. */
#include "unit/test.h"

#include "unit/net/test_server.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void answers(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    assert_int_equal(client_ask(fd, &body, GET("/nothing")), 404);
    assert_int_equal(body.len, 0);
    assert_int_equal(client_ask(fd, &body, GET("/bytes/9000")), 200);
    assert_bytes(&body, 9000);
    assert_int_equal(
        client_ask(fd, &body, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"),
        200);
    assert_memory_equal(body.ptr, "hello", 5);
    assert_int_equal(client_ask(fd, &body, GET("/defer")), 200);
    assert_memory_equal(body.ptr, "later", 5);
    assert_int_equal(client_ask(fd, &body, GET("/bytes/1")), 200);
    (void)close(fd);
    wait_for(&server.sent, 5);
    buf_release(&body);
    server_stop(&server);
}

static void byte_by_byte(void **state)
{
    (void)state;
    static const char text[] =
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        client_send(fd, (struct str){text + i, 1});
        (void)poll(NULL, 0, i % 8 == 0 ? 1 : 0);
    }
    assert_int_equal(client_read(fd, &body, false), 200);
    assert_int_equal(body.len, 5);
    assert_memory_equal(body.ptr, "abcde", 5);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* Many requests at once, some deferred: answered one after another, in order. */
static void pipelined(void **state)
{
    (void)state;
    enum { REQUESTS = 300 };
    struct server server;
    struct buf body;
    struct buf text;

    server_start(&server, 1);
    buf_init(&body, 0);
    buf_init(&text, 0);
    for (int i = 0; i < REQUESTS; i++) {
        if (i % 7 == 3)
            buf_add_format(&text, GET("/defer"));
        else if (i % 7 == 5)
            buf_add_format(&text, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n%03d",
                           i);
        else
            buf_add_format(&text, "GET /bytes/%d HTTP/1.1\r\nHost: h\r\n\r\n", i);
    }
    int fd = client_open(&server);
    client_send(fd, buf_str(&text));
    for (int i = 0; i < REQUESTS; i++) {
        char number[8];
        assert_int_equal(client_read(fd, &body, false), 200);
        (void)snprintf(number, sizeof(number), "%03d", i);
        if (i % 7 == 3)
            assert_memory_equal(body.ptr, "later", 5);
        else if (i % 7 == 5)
            assert_memory_equal(body.ptr, number, 3);
        else
            assert_bytes(&body, (uint64_t)i);
    }
    (void)close(fd);
    buf_release(&body);
    buf_release(&text);
    server_stop(&server);
}

static void refuses_and_closes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: h\n\n", 400},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8388609\r\n\r\n", 413},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 413},
        {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
        {"PUT / HTTP/1.1\r\nHost: h\r\nExpect: x\r\nContent-Length: 1\r\n\r\n", 417},
    };
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int fd = client_open(&server);
        assert_int_equal(client_ask(fd, &body, cases[i].text), cases[i].status);
        assert_int_equal(atomic_load(&server.last_status), cases[i].status);
        assert_true(body.len > 0);
        (void)shutdown(fd, SHUT_WR);
        assert_true(client_is_closed(fd));
        (void)close(fd);
    }
    assert_int_equal(atomic_load(&server.refused), ARRAY_COUNT(cases));
    assert_int_equal(atomic_load(&server.handled), 0);
    buf_release(&body);
    server_stop(&server);
}

/* The refusal of a body that is under way can be read by a client that sends it all first. */
static void refusal_is_readable(void **state)
{
    (void)state;
    enum { BYTES = 8 * 1024 * 1024 + 1 };
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    client_say(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 8388609\r\n\r\n");
    char *bytes = calloc(1, BYTES);
    assert_non_null(bytes);
    client_send(fd, (struct str){bytes, BYTES});
    free(bytes);
    assert_int_equal(client_read(fd, &body, false), 413);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

static void closes_when_asked(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "GET /bytes/3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET /bytes/3 HTTP/1.0\r\n\r\n",
        GET("/close"),
    };
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        int fd = client_open(&server);
        assert_int_equal(client_ask(fd, &body, texts[i]), 200);
        assert_true(client_is_closed(fd));
        (void)close(fd);
    }
    int fd = client_open(&server);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(
            client_ask(fd, &body, "GET /bytes/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

static void says_continue(void **state)
{
    (void)state;
    struct server server;
    struct buf body;
    char text[25];

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    client_say(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                   "Content-Length: 5\r\n\r\n");
    assert_int_equal(recv(fd, text, sizeof(text), MSG_WAITALL), sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 100 Continue\r\n\r\n", sizeof(text));
    client_say(fd, "hel");
    (void)poll(NULL, 0, 20);
    client_say(fd, "lo");
    assert_int_equal(client_read(fd, &body, false), 200);
    assert_memory_equal(body.ptr, "hello", 5);
    /* The body is there already: nothing to wait for. */
    assert_int_equal(client_ask(fd, &body,
                                "PUT /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                                "Content-Length: 5\r\n\r\nworld"),
                     200);
    assert_memory_equal(body.ptr, "world", 5);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* Many connections over several loops, all deferred at once, finished from one thread. */
static void many_finished_at_once(void **state)
{
    (void)state;
    enum { CLIENTS = 64, ROUNDS = 20 };
    struct server server;
    struct buf body;
    int fds[CLIENTS];

    server_start(&server, 3);
    buf_init(&body, 0);
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client_open(&server);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            client_say(fds[i], GET("/hold"));
        wait_for(&server.handled, (round + 1) * CLIENTS);
        server_let_go(&server);
        for (int i = 0; i < CLIENTS; i++) {
            assert_int_equal(client_read(fds[i], &body, false), 200);
            assert_memory_equal(body.ptr, "held", 4);
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        (void)close(fds[i]);
    buf_release(&body);
    server_stop(&server);
}

static void connections_are_capped(void **state)
{
    (void)state;
    struct server server;
    struct buf body;
    int fds[3];

    server_start_with(&server, (struct net_options){.connections_max = 2});
    buf_init(&body, 0);
    for (size_t i = 0; i < 2; i++) {
        fds[i] = client_open(&server);
        assert_int_equal(client_ask(fds[i], &body, GET("/bytes/1")), 200);
    }
    fds[2] = client_open(&server);
    assert_true(client_is_closed(fds[2]));
    (void)close(fds[2]);
    (void)close(fds[0]);
    int status = 0;
    for (unsigned i = 0; i < 100 && status != 200; i++) { /* until the server has seen the close */
        fds[0] = client_open(&server);
        if (send(fds[0], GET("/bytes/1"), strlen(GET("/bytes/1")), MSG_NOSIGNAL) > 0)
            status = client_read(fds[0], &body, false);
        (void)close(fds[0]);
    }
    assert_int_equal(status, 200);
    (void)close(fds[1]);
    buf_release(&body);
    server_stop(&server);
}

/* The client goes away while its request is worked on. */
static void client_leaves_early(void **state)
{
    (void)state;
    struct server server;

    server_start(&server, 1);
    int fd = client_open(&server);
    client_say(fd, GET("/hold"));
    wait_for(&server.handled, 1);
    const struct linger reset = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    (void)close(fd);
    (void)poll(NULL, 0, 20);
    server_let_go(&server);
    wait_for(&server.sent, 1);
    server_stop(&server);
}

/* A client that closed its sending side still gets its answer. */
static void half_closed_is_answered(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    client_say(fd, GET("/hold"));
    (void)shutdown(fd, SHUT_WR);
    wait_for(&server.handled, 1);
    server_let_go(&server);
    assert_int_equal(client_read(fd, &body, false), 200);
    assert_true(client_is_closed(fd));
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

static void stops_with_work_under_way(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 2);
    buf_init(&body, 0);
    int idle = client_open(&server);
    int busy = client_open(&server);
    assert_int_equal(client_ask(idle, &body, GET("/bytes/1")), 200);
    client_say(busy, GET("/hold"));
    wait_for(&server.handled, 2);
    net_stop(server.net, 50); /* the held one stays open past the grace */
    assert_true(client_is_closed(idle));
    server_let_go(&server);
    net_free(server.net);
    assert_int_equal(atomic_load(&server.sent), 2);
    assert_true(client_is_closed(busy));
    (void)close(idle);
    (void)close(busy);
    epoch_free(server.epoch);
    buf_release(&body);
}

static void start_fails_by_name(void **state)
{
    (void)state;
    struct net_handler handler = {.body_bytes_max = server_body_max, .handle = server_handle};
    struct net_options options = {.listen = STR("nowhere"), .loops = 1, .connections_max = 1};
    struct net *net = NULL;
    struct err err = {0};

    assert_int_equal(net_start(os_linux(), &options, &handler, &net, &err), ERR_INVALID);
    assert_null(net);
    options.listen = STR("127.0.0.1:0");
    options.certificate = "/nonexistent/certificate.pem";
    options.key = "/nonexistent/key.pem";
    assert_int_equal(net_start(os_linux(), &options, &handler, &net, &err), ERR_INVALID);
    assert_true(str_contains(str_from(err.message), STR("/nonexistent/certificate.pem")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(pipelined),
        cmocka_unit_test(refuses_and_closes),
        cmocka_unit_test(refusal_is_readable),
        cmocka_unit_test(closes_when_asked),
        cmocka_unit_test(says_continue),
        cmocka_unit_test(many_finished_at_once),
        cmocka_unit_test(connections_are_capped),
        cmocka_unit_test(client_leaves_early),
        cmocka_unit_test(half_closed_is_answered),
        cmocka_unit_test(stops_with_work_under_way),
        cmocka_unit_test(start_fails_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
