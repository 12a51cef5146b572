/*
 * The simulated machine (sim_os.h): power, faults, clock and names around the disk of sim_disk.c.
 */
#include "core/mem.h"
#include "sim/sim_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIM_CLOCK_START INT64_C(1782914587421000) /* 2026-07-01T14:03:07.421Z */

uint64_t sim_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = *state;
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

struct sim_outcome sim_call_begin(struct sim *sim, enum sim_call call)
{
    sim->calls[call]++;
    if (sim->is_off)
        return (struct sim_outcome){EIO, false};
    if (sim->power_off_at > 0 && (SIM_CHANGING & 1U << call) != 0) {
        sim->power_off_at--;
        sim->is_off = sim->power_off_at == 0;
        if (sim->is_off)
            return (struct sim_outcome){EIO, true};
    }
    const struct sim_fault *fault = &sim->fault;
    if (fault->nth == 0 || (fault->calls != 0 && (fault->calls & 1U << call) == 0))
        return (struct sim_outcome){0};
    sim->fault_calls++;
    bool is_hit =
        sim->fault_calls == fault->nth || (sim->fault_calls > fault->nth && fault->is_for_ever);
    if (!is_hit)
        return (struct sim_outcome){0};
    sim->is_fault_hit = true;
    return (struct sim_outcome){fault->errno_value, true};
}

enum code sim_call_fail(const struct sim *sim, int errno_value, const char *what, const char *path,
                        struct err *err)
{
    return err_errno(err, ERR_IO, errno_value, "%s '%s'%s", what, path,
                     sim->is_off ? " (power is off)" : "");
}

/* ---- clock and randomness ---- */

struct sim *sim_enter(void *context)
{
    struct sim *sim = context;
    int status = pthread_mutex_lock(&sim->mutex);
    assert(status == 0);
    return sim;
}

void sim_leave(struct sim **sim)
{
    int status = pthread_mutex_unlock(&(*sim)->mutex);
    assert(status == 0);
}

static int64_t sim_now_us(void *context)
{
    WITH_SIM(context);
    sim->now_us++;
    sim->monotonic_us++;
    return sim->now_us;
}

static int64_t sim_monotonic_us(void *context)
{
    WITH_SIM(context);
    sim->now_us++;
    sim->monotonic_us++;
    return sim->monotonic_us;
}

static enum code sim_random(void *context, void *bytes, size_t count, struct err *err)
{
    WITH_SIM(context);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_RANDOM);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot get", "random bytes", err);
    unsigned char *to = bytes;
    for (size_t i = 0; i < count; i++)
        to[i] = (unsigned char)sim_next(&sim->random);
    return OK;
}

/* ---- names ---- */

static enum code sim_stat(void *context, const char *raw_path, struct os_stat *ret, struct err *err)
{
    WITH_SIM(context);
    char path[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_STAT);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot stat", path, err);
    const struct sim_node *node = sim_disk_find(&sim->disk, path);
    if (node == NULL && !sim_disk_is_dir(&sim->disk, path))
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot stat '%s'", path);
    *ret = (struct os_stat){.bytes = node == NULL ? 0 : node->now.len,
                            .is_dir = node == NULL || node->is_dir};
    return OK;
}

static enum code sim_rename(void *context, const char *raw_from, const char *raw_to,
                            bool is_replacing, struct err *err)
{
    WITH_SIM(context);
    char from[SIM_PATH_BYTES];
    char to[SIM_PATH_BYTES];
    char parent[SIM_PATH_BYTES];
    sim_path_normalize(raw_from, from);
    sim_path_normalize(raw_to, to);
    sim_path_parent(to, parent);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_RENAME);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot rename", from, err);
    const struct sim_node *node = sim_disk_find(&sim->disk, from);
    const struct sim_node *there = sim_disk_find(&sim->disk, to);
    if (node == NULL || !sim_disk_is_dir(&sim->disk, parent))
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot rename '%s' to '%s'", from, to);
    if (node->is_dir || (there != NULL && there->is_dir))
        return err_errno(err, ERR_IO, EISDIR, "cannot rename '%s' to '%s'", from, to);
    if (there != NULL && !is_replacing)
        return err_errno(err, ERR_EXISTS, EEXIST, "cannot rename '%s' to '%s'", from, to);
    sim_disk_rename(&sim->disk, from, to);
    return OK;
}

static enum code sim_remove(void *context, const char *raw_path, struct err *err)
{
    WITH_SIM(context);
    char path[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_REMOVE);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot remove", path, err);
    const struct sim_node *node = sim_disk_find(&sim->disk, path);
    if (node == NULL)
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot remove '%s'", path);
    if (node->is_dir && !sim_disk_is_empty_dir(&sim->disk, path))
        return err_errno(err, ERR_IO, ENOTEMPTY, "cannot remove '%s'", path);
    sim_disk_remove(&sim->disk, path);
    return OK;
}

static enum code sim_make_dir(void *context, const char *raw_path, struct err *err)
{
    WITH_SIM(context);
    char path[SIM_PATH_BYTES];
    char parent[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    sim_path_parent(path, parent);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_MAKE_DIR);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot make folder", path, err);
    if (sim_disk_is_dir(&sim->disk, path))
        return OK;
    if (sim_disk_find(&sim->disk, path) != NULL)
        return err_errno(err, ERR_IO, ENOTDIR, "cannot make folder '%s'", path);
    if (!sim_disk_is_dir(&sim->disk, parent))
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot make folder '%s'", path);
    (void)sim_disk_make(&sim->disk, path, true);
    return OK;
}

