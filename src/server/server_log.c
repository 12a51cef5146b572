#include "server/server_log.h"

#include <stdio.h>
#include <unistd.h>

/* One write a line, so that lines of several threads do not mix. */
static void line_write(struct str line, void *context)
{
    (void)context;
    ssize_t written = write(STDERR_FILENO, line.ptr, line.len);
    (void)written;
}

static int64_t line_now(void *context)
{
    const struct os *const *os = context;

    return (*os)->now_us((*os)->context);
}

void server_log_setup(const struct os *os, enum log_level level)
{
    static const struct os *clock;

    clock = os;
    log_setup(level, line_write, line_now, &clock);
}
