/*
 * The order of steps is what keeps a client's text harmless: limits and the system call filter
 * stand before the text is parsed, Landlock and the database's own lock before anything that it
 * names is opened.
 */
#include "worker/query_worker.h"

#include "config/limits.h"
#include "worker/flush_message.h"
#include "worker/message.h"
#include "worker/process.h"
#include "worker/query_message.h"

#include <unistd.h>

#define GIB (UINT64_C(1024) * 1024 * 1024)

struct wanted {
    bool is_found;
    uint32_t source;
    struct str reason; /* why there is no such table */
};

struct worker {
    int socket;
    struct arena arena;
    struct buf in;
    struct buf out;
    struct query_order order;
    struct engine engine;
    const struct duck_name *names;
    struct wanted *wanted; /* of names */
    size_t name_count;
    struct source *sources;
    size_t source_count;
    const char **files;
    size_t file_count;
};

static enum code receive(struct worker *worker, enum message_type *ret_type, struct err *err)
{
    return message_receive(worker->socket, ret_type, &worker->in, -1, err);
}

static enum code send_out(struct worker *worker, enum message_type type, struct err *err)
{
    const enum code code = message_send(worker->socket, type, buf_str(&worker->out), -1, err);

    buf_clear(&worker->out);
    return code;
}

static enum code order_receive(struct worker *worker, struct err *err)
{
    enum message_type type;

    TRY(receive(worker, &type, err));
    if (type != MESSAGE_QUERY)
        return err_set(err, ERR_CORRUPT, "the query worker was sent no query");
    TRY(query_order_read(buf_str(&worker->in), &worker->arena, &worker->order, err));
    worker->engine = (struct engine){
        .private_dir = arena_cstr(&worker->arena, worker->order.private_dir),
        .memory_bytes_max = worker->order.memory_bytes_max,
        .threads = worker->order.threads,
    };
    return OK;
}

static enum code check_missing(const struct worker *worker, const struct buf *missing,
                               struct err *err)
{
    if (missing->len == 0 || !worker->order.is_sandbox_required)
        return OK;
    return err_set(err, ERR_INTERNAL,
                   "this kernel lacks %.*s, so that a query cannot be walled in; the server's "
                   "option --sandbox auto runs queries without",
                   STR_ARG(buf_str(missing)));
}

static enum code enter_process(struct worker *worker, struct err *err)
{
    CLEANUP(buf_release) struct buf missing = {0};
    const struct sandbox sandbox = {
        .memory_bytes_max = worker->order.memory_bytes_max,
        .cpu_seconds_max = worker->order.cpu_seconds_max,
        .file_bytes_max = LIMIT_QUERY_RESULT_GIB * GIB,
    };

    TRY(sandbox_enter_process(&sandbox, &missing, err));
    return check_missing(worker, &missing, err);
}

static enum code enter_files(struct worker *worker, struct err *err)
{
    CLEANUP(buf_release) struct buf missing = {0};
    const struct sandbox sandbox = {
        .read_files = worker->files,
        .read_file_count = worker->file_count,
        .private_dir = worker->engine.private_dir,
    };

    TRY(sandbox_enter_files(&sandbox, &missing, err));
    return check_missing(worker, &missing, err);
}

/* ---- tables ---- */

static enum code names_find(struct worker *worker, struct err *err)
{
    const struct query_order *order = &worker->order;

    if (!order->is_dataset) {
        TRY(engine_parse(&worker->engine, order->sql, &worker->arena, &worker->names,
                         &worker->name_count, err));
    } else {
        struct duck_name *names = ARENA_NEW(&worker->arena, struct duck_name, order->group_count);
        for (uint32_t i = 0; i < order->group_count; i++)
            names[i] = (struct duck_name){STR(""), STR(""), order->groups[i]};
        worker->names = names;
        worker->name_count = order->group_count;
    }
    worker->wanted = ARENA_NEW(&worker->arena, struct wanted, worker->name_count);
    worker->sources = ARENA_NEW(&worker->arena, struct source, worker->name_count);
    return OK;
}

static enum code answer_found(struct worker *worker, struct wanted *wanted, struct err *err)
{
    struct table_answer answer;
    struct group *group = NULL;

    TRY(table_answer_read(buf_str(&worker->in), &answer, err));
    if (answer.source > worker->source_count)
        return err_set(err, ERR_CORRUPT, "a table of an unknown source");
    wanted->is_found = true;
    wanted->source = answer.source;
    if (answer.source < worker->source_count)
        return OK;
    TRY(group_read(answer.group_json, &group, err)); /* ends with the process */
    struct source *source = &worker->sources[worker->source_count];
    *source = (struct source){.number = answer.source, .group = group};
    worker->source_count++;
    return source_begin(worker->engine.duck, source, &worker->arena, err);
}

