/*
 * Each denial is tried in a child of its own, after it entered the sandbox: what must fail fails
 * with the errno that is written beside it, what must work works.
 */
#include "unit/test.h"

#include "core/base.h"
#include "worker/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char root[64];
    char readable[96];
    char other[96];
    char private_dir[96];
    char private_file[128];
    int pair[2];
};

static struct place place;

static void write_file(const char *path, const char *text)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(file), 0);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(place.root, sizeof(place.root), "/tmp/asof-test-XXXXXX");
    assert_non_null(mkdtemp(place.root));
    (void)snprintf(place.readable, sizeof(place.readable), "%s/readable", place.root);
    (void)snprintf(place.other, sizeof(place.other), "%s/other", place.root);
    (void)snprintf(place.private_dir, sizeof(place.private_dir), "%s/private", place.root);
    (void)snprintf(place.private_file, sizeof(place.private_file), "%s/private/file", place.root);
    write_file(place.readable, "history");
    write_file(place.other, "secret");
    assert_int_equal(mkdir(place.private_dir, 0700), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, place.pair), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)close(place.pair[0]);
    (void)close(place.pair[1]);
    (void)unlink(place.private_file);
    (void)rmdir(place.private_dir);
    (void)unlink(place.readable);
    (void)unlink(place.other);
    return rmdir(place.root);
}

enum { CHILD_NO_SANDBOX = 250, CHILD_MISSING = 251 };

static enum code enter(uint64_t memory_bytes_max, unsigned cpu_seconds_max, struct buf *missing,
                       struct err *err)
{
    const char *const files[] = {place.readable};
    const struct sandbox sandbox = {.read_files = files,
                                    .read_file_count = 1,
                                    .private_dir = place.private_dir,
                                    .memory_bytes_max = memory_bytes_max,
                                    .cpu_seconds_max = cpu_seconds_max,
                                    .file_bytes_max = 64 * 1024};
    return sandbox_enter(&sandbox, missing, err);
}

/* Runs `attempt` inside the sandbox; returns what it returned, or minus the signal that ended it.
 */
static int run_sandboxed(int (*attempt)(void), uint64_t memory_bytes_max, unsigned cpu_seconds_max)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct buf missing = {0};
        struct err err = {0};
        if (enter(memory_bytes_max, cpu_seconds_max, &missing, &err) != OK) {
            (void)fprintf(stderr, "# %s\n", err.message);
            _exit(CHILD_NO_SANDBOX);
        }
        if (missing.len > 0)
            _exit(CHILD_MISSING);
        _exit(attempt());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int result_of(long returned)
{
    return returned < 0 ? errno : 0;
}

static int open_and_close(const char *path, int flags)
{
    const int file = open(path, flags | O_CLOEXEC, 0600);
    if (file < 0)
        return errno;
    (void)close(file);
    return 0;
}

/* ---- what must fail ---- */

