#include "api/search_match.h"

#include "config/limits.h"

/* ---- the shape ---- */

static const char *const operators[] = {
    [SEARCH_EQUALS] = "Equals",
    [SEARCH_NOT_EQUALS] = "NotEquals",
    [SEARCH_GREATER] = "GreaterThan",
    [SEARCH_GREATER_EQUAL] = "GreaterThanOrEqualTo",
    [SEARCH_LESS] = "LessThan",
    [SEARCH_LESS_EQUAL] = "LessThanOrEqualTo",
    [SEARCH_CONTAINS] = "Contains",
    [SEARCH_EXISTS] = "Exists",
    [SEARCH_NOT_EXISTS] = "NotExists",
    [SEARCH_IN] = "In",
    NULL,
};
static const char *const bool_operators[] = {"And", "Or", NULL};

enum { ITEMS_MAX = 20, NAME_CHARACTERS_MAX = 255, VALUE_CHARACTERS_MAX = 1024 };

static const struct shape_member filter_members[] = {
    {.name = "Name",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_filter, name),
     .is_required = true,
     .min = 1,
     .max = NAME_CHARACTERS_MAX,
     .fits = shape_is_line,
     .pattern = ".+"},
    {.name = "Operator",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_filter, operator_name),
     .values = operators},
    {.name = "Value",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_filter, value),
     .min = 1,
     .max = VALUE_CHARACTERS_MAX,
     .fits = shape_is_line,
     .pattern = ".+"},
};
static const struct shape shape_filter = SHAPE_OF(filter_members, struct in_filter);

#define LIST_MEMBER(type, member_name, field, shape, required)                                     \
    {.name = (member_name),                                                                        \
     .kind = SHAPE_LIST,                                                                           \
     .offset = offsetof(type, field),                                                              \
     .is_required = (required),                                                                    \
     .min = 1,                                                                                     \
     .max = ITEMS_MAX,                                                                             \
     .of = (shape)}

static const struct shape_member nested_members[] = {
    {.name = "NestedPropertyName",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_nested, name),
     .is_required = true,
     .min = 1,
     .max = NAME_CHARACTERS_MAX,
     .fits = shape_is_line,
     .pattern = ".+"},
    LIST_MEMBER(struct in_nested, "Filters", filters, &shape_filter, true),
};
static const struct shape shape_nested = SHAPE_OF(nested_members, struct in_nested);

static const struct shape_member expression_members[] = {
    LIST_MEMBER(struct in_expression, "Filters", filters, &shape_filter, false),
    LIST_MEMBER(struct in_expression, "NestedFilters", nested, &shape_nested, false),
    LIST_MEMBER(struct in_expression, "SubExpressions", subexpressions, &shape_expression, false),
    {.name = "Operator",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_expression, operator_name),
     .values = bool_operators},
};
const struct shape shape_expression = SHAPE_OF(expression_members, struct in_expression);

/* ---- checking ---- */

struct checker {
    enum search_resource resource;
    size_t conditions; /* so far */
    struct err *err;
};

/* Lists are built in the request's arena, which the caller owns: they may be filled in. */
static void *items_of(const struct shape_list *list)
{
    union {
        const void *read;
        void *write;
    } items = {.read = list->items};

    return items.write;
}

static enum code conditions_count(struct checker *checker, size_t count)
{
    checker->conditions += count;
    if (checker->conditions <= LIMIT_SEARCH_CONDITIONS)
        return OK;
    return err_set(checker->err, ERR_INVALID,
                   "Validation Error: SearchExpression has more than %d Filters, NestedFilters and "
                   "SubExpressions in all.",
                   LIMIT_SEARCH_CONDITIONS);
}

/* `YYYY-mm-ddTHH:MM:SS`, with or without fraction and Z; or seconds since 1970. */
static bool time_read(struct str text, int64_t *ret)
{
    char with_zone[40];
    struct instant instant;

    if (text.len + 1 > sizeof(with_zone))
        return false;
    memcpy(with_zone, text.ptr, text.len);
    with_zone[text.len] = 'Z';
    struct str iso = str_ends(text, STR("Z")) ? text : (struct str){with_zone, text.len + 1};
    if (instant_parse_iso(iso, &instant, NULL) != OK &&
        instant_parse_decimal(text, &instant, NULL) != OK)
        return false;
    *ret = instant_to_us(instant);
    return true;
}

static bool number_read(const struct search_property *property, struct str text, int64_t *ret)
{
    if (property->kind == PROPERTY_TIME)
        return time_read(text, ret);
    return str_to_i64(text, ret, NULL) == OK;
}

