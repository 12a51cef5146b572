/*
 * The walls around a worker. Two independent ones, because each has gaps that the other closes:
 * Landlock decides which files can be opened, seccomp which system calls exist at all. The filter
 * is a list of what is allowed; everything else fails with EPERM.
 *
 * Rights that old Landlock versions cannot withhold are withheld by the filter instead: truncation
 * by path, and an open for reading that truncates (Landlock before version 3), sockets (before 4),
 * device control (before 5), signals to others (before 6). So any Landlock version is whole here.
 */
#include "worker/process.h"

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { ARCHITECTURE_X86_64 = 1 };
#define AUDIT_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
enum { ARCHITECTURE_X86_64 = 0 };
#define AUDIT_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system call filter knows x86-64 and aarch64"
#endif

enum {
    X32_CALL_BIT = 0x40000000,
    IO_PRIORITY_LOWEST = (2 << 13) | 7, /* best effort, last */
    IO_PRIORITY_PROCESS = 1,
    FILTER_LENGTH_MAX = 640,
    RESERVED_BYTES = 512 * 1024 * 1024,
};

/* ---- seccomp ---- */

static const int calls_allowed[] = {
    /* files, as far as Landlock lets them be opened */
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_close,
    SYS_lseek,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_fsync,
    SYS_fdatasync,
    SYS_fadvise64,
    SYS_getdents64,
    SYS_getcwd,
    SYS_readlinkat,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat,
    SYS_renameat2,
    SYS_flock,
    SYS_dup,
    /* memory */
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_mincore,
    /* threads of this process */
    SYS_futex,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_set_tid_address,
    SYS_rseq,
    SYS_exit,
    SYS_exit_group,
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_membarrier,
    SYS_getcpu,
    SYS_restart_syscall,
    /* signals to this process */
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigpending,
    SYS_sigaltstack,
    /* clocks, randomness and what is known about this process */
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_times,
    SYS_getrandom,
    SYS_getrusage,
    SYS_getrlimit,
    SYS_uname,
    SYS_sysinfo,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    /* the socket that is open; there is no call that makes or connects another */
    SYS_sendmsg,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_ppoll,
    /* narrowing the file rights further */
    SYS_landlock_create_ruleset,
    SYS_landlock_add_rule,
    SYS_landlock_restrict_self,
#if defined(__x86_64__)
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_unlink,
    SYS_rename,
    SYS_mkdir,
    SYS_rmdir,
    SYS_readlink,
    SYS_poll,
    SYS_time,
    SYS_arch_prctl,
#endif
};

enum condition {
    ALL_BITS_SET,    /* (argument & mask) == mask */
    NO_BITS_SET,     /* (argument & mask) == 0 */
    MASKED_NOT_MASK, /* (argument & mask) != value */
    EQUALS,
    IS_NULL, /* both halves */
};

/* A call that is allowed when one argument (but for IS_NULL: its low half) fits. */
struct guarded_call {
    int call;
    unsigned argument;
    enum condition condition;
    uint32_t mask;
    uint32_t value;
};

static const struct guarded_call calls_guarded[] = {
    {SYS_clone, 0, ALL_BITS_SET, CLONE_THREAD, 0},
    {SYS_mmap, 2, NO_BITS_SET, PROT_EXEC, 0},
    {SYS_mprotect, 2, NO_BITS_SET, PROT_EXEC, 0},
    {SYS_openat, 2, MASKED_NOT_MASK, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY},
#if defined(__x86_64__)
    {SYS_open, 1, MASKED_NOT_MASK, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY},
#endif
    {SYS_fcntl, 1, EQUALS, 0, F_DUPFD},
    {SYS_fcntl, 1, EQUALS, 0, F_DUPFD_CLOEXEC},
    {SYS_fcntl, 1, EQUALS, 0, F_GETFD},
    {SYS_fcntl, 1, EQUALS, 0, F_SETFD},
    {SYS_fcntl, 1, EQUALS, 0, F_GETFL},
    {SYS_fcntl, 1, EQUALS, 0, F_GETLK},
    {SYS_fcntl, 1, EQUALS, 0, F_SETLK},
    {SYS_prctl, 0, EQUALS, 0, PR_SET_NAME},
    {SYS_prlimit64, 2, IS_NULL, 0, 0}, /* reading limits, not setting them */
    {SYS_sendto, 4, IS_NULL, 0, 0},    /* to the peer, to no address */
};

