/*
 * Finds and opens libduckdb.so at run time, so that the serving process neither links nor maps it
 * (design section 3).
 */
#include "offline/duck_priv.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static pthread_once_t load_once = PTHREAD_ONCE_INIT;
static struct duck_table load_table;
static bool is_loaded;
static struct err load_err;

static void *library_try(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* "<folder of this program><suffix>"; false when there is no saying. */
static bool path_beside_program(char ret_path[static PATH_BYTES], const char *suffix)
{
    char self[PATH_BYTES - 64];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self));

    if (len <= 0 || (size_t)len == sizeof(self))
        return false;
    while (len > 0 && self[len - 1] != '/')
        len--;
    int written = snprintf(ret_path, PATH_BYTES, "%.*s%s", (int)len, self, suffix);
    return written > 0 && written < PATH_BYTES;
}

static void *library_open(void)
{
    char path[PATH_BYTES];
    const char *named = getenv("ASOF_DUCKDB"); // NOLINT(concurrency-mt-unsafe): set before start
    void *library = NULL;

    /* A named file that cannot be opened is a mistake to report, not a reason to take another. */
    if (named != NULL && named[0] != '\0')
        return library_try(named);
    if (path_beside_program(path, "libduckdb.so"))
        library = library_try(path);
    if (library == NULL && path_beside_program(path, "../lib/libduckdb.so"))
        library = library_try(path);
#ifdef ASOF_DUCKDB_DIR
    if (library == NULL)
        library = library_try(ASOF_DUCKDB_DIR "/libduckdb.so");
#endif
    return library == NULL ? library_try("libduckdb.so") : library;
}

static const struct {
    const char *name;
    size_t offset; /* in the table */
} functions[] = {
#define DUCK_FUNCTION(name) {"duckdb_" #name, offsetof(struct duck_table, name)},
    DUCK_FUNCTIONS(DUCK_FUNCTION)
#undef DUCK_FUNCTION
};

static enum code load_library(struct err *err)
{
    void *library = library_open();

    if (library == NULL) {
        const char *why = dlerror(); // NOLINT(concurrency-mt-unsafe): once in the process
        return err_set(err, ERR_IO,
                       "libduckdb.so was not found (name it in the environment's ASOF_DUCKDB): %s",
                       why == NULL ? "no reason given" : why);
    }
    for (size_t i = 0; i < ARRAY_COUNT(functions); i++) {
        void *found = dlsym(library, functions[i].name);
        if (found == NULL)
            return err_set(err, ERR_IO, "libduckdb.so has no function %s", functions[i].name);
        /* ISO C has no cast from void * to a function's address. */
        memcpy((char *)&load_table + functions[i].offset, (const void *)&found, sizeof(found));
    }
    return OK;
}

static void load(void)
{
    is_loaded = load_library(&load_err) == OK;
}

enum code duck_load(const struct duck_table **ret, struct err *err)
{
    (void)pthread_once(&load_once, load);
    if (!is_loaded)
        return err_set(err, load_err.code, "%s", load_err.message);
    *ret = &load_table;
    return OK;
}