static enum code operator_check(const struct in_filter *filter, struct err *err)
{
    bool is_ordered = filter->op >= SEARCH_GREATER && filter->op <= SEARCH_LESS_EQUAL;
    bool is_text = filter->op == SEARCH_CONTAINS || filter->op == SEARCH_IN;
    bool is_existence = filter->op == SEARCH_EXISTS || filter->op == SEARCH_NOT_EXISTS;
    struct str name = text_shown(filter->name);

    if (is_existence)
        return OK;
    if (str_is_absent(filter->value))
        return err_set(
            err, ERR_INVALID,
            "Validation Error: the filter on '%.*s' has Operator %s, which needs a Value.",
            STR_ARG(name), operators[filter->op]);
    if ((is_ordered && filter->property->kind == PROPERTY_TEXT) ||
        (is_text && filter->property->kind != PROPERTY_TEXT))
        return err_set(err, ERR_INVALID,
                       "Validation Error: Operator %s is not supported for the %s property '%.*s'.",
                       operators[filter->op],
                       filter->property->kind == PROPERTY_TEXT ? "text" : "numerical",
                       STR_ARG(name));
    return OK;
}

static enum code filter_check(struct checker *checker, struct in_filter *filter)
{
    struct str name = text_shown(filter->name);
    struct str value = text_shown(filter->value);
    size_t op = str_is_absent(filter->operator_name)
                    ? SEARCH_EQUALS
                    : shape_value_index(operators, filter->operator_name);

    filter->op = (enum search_operator)op;
    filter->property = search_property_find(checker->resource, filter->name, &filter->key);
    if (filter->property == NULL)
        return err_set(checker->err, ERR_INVALID,
                       "Validation Error: Name '%.*s' is not a property that can be searched.",
                       STR_ARG(name));
    TRY(operator_check(filter, checker->err));
    if (filter->property->kind == PROPERTY_TEXT || str_is_absent(filter->value))
        return OK;
    if (number_read(filter->property, filter->value, &filter->number))
        return OK;
    return err_set(checker->err, ERR_INVALID,
                   "Validation Error: Value '%.*s' of the filter on '%.*s' must be %s.",
                   STR_ARG(value), STR_ARG(name),
                   filter->property->kind == PROPERTY_TIME
                       ? "a time of the form YYYY-mm-ddTHH:MM:SS"
                       : "an integer");
}

static enum code filters_check(struct checker *checker, const struct shape_list *list)
{
    struct in_filter *filters = items_of(list);

    TRY(conditions_count(checker, list->count));
    for (size_t i = 0; i < list->count; i++)
        TRY(filter_check(checker, &filters[i]));
    return OK;
}

/* The one list of objects that can be searched as such is a group's definitions. */
static enum code nested_check(struct checker *checker, const struct in_nested *nested)
{
    const struct in_filter *filters = nested->filters.items;
    struct str name = text_shown(nested->name);

    if (checker->resource != SEARCH_GROUPS || !str_equal(nested->name, STR("FeatureDefinitions")))
        return err_set(checker->err, ERR_INVALID,
                       "Validation Error: NestedPropertyName '%.*s' is not a property that can be "
                       "searched.",
                       STR_ARG(name));
    TRY(filters_check(checker, &nested->filters));
    for (size_t i = 0; i < nested->filters.count; i++) {
        struct str inner = text_shown(filters[i].name);
        if (!str_starts(filters[i].name, STR("FeatureDefinitions.")))
            return err_set(checker->err, ERR_INVALID,
                           "Validation Error: Name '%.*s' is not a property of FeatureDefinitions.",
                           STR_ARG(inner));
    }
    return OK;
}

/* Recursion is bounded by the depth that the JSON reader allows. */
static enum code expression_check(struct checker *checker, struct in_expression *expression)
{
    const struct in_nested *nested = expression->nested.items;
    struct in_expression *subexpressions = items_of(&expression->subexpressions);

    TRY(filters_check(checker, &expression->filters));
    TRY(conditions_count(checker, expression->nested.count + expression->subexpressions.count));
    for (size_t i = 0; i < expression->nested.count; i++)
        TRY(nested_check(checker, &nested[i]));
    for (size_t i = 0; i < expression->subexpressions.count; i++)
        TRY(expression_check(checker, &subexpressions[i]));
    return OK;
}

enum code search_check(struct in_expression *expression, enum search_resource resource,
                       struct err *err)
{
    struct checker checker = {resource, 0, err};

