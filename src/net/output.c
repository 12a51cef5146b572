/*
 * The response on its way out: head and body in one call; a file through the kernel, or in records
 * of TLS. Memory is bounded by what the response holds already; nothing is copied but for TLS.
 */
#include "net/conn.h"
#include "net/loop.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* What is to be sent: head, then text or file. */
struct source {
    struct str head;
    struct str body;
    int file; /* -1: none */
    uint64_t bytes;
};

static struct source source_of(const struct slot *slot)
{
    const struct http_response *response = &slot->exchange.response;
    bool is_bare = slot->exchange.request.method == HTTP_HEAD;
    struct source source = {.head = buf_str(&slot->head), .body = STR(""), .file = -1};

    source.bytes = source.head.len;
    if (is_bare)
        return source;
    if (response->file >= 0) {
        source.file = response->file;
        source.bytes += response->file_bytes;
    } else {
        source.body = buf_str(&response->body);
        source.bytes += source.body.len;
    }
    return source;
}

/* sendmsg only reads, but its type does not say so. */
static struct iovec piece(struct str text)
{
    union {
        const char *read;
        void *base;
    } pointer = {.read = text.ptr};

    return (struct iovec){pointer.base, text.len};
}

/* The rest of head and body from `sent` on, as at most two pieces. */
static size_t pieces(const struct source *source, uint64_t sent, struct iovec iov[2])
{
    size_t count = 0;
    size_t skip = 0;

    if (sent < source->head.len) {
        iov[count++] = piece(str_slice(source->head, (size_t)sent, source->head.len));
    } else {
        skip = (size_t)sent - source->head.len;
    }
    if (source->file < 0 && skip < source->body.len) {
        iov[count++] = piece(str_slice(source->body, skip, source->body.len));
    }
    return count;
}

static ssize_t plain_write(const struct conn *conn, const struct source *source)
{
    uint64_t sent = conn->slot->sent;

    if (source->file >= 0 && sent >= source->head.len) {
        off_t offset = (off_t)(sent - source->head.len);
        uint64_t left = source->bytes - sent;
        ssize_t count =
            sendfile(conn->fd, source->file, &offset,
                     left < CONN_WRITE_BYTES_A_TURN ? (size_t)left : CONN_WRITE_BYTES_A_TURN);
        if (count == 0) /* the file is shorter than was promised */
            errno = EIO;
        return count == 0 ? -1 : count;
    }
    struct iovec iov[2];
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = pieces(source, sent, iov)};
    return sendmsg(conn->fd, &message, MSG_NOSIGNAL | (source->file >= 0 ? MSG_MORE : 0));
}

/* Up to a record of what comes next, the same for the same `sent`, as TLS wants for a repetition.
 * 0: the file is shorter than was promised. */
static size_t stage_fill(char *stage, const struct source *source, uint64_t sent)
{
    struct iovec iov[2];
    size_t filled = 0;
    size_t count = pieces(source, sent, iov);

    for (size_t i = 0; i < count; i++) {
        size_t part = size_min(iov[i].iov_len, LOOP_STAGE_BYTES - filled);
        memcpy(stage + filled, iov[i].iov_base, part);
        filled += part;
    }
    if (source->file < 0 || filled == LOOP_STAGE_BYTES)
        return filled;
    uint64_t offset = sent + filled - source->head.len;
    uint64_t left = source->bytes - sent - filled;
    size_t part = LOOP_STAGE_BYTES - filled;
    if (part > left)
        part = (size_t)left;
    ssize_t got = pread(source->file, stage + filled, part, (off_t)offset);
    return got <= 0 ? filled : filled + (size_t)got;
}

static enum output tls_output(struct conn *conn, const struct source *source)
{
    size_t written = 0;
    size_t count = stage_fill(conn->loop->stage, source, conn->slot->sent);

    if (count == 0)
        return OUTPUT_BROKEN;
    switch (tls_write(conn->tls, conn->loop->stage, count, &written)) {
    case TLS_DONE:
        conn->slot->sent += written;
        return OUTPUT_DONE;
    case TLS_WANT_WRITE:
    case TLS_WANT_READ: /* any edge tells that it can be tried again */
        conn->is_writable = false;
        return OUTPUT_AGAIN;
    case TLS_END:
    case TLS_BROKEN:
        return OUTPUT_BROKEN;
    }
    return OUTPUT_BROKEN;
}

static enum output plain_output(struct conn *conn, const struct source *source)
{
    ssize_t count = plain_write(conn, source);

    if (count >= 0) {
        conn->slot->sent += (uint64_t)count;
        return OUTPUT_DONE;
    }
    if (errno == EINTR)
        return OUTPUT_DONE;
    if (errno != EAGAIN)
        return OUTPUT_BROKEN;
    conn->is_writable = false;
    return OUTPUT_AGAIN;
}

enum output output_write(struct conn *conn)
{
    struct slot *slot = conn->slot;
    struct source source = source_of(slot);
    uint64_t before = slot->sent;
    enum output result = OUTPUT_DONE;

    while (result == OUTPUT_DONE && slot->sent < source.bytes) {
        if (slot->sent - before >= CONN_WRITE_BYTES_A_TURN)
            result = OUTPUT_AGAIN; /* others first */
        else if (conn->tls != NULL)
            result = tls_output(conn, &source);
        else
            result = plain_output(conn, &source);
    }
    conn->loop->bytes_out += (int64_t)(slot->sent - before);
    return result;
}

enum output output_text(struct conn *conn, struct str text)
{
    size_t written = 0;

    if (conn->tls != NULL)
        return tls_write(conn->tls, text.ptr, text.len, &written) == TLS_DONE && written == text.len
                   ? OUTPUT_DONE
                   : OUTPUT_BROKEN;
    return send(conn->fd, text.ptr, text.len, MSG_NOSIGNAL) == (ssize_t)text.len ? OUTPUT_DONE
                                                                                 : OUTPUT_BROKEN;
}
