/*
 * The loop. It wakes several times a second to see how much is unflushed: cheap, and no writer has
 * to think of it.
 */
#include "offline/flusher.h"

#include "core/log.h"
#include "core/mem.h"
#include "core/queue.h"
#include "offline/flush_priv.h"
#include "os/thread.h"

#include <stdatomic.h>

enum {
    REQUESTS_MAX = 1024,
    TICK_MS = 200,
    PAUSE_MS_MIN = 250, /* after a failure; doubled each time */
    PAUSE_MS_MAX = 30 * 1000,
};

struct flusher {
    struct flush *flush;
    struct store *store;
    struct flusher_options options;
    struct os_thread *thread;
    struct queue *requests;
    _Atomic(bool) is_stopping;

    /* The thread's own. */
    int64_t due_ms;   /* the next flush that nobody asks for */
    int64_t pause_ms; /* 0: the last attempt went well */
    bool has_swept;
};

struct flusher_request {
    uint64_t flushed_to; /* journal position to reach */
    flusher_done_fn *done;
    void *context;
};

static int64_t now_ms(const struct flusher *flusher)
{
    const struct os *os = flusher->flush->os;

    return os->monotonic_us(os->context) / 1000;
}

static uint64_t flushed_to(const struct flusher *flusher)
{
    struct flush_mark mark;

    store_flush_mark(flusher->store, &mark);
    return mark.flushed_to;
}

static uint64_t unflushed_bytes(const struct flusher *flusher)
{
    uint64_t end = journal_durable_end(store_journal(flusher->store));
    uint64_t start = flushed_to(flusher);

    return end > start ? end - start : 0;
}

static void sweep(struct flusher *flusher)
{
    struct err err = {0};
    struct log_line line;
    uint64_t removed = 0;

    if (flusher->has_swept)
        return;
    flusher->has_swept = true;
    enum code code = flush_sweep(flusher->flush, &removed, &err);
    if (code == OK && removed == 0)
        return;
    log_begin(&line, code == OK ? LOG_INFO : LOG_WARN, "flush_sweep");
    log_i64(&line, "removed", (int64_t)removed);
    if (code != OK)
        log_str(&line, "error", str_from(err.message));
    log_end(&line);
}

static void log_run(const struct flusher *flusher, uint64_t rows, int64_t started_ms)
{
    struct log_line line;

    log_begin(&line, LOG_DEBUG, "flush");
    log_i64(&line, "rows", (int64_t)rows);
    log_i64(&line, "duration_ms", now_ms(flusher) - started_ms);
    log_end(&line);
}

/* Ranges until everything before `until` is flushed, or there is nothing left to do. */
static enum code flush_until(struct flusher *flusher, uint64_t until, struct err *err)
{
    uint64_t rows = 1;

    while (rows > 0 && !atomic_load(&flusher->is_stopping)) {
        int64_t started_ms = now_ms(flusher);
        TRY(flush_run(flusher->flush, &rows, err));
        sweep(flusher);
        if (rows > 0)
            log_run(flusher, rows, started_ms);
        if (flushed_to(flusher) >= until)
            return OK;
    }
    return rows == 0 ? OK : err_set(err, ERR_BUSY, "the store is stopping");
}

static enum code attempt(struct flusher *flusher, uint64_t until, struct err *err)
{
    struct log_line line;
    enum code code = flush_until(flusher, until, err);
    bool is_failure = code != OK && !atomic_load(&flusher->is_stopping);

    flusher->due_ms = now_ms(flusher) + flusher->options.interval_ms;
    if (!is_failure) {
        flusher->pause_ms = 0;
        return code;
    }
    flusher->pause_ms = flusher->pause_ms == 0 ? PAUSE_MS_MIN : 2 * flusher->pause_ms;
    if (flusher->pause_ms > PAUSE_MS_MAX)
        flusher->pause_ms = PAUSE_MS_MAX;
    flusher->due_ms = now_ms(flusher) + flusher->pause_ms;
    log_begin(&line, LOG_ERROR, "flush_failed");
    log_str(&line, "error", str_from(err->message));
    log_i64(&line, "again_in_ms", flusher->pause_ms);
    log_end(&line);
    return code;
}

static void requests_answer(struct flusher *flusher, void **requests, size_t count)
{
    struct err err = {0};
    enum code code = OK;
    uint64_t until = 0;

    for (size_t i = 0; i < count; i++) {
        const struct flusher_request *request = requests[i];
        if (request->flushed_to > until)
            until = request->flushed_to;
    }
    if (atomic_load(&flusher->is_stopping))
        code = err_set(&err, ERR_BUSY, "the store is stopping");
    else
        code = attempt(flusher, until, &err);
    for (size_t i = 0; i < count; i++) {
        struct flusher_request *request = requests[i];
        request->done(code, code == OK ? NULL : &err, request->context);
        mem_free(request);
    }
}

static bool is_due(const struct flusher *flusher)
{
    if (now_ms(flusher) >= flusher->due_ms)
        return true;
    return flusher->pause_ms == 0 && unflushed_bytes(flusher) >= flusher->options.bytes_max;
}

static void run(void *context)
{
    struct flusher *flusher = context;
    void *requests[REQUESTS_MAX];

    while (!atomic_load(&flusher->is_stopping)) {
        size_t count = queue_wait(flusher->requests, requests, REQUESTS_MAX, TICK_MS);
        if (count > 0) {
            requests_answer(flusher, requests, count);
        } else if (is_due(flusher) && !atomic_load(&flusher->is_stopping)) {
            struct err err = {0};
            uint64_t end = journal_durable_end(store_journal(flusher->store));
            enum code ignored = attempt(flusher, end, &err);
            (void)ignored;
        }
    }
    requests_answer(flusher, requests, queue_take(flusher->requests, requests, REQUESTS_MAX));
}

enum code flusher_start(struct flush *flush, struct store *store,
                        const struct flusher_options *options, struct flusher **ret,
                        struct err *err)
{
    struct flusher *flusher = MEM_NEW(struct flusher);

    assert(options->interval_ms > 0);
    flusher->flush = flush;
    flusher->store = store;
    flusher->options = *options;
    if (flusher->options.bytes_max == 0)
        flusher->options.bytes_max = UINT64_MAX;
    flusher->requests = queue_new(REQUESTS_MAX);
    enum code code = os_thread_start("flusher", run, flusher, &flusher->thread, err);
    if (code != OK) {
        queue_free(flusher->requests);
        mem_free(flusher);
        return code;
    }
    *ret = flusher;
    return OK;
}

void flusher_stop(struct flusher *flusher)
{
    if (flusher == NULL)
        return;
    atomic_store(&flusher->is_stopping, true);
    queue_wake(flusher->requests);
    os_thread_join(flusher->thread);
    queue_free(flusher->requests);
    mem_free(flusher);
}

enum code flusher_request(struct flusher *flusher, flusher_done_fn *done, void *context,
                          struct err *err)
{
    struct flusher_request *request = MEM_NEW(struct flusher_request);

    *request = (struct flusher_request){
        .flushed_to = journal_durable_end(store_journal(flusher->store)),
        .done = done,
        .context = context,
    };
    enum code code = queue_push(flusher->requests, request, NULL, err);
    if (code != OK)
        mem_free(request);
    return code;
}
