#include "cli/parquet_rows.h"

#include "core/bytes.h"
#include "core/mem.h"
#include "worker/flush_message.h"
#include "worker/message.h"
#include "worker/process.h"

#include <errno.h>
#include <unistd.h>

struct parquet_rows {
    const char *path; /* the caller's */
    struct process process;
    struct buf payload;
    size_t at;
    bool is_end;
    uint64_t total;
};

/* What the child cannot do is the file's fault or the machine's, never the user's words. */
static enum code child_failed(const struct parquet_rows *rows, struct err *err)
{
    enum code code = failed_read(buf_str(&rows->payload), err);

    if (err != NULL)
        err->message[strcspn(err->message, "\n")] = '\0'; /* DuckDB adds its statement */
    return err_prefix(err, code == ERR_INVALID ? ERR_CORRUPT : code, "cannot read '%s'",
                      rows->path);
}

static enum code receive(struct parquet_rows *rows, enum message_type *ret_type, struct err *err)
{
    enum message_type type = MESSAGE_FAILED;

    rows->at = 0;
    if (message_receive(rows->process.socket, &type, &rows->payload, -1, err) != OK)
        return err_prefix(err, ERR_IO, "the reader of '%s' ended", rows->path);
    if (type == MESSAGE_FAILED)
        return child_failed(rows, err);
    *ret_type = type;
    return OK;
}

static enum code start(struct parquet_rows *rows, struct err *err)
{
    const char *const arguments[] = {rows->path, NULL};
    const struct process_options options = {
        .program = "/proc/self/exe", .kind = "parquet", .arguments = arguments};
    enum message_type type = MESSAGE_FAILED;

    TRY(process_start(&options, &rows->process, err));
    TRY(receive(rows, &type, err));
    struct bytes bytes = bytes_from(buf_str(&rows->payload));
    rows->total = bytes_u64(&bytes);
    if (type != MESSAGE_FILE_OPEN || bytes.is_bad)
        return err_set(err, ERR_CORRUPT, "the reader of '%s' speaks another language", rows->path);
    rows->at = rows->payload.len;
    return OK;
}

enum code parquet_rows_open(const char *path, struct parquet_rows **ret, struct err *err)
{
    /* Told here, the error is the system's own. */
    if (access(path, R_OK) != 0)
        return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot open '%s'",
                         path);
    struct parquet_rows *rows = MEM_NEW(struct parquet_rows);
    rows->path = path;
    buf_init(&rows->payload, 0);
    enum code code = start(rows, err);
    if (code != OK) {
        parquet_rows_close(rows);
        return code;
    }
    *ret = rows;
    return OK;
}

void parquet_rows_close(struct parquet_rows *rows)
{
    if (rows == NULL)
        return;
    process_end(&rows->process);
    buf_release(&rows->payload);
    mem_free(rows);
}

enum code parquet_rows_read(void *context, char *to, size_t count, size_t *ret_count,
                            struct err *err)
{
    struct parquet_rows *rows = context;

    while (rows->at == rows->payload.len && !rows->is_end) {
        enum message_type type = MESSAGE_FAILED;
        TRY(receive(rows, &type, err));
        rows->is_end = type != MESSAGE_FILE_ROWS;
    }
    size_t taken = rows->is_end ? 0 : size_min(count, rows->payload.len - rows->at);
    if (taken > 0)
        memcpy(to, rows->payload.ptr + rows->at, taken);
    rows->at += taken;
    *ret_count = taken;
    return OK;
}

uint64_t parquet_rows_total(const struct parquet_rows *rows)
{
    return rows->total;
}
