/* Starting and ending workers. This program is its own worker: see main. */
#include "unit/test.h"

#include "core/arena.h"
#include "worker/message.h"
#include "worker/process.h"
#include "worker/worker_main.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- the worker's side ---- */

static void describe(struct buf *out, int argc, char **argv)
{
    sigset_t blocked;
    DIR *dir = opendir("/proc/self/fd");

    for (int i = 0; i < argc; i++)
        buf_add_format(out, "argument %s\n", argv[i]);
    for (char **entry = environ; *entry != NULL; entry++)
        buf_add_format(out, "environment %s\n", *entry);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) != dirfd(dir))
            buf_add_format(out, "descriptor %s\n", entry->d_name);
    }
    (void)closedir(dir);
    (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < 32; number++) {
        if (sigismember(&blocked, number) == 1)
            buf_add_format(out, "blocked %d\n", number);
    }
}

static int echo_main(int argc, char **argv)
{
    struct buf text = {0};
    enum message_type type;

    describe(&text, argc, argv);
    int exit_code = message_send(3, MESSAGE_QUERY_DONE, buf_str(&text), 1000, NULL) == OK ? 0 : 1;
    while (exit_code == 0 && message_receive(3, &type, &text, -1, NULL) == OK) {
        if (type == MESSAGE_QUERY && message_send(3, type, buf_str(&text), 1000, NULL) != OK)
            exit_code = 1;
        if (type == MESSAGE_FILE_CLOSE)
            exit_code = 7;
    }
    buf_release(&text);
    return exit_code;
}

/* ---- the tests ---- */

static struct err err;

static struct process start(void)
{
    static const char *const arguments[] = {"one", "two words", NULL};
    struct process process = {0};

    assert_int_equal(process_start(&(struct process_options){.program = "/proc/self/exe",
                                                             .kind = "echo",
                                                             .arguments = arguments},
                                   &process, &err),
                     OK);
    return process;
}

static void a_worker_is_alone(void **state)
{
    (void)state;
    sigset_t all, before;
    struct buf text = {0};
    enum message_type type;
    int extra = open("/dev/null", O_RDONLY); /* not close-on-exec: closefrom has to catch it */

    (void)setenv("ASOF_SECRET", "x", 1);
    (void)setenv("ASOF_DUCKDB", "somewhere", 1);
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    struct process process = start();
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)unsetenv("ASOF_DUCKDB");
    assert_int_equal(message_receive(process.socket, &type, &text, 5000, &err), OK);
    buf_add_byte(&text, '\0');
    const char *expected = "argument asof\nargument worker\nargument echo\nargument one\n"
                           "argument two words\nenvironment LC_ALL=C\nenvironment TZ=UTC\n"
                           "environment ASOF_DUCKDB=somewhere\n";
    assert_true(str_starts(buf_str(&text), str_from(expected)));
    assert_false(str_contains(buf_str(&text), STR("SECRET")));
    assert_false(str_contains(buf_str(&text), STR("blocked")));
    for (char digit = '0'; digit <= '9'; digit++) {
        char line[] = "descriptor X\n";
        line[11] = digit;
        assert_int_equal(str_contains(buf_str(&text), str_from(line)), digit <= '3');
    }
    process_end(&process);
    (void)close(extra);
    buf_release(&text);
}

static void it_answers_and_ends_with_its_socket(void **state)
{
    (void)state;
    struct buf text = {0};
    enum message_type type;
    struct process process = start();
    int pid = process.pid;

    assert_int_equal(message_receive(process.socket, &type, &text, 5000, &err), OK);
    assert_int_equal(message_send(process.socket, MESSAGE_QUERY, STR("ping"), 1000, &err), OK);
    assert_int_equal(message_receive(process.socket, &type, &text, 5000, &err), OK);
    assert_true(str_equal(buf_str(&text), STR("ping")));
    process_end(&process);
    assert_int_equal(process.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    process_end(&process);
    buf_release(&text);
}

static void its_own_end_is_told(void **state)
{
    (void)state;
    struct buf text = {0};
    enum message_type type;
    int status = 0;
    struct process process = start();

    assert_int_equal(message_receive(process.socket, &type, &text, 5000, &err), OK);
    assert_int_equal(message_send(process.socket, MESSAGE_FILE_CLOSE, STR(""), 1000, &err), OK);
    assert_int_equal(message_receive(process.socket, &type, &text, 5000, &err), ERR_IO);
    (void)usleep(50000);
    process_end_status(&process, &status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);

    process = start();
    process_end_status(&process, &status);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    buf_release(&text);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct process process = {0};

    assert_int_equal(
        process_start(&(struct process_options){.program = "/does/not/exist", .kind = "echo"},
                      &process, &err),
        ERR_IO);
    assert_int_equal(process.pid, 0);
}

/* The worker's parent is a process that we end: the worker must not outlive it. */
static void it_dies_with_its_parent(void **state)
{
    (void)state;
    int report[2];
    int pid = 0;

    assert_int_equal(pipe(report), 0);
    pid_t parent = fork();
    if (parent == 0) {
        static const char *const arguments[] = {"/tmp", NULL};
        struct process process = {0};
        struct process_options options = {
            .program = "/proc/self/exe", .kind = "flush", .arguments = arguments};
        if (process_start(&options, &process, NULL) != OK)
            _exit(1);
        (void)usleep(300000);
        if (write(report[1], &process.pid, sizeof(process.pid)) != sizeof(process.pid))
            _exit(1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(report[0], &pid, sizeof(pid)), sizeof(pid));
    assert_int_equal(kill(pid, 0), 0);
    (void)kill(parent, SIGKILL);
    (void)waitpid(parent, NULL, 0);
    for (int i = 0; i < 100 && kill(pid, 0) == 0; i++) {
        /* A zombie that nobody reaps here still counts as there: look at its state. */
        char path[64], text[256] = "";
        (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        FILE *file = fopen(path, "r");
        if (file == NULL || fgets(text, sizeof(text), file) == NULL || strstr(text, ") Z ") != NULL)
            i = 1000;
        if (file != NULL)
            (void)fclose(file);
        (void)usleep(20000);
        if (i == 99)
            fail_msg("the worker lives on");
    }
    (void)close(report[0]);
    (void)close(report[1]);
}

static void bad_calls_are_refused(void **state)
{
    (void)state;
    const char *none[] = {"asof", "worker", NULL};
    const char *other[] = {"asof", "worker", "other", NULL};
    const char *few[] = {"asof", "worker", "flush", NULL};

    assert_int_equal(worker_main(2, (char **)(uintptr_t)none), 2);
    assert_int_equal(worker_main(3, (char **)(uintptr_t)other), 2);
    assert_int_equal(worker_main(3, (char **)(uintptr_t)few), 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_is_alone),
        cmocka_unit_test(it_answers_and_ends_with_its_socket),
        cmocka_unit_test(its_own_end_is_told),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error),
        cmocka_unit_test(it_dies_with_its_parent),
        cmocka_unit_test(bad_calls_are_refused),
    };

    if (argc > 2 && strcmp(argv[1], "worker") == 0)
        return strcmp(argv[2], "echo") == 0 ? echo_main(argc, argv) : worker_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
