#pragma once
/*
 * A real loopback server for the tests of net/, with a clock that can be moved, and a blocking
 * client. Paths: /echo gives the body back; /bytes/N gives N bytes; /file/N the same from a file;
 * /defer and /defer/N finish on another thread; /close closes; /hold waits for server_let_go.
 */
#include "core/mem.h"
#include "net/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    struct os os;
    struct net *net;
    struct epoch *epoch;
    _Atomic(int64_t) skipped_us; /* how far the clock was moved */
    _Atomic(int) handled, sent, refused, last_status;
    uint64_t body_bytes_max;
    pthread_mutex_t lock;
    struct net_exchange *held[64];
    size_t held_count;
};

static int64_t server_monotonic_us(void *context)
{
    struct server *server = context;

    return os_linux()->monotonic_us(os_linux()->context) + atomic_load(&server->skipped_us);
}

static int64_t server_now_us(void *context)
{
    (void)context;
    return os_linux()->now_us(os_linux()->context);
}

static inline uint64_t server_body_max(const struct http_request *request, void *context)
{
    const struct server *server = context;

    return request->method == HTTP_GET ? 0 : server->body_bytes_max;
}

static inline char server_byte(uint64_t i)
{
    return (char)('a' + i % 23);
}

static inline void server_bytes(struct buf *out, uint64_t count)
{
    char *room = buf_reserve(out, count);

    if (room == NULL)
        return;
    for (uint64_t i = 0; i < count; i++)
        room[i] = server_byte(i);
    out->len += count;
}

static inline int server_file(uint64_t count)
{
    struct buf content;
    int fd = memfd_create("net", MFD_CLOEXEC);

    buf_init(&content, 0);
    server_bytes(&content, count);
    if (fd < 0 || write(fd, content.ptr, content.len) != (ssize_t)content.len)
        abort();
    buf_release(&content);
    return fd;
}

struct later {
    struct server *server;
    struct net_exchange *exchange;
};

static inline void *finish_later(void *argument)
{
    struct later later = *(struct later *)argument;

    free(argument);
    buf_add(&later.exchange->response.body, later.exchange->request.body);
    buf_add(&later.exchange->response.body, STR("later"));
    net_finish(later.server->net, later.exchange);
    return NULL;
}

static inline void finish_elsewhere(struct server *server, struct net_exchange *exchange)
{
    struct later *later = malloc(sizeof(*later));
    pthread_t thread;

    if (later == NULL)
        abort();
    *later = (struct later){server, exchange};
    if (pthread_create(&thread, NULL, finish_later, later) != 0)
        abort();
    (void)pthread_detach(thread);
}

static inline uint64_t path_number(struct str path)
{
    uint64_t value = 0;
    size_t slash = path.len;

    while (slash > 0 && path.ptr[slash - 1] != '/')
        slash--;
    if (str_to_u64(str_slice(path, slash, path.len), UINT32_MAX, &value, NULL) != OK)
        return 0;
    return value;
}

static inline void server_handle(struct net_exchange *exchange, void *context)
{
    struct server *server = context;
    struct http_response *response = &exchange->response;
    struct str path = exchange->request.path;

    atomic_fetch_add(&server->handled, 1);
    response->status = 200;
    response->content_type = STR("text/plain");
    if (str_equal(path, STR("/hold"))) {
        (void)pthread_mutex_lock(&server->lock);
        server->held[server->held_count++] = exchange;
        (void)pthread_mutex_unlock(&server->lock);
        return;
    }
    if (str_starts(path, STR("/defer"))) {
        finish_elsewhere(server, exchange);
        return;
    }
    if (str_starts(path, STR("/bytes/"))) {
        server_bytes(&response->body, path_number(path));
    } else if (str_starts(path, STR("/file/"))) {
        response->file_bytes = path_number(path);
        response->file = server_file(response->file_bytes);
    } else if (str_starts(path, STR("/short/"))) {
        response->file_bytes = path_number(path);
        response->file = server_file(response->file_bytes / 2);
    } else if (str_equal(path, STR("/echo"))) {
        buf_add(&response->body, exchange->request.body);
        char *mine = arena_alloc(exchange->arena, 100, 1); /* the arena is there to be used */
        memset(mine, 'x', 100);
    } else if (str_equal(path, STR("/close"))) {
        response->is_closing = true;
    } else {
        response->status = 404;
    }
    net_finish(server->net, exchange);
}

