/* Opening and closing, and what other threads ask. */
#include "config/limits.h"
#include "core/mem.h"
#include "core/metrics.h"
#include "write/store_priv.h"

enum {
    UNFLUSHED_PARTS_MAX = 1 << 16,
    DEFAULT_SEGMENT_BYTES = 64 << 20,
    DEFAULT_SEGMENTS_SPARE = 2,
    DEFAULT_CACHE_BYTES = 256 << 20,
    DEFAULT_CHECKPOINT_BYTES = 256 << 20,
    DEFAULT_SPARE_BYTES = 1 << 30,
};

/* ---- opening ---- */

static void or_default(uint64_t *value, uint64_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

static struct store_options with_defaults(const struct store_options *given)
{
    struct store_options options = *given;

    or_default(&options.journal.segment_bytes, DEFAULT_SEGMENT_BYTES);
    or_default(&options.cache_bytes_max, DEFAULT_CACHE_BYTES);
    or_default(&options.checkpoint_bytes, DEFAULT_CHECKPOINT_BYTES);
    or_default(&options.journal_bytes_spare, DEFAULT_SPARE_BYTES);
    if (options.journal.segments_spare == 0)
        options.journal.segments_spare = DEFAULT_SEGMENTS_SPARE;
    if (options.queue_max == 0)
        options.queue_max = LIMIT_WRITE_QUEUE;
    options.journal.is_threaded = options.is_threaded;
    return options;
}

/* The secret is made once; the index's keys and the checkpoint hang on it. */
static enum code open_secret(struct store *store, struct err *err)
{
    const struct os *os = store->os;
    const char *path = arena_format(&store->arena, "%s/secret", store->dir).ptr;
    CLEANUP(buf_release) struct buf content;
    struct os_stat status;

    buf_init(&content, 0);
    enum code code = os->stat(os->context, path, &status, err);
    if (code == ERR_NOT_FOUND) {
        TRY(os->random(os->context, store->secret, sizeof(store->secret), err));
        struct str secret = {(const char *)store->secret, sizeof(store->secret)};
        return os_write_file(os, path, secret, err);
    }
    TRY(code);
    TRY(os_read_file(os, path, HASH_SECRET_BYTES, &content, err));
    if (content.len != HASH_SECRET_BYTES)
        return err_set(err, ERR_CORRUPT, "'%s' has %zu bytes, not %d", path, content.len,
                       HASH_SECRET_BYTES);
    memcpy(store->secret, content.ptr, HASH_SECRET_BYTES);
    return OK;
}

static struct store *store_new(const struct os *os, const char *dir,
                               const struct store_options *options)
{
    struct store *store = MEM_NEW(struct store);

    store->os = os;
    store->options = with_defaults(options);
    store->dir = arena_cstr(&store->arena, str_from(dir));
    store->journal_dir = arena_format(&store->arena, "%s/journal", dir).ptr;
    store->checkpoint_path = arena_format(&store->arena, "%s/checkpoint", dir).ptr;
    store->turn_bytes_max = LIMIT_JOURNAL_BATCH_BYTES;
    store->epoch = epoch_new();
    store->queue = queue_new(store->options.queue_max);
    retry_init(&store->retry, LIMIT_RETRY_KEYS);
    unflushed_init(&store->unflushed, UNFLUSHED_PARTS_MAX);
    overlay_init(&store->turn.overlay);
    atomic_init(&store->catalog, catalog_new());
    (void)pthread_mutex_init(&store->mutex, NULL);
    return store;
}

/* Accepts a store that was opened in part. */
static void store_free(struct store *store)
{
    background_stop(&store->background);
    if (store->journal != NULL)
        journal_close(store->journal);
    epoch_free(store->epoch);
    online_free(store->online);
    reclaim_release(store);
    turn_release(&store->turn);
    retry_release(&store->retry);
    unflushed_release(&store->unflushed);
    catalog_free(atomic_load(&store->catalog));
    queue_free(store->queue);
    if (store->lock != NULL)
        store->os->close(store->os->context, store->lock);
    (void)pthread_mutex_destroy(&store->mutex);
    arena_release(&store->arena);
    mem_free(store);
}

static enum code open_parts(struct store *store, struct err *err)
{
    const struct os *os = store->os;

    TRY(os_make_dirs(os, store->dir, err));
    TRY(os->lock(os->context, store->dir, &store->lock, err));
    TRY(open_secret(store, err));
    struct online_options options = {
        .cache_bytes_max = store->options.cache_bytes_max,
        .segment_bytes = store->options.journal.segment_bytes,
        .secret = store->secret,
    };
    store->online = online_new(store->epoch, &options);
    TRY(recover(store, err));
    store->reclaim.checkpoint_after =
        store->reclaim.checkpoint_position + store->options.checkpoint_bytes;
    store->reclaim.is_due = true;
    store->background.writer = (struct checkpoint_writer){
        .os = os,
        .path = store->checkpoint_path,
        .online = store->online,
        .epoch = store->epoch,
    };
    store->background.journal = store->journal;
    store->background.queue_woken = store->options.is_threaded ? store->queue : NULL;
    TRY(background_start(&store->background, store->options.is_threaded, err));
    writer_publish(store);
    if (!store->options.is_threaded)
        return OK;
    return os_thread_start("writer", writer_main, store, &store->writer, err);
}

enum code store_open(const struct os *os, const char *dir, const struct store_options *options,
                     struct store **ret, struct err *err)
{
    struct store *store = store_new(os, dir, options);
    enum code code = open_parts(store, err);

    if (code != OK) {
        store_free(store);
        return code;
    }
    *ret = store;
    return OK;
}

/* Without a writer thread the queue is emptied here; a full disk ends that too. */
static void finish(struct store *store)
{
    size_t jobs = 1;

    while (!atomic_load(&store->is_failed) &&
           (queue_length(store->queue) > 0 || store->held.next < store->held.count)) {
        if (turn_run(store, 0, &jobs, NULL) != OK)
            assert(atomic_load(&store->is_failed));
    }
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    atomic_store(&store->is_stopping, true);
    if (store->writer != NULL) {
        queue_wake(store->queue);
        os_thread_join(store->writer);
    } else {
        finish(store);
    }
    store_free(store);
}

enum code store_turn(struct store *store, size_t *ret_jobs, struct err *err)
{
    assert(!store->options.is_threaded);
    if (atomic_load(&store->is_failed))
        return err_set(err, ERR_IO, "the store cannot write any more");
    return turn_run(store, 0, ret_jobs, err);
}

/* ---- any thread ---- */

struct epoch *store_epoch(struct store *store)
{
    return store->epoch;
}

struct online *store_online(struct store *store)
{
    return store->online;
}

struct journal *store_journal(struct store *store)
{
    return store->journal;
}

const struct catalog *store_catalog(struct store *store)
{
    return atomic_load_explicit(&store->catalog, memory_order_acquire);
}

void store_flush_mark(struct store *store, struct flush_mark *ret)
{
    (void)pthread_mutex_lock(&store->mutex);
    *ret = store->mark_published;
    (void)pthread_mutex_unlock(&store->mutex);
}

void store_status(struct store *store, struct store_status *ret)
{
    (void)pthread_mutex_lock(&store->mutex);
    *ret = store->status;
    (void)pthread_mutex_unlock(&store->mutex);
    ret->queue_length = queue_length(store->queue);
}

enum code write_submit(struct store *store, struct write_job *job, struct err *err)
{
    assert(job->done != NULL && (job->count == 0 || job->items != NULL));
    if (atomic_load(&store->is_stopping) || atomic_load(&store->is_failed))
        return err_set(err, ERR_BUSY, "the store is stopping");
    enum code code = queue_push(store->queue, job, NULL, err);
    if (code == ERR_BUSY)
        metric_add(METRIC_writes_refused_busy_total, 1);
    return code;
}

struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool is_done;
};

