/*
 * DeleteFeatureGroup (contract 1.5): takes a plain name only. The online data goes with the group;
 * its history stays.
 */
#include "api/shapes.h"
#include "config/limits.h"

struct in_delete {
    struct str name;
};

static const struct shape_member delete_members[] = {SHAPE_GROUP_NAME(struct in_delete)};
static const struct shape shape_delete = SHAPE_OF(delete_members, struct in_delete);

enum code api_delete_feature_group(struct call *call, struct err *err)
{
    struct change *change = ARENA_NEW(call->arena, struct change, 1);
    const struct group *group;
    struct in_delete in;

    TRY(shape_read_call(call, &shape_delete, &in, err));
    TRY(call_group(call, in.name, LIMIT_GROUP_NAME_BYTES, &group, err));
    *change = (struct change){.kind = CHANGE_DELETE, .name = in.name};
    return call_change(call, change, NULL, NULL, err);
}
