/* Event times: what is taken lies in the years 0000 to 9999 and reads back the same when printed.
 */
#include "core/instant.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct instant instant)
{
    struct instant again;
    struct buf buf;

    assert(instant.seconds >= INSTANT_SECONDS_MIN && instant.seconds <= INSTANT_SECONDS_MAX);
    assert(instant.nanoseconds < 1000000000);
    buf_init(&buf, 64);
    instant_add_iso(&buf, instant);
    enum code code = instant_parse_iso(buf_str(&buf), &again, NULL);
    assert(code == OK && instant_compare(instant, again) == 0);
    (void)code;
    buf_release(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of the exact size, so that a byte too far is seen. */
    char *copy = mem_new_array(size, 1);
    struct str text = {copy, size};
    struct instant instant;
    struct err err;
    double seconds;

    if (size > 0)
        memcpy(copy, data, size);
    if (instant_parse_iso(text, &instant, &err) == OK)
        check(instant);
    if (instant_parse_decimal(text, &instant, &err) == OK)
        check(instant);
    if (size == sizeof(seconds)) {
        memcpy(&seconds, data, sizeof(seconds));
        if (instant_from_double(seconds, &instant, &err) == OK)
            check(instant);
    }
    mem_free(copy);
    return 0;
}