struct filter {
    struct sock_filter code[FILTER_LENGTH_MAX];
    unsigned short length;
};

static void filter_add(struct filter *filter, uint16_t code, uint8_t if_true, uint8_t if_false,
                       uint32_t operand)
{
    assert(filter->length < FILTER_LENGTH_MAX);
    filter->code[filter->length++] = (struct sock_filter){code, if_true, if_false, operand};
}

static void filter_load(struct filter *filter, size_t offset)
{
    filter_add(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void filter_return(struct filter *filter, uint32_t action)
{
    filter_add(filter, BPF_RET | BPF_K, 0, 0, action);
}

/* Little endian: the low half of an argument comes first. */
static size_t argument_offset(unsigned argument)
{
    return offsetof(struct seccomp_data, args) + sizeof(uint64_t) * argument;
}

static void filter_add_null(struct filter *filter, const struct guarded_call *guarded)
{
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 6, (uint32_t)guarded->call);
    filter_load(filter, argument_offset(guarded->argument));
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0);
    filter_load(filter, argument_offset(guarded->argument) + sizeof(uint32_t));
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    filter_return(filter, SECCOMP_RET_ALLOW);
    filter_load(filter, offsetof(struct seccomp_data, nr));
}

/* Returns ALLOW when the call and its argument fit, else goes on with the call's number loaded. */
static void filter_add_guarded(struct filter *filter, const struct guarded_call *guarded)
{
    const bool is_masked = guarded->condition != EQUALS;
    const bool is_negative = guarded->condition == MASKED_NOT_MASK;
    const uint32_t wanted = guarded->condition == ALL_BITS_SET ? guarded->mask : guarded->value;

    if (guarded->condition == IS_NULL) {
        filter_add_null(filter, guarded);
        return;
    }
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, is_masked ? 5 : 4, (uint32_t)guarded->call);
    filter_load(filter, argument_offset(guarded->argument));
    if (is_masked)
        filter_add(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, guarded->mask);
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, is_negative ? 1 : 0, is_negative ? 0 : 1, wanted);
    filter_return(filter, SECCOMP_RET_ALLOW);
    filter_load(filter, offsetof(struct seccomp_data, nr));
}

static void filter_build(struct filter *filter)
{
    filter->length = 0;
    filter_load(filter, offsetof(struct seccomp_data, arch));
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCHITECTURE);
    filter_return(filter, SECCOMP_RET_KILL_PROCESS);
    filter_load(filter, offsetof(struct seccomp_data, nr));
    if (ARCHITECTURE_X86_64) {
        filter_add(filter, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_CALL_BIT);
        filter_return(filter, SECCOMP_RET_KILL_PROCESS);
    }
    for (size_t i = 0; i < ARRAY_COUNT(calls_allowed); i++) {
        filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)calls_allowed[i]);
        filter_return(filter, SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < ARRAY_COUNT(calls_guarded); i++)
        filter_add_guarded(filter, &calls_guarded[i]);
    /* A signal only to this process (abort). */
    const struct guarded_call own_signal = {SYS_tgkill, 0, EQUALS, 0, (uint32_t)getpid()};
    filter_add_guarded(filter, &own_signal);
    /* The C library falls back to clone, whose flags can be looked at, when clone3 is not there. */
    filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_clone3);
    filter_return(filter, SECCOMP_RET_ERRNO | ENOSYS);
    filter_return(filter, SECCOMP_RET_ERRNO | EPERM);
}

