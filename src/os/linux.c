/* The real table of os.h. Every descriptor closes on exec; every call is repeated after EINTR. */
#include "core/mem.h"
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MODE_FILE = 0600, MODE_DIR = 0700, ZEROS_BYTES = 1 << 20, DIRECT_ALIGNMENT = 4096 };

struct os_file {
    int fd;
    bool is_direct;
};

/* What a caller can act on has a code of its own; all else is ERR_IO. */
static enum code code_of(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    default:
        return ERR_IO;
    }
}

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;

    int failed = clock_gettime(clock, &now);
    assert(failed == 0);
    (void)failed;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t linux_now_us(void *context)
{
    (void)context;
    return clock_us(CLOCK_REALTIME);
}

static int64_t linux_monotonic_us(void *context)
{
    (void)context;
    return clock_us(CLOCK_MONOTONIC);
}

static enum code linux_random(void *context, void *bytes, size_t count, struct err *err)
{
    char *to = bytes;

    (void)context;
    while (count > 0) {
        ssize_t got = getrandom(to, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_errno(err, ERR_IO, errno, "cannot get random bytes");
        to += got;
        count -= (size_t)got;
    }
    return OK;
}

static int open_retrying(const char *path, int flags)
{
    int fd;

    do
        fd = open(path, flags | O_CLOEXEC, MODE_FILE);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static struct os_file *file_new(int fd, bool is_direct)
{
    struct os_file *file = MEM_NEW(struct os_file);

    *file = (struct os_file){fd, is_direct};
    return file;
}

static int open_flags(unsigned flags)
{
    int mode = (flags & OS_WRITE) == 0 ? O_RDONLY : (flags & OS_READ) != 0 ? O_RDWR : O_WRONLY;

    mode |= (flags & OS_CREATE) != 0 ? O_CREAT : 0;
    mode |= (flags & OS_EXCLUSIVE) != 0 ? O_EXCL : 0;
    mode |= (flags & OS_TRUNCATE) != 0 ? O_TRUNC : 0;
    mode |= (flags & OS_DURABLE) != 0 ? O_DSYNC : 0;
    return mode;
}

static enum code linux_open(void *context, const char *path, unsigned flags, struct os_file **ret,
                            struct err *err)
{
    bool is_direct = false;

    (void)context;
    assert((flags & (OS_READ | OS_WRITE)) != 0);
    int fd = open_retrying(path, open_flags(flags));
    if (fd < 0)
        return err_errno(err, code_of(errno), errno, "cannot open '%s'", path);
    /*
     * O_DIRECT is set afterwards: where a file system refuses it, an open that creates would leave
     * the file behind and fail.
     */
    if ((flags & OS_DIRECT) != 0) {
        int now = fcntl(fd, F_GETFL);
        is_direct = now >= 0 && fcntl(fd, F_SETFL, now | O_DIRECT) == 0;
    }
    *ret = file_new(fd, is_direct);
    return OK;
}

static void linux_close(void *context, struct os_file *file)
{
    (void)context;
    if (file == NULL)
        return;
    /* On Linux the descriptor is gone whatever close says; a failed write was told by sync. */
    (void)close(file->fd);
    mem_free(file);
}

static bool linux_is_direct(void *context, const struct os_file *file)
{
    (void)context;
    return file->is_direct;
}

static enum code linux_read(void *context, struct os_file *file, void *bytes, size_t count,
                            uint64_t offset, struct err *err)
{
    char *to = bytes;

    (void)context;
    while (count > 0) {
        ssize_t got = pread(file->fd, to, count, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_IO, errno, "cannot read at %llu", (unsigned long long)offset);
        if (got == 0)
            return err_set(err, ERR_IO, "short read: the file ends at %llu, %zu bytes early",
                           (unsigned long long)offset, count);
        to += got;
        count -= (size_t)got;
        offset += (uint64_t)got;
    }
    return OK;
}

static enum code linux_write(void *context, struct os_file *file, const void *bytes, size_t count,
                             uint64_t offset, struct err *err)
{
    const char *from = bytes;

    (void)context;
    while (count > 0) {
        ssize_t put = pwrite(file->fd, from, count, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return err_errno(err, ERR_IO, put == 0 ? ENOSPC : errno,
                             "cannot write %zu bytes at %llu", count, (unsigned long long)offset);
        from += put;
        count -= (size_t)put;
        offset += (uint64_t)put;
    }
    return OK;
}

/* Never repeated after a failure other than EINTR: the kernel may have dropped the pages. */
static enum code linux_sync(void *context, struct os_file *file, struct err *err)
{
    int failed;

    (void)context;
    do
        failed = fdatasync(file->fd);
    while (failed != 0 && errno == EINTR);
    if (failed != 0)
        return err_errno(err, ERR_IO, errno, "cannot sync");
    return OK;
}

static void free_memory(char **memory)
{
    mem_free(*memory);
}

/*
 * Zeros are really written: blocks that are only allocated are marked unwritten, and the first
 * write to each would change that mark, which a sync then has to write too.
 */
static enum code linux_preallocate(void *context, struct os_file *file, uint64_t bytes,
                                   struct err *err)
{
    CLEANUP(free_memory) char *zeros = NULL;

    if (file->is_direct && bytes % DIRECT_ALIGNMENT != 0)
        return err_set(err, ERR_INVALID, "cannot preallocate %llu bytes: not whole blocks",
                       (unsigned long long)bytes);
    /* Only a hint to lay the file out in one piece; the writes below tell a full disk. */
    (void)!fallocate(file->fd, 0, 0, (off_t)bytes);
    zeros = mem_new_aligned(DIRECT_ALIGNMENT, ZEROS_BYTES);
    for (uint64_t at = 0; at < bytes; at += ZEROS_BYTES) {
        uint64_t left = bytes - at;
        size_t count = left < ZEROS_BYTES ? (size_t)left : ZEROS_BYTES;
        TRY(linux_write(context, file, zeros, count, at, err));
    }
    return linux_sync(context, file, err);
}

static enum code linux_truncate(void *context, struct os_file *file, uint64_t bytes,
                                struct err *err)
{
    int failed;

    (void)context;
    do
        failed = ftruncate(file->fd, (off_t)bytes);
    while (failed != 0 && errno == EINTR);
    if (failed != 0)
        return err_errno(err, ERR_IO, errno, "cannot cut the file to %llu bytes",
                         (unsigned long long)bytes);
    return OK;
}

static enum code linux_stat(void *context, const char *path, struct os_stat *ret, struct err *err)
{
    struct stat status;

    (void)context;
    if (stat(path, &status) != 0)
        return err_errno(err, errno == ENOTDIR ? ERR_NOT_FOUND : code_of(errno), errno,
                         "cannot look at '%s'", path);
    *ret = (struct os_stat){.bytes = (uint64_t)status.st_size,
                            .is_dir = S_ISDIR(status.st_mode),
                            .mode = status.st_mode & 07777};
    return OK;
}

/* Where the file system cannot rename without replacing: a link is refused when `to` exists. */
static int rename_by_link(const char *from, const char *to)
{
    if (link(from, to) != 0)
        return -1;
    return unlink(from);
}

static enum code linux_rename(void *context, const char *from, const char *to, bool is_replacing,
                              struct err *err)
{
    int failed;

    (void)context;
    if (is_replacing) {
        failed = rename(from, to);
    } else {
        failed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
        if (failed != 0 && (errno == EINVAL || errno == ENOSYS))
            failed = rename_by_link(from, to);
    }
    if (failed != 0)
        return err_errno(err, code_of(errno), errno, "cannot rename '%s' to '%s'", from, to);
    return OK;
}

static enum code linux_remove(void *context, const char *path, struct err *err)
{
    (void)context;
    if (remove(path) != 0)
        return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot remove '%s'",
                         path);
    return OK;
}

static enum code linux_make_dir(void *context, const char *path, struct err *err)
{
    struct os_stat status = {0};

    if (mkdir(path, MODE_DIR) == 0)
        return OK;
    int why = errno;
    if (why == EEXIST && linux_stat(context, path, &status, NULL) == OK && status.is_dir)
        return OK;
    return err_errno(err, code_of(why), why, "cannot make the folder '%s'", path);
}

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static enum code linux_sync_dir(void *context, const char *path, struct err *err)
{
    CLEANUP(close_fd) int fd = open_retrying(path, O_RDONLY | O_DIRECTORY);
    int failed;

    (void)context;
    if (fd < 0)
        return err_errno(err, code_of(errno), errno, "cannot open the folder '%s'", path);
    do
        failed = fsync(fd);
    while (failed != 0 && errno == EINTR);
    if (failed != 0)
        return err_errno(err, ERR_IO, errno, "cannot sync the folder '%s'", path);
    return OK;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

static enum code linux_list(void *context, const char *path, struct arena *arena,
                            struct str **ret_names, size_t *ret_count, struct err *err)
{
    CLEANUP(close_dir) DIR *dir = opendir(path);
    size_t count = 0;
    size_t capacity = 64;
    struct str *names = ARENA_NEW(arena, struct str, capacity);

    (void)context;
    if (dir == NULL)
        return err_errno(err, code_of(errno), errno, "cannot list '%s'", path);
    for (;;) {
        errno = 0;
        /* Safe on a stream that no other thread has. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            return err_errno(err, ERR_IO, errno, "cannot list '%s'", path);
        if (entry == NULL)
            break;
        struct str name = str_from(entry->d_name);
        if (str_equal(name, STR(".")) || str_equal(name, STR("..")))
            continue;
        if (count == capacity) {
            struct str *longer = ARENA_NEW(arena, struct str, capacity * 2);
            memcpy(longer, names, count * sizeof(*names));
            names = longer;
            capacity *= 2;
        }
        names[count++] = arena_str(arena, name);
    }
    qsort(names, count, sizeof(*names), compare_names);
    *ret_names = names;
    *ret_count = count;
    return OK;
}

/* The lock belongs to the open file, so it ends with the process whatever kills it. */
static enum code linux_lock(void *context, const char *path, struct os_file **ret, struct err *err)
{
    int failed;
    int fd = open_retrying(path, O_RDWR | O_CREAT);

    (void)context;
    if (fd < 0 && errno == EISDIR)
        fd = open_retrying(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return err_errno(err, code_of(errno), errno, "cannot open the lock '%s'", path);
    do
        failed = flock(fd, LOCK_EX | LOCK_NB);
    while (failed != 0 && errno == EINTR);
    if (failed != 0) {
        int why = errno;
        (void)close(fd);
        if (why == EWOULDBLOCK)
            return err_set(err, ERR_BUSY, "'%s' is locked by another process", path);
        return err_errno(err, ERR_IO, why, "cannot lock '%s'", path);
    }
    *ret = file_new(fd, false);
    return OK;
}

const struct os *os_linux(void)
{
    static const struct os table = {
        .now_us = linux_now_us,
        .monotonic_us = linux_monotonic_us,
        .random = linux_random,
        .open = linux_open,
        .close = linux_close,
        .is_direct = linux_is_direct,
        .read = linux_read,
        .write = linux_write,
        .sync = linux_sync,
        .preallocate = linux_preallocate,
        .truncate = linux_truncate,
        .stat = linux_stat,
        .rename = linux_rename,
        .remove = linux_remove,
        .make_dir = linux_make_dir,
        .sync_dir = linux_sync_dir,
        .list = linux_list,
        .lock = linux_lock,
    };

    return &table;
}
