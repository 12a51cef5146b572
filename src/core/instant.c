/*
 * Calendar arithmetic counts days from 0000-03-01, so that the leap day is the last of its year and
 * every 400 years (146,097 days) are alike.
 */
#include "core/instant.h"

#include <math.h>

enum {
    DAYS_PER_ERA = 146097, /* 400 years */
    DAYS_0000_03_01_TO_1970 = 719468,
    SECONDS_PER_DAY = 86400,
    SECONDS_DIGITS_MAX = 12,   /* of INSTANT_SECONDS_MAX */
    EXPONENT_MAX = 1000000000, /* beyond any text's length: larger ones are cut to it */
};

static const int64_t NANOSECONDS = 1000000000;

static int64_t floor_div(int64_t a, int64_t b)
{
    assert(b > 0);
    return a / b - (a % b < 0);
}

int instant_compare(struct instant a, struct instant b)
{
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;
    if (a.nanoseconds != b.nanoseconds)
        return a.nanoseconds < b.nanoseconds ? -1 : 1;
    return 0;
}

int64_t civil_seconds(struct civil civil)
{
    int64_t year = civil.month <= 2 ? civil.year - 1 : civil.year;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (civil.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + civil.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * DAYS_PER_ERA + day_of_era - DAYS_0000_03_01_TO_1970;
    int64_t minutes = (int64_t)civil.hour * 60 + civil.minute;

    return days * SECONDS_PER_DAY + minutes * 60 + civil.second;
}

struct civil instant_civil(struct instant instant)
{
    int64_t days = floor_div(instant.seconds, SECONDS_PER_DAY);
    int second = (int)(instant.seconds - days * SECONDS_PER_DAY);
    int64_t shifted = days + DAYS_0000_03_01_TO_1970;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);

    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
    };
}

static int days_in_month(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29 : days[month - 1];
}

/* Whether the text begins with digits and signs as in yyyy-MM-ddTHH:mm:ss. */
static bool has_civil_form(struct str text)
{
    static const char form[] = "0000-00-00T00:00:00";

    if (text.len < sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        bool is_digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        if (form[i] == '0' ? !is_digit : text.ptr[i] != form[i])
            return false;
    }
    return true;
}

static int digits_at(struct str text, size_t at, size_t count)
{
    int value = 0;

    for (size_t i = at; i < at + count; i++)
        value = value * 10 + (text.ptr[i] - '0');
    return value;
}

/* `text` begins behind the seconds: "Z" or "." digits "Z". */
static bool take_fraction(struct str text, uint32_t *ret)
{
    uint32_t value = 0;

    if (text.len == 1 && text.ptr[0] == 'Z') {
        *ret = 0;
        return true;
    }
    if (text.len < 3 || text.len > 11 || text.ptr[0] != '.' || text.ptr[text.len - 1] != 'Z')
        return false;
    for (size_t i = 1; i <= 9; i++) {
        int byte = i < text.len - 1 ? text.ptr[i] : '0';
        if (byte < '0' || byte > '9')
            return false;
        value = value * 10 + (uint32_t)(byte - '0');
    }
    *ret = value;
    return true;
}

enum code instant_parse_iso(struct str text, struct instant *ret, struct err *err)
{
    uint32_t nanoseconds = 0;
    struct str shown = {text.ptr, size_min(text.len, 48)};

    if (!has_civil_form(text) || !take_fraction(str_slice(text, 19, text.len), &nanoseconds))
        return err_set(err, ERR_INVALID,
                       "expected yyyy-MM-ddTHH:mm:ssZ, with up to 9 digits of a second if need be, "
                       "found '%.*s'",
                       STR_ARG(shown));
    struct civil civil = {digits_at(text, 0, 4),  digits_at(text, 5, 2),  digits_at(text, 8, 2),
                          digits_at(text, 11, 2), digits_at(text, 14, 2), digits_at(text, 17, 2)};
    if (civil.month < 1 || civil.month > 12)
        return err_set(err, ERR_INVALID, "'%.*s' has no month %02d", STR_ARG(shown), civil.month);
    if (civil.day < 1 || civil.day > days_in_month(civil.year, civil.month))
        return err_set(err, ERR_INVALID, "'%.*s' has no day %02d in its month", STR_ARG(shown),
                       civil.day);
    if (civil.hour > 23 || civil.minute > 59 || civil.second > 59)
        return err_set(err, ERR_INVALID, "'%.*s' is not a time of day", STR_ARG(shown));
    *ret = (struct instant){civil_seconds(civil), nanoseconds};
    return OK;
}

