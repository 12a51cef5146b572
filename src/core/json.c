/*
 * The JSON pull reader. Strings are scanned eight bytes at a time; only a string with an escape is
 * copied, after it was validated, so that what is allocated is bounded by what was read.
 */
#include "core/json_priv.h"

#include <stdarg.h>
#include <stdio.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the word scan counts from the low byte");

#define BYTES_OF(byte) (UINT64_C(0x0101010101010101) * (byte))

void json_init(struct json *json, struct str text, struct arena *arena, struct err *err)
{
    const char *start = text.ptr == NULL ? "" : text.ptr;

    *json = (struct json){
        .start = start,
        .cursor = start,
        .end = start + text.len,
        .arena = arena,
        .err = err,
        .status = OK,
    };
}

enum code json_fail(struct json *json, enum code code, const char *format, ...)
{
    char message[ERR_MESSAGE_BYTES - 48];

    if (json->status != OK)
        return json->status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    json->status =
        err_set(json->err, code, "%s at byte %zu", message, (size_t)(json->cursor - json->start));
    return json->status;
}

static inline void skip_white(struct json *json)
{
    while (json->cursor < json->end && (unsigned char)*json->cursor <= ' ') {
        char byte = *json->cursor;
        if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t')
            return;
        json->cursor++;
    }
}

void json_place(const struct json *json, char ret[JSON_PLACE_BYTES])
{
    bool is_inside = json->member.ptr != NULL && json->depth >= json->member_depth;

    /* A longer name is left out whole: cut, it might end inside a character. */
    ret[0] = '\0';
    if (is_inside && json->member.len < JSON_PLACE_BYTES - 8)
        (void)snprintf(ret, JSON_PLACE_BYTES, " in '%.*s'", STR_ARG(json->member));
}

static enum code fail_found(struct json *json, const char *expected, const char *place)
{
    if (json->status != OK)
        return json->status;
    if (json->cursor == json->end)
        return json_fail(json, ERR_INVALID, "expected %s%s, found the end of the text", expected,
                         place);
    unsigned char found = (unsigned char)*json->cursor;
    if (found > ' ' && found < 0x7f)
        return json_fail(json, ERR_INVALID, "expected %s%s, found '%c'", expected, place, found);
    return json_fail(json, ERR_INVALID, "expected %s%s, found byte 0x%02x", expected, place, found);
}

enum code json_expected(struct json *json, const char *expected)
{
    char place[JSON_PLACE_BYTES];

    json_place(json, place);
    return fail_found(json, expected, place);
}

/* For the signs between values. */
static void fail_sign(struct json *json, const char *expected)
{
    enum code code = fail_found(json, expected, "");
    assert(code != OK);
}

enum json_type json_peek(struct json *json)
{
    skip_white(json);
    if (json->status != OK || json->cursor == json->end)
        return JSON_BAD;
    switch (*json->cursor) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return *json->cursor == '-' || (*json->cursor >= '0' && *json->cursor <= '9') ? JSON_NUMBER
                                                                                      : JSON_BAD;
    }
}

/* --- containers --- */

static enum code container_begin(struct json *json, char open, const char *expected)
{
    TRY(json->status);
    skip_white(json);
    if (json->cursor == json->end || *json->cursor != open)
        return json_expected(json, expected);
    if (json->depth == JSON_DEPTH_MAX)
        return json_fail(json, ERR_INVALID, "nested deeper than %d", JSON_DEPTH_MAX);
    json->cursor++;
    json->depth++;
    json->is_first = true;
    return OK;
}

enum code json_object_begin(struct json *json)
{
    return container_begin(json, '{', "an object");
}

enum code json_array_begin(struct json *json)
{
    return container_begin(json, '[', "an array");
}

/* Takes the comma before an item, or the end of the container (then false). */
static inline bool item_next(struct json *json, char close)
{
    bool is_first = json->is_first;

    if (json->status != OK)
        return false;
    assert(json->depth > 0);
    json->is_first = false;
    skip_white(json);
    char byte = '\0';
    if (json->cursor < json->end)
        byte = *json->cursor;
    if (byte == close) {
        json->cursor++;
        json->depth--;
        return false;
    }
    if (is_first)
        return true;
    if (byte != ',') {
        fail_sign(json, close == '}' ? "',' or '}'" : "',' or ']'");
        return false;
    }
    json->cursor++;
    skip_white(json);
    return true;
}

bool json_array_next(struct json *json)
{
    return item_next(json, ']');
}

/* --- strings --- */

struct scan {
    const char *end; /* the closing quote */
    bool is_escaped;
    bool is_ascii;
};

/* The first quote, backslash or control character at or after `at`; sets *ret_high on any byte from
 * 0x80 on the way (and maybe shortly behind). */
