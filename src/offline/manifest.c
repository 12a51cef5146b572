/*
 * The manifest in memory and its folder: "<16 digits>.delta" and "<16 digits>.base". A base stands
 * for all deltas up to its number; it is written when DELTAS_MAX have gathered, for a number whose
 * flush is already marked in the journal, and only then are they removed.
 */
#include "offline/manifest.h"

#include "core/mem.h"
#include "offline/manifest_priv.h"

#include <pthread.h>
#include <stdlib.h>

enum { DELTAS_MAX = 256, NUMBER_DIGITS = 16 };
#define MANIFEST_BYTES_MAX ((size_t)4 << 30)

struct group_files {
    uint32_t group_id;
    struct manifest_file *files;
    size_t count, capacity;
    struct manifest_totals totals;
};

struct manifest {
    const struct os *os;
    const char *dir;
    pthread_mutex_t mutex; /* guards what follows; held for copies only, never over I/O */
    struct arena texts;    /* paths, for as long as the manifest is open */
    struct group_files *groups;
    size_t group_count;
    uint64_t number;      /* the newest delta that is held */
    uint64_t base_number; /* deltas up to here are in a base; 0: none */
    size_t file_count;
};

static const char *path_of(const struct manifest *manifest, uint64_t number, const char *kind,
                           struct arena *arena)
{
    return arena_format(arena, "%s/%0*ju.%s", manifest->dir, NUMBER_DIGITS, (uintmax_t)number, kind)
        .ptr;
}

static struct group_files *group_find(const struct manifest *manifest, uint32_t group_id)
{
    for (size_t i = 0; i < manifest->group_count; i++) {
        if (manifest->groups[i].group_id == group_id)
            return &manifest->groups[i];
    }
    return NULL;
}

static struct group_files *group_add(struct manifest *manifest, uint32_t group_id)
{
    size_t count = manifest->group_count + 1;

    manifest->groups =
        mem_resize(manifest->groups, arena_array_size(sizeof(*manifest->groups), count));
    manifest->groups[count - 1] = (struct group_files){.group_id = group_id};
    manifest->group_count = count;
    return &manifest->groups[count - 1];
}

static void file_add(struct manifest *manifest, const struct manifest_file *file, uint64_t number)
{
    struct group_files *group = group_find(manifest, file->group_id);

    if (group == NULL)
        group = group_add(manifest, file->group_id);
    if (group->count == group->capacity) {
        group->capacity = size_max(16, 2 * group->capacity);
        group->files =
            mem_resize(group->files, arena_array_size(sizeof(*group->files), group->capacity));
    }
    struct manifest_file *added = &group->files[group->count++];
    *added = *file;
    added->number = number;
    added->path = arena_str(&manifest->texts, file->path);
    added->sidecar = arena_str(&manifest->texts, file->sidecar);
    group->totals.files++;
    group->totals.rows += file->rows;
    group->totals.bytes += file->bytes;
    manifest->file_count++;
}

static void delta_add(struct manifest *manifest, const struct manifest_delta *delta)
{
    (void)pthread_mutex_lock(&manifest->mutex);
    for (size_t i = 0; i < delta->count; i++)
        file_add(manifest, &delta->files[i], delta->number);
    manifest->number = delta->number;
    (void)pthread_mutex_unlock(&manifest->mutex);
}

static enum code delta_load(struct manifest *manifest, uint64_t number, bool is_base,
                            struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    CLEANUP(buf_release) struct buf text = {0};
    struct manifest_delta delta = {0};
    const char *path = path_of(manifest, number, is_base ? "base" : "delta", &arena);
    enum code code = os_read_file(manifest->os, path, MANIFEST_BYTES_MAX, &text, err);

    if (code == ERR_NOT_FOUND)
        return err_set(err, ERR_CORRUPT, "the manifest's file '%s' is missing", path);
    TRY(code);
    code = manifest_delta_read(buf_str(&text), &arena, &delta, err);
    if (code == OK && (delta.number != number || delta.is_base != is_base))
        code = err_set(err, ERR_CORRUPT, "the content is of another number");
    if (code != OK)
        return err_prefix(err, code, "'%s'", path);
    delta_add(manifest, &delta);
    return OK;
}

