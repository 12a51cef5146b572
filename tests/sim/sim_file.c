/*
 * The functions of the simulated machine that have to do with open files: handles, reads, writes,
 * syncs, and the lock of a folder.
 */
#include "core/mem.h"
#include "sim/sim_priv.h"

#include <errno.h>
#include <string.h>

static struct os_file *handle_new(const struct sim *sim, struct sim_node *node, unsigned flags)
{
    struct sim_handle *handle = MEM_NEW(struct sim_handle);
    *handle = (struct sim_handle){.node = node, .flags = flags, .life = sim->life};
    return (struct os_file *)handle;
}

static struct sim_handle *handle_of(struct os_file *file)
{
    return (struct sim_handle *)file;
}

static enum code open_new(struct sim *sim, const char *path, struct sim_node **ret, struct err *err)
{
    char parent[SIM_PATH_BYTES];
    sim_path_parent(path, parent);
    if (!sim_disk_is_dir(&sim->disk, parent))
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot open '%s'", path);
    *ret = sim_disk_make(&sim->disk, path, false);
    return OK;
}

static enum code sim_open(void *context, const char *raw_path, unsigned flags, struct os_file **ret,
                          struct err *err)
{
    WITH_SIM(context);
    char path[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_OPEN);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot open", path, err);
    struct sim_node *node = sim_disk_find(&sim->disk, path);
    if (node == NULL && (flags & OS_CREATE) == 0)
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot open '%s'", path);
    if (node != NULL && (flags & OS_EXCLUSIVE) != 0)
        return err_errno(err, ERR_EXISTS, EEXIST, "cannot open '%s'", path);
    if (node != NULL && node->is_dir)
        return err_errno(err, ERR_IO, EISDIR, "cannot open '%s'", path);
    if (node == NULL)
        TRY(open_new(sim, path, &node, err));
    if ((flags & OS_TRUNCATE) != 0)
        sim_node_resize(node, 0);
    *ret = handle_new(sim, node, flags);
    return OK;
}

static void sim_close(void *context, struct os_file *file)
{
    WITH_SIM(context);
    if (file == NULL)
        return;
    struct sim_handle *handle = handle_of(file);
    for (size_t i = 0; handle->life == sim->life && i < sim->lock_count; i++) {
        if (handle->lock_path == NULL || strcmp(sim->locks[i], handle->lock_path) != 0)
            continue;
        mem_free(sim->locks[i]);
        sim->lock_count--;
        sim->locks[i] = sim->locks[sim->lock_count];
    }
    mem_free(handle->lock_path);
    mem_free(handle);
}

static bool sim_is_direct(void *context, const struct os_file *file)
{
    (void)context;
    const struct sim_handle *handle = (const struct sim_handle *)file;
    return (handle->flags & OS_DIRECT) != 0;
}

/* ERR_IO where the handle is dead or not open for this. */
static enum code handle_check(const struct sim *sim, const struct sim_handle *handle, unsigned flag,
                              struct err *err)
{
    if (handle->life != sim->life || handle->node == NULL)
        return err_errno(err, ERR_IO, EBADF, "cannot use a handle of before the crash");
    if (flag != 0 && (handle->flags & flag) == 0)
        return err_errno(err, ERR_IO, EBADF, "cannot use a handle that was not opened for this");
    return OK;
}

/* As O_DIRECT wants it; a mistake here would fail on the real disk only. */
static bool is_aligned(const struct sim_handle *handle, const void *bytes, size_t count,
                       uint64_t offset)
{
    return (handle->flags & OS_DIRECT) == 0 ||
           ((uintptr_t)bytes % 4096 == 0 && count % 4096 == 0 && offset % 4096 == 0);
}

static enum code sim_read(void *context, struct os_file *file, void *bytes, size_t count,
                          uint64_t offset, struct err *err)
{
    WITH_SIM(context);
    struct sim_handle *handle = handle_of(file);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_READ);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot read", "file", err);
    TRY(handle_check(sim, handle, OS_READ, err));
    if (!is_aligned(handle, bytes, count, offset))
        return err_errno(err, ERR_IO, EINVAL, "direct read is not aligned");
    const struct sim_image *image = &handle->node->now;
    if (offset > image->len || count > image->len - offset)
        return err_set(err, ERR_IO, "cannot read: short read");
    if (count > 0)
        memcpy(bytes, image->bytes + offset, count);
    return OK;
}

static bool is_full(const struct sim *sim, const struct sim_node *node, uint64_t bytes)
{
    uint64_t growth = bytes > node->now.len ? bytes - node->now.len : 0;
    return sim->disk_bytes_max > 0 && growth > 0 &&
           sim_disk_bytes(&sim->disk) + growth > sim->disk_bytes_max;
}

/*
 * A durable write that fails or loses power halfway leaves sectors that are written but not
 * synced; a crash decides which of them are there.
 */
