/*
 * The contract's patterns as single passes over the bytes. In most of them the pattern only says
 * which bytes may stand where, so a class test a byte is the whole automaton.
 */
#include "schema/names.h"

#include "config/limits.h"
#include "schema/letters.h"

enum {
    NAME_BYTES_MAX = LIMIT_GROUP_NAME_BYTES,
    ROLE_BYTES_MIN = 20,
    ROLE_BYTES_MAX = 2048,
    URI_CHARACTERS_MAX = 1024,
    KMS_BYTES_MAX = 2048,
    PARAMETER_CHARACTERS_MAX = 255,
    ACCOUNT_DIGITS = 12,
    SHOWN_BYTES_MAX = 96,
};

static_assert((int)NAME_BYTES_MAX == (int)LIMIT_FEATURE_NAME_BYTES,
              "one automaton serves group names and feature names");

#define REFERENCE_PATTERN                                                                          \
    "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:feature-group/)?"                          \
    "([a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63})"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_lower(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_alnum(char byte)
{
    return is_digit(byte) || is_lower(byte) || (byte >= 'A' && byte <= 'Z');
}

struct str text_shown(struct str text)
{
    if (text.len <= SHOWN_BYTES_MAX)
        return text;
    size_t len = SHOWN_BYTES_MAX;
    while (len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
        len--;
    return str_slice(text, 0, len);
}

bool name_is_valid(struct str name)
{
    if (name.len == 0 || name.len > NAME_BYTES_MAX)
        return false;
    if (!is_alnum(name.ptr[0]) || !is_alnum(name.ptr[name.len - 1]))
        return false;
    for (size_t i = 1; i < name.len; i++) {
        if (!is_alnum(name.ptr[i]) && name.ptr[i] != '-' && name.ptr[i] != '_')
            return false;
    }
    return true;
}

bool name_is_reserved(struct str feature)
{
    return str_equal_nocase(feature, STR("is_deleted")) ||
           str_equal_nocase(feature, STR("write_time")) ||
           str_equal_nocase(feature, STR("api_invocation_time"));
}

/* Takes the longest run of `[a-z\-]` (or with digits) from the front of *rest. */
static struct str take_run(struct str *rest, bool has_digits)
{
    size_t len = 0;
    while (len < rest->len && (is_lower(rest->ptr[len]) || rest->ptr[len] == '-' ||
                               (has_digits && is_digit(rest->ptr[len]))))
        len++;
    struct str run = str_slice(*rest, 0, len);
    *rest = str_slice(*rest, len, rest->len);
    return run;
}

static bool take(struct str *rest, struct str expected)
{
    if (!str_starts(*rest, expected))
        return false;
    *rest = str_slice(*rest, expected.len, rest->len);
    return true;
}

static bool take_account(struct str *rest, struct str *ret)
{
    if (rest->len < ACCOUNT_DIGITS)
        return false;
    for (size_t i = 0; i < ACCOUNT_DIGITS; i++) {
        if (!is_digit(rest->ptr[i]))
            return false;
    }
    *ret = str_slice(*rest, 0, ACCOUNT_DIGITS);
    *rest = str_slice(*rest, ACCOUNT_DIGITS, rest->len);
    return true;
}

/* Everything of a group ARN before its name. */
static bool take_group_arn(struct str *rest, struct group_reference *found)
{
    if (!take(rest, STR("arn:aws")))
        return false;
    (void)take_run(rest, false);
    if (!take(rest, STR(":sagemaker:")))
        return false;
    found->region = take_run(rest, true);
    return take(rest, STR(":")) && take_account(rest, &found->account) &&
           take(rest, STR(":feature-group/"));
}

enum code group_reference_parse(struct str text, size_t bytes_max, struct group_reference *ret,
                                struct err *err)
{
    struct group_reference found = {0};
    struct str rest = text;
    struct str shown = text_shown(text);

    if (text.len == 0)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '' at 'featureGroupName' failed to "
                       "satisfy constraint: Member must have length greater than or equal to 1");
    if (text.len > bytes_max)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '%.*s' at 'featureGroupName' failed to "
                       "satisfy constraint: Member must have length less than or equal to %zu",
                       STR_ARG(shown), bytes_max);
    bool is_arn = str_starts(text, STR("arn:"));
    if ((is_arn && !take_group_arn(&rest, &found)) || !name_is_valid(rest))
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '%.*s' at 'featureGroupName' failed to "
                       "satisfy constraint: Member must satisfy regular expression pattern: %s",
                       STR_ARG(shown), REFERENCE_PATTERN);
    found.name = rest;
    *ret = found;
    return OK;
}

static bool is_role_byte(char byte)
{
    return is_alnum(byte) || (byte != '\0' && strchr("_+=,.@-/", byte) != NULL);
}

bool arn_is_role(struct str text)
{
    struct str rest = text;
    struct str account;

    if (text.len < ROLE_BYTES_MIN || text.len > ROLE_BYTES_MAX || !take(&rest, STR("arn:aws")))
        return false;
    (void)take_run(&rest, false);
    if (!take(&rest, STR(":iam::")) || !take_account(&rest, &account) ||
        !take(&rest, STR(":role")) || rest.len == 0)
        return false;
    for (size_t i = 0; i < rest.len; i++) {
        if (!is_role_byte(rest.ptr[i]))
            return false;
    }
    /* `/?` and at least one more: a lone slash satisfies the class itself. */
    return true;
}

bool uri_is_store(struct str text)
{
    struct str rest = text;

    if (!str_is_utf8(text) || str_code_points(text) > URI_CHARACTERS_MAX)
        return false;
    if (!take(&rest, STR("https://")) && !take(&rest, STR("s3://")))
        return false;
    if (rest.len == 0 || rest.ptr[0] == '/')
        return false;
    /* The pattern's dot stops at line ends; the part before the first slash does not. */
    for (size_t i = str_find_byte(rest, 0, '/'); i < rest.len; i++) {
        if (rest.ptr[i] == '\n' || rest.ptr[i] == '\r')
            return false;
    }
    return true;
}

bool key_is_kms(struct str text)
{
    if (text.len > KMS_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (!is_alnum(byte) && byte != ':' && byte != '/' && byte != '_' && byte != '-')
            return false;
    }
    return true;
}

/* The code point that starts at *from of well-formed UTF-8; *from goes behind it. */
static uint32_t point_next(struct str text, size_t *from)
{
    unsigned char lead = (unsigned char)text.ptr[*from];
    unsigned more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);

    assert(*from + more < text.len);
    for (unsigned i = 1; i <= more; i++)
        point = (point << 6) | ((unsigned char)text.ptr[*from + i] & 0x3F);
    *from += more + 1;
    return point;
}

/* `[\p{L}\p{Z}\p{N}<marks>]*` with min to max characters. */
static bool is_label(struct str text, size_t min, size_t max, const char *marks)
{
    size_t count = 0;

    /* Four bytes a character at most: longer text need not be read. */
    if (text.len > 4 * max || !str_is_utf8(text))
        return false;
    for (size_t at = 0; at < text.len; count++) {
        uint32_t point = point_next(text, &at);
        bool is_mark = point != 0 && point < 0x80 && strchr(marks, (int)point) != NULL;
        if (!is_mark && !letter_is(point))
            return false;
    }
    return count >= min && count <= max;
}

bool tag_text_is_valid(struct str text, size_t min, size_t max)
{
    return is_label(text, min, max, "_.:/=+-@");
}

bool parameter_text_is_valid(struct str text)
{
    return is_label(text, 1, PARAMETER_CHARACTERS_MAX, "_.:/=+-");
}
