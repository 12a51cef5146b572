/* Kill points: where they are compiled in, the nth passage of the chosen name is the last thing. */
#include "unit/test.h"

#include "core/kill_point.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSAGES = 5 };

/* The exit code of a child that passes "b" five times, or 100 when it was killed. */
static int passages_survived(const char *choice)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)setenv("ASOF_KILL_POINT", choice, 1);
        for (int i = 0; i < PASSAGES; i++) {
            kill_point("a");
            kill_point("b");
        }
        _exit(PASSAGES);
    }
    assert_true(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return 100;
    }
    return WEXITSTATUS(status);
}

static void the_chosen_passage_kills(void **state)
{
    (void)state;
#ifdef ASOF_KILL_POINTS
    assert_int_equal(passages_survived("b:1"), 100);
    assert_int_equal(passages_survived("b:5"), 100);
#else
    assert_int_equal(passages_survived("b:1"), PASSAGES);
#endif
}

static void nothing_else_kills(void **state)
{
    (void)state;
    static const char *const choices[] = {"b:6", "b:0", "b:x", "b", "", ":1", "c:1", "b:-1"};

    for (size_t i = 0; i < ARRAY_COUNT(choices); i++)
        assert_int_equal(passages_survived(choices[i]), PASSAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chosen_passage_kills),
        cmocka_unit_test(nothing_else_kills),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
