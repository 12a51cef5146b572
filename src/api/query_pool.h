#pragma once
/*
 * Query threads: each runs one query at a time in a worker of its own, so that loops never wait. At
 * most LIMIT_QUERIES run at once; more are refused (ERR_BUSY) and may be sent again.
 */
#include "api/call.h"

struct query_pool;

NODISCARD enum code query_pool_new(const struct api_options *options, struct query_pool **ret,
                                   struct err *err);
/* Waits for what runs. Accepts NULL. */
void query_pool_free(struct query_pool *pool);

/*
 * Runs the query for a call that was deferred by the caller; finishes it with the result file as
 * body. The request and all it points to live in the call's arena. ERR_BUSY: nothing was taken.
 */
NODISCARD enum code query_pool_run(struct query_pool *pool, struct call *call,
                                   const struct query_request *request, struct err *err);
