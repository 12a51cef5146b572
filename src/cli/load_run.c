#include "cli/load_run.h"

#include "cli/load_batch.h"
#include "core/mem.h"
#include "core/queue.h"
#include "os/thread.h"

#include <pthread.h>

enum { HOPELESS_ROWS = 1000 };

struct load {
    struct load_options options;
    struct load_thread {
        struct load *load;
        struct os_thread *thread;
        uint64_t row; /* first row of its batch, while is_busy */
        bool is_busy;
    } *threads;
    unsigned thread_count;
    struct queue *ended; /* one item a thread that ended */
    unsigned running;    /* of load_wait alone */

    pthread_mutex_t rows_mutex;  /* options.rows */
    pthread_mutex_t state_mutex; /* all below, and the threads' row and is_busy */
    uint64_t next_row;
    uint64_t written;
    enum code code; /* of the first failure that stops the load */
    struct err err;
    char unknown_text[128];
    size_t unknown_len;
};

static void stop(struct load *load, enum code code, const struct err *err)
{
    (void)pthread_mutex_lock(&load->state_mutex);
    if (load->code == OK) {
        load->code = code;
        load->err = *err;
    }
    (void)pthread_mutex_unlock(&load->state_mutex);
}

static bool is_stopped(struct load *load)
{
    (void)pthread_mutex_lock(&load->state_mutex);
    bool is_failed = load->code != OK;
    (void)pthread_mutex_unlock(&load->state_mutex);
    return is_failed || atomic_load(load->options.is_stopping);
}

/*
 * The batch is entered as on its way before another thread can take a later one, so that the
 * settled row never passes a batch that nobody has noted.
 */
static enum code take(struct load *load, struct load_thread *thread, struct rows_batch *batch,
                      struct err *err)
{
    (void)pthread_mutex_lock(&load->rows_mutex);
    enum code code = rows_take(load->options.rows, batch, err);
    (void)pthread_mutex_lock(&load->state_mutex);
    thread->row = batch->first_row;
    thread->is_busy = code == OK && batch->count > 0;
    if (code == OK)
        load->next_row = load->options.rows->next_row;
    (void)pthread_mutex_unlock(&load->state_mutex);
    (void)pthread_mutex_unlock(&load->rows_mutex);
    return code;
}

/* Also ends a load that gets nowhere: a wrong group or a wrong file, not some bad rows. */
static enum code settled(struct load *load, struct load_thread *thread, size_t written,
                         struct str last_message, struct err *err)
{
    uint64_t failed = failed_count(load->options.failed);

    (void)pthread_mutex_lock(&load->state_mutex);
    thread->is_busy = false;
    load->written += written;
    bool is_hopeless = load->written == 0 && failed >= HOPELESS_ROWS;
    (void)pthread_mutex_unlock(&load->state_mutex);
    if (is_hopeless)
        return err_set(err, ERR_DENIED,
                       "none of the first %llu rows was taken; the last error: "
                       "%.*s",
                       (unsigned long long)failed,
                       STR_ARG(str_slice(last_message, 0, size_min(last_message.len, 300))));
    return OK;
}

static enum code work(struct load *load, struct load_thread *thread, struct load_sender *sender,
                      struct rows_batch *batch, struct err *err)
{
    while (!is_stopped(load)) {
        size_t written = 0;
        TRY(take(load, thread, batch, err));
        if (batch->count == 0)
            break;
        TRY(load_sender_send(sender, batch, &written, err));
        TRY(settled(load, thread, written, load_sender_message(sender), err));
    }
    return OK;
}

static void keep_unknown(struct load *load, struct str unknown)
{
    (void)pthread_mutex_lock(&load->state_mutex);
    if (load->unknown_len == 0 && unknown.len > 0) {
        load->unknown_len = size_min(unknown.len, sizeof(load->unknown_text));
        memcpy(load->unknown_text, unknown.ptr, load->unknown_len);
    }
    (void)pthread_mutex_unlock(&load->state_mutex);
}

static void thread_main(void *context)
{
    struct load_thread *thread = context;
    struct load *load = thread->load;
    struct rows_batch batch;
    struct err err = {0};
    struct load_sender *sender = load_sender_new(&load->options);

    rows_batch_init(&batch);
    enum code code = work(load, thread, sender, &batch, &err);
    if (code != OK)
        stop(load, code, &err);
    keep_unknown(load, load_sender_unknown(sender));
    load_sender_free(sender);
    rows_batch_release(&batch);
    code = queue_push(load->ended, thread, NULL, NULL);
    assert(code == OK);
    (void)code;
}

enum code load_start(const struct load_options *options, struct load **ret, struct err *err)
{
    struct load *load = MEM_NEW(struct load);

    assert(options->connections > 0);
    load->options = *options;
    load->next_row = options->rows->next_row;
    load->threads = MEM_NEW_ARRAY(struct load_thread, options->connections);
    load->ended = queue_new(options->connections);
    (void)pthread_mutex_init(&load->rows_mutex, NULL);
    (void)pthread_mutex_init(&load->state_mutex, NULL);
    for (unsigned i = 0; i < options->connections; i++) {
        struct load_thread *thread = &load->threads[i];
        thread->load = load;
        enum code code = os_thread_start("load", thread_main, thread, &thread->thread, err);
        if (code != OK) {
            stop(load, code, err);
            load_free(load);
            return code;
        }
        load->running++;
        load->thread_count++;
    }
    *ret = load;
    return OK;
}

void load_wait(struct load *load, int timeout_ms, struct load_state *ret)
{
    void *ended[64];

    if (load->running > 0)
        load->running -= (unsigned)queue_wait(load->ended, ended, ARRAY_COUNT(ended), timeout_ms);
    (void)pthread_mutex_lock(&load->state_mutex);
    *ret = (struct load_state){
        .written = load->written, .row = load->next_row, .is_running = load->running > 0};
    for (unsigned i = 0; i < load->thread_count; i++) {
        if (load->threads[i].is_busy && load->threads[i].row < ret->row)
            ret->row = load->threads[i].row;
    }
    (void)pthread_mutex_unlock(&load->state_mutex);
}

enum code load_result(const struct load *load, struct err *err)
{
    if (load->code == OK)
        return OK;
    return err_set(err, load->code, "%s", load->err.message);
}

struct str load_unknown(const struct load *load)
{
    return load->unknown_len == 0 ? STR_ABSENT
                                  : (struct str){load->unknown_text, load->unknown_len};
}

void load_free(struct load *load)
{
    if (load == NULL)
        return;
    for (unsigned i = 0; i < load->thread_count; i++)
        os_thread_join(load->threads[i].thread);
    queue_free(load->ended);
    (void)pthread_mutex_destroy(&load->rows_mutex);
    (void)pthread_mutex_destroy(&load->state_mutex);
    mem_free(load->threads);
    mem_free(load);
}
