#include "cli/out_file.h"

enum code out_file_open(struct out_file *out, const struct os *os, struct str path,
                        struct arena *arena, struct err *err)
{
    *out = (struct out_file){.os = os,
                             .path = arena_cstr(arena, path),
                             .temporary = arena_format(arena, "%.*s.part", STR_ARG(path)).ptr};
    return os->open(os->context, out->temporary, OS_WRITE | OS_CREATE | OS_TRUNCATE, &out->file,
                    err);
}

enum code out_file_take(struct str piece, void *context, struct err *err)
{
    struct out_file *out = context;

    if (out->os->write(out->os->context, out->file, piece.ptr, piece.len, out->bytes, err) != OK)
        return err_prefix(err, ERR_IO, "cannot write '%s'", out->path);
    out->bytes += piece.len;
    return OK;
}

enum code out_file_commit(struct out_file *out, struct err *err)
{
    const struct os *os = out->os;
    enum code code = os->sync(os->context, out->file, err);

    os->close(os->context, out->file);
    out->file = NULL;
    if (code == OK)
        code = os->rename(os->context, out->temporary, out->path, true, err);
    if (code != OK)
        return err_prefix(err, ERR_IO, "cannot write '%s'", out->path);
    out->temporary = NULL;
    return OK;
}

void out_file_abort(struct out_file *out)
{
    if (out->os == NULL || out->temporary == NULL)
        return;
    out->os->close(out->os->context, out->file);
    enum code ignored = out->os->remove(out->os->context, out->temporary, NULL);
    (void)ignored;
    *out = (struct out_file){0};
}
