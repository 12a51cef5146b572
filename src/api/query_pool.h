#pragma once
/*
 * Query threads: each runs one query at a time in a worker of its own, so that loops never wait. At
 * most LIMIT_QUERIES run at once; more are refused (ERR_BUSY) and may be sent again. The pool also
 * keeps the uploads that datasets read.
 */
#include "api/call.h"
#include "api/uploads.h"

struct query_pool;

/* Removes what queries and uploads of an earlier process left behind. */
NODISCARD enum code query_pool_new(const struct api_options *options, struct query_pool **ret,
                                   struct err *err);
/* Ends what runs (ERR_BUSY) and waits for it. Accepts NULL. */
void query_pool_free(struct query_pool *pool);

struct uploads *query_pool_uploads(struct query_pool *pool);

/* One query of a call; all it points to lives in the call's arena. */
struct query_job {
    struct query_request request; /* limits, clock and cancelling are filled by the pool */
    /* Called on the query thread when the query ended, before the call is finished. May be NULL. */
    void (*ended)(struct query_job *job, struct call *call);
};

/* Defers the call and finishes it with the result file as body. On failure it was not deferred. */
NODISCARD enum code query_pool_run(struct query_pool *pool, struct call *call,
                                   struct query_job *job, struct err *err);

/*
 * The format that the body names ("json", "csv", "parquet"), else the one of the Accept header,
 * else JSON.
 */
NODISCARD enum code query_format_of(const struct call *call, struct str name,
                                    enum engine_format *ret, struct err *err);
