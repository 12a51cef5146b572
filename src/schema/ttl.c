#include "schema/ttl.h"

#include "schema/names.h"

static const struct unit {
    struct str name;
    int64_t seconds;
} units[] = {
    {{"Seconds", 7}, 1},  {{"Minutes", 7}, 60},   {{"Hours", 5}, 3600},
    {{"Days", 4}, 86400}, {{"Weeks", 5}, 604800},
};

/* No event time plus a longer span lies within the years that an instant can hold. */
#define SPAN_SECONDS_MAX (INSTANT_SECONDS_MAX - INSTANT_SECONDS_MIN)

enum code ttl_make(struct str unit, int64_t value, struct ttl *ret, struct err *err)
{
    if (value < 1)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '%lld' at 'ttlDuration.value' failed to "
                       "satisfy constraint: Member must have value greater than or equal to 1",
                       (long long)value);
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (!str_equal(units[i].name, unit))
            continue;
        if (value > SPAN_SECONDS_MAX / units[i].seconds)
            return err_set(err, ERR_INVALID,
                           "1 validation error detected: Value '%lld' at 'ttlDuration.value' "
                           "failed to satisfy constraint: expiry must not pass the end of year "
                           "9999",
                           (long long)value);
        *ret = (struct ttl){units[i].name, value, value * units[i].seconds};
        return OK;
    }
    struct str shown = text_shown(unit);
    return err_set(err, ERR_INVALID,
                   "1 validation error detected: Value '%.*s' at 'ttlDuration.unit' failed to "
                   "satisfy constraint: Member must satisfy enum value set: [Seconds, Minutes, "
                   "Hours, Days, Weeks]",
                   STR_ARG(shown));
}

struct read_ttl {
    struct str unit;
    int64_t value;
    bool has_value;
    uint64_t seen;
};

static enum code member_read(struct json *json, struct str key, struct read_ttl *ttl)
{
    static const char *const members[] = {"Unit", "Value"};
    size_t member;

    TRY(json_field(json, key, members, ARRAY_COUNT(members), &ttl->seen, &member));
    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    if (member == 0)
        return json_string(json, &ttl->unit);
    if (member != 1)
        return json_skip(json, NULL);
    ttl->has_value = true;
    return json_i64(json, &ttl->value);
}

enum code ttl_read(struct json *json, struct ttl *ret, struct err *err)
{
    struct read_ttl ttl = {0};
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(member_read(json, key, &ttl));
    TRY(json_status(json));
    if (str_is_absent(ttl.unit) || !ttl.has_value)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value at 'ttlDuration.%s' failed to satisfy "
                       "constraint: Member must not be null",
                       ttl.has_value ? "unit" : "value");
    return ttl_make(ttl.unit, ttl.value, ret, err);
}

bool ttl_is_expired(struct instant event_time, int64_t ttl_seconds, struct instant now)
{
    if (ttl_seconds == 0)
        return false;
    return instant_compare(now, instant_plus_seconds(event_time, ttl_seconds)) >= 0;
}
