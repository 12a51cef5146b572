/* Listening addresses and accepted sockets. */
#include "unit/test.h"

#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int dial(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void refuses_bad_addresses(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",         "7878",         "127.0.0.1", "127.0.0.1:",    "127.0.0.1:65536",
        ":7878",    "localhost:80", "::1:80",    "[::1]",         "[127.0.0.1]:80",
        "1.2.3:80", "a:b:c",        "[::1:7878", "127.0.0.1:+80", "127.0.0.1: 80",
        "[x]:80",   "127.0.0.1:-1", "[]:80",
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct err err = {0};
        int fd = -7;
        unsigned port = 7;
        assert_int_equal(socket_listen(str_from(texts[i]), &fd, &port, &err), ERR_INVALID);
        assert_int_equal(fd, -7);
        assert_int_equal(port, 7);
        assert_true(str_contains(str_from(err.message), str_from(texts[i])));
    }
}

static void accepts(void **state)
{
    (void)state;
    struct err err = {0};
    char peer[SOCKET_PEER_BYTES] = "";
    bool is_exhausted = true;
    int listener = -1;
    unsigned port = 0;
    int on = 0;
    socklen_t bytes = sizeof(on);

    assert_int_equal(socket_listen(STR("127.0.0.1:0"), &listener, &port, &err), OK);
    assert_true(port > 0);
    assert_int_equal(socket_accept(listener, peer, &is_exhausted), -1);
    assert_false(is_exhausted);
    int client = dial(port);
    int fd = socket_accept(listener, peer, &is_exhausted);
    assert_true(fd >= 0);
    assert_true(str_starts(str_from(peer), STR("127.0.0.1:")));
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &bytes), 0);
    assert_true(on != 0);
    socket_close(fd, false);
    char byte;
    assert_int_equal(recv(client, &byte, 1, 0), 0); /* an orderly end */
    (void)close(client);
    socket_close(listener, false);
}

static void resets(void **state)
{
    (void)state;
    char peer[SOCKET_PEER_BYTES];
    bool is_exhausted;
    int listener = -1;
    unsigned port = 0;
    char byte;

    assert_int_equal(socket_listen(STR("127.0.0.1:0"), &listener, &port, NULL), OK);
    int client = dial(port);
    int fd = socket_accept(listener, peer, &is_exhausted);
    socket_close(fd, true);
    assert_int_equal(recv(client, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    (void)close(client);
    socket_close(listener, false);
}

static void a_taken_port_is_named(void **state)
{
    (void)state;
    struct err err = {0};
    int listener = -1;
    int second = -1;
    unsigned port = 0;
    char text[32];

    assert_int_equal(socket_listen(STR("127.0.0.1:0"), &listener, &port, NULL), OK);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    assert_int_equal(socket_listen(str_from(text), &second, &port, &err), ERR_IO);
    assert_true(str_contains(str_from(err.message), str_from(text)));
    socket_close(listener, false);
}

static void speaks_ipv6(void **state)
{
    (void)state;
    struct err err = {0};
    char peer[SOCKET_PEER_BYTES] = "";
    bool is_exhausted;
    int listener = -1;
    unsigned port = 0;

    if (socket_listen(STR("[::1]:0"), &listener, &port, &err) != OK) {
        print_message("skipped: no IPv6 here (%s)\n", err.message);
        return;
    }
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    to.sin6_addr = in6addr_loopback;
    int client = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
    int fd = socket_accept(listener, peer, &is_exhausted);
    assert_true(fd >= 0);
    assert_true(str_starts(str_from(peer), STR("[::1]:")));
    socket_close(fd, false);
    (void)close(client);
    socket_close(listener, false);
}

static void tells_when_descriptors_ran_out(void **state)
{
    (void)state;
    char peer[SOCKET_PEER_BYTES];
    bool is_exhausted = false;
    int listener = -1;
    unsigned port = 0;
    struct rlimit before;

    assert_int_equal(socket_listen(STR("127.0.0.1:0"), &listener, &port, NULL), OK);
    int client = dial(port);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit low = {.rlim_cur = (rlim_t)client + 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    int fd = socket_accept(listener, peer, &is_exhausted);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(fd, -1);
    assert_true(is_exhausted);
    fd = socket_accept(listener, peer, &is_exhausted);
    assert_true(fd >= 0);
    socket_close(fd, false);
    (void)close(client);
    socket_close(listener, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_addresses),
        cmocka_unit_test(accepts),
        cmocka_unit_test(resets),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(speaks_ipv6),
        cmocka_unit_test(tells_when_descriptors_ran_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
