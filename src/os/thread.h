#pragma once
/*
 * Threads by name. The function runs until it returns; joining is the only way to end one.
 */
#include "core/base.h"

struct os_thread;
typedef void os_thread_fn(void *context);

/* `name` is at most 15 bytes. Signals are blocked in the new thread. */
NODISCARD enum code os_thread_start(const char *name, os_thread_fn *fn, void *context,
                                    struct os_thread **ret, struct err *err);
void os_thread_join(struct os_thread *thread);

/* The number of processors this process may use. */
unsigned os_processors(void);
