/* A result file is whole or not there; what was there before stays until it is whole. */
#include "unit/test.h"

#include "cli/out_file.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/asof-test-out-XXXXXX";
static struct arena arena;
static struct err err;
static struct str path;

static void assert_content(const char *expected)
{
    struct buf buf;

    buf_init(&buf, 0);
    assert_int_equal(os_read_file(os_linux(), path.ptr, 1 << 20, &buf, &err), OK);
    assert_true(str_equal(buf_str(&buf), str_from(expected)));
    buf_release(&buf);
}

static void committed_or_not(void **state)
{
    struct out_file out;

    (void)state;
    assert_int_equal(out_file_open(&out, os_linux(), path, &arena, &err), OK);
    assert_int_equal(out_file_take(STR("hello "), &out, &err), OK);
    assert_int_equal(out_file_take(STR("world"), &out, &err), OK);
    assert_int_equal(access(path.ptr, F_OK), -1);
    assert_int_equal(out_file_commit(&out, &err), OK);
    assert_int_equal(out.bytes, 11);
    out_file_abort(&out);
    assert_content("hello world");
    assert_int_equal(out_file_open(&out, os_linux(), path, &arena, &err), OK);
    assert_int_equal(out_file_take(STR("half of the"), &out, &err), OK);
    out_file_abort(&out);
    out_file_abort(&out);
    assert_content("hello world");
    assert_int_equal(access(arena_format(&arena, "%s.part", path.ptr).ptr, F_OK), -1);
}

static void failures_name_the_file(void **state)
{
    struct out_file out;

    (void)state;
    assert_int_equal(out_file_open(&out, os_linux(), STR("/no/folder/f"), &arena, &err),
                     ERR_NOT_FOUND);
    assert_true(str_contains(str_from(err.message), STR("/no/folder/f.part")));
    /* The target has become a folder. */
    assert_int_equal(out_file_open(&out, os_linux(), str_from(folder), &arena, &err), OK);
    assert_int_equal(out_file_commit(&out, &err), ERR_IO);
    assert_true(str_starts(str_from(err.message), STR("cannot write '/tmp/asof-test-out-")));
    out_file_abort(&out);
    assert_int_equal(access(arena_format(&arena, "%s.part", folder).ptr, F_OK), -1);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    path = arena_format(&arena, "%s/f", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path.ptr);
    (void)rmdir(folder);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_or_not),
        cmocka_unit_test(failures_name_the_file),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
