#include "unit/write/kit.h"

static void test_encode_and_decode(void **state)
{
    struct flush_mark mark = {1, 2, UINT64_MAX, -5, 99};
    struct flush_mark got = {0};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 0);
    flush_mark_encode(&mark, &bytes);
    assert_int_equal(bytes.len, 40);
    assert_int_equal(flush_mark_decode(buf_str(&bytes), &got, NULL), OK);
    assert_memory_equal(&mark, &got, sizeof(mark));
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(flush_mark_decode(str_slice(buf_str(&bytes), 0, len), &got, NULL),
                         ERR_CORRUPT);
    buf_add_byte(&bytes, 0);
    assert_int_equal(flush_mark_decode(buf_str(&bytes), &got, NULL), ERR_CORRUPT);
    buf_release(&bytes);
}

static void test_a_cut_has_an_order(void **state)
{
    struct flush_mark mark = {.cut_from = 2, .cut_to = 1};
    struct flush_mark got = {.manifest = 77};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 0);
    flush_mark_encode(&mark, &bytes);
    assert_int_equal(flush_mark_decode(buf_str(&bytes), &got, NULL), ERR_CORRUPT);
    assert_int_equal(got.manifest, 77);
    buf_release(&bytes);
}

/* A mark is a write like any other: durable before it counts, and found again. */
static void test_marks_are_written_and_recovered(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct flush_mark got;

    (void)state;
    struct write_item bad = {.kind = WRITE_MARK, .record = STR("not a mark")};
    assert_int_equal(kit_write(kit, &bad), ERR_CORRUPT);
    store_flush_mark(kit->store, &got);
    assert_int_equal(got.manifest, 0);
    assert_int_equal(kit_put(kit, "a", 1, "x"), OK);
    uint64_t end = kit_status(kit).journal_end;
    assert_int_equal(kit_mark(kit, end), OK);
    store_flush_mark(kit->store, &got);
    assert_int_equal(got.flushed_to, end);
    kit_reopen(kit);
    store_flush_mark(kit->store, &got);
    assert_int_equal(got.flushed_to, end);
    assert_int_equal(got.manifest, 7);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode_and_decode),
        cmocka_unit_test(test_a_cut_has_an_order),
        cmocka_unit_test(test_marks_are_written_and_recovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
