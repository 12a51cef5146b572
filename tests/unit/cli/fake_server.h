#pragma once
/*
 * A server for tests of the client: one thread a connection, plain HTTP/1.1, answers by a function.
 * It keeps what was asked, in order of arrival. No assertion is made on its threads.
 */
#include "core/arena.h"
#include "core/buf.h"
#include "core/mem.h"
#include "core/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAKE_REQUESTS_MAX = 4096, FAKE_CONNECTIONS_MAX = 64 };

struct fake_request {
    char *head;
    struct str body; /* behind the head, in the same memory */
};

struct fake;
/* Fills `out` with the whole response of request `number` (from 0); closes when it returns false.
 */
typedef bool fake_answer_fn(struct fake *fake, size_t number, const struct fake_request *request,
                            struct buf *out);

struct fake {
    fake_answer_fn *answer;
    void *context;
    int listener;
    char url[64];
    pthread_t acceptor;
    pthread_t threads[FAKE_CONNECTIONS_MAX];
    int sockets[FAKE_CONNECTIONS_MAX];
    _Atomic size_t connections;
    pthread_mutex_t mutex;
    struct fake_request requests[FAKE_REQUESTS_MAX];
    _Atomic size_t count;
};

static inline void fake_respond(struct buf *out, int status, const char *headers, struct str body)
{
    buf_add_format(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status, body.len,
                   headers);
    buf_add(out, body);
}

/* The value of a header of the request, without blanks, in a static buffer a thread. */
static inline const char *fake_header(const struct fake_request *request, const char *name)
{
    static _Thread_local char value[1024];
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted), "\r\n%s: ", name);
    const char *at = strcasestr(request->head, wanted);
    if (at == NULL)
        return NULL;
    at += strlen(wanted);
    size_t len = strcspn(at, "\r\n");
    (void)snprintf(value, sizeof(value), "%.*s", (int)len, at);
    return value;
}

struct fake_connection {
    struct fake *fake;
    int socket;
};

static inline bool fake_read_request(int socket, struct buf *input, struct fake_request *ret)
{
    for (;;) {
        struct str text = buf_str(input);
        const char *end = text.len == 0 ? NULL : memmem(text.ptr, text.len, "\r\n\r\n", 4);
        if (end != NULL) {
            size_t head = (size_t)(end - text.ptr) + 4;
            char *copy = mem_new_array(text.len + 1, 1);
            memcpy(copy, text.ptr, text.len);
            copy[head - 1] = '\0';
            const char *length = strcasestr(copy, "\r\ncontent-length: ");
            size_t body = length == NULL ? 0 : strtoul(length + 18, NULL, 10);
            if (text.len >= head + body) {
                *ret = (struct fake_request){copy, {copy + head, body}};
                copy[head + body] = '\0';
                buf_drop_front(input, head + body);
                return true;
            }
            mem_free(copy);
        }
        char *room = buf_reserve(input, 65536);
        ssize_t got = recv(socket, room, 65536, 0);
        if (got <= 0)
            return false;
        input->len += (size_t)got;
    }
}

static inline bool fake_send(int socket, struct str text)
{
    while (text.len > 0) {
        ssize_t sent = send(socket, text.ptr, text.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text = str_slice(text, (size_t)sent, text.len);
    }
    return true;
}

static inline void *fake_serve(void *context)
{
    struct fake_connection *connection = context;
    struct fake *fake = connection->fake;
    struct fake_request request;
    struct buf input;
    struct buf out;
    bool is_open = true;

    buf_init(&input, 0);
    buf_init(&out, 0);
    while (is_open && fake_read_request(connection->socket, &input, &request)) {
        (void)pthread_mutex_lock(&fake->mutex);
        size_t number = fake->count;
        if (number < FAKE_REQUESTS_MAX)
            fake->requests[fake->count++] = request;
        buf_clear(&out);
        is_open = fake->answer(fake, number, &request, &out);
        (void)pthread_mutex_unlock(&fake->mutex);
        is_open = fake_send(connection->socket, buf_str(&out)) && is_open;
    }
    (void)shutdown(connection->socket, SHUT_RDWR);
    buf_release(&input);
    buf_release(&out);
    mem_free(connection);
    return NULL;
}

static inline void *fake_accept(void *context)
{
    struct fake *fake = context;

    for (;;) {
        int socket = accept(fake->listener, NULL, NULL);
        if (socket < 0 || fake->connections == FAKE_CONNECTIONS_MAX)
            return NULL;
        struct fake_connection *connection = MEM_NEW(struct fake_connection);
        *connection = (struct fake_connection){fake, socket};
        fake->sockets[fake->connections] = socket;
        (void)pthread_create(&fake->threads[fake->connections], NULL, fake_serve, connection);
        fake->connections++;
    }
}

static inline struct fake *fake_start(fake_answer_fn *answer, void *context)
{
    struct fake *fake = MEM_NEW(struct fake);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    fake->answer = answer;
    fake->context = context;
    (void)pthread_mutex_init(&fake->mutex, NULL);
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fake->listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fake->listener, 64) != 0 ||
        getsockname(fake->listener, (struct sockaddr *)&address, &len) != 0)
        fail_msg("cannot listen");
    (void)snprintf(fake->url, sizeof(fake->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    (void)pthread_create(&fake->acceptor, NULL, fake_accept, fake);
    return fake;
}

static inline void fake_stop(struct fake *fake)
{
    (void)shutdown(fake->listener, SHUT_RDWR);
    (void)pthread_join(fake->acceptor, NULL);
    (void)close(fake->listener);
    for (size_t i = 0; i < fake->connections; i++) {
        (void)shutdown(fake->sockets[i], SHUT_RDWR);
        (void)pthread_join(fake->threads[i], NULL);
        (void)close(fake->sockets[i]);
    }
    for (size_t i = 0; i < fake->count; i++)
        mem_free(fake->requests[i].head);
    (void)pthread_mutex_destroy(&fake->mutex);
    mem_free(fake);
}
