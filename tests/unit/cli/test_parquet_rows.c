/*
 * Parquet as CSV, by a real child: this program is its own worker. Files are written by DuckDB; the
 * text is compared with what the values are.
 */
#include "unit/test.h"

#include "cli/cli.h"
#include "cli/load_source.h"
#include "cli/parquet_rows.h"
#include "core/arena.h"
#include "offline/duck.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/asof-test-parquet-XXXXXX";
static struct arena arena;
static struct err err;

static const char *write_parquet(const char *select)
{
    const char *path = arena_format(&arena, "%s/it's.parquet", folder).ptr;
    struct duck *duck = NULL;
    struct buf sql;

    if (duck_open(&(struct duck_options){.threads = 1}, &duck, &err) != OK)
        fail_msg("%s", err.message);
    buf_init(&sql, 0);
    buf_add_format(&sql, "COPY (%s) TO ", select);
    duck_add_literal(&sql, str_from(path));
    buf_add(&sql, (struct str){" (FORMAT parquet)", 18}); /* with its NUL */
    if (duck_run(duck, sql.ptr, &err) != OK)
        fail_msg("%s", err.message);
    duck_close(duck);
    buf_release(&sql);
    return path;
}

static enum code read_all(const char *path, size_t step, struct buf *out, uint64_t *ret_total)
{
    struct parquet_rows *rows = NULL;
    size_t got = 1;
    enum code code = parquet_rows_open(path, &rows, &err);

    if (code != OK)
        return code;
    while (code == OK && got > 0) {
        char *room = buf_reserve(out, step);
        got = 0;
        code = parquet_rows_read(rows, room, step, &got, &err);
        out->len += got;
    }
    *ret_total = parquet_rows_total(rows);
    parquet_rows_close(rows);
    return code;
}

static void assert_csv(const char *select, uint64_t rows, const char *expected)
{
    struct buf out;
    uint64_t total = 0;

    buf_init(&out, 0);
    if (read_all(write_parquet(select), 7, &out, &total) != OK)
        fail_msg("%s", err.message);
    buf_add_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
    assert_int_equal(total, rows);
    buf_release(&out);
}

static void every_type_as_a_feature_value(void **state)
{
    (void)state;
    assert_csv("SELECT 'x' AS s, 7::TINYINT AS t, -9223372036854775808 AS big, 1.50::DOUBLE AS d, "
               "3::DOUBLE AS whole, 1e300::DOUBLE AS far, true AS yes, 2.50::DECIMAL(9,2) AS dec, "
               "DATE '2026-07-01' AS day",
               1,
               "s,t,big,d,whole,far,yes,dec,day\n"
               "x,7,-9223372036854775808,1.5,3,1e+300,1,2.50,2026-07-01\n");
}

static void times_are_iso_in_utc(void **state)
{
    (void)state;
    assert_csv(
        "SELECT TIMESTAMP '2026-07-01 14:03:07.421' AS a, TIMESTAMP '2026-07-01 14:03:07' AS "
        "b, TIMESTAMPTZ '2026-07-01 14:03:07.5+02:00' AS c, "
        "TIMESTAMP_NS '2026-07-01 14:03:07.123456789' AS d",
        1,
        "a,b,c,d\n2026-07-01T14:03:07.421Z,2026-07-01T14:03:07Z,2026-07-01T12:03:07.5Z,"
        "2026-07-01T14:03:07.123456789Z\n");
}

static void absent_empty_and_quoted(void **state)
{
    (void)state;
    assert_csv("SELECT * FROM (VALUES (1, NULL, ''), (2, 'a,\"b', 'line' || chr(10) || 'end'), "
               "(3, 'plain', NULL)) AS v(\"a,b\", x, y)",
               3, "\"a,b\",x,y\n1,,\"\"\n2,\"a,\"\"b\",\"line\nend\"\n3,plain,\n");
    assert_csv("SELECT 1 AS x WHERE false", 0, "x\n");
}

static void many_rows_in_order(void **state)
{
    struct buf out;
    uint64_t total = 0;

    (void)state;
    buf_init(&out, 0);
    const char *path = write_parquet("SELECT i, 'value ' || i AS v FROM range(200000) AS r(i)");
    assert_int_equal(read_all(path, 100000, &out, &total), OK);
    assert_int_equal(total, 200000);
    struct str rest = buf_str(&out);
    assert_true(str_equal(str_cut(&rest, '\n'), STR("i,v")));
    for (int i = 0; i < 200000; i++) {
        char line[64];
        int len = snprintf(line, sizeof(line), "%d,value %d", i, i);
        assert_true(str_equal(str_cut(&rest, '\n'), (struct str){line, (size_t)len}));
    }
    assert_int_equal(rest.len, 0);
    buf_release(&out);
}