    TRY(expression_check(&checker, expression));
    if (checker.conditions == 0)
        return err_set(err, ERR_INVALID,
                       "Validation Error: SearchExpression must have at least one of Filters, "
                       "NestedFilters and SubExpressions.");
    return OK;
}

/* ---- matching ---- */

static bool is_in(struct str list, struct str text)
{
    struct str rest = list;

    while (rest.len > 0) {
        if (str_equal(str_trim(str_cut(&rest, ',')), text))
            return true;
    }
    return false;
}

static bool value_holds(const struct in_filter *filter, const struct property_value *value)
{
    bool is_text = filter->property->kind == PROPERTY_TEXT;
    bool is_equal =
        is_text ? str_equal(value->text, filter->value) : value->number == filter->number;

    switch (filter->op) {
    case SEARCH_EQUALS:
    case SEARCH_NOT_EQUALS:
        return is_equal;
    case SEARCH_GREATER:
        return value->number > filter->number;
    case SEARCH_GREATER_EQUAL:
        return value->number >= filter->number;
    case SEARCH_LESS:
        return value->number < filter->number;
    case SEARCH_LESS_EQUAL:
        return value->number <= filter->number;
    case SEARCH_CONTAINS:
        return str_contains(value->text, filter->value);
    case SEARCH_EXISTS:
    case SEARCH_NOT_EXISTS:
        return true;
    case SEARCH_IN:
        return is_in(filter->value, value->text);
    }
    return false;
}

/* The two negations hold when no value does what they deny, also when there is no value. */
static bool filter_holds(const struct in_filter *filter, const struct search_subject *subject)
{
    bool is_negation = filter->op == SEARCH_NOT_EQUALS || filter->op == SEARCH_NOT_EXISTS;
    struct property_value value = {0};

    for (size_t at = 0; filter->property->get(subject, filter->key, at, &value); at++) {
        if (value_holds(filter, &value))
            return !is_negation;
    }
    return is_negation;
}

/* All filters hold for one and the same definition. */
static bool nested_holds(const struct in_nested *nested, const struct search_subject *subject)
{
    const struct in_filter *filters = nested->filters.items;

    for (uint32_t at = 0; at < subject->group->feature_count; at++) {
        size_t held = 0;
        for (; held < nested->filters.count; held++) {
            const struct in_filter *filter = &filters[held];
            struct property_value value = {0};
            bool is_negation = filter->op == SEARCH_NOT_EQUALS || filter->op == SEARCH_NOT_EXISTS;
            if (!filter->property->get(subject, filter->key, at, &value) ||
                value_holds(filter, &value) == is_negation)
                break;
        }
        if (held == nested->filters.count)
            return true;
    }
    return false;
}

bool search_matches(const struct in_expression *expression, const struct search_subject *subject)
{
    bool is_or = str_equal(expression->operator_name, STR("Or"));
    const struct in_filter *filters = expression->filters.items;
    const struct in_nested *nested = expression->nested.items;
    const struct in_expression *subexpressions = expression->subexpressions.items;

    for (size_t i = 0; i < expression->filters.count; i++) {
        if (filter_holds(&filters[i], subject) == is_or)
            return is_or;
    }
    for (size_t i = 0; i < expression->nested.count; i++) {
        if (nested_holds(&nested[i], subject) == is_or)
            return is_or;
    }
    for (size_t i = 0; i < expression->subexpressions.count; i++) {
        if (search_matches(&subexpressions[i], subject) == is_or)
            return is_or;
    }
    return !is_or;
}

/* ---- sorting ---- */

enum code search_sort_find(enum search_resource resource, struct str name, struct search_sort *ret,
                           struct err *err)
{
    struct str shown = text_shown(name);
    struct str key = STR_ABSENT;
    const struct search_property *property = search_property_find(resource, name, &key);

    if (property == NULL)
        return err_set(err, ERR_INVALID,
                       "Validation Error: SortBy '%.*s' is not a property that can be sorted by.",
                       STR_ARG(shown));
    *ret = (struct search_sort){property, key};
    return OK;
}

void search_sort_value(const struct search_sort *sort, const struct search_subject *subject,
                       int64_t *ret_number, struct str *ret_text)
{
    struct property_value value = {0};

    /* What has no value stands before all that have one. */
    bool is_there = sort->property->get(subject, sort->key, 0, &value);
    *ret_number = is_there ? value.number : INT64_MIN;
    *ret_text = value.text;
}
