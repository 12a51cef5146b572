#include "cli/parquet_worker.h"

#include "core/mem.h"
#include "offline/duck.h"
#include "worker/flush_message.h"
#include "worker/message.h"
#include "worker/process.h"

#include <signal.h>
#include <sys/prctl.h>

enum { PIECE_BYTES = 256 * 1024 };

struct worker {
    int socket;
    struct str path;
    struct duck *duck;
    struct buf out;
};

static enum code send_out(struct worker *worker, enum message_type type, struct err *err)
{
    enum code code = message_send(worker->socket, type, buf_str(&worker->out), -1, err);

    buf_clear(&worker->out);
    return code;
}

/* The file is a stranger's: it is read behind the same walls as a query. */
static enum code enter(struct worker *worker, struct arena *arena, struct err *err)
{
    const char *const files[] = {arena_cstr(arena, worker->path)};
    const struct sandbox sandbox = {.read_files = files, .read_file_count = 1};
    const struct duck_lock lock = {.files = files, .file_count = 1};
    struct buf missing;

    TRY(duck_open(&(struct duck_options){.threads = 1}, &worker->duck, err));
    buf_init(&missing, 0);
    enum code code = sandbox_enter(&sandbox, &missing, err);
    buf_release(&missing); /* what this machine lacks is no reason not to load a file on it */
    TRY(code);
    return duck_lock(worker->duck, &lock, err);
}

static void add_source(struct buf *sql, struct str path)
{
    buf_add(sql, STR(" FROM read_parquet("));
    duck_add_literal(sql, path);
    buf_add(sql, STR(", binary_as_string = true)"));
}

static enum code run_query(struct worker *worker, struct buf *sql, bool is_streaming,
                           struct duck_result **ret, struct err *err)
{
    buf_add_byte(sql, '\0');
    return duck_query(worker->duck, sql->ptr, is_streaming, ret, err);
}

static void free_result(struct duck_result **result)
{
    duck_result_free(*result);
}

static enum code send_count(struct worker *worker, struct buf *sql, struct err *err)
{
    CLEANUP(free_result) struct duck_result *result = NULL;
    bool has_row;

    buf_add(sql, STR("SELECT count(*)"));
    add_source(sql, worker->path);
    TRY(run_query(worker, sql, false, &result, err));
    TRY(duck_result_next(result, &has_row, err));
    buf_add_u64(&worker->out, has_row ? (uint64_t)duck_i64(result, 0) : 0);
    return send_out(worker, MESSAGE_FILE_OPEN, err);
}

static void add_wrapped(struct buf *sql, const char *before, struct str name, const char *behind)
{
    buf_add(sql, str_from(before));
    duck_add_name(sql, name);
    buf_add(sql, str_from(behind));
}

/* A column as the text that a feature value is. */
static void add_column(struct buf *sql, struct str name, struct str type)
{
    if (str_equal(type, STR("VARCHAR")))
        duck_add_name(sql, name);
    else if (str_equal(type, STR("TIMESTAMP WITH TIME ZONE")))
        add_wrapped(sql, "replace(CAST(CAST(", name,
                    " AS TIMESTAMP) AS VARCHAR), ' ', 'T') || 'Z'");
    else if (str_starts(type, STR("TIMESTAMP")))
        add_wrapped(sql, "replace(CAST(", name, " AS VARCHAR), ' ', 'T') || 'Z'");
    else if (str_equal(type, STR("BOOLEAN")))
        add_wrapped(sql, "CAST(CAST(", name, " AS INTEGER) AS VARCHAR)");
    else if (str_equal(type, STR("DOUBLE")) || str_equal(type, STR("FLOAT")))
        add_wrapped(sql, "regexp_replace(CAST(", name, " AS VARCHAR), '\\.0$', '')");
    else
        add_wrapped(sql, "CAST(", name, " AS VARCHAR)");
}

static bool needs_quotes(char byte)
{
    return byte == ',' || byte == '"' || byte == '\r' || byte == '\n';
}

static void add_cell(struct buf *out, struct str text)
{
    bool is_plain = text.len > 0;

    for (size_t i = 0; i < text.len && is_plain; i++)
        is_plain = !needs_quotes(text.ptr[i]);
    if (is_plain) {
        buf_add(out, text);
        return;
    }
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, text.ptr[i]);
    }
    buf_add_byte(out, '"');
}

/* Makes the SELECT of all columns as text, and the header. */
static enum code read_columns(struct worker *worker, struct buf *sql, struct buf *ret_select,
                              struct err *err)
{
    CLEANUP(free_result) struct duck_result *result = NULL;
    bool has_row = true;

    buf_clear(sql);
    buf_add(sql, STR("SELECT column_name, column_type FROM (DESCRIBE SELECT *"));
    add_source(sql, worker->path);
    buf_add(sql, STR(")"));
    TRY(run_query(worker, sql, false, &result, err));
    for (size_t count = 0;; count++) {
        TRY(duck_result_next(result, &has_row, err));
        if (!has_row)
            break;
        buf_add(ret_select, count == 0 ? STR("SELECT ") : STR(", "));
        add_column(ret_select, duck_str(result, 0), duck_str(result, 1));
        if (count > 0)
            buf_add_byte(&worker->out, ',');
        add_cell(&worker->out, duck_str(result, 0));
    }
    buf_add_byte(&worker->out, '\n');
    add_source(ret_select, worker->path);
    return OK;
}

static enum code send_rows(struct worker *worker, struct buf *select, struct err *err)
{
    CLEANUP(free_result) struct duck_result *result = NULL;
    bool has_row = true;

    TRY(run_query(worker, select, true, &result, err));
    for (;;) {
        TRY(duck_result_next(result, &has_row, err));
        if (!has_row)
            break;
        for (size_t i = 0; i < duck_result_columns(result); i++) {
            if (i > 0)
                buf_add_byte(&worker->out, ',');
            if (!duck_is_null(result, i))
                add_cell(&worker->out, duck_str(result, i));
        }
        buf_add_byte(&worker->out, '\n');
        if (worker->out.len >= PIECE_BYTES)
            TRY(send_out(worker, MESSAGE_FILE_ROWS, err));
    }
    return send_out(worker, MESSAGE_FILE_ROWS, err);
}

static enum code convert(struct worker *worker, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    CLEANUP(buf_release) struct buf sql = {0};
    CLEANUP(buf_release) struct buf select = {0};

    TRY(enter(worker, &arena, err));
    TRY(send_count(worker, &sql, err));
    TRY(read_columns(worker, &sql, &select, err));
    TRY(send_rows(worker, &select, err));
    return send_out(worker, MESSAGE_FILE_DONE, err);
}

int parquet_worker_main(int socket, const char *path)
{
    struct worker worker = {.socket = socket, .path = str_from(path)};
    struct err err = {0};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    buf_init(&worker.out, 0);
    enum code code = convert(&worker, &err);
    if (code != OK) {
        buf_clear(&worker.out);
        failed_write(&err, &worker.out);
        enum code ignored = send_out(&worker, MESSAGE_FAILED, NULL);
        (void)ignored;
    }
    duck_close(worker.duck);
    buf_release(&worker.out);
    return code == OK ? 0 : 1;
}
