/* Whole files, on top of the table: the same code runs on the real and the simulated one. */
#include "os/os.h"

static void parent_of(struct str path, struct arena *arena, const char **ret)
{
    size_t end = path.len;

    while (end > 1 && path.ptr[end - 1] == '/')
        end--;
    while (end > 0 && path.ptr[end - 1] != '/')
        end--;
    while (end > 1 && path.ptr[end - 1] == '/')
        end--;
    *ret = end == 0 ? "." : arena_cstr(arena, str_slice(path, 0, end));
}

enum code os_read_file(const struct os *os, const char *path, size_t bytes_max, struct buf *out,
                       struct err *err)
{
    struct os_stat status;
    struct os_file *file;

    TRY(os->stat(os->context, path, &status, err));
    if (status.is_dir)
        return err_set(err, ERR_INVALID, "'%s' is a folder, not a file", path);
    if (status.bytes > bytes_max)
        return err_set(err, ERR_TOO_LARGE, "'%s' has %llu bytes, at most %zu are taken", path,
                       (unsigned long long)status.bytes, bytes_max);
    char *room = buf_reserve(out, (size_t)status.bytes);
    if (room == NULL)
        return err_set(err, ERR_TOO_LARGE, "'%s' does not fit its buffer", path);
    TRY(os->open(os->context, path, OS_READ, &file, err));
    enum code code = os->read(os->context, file, room, (size_t)status.bytes, 0, err);
    os->close(os->context, file);
    if (code != OK)
        return err_prefix(err, code, "cannot read '%s'", path);
    out->len += (size_t)status.bytes;
    return OK;
}

static enum code write_and_sync(const struct os *os, const char *path, struct str content,
                                struct err *err)
{
    struct os_file *file;

    TRY(os->open(os->context, path, OS_WRITE | OS_CREATE | OS_TRUNCATE, &file, err));
    enum code code = os->write(os->context, file, content.ptr, content.len, 0, err);
    if (code == OK)
        code = os->sync(os->context, file, err);
    os->close(os->context, file);
    if (code != OK)
        return err_prefix(err, code, "cannot write '%s'", path);
    return OK;
}

static enum code replace(const struct os *os, const char *path, struct str content,
                         struct arena *arena, struct err *err)
{
    const char *temporary = arena_format(arena, "%s.tmp", path).ptr;
    const char *folder;

    parent_of(str_from(path), arena, &folder);
    enum code code = write_and_sync(os, temporary, content, err);
    if (code == OK)
        code = os->rename(os->context, temporary, path, true, err);
    if (code != OK) {
        enum code ignored = os->remove(os->context, temporary, NULL);
        (void)ignored;
        return code;
    }
    return os->sync_dir(os->context, folder, err);
}

enum code os_write_file(const struct os *os, const char *path, struct str content, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};

    return replace(os, path, content, &arena, err);
}

static enum code make_one(const struct os *os, struct str path, struct arena *arena,
                          struct err *err)
{
    struct os_stat status;
    const char *terminated = arena_cstr(arena, path);
    const char *parent;

    if (os->stat(os->context, terminated, &status, NULL) == OK && status.is_dir)
        return OK;
    TRY(os->make_dir(os->context, terminated, err));
    parent_of(path, arena, &parent);
    return os->sync_dir(os->context, parent, err);
}

enum code os_make_dirs(const struct os *os, const char *path, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct str whole = str_from(path);

    for (size_t at = 0; at < whole.len;) {
        at = str_find_byte(whole, at + 1, '/');
        TRY(make_one(os, str_slice(whole, 0, at), &arena, err));
        while (at < whole.len && whole.ptr[at] == '/' &&
               (at + 1 == whole.len || whole.ptr[at + 1] == '/'))
            at++;
    }
    return OK;
}
