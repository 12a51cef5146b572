/* Threads: they run, carry their name, and no signal is delivered to them. */
#include "unit/test.h"

#include "os/thread.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

struct seen {
    char name[16];
    sigset_t blocked;
    bool is_run;
};

static void look(void *context)
{
    struct seen *seen = context;

    (void)pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    (void)pthread_sigmask(SIG_BLOCK, NULL, &seen->blocked);
    seen->is_run = true;
}

static void runs_with_its_name_and_without_signals(void **state)
{
    struct os_thread *thread;
    struct seen seen = {0};
    struct err err;
    sigset_t before;
    sigset_t after;

    (void)state;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(os_thread_start("exactly-15-byte", look, &seen, &thread, &err), OK);
    os_thread_join(thread);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_true(seen.is_run);
    assert_string_equal(seen.name, "exactly-15-byte");
    assert_int_equal(sigismember(&seen.blocked, SIGTERM), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGCHLD), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGSEGV), 0);
    for (int number = 1; number < 32; number++)
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
    os_thread_join(NULL);
}

static void many_at_once(void **state)
{
    struct os_thread *threads[32];
    struct seen seen[32] = {0};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        assert_int_equal(os_thread_start("many", look, &seen[i], &threads[i], &err), OK);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        os_thread_join(threads[i]);
        assert_true(seen[i].is_run);
    }
}

static void processors(void **state)
{
    (void)state;
    assert_true(os_processors() >= 1);
    assert_true(os_processors() <= 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_with_its_name_and_without_signals),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(processors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