/* A decimal number cut in its parts: [sign] whole [. fraction] [e exponent]. */
struct decimal {
    bool is_negative;
    struct str whole;
    struct str fraction;
    int64_t exponent;
};

static struct str take_run(struct str *rest)
{
    size_t count = 0;

    while (count < rest->len && rest->ptr[count] >= '0' && rest->ptr[count] <= '9')
        count++;
    struct str run = str_slice(*rest, 0, count);
    *rest = str_slice(*rest, count, rest->len);
    return run;
}

static bool take_byte(struct str *rest, char byte)
{
    if (rest->len == 0 || rest->ptr[0] != byte)
        return false;
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

static bool decimal_split(struct str text, struct decimal *ret)
{
    struct str rest = text;
    struct decimal decimal = {0};

    decimal.is_negative = take_byte(&rest, '-');
    if (!decimal.is_negative)
        (void)take_byte(&rest, '+');
    decimal.whole = take_run(&rest);
    if (decimal.whole.len == 0)
        return false;
    if (take_byte(&rest, '.')) {
        decimal.fraction = take_run(&rest);
        if (decimal.fraction.len == 0)
            return false;
    }
    if (take_byte(&rest, 'e') || take_byte(&rest, 'E')) {
        bool is_negative = take_byte(&rest, '-');
        if (!is_negative)
            (void)take_byte(&rest, '+');
        struct str digits = take_run(&rest);
        if (digits.len == 0)
            return false;
        for (size_t i = 0; i < digits.len && decimal.exponent < EXPONENT_MAX; i++)
            decimal.exponent = decimal.exponent * 10 + (digits.ptr[i] - '0');
        decimal.exponent = is_negative ? -decimal.exponent : decimal.exponent;
    }
    *ret = decimal;
    return rest.len == 0;
}

static int digit_at(const struct decimal *decimal, int64_t at)
{
    size_t index = (size_t)at;

    if (index < decimal->whole.len)
        return decimal->whole.ptr[index] - '0';
    return decimal->fraction.ptr[index - decimal->whole.len] - '0';
}

/* Magnitude in seconds, nanoseconds and whether anything is left below; false when too large. */
static bool decimal_magnitude(const struct decimal *decimal, int64_t *ret_seconds,
                              int64_t *ret_nanoseconds, bool *ret_is_inexact)
{
    int64_t count = (int64_t)(decimal->whole.len + decimal->fraction.len);
    int64_t point = (int64_t)decimal->whole.len + decimal->exponent; /* digits before the point */
    int64_t first = 0;
    int64_t seconds = 0;
    int64_t nanoseconds = 0;

    while (first < count && digit_at(decimal, first) == 0)
        first++;
    *ret_is_inexact = false;
    *ret_seconds = 0;
    *ret_nanoseconds = 0;
    if (first == count)
        return true;
    if (point - first > SECONDS_DIGITS_MAX)
        return false;
    for (int64_t i = first; i < point; i++)
        seconds = seconds * 10 + (i < count ? digit_at(decimal, i) : 0);
    for (int64_t i = point; i < point + 9; i++)
        nanoseconds = nanoseconds * 10 + (i >= first && i < count ? digit_at(decimal, i) : 0);
    for (int64_t i = point + 9 > first ? point + 9 : first; i < count && !*ret_is_inexact; i++)
        *ret_is_inexact = digit_at(decimal, i) != 0;
    *ret_seconds = seconds;
    *ret_nanoseconds = nanoseconds;
    return true;
}

static enum code check_range(int64_t seconds, struct err *err)
{
    if (seconds < INSTANT_SECONDS_MIN || seconds > INSTANT_SECONDS_MAX)
        return err_set(err, ERR_INVALID, "expected a time within the years 0000 to 9999");
    return OK;
}

enum code instant_parse_decimal(struct str text, struct instant *ret, struct err *err)
{
    struct decimal decimal;
    struct str shown = {text.ptr, size_min(text.len, 48)};
    int64_t seconds;
    int64_t nanoseconds;
    bool is_inexact;

    if (!decimal_split(text, &decimal))
        return err_set(err, ERR_INVALID, "expected decimal seconds since 1970, found '%.*s'",
                       STR_ARG(shown));
    if (!decimal_magnitude(&decimal, &seconds, &nanoseconds, &is_inexact))
        return err_set(err, ERR_INVALID, "'%.*s' seconds lie outside the years 0000 to 9999",
                       STR_ARG(shown));
    if (decimal.is_negative) {
        /* Floor: what lies below a nanosecond makes a negative number smaller. */
        nanoseconds += is_inexact;
        seconds = -seconds - (nanoseconds + NANOSECONDS - 1) / NANOSECONDS;
        nanoseconds = (2 * NANOSECONDS - nanoseconds) % NANOSECONDS;
    }
    if (check_range(seconds, NULL) != OK)
        return err_set(err, ERR_INVALID, "'%.*s' seconds lie outside the years 0000 to 9999",
                       STR_ARG(shown));
    *ret = (struct instant){seconds, (uint32_t)nanoseconds};
    return OK;
}

__extension__ typedef __int128 int128;

enum code instant_from_double(double seconds, struct instant *ret, struct err *err)
{
    int exponent;

    if (!isfinite(seconds) || seconds < (double)INSTANT_SECONDS_MIN ||
        seconds >= (double)INSTANT_SECONDS_MAX + 1.0)
        return err_set(err, ERR_INVALID, "expected a time within the years 0000 to 9999");
    /* seconds = mantissa * 2^exponent exactly; the shift to the right is a floor. */
    int64_t mantissa = (int64_t)ldexp(frexp(seconds, &exponent), 53);
    int shift = 53 - exponent;
    int128 total = (int128)mantissa * NANOSECONDS;
    assert(shift > 0);
    total = shift > 120 ? (total < 0 ? -1 : 0) : total >> shift;
    int64_t whole = (int64_t)(total / NANOSECONDS) - (total % NANOSECONDS < 0);
    *ret = (struct instant){whole, (uint32_t)(total - (int128)whole * NANOSECONDS)};
    return check_range(whole, err);
}

static char *put_digits(char *to, unsigned value, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        to[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + count;
}

static char *put_two(char *to, int value, char behind)
{
    to = put_digits(to, (unsigned)value, 2);
    *to = behind;
    return to + 1;
}

void instant_add_iso(struct buf *buf, struct instant instant)
{
    char text[32];
    struct civil civil = instant_civil(instant);
    unsigned nanoseconds = instant.nanoseconds;
    char *end;

    assert(civil.year >= 0 && civil.year <= 9999 && nanoseconds < NANOSECONDS);
    end = put_digits(text, (unsigned)civil.year, 4);
    *end++ = '-';
    end = put_two(end, civil.month, '-');
    end = put_two(end, civil.day, 'T');
    end = put_two(end, civil.hour, ':');
    end = put_two(end, civil.minute, ':');
    end = put_digits(end, (unsigned)civil.second, 2);
    if (nanoseconds != 0) {
        unsigned unit = nanoseconds % 1000 != 0 ? 1 : nanoseconds % 1000000 != 0 ? 1000 : 1000000;
        *end++ = '.';
        end = put_digits(end, nanoseconds / unit, unit == 1 ? 9 : unit == 1000 ? 6 : 3);
    }
    *end++ = 'Z';
    buf_add(buf, (struct str){text, (size_t)(end - text)});
}

struct instant instant_plus_seconds(struct instant instant, int64_t seconds)
{
    int64_t sum;

    if (__builtin_add_overflow(instant.seconds, seconds, &sum))
        sum = seconds > 0 ? INT64_MAX : INT64_MIN;
    if (sum > INSTANT_SECONDS_MAX)
        return (struct instant){INSTANT_SECONDS_MAX, (uint32_t)(NANOSECONDS - 1)};
    if (sum < INSTANT_SECONDS_MIN)
        return (struct instant){INSTANT_SECONDS_MIN, 0};
    return (struct instant){sum, instant.nanoseconds};
}

struct instant instant_from_us(int64_t us)
{
    int64_t seconds = floor_div(us, 1000000);

    return (struct instant){seconds, (uint32_t)(us - seconds * 1000000) * 1000};
}

int64_t instant_to_us(struct instant instant)
{
    return instant.seconds * 1000000 + instant.nanoseconds / 1000;
}
