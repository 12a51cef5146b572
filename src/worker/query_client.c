#include "worker/query_client.h"

#include "config/limits.h"
#include "core/metrics.h"
#include "os/os.h"
#include "os/thread.h"
#include "query/resolve.h"
#include "query/snapshot.h"
#include "worker/flush_message.h"
#include "worker/message.h"
#include "worker/process.h"
#include "worker/query_message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PART_BYTES = 1024 * 1024, /* a message of files or rows is sent when it has so many */
    WAIT_SLICE_MS = 100,      /* how soon a cancelled query ends */
    THREADS_MAX = 2,
    REMOVE_DEPTH_MAX = 4,
};

struct source_told { /* a group that the worker knows by number */
    const struct group *group;
    struct buf rows; /* waiting to be sent */
};

struct client {
    const struct query_context *context;
    const struct query_request *request;
    struct arena arena;
    struct process process;
    struct buf in;
    struct buf out;
    int64_t deadline_us;
    const char *data_dir; /* absolute: the worker's paths must not depend on where it stands */
    const char *private_dir;
    const char *labels_path;
    struct snapshot snapshot;
    struct source_told *sources;
    uint32_t *group_ids; /* of sources */
    size_t source_count;
    bool is_told; /* the tables were answered */
};

/* ---- time ---- */

static int64_t now_us(const struct client *client)
{
    return client->context->os->monotonic_us(client->context->os->context);
}

static enum code too_long(const struct client *client, struct err *err)
{
    return err_set(err, ERR_TIMEOUT, "query took longer than %u.%03u s",
                   client->request->timeout_ms / 1000, client->request->timeout_ms % 1000);
}

static enum code time_left(const struct client *client, int *ret_ms, struct err *err)
{
    const int64_t left_us = client->deadline_us - now_us(client);

    if (client->request->is_cancelled != NULL && *client->request->is_cancelled)
        return err_set(err, ERR_BUSY, "the server is stopping");
    if (left_us <= 0)
        return too_long(client, err);
    *ret_ms = (int)(left_us / 1000 < INT32_MAX ? left_us / 1000 + 1 : INT32_MAX);
    return OK;
}

/* ---- the socket ---- */

/* Waits in slices, so that a stopping server need not wait for a deadline. */
static enum code receive(struct client *client, enum message_type *ret_type, struct err *err)
{
    struct pollfd poller = {.fd = client->process.socket, .events = POLLIN};
    int left_ms = 0;

    for (;;) {
        TRY(time_left(client, &left_ms, err));
        const int ready = poll(&poller, 1, left_ms < WAIT_SLICE_MS ? left_ms : WAIT_SLICE_MS);
        if (ready > 0)
            break;
        if (ready < 0 && errno != EINTR)
            return err_errno(err, ERR_IO, errno, "waiting for the query worker");
    }
    const enum code code =
        message_receive(client->process.socket, ret_type, &client->in, left_ms, err);
    return code == ERR_TIMEOUT ? too_long(client, err) : code;
}

static enum code send_out(struct client *client, enum message_type type, struct err *err)
{
    int left_ms = 0;

    TRY(time_left(client, &left_ms, err));
    const enum code code =
        message_send(client->process.socket, type, buf_str(&client->out), left_ms, err);
    buf_clear(&client->out);
    return code == ERR_TIMEOUT ? too_long(client, err) : code;
}

/* ---- tables ---- */

/* The group's number; *ret_is_new when the worker has not heard of it. */
static uint32_t source_of(struct client *client, const struct group *group, bool *ret_is_new)
{
    for (uint32_t i = 0; i < client->source_count; i++) {
        if (client->group_ids[i] == group->id) {
            *ret_is_new = false;
            return i;
        }
    }
    const uint32_t number = (uint32_t)client->source_count++;
    client->sources[number] = (struct source_told){.group = group_ref(group)};
    client->group_ids[number] = group->id;
    *ret_is_new = true;
    return number;
}

struct resolved {
    const struct group *group; /* referenced; NULL: there is none */
    struct str reason;
};

