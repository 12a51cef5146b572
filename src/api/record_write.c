#include "api/record_write.h"

#include "config/limits.h"
#include "schema/ttl.h"

enum code targets_add(struct targets *targets, struct str name, struct err *err)
{
    targets->is_given = true;
    if (str_equal(name, STR("OnlineStore")))
        targets->bits |= TARGET_ONLINE;
    else if (str_equal(name, STR("OfflineStore")))
        targets->bits |= TARGET_OFFLINE;
    else
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '[%.*s]' at 'targetStores' failed to "
                       "satisfy constraint: Member must satisfy enum value set: [OnlineStore, "
                       "OfflineStore] (TargetStores)",
                       STR_ARG(text_shown(name)));
    return OK;
}

enum code targets_read(struct call *call, struct json *json, struct targets *ret, struct err *err)
{
    struct texts names = {0};
    struct targets targets = {0};

    TRY(body_texts(call, json, "targetStores", 2, &names, err));
    if (!names.is_given)
        return OK;
    if (names.count == 0)
        return err_set(
            err, ERR_INVALID,
            "1 validation error detected: Value '[]' at 'targetStores' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1 "
            "(TargetStores)");
    for (size_t i = 0; i < names.count; i++)
        TRY(targets_add(&targets, names.items[i], err));
    *ret = targets;
    return OK;
}

enum code targets_resolve(const struct targets *targets, const struct group *group, uint8_t *ret,
                          struct err *err)
{
    uint8_t has = (uint8_t)((group->is_online ? TARGET_ONLINE : 0) |
                            (group->is_offline ? TARGET_OFFLINE : 0));

    if (!targets->is_given) {
        *ret = has;
        return OK;
    }
    if ((targets->bits & ~has) != 0)
        return err_set(err, ERR_INVALID,
                       "TargetStores names %s, which feature group '%.*s' does not have",
                       (targets->bits & ~has & TARGET_ONLINE) != 0 ? "OnlineStore" : "OfflineStore",
                       STR_ARG(group->name));
    *ret = targets->bits;
    return OK;
}

enum code ttl_member(struct json *json, struct ttl *ret, struct err *err)
{
    return json_peek(json) == JSON_NULL ? json_null(json) : ttl_read(json, ret, err);
}

enum code call_group_or_invalid(struct call *call, const struct group **ret, struct err *err)
{
    enum code code =
        call_group(call, call->path_arguments[0], LIMIT_GROUP_NAME_OR_ARN_RUNTIME, ret, err);

    return code == ERR_NOT_FOUND ? ERR_INVALID : code;
}

struct record_write *record_write_new(struct call *call, const struct group *group)
{
    struct record_write *write = ARENA_NEW(call->arena, struct record_write, 1);

    write->call = call;
    write->item.group = group_ref(group);
    return write;
}

static void write_release(struct record_write *write)
{
    group_unref(write->item.group);
    buf_release(&write->record);
}

static void write_done(struct write_job *job, void *context)
{
    struct record_write *write = context;
    struct call *call = write->call;
    enum code code = write->item.result;

    assert(job->count == 1);
    /* The group went while the write was queued: the same answer as if it had never been there. */
    if (code == ERR_NOT_FOUND && write->item.kind != WRITE_UPDATE)
        code = ERR_INVALID;
    if (code == ERR_CONFLICT && write->item.kind == WRITE_DELETE_HARD)
        call->error_type = "ValidationException";
    write_release(write);
    call_finish(call, code, &write->item.err);
}

enum code record_write_submit(struct record_write *write, struct err *err)
{
    struct call *call = write->call;

    write->job =
        (struct write_job){.items = &write->item, .count = 1, .done = write_done, .context = write};
    write->job.has_retry_key = call_retry_key(call, &write->job.retry_key);
    call_defer(call);
    enum code code = write_submit(call->options->store, &write->job, err);
    if (code != OK) {
        call->is_deferred = false;
        write_release(write);
    }
    return code;
}
