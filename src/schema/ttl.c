#include "schema/ttl.h"

#include "schema/names.h"

static const struct unit {
    struct str name;
    int64_t seconds;
} units[] = {
    {{"Seconds", 7}, 1},      {{"Minutes", 7}, 60},          {{"Hours", 5}, 3600},
    {{"Days", 4}, 24 * 3600}, {{"Weeks", 5}, 7 * 24 * 3600},
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

enum code ttl_read(struct json *json, struct ttl *ret, struct err *err)
{
    static const char *const members[] = {"Unit", "Value"};
    struct str unit = STR_ABSENT;
    struct str key;
    int64_t value = 0;
    bool has_value = false;
    uint64_t seen = 0;
    size_t member;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        TRY(json_field(json, key, members, ARRAY_COUNT(members), &seen, &member));
        if (json_peek(json) == JSON_NULL) {
            TRY(json_null(json));
        } else if (member == 0) {
            TRY(json_string(json, &unit));
        } else if (member == 1) {
            TRY(json_i64(json, &value));
            has_value = true;
        } else {
            TRY(json_skip(json, NULL));
        }
    }
    TRY(json_status(json));
    if (str_is_absent(unit) || !has_value)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value at 'ttlDuration.%s' failed to satisfy "
                       "constraint: Member must not be null",
                       has_value ? "unit" : "value");
    return ttl_make(unit, value, ret, err);
}

bool ttl_is_expired(struct instant event_time, int64_t ttl_seconds, struct instant now)
{
    if (ttl_seconds == 0)
        return false;
    return instant_compare(now, instant_plus_seconds(event_time, ttl_seconds)) >= 0;
}
