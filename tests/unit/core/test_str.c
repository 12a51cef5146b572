/* Text views: comparing, cutting, UTF-8 against a decoder written from RFC 3629's table, numbers.
 */
#include "unit/test.h"

#include "core/str.h"

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void compares_as_unsigned_bytes(void **state)
{
    (void)state;
    assert_int_equal(sign(str_compare(STR("a"), STR("b"))), -1);
    assert_int_equal(sign(str_compare(STR("b"), STR("a"))), 1);
    assert_int_equal(sign(str_compare(STR("a"), STR("ab"))), -1);
    assert_int_equal(sign(str_compare(STR("ab"), STR("a"))), 1);
    assert_int_equal(sign(str_compare(STR("\xff"), STR("a"))), 1);
    assert_int_equal(str_compare(STR("same"), STR("same")), 0);
    assert_int_equal(str_compare(STR_ABSENT, STR("")), 0);
    assert_int_equal(sign(str_compare(STR_ABSENT, STR("x"))), -1);
}

static void equality_without_case_is_for_ascii_letters(void **state)
{
    (void)state;
    assert_true(str_equal_nocase(STR("Content-Length"), STR("cONTENT-lENGTH")));
    assert_false(str_equal_nocase(STR("@"), STR("`")));
    assert_false(str_equal_nocase(STR("["), STR("{")));
    assert_false(str_equal_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
    assert_false(str_equal_nocase(STR("a"), STR("ab")));
    assert_true(str_equal_nocase(STR(""), STR_ABSENT));
}

static void finds(void **state)
{
    (void)state;
    assert_int_equal(str_find_byte(STR("a:b:c"), 0, ':'), 1);
    assert_int_equal(str_find_byte(STR("a:b:c"), 2, ':'), 3);
    assert_int_equal(str_find_byte(STR("a:b:c"), 4, ':'), 5);
    assert_int_equal(str_find_byte(STR("abc"), 3, 'a'), 3);
    assert_int_equal(str_find_byte(STR_ABSENT, 0, 'a'), 0);
    assert_true(str_contains(STR("haystack"), STR("st")));
    assert_true(str_contains(STR("haystack"), STR("")));
    assert_true(str_contains(STR("x"), STR("x")));
    assert_false(str_contains(STR("haystack"), STR("sta ")));
    assert_false(str_contains(STR(""), STR("a")));
}

static void starts_ends_and_slices(void **state)
{
    (void)state;
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_false(str_starts(STR("abc"), STR("b")));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_false(str_ends(STR("c"), STR("bc")));
    assert_true(str_equal(str_slice(STR("abcd"), 1, 3), STR("bc")));
    assert_true(str_is_absent(str_from(NULL)));
    assert_false(str_is_absent(str_from("")));
}

static void cuts_at_a_separator(void **state)
{
    struct str rest = STR("a,b,,c");

    (void)state;
    assert_true(str_equal(str_cut(&rest, ','), STR("a")));
    assert_true(str_equal(str_cut(&rest, ','), STR("b")));
    assert_true(str_equal(str_cut(&rest, ','), STR("")));
    assert_true(str_equal(str_cut(&rest, ','), STR("c")));
    assert_int_equal(rest.len, 0);
    assert_int_equal(str_cut(&rest, ',').len, 0);
    rest = STR_ABSENT;
    assert_int_equal(str_cut(&rest, ',').len, 0);
    assert_true(str_is_absent(rest));
}

static void trims_blanks_and_tabs_only(void **state)
{
    (void)state;
    assert_true(str_equal(str_trim(STR(" \t a b \t")), STR("a b")));
    assert_true(str_equal(str_trim(STR("   ")), STR("")));
    assert_true(str_equal(str_trim(STR("\na\n")), STR("\na\n")));
}

/* The plain way: decode the code point, then judge it. 0 when ill-formed. */
static size_t naive_sequence(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char mask, head;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t need = 1; need <= 4; need++) {
        if ((at[0] & forms[need - 1].mask) != forms[need - 1].head)
            continue;
        if (left < need)
            return 0;
        uint32_t point = at[0] & (unsigned char)~forms[need - 1].mask;
        for (size_t i = 1; i < need; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return 0;
            point = point << 6 | (at[i] & 0x3f);
        }
        bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
        return point < forms[need - 1].least || is_surrogate || point > 0x10ffff ? 0 : need;
    }
    return 0;
}