static enum code sim_sync_dir(void *context, const char *raw_path, struct err *err)
{
    WITH_SIM(context);
    char path[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_SYNC_DIR);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot sync folder", path, err);
    if (!sim_disk_is_dir(&sim->disk, path))
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot sync folder '%s'", path);
    sim_disk_sync_dir(&sim->disk, strcmp(path, "/") == 0 ? "" : path);
    return OK;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum code sim_list(void *context, const char *raw_path, struct arena *arena,
                          struct str **ret_names, size_t *ret_count, struct err *err)
{
    WITH_SIM(context);
    char path[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    struct sim_outcome outcome = sim_call_begin(sim, SIM_LIST);
    if (outcome.errno_value != 0)
        return sim_call_fail(sim, outcome.errno_value, "cannot list", path, err);
    if (!sim_disk_is_dir(&sim->disk, path))
        return err_errno(err, ERR_NOT_FOUND, ENOENT, "cannot list '%s'", path);
    if (strcmp(path, "/") == 0)
        path[0] = 0;
    const struct sim_names *names = &sim->disk.now;
    struct str *list = ARENA_NEW(arena, struct str, names->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++) {
        char parent[SIM_PATH_BYTES];
        sim_path_parent(names->items[i].path, parent);
        if (strcmp(parent, path) != 0)
            continue;
        const char *slash = strrchr(names->items[i].path, '/');
        list[count] = arena_str(arena, str_from(slash == NULL ? names->items[i].path : slash + 1));
        count++;
    }
    qsort(list, count, sizeof(*list), compare_names);
    *ret_names = list;
    *ret_count = count;
    return OK;
}

/* ---- the machine ---- */

struct sim *sim_new(uint64_t seed)
{
    struct sim *sim = MEM_NEW(struct sim);
    int status = pthread_mutex_init(&sim->mutex, NULL);
    assert(status == 0);
    sim_disk_init(&sim->disk);
    sim->random = seed;
    sim->now_us = SIM_CLOCK_START;
    sim->os = (struct os){
        .context = sim,
        .now_us = sim_now_us,
        .monotonic_us = sim_monotonic_us,
        .random = sim_random,
        .stat = sim_stat,
        .rename = sim_rename,
        .remove = sim_remove,
        .make_dir = sim_make_dir,
        .sync_dir = sim_sync_dir,
        .list = sim_list,
    };
    sim_file_setup(&sim->os);
    return sim;
}

void sim_free(struct sim *sim)
{
    if (sim == NULL)
        return;
    sim_clear_locks(sim);
    mem_free(sim->locks);
    sim_disk_release(&sim->disk);
    pthread_mutex_destroy(&sim->mutex);
    mem_free(sim);
}

const struct os *sim_os(struct sim *sim)
{
    return &sim->os;
}

void sim_clock_set(struct sim *raw, int64_t now_us)
{
    WITH_SIM(raw);
    sim->now_us = now_us;
}

void sim_clock_advance(struct sim *raw, int64_t us)
{
    WITH_SIM(raw);
    sim->now_us += us;
    sim->monotonic_us += us;
}

void sim_fail(struct sim *raw, const struct sim_fault *fault)
{
    WITH_SIM(raw);
    sim->fault = *fault;
    sim->fault_calls = 0;
    sim->is_fault_hit = false;
}

bool sim_fault_was_hit(const struct sim *sim)
{
    return sim->is_fault_hit;
}

uint64_t sim_calls(const struct sim *sim, unsigned calls)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < SIM_CALLS; i++)
        if ((calls & 1U << i) != 0)
            count += sim->calls[i];
    return count;
}

void sim_power_off_at(struct sim *raw, uint64_t nth)
{
    WITH_SIM(raw);
    sim->power_off_at = nth;
}

void sim_power_off(struct sim *raw)
{
    WITH_SIM(raw);
    sim->is_off = true;
}

bool sim_is_off(const struct sim *sim)
{
    return sim->is_off;
}

void sim_crash(struct sim *raw, uint64_t seed)
{
    WITH_SIM(raw);
    sim_disk_crash(&sim->disk, seed);
    sim_clear_locks(sim);
    sim->life++;
    sim->is_off = false;
    sim->power_off_at = 0;
    sim->fault = (struct sim_fault){0};
}

size_t sim_unsynced(const struct sim *sim)
{
    return sim_disk_unsynced(&sim->disk);
}

void sim_disk_bytes_set(struct sim *raw, uint64_t bytes_max)
{
    WITH_SIM(raw);
    sim->disk_bytes_max = bytes_max;
}

void sim_flip(struct sim *raw, const char *raw_path, uint64_t offset, unsigned bit)
{
    WITH_SIM(raw);
    char path[SIM_PATH_BYTES];
    sim_path_normalize(raw_path, path);
    struct sim_node *node = sim_disk_find(&sim->disk, path);
    assert(node != NULL && offset < node->now.len && bit < 8);
    node->now.bytes[offset] ^= (unsigned char)(1U << bit);
    if (offset < node->synced.len)
        node->synced.bytes[offset] ^= (unsigned char)(1U << bit);
}
