/* Heap memory, and the cursor over stored bytes. */
#include "unit/test.h"

#include "core/bytes.h"
#include "core/mem.h"

static void memory_is_zero_and_never_null(void **state)
{
    (void)state;
    unsigned char *memory = mem_new_array(100, 3);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(memory[i], 0);
    memory[0] = 7;
    memory = mem_resize(memory, 5000);
    assert_int_equal(memory[0], 7);
    mem_free(memory);
    void *empty = mem_new_array(0, 8);
    assert_non_null(empty);
    empty = mem_resize(empty, 0);
    assert_non_null(empty);
    mem_free(empty);
    mem_free(NULL);
}

static void aligned_memory(void **state)
{
    (void)state;
    for (size_t alignment = 8; alignment <= 8192; alignment *= 2) {
        unsigned char *memory = mem_new_aligned(alignment, 100);
        assert_int_equal((uintptr_t)memory % alignment, 0);
        assert_int_equal(memory[99], 0);
        mem_free(memory);
    }
}

static void the_cursor_stops_at_the_end(void **state)
{
    struct bytes bytes = bytes_from(STR("\x01\x02\x03\x04\x05\x06\x07"
                                        "abc"));

    (void)state;
    assert_int_equal(bytes_u8(&bytes), 1);
    assert_int_equal(bytes_u16(&bytes), 0x0302);
    assert_int_equal(bytes_u32(&bytes), 0x07060504);
    assert_int_equal(bytes_left(&bytes), 3);
    assert_true(str_equal(bytes_str(&bytes, 2), STR("ab")));
    assert_false(bytes.is_bad);
    assert_true(bytes_u64(&bytes) == 0);
    assert_true(bytes.is_bad);
    assert_int_equal(bytes_u8(&bytes), 0); /* sticky, though a byte is left */
    assert_int_equal(bytes_str(&bytes, 1).len, 0);
    assert_null(bytes_take(&bytes, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_and_never_null),
        cmocka_unit_test(aligned_memory),
        cmocka_unit_test(the_cursor_stops_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
