#include "schema/record.h"

#include "config/limits.h"
#include "schema/names.h"

/* The shapes of the two families of clients; anything else is read member by member. */
static const struct json_pair shapes[] = {
    {{"{\"FeatureName\":\"", 16}, {"\",\"ValueAsString\":\"", 19}},
    {{"{\"FeatureName\": \"", 17}, {"\", \"ValueAsString\": \"", 21}},
};

struct item {
    struct str name;
    struct str value;
};

enum { MEMBER_NAME, MEMBER_VALUE, MEMBER_LIST };
static const char *const item_members[] = {"FeatureName", "ValueAsString", "ValueAsStringList"};

static enum code item_member_read(struct json *json, struct str key, uint64_t *seen,
                                  struct item *item, bool *has_list)
{
    size_t member;

    TRY(json_field(json, key, item_members, ARRAY_COUNT(item_members), seen, &member));
    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    if (member == MEMBER_NAME)
        return json_string(json, &item->name);
    if (member == MEMBER_VALUE)
        return json_string(json, &item->value);
    *has_list |= member == MEMBER_LIST;
    return json_skip(json, NULL);
}

static enum code item_read(struct json *json, struct item *ret, struct err *err)
{
    struct item item = {0};
    struct str key;
    bool has_list = false;
    uint64_t seen = 0;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(item_member_read(json, key, &seen, &item, &has_list));
    TRY(json_status(json));
    if (str_is_absent(item.name))
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value at 'record.member.featureName' failed "
                       "to satisfy constraint: Member must not be null");
    struct str shown = text_shown(item.name);
    if (has_list)
        return err_set(err, ERR_INVALID,
                       "feature '%.*s' is no collection: expected ValueAsString, found "
                       "ValueAsStringList",
                       STR_ARG(shown));
    if (str_is_absent(item.value))
        return err_set(err, ERR_INVALID, "feature '%.*s': expected ValueAsString, found no value",
                       STR_ARG(shown));
    *ret = item;
    return OK;
}

/* Takes the item in one go when it has the shape of those before it, or a shape at all. */
static enum code item_next(struct json *json, size_t *shape, struct item *ret, struct err *err)
{
    if (json_text_pair(json, &shapes[*shape], &ret->name, &ret->value))
        return OK;
    *shape = 1 - *shape;
    if (json_text_pair(json, &shapes[*shape], &ret->name, &ret->value))
        return OK;
    return item_read(json, ret, err);
}

static enum code unknown_feature(const struct group *group, struct str name, struct err *err)
{
    struct str shown = text_shown(name);

    if (name_is_reserved(name))
        return err_set(err, ERR_INVALID, "feature name '%.*s' is reserved", STR_ARG(shown));
    return err_set(err, ERR_INVALID, "feature group '%.*s' has no feature '%.*s'",
                   STR_ARG(group->name), STR_ARG(shown));
}

static enum code item_add(struct record *record, const struct item *item, uint32_t *hint,
                          struct err *err)
{
    const struct feature *feature = group_feature_near(record->group, item->name, *hint);

    if (feature == NULL)
        return unknown_feature(record->group, item->name, err);
    if (!str_is_absent(record->values[feature->index]))
        return err_set(err, ERR_INVALID, "feature '%.*s' stands twice in the record",
                       STR_ARG(feature->name));
    if (item->value.len > LIMIT_VALUE_CHARACTERS &&
        str_code_points(item->value) > LIMIT_VALUE_CHARACTERS)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value of feature '%.*s' at "
                       "'record.member.valueAsString' failed to satisfy constraint: Member must "
                       "have length less than or equal to %d",
                       STR_ARG(feature->name), LIMIT_VALUE_CHARACTERS);
    record->values[feature->index] = item->value;
    record->present_count++;
    record->bytes += item->value.len;
    *hint = feature->index + 1;
    return OK;
}

