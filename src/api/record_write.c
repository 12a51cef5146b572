#include "api/record_write.h"

struct record_write {
    struct call *call;
    struct write_item item;
    struct write_job job;
    record_outcome_fn *outcome;
};

/* On the writer thread. */
static void write_done(struct write_job *job, void *context)
{
    struct record_write *write = context;
    struct call *call = write->call;
    enum code code = write->item.result;

    assert(job->count == 1);
    group_unref(write->item.group);
    buf_clear(call->out);
    if (code != OK)
        code = write->outcome(call, code);
    call_finish(call, code, &write->item.err);
}

enum code record_write(struct call *call, const struct write_item *item, record_outcome_fn *outcome,
                       struct err *err)
{
    struct record_write *write = ARENA_NEW(call->arena, struct record_write, 1);

    assert(item->group != NULL && item->targets != 0);
    write->call = call;
    write->item = *item;
    write->item.group = group_ref(item->group);
    write->outcome = outcome;
    write->job =
        (struct write_job){.items = &write->item, .count = 1, .done = write_done, .context = write};
    write->job.has_retry_key = call_retry_key(call, &write->job.retry_key);
    call_defer(call);
    enum code code = write_submit(call->options->store, &write->job, err);
    if (code != OK) { /* the writer has not seen it */
        call_undefer(call);
        group_unref(item->group);
    }
    return code;
}

enum code outcome_of_put(struct call *call, enum code code)
{
    (void)call;
    return code == ERR_NOT_FOUND ? ERR_INVALID : code;
}
