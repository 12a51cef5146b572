#include "cli/failed.h"

#include "cli/csv.h"
#include "cli/plan.h"
#include "core/mem.h"

#include <pthread.h>

struct failed {
    struct failed_options options; /* header and path are the caller's */
    pthread_mutex_t mutex;
    struct os_file *file; /* NULL until the first row */
    uint64_t bytes;
    uint64_t count;
    struct buf line;
};

struct failed *failed_new(const struct failed_options *options)
{
    struct failed *failed = MEM_NEW(struct failed);

    failed->options = *options;
    buf_init(&failed->line, 0);
    (void)pthread_mutex_init(&failed->mutex, NULL);
    return failed;
}

void failed_free(struct failed *failed)
{
    if (failed == NULL)
        return;
    failed->options.os->close(failed->options.os->context, failed->file);
    (void)pthread_mutex_destroy(&failed->mutex);
    buf_release(&failed->line);
    mem_free(failed);
}

static enum code write_line(struct failed *failed, struct err *err)
{
    const struct os *os = failed->options.os;
    struct str line = buf_str(&failed->line);

    if (os->write(os->context, failed->file, line.ptr, line.len, failed->bytes, err) != OK)
        return err_prefix(err, ERR_IO, "cannot write '%s'", failed->options.path);
    failed->bytes += line.len;
    return OK;
}

static enum code open_file(struct failed *failed, struct err *err)
{
    const struct os *os = failed->options.os;
    unsigned flags = OS_WRITE | OS_CREATE | (failed->options.is_continued ? 0 : OS_TRUNCATE);
    struct os_stat status;

    TRY(os->open(os->context, failed->options.path, flags, &failed->file, err));
    TRY(os->stat(os->context, failed->options.path, &status, err));
    failed->bytes = status.bytes;
    if (failed->bytes > 0 || failed->options.form != ROWS_CSV)
        return OK;
    buf_clear(&failed->line);
    buf_add(&failed->line, failed->options.header);
    buf_add(&failed->line, STR(","));
    buf_add(&failed->line, PLAN_ERROR_COLUMN);
    buf_add(&failed->line, STR("\n"));
    return write_line(failed, err);
}

static void make_csv(struct buf *line, struct str record, struct str message)
{
    buf_add(line, record);
    buf_add(line, STR(",\""));
    for (size_t i = 0; i < message.len; i++) {
        if (message.ptr[i] == '"')
            buf_add_byte(line, '"');
        buf_add_byte(line, message.ptr[i]);
    }
    buf_add(line, STR("\"\n"));
}

/* Behind the brace of the object; a line that is no object is kept as it is, behind the error. */
static void make_json(struct buf *line, struct str record, struct str message)
{
    size_t brace = str_find_byte(record, 0, '{');
    struct str rest = str_slice(record, brace < record.len ? brace + 1 : 0, record.len);

    buf_add(line, STR("{\"asof_error\":"));
    buf_add_json(line, message);
    if (!str_starts(str_trim(rest), STR("}")))
        buf_add_byte(line, ',');
    buf_add(line, rest);
    buf_add_byte(line, '\n');
}

static enum code add_locked(struct failed *failed, struct str record, struct str message,
                            struct err *err)
{
    if (failed->file == NULL)
        TRY(open_file(failed, err));
    buf_clear(&failed->line);
    if (failed->options.form == ROWS_CSV)
        make_csv(&failed->line, csv_chomp(record), message);
    else
        make_json(&failed->line, csv_chomp(record), message);
    failed->count++;
    return write_line(failed, err);
}

enum code failed_add(struct failed *failed, struct str record, struct str message, struct err *err)
{
    (void)pthread_mutex_lock(&failed->mutex);
    enum code code = add_locked(failed, record, message, err);
    (void)pthread_mutex_unlock(&failed->mutex);
    return code;
}

uint64_t failed_count(struct failed *failed)
{
    (void)pthread_mutex_lock(&failed->mutex);
    uint64_t count = failed->count;
    (void)pthread_mutex_unlock(&failed->mutex);
    return count;
}
