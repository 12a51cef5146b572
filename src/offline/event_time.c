#include "offline/event_time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIGITS_MAX = 9, NANOSECONDS = 1000000000 };

/* Integers up to here are doubles without rounding. */
#define EXACT_MAX 9007199254740992.0

static struct instant scaled_instant(int64_t scaled, int64_t power)
{
    int64_t seconds = scaled / power;
    int64_t rest = scaled % power;

    if (rest < 0) {
        seconds--;
        rest += power;
    }
    return (struct instant){seconds, (uint32_t)(rest * (NANOSECONDS / power))};
}

enum code event_time_of_double(double seconds, struct instant *ret, struct err *err)
{
    int64_t power = 1;

    /* Also refuses what is no number and what lies outside the years. */
    TRY(instant_from_double(seconds, ret, err));
    for (unsigned digits = 0; digits <= DIGITS_MAX; digits++, power *= 10) {
        double scaled = nearbyint(seconds * (double)power);
        if (fabs(scaled) > EXACT_MAX)
            break;
        /* Both are exact, so this is the double nearest to the decimal scaled / power. */
        if (scaled / (double)power == seconds) {
            *ret = scaled_instant((int64_t)scaled, power);
            break;
        }
    }
    return OK;
}

double event_time_to_double(struct instant instant)
{
    char text[48];
    bool is_negative = instant.seconds < 0;
    int64_t seconds = instant.seconds;
    uint32_t nanoseconds = instant.nanoseconds;

    /* As sign and magnitude: -0.25 s is stored as -1 s and 750,000,000 ns. */
    if (is_negative) {
        seconds = -seconds;
        if (nanoseconds > 0) {
            seconds--;
            nanoseconds = NANOSECONDS - nanoseconds;
        }
    }
    (void)snprintf(text, sizeof(text), "%s%jd.%09u", is_negative ? "-" : "", (intmax_t)seconds,
                   nanoseconds);
    return strtod(text, NULL);
}