/* Inside an epoch section: nothing here blocks. */
static void resolve_names(struct client *client, const struct catalog *catalog,
                          const struct duck_name *names, size_t count, struct resolved *ret)
{
    for (size_t i = 0; i < count; i++) {
        const struct group *group = NULL;
        struct err err = {0};
        const enum code code =
            client->request->is_dataset
                ? resolve_group(catalog, names[i].table, &client->arena, &group, &err)
                : resolve_table(catalog, &names[i], &client->arena, &group, &err);
        if (code == OK)
            ret[i].group = group_ref(group);
        else
            ret[i].reason = arena_str(&client->arena, str_from(err.message));
    }
}

static enum code resolve_all(struct client *client, const struct duck_name *names, size_t count,
                             struct resolved *ret, struct err *err)
{
    struct epoch *epoch = store_epoch(client->context->store);
    unsigned reader = 0;

    TRY(epoch_reader_add(epoch, &reader, err));
    epoch_enter(epoch, reader);
    resolve_names(client, store_catalog(client->context->store), names, count, ret);
    epoch_leave(epoch, reader);
    epoch_reader_remove(epoch, reader);
    return OK;
}

/* What the worker needs of a group: texts that only describe it stay here. */
static void group_json(struct client *client, const struct group *group, struct buf *out)
{
    struct group slim = *group;

    slim.features = ARENA_NEW(&client->arena, struct feature, group->feature_count);
    for (uint32_t i = 0; i < group->feature_count; i++) {
        slim.features[i] = group->features[i];
        slim.features[i].description = STR_ABSENT;
        slim.features[i].parameter_count = 0;
    }
    slim.description = STR_ABSENT;
    slim.tag_count = 0;
    group_write(&slim, out);
}

static enum code answer(struct client *client, const struct resolved *resolved, struct err *err)
{
    CLEANUP(buf_release) struct buf json = {0};
    struct table_answer told = {.group_json = STR("")};
    bool is_new = false;

    if (resolved->group == NULL) {
        buf_add(&client->out, resolved->reason);
        return send_out(client, MESSAGE_TABLE_NONE, err);
    }
    told.source = source_of(client, resolved->group, &is_new);
    if (is_new) {
        group_json(client, resolved->group, &json);
        told.group_json = buf_str(&json);
    }
    table_answer_write(&told, &client->out);
    return send_out(client, MESSAGE_TABLE, err);
}

static struct str absolute(struct client *client, struct str path)
{
    if (str_is_absent(path) || path.len == 0)
        return STR("");
    return arena_format(&client->arena, "%s/%.*s", client->data_dir, STR_ARG(path));
}

static enum code send_files(struct client *client, uint32_t source, struct err *err)
{
    const struct manifest_file *files = NULL;
    size_t count = 0;

    manifest_files(client->context->manifest, client->group_ids[source], client->snapshot.manifest,
                   &client->arena, &files, &count);
    for (size_t i = 0; i < count; i++) {
        if (client->out.len == 0)
            table_files_begin(source, &client->out);
        const struct source_file file = {absolute(client, files[i].path),
                                         absolute(client, files[i].sidecar),
                                         files[i].feature_count};
        table_files_add(&file, &client->out);
        if (client->out.len >= PART_BYTES || i + 1 == count)
            TRY(send_out(client, MESSAGE_TABLE_FILES, err));
    }
    return OK;
}

static enum code send_rows(struct client *client, size_t source, struct err *err)
{
    struct buf *rows = &client->sources[source].rows;

    if (rows->len == 0)
        return OK;
    buf_add(&client->out, buf_str(rows));
    buf_clear(rows);
    return send_out(client, MESSAGE_TABLE_ROWS, err);
}

static enum code tail_row(size_t index, const struct entry *entry, void *context, struct err *err)
{
    struct client *client = context;
    struct buf *rows = &client->sources[index].rows;

    if (rows->len == 0)
        table_rows_begin((uint32_t)index, rows);
    (void)entry_encode(entry, rows);
    return rows->len >= PART_BYTES ? send_rows(client, index, err) : OK;
}

static enum code send_contents(struct client *client, struct err *err)
{
    for (size_t i = 0; i < client->source_count; i++)
        TRY(send_files(client, (uint32_t)i, err));
    TRY(snapshot_tail(&client->snapshot, client->group_ids, client->source_count, tail_row, client,
                      err));
    for (size_t i = 0; i < client->source_count; i++)
        TRY(send_rows(client, i, err));
    return send_out(client, MESSAGE_TABLE_END, err);
}

