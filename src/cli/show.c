#include "cli/show.h"

#include "cli/table.h"
#include "core/json.h"

enum { COLUMNS_MAX = 64, DEPTH_MAX = 8 };

/* A value as text: strings decoded, the rest as it stands. */
static enum code value_text(struct json *json, struct str *ret)
{
    if (json_peek(json) == JSON_STRING)
        return json_string(json, ret);
    return json_skip(json, ret);
}

/* What is still to be shown after the lines: tables, in order. */
struct shown {
    struct table lines;
    struct buf *line_out;
    struct buf tables;
    struct arena *arena;
    struct err *err;
};

struct rows {
    struct table table;
    struct str head[COLUMNS_MAX];
    size_t columns;
};

static size_t column_of(struct rows *rows, struct str key)
{
    for (size_t i = 0; i < rows->columns; i++) {
        if (str_equal(rows->head[i], key))
            return i;
    }
    return COLUMNS_MAX;
}

/* One object of an array: the first one's members are the columns. */
static enum code show_row(struct shown *shown, struct json *json, struct rows *rows)
{
    struct str cells[COLUMNS_MAX] = {0};
    bool is_first = rows->columns == 0;
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        struct str value;
        size_t at = column_of(rows, key);
        TRY(value_text(json, &value));
        if (at == COLUMNS_MAX && is_first && rows->columns < COLUMNS_MAX) {
            at = rows->columns++;
            rows->head[at] = key;
        }
        if (at < COLUMNS_MAX)
            cells[at] = value;
    }
    TRY(json_status(json));
    if (is_first && rows->columns > 0)
        table_init(&rows->table, rows->head, rows->columns);
    if (rows->columns > 0)
        table_add(&rows->table, cells, &shown->tables);
    return OK;
}

static enum code show_rows(struct shown *shown, struct str name, struct json *json)
{
    struct rows *rows = ARENA_NEW(shown->arena, struct rows, 1);
    enum code code = json_array_begin(json);

    buf_add_format(&shown->tables, "\n%.*s\n", STR_ARG(name));
    while (code == OK && json_array_next(json))
        code = show_row(shown, json, rows);
    if (rows->columns > 0) {
        table_end(&rows->table, &shown->tables);
        table_release(&rows->table);
    }
    return code != OK ? code : json_status(json);
}

static bool is_white(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Whether an array's text holds objects. */
static bool is_rows(struct str text)
{
    size_t at = 1;

    while (at < text.len && is_white(text.ptr[at]))
        at++;
    return text.len > 0 && text.ptr[0] == '[' && at < text.len && text.ptr[at] == '{';
}

static enum code show_members(struct shown *shown, struct str text, struct str prefix,
                              unsigned depth);

static enum code show_member(struct shown *shown, struct str name, struct json *json,
                             unsigned depth)
{
    enum json_type type = json_peek(json);
    struct str value = STR_ABSENT;
    struct json inner;

    TRY(value_text(json, &value));
    if (type == JSON_OBJECT && depth < DEPTH_MAX)
        return show_members(shown, value, name, depth + 1);
    if (type == JSON_ARRAY && is_rows(value)) {
        json_init(&inner, value, shown->arena, shown->err);
        return show_rows(shown, name, &inner);
    }
    const struct str row[] = {name, value};
    table_add(&shown->lines, row, shown->line_out);
    return OK;
}

static enum code show_members(struct shown *shown, struct str text, struct str prefix,
                              unsigned depth)
{
    struct json json;
    struct str key;

    json_init(&json, text, shown->arena, shown->err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key)) {
        struct str name = prefix.len == 0 ? key
                                          : arena_format(shown->arena, "%.*s.%.*s", STR_ARG(prefix),
                                                         STR_ARG(key));
        TRY(show_member(shown, name, &json, depth));
    }
    return json_status(&json);
}

enum code show_json(struct str text, struct arena *arena, struct buf *out, struct err *err)
{
    static const struct str head[] = {{"", 0}, {"", 0}};
    struct shown shown = {.line_out = out, .arena = arena, .err = err};

    buf_init(&shown.tables, 0);
    table_init(&shown.lines, head, ARRAY_COUNT(head));
    shown.lines.is_text[1] = true; /* one under the other, numbers as well */
    shown.lines.is_head_hidden = true;
    enum code code = show_members(&shown, text, STR(""), 0);
    if (code == OK) {
        table_end(&shown.lines, out);
        buf_add(out, buf_str(&shown.tables));
    }
    table_release(&shown.lines);
    buf_release(&shown.tables);
    return code;
}
