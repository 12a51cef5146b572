#include "unit/test.h"

#include "core/mem.h"
#include "write/overlay.h"

static struct online_head head_of(int64_t seconds)
{
    return (struct online_head){.is_found = true, .event_time = {seconds, 0}};
}

static void test_set_find_clear(void **state)
{
    struct overlay overlay;
    struct hash128 key = {1, 2};
    struct online_head head = head_of(5);

    (void)state;
    overlay_init(&overlay);
    assert_null(overlay_find(&overlay, 1, key));
    overlay_set(&overlay, 1, key, &head, STR("a"));
    overlay_set(&overlay, 2, key, &head, STR("b"));
    assert_true(str_equal(overlay_find(&overlay, 1, key)->record, STR("a")));
    assert_true(str_equal(overlay_find(&overlay, 2, key)->record, STR("b")));
    assert_null(overlay_find(&overlay, 3, key));
    head = head_of(6);
    overlay_set(&overlay, 1, key, &head, STR("c"));
    assert_int_equal(overlay.count, 2);
    assert_int_equal(overlay_find(&overlay, 1, key)->head.event_time.seconds, 6);
    overlay_clear(&overlay);
    assert_null(overlay_find(&overlay, 1, key));
    assert_null(overlay_find(&overlay, 2, key));
    overlay_release(&overlay);
}

/* Many keys in one turn, fewer in the next: nothing of the first shows in the second. */
static void test_growth_and_turns(void **state)
{
    enum { KEYS = 5000 };
    struct overlay overlay;

    (void)state;
    overlay_init(&overlay);
    for (uint64_t turn = 0; turn < 3; turn++) {
        for (uint64_t i = 0; i < KEYS; i++) {
            struct online_head head = head_of((int64_t)(turn * KEYS + i));
            overlay_set(&overlay, 1, (struct hash128){i, i / 7}, &head, STR_ABSENT);
        }
        for (uint64_t i = 0; i < KEYS; i++) {
            const struct overlay_item *item = overlay_find(&overlay, 1, (struct hash128){i, i / 7});
            assert_non_null(item);
            assert_int_equal(item->head.event_time.seconds, turn * KEYS + i);
        }
        assert_null(overlay_find(&overlay, 1, (struct hash128){KEYS, KEYS / 7}));
        overlay_clear(&overlay);
    }
    overlay_release(&overlay);
}

/* After four billion turns the first one's items do not come back. */
static void test_turn_numbers_run_out(void **state)
{
    struct overlay overlay;
    struct online_head head = head_of(1);

    (void)state;
    overlay_init(&overlay);
    overlay_set(&overlay, 1, (struct hash128){1, 1}, &head, STR_ABSENT);
    overlay.turn = UINT32_MAX;
    overlay_clear(&overlay);
    assert_int_equal(overlay.turn, 1);
    assert_null(overlay_find(&overlay, 1, (struct hash128){1, 1}));
    overlay_release(&overlay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_find_clear),
        cmocka_unit_test(test_growth_and_turns),
        cmocka_unit_test(test_turn_numbers_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
