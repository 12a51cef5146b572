#pragma once
/*
 * Request bodies of the control plane, by table. A shape names the members of an object, their
 * types and their constraints (contract 1.5); shape_read fills a struct from a JSON text and
 * refuses what does not fit with the service's sentence, which names the member and its path.
 * Unknown members are passed over, null is the same as leaving a member out. Pure.
 */
#include "core/arena.h"
#include "core/json.h"

enum shape_kind {
    SHAPE_TEXT,    /* struct str; absent when not given */
    SHAPE_INTEGER, /* struct shape_number */
    SHAPE_BOOL,    /* struct shape_number, 0 or 1 */
    SHAPE_TIME,    /* struct shape_number, microseconds since 1970 */
    SHAPE_OBJECT,  /* pointer to the struct of `of`; NULL when not given */
    SHAPE_LIST,    /* struct shape_list of what `of` or `element` tells */
};

struct shape_number {
    int64_t value;
    bool is_given;
};

struct shape_list {
    const void *items; /* of the struct of `of`, or struct str */
    size_t count;
    bool is_given;
};

struct shape;

struct shape_member {
    const char *name;
    enum shape_kind kind;
    bool is_required;
    size_t offset;
    /* Characters of a text, value of an integer, items of a list; both 0: any. */
    int64_t min, max;
    bool (*fits)(struct str text);      /* SHAPE_TEXT; may be NULL */
    const char *pattern;                /* what `fits` checks, for the message */
    const char *const *values;          /* SHAPE_TEXT: an enumeration, NULL at its end */
    const struct shape *of;             /* SHAPE_OBJECT, SHAPE_LIST of objects */
    const struct shape_member *element; /* SHAPE_LIST of texts: their constraints */
};

struct shape {
    const struct shape_member *members;
    size_t count; /* at most 64 */
    size_t bytes; /* of the struct */
};

/*
 * Fills *ret (of shape->bytes) from `text`; an empty text stands for {}. What is pointed to lies in
 * the text or the arena. *ret_is_malformed tells whether a refused text was not of the JSON types
 * that the shape wants (SerializationException) or else broke a constraint (ValidationException).
 */
NODISCARD enum code shape_read(struct str text, const struct shape *shape, struct arena *arena,
                               void *ret, bool *ret_is_malformed, struct err *err);

/* Position of `text` in `values`, which end in NULL; the count when it is none of them. */
size_t shape_value_index(const char *const *values, struct str text);