static enum code answer_all(struct client *client, struct err *err)
{
    const struct duck_name *names = NULL;
    size_t count = 0;
    enum code code = OK;

    if (client->is_told)
        return err_set(err, ERR_CORRUPT, "the query worker asked for tables twice");
    client->is_told = true;
    TRY(table_wanted_read(buf_str(&client->in), &client->arena, &names, &count, err));
    client->sources = ARENA_NEW(&client->arena, struct source_told, count);
    client->group_ids = ARENA_NEW(&client->arena, uint32_t, count);
    struct resolved *resolved = ARENA_NEW(&client->arena, struct resolved, count);
    /* First the rows, then the schemas: each row's features are in a catalog that is out by then.
     */
    TRY(snapshot_begin(client->context->store, &client->snapshot, err));
    TRY(resolve_all(client, names, count, resolved, err));
    for (size_t i = 0; i < count && code == OK; i++)
        code = answer(client, &resolved[i], err);
    for (size_t i = 0; i < count; i++)
        group_unref(resolved[i].group);
    TRY(code);
    return send_contents(client, err);
}

/* ---- the run ---- */

static enum code real_path(struct client *client, const char *path, const char **ret,
                           struct err *err)
{
    char real[PATH_MAX];

    if (realpath(path, real) == NULL)
        return err_errno(err, ERR_IO, errno, "'%s'", path);
    *ret = arena_cstr(&client->arena, str_from(real));
    return OK;
}

static enum code place_make(struct client *client, struct err *err)
{
    const struct os *os = client->context->os;
    unsigned char random[8];
    uint64_t number = 0;

    TRY(real_path(client, client->context->data_dir, &client->data_dir, err));
    client->labels_path = "";
    if (client->request->labels_path != NULL)
        TRY(real_path(client, client->request->labels_path, &client->labels_path, err));
    TRY(os->random(os->context, random, sizeof(random), err));
    memcpy(&number, random, sizeof(number));
    const char *dir = arena_format(&client->arena, "%s/tmp", client->data_dir).ptr;
    TRY(os_make_dirs(os, dir, err));
    dir = arena_format(&client->arena, "%s/query-%016jx", dir, (uintmax_t)number).ptr;
    TRY(os->make_dir(os->context, dir, err));
    client->private_dir = dir;
    return OK;
}

/* The folder is the worker's, so nothing is believed of what is in it: links are not followed. */
static void place_remove(const struct os *os, const char *path, unsigned depth)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct str *names = NULL;
    struct stat status;
    size_t count = 0;

    if (lstat(path, &status) != 0)
        return;
    if (S_ISDIR(status.st_mode) && depth < REMOVE_DEPTH_MAX &&
        os->list(os->context, path, &arena, &names, &count, NULL) == OK) {
        for (size_t i = 0; i < count; i++) {
            const struct str inner = arena_format(&arena, "%s/%.*s", path, STR_ARG(names[i]));
            place_remove(os, inner.ptr, depth + 1);
        }
    }
    /* What stays is removed at the next start. */
    const enum code code = os->remove(os->context, path, NULL);
    (void)code;
}

void query_places_clear(const struct os *os, const char *data_dir)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const char *dir = arena_format(&arena, "%s/tmp", data_dir).ptr;
    struct str *names = NULL;
    size_t count = 0;

    if (os->list(os->context, dir, &arena, &names, &count, NULL) != OK)
        return;
    for (size_t i = 0; i < count; i++) {
        if (str_starts(names[i], STR("query-")))
            place_remove(os, arena_format(&arena, "%s/%.*s", dir, STR_ARG(names[i])).ptr, 0);
    }
}