enum code record_read(struct json *json, const struct group *group, struct record *ret,
                      struct err *err)
{
    struct record record = {.group = group};
    uint32_t hint = 0;
    size_t shape = 0;

    record.values = ARENA_NEW(json->arena, struct str, group->feature_count);
    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        struct item item;
        TRY(item_next(json, &shape, &item, err));
        TRY(item_add(&record, &item, &hint, err));
    }
    TRY(json_status(json));
    if (record.present_count == 0)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '[]' at 'record' failed to satisfy "
                       "constraint: Member must have length greater than or equal to 1 (Record, "
                       "Features of UpdateRecord)");
    record.identifier = record.values[group->identifier_index];
    *ret = record;
    return OK;
}

static enum code identifier_check(const struct record *record, bool is_partial, struct err *err)
{
    const struct group *group = record->group;
    struct str name = group->features[group->identifier_index].name;

    if (str_is_absent(record->identifier)) {
        if (is_partial)
            return OK;
        return err_set(err, ERR_INVALID,
                       "the record has no value for its record identifier feature '%.*s'",
                       STR_ARG(name));
    }
    if (record->identifier.len < 1 || record->identifier.len > LIMIT_IDENTIFIER_BYTES)
        return err_set(err, ERR_INVALID,
                       "record identifier feature '%.*s': expected 1 to %d bytes, found %zu",
                       STR_ARG(name), LIMIT_IDENTIFIER_BYTES, record->identifier.len);
    return OK;
}

enum code record_event_time(const struct group *group, struct str value, struct instant *ret,
                            struct err *err)
{
    const struct feature *feature = &group->features[group->event_time_index];
    struct err inner = {0};
    enum code code;

    if (feature->type == FEATURE_STRING) {
        code = instant_parse_iso(value, ret, &inner);
    } else {
        code = value_check(FEATURE_FRACTIONAL, value, &inner);
        if (code == OK)
            code = instant_parse_decimal(value, ret, &inner);
    }
    if (code != OK)
        return err_set(err, code, "event time feature '%.*s': %s", STR_ARG(feature->name),
                       inner.message);
    return OK;
}

static enum code event_time_check(struct record *record, bool is_partial, struct err *err)
{
    const struct group *group = record->group;
    struct str value = record->values[group->event_time_index];

    if (!str_is_absent(value)) {
        TRY(record_event_time(group, value, &record->event_time, err));
        record->has_event_time = true;
        return OK;
    }
    if (is_partial)
        return OK;
    return err_set(err, ERR_INVALID, "the record has no value for its event time feature '%.*s'",
                   STR_ARG(group->features[group->event_time_index].name));
}

static enum code values_check(const struct record *record, struct err *err)
{
    const struct group *group = record->group;
    struct err inner;

    for (uint32_t i = 0; i < group->feature_count; i++) {
        if (str_is_absent(record->values[i]))
            continue;
        if (value_check(group->features[i].type, record->values[i], &inner) != OK)
            return err_set(err, ERR_INVALID, "feature '%.*s': %s", STR_ARG(group->features[i].name),
                           inner.message);
    }
    return OK;
}

enum code record_check(struct record *record, bool is_partial, struct err *err)
{
    const struct group *group = record->group;

    if (group->status == GROUP_CREATE_FAILED)
        return err_set(err, ERR_INVALID,
                       "Validation Error: FeatureGroup %.*s takes no records: its "
                       "FeatureGroupStatus is CreateFailed.",
                       STR_ARG(group->name));
    TRY(identifier_check(record, is_partial, err));
    TRY(event_time_check(record, is_partial, err));
    TRY(values_check(record, err));
    size_t counted = record->bytes - record->values[group->identifier_index].len;
    if (group->event_time_index != group->identifier_index)
        counted -= record->values[group->event_time_index].len;
    if (counted > LIMIT_RECORD_BYTES)
        return err_set(err, ERR_INVALID,
                       "the record's values take %zu bytes; a record has at most %d", counted,
                       LIMIT_RECORD_BYTES);
    return OK;
}
