/* Responses of every size and kind, to readers of every speed. */
#include "unit/test.h"

#include "unit/net/test_server.h"

static void ask(int fd, const char *method, const char *path, uint64_t number)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "%s %s%llu HTTP/1.1\r\nHost: h\r\n\r\n", method, path,
                   (unsigned long long)number);
    client_say(fd, text);
}

static const uint64_t sizes[] = {0, 1, 100, 16383, 16384, 65536, 1000003, 9000000};

static void sends_every_size(void **state)
{
    (void)state;
    static const char *const paths[] = {"/bytes/", "/file/"};
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    for (size_t p = 0; p < ARRAY_COUNT(paths); p++) {
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
            ask(fd, "GET", paths[p], sizes[i]);
            assert_int_equal(client_read(fd, &body, false), 200);
            assert_bytes(&body, sizes[i]);
        }
    }
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

static void head_has_no_body(void **state)
{
    (void)state;
    static const char *const paths[] = {"/bytes/", "/file/"};
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    for (size_t p = 0; p < ARRAY_COUNT(paths); p++) {
        ask(fd, "HEAD", paths[p], 5000);
        assert_int_equal(client_read(fd, &body, true), 200);
    }
    ask(fd, "GET", "/bytes/", 3);
    assert_int_equal(client_read(fd, &body, false), 200);
    assert_bytes(&body, 3);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* Several responses of many megabytes wait for a slow reader, while others are served. */
static void slow_readers_hold_nobody_up(void **state)
{
    (void)state;
    struct server server;
    struct buf body;
    int slow[4];

    server_start(&server, 1);
    buf_init(&body, 0);
    for (size_t i = 0; i < ARRAY_COUNT(slow); i++) {
        slow[i] = client_open(&server);
        ask(slow[i], "GET", i % 2 == 0 ? "/bytes/" : "/file/", 20000000);
    }
    int fd = client_open(&server);
    for (unsigned i = 0; i < 50; i++) {
        ask(fd, "GET", "/bytes/", i);
        assert_int_equal(client_read(fd, &body, false), 200);
        assert_bytes(&body, i);
    }
    for (size_t i = 0; i < ARRAY_COUNT(slow); i++) {
        assert_int_equal(client_read(slow[i], &body, false), 200);
        assert_bytes(&body, 20000000);
        (void)close(slow[i]);
    }
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* A file that is shorter than was promised ends the connection: no wrong answer. */
static void short_file_breaks_off(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    ask(fd, "GET", "/short/", 100000);
    assert_int_equal(client_read(fd, &body, false), 0);
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

/* A response over the limit of one becomes a 500. */
static void too_large_is_an_error(void **state)
{
    (void)state;
    struct server server;
    struct buf body;

    server_start(&server, 1);
    buf_init(&body, 0);
    int fd = client_open(&server);
    ask(fd, "GET", "/bytes/", (uint64_t)LIMIT_RESPONSE_BYTES + 1);
    assert_int_equal(client_read(fd, &body, false), 500);
    assert_true(client_is_closed(fd));
    (void)close(fd);
    buf_release(&body);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_every_size),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(slow_readers_hold_nobody_up),
        cmocka_unit_test(short_file_breaks_off),
        cmocka_unit_test(too_large_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
