/*
 * One file: written under a temporary name by the sink, synced, checked by its checksum, renamed.
 * The sidecar takes its name first, so a data file that is there is whole.
 */
#include "core/hash.h"
#include "offline/flush_priv.h"

#include <stdlib.h>

#define FILE_BYTES_MAX ((size_t)4 << 30)

enum code flush_tmp_clear(struct flush *flush, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const char *dir = flush_path(flush, STR("tmp"), &arena);
    struct str *names = NULL;
    size_t count = 0;

    TRY(flush->os->list(flush->os->context, dir, &arena, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (!str_starts(names[i], STR("flush-")))
            continue;
        const char *path = arena_format(&arena, "%s/%.*s", dir, STR_ARG(names[i])).ptr;
        TRY(flush->os->remove(flush->os->context, path, err));
    }
    return OK;
}

/* Syncs a file that another process wrote, and reads it for its checksum. */
static enum code file_seal(struct flush *flush, const char *path, struct err *err)
{
    const struct os *os = flush->os;
    struct os_file *file;

    TRY(os->open(os->context, path, OS_READ | OS_WRITE, &file, err));
    enum code code = os->sync(os->context, file, err);
    os->close(os->context, file);
    TRY(code);
    buf_clear(&flush->bytes);
    return os_read_file(os, path, FILE_BYTES_MAX, &flush->bytes, err);
}

static enum code sidecar_publish(struct flush *flush, struct flush_file *file, const char *tmp,
                                 struct arena *arena, struct err *err)
{
    struct str folder = arena_format(arena, "sidecar/%u", file->group->id);

    TRY(file_seal(flush, tmp, err));
    TRY(os_make_dirs(flush->os, flush_path(flush, folder, arena), err));
    file->entry.sidecar =
        arena_format(&flush->range.arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(file->name));
    TRY(flush->os->rename(flush->os->context, tmp, flush_path(flush, file->entry.sidecar, arena),
                          true, err));
    return flush_step_name(flush, "flush:after_sidecar", err);
}

static enum code file_publish(struct flush *flush, struct flush_file *file, const char *tmp,
                              struct arena *arena, struct err *err)
{
    TRY(file_seal(flush, tmp, err));
    if (flush->bytes.len != file->entry.bytes)
        return err_set(err, ERR_CORRUPT, "'%s' has %zu bytes, its writer said %ju", tmp,
                       flush->bytes.len, (uintmax_t)file->entry.bytes);
    file->entry.checksum = hash_checksum(buf_str(&flush->bytes));
    TRY(flush_step_name(flush, "flush:after_sync", err));
    TRY(os_make_dirs(flush->os, flush_path(flush, file->folder, arena), err));
    TRY(flush->os->rename(flush->os->context, tmp, flush_path(flush, file->entry.path, arena), true,
                          err));
    return flush_step_name(flush, "flush:after_rename", err);
}

enum code flush_file_write(struct flush *flush, struct flush_file *file, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct str tmp = arena_format(&arena, "tmp/flush-%.*s", STR_ARG(file->name));
    struct str tmp_sidecar = arena_format(&arena, "%.*s.sidecar", STR_ARG(tmp));
    struct parquet_job job = {
        .path = flush_path(flush, tmp, &arena),
        .sidecar_path = flush_path(flush, tmp_sidecar, &arena),
        .group = file->group,
        .feature_count = file->entry.feature_count,
        .entries = flush->range.entries + file->first,
        .entry_count = file->count,
        .write_time_us = flush->range.write_time_us,
    };
    struct parquet_result result = {0};

    TRY(flush->options.sink.write(flush->options.sink.context, &job, &result, err));
    TRY(flush_step_name(flush, "flush:after_write", err));
    file->entry.bytes = result.bytes;
    if (result.has_sidecar)
        TRY(sidecar_publish(flush, file, job.sidecar_path, &arena, err));
    return file_publish(flush, file, job.path, &arena, err);
}

/* ---- folders ---- */

struct folders {
    struct str *paths;
    size_t count;
};

static int path_compare(const void *left, const void *right)
{
    return str_compare(*(const struct str *)left, *(const struct str *)right);
}

/* The folder of a path and all above it, up to the data folder itself (""). */
static size_t parents_add(struct str path, struct str *paths)
{
    size_t count = 0;

    for (size_t end = path.len; end > 0;) {
        end--;
        if (path.ptr[end] != '/')
            continue;
        if (paths != NULL)
            paths[count] = str_slice(path, 0, end);
        count++;
    }
    if (paths != NULL)
        paths[count] = STR("");
    return count + 1;
}

static void folders_add(struct folders *folders, struct str path)
{
    if (!str_is_absent(path))
        folders->count +=
            parents_add(path, folders->paths == NULL ? NULL : folders->paths + folders->count);
}

/*
 * All folders that got a name, and those above them: whether an earlier attempt, which may have
 * failed between making a folder and syncing the one above, left them durable is not known.
 */
enum code flush_folders_sync(struct flush *flush, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const struct flush_range *range = &flush->range;
    struct folders folders = {0};

    for (size_t i = 0; i < range->file_count; i++) {
        folders_add(&folders, range->files[i].entry.path);
        folders_add(&folders, range->files[i].entry.sidecar);
    }
    folders.paths = ARENA_NEW(&arena, struct str, folders.count);
    assert(folders.paths != NULL);
    folders.count = 0;
    for (size_t i = 0; i < range->file_count; i++) {
        folders_add(&folders, range->files[i].entry.path);
        folders_add(&folders, range->files[i].entry.sidecar);
    }
    qsort(folders.paths, folders.count, sizeof(*folders.paths), path_compare);
    for (size_t i = 0; i < folders.count; i++) {
        if (i > 0 && str_equal(folders.paths[i - 1], folders.paths[i]))
            continue;
        TRY(flush->os->sync_dir(flush->os->context, flush_path(flush, folders.paths[i], &arena),
                                err));
    }
    return OK;
}