static enum code answers_receive(struct worker *worker, struct err *err)
{
    for (size_t i = 0; i < worker->name_count; i++) {
        enum message_type type;
        TRY(receive(worker, &type, err));
        if (type == MESSAGE_TABLE) {
            TRY(answer_found(worker, &worker->wanted[i], err));
        } else if (type == MESSAGE_TABLE_NONE) {
            worker->wanted[i].reason = arena_str(&worker->arena, buf_str(&worker->in));
        } else {
            return err_set(err, ERR_CORRUPT, "expected a table, found another message");
        }
    }
    return OK;
}

static enum code unknown_source(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "a message for an unknown source");
}

/* A source's files come in pieces; they are kept as one list. */
static enum code files_receive(struct worker *worker, struct err *err)
{
    struct source_file *files = NULL;
    uint32_t number = 0;
    size_t count = 0;

    TRY(table_files_read(buf_str(&worker->in), &worker->arena, &number, &files, &count, err));
    if (number >= worker->source_count)
        return unknown_source(err);
    struct source *source = &worker->sources[number];
    struct source_file *all =
        ARENA_NEW(&worker->arena, struct source_file, source->file_count + count);
    if (source->file_count > 0)
        memcpy(all, source->files, source->file_count * sizeof(*all));
    if (count > 0)
        memcpy(all + source->file_count, files, count * sizeof(*all));
    source->files = all;
    source->file_count += count;
    return OK;
}

static enum code rows_receive(struct worker *worker, struct err *err)
{
    struct str entries;
    uint32_t number = 0;

    TRY(table_rows_read(buf_str(&worker->in), &number, &entries, err));
    if (number >= worker->source_count)
        return unknown_source(err);
    struct source *source = &worker->sources[number];
    while (entries.len > 0) {
        struct entry entry;
        size_t bytes = 0;
        TRY(entry_decode(entries, &entry, &bytes, err));
        if (entry.group_id != source->group->id)
            return err_set(err, ERR_CORRUPT, "a row of another group");
        TRY(source_add_row(source, &entry, worker->order.now_us, err));
        entries = str_slice(entries, bytes, entries.len);
    }
    return OK;
}

static enum code contents_receive(struct worker *worker, struct err *err)
{
    enum message_type type;

    for (;;) {
        TRY(receive(worker, &type, err));
        if (type == MESSAGE_TABLE_FILES)
            TRY(files_receive(worker, err));
        else if (type == MESSAGE_TABLE_ROWS)
            TRY(rows_receive(worker, err));
        else if (type == MESSAGE_TABLE_END)
            break;
        else
            return err_set(err, ERR_CORRUPT, "expected files or rows, found another message");
    }
    for (size_t i = 0; i < worker->source_count; i++)
        TRY(source_end(&worker->sources[i], err));
    return OK;
}

static enum code tables_ask(struct worker *worker, struct err *err)
{
    if (worker->name_count > LIMIT_QUERY_TABLES)
        return err_set(err, ERR_INVALID, "the query refers to %zu tables; at most %d are taken",
                       worker->name_count, LIMIT_QUERY_TABLES);
    table_wanted_write(worker->names, worker->name_count, &worker->out);
    TRY(send_out(worker, MESSAGE_TABLE_WANTED, err));
    TRY(answers_receive(worker, err));
    return contents_receive(worker, err);
}

/* ---- running ---- */

static void file_add(struct worker *worker, struct str path)
{
    if (path.len > 0)
        worker->files[worker->file_count++] = arena_cstr(&worker->arena, path);
}

/* Sidecars are for point-in-time reads alone. */
static void files_list(struct worker *worker)
{
    size_t count_max = 1;

    for (size_t i = 0; i < worker->source_count; i++)
        count_max += 2 * worker->sources[i].file_count;
    worker->files = ARENA_NEW(&worker->arena, const char *, count_max);
    for (size_t i = 0; i < worker->source_count; i++) {
        const struct source *source = &worker->sources[i];
        for (size_t j = 0; j < source->file_count; j++) {
            file_add(worker, source->files[j].path);
            if (worker->order.is_dataset)
                file_add(worker, source->files[j].sidecar);
        }
    }
    file_add(worker, worker->order.labels_path);
}

static bool is_same_name(const struct duck_name *a, const struct duck_name *b)
{
    return str_equal_nocase(a->schema, b->schema) && str_equal_nocase(a->table, b->table);
}

