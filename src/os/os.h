#pragma once
/*
 * Everything that is not a pure function of its inputs: clock, random, files. One table of
 * functions: os_linux() for real, tests/sim for the simulated and failing one. Nothing outside os/
 * calls clock_gettime, open, fsync and their like; sockets belong to net/ and are opened through
 * os/socket.h.
 *
 * Failures carry errno's text. A failed write or sync of the journal is final: its caller ends the
 * process and never tries again (a sync that is repeated after a failure can succeed without having
 * written). Functions may be called from any thread; a file belongs to whoever opened it.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

struct os_file; /* an open file or folder */

enum os_open_flags {
    OS_READ = 1 << 0,
    OS_WRITE = 1 << 1,
    OS_CREATE = 1 << 2,    /* mode 0600 */
    OS_EXCLUSIVE = 1 << 3, /* with OS_CREATE: refuse an existing one */
    OS_TRUNCATE = 1 << 4,
    OS_DIRECT = 1 << 5,  /* O_DIRECT where the file system has it (see os_file_is_direct) */
    OS_DURABLE = 1 << 6, /* each write is on stable storage when it returns (O_DSYNC) */
};

struct os_stat {
    uint64_t bytes;
    bool is_dir;
    unsigned mode; /* permission bits; 0 where there are none */
};

struct os {
    void *context;

    /* Microseconds since 1970, UTC. May step backwards. */
    int64_t (*now_us)(void *context);
    /* Microseconds of a clock that never steps; for durations only. */
    int64_t (*monotonic_us)(void *context);
    NODISCARD enum code (*random)(void *context, void *bytes, size_t count, struct err *err);

    NODISCARD enum code (*open)(void *context, const char *path, unsigned flags,
                                struct os_file **ret, struct err *err);
    void (*close)(void *context, struct os_file *file);
    bool (*is_direct)(void *context, const struct os_file *file);
    /* Exactly `count` bytes, or ERR_IO; reading past the end is ERR_IO ("short read"). */
    NODISCARD enum code (*read)(void *context, struct os_file *file, void *bytes, size_t count,
                                uint64_t offset, struct err *err);
    NODISCARD enum code (*write)(void *context, struct os_file *file, const void *bytes,
                                 size_t count, uint64_t offset, struct err *err);
    /* Data and what is needed to read it back are on stable storage when this returns. */
    NODISCARD enum code (*sync)(void *context, struct os_file *file, struct err *err);
    /* Allocates and zero-fills `bytes` from offset 0, and syncs: later writes change no metadata.
     */
    NODISCARD enum code (*preallocate)(void *context, struct os_file *file, uint64_t bytes,
                                       struct err *err);
    NODISCARD enum code (*truncate)(void *context, struct os_file *file, uint64_t bytes,
                                    struct err *err);

    NODISCARD enum code (*stat)(void *context, const char *path, struct os_stat *ret,
                                struct err *err); /* ERR_NOT_FOUND when there is none */
    NODISCARD enum code (*rename)(
        void *context, const char *from, const char *to, bool is_replacing,
        struct err *err); /* ERR_EXISTS when not replacing and `to` is there */
    NODISCARD enum code (*remove)(void *context, const char *path,
                                  struct err *err); /* a file or an empty
                                                       folder */
    NODISCARD enum code (*make_dir)(void *context, const char *path,
                                    struct err *err); /* mode 0700; one that is there is fine */
    NODISCARD enum code (*sync_dir)(void *context, const char *path, struct err *err);
    /* Names in the folder without "." and "..", sorted as bytes, in the arena. */
    NODISCARD enum code (*list)(void *context, const char *path, struct arena *arena,
                                struct str **ret_names, size_t *ret_count, struct err *err);
    /* Takes the folder's exclusive lock until closed; ERR_BUSY when another process has it. */
    NODISCARD enum code (*lock)(void *context, const char *path, struct os_file **ret,
                                struct err *err);
};

/* The real one; a constant. */
const struct os *os_linux(void);

/* Reads a whole file of at most bytes_max into buf (appended); ERR_TOO_LARGE over it. */
NODISCARD enum code os_read_file(const struct os *os, const char *path, size_t bytes_max,
                                 struct buf *out, struct err *err);

/*
 * Replaces (or makes) a file so that after a crash there is the old or the new content, whole:
 * writes
 * "<path>.tmp", syncs it, renames it, syncs the folder.
 */
NODISCARD enum code os_write_file(const struct os *os, const char *path, struct str content,
                                  struct err *err);

/* Makes a folder and all folders above it, each synced. */
NODISCARD enum code os_make_dirs(const struct os *os, const char *path, struct err *err);
