#include "unit/test.h"

#include "core/mem.h"
#include "online/online_priv.h"

enum { NODES = 100, RECORD_BYTES = 1000 };

struct fixture {
    struct epoch *epoch;
    struct cache cache;
    struct node nodes[NODES];
    char record[RECORD_BYTES];
};

static int setup(void **state)
{
    struct fixture *fixture = MEM_NEW(struct fixture);

    fixture->epoch = epoch_new();
    cache_init(&fixture->cache, fixture->epoch, 10 * (RECORD_BYTES + 100));
    for (size_t i = 0; i < NODES; i++)
        fixture->nodes[i].key.low = i;
    memset(fixture->record, 'r', sizeof(fixture->record));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    epoch_free(fixture->epoch);
    cache_release(&fixture->cache);
    mem_free(fixture);
    return 0;
}

static struct cached *cached_of(struct fixture *fixture, size_t i)
{
    return atomic_load(&fixture->nodes[i].cached);
}

static void put(struct fixture *fixture, size_t i)
{
    cache_put(&fixture->cache, &fixture->nodes[i], STR("id"),
              (struct str){fixture->record, RECORD_BYTES});
}

static void test_holds_no_more_than_its_bound(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NODES; i++) {
        put(fixture, i);
        assert_non_null(cached_of(fixture, i));
        assert_true(atomic_load(&fixture->cache.bytes) <= fixture->cache.bytes_max);
    }
    size_t held = 0;
    for (size_t i = 0; i < NODES; i++)
        held += cached_of(fixture, i) != NULL;
    assert_int_equal(held, 10);
    assert_true(str_equal(cached_identifier(cached_of(fixture, NODES - 1)), STR("id")));
    assert_int_equal(cached_record(cached_of(fixture, NODES - 1)).len, RECORD_BYTES);
}

/* What was read since the hand passed is kept; the next one goes. */
static void test_second_chance(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 10; i++)
        put(fixture, i);
    atomic_store(&cached_of(fixture, 0)->is_referenced, true);
    atomic_store(&cached_of(fixture, 2)->is_referenced, true);
    put(fixture, 10);
    assert_non_null(cached_of(fixture, 0));
    assert_null(cached_of(fixture, 1));
    put(fixture, 11);
    assert_non_null(cached_of(fixture, 2));
    assert_null(cached_of(fixture, 3));
    for (size_t i = 12; i < 22; i++)
        put(fixture, i);
    assert_null(cached_of(fixture, 0));
}

static void test_forget(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, 0);
    put(fixture, 1);
    cache_forget(&fixture->cache, &fixture->nodes[0]);
    cache_forget(&fixture->cache, &fixture->nodes[2]); /* was not there */
    assert_true(atomic_load(&fixture->cache.bytes) < 2 * RECORD_BYTES);
    cache_forget(&fixture->cache, &fixture->nodes[1]);
    assert_int_equal(atomic_load(&fixture->cache.bytes), 0);
    assert_null(fixture->cache.hand);
}

static void test_large_records_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    char *large = mem_new_array(1, 5000);

    cache_put(&fixture->cache, &fixture->nodes[0], STR("id"), (struct str){large, 5000});
    assert_null(cached_of(fixture, 0));
    cache_offer(&fixture->cache, 1, &fixture->nodes[0], STR("id"), (struct str){large, 5000});
    assert_null(cache_take_offer(&fixture->cache, 0));
    mem_free(large);
}

static void test_offers(void **state)
{
    struct fixture *fixture = *state;
    struct cache *cache = &fixture->cache;

    cache_offer(cache, 7, &fixture->nodes[5], STR("five"), STR("record"));
    cache_offer(cache, 7, &fixture->nodes[5], STR("again"), STR("record")); /* the box is full */
    cache_offer(cache, 7, &fixture->nodes[6], STR("six"), STR(""));
    assert_true(atomic_load(&cache->has_offers));
    struct cached *offer = cache_take_offer(cache, 5);
    assert_true(str_equal(cached_identifier(offer), STR("five")));
    assert_int_equal(offer->group_id, 7);
    cache_adopt(cache, &fixture->nodes[5], offer);
    assert_ptr_equal(cached_of(fixture, 5), offer);
    assert_null(cache_take_offer(cache, 5));
    cache_drop_offer(cache_take_offer(cache, 6));
    cache_offer(cache, 7, &fixture->nodes[6], STR("six"), STR("")); /* freed by the teardown */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_holds_no_more_than_its_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_chance, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forget, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_records_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_offers, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
