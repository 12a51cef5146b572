#include "core/kill_point.h"

#ifdef ASOF_KILL_POINTS

#include "core/str.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct str chosen; /* absent: none */
static _Atomic(int64_t) passages_left;

static void choose(void)
{
    struct str rest = str_from(getenv("ASOF_KILL_POINT")); // NOLINT(concurrency-mt-unsafe)
    size_t colon = rest.len;
    int64_t count = 0;

    while (colon > 0 && rest.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0 || str_to_i64(str_slice(rest, colon, rest.len), &count, NULL) != OK)
        return;
    atomic_store(&passages_left, count);
    chosen = str_slice(rest, 0, colon - 1);
}

void kill_point(const char *name)
{
    (void)pthread_once(&once, choose);
    if (str_is_absent(chosen) || !str_equal(chosen, str_from(name)))
        return;
    if (atomic_fetch_sub(&passages_left, 1) == 1)
        (void)kill(getpid(), SIGKILL);
}

#else

/* A translation unit is not to be empty. */
static_assert(true, "no kill points in this build");

#endif
