#pragma once
/*
 * Text is a view (pointer and length) passed by value; it owns nothing and is not NUL-terminated. A
 * view with ptr == NULL is "absent", which is not the same as empty. Pure; any thread.
 */
#include "core/base.h"

#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){("" literal), sizeof(literal) - 1})
#define STR_ABSENT ((struct str){NULL, 0})
/* For printf's "%.*s". */
#define STR_ARG(text) ((int)(text).len), ((text).ptr == NULL ? "" : (text).ptr)

static inline struct str str_from(const char *terminated)
{
    return terminated == NULL ? STR_ABSENT : (struct str){terminated, strlen(terminated)};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is_absent(struct str text)
{
    return text.ptr == NULL;
}

static inline struct str str_slice(struct str text, size_t from, size_t to)
{
    assert(from <= to && to <= text.len);
    /* A slice of nothing stays absent; C knows no null pointer plus zero. */
    return (struct str){from == 0 ? text.ptr : text.ptr + from, to - from};
}

static inline bool str_starts(struct str text, struct str prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool str_ends(struct str text, struct str suffix)
{
    return text.len >= suffix.len && (suffix.len == 0 || memcmp(text.ptr + text.len - suffix.len,
                                                                suffix.ptr, suffix.len) == 0);
}

/* Bytes as unsigned; a shorter text sorts before a longer one that it begins. */
int str_compare(struct str a, struct str b);

/* ASCII letters only; other bytes compare as they are. */
bool str_equal_nocase(struct str a, struct str b);

/* Position of the first `byte` at or after `from`, or text.len. */
size_t str_find_byte(struct str text, size_t from, char byte);

/* Whether `needle` occurs in `text`. */
bool str_contains(struct str text, struct str needle);

/* Cuts *rest at the first `separator`: returns what was before it and leaves what is behind it. */
struct str str_cut(struct str *rest, char separator);

/* Without ASCII space and tab at both ends. */
struct str str_trim(struct str text);

/* Well-formed UTF-8 as RFC 3629 says (no surrogates, no overlong forms). */
bool str_is_utf8(struct str text);

/* Length of the well-formed UTF-8 sequence that starts at `at`, or 0 when none does. */
size_t str_utf8_sequence(struct str text, size_t at);

/* The number of code points of well-formed UTF-8. */
size_t str_code_points(struct str text);

/* Decimal digits only, no sign, no blanks, at most `max`. */
NODISCARD enum code str_to_u64(struct str text, uint64_t max, uint64_t *ret, struct err *err);

/* Optional sign and decimal digits, within int64. */
NODISCARD enum code str_to_i64(struct str text, int64_t *ret, struct err *err);