static enum code sim_write(void *context, struct os_file *file, const void *bytes, size_t count,
                           uint64_t offset, struct err *err)
{
    WITH_SIM(context);
    struct sim_handle *handle = handle_of(file);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_WRITE);
    if (outcome.errno_value != 0 && !outcome.is_halfway)
        return sim_call_fail(sim, outcome.errno_value, "cannot write", "file", err);
    TRY(handle_check(sim, handle, OS_WRITE, err));
    if (!is_aligned(handle, bytes, count, offset))
        return err_errno(err, ERR_IO, EINVAL, "direct write is not aligned");
    if (outcome.errno_value != 0) {
        size_t part = sim_next(&sim->random) % (count + 1);
        if ((handle->flags & OS_DIRECT) != 0)
            part = part / SIM_SECTOR_BYTES * SIM_SECTOR_BYTES;
        if (sim->is_off)
            part = count;
        sim_node_write(handle->node, (struct str){bytes, part}, offset);
        return sim_call_fail(sim, outcome.errno_value, "cannot write", "file", err);
    }
    if (is_full(sim, handle->node, offset + count))
        return err_errno(err, ERR_IO, ENOSPC, "cannot write");
    sim_node_write(handle->node, (struct str){bytes, count}, offset);
    if ((handle->flags & OS_DURABLE) != 0)
        sim_node_sync_range(handle->node, offset, count);
    return OK;
}

static enum code sim_sync(void *context, struct os_file *file, struct err *err)
{
    WITH_SIM(context);
    struct sim_handle *handle = handle_of(file);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_SYNC);
    TRY(handle_check(sim, handle, 0, err));
    if (outcome.errno_value != 0) {
        if (!sim->is_off)
            sim_node_forget(handle->node);
        return sim_call_fail(sim, outcome.errno_value, "cannot sync", "file", err);
    }
    sim_node_sync(handle->node);
    return OK;
}

static enum code sim_preallocate(void *context, struct os_file *file, uint64_t bytes,
                                 struct err *err)
{
    WITH_SIM(context);
    struct sim_handle *handle = handle_of(file);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_PREALLOCATE);
    TRY(handle_check(sim, handle, OS_WRITE, err));
    if (outcome.errno_value != 0) {
        if (outcome.is_halfway)
            sim_node_resize(handle->node, sim_next(&sim->random) % (bytes + 1));
        return sim_call_fail(sim, outcome.errno_value, "cannot preallocate", "file", err);
    }
    if (is_full(sim, handle->node, bytes))
        return err_errno(err, ERR_IO, ENOSPC, "cannot preallocate");
    size_t len = size_max(handle->node->now.len, bytes);
    sim_node_resize(handle->node, 0);
    sim_node_resize(handle->node, len);
    sim_node_sync(handle->node);
    return OK;
}

static enum code sim_truncate(void *context, struct os_file *file, uint64_t bytes, struct err *err)
{
    WITH_SIM(context);
    struct sim_handle *handle = handle_of(file);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_TRUNCATE);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot truncate", "file", err);
    TRY(handle_check(sim, handle, OS_WRITE, err));
    if (is_full(sim, handle->node, bytes))
        return err_errno(err, ERR_IO, ENOSPC, "cannot truncate");
    sim_node_resize(handle->node, bytes);
    return OK;
}

static enum code sim_lock(void *context, const char *raw_path, struct os_file **ret,
                          struct err *err)
{
    WITH_SIM(context);
    char path[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_LOCK);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot lock", path, err);
    for (size_t i = 0; i < sim->lock_count; i++)
        if (strcmp(sim->locks[i], path) == 0)
            return err_set(err, ERR_BUSY, "'%s' is locked by another process", path);
    struct sim_node *node = sim_disk_find(&sim->disk, path);
    if (node == NULL)
        TRY(open_new(sim, path, &node, err));
    sim->locks = mem_resize(sim->locks, (sim->lock_count + 1) * sizeof(*sim->locks));
    size_t len = strlen(path) + 1;
    sim->locks[sim->lock_count] = mem_new_array(len, 1);
    memcpy(sim->locks[sim->lock_count], path, len);
    sim->lock_count++;
    *ret = handle_new(sim, NULL, 0);
    handle_of(*ret)->lock_path = mem_new_array(len, 1);
    memcpy(handle_of(*ret)->lock_path, path, len);
    return OK;
}

void sim_clear_locks(struct sim *sim)
{
    for (size_t i = 0; i < sim->lock_count; i++)
        mem_free(sim->locks[i]);
    sim->lock_count = 0;
}

void sim_file_setup(struct os *os)
{
    os->open = sim_open;
    os->close = sim_close;
    os->is_direct = sim_is_direct;
    os->read = sim_read;
    os->write = sim_write;
    os->sync = sim_sync;
    os->preallocate = sim_preallocate;
    os->truncate = sim_truncate;
    os->lock = sim_lock;
}
