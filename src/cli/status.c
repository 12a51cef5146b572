/* `asof flush` and `asof status`; and JSON shown as lines for people, whatever it holds. */
#include "cli/show.h"

#include "cli/command.h"

enum { FLUSH_TIMEOUT_MS = 30 * 60 * 1000 };

static enum code print_reply(struct cli *cli, const struct client_reply *reply, struct str if_empty,
                             struct err *err)
{
    struct buf out;

    if (cli_is_json(cli)) {
        cli_print_json(reply->body.len == 0 ? STR("{}") : reply->body);
        return OK;
    }
    buf_init(&out, 0);
    enum code code = reply->body.len == 0 ? OK : show_json(reply->body, &cli->arena, &out, err);
    if (code == OK)
        cli_print(out.len == 0 ? if_empty : buf_str(&out));
    buf_release(&out);
    return code;
}

enum code cmd_flush(struct cli *cli, struct err *err)
{
    struct client_request request = {.method = STR("POST"), .path = STR("/v1/flush")};
    struct client_reply reply;

    TRY(cli_arguments_end(cli, 0, err));
    if (!cli->options.is_given[OPTION_ID_TIMEOUT])
        request.timeout_ms = FLUSH_TIMEOUT_MS;
    TRY(cli_call(cli, &request, &reply, err));
    return print_reply(cli, &reply, STR("flushed\n"), err);
}

enum code cmd_status(struct cli *cli, struct err *err)
{
    const struct client_request request = {.method = STR("GET"), .path = STR("/v1/status")};
    struct client_reply reply;

    TRY(cli_arguments_end(cli, 0, err));
    TRY(cli_call(cli, &request, &reply, err));
    return print_reply(cli, &reply, STR("ok\n"), err);
}
