#include "cli/rows.h"

#include "cli/csv.h"

enum { READ_BYTES = 256 * 1024 };

void rows_init(struct rows *rows, enum rows_form form, rows_read_fn *read, void *context)
{
    *rows = (struct rows){.form = form, .read = read, .context = context};
    buf_init(&rows->buffer, 0);
}

void rows_release(struct rows *rows)
{
    buf_release(&rows->buffer);
}

static struct str rest_of(const struct rows *rows)
{
    return str_slice(buf_str(&rows->buffer), rows->at, rows->buffer.len);
}

static enum code fill(struct rows *rows, struct err *err)
{
    size_t count = 0;

    buf_drop_front(&rows->buffer, rows->at);
    rows->at = 0;
    if (rows->buffer.len > ROWS_RECORD_BYTES_MAX)
        return err_set(err, ERR_TOO_LARGE,
                       "row %llu is longer than %d bytes: perhaps a quote in it does not end",
                       (unsigned long long)rows->next_row, ROWS_RECORD_BYTES_MAX);
    char *room = buf_reserve(&rows->buffer, READ_BYTES);
    TRY(rows->read(rows->context, room, READ_BYTES, &count, err));
    rows->buffer.len += count;
    rows->is_end = count == 0;
    return OK;
}

/* Excel and its like put a byte order mark before the first line. */
static enum code start(struct rows *rows, struct err *err)
{
    while (rows->buffer.len < 3 && !rows->is_end)
        TRY(fill(rows, err));
    if (str_starts(buf_str(&rows->buffer), STR("\xef\xbb\xbf")))
        rows->at = 3;
    rows->is_started = true;
    return OK;
}

static size_t line_length(struct str text, bool is_end)
{
    size_t end = str_find_byte(text, 0, '\n');

    if (end < text.len)
        return end + 1;
    return is_end ? text.len : 0;
}

static bool is_white(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_blank(struct str record)
{
    size_t at = 0;

    while (at < record.len && is_white(record.ptr[at]))
        at++;
    return at == record.len;
}

/* The next record with its line end, a view until the next call; empty at the end. */
static enum code next_record(struct rows *rows, struct str *ret, struct err *err)
{
    if (!rows->is_started)
        TRY(start(rows, err));
    for (;;) {
        struct str rest = rest_of(rows);
        bool has_quotes;
        size_t length = rows->form == ROWS_CSV ? csv_record_length(rest, rows->is_end, &has_quotes)
                                               : line_length(rest, rows->is_end);
        if (length == 0 && !rows->is_end) {
            TRY(fill(rows, err));
            continue;
        }
        struct str record = str_slice(rest, 0, length);
        rows->at += length;
        if (length > 0 && is_blank(record))
            continue;
        *ret = record;
        return OK;
    }
}

enum code rows_header(struct rows *rows, struct buf *out, struct err *err)
{
    struct str record;

    assert(rows->form == ROWS_CSV && rows->next_row == 0);
    TRY(next_record(rows, &record, err));
    if (record.len == 0)
        return err_set(err, ERR_INVALID, "there is no header");
    buf_add(out, csv_chomp(record));
    return OK;
}

enum code rows_take(struct rows *rows, struct rows_batch *batch, struct err *err)
{
    struct str record;

    batch->first_row = rows->next_row;
    batch->count = 0;
    buf_clear(&batch->text);
    while (batch->count < ROWS_BATCH_MAX) {
        TRY(next_record(rows, &record, err));
        if (record.len == 0)
            break;
        buf_add(&batch->text, record);
        batch->ends[batch->count++] = batch->text.len;
        rows->next_row++;
    }
    return OK;
}

enum code rows_skip(struct rows *rows, uint64_t row, struct err *err)
{
    struct str record = STR("-");

    while (rows->next_row < row && record.len > 0) {
        TRY(next_record(rows, &record, err));
        rows->next_row += record.len > 0;
    }
    return OK;
}

void rows_batch_init(struct rows_batch *batch)
{
    *batch = (struct rows_batch){0};
    buf_init(&batch->text, 0);
}

void rows_batch_release(struct rows_batch *batch)
{
    buf_release(&batch->text);
}

struct str rows_batch_record(const struct rows_batch *batch, size_t i)
{
    assert(i < batch->count);
    return str_slice(buf_str(&batch->text), i == 0 ? 0 : batch->ends[i - 1], batch->ends[i]);
}
