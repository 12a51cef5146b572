#include "cli/csv.h"

static size_t plain_record_length(struct str text, bool is_end)
{
    size_t end = str_find_byte(text, 0, '\n');

    if (end < text.len)
        return end + 1;
    return is_end ? text.len : 0;
}

/* A line end ends the record when the number of quotes before it is even. */
static size_t quoted_record_length(struct str text, size_t from, bool is_end)
{
    bool is_inside = false;

    for (size_t i = from; i < text.len; i++) {
        if (text.ptr[i] == '"')
            is_inside = !is_inside;
        else if (text.ptr[i] == '\n' && !is_inside)
            return i + 1;
    }
    return is_end ? text.len : 0;
}

size_t csv_record_length(struct str text, bool is_end, bool *ret_has_quotes)
{
    size_t length = plain_record_length(text, is_end);
    size_t looked_at = length == 0 ? text.len : length;
    size_t quote = str_find_byte(str_slice(text, 0, looked_at), 0, '"');

    *ret_has_quotes = quote < looked_at;
    if (!*ret_has_quotes)
        return length;
    return quoted_record_length(text, quote, is_end);
}

struct str csv_chomp(struct str record)
{
    if (record.len > 0 && record.ptr[record.len - 1] == '\n')
        record.len--;
    if (record.len > 0 && record.ptr[record.len - 1] == '\r')
        record.len--;
    return record;
}

/* `text` begins behind the opening quote; *ret_end is the closing one's place. */
static enum code quoted_cell(struct str text, struct arena *arena, struct str *ret_cell,
                             size_t *ret_end, struct err *err)
{
    size_t doubled = 0;
    size_t end = str_find_byte(text, 0, '"');

    while (end + 1 < text.len && text.ptr[end + 1] == '"') {
        doubled++;
        end = str_find_byte(text, end + 2, '"');
    }
    if (end == text.len)
        return err_set(err, ERR_INVALID, "a quoted cell does not end");
    *ret_end = end;
    *ret_cell = str_slice(text, 0, end);
    if (doubled == 0)
        return OK;
    char *out = arena_alloc_raw(arena, end - doubled, 1);
    size_t len = 0;
    for (size_t i = 0; i < end; i++) {
        out[len++] = text.ptr[i];
        i += text.ptr[i] == '"';
    }
    *ret_cell = (struct str){out, len};
    return OK;
}

/* The cell at `at`; *ret_next is the place of the separator behind it, or the record's length. */
static enum code cell_at(struct str record, size_t at, struct arena *arena, struct str *ret_cell,
                         size_t *ret_next, struct err *err)
{
    size_t end = 0;

    if (at < record.len && record.ptr[at] == '"') {
        TRY(quoted_cell(str_slice(record, at + 1, record.len), arena, ret_cell, &end, err));
        *ret_next = at + 1 + end + 1;
        if (*ret_next < record.len && record.ptr[*ret_next] != ',')
            return err_set(err, ERR_INVALID, "text stands behind the closing quote of a cell");
        return OK;
    }
    *ret_next = str_find_byte(record, at, ',');
    *ret_cell = *ret_next == at ? STR_ABSENT : str_slice(record, at, *ret_next);
    if (ret_cell->len > 0 && memchr(ret_cell->ptr, '"', ret_cell->len) != NULL)
        return err_set(err, ERR_INVALID,
                       "a quote stands inside a cell that does not begin with one");
    return OK;
}

enum code csv_cells(struct str record, struct arena *arena, struct str *cells, size_t cells_max,
                    size_t *ret_count, struct err *err)
{
    size_t count = 0;
    size_t at = 0;

    for (;;) {
        size_t next = 0;
        struct str cell = STR_ABSENT;
        if (count == cells_max)
            return err_set(err, ERR_INVALID, "more than %zu cells", cells_max);
        TRY(cell_at(record, at, arena, &cell, &next, err));
        cells[count++] = cell;
        if (next >= record.len)
            break;
        at = next + 1;
    }
    *ret_count = count;
    return OK;
}
