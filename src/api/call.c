/* What handlers share: finding the group, deferring, finishing, changes of the catalog, retry keys.
 */
#include "api/api_priv.h"
#include "config/limits.h"

void call_defer(struct call *call)
{
    assert(!call->is_deferred);
    call->is_deferred = true;
    atomic_fetch_add(&call->api->deferred, 1);
}

void call_undefer(struct call *call)
{
    assert(call->is_deferred);
    call->is_deferred = false;
    atomic_fetch_sub(&call->api->deferred, 1);
}

void call_answer(struct call *call, enum code code, const struct err *err)
{
    struct http_response *response = &call->exchange->response;

    if (code == OK && response->body.is_over) {
        struct err over;
        code = err_set(&over, ERR_TOO_LARGE, "the answer is over %zu bytes: ask for less at a time",
                       response->body.bytes_max);
        reply_error(call, code, &over);
    } else if (code != OK) {
        reply_error(call, code, err);
    } else {
        call->result_type = "";
        if (response->status == 0)
            response->status = 200;
        if (str_is_absent(response->content_type))
            response->content_type = call->operation->plane == PLANE_CONTROL
                                         ? STR("application/x-amz-json-1.1")
                                         : STR("application/json");
    }
    call->code = code;
    if (code != OK && err != NULL)
        call->failure = arena_str(call->arena, str_from(err->message));
}

void call_finish(struct call *call, enum code code, const struct err *err)
{
    struct api *api = call->api;

    assert(call->is_deferred);
    call_answer(call, code, err);
    net_finish(api->net, call->exchange); /* the call may be gone from here on */
    atomic_fetch_sub(&api->deferred, 1);
}

static enum code reference_refused(struct str text, size_t bytes_max, struct err *err)
{
    struct str shown = text_shown(text);

    if (text.len == 0 || text.len > bytes_max)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '%.*s' at 'featureGroupName' failed to "
                       "satisfy constraint: Member must have length between 1 and %zu",
                       STR_ARG(shown), bytes_max);
    return err_set(
        err, ERR_INVALID,
        "1 validation error detected: Value '%.*s' at 'featureGroupName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: "
        "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:feature-group/)?"
        "([a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63})",
        STR_ARG(shown));
}

enum code call_group(struct call *call, struct str name_or_arn, size_t bytes_max,
                     const struct group **ret, struct err *err)
{
    struct group_reference reference;
    const struct identity *identity = &call->options->identity;

    if (group_reference_parse(name_or_arn, bytes_max, &reference, NULL) != OK)
        return reference_refused(name_or_arn, bytes_max, err);
    if (!str_is_absent(reference.account) && (!str_equal(reference.account, identity->account) ||
                                              !str_equal(reference.region, identity->region)))
        return err_set(
            err, ERR_DENIED,
            "User: arn:aws:iam::%.*s:user/%.*s is not authorized to perform: sagemaker:%s on "
            "resource: %.*s",
            STR_ARG(identity->account), STR_ARG(call->principal.user), call->operation->name,
            STR_ARG(text_shown(name_or_arn)));
    const struct group *group = catalog_find(call->catalog, reference.name);
    if (group == NULL)
        return err_set(
            err, ERR_NOT_FOUND,
            "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name %.*s",
            STR_ARG(reference.name));
    *ret = group;
    return OK;
}

struct change_call {
    struct call *call;
    struct write_item item;
    struct write_job job;
    void (*reply)(struct call *call, void *context);
    void *context;
};

static void change_done(struct write_job *job, void *context)
{
    struct change_call *changed = context;

    assert(job->count == 1);
    if (changed->item.result == OK && changed->reply != NULL)
        changed->reply(changed->call, changed->context);
    call_finish(changed->call, changed->item.result, &changed->item.err);
}

enum code call_change(struct call *call, const struct change *change,
                      void (*reply)(struct call *call, void *context), void *context,
                      struct err *err)
{
    struct change_call *changed = ARENA_NEW(call->arena, struct change_call, 1);

    changed->call = call;
    changed->reply = reply;
    changed->context = context;
    changed->item = (struct write_item){.kind = WRITE_CHANGE, .change = change};
    changed->job = (struct write_job){
        .items = &changed->item, .count = 1, .done = change_done, .context = changed};
    call_defer(call);
    enum code code = write_submit(call->options->store, &changed->job, err);
    if (code != OK)
        call_undefer(call);
    return code;
}

bool call_retry_key(const struct call *call, struct hash128 *ret)
{
    const struct http_request *request = &call->exchange->request;
    struct str id = http_header(request, STR("amz-sdk-invocation-id"), NULL);

    if (str_is_absent(id) || id.len == 0)
        return false;
    struct hash128 body = hash_wide(request->body);
    struct str bound = arena_format(call->arena, "%.*s\n%.*s\n%s\n%.*s\n%016llx%016llx",
                                    STR_ARG(id), STR_ARG(call->principal.access_key),
                                    call->operation->name, STR_ARG(request->target),
                                    (unsigned long long)body.high, (unsigned long long)body.low);
    *ret = hash_wide(bound);
    return true;
}
