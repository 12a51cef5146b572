#include "os/thread.h"

#include "core/mem.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

enum { NAME_BYTES = 16 };

struct os_thread {
    pthread_t thread;
    os_thread_fn *fn;
    void *context;
    char name[NAME_BYTES];
};

static void *thread_main(void *argument)
{
    struct os_thread *thread = argument;

    (void)pthread_setname_np(pthread_self(), thread->name);
    thread->fn(thread->context);
    return NULL;
}

/* All but those that a thread raises by its own fault. */
static void signals_to_block(sigset_t *ret)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

    (void)sigfillset(ret);
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        (void)sigdelset(ret, own[i]);
}

enum code os_thread_start(const char *name, os_thread_fn *fn, void *context, struct os_thread **ret,
                          struct err *err)
{
    struct os_thread *thread = MEM_NEW(struct os_thread);
    sigset_t blocked;
    sigset_t before;

    assert(strlen(name) < NAME_BYTES && fn != NULL);
    thread->fn = fn;
    thread->context = context;
    memcpy(thread->name, name, strlen(name) + 1);
    /* A new thread has its maker's mask: no signal can come before it is set. */
    signals_to_block(&blocked);
    (void)pthread_sigmask(SIG_BLOCK, &blocked, &before);
    int failed = pthread_create(&thread->thread, NULL, thread_main, thread);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        mem_free(thread);
        return err_errno(err, ERR_IO, failed, "cannot start the thread '%s'", name);
    }
    *ret = thread;
    return OK;
}

void os_thread_join(struct os_thread *thread)
{
    if (thread == NULL)
        return;
    int failed = pthread_join(thread->thread, NULL);
    assert(failed == 0);
    (void)failed;
    mem_free(thread);
}

unsigned os_processors(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}
