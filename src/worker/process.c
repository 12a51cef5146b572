/*
 * Starting workers. Everything else of ours is close-on-exec, and closefrom makes sure; the worker
 * finds its socket at descriptor 3, /dev/null at 0 and 1, our standard error at 2. The signal mask
 * of the calling thread (all blocked, os/thread.h) is not handed on.
 */
#include "worker/process.h"

#include "core/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKER_SOCKET = 3, ARGUMENTS_MAX = 16, ENVIRONMENT_MAX = 8 };

/* exec's own view of texts that it does not change. */
union texts {
    const char **given;
    char *const *exec;
};

static void environment_add(struct arena *arena, const char **environment, size_t *count,
                            const char *name)
{
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): nobody sets any

    assert(*count + 1 < ENVIRONMENT_MAX);
    if (value != NULL)
        environment[(*count)++] = arena_format(arena, "%s=%s", name, value).ptr;
}

static int actions_fill(posix_spawn_file_actions_t *actions, int socket)
{
    int failed = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0);

    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(actions, 0, 1);
    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(actions, socket, WORKER_SOCKET);
    if (failed == 0)
        failed = posix_spawn_file_actions_addclosefrom_np(actions, WORKER_SOCKET + 1);
    return failed;
}

static int attributes_fill(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int failed = posix_spawnattr_setsigmask(attributes, &none);
    if (failed == 0)
        failed = posix_spawnattr_setsigdefault(attributes, &all);
    if (failed == 0)
        failed =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return failed;
}

static int spawn(const struct process_options *options, int socket, pid_t *ret_pid)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const char *arguments[ARGUMENTS_MAX] = {"asof", "worker", options->kind};
    const char *environment[ENVIRONMENT_MAX] = {"LC_ALL=C", "TZ=UTC"};
    size_t environment_count = 2;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    for (size_t i = 0; options->arguments != NULL && options->arguments[i] != NULL; i++) {
        assert(i + 4 < ARGUMENTS_MAX);
        arguments[i + 3] = options->arguments[i];
    }
    environment_add(&arena, environment, &environment_count, "ASOF_DUCKDB");
    environment_add(&arena, environment, &environment_count, "ASAN_OPTIONS");
    environment_add(&arena, environment, &environment_count, "TSAN_OPTIONS");
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        failed = actions_fill(&actions, socket);
        if (failed == 0)
            failed = attributes_fill(&attributes);
        if (failed == 0)
            failed = posix_spawn(ret_pid, options->program, &actions, &attributes,
                                 (union texts){arguments}.exec, (union texts){environment}.exec);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

enum code process_start(const struct process_options *options, struct process *ret, struct err *err)
{
    int sockets[2];
    pid_t pid = 0;

    assert(options->program != NULL && options->kind != NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return err_errno(err, ERR_IO, errno, "cannot make a socket pair for a worker");
    int failed = spawn(options, sockets[1], &pid);
    (void)close(sockets[1]);
    if (failed != 0) {
        (void)close(sockets[0]);
        return err_errno(err, ERR_IO, failed, "cannot start the worker '%s'", options->program);
    }
    *ret = (struct process){.pid = pid, .socket = sockets[0]};
    return OK;
}

void process_end_status(struct process *process, int *ret_status)
{
    int status = 0;

    if (process->pid == 0)
        return;
    (void)kill(process->pid, SIGKILL);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    (void)close(process->socket);
    *process = (struct process){0};
    *ret_status = status;
}

void process_end(struct process *process)
{
    int status = 0;

    process_end_status(process, &status);
    (void)status;
}
