#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, ACCEPT_TRIES = 16 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* `text` is "host:port" or "[host]:port". */
static enum code address_parse(struct str text, union address *ret, socklen_t *ret_bytes,
                               struct err *err)
{
    char host[SOCKET_PEER_BYTES];
    uint64_t port = 0;
    size_t colon = text.len;

    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    struct str name = str_slice(text, 0, colon == 0 ? 0 : colon - 1);
    if (colon == 0 || str_to_u64(str_slice(text, colon, text.len), 65535, &port, NULL) != OK)
        return err_set(err, ERR_INVALID, "listen address '%.*s' is not ADDRESS:PORT",
                       STR_ARG(text));
    bool is_v6 = name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']';
    if (is_v6)
        name = str_slice(name, 1, name.len - 1);
    (void)snprintf(host, sizeof(host), "%.*s", STR_ARG(name));
    *ret = (union address){0};
    if (is_v6) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons((uint16_t)port);
        *ret_bytes = sizeof(ret->v6);
        if (inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1)
            return OK;
    } else {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons((uint16_t)port);
        *ret_bytes = sizeof(ret->v4);
        if (inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1)
            return OK;
    }
    return err_set(err, ERR_INVALID,
                   "listen address '%.*s' does not start with an IPv4 address or an IPv6 address "
                   "in brackets",
                   STR_ARG(text));
}

enum code socket_listen(struct str text, int *ret_fd, unsigned *ret_port, struct err *err)
{
    union address address = {0};
    socklen_t bytes = 0;
    int on = 1;

    TRY(address_parse(text, &address, &bytes, err));
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(err, ERR_IO, errno, "cannot make a socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* accepted ones inherit it */
    if (bind(fd, &address.any, bytes) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &address.any, &bytes) != 0) {
        int failed = errno;
        (void)close(fd);
        return err_errno(err, ERR_IO, failed, "cannot listen on '%.*s'", STR_ARG(text));
    }
    *ret_port =
        ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    *ret_fd = fd;
    return OK;
}

static void peer_text(const union address *address, char ret[SOCKET_PEER_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
        (void)snprintf(ret, SOCKET_PEER_BYTES, "[%s]:%u", host, ntohs(address->v6.sin6_port));
    } else {
        (void)inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
        (void)snprintf(ret, SOCKET_PEER_BYTES, "%s:%u", host, ntohs(address->v4.sin_port));
    }
}

int socket_accept(int listener, char ret_peer[SOCKET_PEER_BYTES], bool *ret_is_exhausted)
{
    union address address = {0};

    *ret_is_exhausted = false;
    for (unsigned i = 0; i < ACCEPT_TRIES; i++) {
        socklen_t bytes = sizeof(address);
        int fd = accept4(listener, &address.any, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            peer_text(&address, ret_peer);
            return fd;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            *ret_is_exhausted = true;
        if (*ret_is_exhausted || errno == EAGAIN)
            return -1;
        /* That one connection failed (it was aborted, say): the next may not. */
    }
    return -1;
}

void socket_close(int fd, bool is_reset)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (is_reset)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    (void)close(fd);
}
