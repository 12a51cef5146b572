/*
 * Looks through offline/ and sidecar/ for files with a name of ours (layout_is_own_name) that the
 * manifest does not name. Others' files under the prefix are tolerated and never touched.
 */
#include "core/mem.h"
#include "offline/flush_priv.h"
#include "offline/layout.h"

enum { PATH_BYTES_MAX = 4000 }; /* no path of ours is as long; a loop of links ends here */

struct sweep {
    struct flush *flush;
    struct arena arena;
    struct str *known; /* sorted */
    size_t known_count;
    struct str *stack; /* folders to look into, relative */
    size_t stack_count, stack_capacity;
    uint64_t removed;
};

static bool is_known(const struct sweep *sweep, struct str path)
{
    size_t low = 0, high = sweep->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(sweep->known[middle], path);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void push(struct sweep *sweep, struct str folder)
{
    if (sweep->stack_count == sweep->stack_capacity) {
        sweep->stack_capacity = size_max(64, 2 * sweep->stack_capacity);
        sweep->stack =
            mem_resize(sweep->stack, arena_array_size(sizeof(struct str), sweep->stack_capacity));
    }
    sweep->stack[sweep->stack_count++] = folder;
}

static enum code visit(struct sweep *sweep, struct str path, struct str name, struct err *err)
{
    const struct os *os = sweep->flush->os;
    const char *full = flush_path(sweep->flush, path, &sweep->arena);
    struct os_stat status;

    if (layout_is_own_name(name)) {
        if (is_known(sweep, path))
            return OK;
        TRY(os->remove(os->context, full, err));
        sweep->removed++;
        return OK;
    }
    if (str_ends(name, STR(".parquet")) || path.len > PATH_BYTES_MAX ||
        os->stat(os->context, full, &status, NULL) != OK)
        return OK;
    if (status.is_dir)
        push(sweep, path);
    return OK;
}

static enum code run(struct sweep *sweep, struct err *err)
{
    const struct os *os = sweep->flush->os;

    push(sweep, STR("offline"));
    push(sweep, STR("sidecar"));
    while (sweep->stack_count > 0) {
        struct str folder = sweep->stack[--sweep->stack_count];
        struct str *names = NULL;
        size_t count = 0;
        TRY(os->list(os->context, flush_path(sweep->flush, folder, &sweep->arena), &sweep->arena,
                     &names, &count, err));
        for (size_t i = 0; i < count; i++) {
            struct str path =
                arena_format(&sweep->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(names[i]));
            TRY(visit(sweep, path, names[i], err));
        }
    }
    return OK;
}

enum code flush_sweep(struct flush *flush, uint64_t *ret_removed, struct err *err)
{
    struct sweep sweep = {.flush = flush};
    struct flush_mark mark;

    store_flush_mark(flush->store, &mark);
    assert(flush->state == FLUSH_IDLE);
    if (mark.cut_from < mark.cut_to)
        return err_set(err, ERR_BUSY, "a flush waits to be finished");
    manifest_paths(flush->manifest, &sweep.arena, &sweep.known, &sweep.known_count);
    enum code code = run(&sweep, err);
    mem_free(sweep.stack);
    arena_release(&sweep.arena);
    TRY(code);
    *ret_removed = sweep.removed;
    return OK;
}