static int try_socket_unix(void)
{
    return result_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_socketpair(void)
{
    int pair[2];
    return result_of(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static int try_clone3(void)
{
    return result_of(syscall(SYS_clone3, NULL, 0));
}

static int try_kill_parent(void)
{
    return result_of(kill(getppid(), 0));
}

static int try_thread_signal_to_parent(void)
{
    return result_of(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int try_executable_memory(void)
{
    const void *memory =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : 0;
}

static int try_make_executable(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? 1 : result_of(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static int try_truncate(void)
{
    return result_of(truncate(place.readable, 0));
}

static int try_truncate_by_open(void)
{
    return open_and_close(place.readable, O_RDONLY | O_TRUNC);
}

static int try_raise_limit(void)
{
    const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    return result_of(setrlimit(RLIMIT_FSIZE, &limit));
}

static int try_priority(void)
{
    return result_of(setpriority(PRIO_PROCESS, 0, 0) == 0 ? 0 : -1);
}

static int try_owner_signal(void)
{
    return result_of(fcntl(place.pair[1], F_SETOWN, getppid()));
}

static int try_read_other(void)
{
    return open_and_close(place.other, O_RDONLY);
}

static int try_read_passwd(void)
{
    return open_and_close("/etc/passwd", O_RDONLY);
}

static int try_read_environment(void)
{
    return open_and_close("/proc/self/environ", O_RDONLY);
}

static int try_list_root(void)
{
    return open_and_close(place.root, O_RDONLY | O_DIRECTORY);
}

static int try_write_readable(void)
{
    return open_and_close(place.readable, O_WRONLY);
}

static int try_make_beside(void)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/new", place.root);
    return open_and_close(path, O_WRONLY | O_CREAT);
}

static int try_remove_readable(void)
{
    return result_of(unlink(place.readable));
}

static int try_move_out(void)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/new", place.root);
    if (open_and_close(place.private_file, O_WRONLY | O_CREAT) != 0)
        return 1;
    return result_of(rename(place.private_file, path));
}

static int try_climb(void)
{
    char path[192];
    (void)snprintf(path, sizeof(path), "%s/../other", place.private_dir);
    return open_and_close(path, O_RDONLY);
}

static int try_large_file(void)
{
    static char block[32 * 1024];
    const int file = open(place.private_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        return 1;
    for (int i = 0; i < 2; i++)
        if (write(file, block, sizeof(block)) != (ssize_t)sizeof(block))
            return 2;
    return result_of(write(file, block, sizeof(block)));
}

struct denial {
    const char *name;
    int (*attempt)(void);
    int failure; /* errno; EACCES stands for Landlock, EPERM for the filter */
};

static const struct denial denials[] = {
    {"socket(AF_UNIX)", try_socket_unix, EPERM},
    {"socketpair", try_socketpair, EPERM},
    {"clone3", try_clone3, ENOSYS},
    {"kill of the parent", try_kill_parent, EPERM},
    {"tgkill of the parent", try_thread_signal_to_parent, EPERM},
    {"mmap of executable memory", try_executable_memory, EPERM},
    {"mprotect to executable", try_make_executable, EPERM},
    {"truncate", try_truncate, EPERM},
    {"open to read and truncate", try_truncate_by_open, EPERM},
    {"setrlimit", try_raise_limit, EPERM},
    {"setpriority", try_priority, EPERM},
    {"fcntl(F_SETOWN)", try_owner_signal, EPERM},
    {"another file", try_read_other, EACCES},
    {"/etc/passwd", try_read_passwd, EACCES},
    {"/proc/self/environ", try_read_environment, EACCES},
    {"listing the folder", try_list_root, EACCES},
    {"writing a readable file", try_write_readable, EACCES},
    {"making a file outside", try_make_beside, EACCES},
    {"removing a readable file", try_remove_readable, EACCES},
    {"moving a file out", try_move_out, EACCES},
    {"climbing out by ..", try_climb, EACCES},
    {"a file over its limit", try_large_file, EFBIG},
};

struct raw_denial { /* calls that the filter knows by number alone */
    const char *name;
    long call;
    long arguments[6];
};

enum { TERMINAL_SIZE = 0x5413 };

static const struct raw_denial raw_denials[] = {
    {"prctl(PR_SET_DUMPABLE)", SYS_prctl, {PR_SET_DUMPABLE, 1}},
    {"bind", SYS_bind, {1}},
    {"connect", SYS_connect, {1}},
    {"execve", SYS_execve, {0}},
    {"chroot", SYS_chroot, {0}},
    {"fchmodat", SYS_fchmodat, {0}},
    {"symlinkat", SYS_symlinkat, {0}},
    {"linkat", SYS_linkat, {0}},
    {"mknodat", SYS_mknodat, {0}},
    {"socket(AF_INET)", SYS_socket, {AF_INET, SOCK_STREAM}},
    {"execveat", SYS_execveat, {AT_FDCWD}},
    {"fork", SYS_fork, {0}},
    {"vfork", SYS_vfork, {0}},
    {"clone of a process", SYS_clone, {SIGCHLD}},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}},
    {"setns", SYS_setns, {0}},
    {"ptrace", SYS_ptrace, {PTRACE_TRACEME}},
    {"process_vm_readv", SYS_process_vm_readv, {1}},
    {"mount", SYS_mount, {0}},
    {"bpf", SYS_bpf, {0}},
    {"io_uring", SYS_io_uring_setup, {4}},
    {"userfaultfd", SYS_userfaultfd, {0}},
    {"perf_event_open", SYS_perf_event_open, {0}},
    {"keyctl", SYS_keyctl, {0}},
    {"init_module", SYS_init_module, {0}},
    {"open_by_handle_at", SYS_open_by_handle_at, {AT_FDCWD}},
    {"openat2", SYS_openat2, {AT_FDCWD}},
    {"memfd_create", SYS_memfd_create, {0}},
    {"ioctl", SYS_ioctl, {0, TERMINAL_SIZE}},
};

static const struct raw_denial *raw_denial; /* the one to try */

static int try_raw(void)
{
    const long *arguments = raw_denial->arguments;
    return result_of(syscall(raw_denial->call, arguments[0], arguments[1], arguments[2],
                             arguments[3], arguments[4], arguments[5]));
}

static int does_nothing(void)
{
    return 0;
}

/* The thread sanitizer runs one of its own in every process; nothing can be entered beside it. */
static bool is_sandbox_complete(void)
{
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    const int result = run_sandboxed(does_nothing, 0, 0);
    if (result == CHILD_MISSING)
        print_message("# skipped: the kernel lacks Landlock or seccomp\n");
    return result != CHILD_MISSING;
}

static size_t failures;

static void expect_denied(const char *name, int (*attempt)(void), int failure)
{
    const int result = run_sandboxed(attempt, 0, 0);
    if (result == failure)
        return;
    failures++;
    print_message("# %s: expected errno %d, found %d\n", name, failure, result);
}

static void test_denials(void **state)
{
    (void)state;
    if (!is_sandbox_complete())
        skip();
    for (size_t i = 0; i < ARRAY_COUNT(denials); i++)
        expect_denied(denials[i].name, denials[i].attempt, denials[i].failure);
    for (size_t i = 0; i < ARRAY_COUNT(raw_denials); i++) {
        raw_denial = &raw_denials[i];
        expect_denied(raw_denial->name, try_raw, EPERM);
    }
    assert_int_equal(failures, 0);
    (void)unlink(place.private_file);
}

/* ---- what must work ---- */

static int use_readable(void)
{
    char text[16] = "";
    const int file = open(place.readable, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, text, sizeof(text)) != 7)
        return 1;
    (void)close(file);
    return strcmp(text, "history") == 0 ? 0 : 2;
}

static int use_private(void)
{
    char path[160];
    char moved[160];

    (void)snprintf(path, sizeof(path), "%s/inner/spill", place.private_dir);
    (void)snprintf(moved, sizeof(moved), "%s/moved", place.private_dir);
    char inner[128];
    (void)snprintf(inner, sizeof(inner), "%s/inner", place.private_dir);
    if (mkdir(inner, 0700) != 0)
        return 1;
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || pwrite(file, "x", 1, 0) != 1 || ftruncate(file, 0) != 0)
        return 2;
    if (fcntl(file, F_GETFL) < 0 || fsync(file) != 0)
        return 3;
    if (rename(path, moved) != 0 || unlink(moved) != 0 || rmdir(inner) != 0)
        return 4;
    return open_and_close(place.private_dir, O_RDONLY | O_DIRECTORY);
}

static void *thread_body(void *context)
{
    *(int *)context = 7;
    return NULL;
}

static int use_threads(void)
{
    pthread_t thread;
    int result = 0;

    if (pthread_create(&thread, NULL, thread_body, &result) != 0)
        return 1;
    if (pthread_join(thread, NULL) != 0)
        return 2;
    return result == 7 ? 0 : 3;
}

static int use_socket(void)
{
    char byte = 0;

    if (send(place.pair[1], "m", 1, MSG_NOSIGNAL) != 1)
        return 1;
    if (recv(place.pair[0], &byte, 1, 0) != 1)
        return 2;
    return byte == 'm' ? 0 : 3;
}

static int use_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0)
        return 1;
    return getpriority(PRIO_PROCESS, 0) == -1 ? 2 : 0; /* the call itself is not allowed */
}