static void utf8_agrees_with_the_plain_decoder(void **state)
{
    static const unsigned char tails[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90,
                                          0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    enum { TAILS = sizeof(tails) };

    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            for (unsigned rest = 0; rest < TAILS * TAILS; rest++) {
                unsigned char bytes[4] = {(unsigned char)first, (unsigned char)second,
                                          tails[rest % TAILS], tails[rest / TAILS]};
                for (size_t len = 1; len <= 4; len++) {
                    struct str text = {(const char *)bytes, len};
                    assert_int_equal(str_utf8_sequence(text, 0), naive_sequence(bytes, len));
                }
            }
        }
    }
}

static void utf8_is_checked_at_every_place(void **state)
{
    char text[40];

    (void)state;
    for (size_t at = 0; at < sizeof(text); at++) {
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = 'x';
        assert_true(str_is_utf8((struct str){text, sizeof(text)}));
        text[at] = (char)0x80;
        assert_false(str_is_utf8((struct str){text, sizeof(text)}));
        if (at + 1 < sizeof(text)) {
            text[at] = (char)0xc3;
            text[at + 1] = (char)0xa9;
            assert_true(str_is_utf8((struct str){text, sizeof(text)}));
            assert_int_equal(str_code_points((struct str){text, sizeof(text)}), sizeof(text) - 1);
            assert_false(str_is_utf8((struct str){text, at + 1}));
        }
    }
    assert_true(str_is_utf8(STR("")));
    assert_true(str_is_utf8(STR("a\xf0\x9f\x98\x80z")));
    assert_int_equal(str_code_points(STR("a\xf0\x9f\x98\x80z")), 3);
}

static void unsigned_numbers(void **state)
{
    uint64_t value = 7;

    (void)state;
    assert_int_equal(str_to_u64(STR("0"), 10, &value, NULL), OK);
    assert_int_equal(value, 0);
    assert_int_equal(str_to_u64(STR("0010"), 10, &value, NULL), OK);
    assert_int_equal(value, 10);
    assert_int_equal(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &value, NULL), OK);
    assert_true(value == UINT64_MAX);
    value = 7;
    assert_int_equal(str_to_u64(STR("18446744073709551616"), UINT64_MAX, &value, NULL),
                     ERR_INVALID);
    assert_int_equal(str_to_u64(STR("99999999999999999999"), UINT64_MAX, &value, NULL),
                     ERR_INVALID);
    assert_int_equal(str_to_u64(STR("11"), 10, &value, NULL), ERR_INVALID);
    assert_int_equal(str_to_u64(STR(""), 10, &value, NULL), ERR_INVALID);
    assert_int_equal(str_to_u64(STR("+1"), 10, &value, NULL), ERR_INVALID);
    assert_int_equal(str_to_u64(STR("1 "), 10, &value, NULL), ERR_INVALID);
    assert_int_equal(value, 7);
}

static void signed_numbers(void **state)
{
    int64_t value = 7;
    struct err err = {0};

    (void)state;
    assert_int_equal(str_to_i64(STR("-9223372036854775808"), &value, NULL), OK);
    assert_true(value == INT64_MIN);
    assert_int_equal(str_to_i64(STR("9223372036854775807"), &value, NULL), OK);
    assert_true(value == INT64_MAX);
    assert_int_equal(str_to_i64(STR("+5"), &value, NULL), OK);
    assert_int_equal(value, 5);
    assert_int_equal(str_to_i64(STR("-0"), &value, NULL), OK);
    assert_int_equal(value, 0);
    assert_int_equal(str_to_i64(STR("9223372036854775808"), &value, NULL), ERR_INVALID);
    assert_int_equal(str_to_i64(STR("-9223372036854775809"), &value, NULL), ERR_INVALID);
    assert_int_equal(str_to_i64(STR("-"), &value, NULL), ERR_INVALID);
    assert_int_equal(str_to_i64(STR("--1"), &value, NULL), ERR_INVALID);
    assert_int_equal(str_to_i64(STR("1e3"), &value, &err), ERR_INVALID);
    assert_string_equal(err.message, "expected decimal digits, found '1e3'");
    assert_int_equal(value, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_as_unsigned_bytes),
        cmocka_unit_test(equality_without_case_is_for_ascii_letters),
        cmocka_unit_test(finds),
        cmocka_unit_test(starts_ends_and_slices),
        cmocka_unit_test(cuts_at_a_separator),
        cmocka_unit_test(trims_blanks_and_tabs_only),
        cmocka_unit_test(utf8_agrees_with_the_plain_decoder),
        cmocka_unit_test(utf8_is_checked_at_every_place),
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(signed_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
