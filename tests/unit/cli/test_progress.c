/* The progress file there and back, and the line people see. */
#include "unit/test.h"

#include "cli/progress.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/asof-test-progress-XXXXXX";
static struct arena arena;
static struct err err;
static const char *path;

static void there_and_back(void **state)
{
    const struct progress written = {.group = STR("g\"1"),
                                     .load_id = STR("0123456789abcdef0123456789abcdef"),
                                     .file_bytes = 12345678901,
                                     .row = 77,
                                     .failed = 3};
    struct progress back;

    (void)state;
    assert_int_equal(progress_read(os_linux(), path, &arena, &back, &err), ERR_NOT_FOUND);
    assert_int_equal(progress_write(os_linux(), path, &written, &err), OK);
    assert_int_equal(progress_read(os_linux(), path, &arena, &back, &err), OK);
    assert_true(str_equal(back.group, written.group));
    assert_true(str_equal(back.load_id, written.load_id));
    assert_int_equal(back.file_bytes, written.file_bytes);
    assert_int_equal(back.row, 77);
    assert_int_equal(back.failed, 3);
}

static void other_files_are_no_progress(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "{\"Group\":\"g\"}",
        "{\"Group\":\"g\",\"LoadId\":\"short\"}",
        "{\"Group\":\"g\",\"LoadId\":\"0123456789abcdef0123456789abcdef\",\"Row\":-1}",
        "{\"Group\":\"g\",\"LoadId\":\"0123456789abcdef0123456789abcdef\"} more",
        "[]",
    };
    struct progress back;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        assert_int_equal(os_write_file(os_linux(), path, str_from(texts[i]), &err), OK);
        assert_int_equal(progress_read(os_linux(), path, &arena, &back, &err), ERR_CORRUPT);
        assert_true(str_contains(str_from(err.message), STR("is no progress of a load")));
    }
}

static void assert_line(struct progress_view view, const char *expected)
{
    struct buf buf;

    buf_init(&buf, 0);
    progress_line(&view, &buf);
    buf_add_byte(&buf, '\0');
    assert_string_equal(buf.ptr, expected);
    buf_release(&buf);
}

static void lines(void **state)
{
    (void)state;
    assert_line(
        (struct progress_view){
            .rows = 1234567, .position = 42, .size = 100, .elapsed_us = 20 * 1000000},
        "[==========>             ]  42%  1,234,567 rows  61,728 rows/s  0:28 left");
    assert_line((struct progress_view){.rows = 0, .position = 0, .size = 100, .elapsed_us = 0},
                "[>                       ]   0%  0 rows  0 rows/s");
    assert_line(
        (struct progress_view){
            .rows = 10, .failed = 1000, .position = 100, .size = 100, .elapsed_us = 1000000},
        "[========================] 100%  10 rows  10 rows/s  1,000 failed");
    assert_line((struct progress_view){.rows = 5, .elapsed_us = 1000000}, "5 rows  5 rows/s");
    assert_line(
        (struct progress_view){.rows = 1, .position = 2, .size = 100, .elapsed_us = 100 * 1000000},
        "[>                       ]   2%  1 rows  0 rows/s  1:21:40 left");
}

static void counts(void **state)
{
    static const struct {
        uint64_t value;
        const char *text;
    } cases[] = {{0, "0"},          {7, "7"},
                 {999, "999"},      {1000, "1,000"},
                 {12345, "12,345"}, {18446744073709551615u, "18,446,744,073,709,551,615"}};
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        buf_clear(&buf);
        progress_count(cases[i].value, &buf);
        assert_true(str_equal(buf_str(&buf), str_from(cases[i].text)));
    }
    buf_release(&buf);
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
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(other_files_are_no_progress),
        cmocka_unit_test(lines),
        cmocka_unit_test(counts),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
