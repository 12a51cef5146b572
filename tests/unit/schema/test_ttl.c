#include "unit/test.h"

#include "schema/ttl.h"

#include <string.h>

static enum code read_text(const char *text, struct ttl *ret, struct err *err)
{
    struct arena arena = {0};
    struct json json;

    json_init(&json, str_from(text), &arena, err);
    enum code code = ttl_read(&json, ret, err);
    arena_release(&arena);
    return code;
}

static void units(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t seconds;
    } cases[] = {
        {"Seconds", 1}, {"Minutes", 60}, {"Hours", 3600}, {"Days", 86400}, {"Weeks", 604800}};
    struct ttl ttl;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(ttl_make(str_from(cases[i].name), 3, &ttl, NULL), OK);
        assert_true(str_equal(ttl.unit, str_from(cases[i].name)));
        assert_int_equal(ttl.value, 3);
        assert_int_equal(ttl.seconds, 3 * cases[i].seconds);
    }
}

static void refused(void **state)
{
    (void)state;
    struct ttl ttl = {.value = 99};
    struct err err;

    assert_int_equal(ttl_make(STR("Months"), 1, &ttl, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "'Months' at 'ttlDuration.unit'"));
    assert_int_equal(ttl_make(STR("days"), 1, &ttl, &err), ERR_INVALID);
    assert_int_equal(ttl_make(STR("Days"), 0, &ttl, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "ttlDuration.value"));
    assert_int_equal(ttl_make(STR("Days"), -1, &ttl, &err), ERR_INVALID);
    assert_int_equal(ttl_make(STR("Weeks"), INT64_MAX, &ttl, &err), ERR_INVALID);
    int64_t span = INSTANT_SECONDS_MAX - INSTANT_SECONDS_MIN;
    assert_int_equal(ttl_make(STR("Seconds"), span + 1, &ttl, &err), ERR_INVALID);
    assert_int_equal(ttl.value, 99); /* untouched */
    assert_int_equal(ttl_make(STR("Seconds"), span, &ttl, &err), OK);
}

static void texts(void **state)
{
    (void)state;
    struct ttl ttl;
    struct err err;

    assert_int_equal(read_text("{\"Unit\":\"Days\",\"Value\":30}", &ttl, &err), OK);
    assert_int_equal(ttl.seconds, 30 * 86400);
    assert_int_equal(read_text("{\"Value\": 2, \"x\": [1], \"Unit\": \"Weeks\"}", &ttl, &err), OK);
    assert_int_equal(read_text("{}", &ttl, &err), ERR_INVALID);
    assert_int_equal(read_text("{\"Unit\":\"Days\"}", &ttl, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "ttlDuration.value"));
    assert_int_equal(read_text("{\"Value\":1}", &ttl, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "ttlDuration.unit"));
    assert_int_equal(read_text("{\"Unit\":null,\"Value\":null}", &ttl, &err), ERR_INVALID);
    assert_int_equal(read_text("{\"Unit\":\"Days\",\"Value\":\"1\"}", &ttl, &err), ERR_INVALID);
    assert_int_equal(read_text("{\"Unit\":\"Days\",\"Value\":1.5}", &ttl, &err), ERR_INVALID);
    assert_int_equal(read_text("{\"Value\":1,\"Value\":1,\"Unit\":\"Days\"}", &ttl, &err),
                     ERR_INVALID);
    assert_int_equal(read_text("[]", &ttl, &err), ERR_INVALID);
}

static void expiry(void **state)
{
    (void)state;
    struct instant t = {1000, 500};

    assert_false(ttl_is_expired(t, 0, (struct instant){INSTANT_SECONDS_MAX, 0}));
    assert_false(ttl_is_expired(t, 30, (struct instant){1030, 499}));
    assert_true(ttl_is_expired(t, 30, (struct instant){1030, 500}));
    assert_true(ttl_is_expired(t, 30, (struct instant){1031, 0}));
    assert_true(
        ttl_is_expired((struct instant){INSTANT_SECONDS_MIN, 0}, 1, (struct instant){0, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units),
        cmocka_unit_test(refused),
        cmocka_unit_test(texts),
        cmocka_unit_test(expiry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
