/* The file of failed rows: only made when needed, in the input's form, continued on resume. */
#include "unit/test.h"

#include "cli/failed.h"
#include "core/arena.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/asof-test-failed-XXXXXX";
static struct arena arena;
static struct err err;
static const char *path;

static void assert_content(const char *expected)
{
    struct buf buf;

    buf_init(&buf, 0);
    assert_int_equal(os_read_file(os_linux(), path, 1 << 20, &buf, &err), OK);
    buf_add_byte(&buf, '\0');
    assert_string_equal(buf.ptr, expected);
    buf_release(&buf);
}

static struct failed *open_failed(enum rows_form form, bool is_continued)
{
    const struct failed_options options = {.os = os_linux(),
                                           .path = path,
                                           .form = form,
                                           .header = STR("id,at"),
                                           .is_continued = is_continued};

    return failed_new(&options);
}

static void nothing_failed_no_file(void **state)
{
    struct failed *failed = open_failed(ROWS_CSV, false);

    (void)state;
    assert_int_equal(failed_count(failed), 0);
    failed_free(failed);
    assert_int_equal(access(path, F_OK), -1);
    failed_free(NULL);
}

static void csv_rows(void **state)
{
    struct failed *failed = open_failed(ROWS_CSV, false);

    (void)state;
    assert_int_equal(failed_add(failed, STR("a,1\r\n"), STR("E: said \"no\", twice"), &err), OK);
    assert_int_equal(failed_add(failed, STR("\"x\ny\",2"), STR("m"), &err), OK);
    assert_int_equal(failed_count(failed), 2);
    failed_free(failed);
    assert_content("id,at,asof_error\na,1,\"E: said \"\"no\"\", twice\"\n\"x\ny\",2,\"m\"\n");
    failed = open_failed(ROWS_CSV, true);
    assert_int_equal(failed_add(failed, STR("b,3\n"), STR("later"), &err), OK);
    failed_free(failed);
    assert_content("id,at,asof_error\na,1,\"E: said \"\"no\"\", twice\"\n\"x\ny\",2,\"m\"\n"
                   "b,3,\"later\"\n");
    failed = open_failed(ROWS_CSV, false);
    assert_int_equal(failed_add(failed, STR("c,4\n"), STR("anew"), &err), OK);
    failed_free(failed);
    assert_content("id,at,asof_error\nc,4,\"anew\"\n");
}

static void json_rows(void **state)
{
    struct failed *failed = open_failed(ROWS_JSON_LINES, false);

    (void)state;
    assert_int_equal(failed_add(failed, STR(" {\"a\":1}\n"), STR("E \"x\""), &err), OK);
    assert_int_equal(failed_add(failed, STR("{ }\n"), STR("E"), &err), OK);
    assert_int_equal(failed_add(failed, STR("no object"), STR("E"), &err), OK);
    failed_free(failed);
    assert_content("{\"asof_error\":\"E \\\"x\\\"\",\"a\":1}\n{\"asof_error\":\"E\" }\n"
                   "{\"asof_error\":\"E\",no object\n");
}

static void a_file_that_cannot_be_made_is_told(void **state)
{
    const struct failed_options options = {.os = os_linux(), .path = "/no/folder/f"};
    struct failed *failed = failed_new(&options);

    (void)state;
    assert_int_equal(failed_add(failed, STR("a"), STR("m"), &err), ERR_NOT_FOUND);
    failed_free(failed);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    path = arena_format(&arena, "%s/f", folder).ptr;
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)rmdir(folder);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_failed_no_file),
        cmocka_unit_test(csv_rows),
        cmocka_unit_test(json_rows),
        cmocka_unit_test(a_file_that_cannot_be_made_is_told),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