static inline void server_let_go(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->held_count; i++) {
        buf_add(&server->held[i]->response.body, STR("held"));
        net_finish(server->net, server->held[i]);
    }
    server->held_count = 0;
    (void)pthread_mutex_unlock(&server->lock);
}

static inline void server_sent(struct net_exchange *exchange, void *context)
{
    struct server *server = context;

    (void)exchange;
    atomic_fetch_add(&server->sent, 1);
}

static inline void server_refused(int status, const char *reason, void *context)
{
    struct server *server = context;

    (void)reason;
    atomic_store(&server->last_status, status);
    atomic_fetch_add(&server->refused, 1);
}

static inline void server_error_body(int status, const char *reason, struct http_response *response,
                                     void *context)
{
    (void)status;
    (void)context;
    response->content_type = STR("text/plain");
    buf_add(&response->body, str_from(reason));
}

static inline void server_start_with(struct server *server, struct net_options options)
{
    struct net_handler handler = {.body_bytes_max = server_body_max,
                                  .handle = server_handle,
                                  .sent = server_sent,
                                  .refused = server_refused,
                                  .error_body = server_error_body,
                                  .context = server};
    struct err err = {0};

    (void)signal(SIGPIPE, SIG_IGN);
    memset(server, 0, sizeof(*server));
    (void)pthread_mutex_init(&server->lock, NULL);
    server->os = *os_linux();
    server->os.context = server;
    server->os.monotonic_us = server_monotonic_us;
    server->os.now_us = server_now_us;
    server->body_bytes_max = 8 * 1024 * 1024;
    server->epoch = epoch_new();
    options.listen = STR("127.0.0.1:0");
    options.epoch = server->epoch;
    if (options.loops == 0)
        options.loops = 1;
    if (options.connections_max == 0)
        options.connections_max = 1000;
    if (net_start(&server->os, &options, &handler, &server->net, &err) != OK)
        fail_msg("%s", err.message);
}

static inline void server_start(struct server *server, unsigned loops)
{
    server_start_with(server, (struct net_options){.loops = loops});
}

static inline void server_stop(struct server *server)
{
    net_stop(server->net, 2000);
    net_free(server->net);
    epoch_free(server->epoch);
    assert_int_equal(atomic_load(&server->handled), atomic_load(&server->sent));
    (void)pthread_mutex_destroy(&server->lock);
}

/* ---- the client ---- */

static inline int client_open(const struct server *server)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)net_port(server->net))};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static inline void client_send(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t count = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
        assert_true(count > 0);
        text = str_slice(text, (size_t)count, text.len);
    }
}

static inline void client_say(int fd, const char *text)
{
    client_send(fd, str_from(text));
}

/* One response: head and body by its Content-Length (none behind a HEAD). Returns the status; 0 at
 * the end. */
static inline int client_read(int fd, struct buf *response, bool is_head)
{
    char byte;
    size_t length = 0;

    buf_clear(response);
    while (response->len < 4 || memcmp(response->ptr + response->len - 4, "\r\n\r\n", 4) != 0) {
        ssize_t count = recv(fd, &byte, 1, 0);
        if (count <= 0)
            return 0;
        buf_add_byte(response, byte);
    }
    buf_add_byte(response, '\0');
    const char *field = strstr(response->ptr, "Content-Length: ");
    int status = (int)strtol(response->ptr + 9, NULL, 10);
    if (field != NULL && !is_head)
        length = strtoul(field + 16, NULL, 10);
    buf_clear(response); /* the body alone is kept */
    while (response->len < length) {
        char *room = buf_reserve(response, length - response->len);
        ssize_t count = recv(fd, room, length - response->len, 0);
        if (count <= 0)
            return 0;
        response->len += (size_t)count;
    }
    return status;
}

/* Whether the server has closed: waits up to five seconds for it. */
static inline bool client_is_closed(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&poll_fd, 1, 5000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static inline int client_ask(int fd, struct buf *response, const char *text)
{
    client_say(fd, text);
    return client_read(fd, response, false);
}

static inline void assert_bytes(const struct buf *body, uint64_t count)
{
    assert_int_equal(body->len, count);
    for (uint64_t i = 0; i < count; i++)
        if (body->ptr[i] != server_byte(i))
            fail_msg("byte %llu differs", (unsigned long long)i);
}

static inline void wait_for(_Atomic(int) *value, int wanted)
{
    for (unsigned i = 0; i < 5000 && atomic_load(value) < wanted; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(atomic_load(value), wanted);
}
