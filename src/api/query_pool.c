#include "api/query_pool.h"

#include "api/api_priv.h"
#include "config/limits.h"
#include "core/mem.h"
#include "os/thread.h"

#include <pthread.h>

struct query_thread {
    struct query_pool *pool;
    struct os_thread *thread;
    struct call *call; /* NULL: idle */
    struct query_job *job;
};

struct query_pool {
    const struct api_options *options;
    struct uploads *uploads;
    pthread_mutex_t lock;
    pthread_cond_t work;
    _Atomic(bool) is_stopping;
    struct query_thread threads[LIMIT_QUERIES];
};

static const struct {
    const char *name;
    enum engine_format format;
    struct str media_type;
    struct str other_type;
} formats[] = {
    {"json", ENGINE_JSON, {"application/json", 16}, {"*/*", 3}},
    {"csv", ENGINE_CSV, {"text/csv", 8}, {"text/*", 6}},
    {"parquet",
     ENGINE_PARQUET,
     {"application/vnd.apache.parquet", 30},
     {"application/octet-stream", 24}},
};

enum code query_format_of(const struct call *call, struct str name, enum engine_format *ret,
                          struct err *err)
{
    const struct str accept = http_header(&call->exchange->request, STR("Accept"), NULL);

    for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
        if (!str_is_absent(name) && str_equal_nocase(name, str_from(formats[i].name))) {
            *ret = formats[i].format;
            return OK;
        }
    }
    if (!str_is_absent(name))
        return err_set(err, ERR_INVALID, "Format: expected json, csv or parquet, found '%.*s'",
                       STR_ARG(text_shown(name)));
    *ret = ENGINE_JSON;
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
        if (str_starts(accept, formats[i].media_type) || str_starts(accept, formats[i].other_type))
            *ret = formats[i].format;
    }
    return OK;
}

static struct str media_type(enum engine_format format)
{
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
        if (formats[i].format == format)
            return formats[i].media_type;
    }
    assert(false);
    return STR("application/octet-stream");
}

/* The thread counts as idle before the answer leaves: who got it may send the next query. */
static void query_finish(struct query_thread *thread)
{
    struct query_pool *pool = thread->pool;
    struct query_job *job = thread->job;
    struct call *call = thread->call;
    struct http_response *response = &call->exchange->response;
    struct query_result result = {.file = -1};
    struct err err = {0};

    const enum code code = query_run(&pool->options->query, &job->request, &result, &err);
    if (job->ended != NULL)
        job->ended(job, call);
    if (code == OK) {
        response->file = result.file;
        response->file_bytes = result.bytes;
        response->content_type = media_type(job->request.format);
        buf_add_format(&response->headers, "x-asof-rows: %ju\r\n", (uintmax_t)result.rows);
    }
    (void)pthread_mutex_lock(&pool->lock);
    thread->call = NULL;
    (void)pthread_mutex_unlock(&pool->lock);
    call_finish(call, code, &err);
}

static void query_thread_main(void *context)
{
    struct query_thread *thread = context;
    struct query_pool *pool = thread->pool;

    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (thread->call == NULL && !pool->is_stopping)
            (void)pthread_cond_wait(&pool->work, &pool->lock);
        if (thread->call == NULL)
            break;
        (void)pthread_mutex_unlock(&pool->lock);
        query_finish(thread);
        (void)pthread_mutex_lock(&pool->lock);
    }
    (void)pthread_mutex_unlock(&pool->lock);
}

enum code query_pool_new(const struct api_options *options, struct query_pool **ret,
                         struct err *err)
{
    struct query_pool *pool = MEM_NEW(struct query_pool);

    pool->options = options;
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->work, NULL);
    query_places_clear(options->os, options->data_dir);
    enum code code = uploads_new(options->os, options->data_dir, &pool->uploads, err);
    for (size_t i = 0; i < LIMIT_QUERIES && code == OK; i++) {
        pool->threads[i].pool = pool;
        code = os_thread_start("asof-query", query_thread_main, &pool->threads[i],
                               &pool->threads[i].thread, err);
    }
    if (code != OK) {
        query_pool_free(pool);
        return code;
    }
    *ret = pool;
    return OK;
}

void query_pool_free(struct query_pool *pool)
{
    if (pool == NULL)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < LIMIT_QUERIES; i++) {
        if (pool->threads[i].thread != NULL)
            os_thread_join(pool->threads[i].thread);
    }
    uploads_free(pool->uploads);
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

struct uploads *query_pool_uploads(struct query_pool *pool)
{
    return pool->uploads;
}

/* Under the lock. */
static struct query_thread *idle_thread(struct query_pool *pool)
{
    for (size_t i = 0; i < LIMIT_QUERIES && !pool->is_stopping; i++) {
        if (pool->threads[i].call == NULL)
            return &pool->threads[i];
    }
    return NULL;
}

enum code query_pool_run(struct query_pool *pool, struct call *call, struct query_job *job,
                         struct err *err)
{
    job->request.now_us = call->now_us;
    job->request.timeout_ms = pool->options->query_timeout_ms;
    job->request.memory_bytes_max = pool->options->query_memory_bytes;
    job->request.is_cancelled = &pool->is_stopping;
    (void)pthread_mutex_lock(&pool->lock);
    struct query_thread *thread = idle_thread(pool);
    if (thread != NULL) {
        /* Before the thread can see it: it may be finished at once. */
        call_defer(call);
        thread->job = job;
        thread->call = call;
        (void)pthread_cond_broadcast(&pool->work);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    if (thread == NULL)
        return err_set(err, ERR_BUSY,
                       "%d queries are running, which is as many as run at once; "
                       "try again later",
                       LIMIT_QUERIES);
    return OK;
}
