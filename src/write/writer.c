/* The writer thread, and how a store ends that can no longer write. */
#include "core/metrics.h"
#include "write/store_priv.h"

#include <stdlib.h>

void writer_publish(struct store *store)
{
    struct online_size size;
    struct store_status status = {0};

    online_size(store->online, &size);
    status.journal_bytes = store->reclaim.journal_bytes;
    status.journal_end = journal_durable_end(store->journal);
    status.checkpoint_position = store->reclaim.checkpoint_position;
    status.unflushed_rows = store->unflushed.rows;
    status.unflushed_oldest_us = unflushed_oldest_us(&store->unflushed);
    status.online_records = size.records;
    status.cache_bytes = size.cache_bytes;
    metric_set(METRIC_journal_segments,
               (int64_t)(status.journal_bytes / store->options.journal.segment_bytes));
    metric_set(METRIC_online_records, (int64_t)size.records);
    metric_set(METRIC_online_bytes, (int64_t)size.bytes);
    metric_set(METRIC_cache_bytes, (int64_t)size.cache_bytes);
    metric_set(METRIC_offline_unflushed_rows, (int64_t)status.unflushed_rows);
    metric_set(METRIC_offline_unflushed_oldest_us, status.unflushed_oldest_us);
    (void)pthread_mutex_lock(&store->mutex);
    store->status = status;
    store->mark_published = store->mark;
    (void)pthread_mutex_unlock(&store->mutex);
}

static void fail_job(struct write_job *job)
{
    for (size_t i = 0; i < job->count; i++)
        job->items[i].result =
            err_set(&job->items[i].err, ERR_IO, "the store cannot write any more");
    job->done(job, job->context);
}

/* Jobs in flight may be durable or not; they are not acknowledged. */
static void fail_jobs(struct store *store)
{
    struct held *held = &store->held;
    void *item;

    for (; held->first < held->count; held->first++)
        fail_job(held->jobs[held->first]);
    held->next = held->count;
    held->item = 0;
    while (queue_take(store->queue, &item, 1) > 0)
        fail_job(item);
}

void writer_fail(struct store *store, const struct err *err)
{
    if (!atomic_load(&store->is_failed)) {
        atomic_store(&store->is_failed, true);
        if (store->options.failed == NULL)
            abort();
        store->options.failed(store->options.failed_context, err);
    }
    fail_jobs(store);
}

static bool is_over(const struct store *store)
{
    return atomic_load(&store->is_stopping) && queue_length(store->queue) == 0 &&
           store->held.next == store->held.count;
}

void writer_main(void *context)
{
    struct store *store = context;
    struct err err = {0};
    size_t jobs;

    while (!is_over(store)) {
        if (atomic_load(&store->is_failed)) {
            void *item;
            if (queue_wait(store->queue, &item, 1, TURN_IDLE_MS) > 0)
                fail_job(item);
        } else if (turn_run(store, TURN_IDLE_MS, &jobs, &err) != OK) {
            assert(atomic_load(&store->is_failed));
        }
    }
}
