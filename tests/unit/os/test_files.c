/*
 * Whole files. Replacing one is also run with the nth call of the table failing, for every n: the
 * file then has its old or its new content, whole, and no temporary file is left.
 */
#include "unit/test.h"

#include "os/os.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/asof-test-files-XXXXXX";
static struct arena arena;
static struct err err;

static const char *path(const char *name)
{
    return arena_format(&arena, "%s/%s", folder, name).ptr;
}

static void assert_content(const char *name, struct str expected)
{
    struct buf buf;

    buf_init(&buf, 0);
    assert_int_equal(os_read_file(os_linux(), path(name), 1 << 20, &buf, &err), OK);
    assert_true(str_equal(buf_str(&buf), expected));
    buf_release(&buf);
}

static void written_and_read_back(void **state)
{
    (void)state;
    assert_int_equal(os_write_file(os_linux(), path("a"), STR("first"), &err), OK);
    assert_content("a", STR("first"));
    assert_int_equal(os_write_file(os_linux(), path("a"), STR("2"), &err), OK);
    assert_content("a", STR("2"));
    assert_int_equal(os_write_file(os_linux(), path("a"), STR(""), &err), OK);
    assert_content("a", STR(""));
    assert_int_equal(access(path("a.tmp"), F_OK), -1);
    assert_int_equal(os_write_file(os_linux(), path("no/a"), STR("x"), &err), ERR_NOT_FOUND);
}

static void reading_is_bounded_and_appends(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    buf_add(&buf, STR("head:"));
    assert_int_equal(os_write_file(os_linux(), path("b"), STR("12345"), &err), OK);
    assert_int_equal(os_read_file(os_linux(), path("b"), 5, &buf, &err), OK);
    assert_true(str_equal(buf_str(&buf), STR("head:12345")));
    assert_int_equal(os_read_file(os_linux(), path("b"), 4, &buf, &err), ERR_TOO_LARGE);
    assert_int_equal(os_read_file(os_linux(), path("none"), 4, &buf, &err), ERR_NOT_FOUND);
    assert_int_equal(os_read_file(os_linux(), folder, 4, &buf, &err), ERR_INVALID);
    assert_true(str_equal(buf_str(&buf), STR("head:12345")));
    buf.bytes_max = 12;
    assert_int_equal(os_read_file(os_linux(), path("b"), 5, &buf, &err), ERR_TOO_LARGE);
    buf_release(&buf);
}

static void folders_are_made_down_to_the_last(void **state)
{
    static const char *const names[] = {"x", "x/y/z", "x/y/z", "p//q///r/", "x/y2/"};
    struct os_stat status;
    const struct os *os = os_linux();

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        assert_int_equal(os_make_dirs(os, path(names[i]), &err), OK);
        assert_int_equal(os->stat(os->context, path(names[i]), &status, &err), OK);
        assert_true(status.is_dir);
    }
    assert_int_equal(os_make_dirs(os, "/", &err), OK);
    assert_int_equal(os_make_dirs(os, folder, &err), OK);
    assert_int_equal(os_write_file(os, path("plain"), STR("x"), &err), OK);
    assert_true(os_make_dirs(os, path("plain/below"), &err) != OK);
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(os_make_dirs(os, "relative/here", &err), OK);
    assert_int_equal(os->stat(os->context, path("relative/here"), &status, &err), OK);
    assert_int_equal(os_write_file(os, "bare", STR("x"), &err), OK);
    assert_int_equal(chdir("/"), 0);
}

/* A table whose nth failing-capable call fails. */
struct faulty {
    struct os table;
    const struct os *real;
    int left; /* calls until the failure; negative: never */
};

static enum code fail_now(struct faulty *faulty, struct err *to)
{
    if (faulty->left-- == 0)
        return err_set(to, ERR_IO, "injected");
    return OK;
}

static enum code faulty_open(void *context, const char *name, unsigned flags, struct os_file **ret,
                             struct err *to)
{
    struct faulty *faulty = context;

    TRY(fail_now(faulty, to));
    return faulty->real->open(faulty->real->context, name, flags, ret, to);
}

static enum code faulty_write(void *context, struct os_file *file, const void *bytes, size_t count,
                              uint64_t offset, struct err *to)
{
    struct faulty *faulty = context;

    if (fail_now(faulty, to) != OK) {
        /* Half of it got there. */
        (void)!faulty->real->write(faulty->real->context, file, bytes, count / 2, offset, NULL);
        return ERR_IO;
    }
    return faulty->real->write(faulty->real->context, file, bytes, count, offset, to);
}

