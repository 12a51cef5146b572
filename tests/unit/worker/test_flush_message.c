/* Payloads of the flush worker: there and back, every cut, every wrong field. */
#include "unit/test.h"

#include "config/limits.h"
#include "worker/flush_message.h"

static struct arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct parquet_column columns[] = {
    {{"id", 2}, FEATURE_STRING}, {{"at", 2}, FEATURE_FRACTIONAL}, {{"n", 1}, FEATURE_INTEGRAL}};

static struct parquet_target sample(void)
{
    return (struct parquet_target){
        .path = "tmp/a b.parquet",
        .sidecar_path = "tmp/a.sidecar",
        .write_time_us = -5,
        .schema = {.columns = columns,
                   .column_count = 3,
                   .identifier_index = 0,
                   .event_time_index = 1},
    };
}

static void open_comes_back(void **state)
{
    (void)state;
    struct parquet_target target = sample(), found;
    struct buf bytes = {0};

    flush_open_write(&target, &bytes);
    assert_int_equal(flush_open_read(buf_str(&bytes), &arena, &found, NULL), OK);
    assert_string_equal(found.path, target.path);
    assert_string_equal(found.sidecar_path, target.sidecar_path);
    assert_true(found.write_time_us == -5);
    assert_int_equal(found.schema.column_count, 3);
    assert_int_equal(found.schema.identifier_index, 0);
    assert_int_equal(found.schema.event_time_index, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_equal(found.schema.columns[i].name, columns[i].name));
        assert_int_equal(found.schema.columns[i].type, columns[i].type);
    }
    /* Every cut is refused, and so is one byte more. */
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(flush_open_read((struct str){bytes.ptr, len}, &arena, &found, NULL),
                         ERR_CORRUPT);
    buf_add_byte(&bytes, 0);
    assert_int_equal(flush_open_read(buf_str(&bytes), &arena, &found, NULL), ERR_CORRUPT);
    buf_release(&bytes);
}

static void wrong_schemas_are_refused(void **state)
{
    (void)state;
    struct parquet_target found;
    struct parquet_column wrong[3];
    struct buf bytes = {0};

    for (int i = 0; i < 6; i++) {
        struct parquet_target target = sample();
        memcpy(wrong, columns, sizeof(wrong));
        target.schema.columns = wrong;
        if (i == 0)
            target.schema.identifier_index = 3;
        if (i == 1)
            target.schema.event_time_index = 3;
        if (i == 2)
            target.schema.event_time_index = 2; /* Integral */
        if (i == 3)
            wrong[1].type = (enum feature_type)9;
        if (i == 4)
            wrong[0].name = STR("");
        if (i == 5)
            wrong[0].name = (struct str){"a\0b", 3};
        buf_clear(&bytes);
        flush_open_write(&target, &bytes);
        assert_int_equal(flush_open_read(buf_str(&bytes), &arena, &found, NULL), ERR_CORRUPT);
    }
    /* A count that no group has must not be allocated for. */
    struct parquet_target target = sample();
    buf_clear(&bytes);
    flush_open_write(&target, &bytes);
    size_t count_at = 4 + strlen(target.path) + 4 + strlen(target.sidecar_path) + 8;
    memset(bytes.ptr + count_at, 0xff, 4);
    assert_int_equal(flush_open_read(buf_str(&bytes), &arena, &found, NULL), ERR_CORRUPT);
    assert_true(arena.bytes_total < 1 << 20);
    buf_release(&bytes);
}

static void done_comes_back(void **state)
{
    (void)state;
    struct parquet_result found;
    struct buf bytes = {0};

    flush_done_write(&(struct parquet_result){.bytes = 1234567890123, .has_sidecar = true}, &bytes);
    assert_int_equal(flush_done_read(buf_str(&bytes), &found, NULL), OK);
    assert_true(found.bytes == 1234567890123 && found.has_sidecar);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(flush_done_read((struct str){bytes.ptr, len}, &found, NULL), ERR_CORRUPT);
    bytes.ptr[8] = 2;
    assert_int_equal(flush_done_read(buf_str(&bytes), &found, NULL), ERR_CORRUPT);
    buf_release(&bytes);
}

static void failures_come_back(void **state)
{
    (void)state;
    struct err failure = {.code = ERR_TOO_LARGE, .message = "out of \"memory\""}, found;
    struct buf bytes = {0};

    failed_write(&failure, &bytes);
    assert_int_equal(failed_read(buf_str(&bytes), &found), ERR_TOO_LARGE);
    assert_string_equal(found.message, failure.message);
    assert_int_equal(failed_read(STR(""), &found), ERR_CORRUPT);
    assert_int_equal(failed_read((struct str){"\0x", 2}, &found), ERR_CORRUPT);
    assert_int_equal(failed_read((struct str){"\x7fx", 2}, &found), ERR_CORRUPT);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_comes_back),
        cmocka_unit_test(wrong_schemas_are_refused),
        cmocka_unit_test(done_comes_back),
        cmocka_unit_test(failures_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