static enum code enter_seccomp(struct buf *ret_missing, struct err *err)
{
    struct filter filter;
    filter_build(&filter);
    const struct sock_fprog program = {filter.length, filter.code};

    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0)
        return OK;
    if (errno == ENOSYS || errno == EINVAL) {
        buf_add(ret_missing, ret_missing->len > 0 ? STR(", seccomp") : STR("seccomp"));
        return OK;
    }
    return err_errno(err, ERR_IO, errno, "the worker's system call filter was refused");
}

/* ---- limits ---- */

static enum code limit_set(int which, uint64_t soft, uint64_t hard, const char *name,
                           struct err *err)
{
    const struct rlimit limit = {soft, hard};

    if (setrlimit((__rlimit_resource_t)which, &limit) != 0)
        return err_errno(err, ERR_IO, errno, "the worker's limit of %s was refused", name);
    return OK;
}

struct mapped {
    uint64_t all;  /* address space: libraries, and what sanitizers reserve */
    uint64_t data; /* what can be written */
};

/* Of now: the first and the sixth number of statm, in pages. */
static struct mapped mapped_now(void)
{
    char text[128];
    uint64_t pages[6] = {0};
    const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return (struct mapped){0};
    const ssize_t got = read(file, text, sizeof(text));
    (void)close(file);
    struct str rest = {text, got < 0 ? 0 : (size_t)got};
    for (size_t i = 0; i < ARRAY_COUNT(pages); i++) {
        if (str_to_u64(str_cut(&rest, ' '), UINT64_MAX / 65536, &pages[i], NULL) != OK)
            return (struct mapped){0};
    }
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    return (struct mapped){pages[0] * page_bytes, pages[5] * page_bytes};
}

/*
 * The limit is of memory that can be written. Address space has a wider one: allocators reserve
 * much of it for each thread that they never touch.
 */
static enum code enter_memory(const struct sandbox *sandbox, struct err *err)
{
    const struct mapped mapped = mapped_now();
    const uint64_t bytes = mapped.data + sandbox->memory_bytes_max;
    const uint64_t reserved = mapped.all + 2 * sandbox->memory_bytes_max + RESERVED_BYTES;

    TRY(limit_set(RLIMIT_DATA, bytes, bytes, "memory", err));
    return limit_set(RLIMIT_AS, reserved, reserved, "address space", err);
}

static enum code enter_limits(const struct sandbox *sandbox, struct err *err)
{
    if (sandbox->memory_bytes_max > 0)
        TRY(enter_memory(sandbox, err));
    if (sandbox->cpu_seconds_max > 0) {
        TRY(limit_set(RLIMIT_CPU, sandbox->cpu_seconds_max, sandbox->cpu_seconds_max + 1UL,
                      "processor time", err));
    }
    if (sandbox->file_bytes_max > 0) {
        /* A write beyond it fails with EFBIG, which can be reported, instead of a signal. */
        (void)signal(SIGXFSZ, SIG_IGN);
        TRY(limit_set(RLIMIT_FSIZE, sandbox->file_bytes_max, sandbox->file_bytes_max, "file size",
                      err));
    }
    return limit_set(RLIMIT_CORE, 0, 0, "core files", err);
}

/* Priority is a courtesy to the server, not a wall: a refusal changes nothing. */
static void enter_priority(void)
{
    const struct sched_param none = {0};

    /* Idle work is interrupted at once; work that is only nice may keep the server waiting a turn.
     */
    (void)sched_setscheduler(0, SCHED_IDLE, &none);
    (void)syscall(SYS_ioprio_set, IO_PRIORITY_PROCESS, 0, IO_PRIORITY_LOWEST);
}

/*
 * Landlock binds the calling thread and what it starts later, not threads that run already: there
 * may be none.
 */
