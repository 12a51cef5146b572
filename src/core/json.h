#pragma once
/*
 * A strict JSON pull reader (RFC 8259): the caller asks for what it expects and is refused when
 * something else stands there. No tree is built. Strings without escapes are views into the input;
 * others are decoded into the arena. Refused: invalid UTF-8, lone surrogates, depth over
 * JSON_DEPTH_MAX, numbers that are not of JSON's grammar, anything behind the value. Duplicate keys
 * are refused by callers that use json_field. Pure; one thread.
 *
 * Errors are sticky: after the first failure every call returns the same failure.
 *
 *     TRY(json_object_begin(&json));
 *     struct str key;
 *     while (json_object_next(&json, &key)) {
 *         if (str_equal(key, STR("Record")))
 *             TRY(record_read(&json, …));
 *         else
 *             TRY(json_skip(&json));
 *     }
 *     TRY(json_status(&json));
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/str.h"

enum { JSON_DEPTH_MAX = 32 };

enum json_type {
    JSON_BAD, /* not the start of any value, or the end of the text */
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json {
    const char *start;
    const char *cursor;
    const char *end;
    struct arena *arena;
    struct err *err;  /* may be NULL */
    enum code status; /* OK until the first failure */
    unsigned depth;
    unsigned member_depth; /* of the object whose member's name was read last */
    struct str member;     /* that name, as it stands in the text */
    bool is_first;         /* the next member or element is the first of its container */
};

void json_init(struct json *json, struct str text, struct arena *arena, struct err *err);

/* What stands next, without taking it. */
enum json_type json_peek(struct json *json);

NODISCARD enum code json_object_begin(struct json *json);
/* True with the key when there is a member; false at the end (taken) or on failure (see
 * json_status). */
NODISCARD bool json_object_next(struct json *json, struct str *ret_key);
NODISCARD enum code json_array_begin(struct json *json);
NODISCARD bool json_array_next(struct json *json);

NODISCARD enum code json_string(struct json *json, struct str *ret);
/* The number's own text, of JSON's grammar. */
NODISCARD enum code json_number(struct json *json, struct str *ret);
/* A number without fraction or exponent, within int64 (also accepts 5.0 and 5e0: an integer in
 * value). */
NODISCARD enum code json_i64(struct json *json, int64_t *ret);
NODISCARD enum code json_double(struct json *json, double *ret);
NODISCARD enum code json_bool(struct json *json, bool *ret);
NODISCARD enum code json_null(struct json *json);
/* Takes and checks one value of any type; *ret_text (may be NULL) is its exact text. */
NODISCARD enum code json_skip(struct json *json, struct str *ret_text);
/* Nothing but white space is left. */
NODISCARD enum code json_end(struct json *json);

static inline enum code json_status(const struct json *json)
{
    return json->status;
}

/*
 * Position of `key` in `names` (at most 64), or `count` when it is none of them. `*seen` starts at
 * 0 and remembers what came: the second time is ERR_INVALID.
 */
NODISCARD enum code json_field(struct json *json, struct str key, const char *const *names,
                               size_t count, uint64_t *seen, size_t *ret_index);

/*
 * The fast lane for bodies of one shape: takes <open>a<middle>b"} in one go, where a and b are
 * plain ASCII without escapes, for example with open `{"FeatureName":"` and middle
 * `","ValueAsString":"` (other clients put blanks behind ':' and ','). Call it where a value is
 * due, after json_array_next. False and nothing taken when other bytes stand there: then read the
 * slow way.
 */
struct json_pair {
    struct str open;
    struct str middle;
};
NODISCARD bool json_text_pair(struct json *json, const struct json_pair *pair, struct str *ret_a,
                              struct str *ret_b);

/* Sets the reader's failure, with the byte offset behind the message. Returns `code`. */
NODISCARD PRINTF_LIKE(3, 4) enum code
    json_fail(struct json *json, enum code code, const char *format, ...);

/*
 * Checks a whole text: one value and nothing behind it. For the public suite and for bodies that
 * are kept as they are.
 */
NODISCARD enum code json_check(struct str text, struct arena *arena, struct err *err);
