/* Payloads of the query worker: there and back, every cut, every wrong field. */
#include "unit/test.h"

#include "config/limits.h"
#include "worker/query_message.h"

static struct arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void assert_text(struct str found, const char *expected)
{
    if (!str_equal(found, str_from(expected)))
        fail_msg("expected '%s', found '%.*s'", expected, STR_ARG(found));
}

static void order_comes_back(void **state)
{
    (void)state;
    const struct str groups[] = {STR("a"), STR("b-c")};
    const struct dataset_key keys[] = {{STR("b-c"), STR("card id")}};
    const struct query_order order = {.is_dataset = true,
                                      .is_as_seen = true,
                                      .is_labels_parquet = true,
                                      .is_sandbox_required = true,
                                      .format = ENGINE_PARQUET,
                                      .threads = 2,
                                      .cpu_seconds_max = 602,
                                      .memory_bytes_max = UINT64_C(1) << 40,
                                      .now_us = -7,
                                      .private_dir = STR("/data/tmp/query-1"),
                                      .sql = STR("SELECT ';'"),
                                      .labels_path = STR("/data/tmp/uploads/x"),
                                      .time_column = STR("when"),
                                      .groups = groups,
                                      .group_count = 2,
                                      .keys = keys,
                                      .key_count = 1};
    struct query_order found;
    struct buf bytes = {0};
    struct err err = {0};

    query_order_write(&order, &bytes);
    assert_int_equal(query_order_read(buf_str(&bytes), &arena, &found, &err), OK);
    assert_true(found.is_dataset && found.is_as_seen && found.is_labels_parquet &&
                found.is_sandbox_required);
    assert_int_equal(found.format, ENGINE_PARQUET);
    assert_int_equal(found.threads, 2);
    assert_int_equal(found.cpu_seconds_max, 602);
    assert_true(found.memory_bytes_max == UINT64_C(1) << 40 && found.now_us == -7);
    assert_text(found.private_dir, "/data/tmp/query-1");
    assert_text(found.sql, "SELECT ';'");
    assert_text(found.labels_path, "/data/tmp/uploads/x");
    assert_text(found.time_column, "when");
    assert_int_equal(found.group_count, 2);
    assert_text(found.groups[1], "b-c");
    assert_int_equal(found.key_count, 1);
    assert_text(found.keys[0].group, "b-c");
    assert_text(found.keys[0].column, "card id");

    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(query_order_read((struct str){bytes.ptr, len}, &arena, &found, &err),
                         ERR_CORRUPT);
    buf_add_byte(&bytes, 0);
    assert_int_equal(query_order_read(buf_str(&bytes), &arena, &found, &err), ERR_CORRUPT);
    bytes.len--;
    bytes.ptr[0] = 16; /* an unknown flag */
    assert_int_equal(query_order_read(buf_str(&bytes), &arena, &found, &err), ERR_CORRUPT);
    bytes.ptr[0] = 0;
    bytes.ptr[1] = 3; /* an unknown format */
    assert_int_equal(query_order_read(buf_str(&bytes), &arena, &found, &err), ERR_CORRUPT);
    buf_release(&bytes);
}

static void wanted_comes_back(void **state)
{
    (void)state;
    const struct duck_name names[] = {{STR(""), STR(""), STR("t")}, {STR("c"), STR("s"), STR("")}};
    const struct duck_name *found = NULL;
    struct buf bytes = {0};
    struct err err = {0};
    size_t count = 0;

    table_wanted_write(names, 2, &bytes);
    assert_int_equal(table_wanted_read(buf_str(&bytes), &arena, &found, &count, &err), OK);
    assert_int_equal(count, 2);
    assert_text(found[0].table, "t");
    assert_text(found[1].catalog, "c");
    assert_text(found[1].schema, "s");
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(
            table_wanted_read((struct str){bytes.ptr, len}, &arena, &found, &count, &err),
            ERR_CORRUPT);

    /* A count that the bytes cannot hold is refused before anything is allocated for it. */
    memset(bytes.ptr, 0xff, 4);
    assert_int_equal(table_wanted_read(buf_str(&bytes), &arena, &found, &count, &err), ERR_CORRUPT);
    buf_clear(&bytes);
    buf_add_u32(&bytes, LIMIT_QUERY_TABLES + 1);
    for (size_t i = 0; i < 3 * (LIMIT_QUERY_TABLES + 1); i++)
        buf_add_u32(&bytes, 0);
    assert_int_equal(table_wanted_read(buf_str(&bytes), &arena, &found, &count, &err), ERR_INVALID);
    buf_release(&bytes);
}