static enum code faulty_sync(void *context, struct os_file *file, struct err *to)
{
    struct faulty *faulty = context;

    TRY(fail_now(faulty, to));
    return faulty->real->sync(faulty->real->context, file, to);
}

static enum code faulty_rename(void *context, const char *from, const char *to_name,
                               bool is_replacing, struct err *to)
{
    struct faulty *faulty = context;

    TRY(fail_now(faulty, to));
    return faulty->real->rename(faulty->real->context, from, to_name, is_replacing, to);
}

static enum code faulty_sync_dir(void *context, const char *name, struct err *to)
{
    struct faulty *faulty = context;

    TRY(fail_now(faulty, to));
    return faulty->real->sync_dir(faulty->real->context, name, to);
}

static enum code faulty_read(void *context, struct os_file *file, void *bytes, size_t count,
                             uint64_t offset, struct err *to)
{
    struct faulty *faulty = context;

    TRY(fail_now(faulty, to));
    return faulty->real->read(faulty->real->context, file, bytes, count, offset, to);
}

static void faulty_close(void *context, struct os_file *file)
{
    const struct faulty *faulty = context;

    faulty->real->close(faulty->real->context, file);
}

static enum code faulty_remove(void *context, const char *name, struct err *to)
{
    const struct faulty *faulty = context;

    return faulty->real->remove(faulty->real->context, name, to);
}

static enum code faulty_stat(void *context, const char *name, struct os_stat *ret, struct err *to)
{
    const struct faulty *faulty = context;

    return faulty->real->stat(faulty->real->context, name, ret, to);
}

static void faulty_init(struct faulty *faulty, int left)
{
    *faulty = (struct faulty){.real = os_linux(), .left = left};
    faulty->table = (struct os){
        .context = faulty,
        .open = faulty_open,
        .close = faulty_close,
        .read = faulty_read,
        .write = faulty_write,
        .sync = faulty_sync,
        .rename = faulty_rename,
        .remove = faulty_remove,
        .stat = faulty_stat,
        .sync_dir = faulty_sync_dir,
    };
}

static void every_failure_leaves_old_or_new(void **state)
{
    struct faulty faulty;
    struct buf buf;
    int fail_at = 0;
    enum code code = ERR_IO;

    (void)state;
    buf_init(&buf, 0);
    for (; code != OK; fail_at++) {
        assert_true(fail_at < 20);
        assert_int_equal(os_write_file(os_linux(), path("f"), STR("old content"), &err), OK);
        faulty_init(&faulty, fail_at);
        code = os_write_file(&faulty.table, path("f"), STR("new"), &err);
        buf_clear(&buf);
        assert_int_equal(os_read_file(os_linux(), path("f"), 100, &buf, &err), OK);
        if (code == OK)
            assert_true(str_equal(buf_str(&buf), STR("new")));
        else
            assert_true(str_equal(buf_str(&buf), STR("new")) ||
                        str_equal(buf_str(&buf), STR("old content")));
        assert_int_equal(access(path("f.tmp"), F_OK), -1);
    }
    assert_int_equal(fail_at, 6); /* open, write, sync, rename, sync of the folder, none */
    buf_release(&buf);
}

static void a_failed_read_appends_nothing(void **state)
{
    struct faulty faulty;
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    assert_int_equal(os_write_file(os_linux(), path("g"), STR("content"), &err), OK);
    for (int fail_at = 0; fail_at < 2; fail_at++) {
        faulty_init(&faulty, fail_at);
        assert_int_equal(os_read_file(&faulty.table, path("g"), 100, &buf, &err), ERR_IO);
        assert_int_equal(buf.len, 0);
    }
    buf_release(&buf);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "a",    "b", "f",     "g",   "plain", "bare",          "x/y/z",    "x/y",
        "x/y2", "x", "p/q/r", "p/q", "p",     "relative/here", "relative", ""};
    const struct os *os = os_linux();

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (os->remove(os->context, path(names[i]), &err) != OK)
            return 1;
    }
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read_back),
        cmocka_unit_test(reading_is_bounded_and_appends),
        cmocka_unit_test(folders_are_made_down_to_the_last),
        cmocka_unit_test(every_failure_leaves_old_or_new),
        cmocka_unit_test(a_failed_read_appends_nothing),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
