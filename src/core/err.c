/* Errors carry their own text: no global "last error", no logging here. */
#include "core/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

PRINTF_LIKE(3, 0)
static void message_format(struct err *err, enum code code, const char *format, va_list args)
{
    err->code = code;
    (void)vsnprintf(err->message, sizeof(err->message), format, args);
}

enum code err_set(struct err *err, enum code code, const char *format, ...)
{
    assert(code != OK);
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        message_format(err, code, format, args);
        va_end(args);
    }
    return code;
}

enum code err_errno(struct err *err, enum code code, int errno_value, const char *format, ...)
{
    char text[96];
    size_t used;

    assert(code != OK);
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, format);
    message_format(err, code, format, args);
    va_end(args);
    used = strlen(err->message);
    /* The GNU strerror_r: returns the text, which may or may not lie in `text`. */
    (void)snprintf(err->message + used, sizeof(err->message) - used, ": %s",
                   strerror_r(errno_value, text, sizeof(text)));
    return code;
}

enum code err_prefix(struct err *err, enum code code, const char *format, ...)
{
    char text[ERR_MESSAGE_BYTES];

    assert(code != OK);
    if (err == NULL)
        return code;
    memcpy(text, err->message, sizeof(text));
    va_list args;
    va_start(args, format);
    message_format(err, code, format, args);
    va_end(args);
    size_t used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof(err->message) - used, ": %s", text);
    return code;
}

const char *code_name(enum code code)
{
    switch (code) {
    case OK:
        return "ok";
    case ERR_INVALID:
        return "invalid";
    case ERR_DENIED:
        return "denied";
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_EXISTS:
        return "exists";
    case ERR_CONFLICT:
        return "conflict";
    case ERR_LIMIT:
        return "limit";
    case ERR_BUSY:
        return "busy";
    case ERR_TOO_LARGE:
        return "too_large";
    case ERR_TIMEOUT:
        return "timeout";
    case ERR_IO:
        return "io";
    case ERR_CORRUPT:
        return "corrupt";
    case ERR_INTERNAL:
        return "internal";
    }
    return "unknown";
}