static void answer_comes_back(void **state)
{
    (void)state;
    const struct table_answer answer = {.source = 3, .group_json = STR("{}")};
    struct table_answer found;
    struct buf bytes = {0};
    struct err err = {0};

    table_answer_write(&answer, &bytes);
    assert_int_equal(table_answer_read(buf_str(&bytes), &found, &err), OK);
    assert_int_equal(found.source, 3);
    assert_text(found.group_json, "{}");
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(table_answer_read((struct str){bytes.ptr, len}, &found, &err),
                         ERR_CORRUPT);
    buf_release(&bytes);
}

static void files_come_back(void **state)
{
    (void)state;
    const struct source_file files[] = {{STR("/data/a.parquet"), STR(""), 3},
                                        {STR("/data/b.parquet"), STR("/data/b.sidecar"), 2500}};
    struct source_file *found = NULL;
    struct buf bytes = {0};
    struct err err = {0};
    uint32_t source = 0;
    size_t count = 0;

    table_files_begin(9, &bytes);
    const size_t head = bytes.len;
    assert_int_equal(table_files_read(buf_str(&bytes), &arena, &source, &found, &count, &err), OK);
    assert_int_equal(count, 0);
    table_files_add(&files[0], &bytes);
    const size_t first = bytes.len;
    table_files_add(&files[1], &bytes);
    assert_int_equal(table_files_read(buf_str(&bytes), &arena, &source, &found, &count, &err), OK);
    assert_int_equal(source, 9);
    assert_int_equal(count, 2);
    assert_text(found[1].path, "/data/b.parquet");
    assert_text(found[1].sidecar, "/data/b.sidecar");
    assert_int_equal(found[1].feature_count, 2500);
    for (size_t len = 0; len < bytes.len; len++) {
        if (len == head || len == first)
            continue;
        assert_int_equal(
            table_files_read((struct str){bytes.ptr, len}, &arena, &source, &found, &count, &err),
            ERR_CORRUPT);
    }
    buf_release(&bytes);
}

static void rows_and_done_come_back(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct err err = {0};
    struct str entries;
    uint32_t source = 0;
    uint64_t rows = 0;

    table_rows_begin(2, &bytes);
    buf_add(&bytes, STR("entries"));
    assert_int_equal(table_rows_read(buf_str(&bytes), &source, &entries, &err), OK);
    assert_int_equal(source, 2);
    assert_text(entries, "entries");
    assert_int_equal(table_rows_read(STR("123"), &source, &entries, &err), ERR_CORRUPT);

    buf_clear(&bytes);
    query_done_write(UINT64_MAX, &bytes);
    assert_int_equal(query_done_read(buf_str(&bytes), &rows, &err), OK);
    assert_true(rows == UINT64_MAX);
    assert_int_equal(query_done_read(STR("1234567"), &rows, &err), ERR_CORRUPT);
    assert_int_equal(query_done_read(STR("123456789"), &rows, &err), ERR_CORRUPT);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(order_comes_back, teardown),
        cmocka_unit_test_teardown(wanted_comes_back, teardown),
        cmocka_unit_test_teardown(answer_comes_back, teardown),
        cmocka_unit_test_teardown(files_come_back, teardown),
        cmocka_unit_test_teardown(rows_and_done_come_back, teardown),
    };
    return cmocka_run_group_tests_name("worker/query_message", tests, NULL, NULL);
}
