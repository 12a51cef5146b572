/*
 * One message: u32 length of what follows, u8 type, payload; little endian. A length of 0 or over
 * LIMIT_WORKER_MESSAGE_BYTES is refused before anything is allocated.
 */
#include "worker/message.h"

#include "config/limits.h"
#include "core/bytes.h"
#include "os/os.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { HEAD_BYTES = 5 };

static int64_t now_ms(void)
{
    const struct os *os = os_linux();

    return os->monotonic_us(os->context) / 1000;
}

/* Waits until the socket is ready; deadline_ms < 0: for ever. */
static enum code wait_ready(int socket, short events, int64_t deadline_ms, struct err *err)
{
    struct pollfd poller = {.fd = socket, .events = events};

    for (;;) {
        int64_t left = deadline_ms < 0 ? -1 : deadline_ms - now_ms();
        if (deadline_ms >= 0 && left < 0)
            left = 0;
        int ready = poll(&poller, 1, (int)(left > INT32_MAX ? INT32_MAX : left));
        if (ready > 0)
            return OK;
        if (ready < 0 && errno != EINTR)
            return err_errno(err, ERR_IO, errno, "waiting for the other process");
        if (ready == 0 && left == 0)
            return err_set(err, ERR_TIMEOUT, "the other process did not answer in time");
    }
}

static enum code gone(ssize_t result, struct err *err)
{
    if (result == 0 || errno == EPIPE || errno == ECONNRESET)
        return err_set(err, ERR_IO, "the other process is gone");
    return err_errno(err, ERR_IO, errno, "talking to the other process");
}

static bool is_repeatable(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

static enum code send_all(int socket, struct iovec pieces[static 2], int64_t deadline_ms,
                          struct err *err)
{
    size_t at = 0;

    while (at < 2) {
        struct msghdr message = {.msg_iov = pieces + at, .msg_iovlen = 2 - at};
        ssize_t sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (is_repeatable(sent)) {
            TRY(wait_ready(socket, POLLOUT, deadline_ms, err));
            continue;
        }
        if (sent < 0)
            return gone(sent, err);
        size_t left = (size_t)sent;
        while (at < 2 && left >= pieces[at].iov_len)
            left -= pieces[at++].iov_len;
        if (at < 2) {
            pieces[at].iov_base = (char *)pieces[at].iov_base + left;
            pieces[at].iov_len -= left;
        }
    }
    return OK;
}

enum code message_send(int socket, enum message_type type, struct str payload, int timeout_ms,
                       struct err *err)
{
    unsigned char head[HEAD_BYTES];
    int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;

    if (payload.len >= LIMIT_WORKER_MESSAGE_BYTES)
        return err_set(err, ERR_TOO_LARGE,
                       "a message to a worker of %zu bytes, at most %d are sent", payload.len,
                       LIMIT_WORKER_MESSAGE_BYTES - 1);
    uint32_t length = (uint32_t)payload.len + 1;
    for (unsigned i = 0; i < 4; i++)
        head[i] = (unsigned char)(length >> (8 * i));
    head[4] = (unsigned char)type;
    /* An iovec serves reading, too: its pointer is not const. */
    union {
        const char *given;
        char *to_send;
    } bytes = {.given = payload.ptr};
    struct iovec pieces[2] = {
        {.iov_base = head, .iov_len = sizeof(head)},
        {.iov_base = bytes.to_send, .iov_len = payload.len},
    };
    return send_all(socket, pieces, deadline_ms, err);
}

static enum code receive_all(int socket, char *bytes, size_t count, int64_t deadline_ms,
                             struct err *err)
{
    while (count > 0) {
        ssize_t got = recv(socket, bytes, count, MSG_DONTWAIT);
        if (is_repeatable(got)) {
            TRY(wait_ready(socket, POLLIN, deadline_ms, err));
            continue;
        }
        if (got <= 0)
            return gone(got, err);
        bytes += got;
        count -= (size_t)got;
    }
    return OK;
}

enum code message_receive(int socket, enum message_type *ret_type, struct buf *payload,
                          int timeout_ms, struct err *err)
{
    char head[HEAD_BYTES];
    int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;

    TRY(receive_all(socket, head, sizeof(head), deadline_ms, err));
    struct bytes cursor = bytes_from((struct str){head, sizeof(head)});
    uint32_t length = bytes_u32(&cursor);
    uint8_t type = bytes_u8(&cursor);
    if (length == 0 || length > LIMIT_WORKER_MESSAGE_BYTES)
        return err_set(err, ERR_CORRUPT, "a message of %u bytes, at most %d are taken", length,
                       LIMIT_WORKER_MESSAGE_BYTES);
    if (type < MESSAGE_FAILED || type > MESSAGE_QUERY_DONE)
        return err_set(err, ERR_CORRUPT, "a message of the unknown type %u", type);
    buf_clear(payload);
    char *room = buf_reserve(payload, length - 1);
    if (room == NULL)
        return err_set(err, ERR_TOO_LARGE, "a message of %u bytes does not fit", length);
    TRY(receive_all(socket, room, length - 1, deadline_ms, err));
    payload->len = length - 1;
    *ret_type = (enum message_type)type;
    return OK;
}
