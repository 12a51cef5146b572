#include "unit/test.h"

#include "write/unflushed.h"

/* Three batches of three rows of ten bytes, at 100, 200 and 300. */
static void add_batches(struct unflushed *unflushed)
{
    for (uint64_t batch = 1; batch <= 3; batch++) {
        for (uint64_t i = 0; i < 3; i++)
            unflushed_add(unflushed, batch * 100 + i * 10, 10, (int64_t)(batch * 1000 + i));
    }
}

static void test_counts_by_batch(void **state)
{
    struct unflushed unflushed;

    (void)state;
    unflushed_init(&unflushed, 100);
    assert_int_equal(unflushed_oldest_us(&unflushed), 0);
    add_batches(&unflushed);
    assert_int_equal(unflushed.rows, 9);
    assert_int_equal(unflushed_oldest_us(&unflushed), 1000);
    unflushed_drop(&unflushed, 100);
    assert_int_equal(unflushed.rows, 9);
    unflushed_drop(&unflushed, 200);
    assert_int_equal(unflushed.rows, 6);
    assert_int_equal(unflushed_oldest_us(&unflushed), 2000);
    unflushed_drop(&unflushed, 5000);
    assert_int_equal(unflushed.rows, 0);
    assert_int_equal(unflushed_oldest_us(&unflushed), 0);
    unflushed_add(&unflushed, 6000, 1, 9);
    assert_int_equal(unflushed_oldest_us(&unflushed), 9);
    unflushed_release(&unflushed);
}

/* With too many batches the count may only be too high, and is right again behind the last. */
static void test_bounded(void **state)
{
    enum { BATCHES = 10000, PARTS = 16 };
    struct unflushed unflushed;

    (void)state;
    unflushed_init(&unflushed, PARTS);
    for (uint64_t i = 0; i < BATCHES; i++) {
        unflushed_add(&unflushed, 100 * i, 10, (int64_t)(i + 1));
        assert_true(unflushed.count - unflushed.first <= PARTS);
        assert_int_equal(unflushed.rows, i + 1);
    }
    for (uint64_t i = 0; i < BATCHES; i++) {
        unflushed_drop(&unflushed, 100 * i);
        assert_true(unflushed.rows >= BATCHES - i);
        assert_true(unflushed_oldest_us(&unflushed) <= (int64_t)(i + 1));
    }
    unflushed_drop(&unflushed, 100 * BATCHES);
    assert_int_equal(unflushed.rows, 0);
    unflushed_release(&unflushed);
}

/* A queue that is filled and emptied for ever stays small. */
static void test_steady(void **state)
{
    struct unflushed unflushed;

    (void)state;
    unflushed_init(&unflushed, 1000);
    for (uint64_t i = 0; i < 100000; i++) {
        unflushed_add(&unflushed, 100 * i, 10, (int64_t)i);
        if (i >= 20)
            unflushed_drop(&unflushed, 100 * (i - 20));
        assert_true(unflushed.rows <= 22);
    }
    assert_true(unflushed.capacity <= 256);
    unflushed_release(&unflushed);
}

static void test_encode_and_decode(void **state)
{
    struct unflushed unflushed, loaded;
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 0);
    unflushed_init(&unflushed, 100);
    unflushed_init(&loaded, 100);
    add_batches(&unflushed);
    unflushed_drop(&unflushed, 150);
    unflushed_encode(&unflushed, &bytes);
    assert_int_equal(unflushed_decode(&loaded, buf_str(&bytes), NULL), OK);
    assert_int_equal(loaded.rows, 6);
    assert_int_equal(unflushed_oldest_us(&loaded), 2000);
    unflushed_add(&loaded, 400, 10, 4000);
    unflushed_drop(&loaded, 300);
    assert_int_equal(loaded.rows, 4);
    assert_int_equal(unflushed_decode(&loaded, str_slice(buf_str(&bytes), 0, 31), NULL),
                     ERR_CORRUPT);
    unflushed_release(&loaded);
    unflushed_init(&loaded, 100);
    bytes.ptr[8] = 0; /* an end before its beginning */
    assert_int_equal(unflushed_decode(&loaded, buf_str(&bytes), NULL), ERR_CORRUPT);
    unflushed_release(&unflushed);
    unflushed_release(&loaded);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_by_batch),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_steady),
        cmocka_unit_test(test_encode_and_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
