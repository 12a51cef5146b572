/* Bytes of a file, plain or gzip; gzip is made by zlib itself here. */
#include "unit/test.h"

#include "cli/input.h"
#include "core/arena.h"
#include "core/buf.h"
#include "os/os.h"

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static char folder[] = "/tmp/asof-test-input-XXXXXX";
static struct arena arena;
static struct err err;

static const char *write_file(struct str content)
{
    const char *path = arena_format(&arena, "%s/file", folder).ptr;

    assert_int_equal(os_write_file(os_linux(), path, content, &err), OK);
    return path;
}

/* All of it, in reads of `step` bytes. */
static enum code read_all(const char *path, size_t step, struct buf *out)
{
    struct input *input;
    size_t got = 1;
    enum code code = input_open(path, &input, &err);

    buf_clear(out);
    if (code != OK)
        return code;
    while (code == OK && got > 0) {
        char *room = buf_reserve(out, step);
        got = 0;
        code = input_read(input, room, step, &got, &err);
        out->len += got;
    }
    if (code == OK)
        assert_int_equal(input_position(input) <= input_size(input), 1);
    input_close(input);
    return code;
}

static void gzip(struct str text, struct buf *out)
{
    z_stream stream = {0};
    size_t bound = text.len + 1000;

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)text.ptr;
    stream.avail_in = (uInt)text.len;
    stream.next_out = (Bytef *)buf_reserve(out, bound);
    stream.avail_out = (uInt)bound;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->len += bound - stream.avail_out;
    (void)deflateEnd(&stream);
}

static void fill(struct buf *buf, size_t bytes)
{
    uint32_t random = 7;

    while (buf->len < bytes) {
        random = random * 1664525 + 1013904223;
        buf_add_format(buf, "%u,", random >> 12);
    }
}

static void plain_files(void **state)
{
    struct buf text;
    struct buf out;

    (void)state;
    buf_init(&text, 0);
    buf_init(&out, 0);
    fill(&text, 700000);
    assert_int_equal(read_all(write_file(buf_str(&text)), 1000, &out), OK);
    assert_true(str_equal(buf_str(&out), buf_str(&text)));
    assert_int_equal(read_all(write_file(STR("")), 10, &out), OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(read_all(write_file(STR("\x1f")), 10, &out), OK);
    assert_true(str_equal(buf_str(&out), STR("\x1f")));
    buf_release(&text);
    buf_release(&out);
}

static void gzip_files_also_of_several_members(void **state)
{
    struct buf text;
    struct buf packed;
    struct buf out;

    (void)state;
    buf_init(&text, 0);
    buf_init(&packed, 0);
    buf_init(&out, 0);
    fill(&text, 3000000);
    gzip(buf_str(&text), &packed);
    assert_int_equal(read_all(write_file(buf_str(&packed)), 65536, &out), OK);
    assert_true(str_equal(buf_str(&out), buf_str(&text)));
    gzip(STR(""), &packed);
    gzip(STR("more"), &packed);
    buf_add(&text, STR("more"));
    assert_int_equal(read_all(write_file(buf_str(&packed)), 1 << 20, &out), OK);
    assert_true(str_equal(buf_str(&out), buf_str(&text)));
    buf_add(&packed, STR("padding that is no member"));
    assert_int_equal(read_all(write_file(buf_str(&packed)), 1 << 20, &out), OK);
    assert_true(str_equal(buf_str(&out), buf_str(&text)));
    buf_clear(&packed);
    gzip(STR(""), &packed);
    assert_int_equal(read_all(write_file(buf_str(&packed)), 100, &out), OK);
    assert_int_equal(out.len, 0);
    buf_release(&text);
    buf_release(&packed);
    buf_release(&out);
}

/* Cut at every place, and with every byte of the end changed: an error, never silence. */
static void damaged_gzip_is_told(void **state)
{
    struct buf packed;
    struct buf out;

    (void)state;
    buf_init(&packed, 0);
    buf_init(&out, 0);
    gzip(STR("hello hello hello hello"), &packed);
    for (size_t len = 2; len < packed.len; len++) {
        const char *path = write_file(str_slice(buf_str(&packed), 0, len));
        assert_int_equal(read_all(path, 1000, &out), ERR_CORRUPT);
        assert_true(str_contains(str_from(err.message), STR("is damaged gzip")));
    }
    for (size_t at = packed.len - 8; at < packed.len; at++) {
        packed.ptr[at] = (char)(packed.ptr[at] ^ 1);
        assert_int_equal(read_all(write_file(buf_str(&packed)), 1000, &out), ERR_CORRUPT);
        packed.ptr[at] = (char)(packed.ptr[at] ^ 1);
    }
    buf_release(&packed);
    buf_release(&out);
}

static void what_cannot_be_opened(void **state)
{
    struct input *input;

    (void)state;
    assert_int_equal(input_open("/no/such/file", &input, &err), ERR_NOT_FOUND);
    assert_int_equal(input_open(folder, &input, &err), ERR_IO);
    assert_true(str_contains(str_from(err.message), STR("is a folder")));
    input_close(NULL);
}

static void standard_input(void **state)
{
    struct buf out;
    int saved = dup(STDIN_FILENO);
    int ends[2];

    (void)state;
    buf_init(&out, 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    (void)close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    struct input *input;
    assert_int_equal(input_open("-", &input, &err), OK);
    assert_int_equal(input_size(input), 0);
    size_t got;
    char *room = buf_reserve(&out, 100);
    assert_int_equal(input_read(input, room, 100, &got, &err), OK);
    assert_true(str_equal((struct str){room, got}, STR("piped")));
    assert_int_equal(input_read(input, room, 100, &got, &err), OK);
    assert_int_equal(got, 0);
    input_close(input);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    (void)close(saved);
    (void)close(ends[0]);
    buf_release(&out);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(arena_format(&arena, "%s/file", folder).ptr);
    (void)rmdir(folder);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files),
        cmocka_unit_test(gzip_files_also_of_several_members),
        cmocka_unit_test(damaged_gzip_is_told),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(standard_input),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
