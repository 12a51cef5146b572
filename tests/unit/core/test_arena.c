/* The arena: alignment, zeroing, marks, reset, text. */
#include "unit/test.h"

#include "core/arena.h"

static void memory_is_aligned_and_zero(void **state)
{
    struct arena arena = {0};

    (void)state;
    for (size_t alignment = 1; alignment <= 64; alignment *= 2) {
        for (size_t bytes = 0; bytes < 100; bytes += 7) {
            unsigned char *memory = arena_alloc(&arena, bytes, alignment);
            assert_int_equal((uintptr_t)memory % alignment, 0);
            for (size_t i = 0; i < bytes; i++) {
                assert_int_equal(memory[i], 0);
                memory[i] = 0xff;
            }
        }
    }
    arena_release(&arena);
    assert_int_equal(arena.bytes_total, 0);
}

static void large_pieces_get_their_own_block(void **state)
{
    struct arena arena = {0};
    unsigned char *small = arena_alloc(&arena, 10, 1);

    (void)state;
    unsigned char *large = arena_alloc(&arena, 1 << 20, 64);
    large[(1 << 20) - 1] = 1;
    small[0] = 2;
    assert_true(arena.bytes_total > 1 << 20);
    arena_reset(&arena);
    assert_int_equal(arena.bytes_total, 0); /* too large to keep */
    arena_release(&arena);
}

static void reset_keeps_one_block(void **state)
{
    struct arena arena = {0};

    (void)state;
    arena_reset(&arena);
    for (int i = 0; i < 100; i++)
        (void)arena_alloc(&arena, 1000, 8);
    arena_reset(&arena);
    size_t kept = arena.bytes_total;
    assert_true(kept > 0 && kept < 100000);
    (void)arena_alloc(&arena, 1000, 8);
    assert_int_equal(arena.bytes_total, kept);
    arena_release(&arena);
}

static void a_mark_takes_back_what_came_after(void **state)
{
    struct arena arena = {0};
    struct arena_mark empty = arena_mark(&arena);

    (void)state;
    int *kept = ARENA_NEW(&arena, int, 4);
    kept[3] = 7;
    struct arena_mark mark = arena_mark(&arena);
    size_t before = arena.bytes_total;
    for (int i = 0; i < 100; i++)
        (void)ARENA_NEW(&arena, double, 500);
    arena_rewind(&arena, mark);
    assert_int_equal(arena.bytes_total, before);
    assert_int_equal(kept[3], 7);
    int *again = ARENA_NEW(&arena, int, 4);
    assert_int_equal(again[0], 0);
    arena_rewind(&arena, empty);
    assert_int_equal(arena.bytes_total, 0);
    arena_release(&arena);
}

static void text_is_copied_with_a_nul_behind(void **state)
{
    struct arena arena = {0};
    char source[] = "changing";

    (void)state;
    struct str copy = arena_str(&arena, str_from(source));
    source[0] = 'X';
    assert_true(str_equal(copy, STR("changing")));
    assert_int_equal(copy.ptr[copy.len], '\0');
    assert_true(str_is_absent(arena_str(&arena, STR_ABSENT)));
    assert_string_equal(arena_cstr(&arena, STR_ABSENT), "");
    struct str text = arena_format(&arena, "%s-%04d", "x", 42);
    assert_string_equal(text.ptr, "x-0042");
    assert_int_equal(text.len, 6);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_zero),
        cmocka_unit_test(large_pieces_get_their_own_block),
        cmocka_unit_test(reset_keeps_one_block),
        cmocka_unit_test(a_mark_takes_back_what_came_after),
        cmocka_unit_test(text_is_copied_with_a_nul_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
