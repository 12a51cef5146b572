/* The declared states of a flush: which may follow which, and no others. */
#include "unit/test.h"

#include "core/str.h"
#include "offline/flush_state.h"

static void the_protocol_is_a_path(void **state)
{
    (void)state;
    static const enum flush_state path[] = {FLUSH_CUT,    FLUSH_WRITE, FLUSH_WRITE, FLUSH_SYNC,
                                            FLUSH_COMMIT, FLUSH_CLOSE, FLUSH_IDLE};
    enum flush_state at = FLUSH_IDLE;

    for (size_t i = 0; i < ARRAY_COUNT(path); i++) {
        flush_state_move(&at, path[i]);
        assert_int_equal(at, path[i]);
    }
}

static void nothing_skips_a_step(void **state)
{
    (void)state;
    assert_false(flush_state_may_follow(FLUSH_IDLE, FLUSH_SYNC));
    assert_false(flush_state_may_follow(FLUSH_IDLE, FLUSH_COMMIT));
    assert_false(flush_state_may_follow(FLUSH_CUT, FLUSH_SYNC));
    assert_false(flush_state_may_follow(FLUSH_CUT, FLUSH_COMMIT));
    assert_false(flush_state_may_follow(FLUSH_WRITE, FLUSH_COMMIT));
    assert_false(flush_state_may_follow(FLUSH_WRITE, FLUSH_CLOSE));
    assert_false(flush_state_may_follow(FLUSH_SYNC, FLUSH_CLOSE));
    assert_false(flush_state_may_follow(FLUSH_SYNC, FLUSH_WRITE));
    assert_false(flush_state_may_follow(FLUSH_COMMIT, FLUSH_SYNC));
    assert_false(flush_state_may_follow(FLUSH_CLOSE, FLUSH_WRITE));
    assert_false(flush_state_may_follow(FLUSH_IDLE, FLUSH_CLOSE));
}

static void every_state_may_be_given_up(void **state)
{
    (void)state;
    for (int i = 0; i < FLUSH_STATES; i++) {
        assert_true(flush_state_may_follow((enum flush_state)i, FLUSH_IDLE));
        assert_true(str_from(flush_state_name((enum flush_state)i)).len > 0);
    }
}

static void two_ways_are_shorter(void **state)
{
    (void)state;
    assert_true(flush_state_may_follow(FLUSH_IDLE, FLUSH_WRITE)); /* a redone cut */
    assert_true(flush_state_may_follow(FLUSH_CUT, FLUSH_CLOSE));  /* a range without rows */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_protocol_is_a_path),
        cmocka_unit_test(nothing_skips_a_step),
        cmocka_unit_test(every_state_may_be_given_up),
        cmocka_unit_test(two_ways_are_shorter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
