#include "cli/transport.h"

#include "core/mem.h"
#include "net/tls.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

struct transport {
    int fd;
    struct tls_client *tls; /* NULL: plain */
};

static void set_timeout(int fd, unsigned timeout_ms)
{
    struct timeval timeout = {.tv_sec = timeout_ms / 1000,
                              .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

/* A connected socket, or -1 with errno. */
static int connect_to(const struct addrinfo *address, unsigned connect_ms)
{
    const int on = 1;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);

    if (fd < 0)
        return -1;
    set_timeout(fd, connect_ms);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    int why = errno == EINPROGRESS ? ETIMEDOUT : errno;
    (void)close(fd);
    errno = why;
    return -1;
}

static enum code connect_any(const struct transport_options *options, int *ret_fd, struct err *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const struct endpoint *endpoint = options->endpoint;
    struct addrinfo *addresses = NULL;
    int fd = -1;
    int why = ECONNREFUSED;
    int failed = getaddrinfo(endpoint->host, endpoint->port, &hints, &addresses);

    if (failed != 0)
        return err_set(err, ERR_TIMEOUT, "cannot find the host of %.*s: %s", STR_ARG(endpoint->url),
                       gai_strerror(failed));
    for (const struct addrinfo *at = addresses; at != NULL && fd < 0; at = at->ai_next) {
        fd = connect_to(at, options->connect_ms);
        why = errno;
    }
    freeaddrinfo(addresses);
    if (fd < 0)
        return err_errno(err, ERR_TIMEOUT, why, "cannot connect to %.*s", STR_ARG(endpoint->url));
    *ret_fd = fd;
    return OK;
}

enum code transport_open(const struct transport_options *options, struct transport **ret,
                         struct err *err)
{
    struct tls_client *tls = NULL;
    int fd = -1;

    TRY(connect_any(options, &fd, err));
    if (options->endpoint->is_tls) {
        const struct tls_client_options tls_options = {.host = options->endpoint->host,
                                                       .authorities = options->authorities,
                                                       .is_unverified = options->is_unverified};
        if (tls_client_connect(fd, &tls_options, &tls, err) != OK) {
            (void)close(fd);
            return err_prefix(err, ERR_TIMEOUT, "cannot speak TLS with %.*s",
                              STR_ARG(options->endpoint->url));
        }
    }
    *ret = MEM_NEW(struct transport);
    **ret = (struct transport){fd, tls};
    return OK;
}

void transport_close(struct transport *transport)
{
    if (transport == NULL)
        return;
    tls_client_close(transport->tls);
    (void)close(transport->fd);
    mem_free(transport);
}

void transport_timeout(struct transport *transport, unsigned timeout_ms)
{
    set_timeout(transport->fd, timeout_ms);
}

static enum code broken(const char *what, struct err *err)
{
    int why = errno == EAGAIN ? ETIMEDOUT : errno;

    return err_errno(err, ERR_TIMEOUT, why, "%s", what);
}

/* sendmsg only reads, but its type does not say so. */
static struct iovec piece_of(struct str text)
{
    union {
        const char *read;
        void *base;
    } pointer = {.read = text.ptr};

    return (struct iovec){pointer.base, text.len};
}

static enum code write_plain(const struct transport *transport, struct str head, struct str body,
                             struct err *err)
{
    struct str pieces[2] = {head, body};

    while (pieces[0].len + pieces[1].len > 0) {
        struct iovec parts[2];
        for (size_t i = 0; i < 2; i++)
            parts[i] = piece_of(pieces[i]);
        const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t sent = sendmsg(transport->fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return broken("cannot send the request", err);
        for (size_t i = 0; i < 2; i++) {
            size_t taken = size_min((size_t)sent, pieces[i].len);
            pieces[i] = str_slice(pieces[i], taken, pieces[i].len);
            sent -= (ssize_t)taken;
        }
    }
    return OK;
}

enum code transport_write(struct transport *transport, struct str head, struct str body,
                          struct err *err)
{
    if (transport->tls == NULL)
        return write_plain(transport, head, body, err);
    enum code code = tls_client_write(transport->tls, head.ptr, head.len, err);
    if (code == OK && body.len > 0)
        code = tls_client_write(transport->tls, body.ptr, body.len, err);
    if (code != OK)
        return err_prefix(err, ERR_TIMEOUT, "cannot send the request");
    return OK;
}

enum code transport_read(struct transport *transport, char *bytes, size_t count, size_t *ret_count,
                         struct err *err)
{
    ssize_t got;

    if (transport->tls != NULL) {
        if (tls_client_read(transport->tls, bytes, count, ret_count, err) != OK)
            return err_prefix(err, ERR_TIMEOUT, "no answer");
        return OK;
    }
    do
        got = recv(transport->fd, bytes, count, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return broken("no answer", err);
    *ret_count = (size_t)got;
    return OK;
}
