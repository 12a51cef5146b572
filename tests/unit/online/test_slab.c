#include "unit/test.h"

#include "core/mem.h"
#include "online/online_priv.h"

/* Nodes are distinct while they are out, and come back before new memory is taken. */
static void test_take_give(void **state)
{
    enum { COUNT = 5000 };
    struct slab slab = {0};
    struct node **nodes = MEM_NEW_ARRAY(struct node *, COUNT);

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        nodes[i] = slab_take(&slab);
        *nodes[i] = (struct node){.position = i};
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(nodes[i]->position, i);
    for (size_t i = 0; i < COUNT; i += 2)
        slab_give(&slab, nodes[i]);
    struct slab_chunk *chunks = slab.chunks;
    for (size_t i = 0; i < COUNT; i += 2) {
        struct node *node = slab_take(&slab);
        *node = (struct node){.position = COUNT + i};
    }
    assert_ptr_equal(slab.chunks, chunks);
    for (size_t i = 1; i < COUNT; i += 2)
        assert_int_equal(nodes[i]->position, i);
    slab_release(&slab);
    assert_null(slab.chunks);
    mem_free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_give),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
