#include "unit/test.h"

#include "core/mem.h"
#include "online/online_priv.h"

static uint64_t live_bytes(const struct live *live, uint64_t sequence)
{
    struct online_live got;
    live_get(live, sequence, &got);
    return got.bytes;
}

static void test_counts_by_segment(void **state)
{
    struct live live;
    struct online_live got;

    (void)state;
    live_init(&live, 1000);
    live_get(&live, 3, &got);
    assert_int_equal(got.records, 0);
    live_add(&live, 5999, 10);
    live_add(&live, 5000, 20);
    live_add(&live, 2000, 5); /* before the first */
    live_add(&live, 9000, 7);
    live_get(&live, 5, &got);
    assert_int_equal(got.records, 2);
    assert_int_equal(got.bytes, 30);
    assert_int_equal(live_bytes(&live, 2), 5);
    assert_int_equal(live_bytes(&live, 9), 7);
    assert_int_equal(live_bytes(&live, 8), 0);
    assert_int_equal(live_bytes(&live, 100), 0);
    live_remove(&live, 5000, 20);
    assert_int_equal(live_bytes(&live, 5), 10);
    live_release(&live);
}

/* Old segments leave the array, new ones come, whatever the distance. */
static void test_against_model(void **state)
{
    enum { SEGMENTS = 3000, KEPT = 40 };
    struct live live;
    uint64_t *model = MEM_NEW_ARRAY(uint64_t, SEGMENTS);
    uint64_t kept[KEPT] = {0};
    uint64_t random = 7;

    (void)state;
    live_init(&live, 10);
    for (size_t i = 0; i < 100000; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        size_t at = (size_t)(random >> 33) % KEPT;
        if (kept[at] != 0) {
            live_remove(&live, kept[at], 3);
            model[kept[at] / 10] -= 3;
        }
        kept[at] = 10 + i * 10 * (SEGMENTS - 2) / 100000;
        live_add(&live, kept[at], 3);
        model[kept[at] / 10] += 3;
        uint64_t looked = (random >> 40) % SEGMENTS;
        assert_int_equal(live_bytes(&live, looked), model[looked]);
    }
    for (uint64_t i = 0; i < SEGMENTS; i++)
        assert_int_equal(live_bytes(&live, i), model[i]);
    assert_true(live.capacity < SEGMENTS / 2);
    live_release(&live);
    mem_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_by_segment),
        cmocka_unit_test(test_against_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
