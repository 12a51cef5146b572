/*
 * A failure inside a file is kept until FILE_CLOSE and answered there; until then the rest of the
 * file is taken and dropped. A message out of order ends the worker: the server starts another.
 */
#include "worker/flush_worker.h"

#include "os/os.h"
#include "worker/flush_message.h"
#include "worker/message.h"
#include "worker/process.h"

#include <stdio.h>

#define DUCK_MEMORY_BYTES (UINT64_C(2) << 30)

enum worker_state {
    WORKER_IDLE,
    WORKER_OPEN,   /* a file is being filled */
    WORKER_FAILED, /* its failure waits for FILE_CLOSE */
};

struct flush_worker {
    int socket;
    enum worker_state state;
    struct parquet_writer *writer; /* NULL: the start failed, and every file fails with it */
    struct err start_failure;
    struct arena arena; /* of the file */
    struct parquet_target target;
    struct err failure;
    struct buf answer;
};

static enum code rows_take(struct flush_worker *worker, struct str rows, struct err *err)
{
    while (rows.len > 0) {
        struct entry entry;
        size_t bytes = 0;
        TRY(entry_decode(rows, &entry, &bytes, err));
        TRY(parquet_writer_add(worker->writer, &entry, err));
        rows = str_slice(rows, bytes, rows.len);
    }
    return OK;
}

static enum code file_open(struct flush_worker *worker, struct str payload, struct err *err)
{
    if (worker->writer == NULL)
        return err_set(err, worker->start_failure.code, "%s", worker->start_failure.message);
    arena_reset(&worker->arena);
    TRY(flush_open_read(payload, &worker->arena, &worker->target, err));
    return parquet_writer_open(worker->writer, &worker->target, err);
}

static enum code file_close(struct flush_worker *worker, struct err *err)
{
    const struct os *os = os_linux();
    struct parquet_result result = {0};
    struct os_stat status;

    TRY(parquet_writer_close(worker->writer, &result.has_sidecar, err));
    TRY(os->stat(os->context, worker->target.path, &status, err));
    result.bytes = status.bytes;
    buf_clear(&worker->answer);
    flush_done_write(&result, &worker->answer);
    return OK;
}

static enum code answer(struct flush_worker *worker, struct err *err)
{
    enum message_type type = MESSAGE_FILE_DONE;

    if (worker->state == WORKER_OPEN && file_close(worker, &worker->failure) != OK)
        worker->state = WORKER_FAILED;
    if (worker->state == WORKER_FAILED) {
        type = MESSAGE_FAILED;
        buf_clear(&worker->answer);
        failed_write(&worker->failure, &worker->answer);
    }
    worker->state = WORKER_IDLE;
    return message_send(worker->socket, type, buf_str(&worker->answer), -1, err);
}

static enum code message_take(struct flush_worker *worker, enum message_type type,
                              struct str payload, struct err *err)
{
    bool is_open = worker->state != WORKER_IDLE;
    enum code code = OK;

    if (type == MESSAGE_FILE_CLOSE && is_open)
        return answer(worker, err);
    if (type == MESSAGE_FILE_OPEN && !is_open) {
        worker->state = WORKER_OPEN;
        code = file_open(worker, payload, &worker->failure);
    } else if (type == MESSAGE_FILE_ROWS && is_open) {
        if (worker->state == WORKER_OPEN)
            code = rows_take(worker, payload, &worker->failure);
    } else {
        return err_set(err, ERR_CORRUPT, "a message out of order");
    }
    if (code != OK)
        worker->state = WORKER_FAILED;
    return OK;
}

static enum code seal(struct duck *duck, const char *tmp_dir, struct err *err)
{
    CLEANUP(buf_release) struct buf missing = {0};
    struct sandbox sandbox = {.private_dir = tmp_dir};
    struct duck_lock lock = {.dir = tmp_dir};

    /* What the kernel lacks is the query worker's to insist on: here come only checked values. */
    TRY(sandbox_enter(&sandbox, &missing, err));
    return duck_lock(duck, &lock, err);
}

/* Until the server closes its end, which is how a worker's life ends. */
static enum code serve(struct flush_worker *worker, struct err *err)
{
    CLEANUP(buf_release) struct buf payload = {0};
    enum message_type type;

    for (;;) {
        enum code code = message_receive(worker->socket, &type, &payload, -1, err);
        if (code == ERR_IO)
            return OK;
        TRY(code);
        TRY(message_take(worker, type, buf_str(&payload), err));
    }
}

int flush_worker_main(int socket, const char *tmp_dir)
{
    struct flush_worker worker = {.socket = socket};
    struct duck_options options = {.memory_bytes_max = DUCK_MEMORY_BYTES};
    struct duck *duck = NULL;
    struct err err = {0};
    enum code code = duck_open(&options, &duck, &worker.start_failure);

    if (code == OK)
        code = seal(duck, tmp_dir, &worker.start_failure);
    if (code == OK)
        worker.writer = parquet_writer_new(duck);
    code = serve(&worker, &err);
    if (code != OK)
        (void)fprintf(stderr, "asof: flush worker: %s\n", err.message);
    parquet_writer_free(worker.writer);
    arena_release(&worker.arena);
    buf_release(&worker.answer);
    duck_close(duck);
    return code == OK ? 0 : 1;
}