/* Names that SQL does not tell apart are one view; they must mean one group. */
static enum code table_make(struct worker *worker, size_t index, struct err *err)
{
    const struct duck_name *name = &worker->names[index];
    const uint32_t source = worker->wanted[index].source;

    for (size_t i = 0; i < index; i++) {
        if (!worker->wanted[i].is_found || !is_same_name(name, &worker->names[i]))
            continue;
        if (worker->wanted[i].source == source)
            return OK;
        return err_set(err, ERR_INVALID,
                       "tables '%.*s' and '%.*s' differ in case alone, which SQL does not tell "
                       "apart; use the name of a Glue table for one of them",
                       STR_ARG(worker->names[i].table), STR_ARG(name->table));
    }
    return source_make_table(worker->engine.duck, &worker->sources[source], name, err);
}

/*
 * A name without a table may be one that the statement itself defines (WITH), so the server's
 * reason counts only when the engine misses it too.
 */
static enum code explain(const struct worker *worker, enum code code, const struct err *inner,
                         struct err *err)
{
    const struct str message = str_from(inner->message);

    for (size_t i = 0; i < worker->name_count && code == ERR_INVALID; i++) {
        const struct duck_name *name = &worker->names[i];
        if (worker->wanted[i].is_found || !str_contains(message, STR("does not exist")))
            continue;
        if (str_contains(message, name->table) ||
            (name->schema.len > 0 && str_contains(message, name->schema)))
            return err_set(err, code, "%.*s", STR_ARG(worker->wanted[i].reason));
    }
    return err_set(err, code, "%s", inner->message);
}

static enum code run_sql(struct worker *worker, uint64_t *ret_rows, struct err *err)
{
    struct err inner = {0};

    for (size_t i = 0; i < worker->source_count; i++)
        TRY(source_make_base(worker->engine.duck, &worker->sources[i], err));
    for (size_t i = 0; i < worker->name_count; i++) {
        if (worker->wanted[i].is_found)
            TRY(table_make(worker, i, err));
    }
    const enum code code =
        engine_write(&worker->engine, worker->order.sql, worker->order.format, ret_rows, &inner);
    return code == OK ? OK : explain(worker, code, &inner, err);
}

static enum code run_dataset(struct worker *worker, uint64_t *ret_rows, struct err *err)
{
    const struct query_order *order = &worker->order;
    /* In the order that was asked for; a group may be named once. */
    struct source *sources = ARENA_NEW(&worker->arena, struct source, worker->name_count);

    for (size_t i = 0; i < worker->name_count; i++) {
        if (!worker->wanted[i].is_found)
            return err_set(err, ERR_NOT_FOUND, "%.*s", STR_ARG(worker->wanted[i].reason));
        sources[i] = worker->sources[worker->wanted[i].source];
        for (size_t j = 0; j < i; j++) {
            if (sources[j].number == sources[i].number)
                return err_set(err, ERR_INVALID, "feature group '%.*s' is named twice",
                               STR_ARG(sources[i].group->name));
        }
    }
    const struct dataset dataset = {
        .labels_path = arena_cstr(&worker->arena, order->labels_path),
        .is_labels_parquet = order->is_labels_parquet,
        .sources = sources,
        .source_count = worker->name_count,
        .time_column = order->time_column,
        .keys = order->keys,
        .key_count = order->key_count,
        .is_as_seen = order->is_as_seen,
        .format = order->format,
    };
    return dataset_write(&worker->engine, &dataset, ret_rows, err);
}

static enum code run(struct worker *worker, uint64_t *ret_rows, struct err *err)
{
    TRY(order_receive(worker, err));
    TRY(engine_open(&worker->engine, err));
    TRY(enter_process(worker, err));
    TRY(names_find(worker, err));
    TRY(tables_ask(worker, err));
    files_list(worker);
    TRY(enter_files(worker, err));
    TRY(engine_lock(&worker->engine, worker->files, worker->file_count, err));
    return worker->order.is_dataset ? run_dataset(worker, ret_rows, err)
                                    : run_sql(worker, ret_rows, err);
}

int query_worker_main(int socket)
{
    struct worker worker = {.socket = socket};
    struct err err = {0};
    uint64_t rows = 0;

    enum code code = run(&worker, &rows, &err);
    buf_clear(&worker.out);
    if (code == OK)
        query_done_write(rows, &worker.out);
    else
        failed_write(&err, &worker.out);
    code = send_out(&worker, code == OK ? MESSAGE_QUERY_DONE : MESSAGE_FAILED, &err);
    /* Nothing is given back piece by piece: the sandbox forbids much of what an exit does. */
    _exit(code == OK ? 0 : 1);
}
