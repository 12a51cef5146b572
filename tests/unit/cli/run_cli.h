#pragma once
/*
 * Runs the command line inside a test, against a fake server, and keeps what it prints. Each run is
 * the whole program but for the process.
 */
#include "cli/cli.h"
#include "unit/cli/fake_server.h"

#include <fcntl.h>

struct run_result {
    int exit_code;
    char out[64 * 1024];
    char err[64 * 1024];
};

static inline void run_read(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, to, size - 1);

    to[got < 0 ? 0 : got] = '\0';
    (void)close(fd);
    (void)unlink(path);
}

/* `words` end with NULL; "asof" is put before them. */
static inline const struct run_result *run_cli(const char *const *words)
{
    static struct run_result result;
    char out_path[] = "/tmp/asof-test-out-XXXXXX";
    char err_path[] = "/tmp/asof-test-err-XXXXXX";
    char *argv[64] = {(char *)(uintptr_t)"asof"};
    int argc = 1;

    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    (void)fflush(stdout);
    (void)fflush(stderr);
    int saved_out = dup(STDOUT_FILENO);
    int saved_err = dup(STDERR_FILENO);
    int out = mkstemp(out_path);
    int err = mkstemp(err_path);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    result.exit_code = cli_main(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    (void)dup2(saved_out, STDOUT_FILENO);
    (void)dup2(saved_err, STDERR_FILENO);
    (void)close(saved_out);
    (void)close(saved_err);
    (void)close(out);
    (void)close(err);
    run_read(out_path, result.out, sizeof(result.out));
    run_read(err_path, result.err, sizeof(result.err));
    return &result;
}

#define RUN(...) run_cli((const char *const[]){__VA_ARGS__, NULL})

/* The environment of a run against `fake`. */
static inline void run_environment(const struct fake *fake)
{
    (void)setenv("AWS_ACCESS_KEY_ID", "AK", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "SK", 1);
    (void)setenv("ASOF_ENDPOINT", fake->url, 1);
    (void)unsetenv("AWS_REGION");
    (void)unsetenv("AWS_DEFAULT_REGION");
}

static inline void assert_text(const char *text, const char *expected)
{
    if (strcmp(text, expected) != 0)
        fail_msg("expected:\n%s\nfound:\n%s", expected, text);
}

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}