static enum code order_send(struct client *client, struct err *err)
{
    const struct query_request *request = client->request;
    const unsigned processors = os_processors();
    const struct query_order order = {
        .is_dataset = request->is_dataset,
        .is_sandbox_required = client->context->is_sandbox_required,
        .is_as_seen = request->is_as_seen,
        .is_labels_parquet = request->is_labels_parquet,
        .format = request->format,
        .threads = processors < THREADS_MAX ? processors : THREADS_MAX,
        /* All threads together; the deadline comes first for a query that waits. */
        .cpu_seconds_max = (request->timeout_ms / 1000 + 2) * THREADS_MAX,
        .memory_bytes_max = request->memory_bytes_max,
        .now_us = request->now_us,
        .private_dir = str_from(client->private_dir),
        .sql = request->sql,
        .labels_path = str_from(client->labels_path),
        .time_column = request->time_column,
        .groups = request->groups,
        .group_count = (uint32_t)request->group_count,
        .keys = request->keys,
        .key_count = (uint32_t)request->key_count,
    };
    query_order_write(&order, &client->out);
    return send_out(client, MESSAGE_QUERY, err);
}

/*
 * The result is the worker's file: it is opened without following a link, must be a plain file, and
 * loses its name at once.
 */
static enum code result_open(struct client *client, uint64_t rows, struct query_result *ret,
                             struct err *err)
{
    const char *path = arena_format(&client->arena, "%s/result", client->private_dir).ptr;
    struct stat status;
    const int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (file < 0)
        return err_errno(err, ERR_IO, errno, "the query's result");
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(file);
        return err_set(err, ERR_IO, "the query's result is no file");
    }
    *ret = (struct query_result){.file = file, .bytes = (uint64_t)status.st_size, .rows = rows};
    return OK;
}

static enum code exchange(struct client *client, struct query_result *ret, struct err *err)
{
    enum message_type type = MESSAGE_FAILED;
    uint64_t rows = 0;

    TRY(order_send(client, err));
    for (;;) {
        TRY(receive(client, &type, err));
        if (type == MESSAGE_FAILED)
            return failed_read(buf_str(&client->in), err);
        if (type == MESSAGE_QUERY_DONE)
            break;
        if (type != MESSAGE_TABLE_WANTED)
            return err_set(err, ERR_CORRUPT, "the query worker sent what was not asked for");
        TRY(answer_all(client, err));
    }
    TRY(query_done_read(buf_str(&client->in), &rows, err));
    return result_open(client, rows, ret, err);
}

/* A worker that ended by itself left a reason on the socket, or none when it was killed. */
static enum code explain_end(struct client *client, enum code code, struct err *err)
{
    enum message_type type = MESSAGE_FAILED;
    int status = 0;

    if (code != ERR_IO)
        return code;
    const enum code received = message_receive(client->process.socket, &type, &client->in, 0, NULL);
    if (received == OK && type == MESSAGE_FAILED)
        return failed_read(buf_str(&client->in), err);
    process_end_status(&client->process, &status);
    if (!WIFSIGNALED(status))
        return err_set(err, ERR_INTERNAL, "the query's process ended before it was done");
    if (WTERMSIG(status) == SIGXCPU)
        return err_set(err, ERR_TIMEOUT, "query took more processor time than it is given");
    return err_set(err, ERR_INTERNAL,
                   "the query's process was ended by signal %d%s; nothing else was affected",
                   WTERMSIG(status),
                   WTERMSIG(status) == SIGABRT ? " (it may have needed more memory than it is "
                                                 "given)"
                                               : "");
}

static void client_release(struct client *client)
{
    process_end(&client->process);
    if (client->private_dir != NULL)
        place_remove(client->context->os, client->private_dir, 0);
    snapshot_end(&client->snapshot);
    for (size_t i = 0; i < client->source_count; i++) {
        group_unref(client->sources[i].group);
        buf_release(&client->sources[i].rows);
    }
    buf_release(&client->in);
    buf_release(&client->out);
    arena_release(&client->arena);
}

enum code query_run(const struct query_context *context, const struct query_request *request,
                    struct query_result *ret, struct err *err)
{
    struct client client = {.context = context, .request = request};
    const struct process_options process = {.program = context->program, .kind = "query"};

    assert(request->timeout_ms > 0 && request->memory_bytes_max > 0);
    client.deadline_us = now_us(&client) + (int64_t)request->timeout_ms * 1000;
    enum code code = place_make(&client, err);
    if (code == OK)
        code = process_start(&process, &client.process, err);
    if (code == OK) {
        code = exchange(&client, ret, err);
        code = explain_end(&client, code, err);
    }
    client_release(&client);
    metric_add(METRIC_queries_total, 1);
    if (code != OK)
        metric_add(METRIC_queries_failed_total, 1);
    return code;
}
