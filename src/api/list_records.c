/* ListRecords (contract 1.4, 2.3): identifiers in the index's own order, page by page. */
#include "api/body.h"
#include "api/record_read.h"
#include "config/limits.h"

struct list_request {
    int64_t max_results;
    bool has_max_results;
    struct str token;
    bool is_deleted_included;
    uint64_t seen;
};

enum { MEMBER_MAX_RESULTS, MEMBER_TOKEN, MEMBER_DELETED };
static const char *const members[] = {"MaxResults", "NextToken", "IncludeSoftDeletedRecords"};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct list_request *request = context;
    size_t member;

    (void)call;
    (void)err;
    TRY(json_field(json, key, members, ARRAY_COUNT(members), &request->seen, &member));
    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    if (member == MEMBER_MAX_RESULTS) {
        request->has_max_results = true;
        return json_i64(json, &request->max_results);
    }
    if (member == MEMBER_TOKEN)
        return json_string(json, &request->token);
    if (member == MEMBER_DELETED)
        return json_bool(json, &request->is_deleted_included);
    return json_skip(json, NULL);
}

static enum code request_check(const struct list_request *request, struct err *err)
{
    if (request->has_max_results &&
        (request->max_results < 1 || request->max_results > LIMIT_LIST_RECORDS))
        return err_set(
            err, ERR_INVALID,
            "1 validation error detected: Value '%lld' at 'maxResults' failed to satisfy "
            "constraint: Member must have value between 1 and %d (MaxResults)",
            (long long)request->max_results, LIMIT_LIST_RECORDS);
    if (!str_is_absent(request->token) && (request->token.len < 1 || request->token.len > 8192))
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value at 'nextToken' failed to satisfy "
                       "constraint: Member must have length between 1 and 8192 (NextToken)");
    return OK;
}

/* The token's state: group id and cursor, in decimal. */
static enum code cursor_read(struct call *call, const struct list_request *request,
                             const struct group *group, uint64_t *ret, struct err *err)
{
    struct str state;
    uint64_t id = 0;

    if (str_is_absent(request->token))
        return OK;
    TRY(token_read(call, request->token, &state, err));
    struct str head = str_cut(&state, ' ');
    TRY(str_to_u64(head, UINT32_MAX, &id, err));
    if (id != group->id)
        return err_set(err, ERR_INVALID, "Invalid NextToken: it belongs to another feature group");
    return str_to_u64(state, UINT64_MAX, ret, err);
}

static void page_out(struct call *call, const struct str *identifiers, size_t count)
{
    buf_add(call->out, STR("{\"RecordIdentifiers\":["));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(call->out, ',');
        buf_add_json(call->out, identifiers[i]);
    }
    buf_add_byte(call->out, ']');
}

enum code api_list_records(struct call *call, struct err *err)
{
    struct list_request request = {.max_results = LIMIT_LIST_RECORDS_DEFAULT};
    const struct group *group;
    struct online_list list = {.now = call->now};
    struct str *identifiers;
    size_t count;

    TRY(body_read(call, member_read, &request, err));
    TRY(call_group(call, call->path_arguments[0], LIMIT_GROUP_NAME_OR_ARN_RUNTIME, &group, err));
    TRY(request_check(&request, err));
    TRY(online_required(group, err));
    TRY(cursor_read(call, &request, group, &list.cursor, err));
    list.group_id = group->id;
    list.count_max = (size_t)request.max_results;
    list.is_deleted_included = request.is_deleted_included;
    TRY(online_list(store_online(call->options->store), &list, call->arena, &identifiers, &count,
                    err));
    page_out(call, identifiers, count);
    if (list.cursor != 0) {
        struct str state =
            arena_format(call->arena, "%u %llu", group->id, (unsigned long long)list.cursor);
        buf_add(call->out, STR(",\"NextToken\":"));
        buf_add_json(call->out, token_make(call, state));
    }
    buf_add_byte(call->out, '}');
    return OK;
}