static inline const char *scan_plain(const char *at, const char *end, bool *ret_high)
{
    uint64_t high = 0;

    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        uint64_t quote = word ^ BYTES_OF('"');
        uint64_t slash = word ^ BYTES_OF('\\');
        uint64_t hit = ((word - BYTES_OF(0x20)) | (quote - BYTES_OF(1)) | (slash - BYTES_OF(1))) &
                       ~word & BYTES_OF(0x80);
        high |= word;
        if (hit != 0) {
            *ret_high |= (high & BYTES_OF(0x80)) != 0;
            return at + ((unsigned)__builtin_ctzll(hit) >> 3);
        }
        at += 8;
    }
    for (; at < end; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\' || byte < 0x20)
            break;
        high |= byte;
    }
    *ret_high |= (high & BYTES_OF(0x80)) != 0;
    return at;
}

/* Four hex digits, or -1. */
static int hex4(const char *at, const char *end)
{
    int value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char byte = at[i];
        int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                    : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                    : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Bytes of the \uXXXX (or pair of them) at `at`, behind the backslash; 0 when malformed or lone. */
static size_t unicode_escape(const char *at, const char *end, uint32_t *ret_point)
{
    int unit = hex4(at + 1, end);

    if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000))
        return 0;
    *ret_point = (uint32_t)unit;
    if (unit < 0xd800 || unit >= 0xe000)
        return 5;
    if (end - at < 11 || at[5] != '\\' || at[6] != 'u')
        return 0;
    int low = hex4(at + 7, end);
    if (low < 0xdc00 || low >= 0xe000)
        return 0;
    *ret_point = 0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    return 11;
}

/* What a one-letter escape stands for; 0 when there is no such escape. */
static char escape_letter(char letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return '\0';
    }
}

/* Moves the cursor over the escape it stands at. */
static enum code escape_skip(struct json *json)
{
    const char *letter = json->cursor + 1;
    uint32_t point;

    if (letter == json->end)
        return json_fail(json, ERR_INVALID, "unfinished string");
    size_t bytes = *letter == 'u' ? unicode_escape(letter, json->end, &point)
                                  : (escape_letter(*letter) != '\0');
    if (bytes == 0)
        return json_fail(json, ERR_INVALID, "%s",
                         *letter == 'u' ? "malformed \\u escape or lone surrogate"
                                        : "unknown escape in a string");
    json->cursor = letter + bytes;
    return OK;
}

/* Takes a string, quotes included, and checks all of it. */
static enum code string_scan(struct json *json, struct str *ret_raw, bool *ret_is_escaped)
{
    const char *start = json->cursor + 1;
    bool is_high = false;

    *ret_is_escaped = false;
    json->cursor = start;
    for (;;) {
        json->cursor = scan_plain(json->cursor, json->end, &is_high);
        if (json->cursor == json->end)
            return json_fail(json, ERR_INVALID, "unfinished string");
        if (*json->cursor == '"')
            break;
        if (*json->cursor != '\\')
            return json_fail(json, ERR_INVALID, "control character 0x%02x in a string",
                             (unsigned char)*json->cursor);
        *ret_is_escaped = true;
        TRY(escape_skip(json));
    }
    struct str raw = {start, (size_t)(json->cursor - start)};
    if (is_high && !str_is_utf8(raw))
        return json_fail(json, ERR_INVALID, "string with malformed UTF-8");
    json->cursor++;
    *ret_raw = raw;
    return OK;
}

