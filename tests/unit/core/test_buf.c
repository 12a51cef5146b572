/* Buffers: growth, the bound, little endian, JSON escapes at every alignment. */
#include "unit/test.h"

#include "core/buf.h"

static void assert_holds(const struct buf *buf, struct str expected)
{
    assert_int_equal(buf->len, expected.len);
    assert_memory_equal(buf_str(buf).ptr, expected.ptr, expected.len);
}

static void grows_and_keeps_what_was_there(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    assert_int_equal(buf_str(&buf).len, 0);
    assert_non_null(buf_str(&buf).ptr);
    for (unsigned i = 0; i < 100000; i++)
        buf_add_byte(&buf, (char)(unsigned char)(i % 251));
    assert_int_equal(buf.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal((unsigned char)buf.ptr[i], i % 251);
    buf_release(&buf);
    assert_null(buf.ptr);
    assert_int_equal(buf.len, 0);
}

static void the_bound_is_exact_and_sticks(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    buf_add(&buf, STR("0123456789"));
    assert_false(buf.is_over);
    buf_add_byte(&buf, 'x');
    assert_true(buf.is_over);
    assert_holds(&buf, STR("0123456789"));
    buf_drop_front(&buf, 5);
    buf_add(&buf, STR("a"));
    assert_holds(&buf, STR("56789"));
    assert_null(buf_reserve(&buf, 1));
    buf_clear(&buf);
    assert_false(buf.is_over);
    buf_add(&buf, STR("again"));
    assert_holds(&buf, STR("again"));
    buf_add(&buf, STR("too much"));
    assert_holds(&buf, STR("again"));
    assert_true(buf.capacity <= 10);
    buf_release(&buf);
}

static void reserving_is_not_adding(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    char *room = buf_reserve(&buf, 5000);
    assert_non_null(room);
    assert_int_equal(buf.len, 0);
    room[4999] = 'z';
    buf.len = 20;
    assert_null(buf_reserve(&buf, SIZE_MAX - 10)); /* the sum would wrap */
    assert_true(buf.is_over);
    buf_release(&buf);
}

static void drops_the_front(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    buf_drop_front(&buf, 0);
    buf_add(&buf, STR("abcdef"));
    buf_drop_front(&buf, 2);
    assert_holds(&buf, STR("cdef"));
    buf_drop_front(&buf, 4);
    assert_holds(&buf, STR(""));
    buf_release(&buf);
}

static void formats_short_and_long(void **state)
{
    struct buf buf;
    char wide[1000];

    (void)state;
    buf_init(&buf, 0);
    buf_add_format(&buf, "%d-%s", 42, "x");
    assert_holds(&buf, STR("42-x"));
    buf_clear(&buf);
    for (int width = 250; width < 262; width++) {
        buf_clear(&buf);
        buf_add_format(&buf, "%*d", width, 7);
        (void)memset(wide, ' ', sizeof(wide));
        wide[width - 1] = '7';
        assert_holds(&buf, (struct str){wide, (size_t)width});
    }
    buf_release(&buf);
}

static void integers_are_little_endian(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    buf_add_u16(&buf, 0x0201);
    buf_add_u32(&buf, 0x06050403);
    buf_add_u64(&buf, UINT64_C(0x0e0d0c0b0a090807));
    assert_holds(&buf, STR("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"));
    buf_release(&buf);
}

static void json_escapes(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    buf_add_json(&buf, STR("a\"b\\c\b\f\n\r\t\x01\x1f/\x7f\xc3\xa9"));
    assert_holds(&buf, STR("\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa9\""));
    buf_clear(&buf);
    buf_add_json(&buf, STR(""));
    assert_holds(&buf, STR("\"\""));
    buf_clear(&buf);
    buf_add_json(&buf, (struct str){"\0", 1});
    assert_holds(&buf, STR("\"\\u0000\""));
    buf_release(&buf);
}

/* Every byte at every place of a text that is longer than the words it is scanned by. */
static void json_escapes_every_byte_at_every_place(void **state)
{
    struct buf buf;
    struct buf expected;
    const char *controls = "\b\f\n\r\t";
    char text[20];

    (void)state;
    buf_init(&buf, 0);
    buf_init(&expected, 0);
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < sizeof(text); at++) {
            (void)memset(text, '~', sizeof(text));
            text[at] = (char)(unsigned char)byte;
            buf_clear(&buf);
            buf_add_json_escaped(&buf, (struct str){text, sizeof(text)});
            buf_clear(&expected);
            buf_add(&expected, (struct str){text, at});
            if (byte == '"' || byte == '\\')
                buf_add_format(&expected, "\\%c", (int)byte);
            else if (byte >= 0x20)
                buf_add_byte(&expected, text[at]);
            else if (byte != 0 && strchr(controls, (int)byte) != NULL)
                buf_add_format(&expected, "\\%c", "bfnrt"[strchr(controls, (int)byte) - controls]);
            else
                buf_add_format(&expected, "\\u%04x", byte);
            buf_add(&expected, (struct str){text + at + 1, sizeof(text) - at - 1});
            assert_holds(&buf, buf_str(&expected));
        }
    }
    buf_release(&buf);
    buf_release(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_what_was_there),
        cmocka_unit_test(the_bound_is_exact_and_sticks),
        cmocka_unit_test(reserving_is_not_adding),
        cmocka_unit_test(drops_the_front),
        cmocka_unit_test(formats_short_and_long),
        cmocka_unit_test(integers_are_little_endian),
        cmocka_unit_test(json_escapes),
        cmocka_unit_test(json_escapes_every_byte_at_every_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
