/* DescribeFeatureGroup (contract 1.5). One page holds every definition, so no NextToken is given.
 */
#include "api/group_out.h"
#include "api/shapes.h"
#include "config/limits.h"

struct in_describe {
    struct str name;
    struct str next_token;
};

static const struct shape_member describe_members[] = {
    SHAPE_GROUP_REFERENCE(struct in_describe),
    SHAPE_NEXT_TOKEN(struct in_describe),
};
static const struct shape shape_describe = SHAPE_OF(describe_members, struct in_describe);

enum code api_describe_feature_group(struct call *call, struct err *err)
{
    struct in_describe in;
    const struct group *group;
    struct online_group_size size;
    struct str state;
    bool is_first = true;

    TRY(shape_read_call(call, &shape_describe, &in, err));
    if (!str_is_absent(in.next_token))
        TRY(token_read(call, in.next_token, &state, err));
    TRY(call_group(call, in.name, LIMIT_GROUP_NAME_OR_ARN_CONTROL, &group, err));
    online_group_size(store_online(call->options->store), group->id, &size);
    buf_add_byte(call->out, '{');
    group_out(group, call->out, &is_first);
    group_out_throughput(group, call->out, &is_first);
    out_key(call->out, &is_first, "OnlineStoreTotalSizeBytes");
    buf_add_format(call->out, "%llu", (unsigned long long)size.bytes);
    /* Not in the model, but in every answer of the service. */
    buf_add(call->out, STR(",\"OnlineStoreReplicas\":[],\"OnlineStoreReadWriteType\":\"ReadWrite\","
                           "\"CreatedBy\":{},\"LastModifiedBy\":{}}"));
    return OK;
}
