#pragma once
/*
 * An instant: seconds since 1970 and nanoseconds, UTC, years 0000 to 9999 (design section 5). Event
 * times are compared as instants, never as texts. Arrival times are int64 microseconds since 1970.
 * Pure.
 */
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

struct instant {
    int64_t seconds;
    uint32_t nanoseconds; /* 0 to 999,999,999, counted forward from seconds also before 1970 */
};

#define INSTANT_SECONDS_MIN INT64_C(-62167219200) /* 0000-01-01T00:00:00Z */
#define INSTANT_SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct civil {
    int year, month, day, hour, minute, second;
};

/* Negative, zero or positive, as a is before, at or after b. */
int instant_compare(struct instant a, struct instant b);

/* `yyyy-MM-ddTHH:mm:ssZ` or with `.` and 1 to 9 digits before the Z (contract 2.1). Nothing else.
 */
NODISCARD enum code instant_parse_iso(struct str text, struct instant *ret, struct err *err);

/*
 * Decimal seconds since 1970 as a Fractional event time: optional sign, digits, optional fraction,
 * optional exponent; exact to the nanosecond from the text, digits below a nanosecond are cut
 * toward the past (floor). Refused outside years 0000 to 9999.
 */
NODISCARD enum code instant_parse_decimal(struct str text, struct instant *ret, struct err *err);

/* The instant that a double of seconds stands for (exact value, floor to the nanosecond). */
NODISCARD enum code instant_from_double(double seconds, struct instant *ret, struct err *err);

/* Without a fraction when nanoseconds are 0, else with 3, 6 or 9 digits. */
void instant_add_iso(struct buf *buf, struct instant instant);

struct civil instant_civil(struct instant instant);

/* Seconds since 1970 of a civil time (proleptic Gregorian); the fields are in their ranges. */
int64_t civil_seconds(struct civil civil);

/* instant + seconds; *ret is INSTANT_SECONDS_MAX's end when that would pass year 9999. */
struct instant instant_plus_seconds(struct instant instant, int64_t seconds);

struct instant instant_from_us(int64_t us);
int64_t instant_to_us(struct instant instant); /* floor */
