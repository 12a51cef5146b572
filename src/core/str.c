#include "core/str.h"

int str_compare(struct str a, struct str b)
{
    size_t shorter = size_min(a.len, b.len);
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

static unsigned char lower(char byte)
{
    unsigned char value = (unsigned char)byte;

    return value >= 'A' && value <= 'Z' ? (unsigned char)(value | 0x20) : value;
}

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

size_t str_find_byte(struct str text, size_t from, char byte)
{
    assert(from <= text.len);
    if (from == text.len)
        return text.len;
    const char *found = memchr(text.ptr + from, byte, text.len - from);
    return found == NULL ? text.len : (size_t)(found - text.ptr);
}

bool str_contains(struct str text, struct str needle)
{
    if (needle.len == 0)
        return true;
    return text.len >= needle.len && memmem(text.ptr, text.len, needle.ptr, needle.len) != NULL;
}

struct str str_cut(struct str *rest, char separator)
{
    size_t at = str_find_byte(*rest, 0, separator);
    struct str before = {rest->ptr, at};
    size_t skip = size_min(at + 1, rest->len);

    if (rest->ptr != NULL)
        *rest = (struct str){rest->ptr + skip, rest->len - skip};
    return before;
}

struct str str_trim(struct str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = (struct str){text.ptr + 1, text.len - 1};
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The range of the second byte tells overlong forms, surrogates and values over U+10FFFF. */
static bool is_second_byte(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return is_continuation(second);
    }
}

size_t str_utf8_sequence(struct str text, size_t at)
{
    assert(at < text.len);
    const unsigned char *byte = (const unsigned char *)text.ptr + at;
    size_t left = text.len - at;
    size_t need;

    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xc2 || byte[0] > 0xf4)
        return 0;
    need = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (left < need || !is_second_byte(byte[0], byte[1]))
        return 0;
    for (size_t i = 2; i < need; i++) {
        if (!is_continuation(byte[i]))
            return 0;
    }
    return need;
}

/* Position of the first byte at or after `at` that is not ASCII, eight bytes a step. */
static size_t skip_ascii(struct str text, size_t at)
{
    while (at + sizeof(uint64_t) <= text.len) {
        uint64_t word;
        memcpy(&word, text.ptr + at, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
        at += sizeof(word);
    }
    while (at < text.len && (unsigned char)text.ptr[at] < 0x80)
        at++;
    return at;
}

bool str_is_utf8(struct str text)
{
    for (size_t at = skip_ascii(text, 0); at < text.len; at = skip_ascii(text, at)) {
        size_t taken = str_utf8_sequence(text, at);
        if (taken == 0)
            return false;
        at += taken;
    }
    return true;
}

size_t str_code_points(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += !is_continuation((unsigned char)text.ptr[i]);
    return count;
}

enum code str_to_u64(struct str text, uint64_t max, uint64_t *ret, struct err *err)
{
    uint64_t value = 0;

    if (text.len == 0)
        return err_set(err, ERR_INVALID, "expected a number, found nothing");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return err_set(err, ERR_INVALID, "expected decimal digits, found '%.*s'",
                           STR_ARG(str_slice(text, 0, size_min(text.len, 40))));
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value) || value > max)
            return err_set(err, ERR_INVALID, "expected a number of at most %llu, found '%.*s'",
                           (unsigned long long)max,
                           STR_ARG(str_slice(text, 0, size_min(text.len, 40))));
    }
    *ret = value;
    return OK;
}

enum code str_to_i64(struct str text, int64_t *ret, struct err *err)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    bool has_sign = is_negative || (text.len > 0 && text.ptr[0] == '+');
    uint64_t max = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    uint64_t magnitude = 0;

    TRY(str_to_u64(str_slice(text, has_sign ? 1 : 0, text.len), max, &magnitude, err));
    *ret = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return OK;
}
