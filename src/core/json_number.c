/* Numbers of the JSON reader: the grammar, and exact conversion to integers. */
#include "core/json_priv.h"

#include <math.h>
#include <stdlib.h>

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* One digit or more at `*at`, which is moved behind them. */
static bool take_digits(const char **at, const char *end)
{
    const char *first = *at;

    *at = skip_digits(first, end);
    return *at != first;
}

/* Moves *at behind the number that starts there, or to the byte where a digit is missing. */
static bool take_number(const char **at, const char *end)
{
    *at += *at < end && **at == '-';
    if (*at < end && **at == '0')
        *at += 1;
    else if (!take_digits(at, end))
        return false;
    if (*at < end && **at == '.') {
        *at += 1;
        if (!take_digits(at, end))
            return false;
    }
    if (*at == end || (**at != 'e' && **at != 'E'))
        return true;
    *at += 1;
    *at += *at < end && (**at == '+' || **at == '-');
    return take_digits(at, end);
}

enum code json_number(struct json *json, struct str *ret)
{
    if (json_peek(json) != JSON_NUMBER)
        return json_expected(json, "a number");
    const char *start = json->cursor;
    if (!take_number(&json->cursor, json->end))
        return json_expected(json, "a digit");
    *ret = (struct str){start, (size_t)(json->cursor - start)};
    return OK;
}

struct decimal {
    bool is_negative;
    const char *digits; /* with a '.' among them, maybe */
    const char *digits_end;
    int64_t point; /* digits (without '.') before the decimal point, by exponent too */
};

/* Exponents stop growing here: far beyond any point that a body's digits could reach. */
#define EXPONENT_ENOUGH INT64_C(1000000000)

static struct decimal decimal_split(struct str number)
{
    const char *end = number.ptr + number.len;
    struct decimal decimal = {.is_negative = *number.ptr == '-'};
    int64_t exponent = 0;
    bool is_exponent_negative = false;

    decimal.digits = number.ptr + decimal.is_negative;
    const char *at = skip_digits(decimal.digits, end);
    decimal.point = at - decimal.digits;
    if (at < end && *at == '.')
        at = skip_digits(at + 1, end);
    decimal.digits_end = at;
    if (at < end) {
        at++;
        is_exponent_negative = *at == '-';
        at += *at == '-' || *at == '+';
        for (; at < end; at++)
            exponent = exponent > EXPONENT_ENOUGH ? exponent : exponent * 10 + (*at - '0');
    }
    decimal.point += is_exponent_negative ? -exponent : exponent;
    return decimal;
}

/* The integer that the decimal is, if it is one within int64. */
static bool decimal_to_i64(const struct decimal *decimal, int64_t *ret)
{
    uint64_t magnitude = 0;
    uint64_t max = decimal->is_negative ? UINT64_C(1) << 63 : INT64_MAX;
    int64_t place = 0;

    for (const char *at = decimal->digits; at < decimal->digits_end; at++) {
        if (*at == '.')
            continue;
        unsigned digit = (unsigned)(*at - '0');
        if (place >= decimal->point) {
            if (digit != 0)
                return false;
        } else {
            if (magnitude > (max - digit) / 10)
                return false;
            magnitude = magnitude * 10 + digit;
        }
        place++;
    }
    for (; place < decimal->point && magnitude != 0; place++) {
        if (magnitude > max / 10)
            return false;
        magnitude *= 10;
    }
    *ret = (int64_t)(decimal->is_negative ? 0 - magnitude : magnitude);
    return true;
}

enum code json_i64(struct json *json, int64_t *ret)
{
    struct str text = STR_ABSENT;

    TRY(json_number(json, &text));
    assert(text.ptr != NULL);
    struct decimal decimal = decimal_split(text);
    if (!decimal_to_i64(&decimal, ret)) {
        char place[JSON_PLACE_BYTES];
        json_place(json, place);
        return json_fail(json, ERR_INVALID, "expected an integer of 64 bits%s, found %.*s", place,
                         (int)size_min(text.len, 64), text.ptr);
    }
    return OK;
}

enum code json_double(struct json *json, double *ret)
{
    struct str text = STR_ABSENT;
    char small[64];
    const char *terminated = small;

    TRY(json_number(json, &text));
    assert(text.ptr != NULL);
    if (text.len < sizeof(small)) {
        memcpy(small, text.ptr, text.len);
        small[text.len] = '\0';
    } else {
        terminated = arena_cstr(json->arena, text);
    }
    double value = strtod(terminated, NULL);
    if (!isfinite(value))
        return json_fail(json, ERR_INVALID, "number %.*s is out of range",
                         (int)size_min(text.len, 64), text.ptr);
    *ret = value;
    return OK;
}
