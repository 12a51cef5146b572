#include "cli/result.h"

#include "cli/csv.h"
#include "cli/out_file.h"
#include "cli/table.h"

#include <unistd.h>

enum { CELL_WIDTH_TERMINAL = 60, RESULT_TIMEOUT_MS = 30 * 60 * 1000 };

static const struct {
    const char *name;
    enum result_form form;
} forms[] = {{"table", RESULT_TABLE},
             {"json", RESULT_JSON},
             {"csv", RESULT_CSV},
             {"parquet", RESULT_PARQUET}};

enum result_form result_form_of(struct str option, struct str path, enum result_form fallback)
{
    for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
        if (str_equal(option, str_from(forms[i].name)))
            return forms[i].form;
    }
    if (str_ends(path, STR(".json")))
        return RESULT_JSON;
    if (str_ends(path, STR(".csv")))
        return RESULT_CSV;
    return str_ends(path, STR(".parquet")) ? RESULT_PARQUET : fallback;
}

const char *result_form_name(enum result_form form)
{
    return form == RESULT_TABLE ? "csv" : forms[form].name;
}

/* A query may take long before the first byte; --timeout, when given, says how long. */
static void set_patience(const struct cli *cli, struct client_request *request)
{
    if (!cli->options.is_given[OPTION_ID_TIMEOUT])
        request->timeout_ms = RESULT_TIMEOUT_MS;
}

enum code result_to_file(struct cli *cli, const struct client_request *request, struct str path,
                         uint64_t *ret_bytes, struct err *err)
{
    struct client_request sinking = *request;
    struct client_reply reply;
    struct out_file out;

    TRY(out_file_open(&out, cli->os, path, &cli->arena, err));
    sinking.sink = out_file_take;
    sinking.sink_context = &out;
    set_patience(cli, &sinking);
    enum code code = cli_call(cli, &sinking, &reply, err);
    if (code == OK)
        code = out_file_commit(&out, err);
    *ret_bytes = out.bytes;
    out_file_abort(&out);
    return code;
}

static enum code print_piece(struct str piece, void *context, struct err *err)
{
    bool *is_line_open = context;

    (void)err;
    cli_print(piece);
    if (piece.len > 0)
        *is_line_open = piece.ptr[piece.len - 1] != '\n';
    return OK;
}

/* One record of a table; the first makes the head. */
static enum code add_record(struct table *table, struct str record, struct str *cells,
                            struct arena *arena, struct buf *out, struct err *err)
{
    size_t count;

    TRY(csv_cells(csv_chomp(record), arena, cells, CSV_CELLS_MAX, &count, err));
    if (table->columns == 0) {
        size_t width = table->cell_width_max;
        if (count > TABLE_COLUMNS_MAX)
            return err_set(err, ERR_INVALID, "%zu columns are too many for a table", count);
        table_init(table, cells, count);
        table->cell_width_max = width;
        return OK;
    }
    if (count != table->columns)
        return err_set(err, ERR_CORRUPT, "a row of the answer has %zu cells in place of %zu", count,
                       table->columns);
    table_add(table, cells, out);
    return OK;
}

enum code result_table(struct str csv, size_t cell_width_max, struct buf *out, size_t *ret_rows,
                       struct err *err)
{
    struct table table = {.cell_width_max = cell_width_max};
    struct arena arena = {0};
    struct str *cells = ARENA_NEW(&arena, struct str, CSV_CELLS_MAX);
    struct arena_mark mark = arena_mark(&arena);
    struct str rest = csv;
    size_t records = 0;
    enum code code = OK;

    while (rest.len > 0 && code == OK) {
        bool has_quotes;
        size_t length = csv_record_length(rest, true, &has_quotes);
        code = add_record(&table, str_slice(rest, 0, length), cells, &arena, out, err);
        arena_rewind(&arena, mark);
        rest = str_slice(rest, length, rest.len);
        records++;
    }
    if (code == OK && table.columns > 0)
        table_end(&table, out);
    if (table.columns > 0)
        table_release(&table);
    arena_release(&arena);
    *ret_rows = records > 0 ? records - 1 : 0;
    return code;
}

static enum code print_table(struct cli *cli, const struct client_request *request, struct err *err)
{
    struct client_reply reply;
    struct buf out;
    size_t rows = 0;

    TRY(cli_call(cli, request, &reply, err));
    buf_init(&out, 0);
    size_t width = isatty(STDOUT_FILENO) == 1 ? CELL_WIDTH_TERMINAL : 0;
    enum code code = result_table(reply.body, width, &out, &rows, err);
    if (code == OK) {
        cli_print(buf_str(&out));
        cli_print(arena_format(&cli->arena, "(%zu row%s)\n", rows, rows == 1 ? "" : "s"));
    }
    buf_release(&out);
    return code;
}

enum code result_print(struct cli *cli, const struct client_request *request, enum result_form form,
                       struct err *err)
{
    struct client_request patient = *request;
    struct client_reply reply;
    bool is_line_open = false;

    set_patience(cli, &patient);
    if (form == RESULT_TABLE)
        return print_table(cli, &patient, err);
    if (form == RESULT_PARQUET && isatty(STDOUT_FILENO) == 1)
        return err_set(err, ERR_INVALID, "Parquet is not for a terminal: add --out FILE");
    patient.sink = print_piece;
    patient.sink_context = &is_line_open;
    TRY(cli_call(cli, &patient, &reply, err));
    if (is_line_open && form != RESULT_PARQUET)
        cli_print(STR("\n"));
    return OK;
}
