/* CreateFeatureGroup (contract 1.5): the definition is journaled, then its ARN is returned. */
#include "api/group_make.h"
#include "api/group_out.h"
#include "config/limits.h"

static void create_reply(struct call *call, void *context)
{
    const struct group *draft = context;
    bool is_first = true;

    buf_add_byte(call->out, '{');
    out_text(call->out, &is_first, "FeatureGroupArn", draft->arn);
    buf_add_byte(call->out, '}');
}

enum code api_create_feature_group(struct call *call, struct err *err)
{
    CLEANUP(buf_release) struct buf json = {0};
    struct in_create in;
    struct group *draft = ARENA_NEW(call->arena, struct group, 1);
    struct change *change = ARENA_NEW(call->arena, struct change, 1);
    struct group_maker maker = {
        .identity = &call->options->identity,
        .user = call->principal.user,
        .now_us = call->now_us,
    };

    TRY(shape_read_call(call, &shape_create, &in, err));
    TRY(group_make(&maker, &in, call->arena, draft, err));
    group_write(draft, &json);
    *change = (struct change){
        .kind = CHANGE_CREATE,
        .name = draft->name,
        .group_json = arena_str(call->arena, buf_str(&json)),
        .groups_max = call->options->groups_max,
    };
    return call_change(call, change, create_reply, draft, err);
}
