#pragma once
/*
 * The properties of groups and features that Search can filter and sort by, by name. Pure.
 */
#include "schema/group.h"

enum search_resource { SEARCH_GROUPS, SEARCH_FEATURES };

/* One thing that may be found: a group, or a feature of it. */
struct search_subject {
    const struct group *group;
    const struct feature *feature; /* NULL: the group */
};

enum property_kind { PROPERTY_TEXT, PROPERTY_NUMBER, PROPERTY_TIME };

/*
 * A property's values in one subject: most have one or none, lists have several. `get` gives value
 * number `at`, false behind the last one.
 */
struct property_value {
    struct str text;
    int64_t number;
};

struct search_property {
    const char *name; /* ends in '.' where a key follows */
    enum property_kind kind;
    bool (*get)(const struct search_subject *subject, struct str key, size_t at,
                struct property_value *ret);
};

/*
 * NULL when the resource has no property of that name; *ret_key is set where a key follows the
 * property's name ("Tags.<key>", "Parameters.<key>").
 */
const struct search_property *search_property_find(enum search_resource resource, struct str name,
                                                   struct str *ret_key);