static void wake_waiter(struct write_job *job, void *context)
{
    struct waiter *waiter = context;

    (void)job;
    (void)pthread_mutex_lock(&waiter->mutex);
    waiter->is_done = true;
    (void)pthread_cond_signal(&waiter->cond);
    (void)pthread_mutex_unlock(&waiter->mutex);
}

/* Without a writer thread the caller is the writer. */
static enum code wait_done(struct store *store, struct waiter *waiter, struct err *err)
{
    size_t jobs;

    if (!store->options.is_threaded) {
        while (!waiter->is_done)
            TRY(store_turn(store, &jobs, err));
        return OK;
    }
    (void)pthread_mutex_lock(&waiter->mutex);
    while (!waiter->is_done)
        (void)pthread_cond_wait(&waiter->cond, &waiter->mutex);
    (void)pthread_mutex_unlock(&waiter->mutex);
    return OK;
}

enum code write_wait(struct store *store, struct write_job *job, struct err *err)
{
    struct waiter waiter = {.is_done = false};

    job->done = wake_waiter;
    job->context = &waiter;
    (void)pthread_mutex_init(&waiter.mutex, NULL);
    (void)pthread_cond_init(&waiter.cond, NULL);
    enum code code = write_submit(store, job, err);
    if (code == OK)
        code = wait_done(store, &waiter, err);
    (void)pthread_cond_destroy(&waiter.cond);
    (void)pthread_mutex_destroy(&waiter.mutex);
    TRY(code);
    for (size_t i = 0; i < job->count; i++) {
        if (job->items[i].result != OK) {
            if (err != NULL)
                *err = job->items[i].err;
            return job->items[i].result;
        }
    }
    return OK;
}
