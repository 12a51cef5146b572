/*
 * Whether a text is a value of a feature's type. Fractional values are judged by their text alone:
 * a decimal number is out of a double's range when its digits reach the bound below, which is
 * decided without a conversion and so without its cost on long texts.
 */
#include "schema/names.h"
#include "schema/record.h"

enum { OVERFLOW_DIGITS = 309, EXPONENT_MAX = 1000 * 1000 };

/* 2^1024 - 2^970: halfway between the largest double and 2^1024; it and all above are infinite. */
static const char overflow_digits[] =
    "17976931348623158079372897140530341507993413271003782693617377898044496829276"
    "47509466490179775872070963302864166928879109465555478519404026306574886715058"
    "20681908902000708383676273854845817711531764475730270069855571366959622842914"
    "81986083493647529271907416844436551070434271155969950809304288017790417449779"
    "2";

static_assert(sizeof(overflow_digits) == OVERFLOW_DIGITS + 1, "all digits of the bound");

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_integral(struct str text)
{
    size_t at = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    size_t digits = text.len - at;

    if (digits == 0)
        return false;
    for (size_t i = at; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return false;
    }
    int64_t value;
    return digits <= 18 || str_to_i64(text, &value, NULL) == OK;
}

/* The parts of `[+-]digits[.digits][(e|E)[+-]digits]`. */
struct decimal {
    struct str whole;
    struct str fraction;
    int64_t exponent; /* held within EXPONENT_MAX, far beyond what matters */
};

static struct str take_digits(struct str text, size_t *at)
{
    size_t from = *at;
    while (*at < text.len && is_digit(text.ptr[*at]))
        (*at)++;
    return str_slice(text, from, *at);
}

static bool take_exponent(struct str text, size_t *at, int64_t *ret)
{
    bool is_negative = *at < text.len && text.ptr[*at] == '-';
    if (is_negative || (*at < text.len && text.ptr[*at] == '+'))
        (*at)++;
    struct str digits = take_digits(text, at);
    int64_t value = 0;

    for (size_t i = 0; i < digits.len; i++) {
        if (value < EXPONENT_MAX)
            value = 10 * value + (digits.ptr[i] - '0');
    }
    *ret = is_negative ? -value : value;
    return digits.len > 0;
}

static bool decimal_parse(struct str text, struct decimal *ret)
{
    size_t at = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');

    *ret = (struct decimal){.fraction = STR("")};
    ret->whole = take_digits(text, &at);
    if (at < text.len && text.ptr[at] == '.') {
        at++;
        ret->fraction = take_digits(text, &at);
    }
    if (ret->whole.len + ret->fraction.len == 0)
        return false;
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        if (!take_exponent(text, &at, &ret->exponent))
            return false;
    }
    return at == text.len;
}

static char digit_at(const struct decimal *decimal, size_t index)
{
    size_t whole = decimal->whole.len;
    if (index < whole)
        return decimal->whole.ptr[index];
    if (index - whole < decimal->fraction.len)
        return decimal->fraction.ptr[index - whole];
    return '0';
}

static bool is_finite(const struct decimal *decimal)
{
    size_t digits = decimal->whole.len + decimal->fraction.len;
    size_t first = 0;

    if (decimal->exponent == 0 && decimal->whole.len < OVERFLOW_DIGITS)
        return true;
    while (first < digits && digit_at(decimal, first) == '0')
        first++;
    if (first == digits)
        return true; /* zero */
    /* The value is 0.ddd… times 10 to this power. */
    int64_t power = (int64_t)decimal->whole.len - (int64_t)first + decimal->exponent;
    if (power != OVERFLOW_DIGITS)
        return power < OVERFLOW_DIGITS;
    for (size_t i = 0; i < OVERFLOW_DIGITS; i++) {
        char digit = digit_at(decimal, first + i);
        if (digit != overflow_digits[i])
            return digit < overflow_digits[i];
    }
    return false;
}

static enum code fractional_check(struct str value, struct err *err)
{
    struct decimal decimal;
    struct str shown = text_shown(value);

    if (!decimal_parse(value, &decimal))
        return err_set(err, ERR_INVALID, "expected a decimal number (Fractional), found '%.*s'",
                       STR_ARG(shown));
    if (!is_finite(&decimal))
        return err_set(err, ERR_INVALID,
                       "expected a number within the range of a double (Fractional), found '%.*s'",
                       STR_ARG(shown));
    return OK;
}

enum code value_check(enum feature_type type, struct str value, struct err *err)
{
    switch (type) {
    case FEATURE_INTEGRAL:
        if (!is_integral(value)) {
            struct str shown = text_shown(value);
            return err_set(err, ERR_INVALID,
                           "expected an integer of 64 bits (Integral), found '%.*s'",
                           STR_ARG(shown));
        }
        return OK;
    case FEATURE_FRACTIONAL:
        return fractional_check(value, err);
    case FEATURE_STRING:
        return OK;
    }
    return err_set(err, ERR_INTERNAL, "a feature of no type");
}
