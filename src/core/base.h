#pragma once
/*
 * The idioms every file shares: result codes, the caller-owned error, early return, scope cleanup.
 *
 * Anything that can fail returns `enum code` and takes `struct err *err` last (err may be NULL).
 * Messages are lower-case sentences that name the thing, what was expected and what was found; the
 * exact texts of the AWS contract are the one exception. api/reply.c maps codes to HTTP status and
 * AWS error type.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODISCARD __attribute__((warn_unused_result))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

/* The only macro that returns. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        enum code try_code_ = (expression);                                                        \
        if (try_code_ != OK)                                                                       \
            return try_code_;                                                                      \
    } while (0)

enum code {
    OK = 0,
    ERR_INVALID,   /* the caller sent something wrong; the message names it */
    ERR_DENIED,    /* authenticated, but not allowed */
    ERR_NOT_FOUND, /* the named thing does not exist */
    ERR_EXISTS,    /* the named thing exists already */
    ERR_CONFLICT,  /* the stored state is newer than the request */
    ERR_LIMIT,     /* a quota of the account is used up */
    ERR_BUSY,      /* a bounded queue is full, or the store is stopping; retry later */
    ERR_TOO_LARGE, /* over a limit of config/limits.h */
    ERR_TIMEOUT,   /* a deadline passed */
    ERR_IO,        /* the operating system refused; the message carries errno's text */
    ERR_CORRUPT,   /* stored bytes fail their check */
    ERR_INTERNAL,  /* should not happen, but was handled */
};

enum { ERR_MESSAGE_BYTES = 640 };

struct err {
    enum code code;
    char message[ERR_MESSAGE_BYTES];
};

/* Sets *err (when not NULL) and returns `code`. The message is cut at ERR_MESSAGE_BYTES - 1. */
NODISCARD PRINTF_LIKE(3, 4) enum code
    err_set(struct err *err, enum code code, const char *format, ...);

/* As err_set, with ": <text of errno_value>" behind the message. */
NODISCARD PRINTF_LIKE(4, 5) enum code
    err_errno(struct err *err, enum code code, int errno_value, const char *format, ...);

/* Puts "<prefix>: " before the message that is there and returns err->code (ERR_INTERNAL if NULL).
 */
NODISCARD PRINTF_LIKE(3, 4) enum code
    err_prefix(struct err *err, enum code code, const char *format, ...);

/* A constant lower-case name of the code ("invalid", "io", …). */
const char *code_name(enum code code);

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}