static void test_allowed(void **state)
{
    (void)state;
    if (!is_sandbox_complete())
        skip();
    assert_int_equal(run_sandboxed(use_readable, 0, 0), 0);
    assert_int_equal(run_sandboxed(use_private, 0, 0), 0);
    assert_int_equal(run_sandboxed(use_threads, 0, 0), 0);
    assert_int_equal(run_sandboxed(use_socket, 0, 0), 0);
    assert_int_equal(run_sandboxed(use_limits, 0, 0), 2);
}

static void *sandboxed_thread(void *context)
{
    *(int *)context = try_read_other() == EACCES && try_socket_unix() == EPERM ? 7 : 1;
    return NULL;
}

static int thread_is_bound(void)
{
    pthread_t thread;
    int result = 0;

    if (pthread_create(&thread, NULL, sandboxed_thread, &result) != 0)
        return 1;
    return pthread_join(thread, NULL) == 0 && result == 7 ? 0 : 2;
}

static int aborts(void)
{
    abort();
}

static int spins(void)
{
    volatile unsigned turns = 0;
    while (turns < UINT32_MAX)
        turns = (turns + 1) & 0xffff;
    return 0;
}

enum { MEMORY_MAX = 64 * 1024 * 1024 };

static int takes_memory(void)
{
    const int protection = PROT_READ | PROT_WRITE;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;

    if (mmap(NULL, MEMORY_MAX / 4, protection, flags, -1, 0) == MAP_FAILED)
        return 1;
    return mmap(NULL, MEMORY_MAX, protection, flags, -1, 0) == MAP_FAILED ? errno : 2;
}

