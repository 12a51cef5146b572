#include "unit/test.h"

#include "core/mem.h"
#include "write/retry.h"

static struct hash128 key_of(uint64_t i)
{
    return retry_item_key((struct hash128){i, i * i}, 0);
}

static bool is_known(const struct retry *retry, uint64_t i)
{
    int64_t arrival_us = -1;
    if (!retry_find(retry, key_of(i), &arrival_us))
        return false;
    assert_int_equal(arrival_us, 1000 + i);
    return true;
}

static void test_items_have_keys_of_their_own(void **state)
{
    struct hash128 request = {1, 2};
    struct hash128 a = retry_item_key(request, 0);
    struct hash128 b = retry_item_key(request, 1);
    struct hash128 again = retry_item_key(request, 0);

    (void)state;
    assert_false(a.high == b.high && a.low == b.low);
    assert_true(a.high == again.high && a.low == again.low);
}

/* The newest `capacity` are known, whatever came before. */
static void test_forgets_the_oldest(void **state)
{
    enum { CAPACITY = 64 };
    struct retry retry;

    (void)state;
    retry_init(&retry, CAPACITY);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_false(is_known(&retry, i));
        retry_add(&retry, key_of(i), (int64_t)(1000 + i));
        uint64_t oldest = i < CAPACITY ? 0 : i - CAPACITY + 1;
        for (uint64_t j = oldest; j <= i; j++)
            assert_true(is_known(&retry, j));
        if (oldest > 0)
            assert_false(is_known(&retry, oldest - 1));
    }
    retry_release(&retry);
}

/* Keys that crowd in one place: removing the oldest leaves the others to be found. */
static void test_crowded_keys(void **state)
{
    enum { CAPACITY = 32 };
    struct retry retry;
    int64_t arrival_us;

    (void)state;
    retry_init(&retry, CAPACITY);
    for (uint64_t i = 0; i < 300; i++) {
        struct hash128 key = {i, 62 + i % 3};
        retry_add(&retry, key, (int64_t)i);
        for (uint64_t j = i < CAPACITY ? 0 : i - CAPACITY + 1; j <= i; j++) {
            key = (struct hash128){j, 62 + j % 3};
            assert_true(retry_find(&retry, key, &arrival_us));
            assert_int_equal(arrival_us, j);
        }
        if (i >= CAPACITY) {
            key = (struct hash128){i - CAPACITY, 62 + (i - CAPACITY) % 3};
            assert_false(retry_find(&retry, key, &arrival_us));
        }
    }
    retry_release(&retry);
}

static void test_a_known_key_keeps_its_place(void **state)
{
    struct retry retry;

    (void)state;
    retry_init(&retry, 4);
    for (uint64_t i = 0; i < 4; i++)
        retry_add(&retry, key_of(i), (int64_t)(1000 + i));
    retry_add(&retry, key_of(0), 5);
    assert_true(is_known(&retry, 0));
    retry_add(&retry, key_of(4), 1004);
    assert_false(is_known(&retry, 0));
    retry_release(&retry);
}

static void test_encode_and_decode(void **state)
{
    struct retry retry, loaded;
    struct buf bytes, again;

    (void)state;
    buf_init(&bytes, 0);
    buf_init(&again, 0);
    retry_init(&retry, 16);
    retry_init(&loaded, 16);
    for (uint64_t i = 0; i < 21; i++)
        retry_add(&retry, key_of(i), (int64_t)(1000 + i));
    retry_encode(&retry, &bytes);
    assert_int_equal(retry_decode(&loaded, buf_str(&bytes), NULL), OK);
    for (uint64_t i = 0; i < 21; i++)
        assert_int_equal(is_known(&loaded, i), i >= 5);
    retry_encode(&loaded, &again);
    assert_true(str_equal(buf_str(&bytes), buf_str(&again)));
    assert_int_equal(retry_decode(&loaded, str_slice(buf_str(&bytes), 0, 23), NULL), ERR_CORRUPT);
    retry_release(&retry);
    retry_release(&loaded);
    buf_release(&bytes);
    buf_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_have_keys_of_their_own),
        cmocka_unit_test(test_forgets_the_oldest),
        cmocka_unit_test(test_crowded_keys),
        cmocka_unit_test(test_a_known_key_keeps_its_place),
        cmocka_unit_test(test_encode_and_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
