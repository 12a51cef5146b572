/* Deadlines: never early, at most a tick late, moved for nothing when set later. */
#include "unit/test.h"

#include "net/wheel.h"

#include <string.h>

static struct wheel wheel;

static void comes_due_in_time(void **state)
{
    (void)state;
    static const int64_t dues[] = {1000, 1001, 1127, 1128, 5000, 64000, 66560, 70000, 700000};

    for (size_t i = 0; i < ARRAY_COUNT(dues); i++) {
        struct timer timer = {0};
        int64_t now = 1000;
        wheel_init(&wheel, now);
        wheel_set(&wheel, &timer, dues[i]);
        while (wheel_due(&wheel, now) == NULL)
            now += 7;
        assert_true(now >= dues[i]);
        assert_true(now <= dues[i] + 2 * WHEEL_TICK_MS);
        assert_null(timer.next);
        assert_int_equal(wheel.count, 0);
    }
}

static void later_is_not_relinked(void **state)
{
    (void)state;
    struct timer timer = {0};

    wheel_init(&wheel, 0);
    wheel_set(&wheel, &timer, 1000);
    int64_t looked_at = timer.looked_at_ms;
    wheel_set(&wheel, &timer, 50000);
    assert_int_equal(timer.looked_at_ms, looked_at);
    assert_null(wheel_due(&wheel, 49000));
    assert_ptr_equal(wheel_due(&wheel, 51000), &timer);
}

static void earlier_is_relinked(void **state)
{
    (void)state;
    struct timer timer = {0};

    wheel_init(&wheel, 0);
    wheel_set(&wheel, &timer, 50000);
    wheel_set(&wheel, &timer, 1000);
    assert_int_equal(wheel.count, 1);
    assert_ptr_equal(wheel_due(&wheel, 2000), &timer);
}

static void never_is_never(void **state)
{
    (void)state;
    struct timer timer = {0};

    wheel_init(&wheel, 0);
    wheel_set(&wheel, &timer, WHEEL_NEVER);
    assert_int_equal(wheel.count, 0);
    wheel_set(&wheel, &timer, 1000);
    wheel_set(&wheel, &timer, WHEEL_NEVER);
    assert_null(wheel_due(&wheel, 1000000));
    assert_int_equal(wheel.count, 0);
}

static void removed_is_gone(void **state)
{
    (void)state;
    struct timer timers[3] = {0};

    wheel_init(&wheel, 0);
    for (size_t i = 0; i < 3; i++)
        wheel_set(&wheel, &timers[i], 500);
    wheel_remove(&wheel, &timers[1]);
    wheel_remove(&wheel, &timers[1]); /* twice does no harm */
    assert_ptr_equal(wheel_due(&wheel, 1000), &timers[0]);
    assert_ptr_equal(wheel_due(&wheel, 1000), &timers[2]);
    assert_null(wheel_due(&wheel, 1000));
}

/* Against the plain definition, with a clock that walks and jumps. */
static void agrees_with_a_list(void **state)
{
    (void)state;
    enum { TIMERS = 200, STEPS = 20000 };
    static struct timer timers[TIMERS];
    static int64_t due[TIMERS];
    uint64_t random = 88172645463325252U;
    int64_t now = 12345;

    memset(timers, 0, sizeof(timers));
    wheel_init(&wheel, now);
    for (size_t i = 0; i < TIMERS; i++)
        due[i] = WHEEL_NEVER;
    for (size_t i = 0; i < STEPS; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t which = (size_t)(random % TIMERS);
        due[which] = now + (int64_t)(random >> 20 & 0x1ffff);
        wheel_set(&wheel, &timers[which], due[which]);
        now += (int64_t)(random >> 50 & 0x3f) * ((random & 0xff00) == 0 ? 5000 : 1);
        struct timer *timer;
        while ((timer = wheel_due(&wheel, now)) != NULL) {
            size_t found = (size_t)(timer - timers);
            assert_true(due[found] <= now);
            due[found] = WHEEL_NEVER;
        }
        for (size_t t = 0; t < TIMERS; t++)
            assert_true(due[t] == WHEEL_NEVER || due[t] + 2 * WHEEL_TICK_MS > now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_due_in_time),   cmocka_unit_test(later_is_not_relinked),
        cmocka_unit_test(earlier_is_relinked), cmocka_unit_test(never_is_never),
        cmocka_unit_test(removed_is_gone),     cmocka_unit_test(agrees_with_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
