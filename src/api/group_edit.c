#include "api/group_edit.h"

enum code group_edit_run(const struct group *current, void *context, struct buf *out_group_json,
                         struct err *err)
{
    const struct group_edit *edit = context;
    CLEANUP(arena_release) struct arena arena = {0};
    struct group draft;

    group_draft(current, &draft);
    TRY(edit->apply(edit, &draft, &arena, err));
    group_write(&draft, out_group_json);
    return OK;
}

enum code group_edit_submit(const struct group_edit *edit, struct err *err)
{
    struct arena *arena = edit->call->arena;
    struct group_edit *kept = ARENA_NEW(arena, struct group_edit, 1);
    struct change *change = ARENA_NEW(arena, struct change, 1);

    *kept = *edit;
    /* The version found on the loop thread may be gone when the change is planned. */
    kept->name = arena_str(arena, edit->name);
    kept->arn = arena_str(arena, edit->arn);
    *change = (struct change){
        .kind = CHANGE_REPLACE,
        .name = kept->name,
        .edit = group_edit_run,
        .context = kept,
    };
    return call_change(edit->call, change, edit->reply, kept, err);
}
