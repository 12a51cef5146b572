/* POST /v1/flush: everything accepted before it is in Parquet when the answer comes. */
#include "api/call.h"

/* On the flusher thread. */
static void flush_done(enum code code, const struct err *err, void *context)
{
    struct call *call = context;

    if (code == OK)
        buf_add(call->out, STR("{}"));
    call_finish(call, code, err);
}

enum code api_flush(struct call *call, struct err *err)
{
    call_defer(call);
    enum code code = flusher_request(call->options->flusher, flush_done, call, err);
    if (code != OK)
        call_undefer(call);
    return code;
}
