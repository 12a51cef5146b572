/*
 * The server's side of the flush worker. A file is one exchange: FILE_OPEN, FILE_ROWS…, FILE_CLOSE,
 * then FILE_DONE or FAILED comes back; the worker says nothing before FILE_CLOSE, so neither side
 * can wait for the other. Whatever goes wrong on the socket ends the worker; the next file starts a
 * new one. A file that was not finished is written again under the same name.
 */
#include "worker/flush_client.h"

#include "core/mem.h"
#include "core/metrics.h"
#include "worker/flush_message.h"
#include "worker/message.h"
#include "worker/process.h"

enum {
    SEND_TIMEOUT_MS = 60 * 1000,
    FILE_TIMEOUT_MS = 300 * 1000,
    ROWS_BYTES = 1024 * 1024, /* a message of rows is sent when it has so many */
};

struct flush_client {
    struct arena names; /* program and folder */
    struct arena arena; /* of one file */
    const char *program;
    const char *tmp_dir;
    struct process process; /* all zero: none runs */
    bool has_run;
    struct buf payload;
};

struct flush_client *flush_client_new(const char *program, const char *tmp_dir)
{
    struct flush_client *client = MEM_NEW(struct flush_client);

    client->program = arena_cstr(&client->names, str_from(program));
    client->tmp_dir = arena_cstr(&client->names, str_from(tmp_dir));
    return client;
}

void flush_client_free(struct flush_client *client)
{
    if (client == NULL)
        return;
    process_end(&client->process);
    arena_release(&client->names);
    arena_release(&client->arena);
    buf_release(&client->payload);
    mem_free(client);
}

static enum code worker_start(struct flush_client *client, struct err *err)
{
    const char *const arguments[] = {client->tmp_dir, NULL};
    struct process_options options = {
        .program = client->program, .kind = "flush", .arguments = arguments};

    if (client->process.pid != 0)
        return OK;
    if (client->has_run)
        metric_add(METRIC_worker_restarts_total, 1);
    TRY(process_start(&options, &client->process, err));
    client->has_run = true;
    return OK;
}

static enum code send_payload(struct flush_client *client, enum message_type type, struct err *err)
{
    TRY(message_send(client->process.socket, type, buf_str(&client->payload), SEND_TIMEOUT_MS,
                     err));
    buf_clear(&client->payload);
    return OK;
}

static enum code send_file(struct flush_client *client, const struct parquet_job *job,
                           struct err *err)
{
    struct parquet_target target = {
        .path = job->path, .sidecar_path = job->sidecar_path, .write_time_us = job->write_time_us};

    parquet_schema_of(job->group, job->feature_count, &client->arena, &target.schema);
    buf_clear(&client->payload);
    flush_open_write(&target, &client->payload);
    TRY(send_payload(client, MESSAGE_FILE_OPEN, err));
    for (size_t i = 0; i < job->entry_count; i++) {
        (void)entry_encode(job->entries[i], &client->payload);
        if (client->payload.len >= ROWS_BYTES)
            TRY(send_payload(client, MESSAGE_FILE_ROWS, err));
    }
    if (client->payload.len > 0)
        TRY(send_payload(client, MESSAGE_FILE_ROWS, err));
    return send_payload(client, MESSAGE_FILE_CLOSE, err);
}

/* *ret_is_healthy false: the exchange is broken, the worker cannot be used again. */
static enum code exchange(struct flush_client *client, const struct parquet_job *job,
                          struct parquet_result *ret, bool *ret_is_healthy, struct err *err)
{
    enum message_type type;

    *ret_is_healthy = false;
    TRY(send_file(client, job, err));
    TRY(message_receive(client->process.socket, &type, &client->payload, FILE_TIMEOUT_MS, err));
    if (type == MESSAGE_FAILED) {
        *ret_is_healthy = true;
        return failed_read(buf_str(&client->payload), err);
    }
    if (type != MESSAGE_FILE_DONE)
        return err_set(err, ERR_CORRUPT, "a message that was not asked for");
    TRY(flush_done_read(buf_str(&client->payload), ret, err));
    *ret_is_healthy = true;
    return OK;
}

static enum code client_write(void *context, const struct parquet_job *job,
                              struct parquet_result *ret, struct err *err)
{
    struct flush_client *client = context;
    bool is_healthy = false;

    assert(job->entry_count > 0);
    arena_reset(&client->arena);
    TRY(worker_start(client, err));
    enum code code = exchange(client, job, ret, &is_healthy, err);
    if (!is_healthy)
        process_end(&client->process);
    if (code != OK)
        return err_prefix(err, code, "the flush worker could not write '%s'", job->path);
    return OK;
}

struct parquet_sink flush_client_sink(struct flush_client *client)
{
    return (struct parquet_sink){.write = client_write, .context = client};
}