static enum code check_one_thread(struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const struct os *os = os_linux();
    struct str *names = NULL;
    size_t count = 0;

    TRY(os->list(os->context, "/proc/self/task", &arena, &names, &count, err));
    if (count != 1)
        return err_set(err, ERR_INTERNAL,
                       "a worker enters its sandbox with one thread, but runs %zu", count);
    return OK;
}

enum code sandbox_enter_process(const struct sandbox *sandbox, struct buf *ret_missing,
                                struct err *err)
{
    assert(sandbox != NULL && ret_missing != NULL);
    TRY(check_one_thread(err));
    TRY(enter_limits(sandbox, err));
    enter_priority();
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_errno(err, ERR_IO, errno, "the worker could not give up its privileges");
    return enter_seccomp(ret_missing, err);
}

/* ---- Landlock ---- */

/* Declared here in full: the headers of a distribution may be older than the kernel. */
struct landlock_rules {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

#define RIGHTS_FILES_1 ((UINT64_C(1) << 13) - 1)
#define RIGHT_REFER (UINT64_C(1) << 13)
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)
#define RIGHT_DEVICE_CONTROL (UINT64_C(1) << 15)
#define RIGHTS_NETWORK UINT64_C(3) /* bind and connect TCP */
#define SCOPES_ALL UINT64_C(3)     /* abstract sockets, signals */

static struct landlock_rules landlock_all(long version)
{
    struct landlock_rules rules = {RIGHTS_FILES_1, 0, 0};

    if (version >= 2)
        rules.files |= RIGHT_REFER;
    if (version >= 3)
        rules.files |= RIGHT_TRUNCATE;
    if (version >= 4)
        rules.network = RIGHTS_NETWORK;
    if (version >= 5)
        rules.files |= RIGHT_DEVICE_CONTROL;
    if (version >= 6)
        rules.scopes = SCOPES_ALL;
    return rules;
}

static enum code landlock_allow(int ruleset, const char *path, uint64_t rights, struct err *err)
{
    const int file = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return err_errno(err, ERR_IO, errno, "the worker could not open '%s'", path);

    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = file};
    const long result =
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    const int failure = errno;
    (void)close(file);
    if (result != 0)
        return err_errno(err, ERR_IO, failure, "the worker's right to '%s' was refused", path);
    return OK;
}

static enum code landlock_fill(int ruleset, const struct sandbox *sandbox, uint64_t known,
                               struct err *err)
{
    const uint64_t private_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                    LANDLOCK_ACCESS_FS_MAKE_DIR | RIGHT_REFER | RIGHT_TRUNCATE;

    for (size_t i = 0; i < sandbox->read_file_count; i++)
        TRY(landlock_allow(ruleset, sandbox->read_files[i], LANDLOCK_ACCESS_FS_READ_FILE, err));
    if (sandbox->private_dir != NULL)
        TRY(landlock_allow(ruleset, sandbox->private_dir, private_rights & known, err));
    return OK;
}

enum code sandbox_enter_files(const struct sandbox *sandbox, struct buf *ret_missing,
                              struct err *err)
{
    assert(sandbox != NULL && ret_missing != NULL);
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) {
        buf_add(ret_missing, ret_missing->len > 0 ? STR(", Landlock") : STR("Landlock"));
        return OK;
    }
    TRY(check_one_thread(err));

    const struct landlock_rules rules = landlock_all(version);
    const long ruleset = syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
    if (ruleset < 0)
        return err_errno(err, ERR_IO, errno, "Landlock version %ld refused its rules", version);

    enum code code = landlock_fill((int)ruleset, sandbox, rules.files, err);
    if (code == OK && syscall(SYS_landlock_restrict_self, (int)ruleset, 0) != 0)
        code = err_errno(err, ERR_IO, errno, "the worker could not enter its file sandbox");
    (void)close((int)ruleset);
    return code;
}

enum code sandbox_enter(const struct sandbox *sandbox, struct buf *ret_missing, struct err *err)
{
    TRY(sandbox_enter_process(sandbox, ret_missing, err));
    return sandbox_enter_files(sandbox, ret_missing, err);
}