/* What a name in the folder is. Names that are not ours are left alone. */
enum name_kind { NAME_OTHER, NAME_DELTA, NAME_BASE, NAME_TEMPORARY };

static enum name_kind name_parse(struct str name, uint64_t *ret_number)
{
    if (str_ends(name, STR(".tmp")))
        return NAME_TEMPORARY;
    if (name.len < NUMBER_DIGITS ||
        str_to_u64(str_slice(name, 0, NUMBER_DIGITS), UINT64_MAX, ret_number, NULL) != OK)
        return NAME_OTHER;
    if (name.len == NUMBER_DIGITS + 6 && str_ends(name, STR(".delta")))
        return NAME_DELTA;
    return name.len == NUMBER_DIGITS + 5 && str_ends(name, STR(".base")) ? NAME_BASE : NAME_OTHER;
}

/* Removes what a crash left behind and what the base stands for. */
static enum code sweep(const struct manifest *manifest, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;
    bool is_changed = false;

    TRY(manifest->os->list(manifest->os->context, manifest->dir, &arena, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        enum name_kind kind = name_parse(names[i], &number);
        bool is_kept =
            kind == NAME_OTHER || (kind == NAME_BASE && number == manifest->base_number) ||
            (kind == NAME_DELTA && number > manifest->base_number && number <= manifest->number);
        if (is_kept)
            continue;
        const char *path = arena_format(&arena, "%s/%.*s", manifest->dir, STR_ARG(names[i])).ptr;
        TRY(manifest->os->remove(manifest->os->context, path, err));
        is_changed = true;
    }
    return is_changed ? manifest->os->sync_dir(manifest->os->context, manifest->dir, err) : OK;
}

static enum code load(struct manifest *manifest, uint64_t newest, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;

    TRY(os_make_dirs(manifest->os, manifest->dir, err));
    TRY(manifest->os->list(manifest->os->context, manifest->dir, &arena, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        if (name_parse(names[i], &number) == NAME_BASE && number <= newest &&
            number > manifest->base_number)
            manifest->base_number = number;
    }
    if (manifest->base_number > 0)
        TRY(delta_load(manifest, manifest->base_number, true, err));
    for (uint64_t number = manifest->base_number + 1; number <= newest; number++)
        TRY(delta_load(manifest, number, false, err));
    assert(manifest->number == newest);
    return sweep(manifest, err);
}

enum code manifest_open(const struct os *os, const char *dir, uint64_t newest_number,
                        struct manifest **ret, struct err *err)
{
    struct manifest *manifest = MEM_NEW(struct manifest);

    manifest->os = os;
    manifest->dir = arena_cstr(&manifest->texts, str_from(dir));
    (void)pthread_mutex_init(&manifest->mutex, NULL);
    enum code code = load(manifest, newest_number, err);
    if (code != OK) {
        manifest_close(manifest);
        return err_prefix(err, code, "cannot open the manifest");
    }
    *ret = manifest;
    return OK;
}

void manifest_close(struct manifest *manifest)
{
    if (manifest == NULL)
        return;
    for (size_t i = 0; i < manifest->group_count; i++)
        mem_free(manifest->groups[i].files);
    mem_free(manifest->groups);
    arena_release(&manifest->texts);
    (void)pthread_mutex_destroy(&manifest->mutex);
    mem_free(manifest);
}

/* A new file, synced, and its name, synced. */
static enum code publish(const struct manifest *manifest, const char *path, struct str content,
                         struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    CLEANUP(buf_release) struct buf existing = {0};
    enum code code = os_read_file(manifest->os, path, MANIFEST_BYTES_MAX, &existing, err);

    /* There from an attempt that failed behind the rename: the same, or something is very wrong. */
    if (code == OK && !str_equal(buf_str(&existing), content))
        return err_set(err, ERR_CORRUPT, "'%s' is there with other content", path);
    if (code != OK && code != ERR_NOT_FOUND)
        return code;
    return os_write_file(manifest->os, path, content, err);
}

/* All files, by group, in order of commit. */
static enum code base_write(struct manifest *manifest, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    CLEANUP(buf_release) struct buf text = {0};
    struct manifest_file *files = ARENA_NEW(&arena, struct manifest_file, manifest->file_count);
    size_t count = 0;

    for (size_t i = 0; i < manifest->group_count; i++) {
        const struct group_files *group = &manifest->groups[i];
        for (size_t k = 0; k < group->count; k++)
            files[count++] = group->files[k];
    }
    assert(count == manifest->file_count);
    manifest_delta_write(&(struct manifest_delta){manifest->number, true, files, count}, &text);
    TRY(publish(manifest, path_of(manifest, manifest->number, "base", &arena), buf_str(&text),
                err));
    manifest->base_number = manifest->number;
    return sweep(manifest, err);
}

enum code manifest_commit(struct manifest *manifest, uint64_t number,
                          const struct manifest_file *files, size_t count, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    CLEANUP(buf_release) struct buf text = {0};
    struct manifest_delta delta = {.number = number, .files = files, .count = count};

    assert(number > 0 && (number == manifest->number || number == manifest->number + 1));
    if (number > manifest->number && manifest->number - manifest->base_number >= DELTAS_MAX)
        TRY(base_write(manifest, err));
    manifest_delta_write(&delta, &text);
    TRY(publish(manifest, path_of(manifest, number, "delta", &arena), buf_str(&text), err));
    if (number > manifest->number)
        delta_add(manifest, &delta);
    return OK;
}

uint64_t manifest_number(struct manifest *manifest)
{
    (void)pthread_mutex_lock(&manifest->mutex);
    uint64_t number = manifest->number;
    (void)pthread_mutex_unlock(&manifest->mutex);
    return number;
}

void manifest_files(struct manifest *manifest, uint32_t group_id, uint64_t number,
                    struct arena *arena, const struct manifest_file **ret, size_t *ret_count)
{
    struct manifest_file *files = NULL;
    size_t count = 0;

    (void)pthread_mutex_lock(&manifest->mutex);
    const struct group_files *group = group_find(manifest, group_id);
    if (group != NULL) {
        count = group->count;
        while (count > 0 && group->files[count - 1].number > number)
            count--;
        files = ARENA_NEW(arena, struct manifest_file, count);
        for (size_t i = 0; i < count; i++)
            files[i] = group->files[i];
    }
    (void)pthread_mutex_unlock(&manifest->mutex);
    *ret = files;
    *ret_count = count;
}

static int path_compare(const void *left, const void *right)
{
    return str_compare(*(const struct str *)left, *(const struct str *)right);
}

void manifest_paths(struct manifest *manifest, struct arena *arena, struct str **ret,
                    size_t *ret_count)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&manifest->mutex);
    struct str *paths = ARENA_NEW(arena, struct str, 2 * manifest->file_count);
    for (size_t i = 0; i < manifest->group_count; i++) {
        const struct group_files *group = &manifest->groups[i];
        for (size_t k = 0; k < group->count; k++) {
            paths[count++] = group->files[k].path;
            if (!str_is_absent(group->files[k].sidecar))
                paths[count++] = group->files[k].sidecar;
        }
    }
    (void)pthread_mutex_unlock(&manifest->mutex);
    qsort(paths, count, sizeof(*paths), path_compare);
    *ret = paths;
    *ret_count = count;
}

void manifest_totals(struct manifest *manifest, uint32_t group_id, struct manifest_totals *ret)
{
    (void)pthread_mutex_lock(&manifest->mutex);
    const struct group_files *group = group_find(manifest, group_id);
    *ret = group == NULL ? (struct manifest_totals){0} : group->totals;
    (void)pthread_mutex_unlock(&manifest->mutex);
}
