/* `asof sql`. */
#include "cli/result.h"

static enum code run(struct cli *cli, enum result_form form, const struct client_request *request,
                     struct err *err)
{
    struct str path = option_text(&cli->options, OPTION_ID_OUT);
    uint64_t bytes;

    if (str_is_absent(path))
        return result_print(cli, request, form, err);
    return result_to_file(cli, request, path, &bytes, err);
}

enum code cmd_sql(struct cli *cli, struct err *err)
{
    struct str path = option_text(&cli->options, OPTION_ID_OUT);
    struct str sql;
    struct buf body;

    TRY(cli_argument(cli, 0, "STATEMENT", &sql, err));
    TRY(cli_arguments_end(cli, 1, err));
    if (!str_is_utf8(sql))
        return err_set(err, ERR_INVALID, "the statement is not UTF-8");
    enum result_form usual = cli_is_json(cli)      ? RESULT_JSON
                             : str_is_absent(path) ? RESULT_TABLE
                                                   : RESULT_CSV;
    enum result_form form =
        result_form_of(option_text(&cli->options, OPTION_ID_SQL_FORMAT), path, usual);
    if (form == RESULT_TABLE && !str_is_absent(path))
        return err_set(err, ERR_INVALID, "--out takes json, csv or parquet, not a table");
    buf_init(&body, 0);
    buf_add(&body, STR("{\"Sql\":"));
    buf_add_json(&body, sql);
    buf_add_format(&body, ",\"Format\":\"%s\"}", result_form_name(form));
    const struct client_request request = {.method = STR("POST"),
                                           .path = STR("/v1/sql"),
                                           .content_type = STR("application/json"),
                                           .body = buf_str(&body)};
    enum code code = run(cli, form, &request, err);
    buf_release(&body);
    return code;
}
