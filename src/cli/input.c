#include "cli/input.h"

#include "core/mem.h"
#include "core/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { RAW_BYTES = 256 * 1024, GZIP_WINDOW = 15 + 16 };

struct input {
    const char *path; /* the caller's */
    int fd;
    uint64_t size;
    _Atomic uint64_t position; /* stored bytes read; another thread may ask */
    unsigned char *raw;
    size_t raw_at;
    size_t raw_len;
    bool is_raw_end;
    bool is_gzip;
    bool is_member_open; /* inside a gzip member */
    z_stream stream;
};

static enum code fill(struct input *input, struct err *err)
{
    ssize_t got;

    if (input->raw_at > 0) {
        input->raw_len -= input->raw_at;
        memmove(input->raw, input->raw + input->raw_at, input->raw_len);
        input->raw_at = 0;
    }
    do
        got = read(input->fd, input->raw + input->raw_len, RAW_BYTES - input->raw_len);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_errno(err, ERR_IO, errno, "cannot read '%s'", input->path);
    input->raw_len += (size_t)got;
    atomic_fetch_add(&input->position, (uint64_t)got);
    input->is_raw_end = got == 0;
    return OK;
}

static enum code begin(struct input *input, struct err *err)
{
    struct stat status;

    if (fstat(input->fd, &status) != 0)
        return err_errno(err, ERR_IO, errno, "cannot look at '%s'", input->path);
    if (S_ISDIR(status.st_mode))
        return err_set(err, ERR_IO, "'%s' is a folder, not a file", input->path);
    input->size = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    while (input->raw_len < 2 && !input->is_raw_end)
        TRY(fill(input, err));
    input->is_raw_end = false; /* a terminal's end may be asked for again; a file's comes again */
    input->is_gzip = input->raw_len >= 2 && input->raw[0] == 0x1f && input->raw[1] == 0x8b;
    if (input->is_gzip && inflateInit2(&input->stream, GZIP_WINDOW) != Z_OK)
        return err_set(err, ERR_INTERNAL, "zlib cannot be started");
    input->is_member_open = input->is_gzip;
    return OK;
}

enum code input_open(const char *path, struct input **ret, struct err *err)
{
    struct input *input = MEM_NEW(struct input);

    input->path = path;
    input->fd =
        str_equal(str_from(path), STR("-")) ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0) {
        int why = errno;
        mem_free(input);
        return err_errno(err, why == ENOENT ? ERR_NOT_FOUND : ERR_IO, why, "cannot open '%s'",
                         path);
    }
    input->raw = mem_new_array(RAW_BYTES, 1);
    enum code code = begin(input, err);
    if (code != OK) {
        input_close(input);
        return code;
    }
    *ret = input;
    return OK;
}

void input_close(struct input *input)
{
    if (input == NULL)
        return;
    if (input->is_gzip)
        (void)inflateEnd(&input->stream);
    (void)close(input->fd);
    mem_free(input->raw);
    mem_free(input);
}

static enum code read_plain(struct input *input, char *to, size_t count, size_t *ret_count,
                            struct err *err)
{
    if (input->raw_at == input->raw_len)
        TRY(fill(input, err));
    size_t taken = size_min(count, input->raw_len - input->raw_at);
    if (taken > 0)
        memcpy(to, input->raw + input->raw_at, taken);
    input->raw_at += taken;
    *ret_count = taken;
    return OK;
}

static enum code damaged(const struct input *input, const char *why, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "'%s' is damaged gzip: %s", input->path, why);
}

/* A further member may follow the one that ended; what is no member is ignored, as gzip does. */
static bool next_member(struct input *input)
{
    bool is_one = input->raw_len - input->raw_at >= 2 && input->raw[input->raw_at] == 0x1f &&
                  input->raw[input->raw_at + 1] == 0x8b;

    if (is_one)
        input->is_member_open = inflateReset(&input->stream) == Z_OK;
    return input->is_member_open;
}

static enum code inflate_some(struct input *input, char *to, size_t count, size_t *ret_count,
                              struct err *err)
{
    z_stream *stream = &input->stream;

    stream->next_in = input->raw + input->raw_at;
    stream->avail_in = (uInt)(input->raw_len - input->raw_at);
    stream->next_out = (Bytef *)to;
    stream->avail_out = (uInt)size_min(count, UINT32_MAX / 2);
    uInt room = stream->avail_out;
    int result = inflate(stream, Z_NO_FLUSH);
    input->raw_at = input->raw_len - stream->avail_in;
    *ret_count = room - stream->avail_out;
    if (result == Z_STREAM_END)
        input->is_member_open = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return damaged(input, stream->msg == NULL ? "bad data" : stream->msg, err);
    return OK;
}

static enum code read_gzip(struct input *input, char *to, size_t count, size_t *ret_count,
                           struct err *err)
{
    size_t got = 0;

    while (got == 0 && count > 0) {
        if (input->raw_len - input->raw_at < 2 && !input->is_raw_end)
            TRY(fill(input, err));
        if (!input->is_member_open && !next_member(input))
            break;
        if (input->raw_at == input->raw_len)
            return damaged(input, "it ends too early", err);
        TRY(inflate_some(input, to, count, &got, err));
        if (got == 0 && input->is_member_open && input->is_raw_end)
            return damaged(input, "it ends too early", err);
    }
    *ret_count = got;
    return OK;
}

enum code input_read(struct input *input, char *to, size_t count, size_t *ret_count,
                     struct err *err)
{
    if (input->is_gzip)
        return read_gzip(input, to, count, ret_count, err);
    return read_plain(input, to, count, ret_count, err);
}

uint64_t input_position(const struct input *input)
{
    return atomic_load(&input->position);
}

uint64_t input_size(const struct input *input)
{
    return input->size;
}
