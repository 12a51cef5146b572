#include "unit/test.h"

#include "api/page.h"
#include "unit/schema/sample.h"

#include <stdio.h>
#include <stdlib.h>

enum { ITEMS = 60 };

static int key_order(const void *a, const void *b)
{
    const struct page_key *left = a;
    const struct page_key *right = b;

    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    int order = str_compare(left->text, right->text);
    if (order != 0)
        return order;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

/* All pages, one after the other through their states, are the sorted list. */
static void pages_follow_each_other(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "a", "a b", "b"};
    uint64_t seed = 9;

    for (unsigned round = 0; round < 200; round++) {
        struct arena arena = {0};
        struct page_key items[ITEMS];
        struct page_key sorted[ITEMS];
        size_t count = sample_below(&seed, ITEMS);
        bool is_descending = round % 2 == 0;
        for (size_t i = 0; i < count; i++)
            items[i] = (struct page_key){.number = (int64_t)sample_below(&seed, 3) - 1,
                                         .text = str_from(texts[sample_below(&seed, 4)]),
                                         .id = (uint32_t)i / 2,
                                         .index = (uint32_t)i % 2,
                                         .item = &items[i]};
        memcpy(sorted, items, sizeof(sorted));
        qsort(sorted, count, sizeof(*sorted), key_order);
        size_t seen = 0;
        struct str token = STR_ABSENT;
        bool has_more = true;
        while (has_more) {
            struct page page;
            page_init(&page, 1 + sample_below(&seed, 7), is_descending, &arena);
            if (!str_is_absent(token))
                assert_int_equal(page_resume(&page, token, NULL), OK);
            for (size_t i = 0; i < count; i++)
                page_offer(&page, &items[i]);
            assert_int_equal(page.total, count);
            for (size_t i = 0; i < page.count; i++, seen++) {
                const struct page_key *expected = &sorted[is_descending ? count - 1 - seen : seen];
                assert_ptr_equal(page.keys[i].item, expected->item);
            }
            has_more = page.has_more;
            assert_int_equal(has_more, seen < count);
            if (has_more)
                token = page_state(&page, &arena);
        }
        assert_int_equal(seen, count);
        arena_release(&arena);
    }
}

static void states_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "a", "a 1", "a x 1 1 t", "a 1 4294967296 1 t", "a 1 1 -1 t", "d 1 1 1 t"};
    struct arena arena = {0};
    struct page page;

    page_init(&page, 1, false, &arena);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_int_equal(page_resume(&page, str_from(bad[i]), NULL), ERR_INVALID);
    assert_int_equal(page_resume(&page, STR("a -5 7 9 two words"), NULL), OK);
    assert_int_equal(page.after.number, -5);
    assert_int_equal(page.after.id, 7);
    assert_int_equal(page.after.index, 9);
    assert_true(str_equal(page.after.text, STR("two words")));
    arena_release(&arena);
}

static void what_goes_does_not_hide_others(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct page page;
    struct page_key keys[4] = {
        {.text = STR("a"), .id = 1},
        {.text = STR("b"), .id = 2},
        {.text = STR("c"), .id = 3},
        {.text = STR("d"), .id = 4},
    };

    page_init(&page, 2, false, &arena);
    for (size_t i = 0; i < 4; i++)
        page_offer(&page, &keys[i]);
    struct str token = page_state(&page, &arena);
    /* "a" and "b" are gone, "bb" is new. */
    struct page_key fresh = {.text = STR("bb"), .id = 9};
    page_init(&page, 2, false, &arena);
    assert_int_equal(page_resume(&page, token, NULL), OK);
    page_offer(&page, &keys[3]);
    page_offer(&page, &fresh);
    page_offer(&page, &keys[2]);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.keys[0].id, 9);
    assert_int_equal(page.keys[1].id, 3);
    assert_true(page.has_more);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_follow_each_other),
        cmocka_unit_test(states_are_checked),
        cmocka_unit_test(what_goes_does_not_hide_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
