#pragma once
/*
 * Child processes of this same program: `asof worker flush|query`, over a socket pair at
 * descriptor 3. A child dies with its parent (PR_SET_PDEATHSIG), inherits no other descriptor and a
 * bare environment.
 */
#include "core/base.h"
#include "core/buf.h"

struct process {
    int pid;
    int socket; /* ours */
};

struct process_options {
    const char *program;          /* path of this binary; "/proc/self/exe" is fine */
    const char *kind;             /* "flush" or "query" */
    const char *const *arguments; /* NULL-terminated, behind the kind */
};

NODISCARD enum code process_start(const struct process_options *options, struct process *ret,
                                  struct err *err);
/* Kills it when it still runs, reaps it, closes the socket. Safe on a zero struct. */
void process_end(struct process *process);
/* The same, and tells how it ended (waitpid's status: one that ended before shows its own reason).
 */
void process_end_status(struct process *process, int *ret_status);

/* What a worker may do, set by itself. */
struct sandbox {
    const char *const *read_files; /* exact files, never a folder */
    size_t read_file_count;
    const char *private_dir; /* may read and write here; NULL: nowhere */
    /* 0: no limit. Memory is counted beyond what is mapped at the call. */
    uint64_t memory_bytes_max;
    unsigned cpu_seconds_max;
    uint64_t file_bytes_max;
};
/*
 * In two steps, since a query worker learns its files only by parsing a client's bytes. The first,
 * before such bytes are touched: rlimits (memory, cpu, file size, no core), low priority,
 * no_new_privs, seccomp (no sockets, no processes, no ptrace and their like; threads are allowed).
 * The second: Landlock. Both while the process has one thread. What the kernel lacks is appended to
 * *ret_missing; it is for the server to refuse or to log.
 */
NODISCARD enum code sandbox_enter_process(const struct sandbox *sandbox, struct buf *ret_missing,
                                          struct err *err);
NODISCARD enum code sandbox_enter_files(const struct sandbox *sandbox, struct buf *ret_missing,
                                        struct err *err);
/* Both steps. */
NODISCARD enum code sandbox_enter(const struct sandbox *sandbox, struct buf *ret_missing,
                                  struct err *err);
