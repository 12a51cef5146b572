#include "unit/test.h"

#include "core/mem.h"
#include "online/online_priv.h"

enum { NODES = 4000 };

struct fixture {
    struct epoch *epoch;
    struct table *table;
    struct node nodes[NODES];
    bool is_in[NODES];
};

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    uint64_t x = *random;
    return (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9U;
}

static int setup(void **state)
{
    struct fixture *fixture = MEM_NEW(struct fixture);
    uint64_t random = 1;

    fixture->epoch = epoch_new();
    fixture->table = table_new(fixture->epoch, 1);
    for (size_t i = 0; i < NODES; i++) {
        fixture->nodes[i].key = (struct hash128){next_random(&random), next_random(&random)};
        /* Some differ in the low half alone, some crowd at the end of a shard. */
        if (i % 50 == 1)
            fixture->nodes[i].key.high = fixture->nodes[i - 1].key.high;
        if (i % 10 == 3)
            fixture->nodes[i].key.high |= UINT64_MAX >> TABLE_SHARD_BITS;
    }
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    epoch_free(fixture->epoch);
    table_free(fixture->table);
    mem_free(fixture);
    return 0;
}

static void test_against_model(void **state)
{
    struct fixture *fixture = *state;
    uint64_t random = 2;

    for (size_t step = 0; step < 60000; step++) {
        size_t i = (size_t)(next_random(&random) >> 20) % NODES;
        struct node *node = &fixture->nodes[i];
        bool is_growing = (step / 10000) % 2 == 0;
        uint64_t dice = (next_random(&random) >> 20) % 4;
        if (dice < (is_growing ? 3 : 1)) {
            struct node *old = table_put(fixture->table, node);
            assert_ptr_equal(old, fixture->is_in[i] ? node : NULL);
            fixture->is_in[i] = true;
        } else {
            struct node *old = table_remove(fixture->table, node->key);
            assert_ptr_equal(old, fixture->is_in[i] ? node : NULL);
            fixture->is_in[i] = false;
        }
        size_t looked = (size_t)(next_random(&random) >> 20) % NODES;
        assert_ptr_equal(table_find(fixture->table, fixture->nodes[looked].key),
                         fixture->is_in[looked] ? &fixture->nodes[looked] : NULL);
        if (step % 100 == 0)
            epoch_collect(fixture->epoch);
    }
    for (size_t i = 0; i < NODES; i++)
        assert_ptr_equal(table_find(fixture->table, fixture->nodes[i].key),
                         fixture->is_in[i] ? &fixture->nodes[i] : NULL);
}

static void count_node(struct node *node, void *context)
{
    (void)context;
    node->position++;
}

static bool take_node(struct node *node, void *context)
{
    uint64_t *seen_to = context;
    assert_true(node->key.high >= *seen_to);
    node->position++;
    return true;
}

static void test_walk_gives_each_once(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NODES; i++)
        assert_null(table_put(fixture->table, &fixture->nodes[i]));
    for (uint32_t shard = 0; shard < TABLE_SHARDS; shard++)
        table_walk(fixture->table, shard, count_node, NULL);
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(fixture->nodes[i].position, 1);
}

/* Ranges end at a key before which all was given, also while the table grows between two. */
static void test_ranges_while_growing(void **state)
{
    struct fixture *fixture = *state;
    const size_t first = NODES / 8;
    uint64_t from = 0;
    size_t added = first;

    for (size_t i = 0; i < first; i++)
        assert_null(table_put(fixture->table, &fixture->nodes[i]));
    do {
        struct table_range range = {from, 7, 64};
        uint64_t to = table_range(fixture->table, &range, take_node, &from);
        assert_true(to == 0 || to > from);
        for (size_t i = 0; i < first; i++) {
            bool is_before = to == 0 || fixture->nodes[i].key.high < to;
            if (is_before && fixture->nodes[i].key.high >= from)
                assert_int_equal(fixture->nodes[i].position, 1);
        }
        from = to;
        for (size_t i = 0; i < 40 && added < NODES; i++)
            assert_null(table_put(fixture->table, &fixture->nodes[added++]));
    } while (from != 0);
    assert_int_equal(added, NODES);
    for (size_t i = 0; i < first; i++)
        assert_int_equal(fixture->nodes[i].position, 1);
}

static void test_empty(void **state)
{
    struct fixture *fixture = *state;
    struct table_range range = {0, 10, 100};
    uint64_t from = 0;

    assert_null(table_find(fixture->table, fixture->nodes[0].key));
    assert_null(table_remove(fixture->table, fixture->nodes[0].key));
    assert_int_equal(table_range(fixture->table, &range, take_node, &from), 0);
    range.from = UINT64_MAX;
    assert_int_equal(table_range(fixture->table, &range, take_node, &from), 0);
}

/* Removing and adding for ever does not grow the array: removed slots are cleaned up. */
static void test_churn_does_not_grow(void **state)
{
    struct fixture *fixture = *state;

    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < 20; i++)
            assert_null(table_put(fixture->table, &fixture->nodes[(round * 20 + i) % NODES]));
        for (size_t i = 0; i < 20; i++)
            assert_non_null(
                table_remove(fixture->table, fixture->nodes[(round * 20 + i) % NODES].key));
        epoch_collect(fixture->epoch);
    }
    for (uint32_t i = 0; i < TABLE_SHARDS; i++) {
        assert_int_equal(fixture->table->shards[i].records, 0);
        assert_true(fixture->table->shards[i].used <= 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_against_model, setup, teardown),
        cmocka_unit_test_setup_teardown(test_walk_gives_each_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ranges_while_growing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_churn_does_not_grow, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