static void files_that_are_none(void **state)
{
    const char *path = arena_format(&arena, "%s/broken", folder).ptr;
    struct buf out;
    uint64_t total;

    (void)state;
    buf_init(&out, 0);
    assert_int_equal(read_all("/no/such.parquet", 10, &out, &total), ERR_NOT_FOUND);
    assert_int_equal(os_write_file(os_linux(), path, STR("PAR1 nonsense PAR1"), &err), OK);
    assert_true(read_all(path, 10, &out, &total) != OK);
    assert_non_null(strstr(err.message, "cannot read '/tmp/asof-test-parquet-"));
    assert_null(strchr(err.message, '\n'));
    assert_int_equal(read_all(folder, 10, &out, &total) != OK, 1);
    buf_release(&out);
}

/* A reader that goes away ends its child; nothing waits for it. */
static void closing_in_the_middle(void **state)
{
    const char *path = write_parquet("SELECT i, repeat('x', 1000) AS v FROM range(50000) AS r(i)");
    struct parquet_rows *rows = NULL;
    char piece[100];
    size_t got;

    (void)state;
    assert_int_equal(parquet_rows_open(path, &rows, &err), OK);
    assert_int_equal(parquet_rows_read(rows, piece, sizeof(piece), &got, &err), OK);
    assert_true(got > 0);
    parquet_rows_close(rows);
    parquet_rows_close(NULL);
}

static void sources_of_a_load(void **state)
{
    struct load_source *source = NULL;
    struct buf out;
    uint64_t done;
    uint64_t of;
    size_t got = 1;

    (void)state;
    assert_int_equal(load_form_of(STR_ABSENT, STR("a.parquet")), LOAD_PARQUET);
    assert_int_equal(load_form_of(STR_ABSENT, STR("a.csv.gz")), LOAD_CSV);
    assert_int_equal(load_form_of(STR_ABSENT, STR("a.jsonl")), LOAD_JSON_LINES);
    assert_int_equal(load_form_of(STR_ABSENT, STR("a.ndjson.gz")), LOAD_JSON_LINES);
    assert_int_equal(load_form_of(STR_ABSENT, STR("a.parquet.asof-errors")), LOAD_CSV);
    assert_int_equal(load_form_of(STR("jsonl"), STR("a.csv")), LOAD_JSON_LINES);
    assert_int_equal(load_form_of(STR("parquet"), STR("a.csv")), LOAD_PARQUET);
    assert_int_equal(load_form_of(STR("csv"), STR("a.json")), LOAD_CSV);
    const char *path = write_parquet("SELECT 1 AS x");
    assert_int_equal(load_source_open(path, LOAD_PARQUET, &source, &err), OK);
    assert_true(load_source_bytes(source) > 100);
    buf_init(&out, 0);
    while (got > 0) {
        char *room = buf_reserve(&out, 100);
        assert_int_equal(load_source_read(source, room, 100, &got, &err), OK);
        out.len += got;
    }
    assert_true(str_equal(buf_str(&out), STR("x\n1\n")));
    load_source_progress(source, 1, &done, &of);
    assert_int_equal(done, 1);
    assert_int_equal(of, 1);
    load_source_close(source);
    assert_int_equal(load_source_open(path, LOAD_CSV, &source, &err), OK);
    char *room = buf_reserve(&out, 4);
    assert_int_equal(load_source_read(source, room, 4, &got, &err), OK);
    assert_memory_equal(room, "PAR1", 4);
    load_source_progress(source, 0, &done, &of);
    assert_int_equal(of, load_source_bytes(source));
    assert_int_equal(done, of);
    load_source_close(source);
    assert_int_equal(load_source_open("/no/such", LOAD_CSV, &source, &err), ERR_NOT_FOUND);
    assert_int_equal(load_source_open("/no/such", LOAD_PARQUET, &source, &err), ERR_NOT_FOUND);
    load_source_close(NULL);
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
    (void)unlink(arena_format(&arena, "%s/it's.parquet", folder).ptr);
    (void)unlink(arena_format(&arena, "%s/broken", folder).ptr);
    (void)rmdir(folder);
    arena_release(&arena);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_as_a_feature_value),
        cmocka_unit_test(times_are_iso_in_utc),
        cmocka_unit_test(absent_empty_and_quoted),
        cmocka_unit_test(many_rows_in_order),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(closing_in_the_middle),
        cmocka_unit_test(sources_of_a_load),
    };

    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return cli_main(argc, argv);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