static void test_limits(void **state)
{
    (void)state;
    if (!is_sandbox_complete())
        skip();
    assert_int_equal(run_sandboxed(thread_is_bound, 0, 0), 0);
    assert_int_equal(run_sandboxed(aborts, 0, 0), -SIGABRT);
    assert_int_equal(run_sandboxed(spins, 0, 1), -SIGXCPU);
    assert_int_equal(run_sandboxed(takes_memory, MEMORY_MAX, 0), ENOMEM);
}

static int foreign_call(void)
{
#if defined(__x86_64__)
    /* getpid by the interface of 32-bit programs, which has other numbers. */
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return (int)(result & 0x7f);
#else
    return raise(SIGSYS);
#endif
}

static void test_foreign_interface_is_killed(void **state)
{
    (void)state;
    if (!is_sandbox_complete())
        skip();
    const int result = run_sandboxed(foreign_call, 0, 0);
    /* A kernel built without that interface raises SIGSEGV first. */
    assert_true(result == -SIGSYS || result == -SIGSEGV);
}

/* ---- entering ---- */

static void *waits(void *context)
{
    char byte = 0;
    (void)!read(*(int *)context, &byte, 1);
    return NULL;
}

static void test_refuses_threads(void **state)
{
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct buf missing = {0};
        struct err err = {0};
        pthread_t thread;
        if (pthread_create(&thread, NULL, waits, &place.pair[0]) != 0)
            _exit(1);
        _exit(enter(0, 0, &missing, &err) == ERR_INTERNAL ? 0 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_names_missing_file(void **state)
{
    (void)state;
    if (!is_sandbox_complete())
        skip();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct buf missing = {0};
        struct err err = {0};
        const char *const files[] = {"/nonexistent/part.parquet"};
        const struct sandbox sandbox = {.read_files = files, .read_file_count = 1};
        const enum code code = sandbox_enter(&sandbox, &missing, &err);
        if (missing.len > 0)
            _exit(0);
        _exit(code == ERR_IO && strstr(err.message, "part.parquet") != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denials),         cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_foreign_interface_is_killed),
        cmocka_unit_test(test_refuses_threads), cmocka_unit_test(test_names_missing_file),
    };
    return cmocka_run_group_tests_name("worker/sandbox", tests, setup, teardown);
}