static size_t utf8_put(char *out, uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | (point >> 6));
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | (point >> 12));
        out[1] = (char)(0x80 | ((point >> 6) & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (point >> 18));
    out[1] = (char)(0x80 | ((point >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((point >> 6) & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* Escapes are never shorter than what they stand for, so the raw length is room enough. */
static struct str string_decode(struct arena *arena, struct str raw)
{
    const char *end = raw.ptr + raw.len;
    char *text = arena_alloc_raw(arena, raw.len + 1, 1);
    char *out = text;

    for (const char *at = raw.ptr; at < end;) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((slash == NULL ? end : slash) - at);
        memcpy(out, at, plain);
        out += plain;
        if (slash == NULL)
            break;
        at = slash + 1;
        if (*at == 'u') {
            uint32_t point = 0;
            size_t bytes = unicode_escape(at, end, &point);
            assert(bytes > 0);
            at += bytes;
            out += utf8_put(out, point);
        } else {
            *out++ = escape_letter(*at++);
        }
    }
    *out = '\0';
    return (struct str){text, (size_t)(out - text)};
}

enum code json_string(struct json *json, struct str *ret)
{
    struct str raw;
    bool is_escaped;

    TRY(json->status);
    skip_white(json);
    if (json->cursor == json->end || *json->cursor != '"')
        return json_expected(json, "a string");
    TRY(string_scan(json, &raw, &is_escaped));
    *ret = is_escaped ? string_decode(json->arena, raw) : raw;
    return OK;
}

/* As json_object_next; the key is only checked when ret_key is NULL. */
static bool member_next(struct json *json, struct str *ret_key)
{
    struct str key;
    bool is_escaped;

    if (!item_next(json, '}'))
        return false;
    if (json->cursor == json->end || *json->cursor != '"') {
        fail_sign(json, "a string as member name");
        return false;
    }
    if (string_scan(json, &key, &is_escaped) != OK)
        return false;
    skip_white(json);
    if (json->cursor == json->end || *json->cursor != ':') {
        fail_sign(json, "':'");
        return false;
    }
    json->cursor++;
    json->member = key;
    json->member_depth = json->depth;
    if (ret_key != NULL)
        *ret_key = is_escaped ? string_decode(json->arena, key) : key;
    return true;
}

bool json_object_next(struct json *json, struct str *ret_key)
{
    return member_next(json, ret_key);
}

bool json_text_pair(struct json *json, const struct json_pair *pair, struct str *ret_a,
                    struct str *ret_b)
{
    const char *at = json->cursor;
    bool is_high = false;

    if (json->status != OK || (size_t)(json->end - at) < pair->open.len ||
        memcmp(at, pair->open.ptr, pair->open.len) != 0)
        return false;
    const char *a = at + pair->open.len;
    const char *a_end = scan_plain(a, json->end, &is_high);
    if ((size_t)(json->end - a_end) < pair->middle.len ||
        memcmp(a_end, pair->middle.ptr, pair->middle.len) != 0)
        return false;
    const char *b = a_end + pair->middle.len;
    const char *b_end = scan_plain(b, json->end, &is_high);
    if (json->end - b_end < 2 || b_end[0] != '"' || b_end[1] != '}' || is_high ||
        json->depth == JSON_DEPTH_MAX)
        return false;
    *ret_a = (struct str){a, (size_t)(a_end - a)};
    *ret_b = (struct str){b, (size_t)(b_end - b)};
    json->cursor = b_end + 2;
    return true;
}

enum code json_field(struct json *json, struct str key, const char *const *names, size_t count,
                     uint64_t *seen, size_t *ret_index)
{
    assert(count <= 64);
    TRY(json->status);
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) != key.len || memcmp(names[i], key.ptr, key.len) != 0)
            continue;
        if ((*seen >> i & 1) != 0)
            return json_fail(json, ERR_INVALID, "member '%s' stands twice", names[i]);
        *seen |= UINT64_C(1) << i;
        *ret_index = i;
        return OK;
    }
    *ret_index = count;
    return OK;
}

/* --- words --- */

static enum code word_take(struct json *json, struct str word, const char *expected)
{
    TRY(json->status);
    skip_white(json);
    if (!str_starts((struct str){json->cursor, (size_t)(json->end - json->cursor)}, word))
        return json_expected(json, expected);
    json->cursor += word.len;
    return OK;
}

enum code json_bool(struct json *json, bool *ret)
{
    bool value = json_peek(json) == JSON_TRUE;

    TRY(word_take(json, value ? STR("true") : STR("false"), "true or false"));
    *ret = value;
    return OK;
}

enum code json_null(struct json *json)
{
    return word_take(json, STR("null"), "null");
}

/* --- whole values --- */

/* Takes a scalar, or opens a container and notes its kind at its depth. */
static enum code skip_start(struct json *json, uint64_t *object_bits)
{
    struct str text;
    bool is_escaped;
    bool value;

    switch (json_peek(json)) {
    case JSON_OBJECT:
        TRY(json_object_begin(json));
        *object_bits |= UINT64_C(1) << json->depth;
        return OK;
    case JSON_ARRAY:
        TRY(json_array_begin(json));
        *object_bits &= ~(UINT64_C(1) << json->depth);
        return OK;
    case JSON_STRING:
        return string_scan(json, &text, &is_escaped);
    case JSON_NUMBER:
        return json_number(json, &text);
    case JSON_TRUE:
    case JSON_FALSE:
        return json_bool(json, &value);
    case JSON_NULL:
        return json_null(json);
    case JSON_BAD:
        break;
    }
    return json_expected(json, "a value");
}

static_assert(JSON_DEPTH_MAX < 64, "json_skip keeps a bit a level");

enum code json_skip(struct json *json, struct str *ret_text)
{
    unsigned outside = json->depth;
    uint64_t object_bits = 0;

    TRY(json->status);
    skip_white(json);
    const char *start = json->cursor;
    do {
        TRY(skip_start(json, &object_bits));
        while (json->depth > outside) {
            bool is_object = (object_bits >> json->depth & 1) != 0;
            bool has_item = is_object ? member_next(json, NULL) : json_array_next(json);
            TRY(json->status);
            if (has_item)
                break;
        }
    } while (json->depth > outside);
    if (ret_text != NULL)
        *ret_text = (struct str){start, (size_t)(json->cursor - start)};
    return OK;
}

enum code json_end(struct json *json)
{
    TRY(json->status);
    skip_white(json);
    if (json->cursor != json->end)
        return fail_found(json, "the end of the text", "");
    return OK;
}

enum code json_check(struct str text, struct arena *arena, struct err *err)
{
    struct json json;

    json_init(&json, text, arena, err);
    TRY(json_skip(&json, NULL));
    return json_end(&json);
}
