/*
 * A checkpoint in a file. The first byte chooses: the input is the file as it is, or a list of
 * chunks (type, 16-bit length, payload) that get right heads and checksums, with or without a right
 * start before them, so that what is behind the checksums is met too.
 */
#include "core/bytes.h"
#include "core/mem.h"
#include "write/checkpoint.h"
#include "write/retry.h"
#include "write/unflushed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct os_file {
    struct str content;
};

static enum code fuzz_stat(void *context, const char *path, struct os_stat *ret, struct err *err)
{
    const struct os_file *file = context;

    (void)path;
    (void)err;
    *ret = (struct os_stat){.bytes = file->content.len};
    return OK;
}

static enum code fuzz_open(void *context, const char *path, unsigned flags, struct os_file **ret,
                           struct err *err)
{
    (void)path;
    (void)err;
    assert(flags == OS_READ);
    *ret = context;
    return OK;
}

static void fuzz_close(void *context, struct os_file *file)
{
    assert(file == context);
}

static enum code fuzz_read(void *context, struct os_file *file, void *bytes, size_t count,
                           uint64_t offset, struct err *err)
{
    (void)context;
    (void)err;
    assert(offset <= file->content.len && count <= file->content.len - offset);
    memcpy(bytes, file->content.ptr + offset, count);
    return OK;
}

static void add_start(struct buf *out)
{
    const struct flush_mark mark = {0};
    struct buf payload;

    buf_init(&payload, 0);
    buf_add_u32(&payload, 1);
    buf_add_u32(&payload, 3);
    buf_add_u64(&payload, 1 << 20);
    for (int i = 0; i < 5; i++)
        buf_add_u64(&payload, 1 << 20);
    flush_mark_encode(&mark, &payload);
    chunk_encode(CHUNK_START, 0, buf_str(&payload), out);
    buf_release(&payload);
}

static void add_chunks(struct buf *out, struct str input, bool is_started)
{
    struct bytes bytes = bytes_from(input);
    uint64_t number = is_started ? 1 : 0;

    buf_add(out, str_from(checkpoint_magic));
    if (is_started)
        add_start(out);
    while (bytes_left(&bytes) >= 3) {
        unsigned type = bytes_u8(&bytes);
        size_t len = bytes_u16(&bytes);
        len = size_min(len, bytes_left(&bytes));
        chunk_encode((enum chunk_type)type, number++, bytes_str(&bytes, len), out);
    }
}

static void check(struct checkpoint *checkpoint)
{
    struct retry retry;
    struct unflushed unflushed;

    retry_init(&retry, 64);
    unflushed_init(&unflushed, 16);
    (void)!retry_decode(&retry, buf_str(&checkpoint->retries), NULL);
    (void)!unflushed_decode(&unflushed, buf_str(&checkpoint->unflushed), NULL);
    retry_release(&retry);
    unflushed_release(&unflushed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char secret[HASH_SECRET_BYTES];
    struct str input = {(const char *)data, size};
    struct buf content;

    if (size == 0)
        return 0;
    buf_init(&content, 0);
    if (data[0] % 4 == 0)
        buf_add(&content, str_slice(input, 1, size));
    else
        add_chunks(&content, str_slice(input, 1, size), data[0] % 4 != 1);
    struct os_file file = {buf_str(&content)};
    struct os os = {.context = &file,
                    .stat = fuzz_stat,
                    .open = fuzz_open,
                    .close = fuzz_close,
                    .read = fuzz_read};
    struct online_options options = {1, 1 << 20, secret};
    struct epoch *epoch = epoch_new();
    struct online *online = online_new(epoch, &options);
    struct checkpoint checkpoint;
    struct err err = {0};
    checkpoint_init(&checkpoint);
    if (checkpoint_read(&os, "checkpoint", online, &checkpoint, &err) == OK)
        check(&checkpoint);
    else
        assert(err.code == ERR_CORRUPT);
    checkpoint_release(&checkpoint);
    epoch_free(epoch);
    online_free(online);
    buf_release(&content);
    return 0;
}
