#pragma once
/*
 * Whether a search expression holds for a group or a feature (contract 1.5). An expression is
 * checked once before it is used, so that a property or operator that is not there is refused and
 * matching cannot fail. Pure.
 */
#include "api/search_property.h"
#include "api/shapes.h"

enum search_operator {
    SEARCH_EQUALS,
    SEARCH_NOT_EQUALS,
    SEARCH_GREATER,
    SEARCH_GREATER_EQUAL,
    SEARCH_LESS,
    SEARCH_LESS_EQUAL,
    SEARCH_CONTAINS,
    SEARCH_EXISTS,
    SEARCH_NOT_EXISTS,
    SEARCH_IN,
};

struct in_filter {
    struct str name;
    struct str operator_name;
    struct str value;
    /* Filled by search_check. */
    const struct search_property *property;
    struct str key; /* behind "Tags." or "Parameters." */
    enum search_operator op;
    int64_t number; /* of the value, where the property is a number or a time */
};

struct in_nested {
    struct str name;
    struct shape_list filters; /* of struct in_filter */
};

struct in_expression {
    struct shape_list filters;        /* of struct in_filter */
    struct shape_list nested;         /* of struct in_nested */
    struct shape_list subexpressions; /* of struct in_expression */
    struct str operator_name;
};
extern const struct shape shape_expression;

/* Resolves names, operators and values; ERR_INVALID names what does not fit. */
NODISCARD enum code search_check(struct in_expression *expression, enum search_resource resource,
                                 struct err *err);

/* Whether a checked expression holds. */
bool search_matches(const struct in_expression *expression, const struct search_subject *subject);

/* A property to sort by, and its value; texts and numbers each sort among themselves. */
struct search_sort {
    const struct search_property *property;
    struct str key;
};
NODISCARD enum code search_sort_find(enum search_resource resource, struct str name,
                                     struct search_sort *ret, struct err *err);
void search_sort_value(const struct search_sort *sort, const struct search_subject *subject,
                       int64_t *ret_number, struct str *ret_text);
