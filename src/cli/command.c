#include "cli/command.h"

#include "cli/identity.h"

#include <errno.h>
#include <stdio.h>

enum { RETRY_MS = 2000 };

int cli_exit_of(enum code code)
{
    switch (code) {
    case OK:
        return CLI_DONE;
    case ERR_DENIED:
        return CLI_REFUSED;
    case ERR_INVALID:
        return CLI_USAGE;
    case ERR_TIMEOUT:
        return CLI_NO_ANSWER;
    case ERR_NOT_FOUND:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_LIMIT:
    case ERR_BUSY:
    case ERR_TOO_LARGE:
    case ERR_IO:
    case ERR_CORRUPT:
    case ERR_INTERNAL:
        break;
    }
    return CLI_LOCAL;
}

enum code cli_client_options(struct cli *cli, struct client_options *ret, struct err *err)
{
    struct str url = option_text(&cli->options, OPTION_ID_ENDPOINT);
    struct str environment = environment_text("ASOF_ENDPOINT");
    struct str authorities = option_text(&cli->options, OPTION_ID_CA_FILE);
    struct client_options options = {
        .os = cli->os,
        .is_unverified = option_number(&cli->options, OPTION_ID_NO_VERIFY) != 0,
        .timeout_ms = (unsigned)option_number(&cli->options, OPTION_ID_TIMEOUT),
        .retry_ms = RETRY_MS,
    };

    if (!cli->options.is_given[OPTION_ID_ENDPOINT] && !str_is_absent(environment))
        url = environment;
    TRY(endpoint_parse(url, &cli->arena, &options.endpoint, err));
    TRY(identity_find(cli->os, &cli->options, &cli->arena, &options.identity, err));
    if (!str_is_absent(authorities))
        options.authorities = arena_cstr(&cli->arena, authorities);
    *ret = options;
    return OK;
}

enum code cli_client(struct cli *cli, struct client **ret, struct err *err)
{
    struct client_options options;

    if (cli->client == NULL) {
        TRY(cli_client_options(cli, &options, err));
        cli->client = client_new(&options);
    }
    *ret = cli->client;
    return OK;
}

enum code cli_refusal(const struct client_reply *reply, struct err *err)
{
    return err_set(err, ERR_DENIED, "%.*s%s%.*s", STR_ARG(reply->error_type),
                   reply->message.len > 0 ? ": " : "", STR_ARG(reply->message));
}

enum code cli_call(struct cli *cli, const struct client_request *request, struct client_reply *ret,
                   struct err *err)
{
    struct client *client;
    struct client_reply reply;

    TRY(cli_client(cli, &client, err));
    TRY(client_call(client, request, &reply, err));
    if (reply.status >= 300)
        return cli_refusal(&reply, err);
    *ret = reply;
    return OK;
}

enum code cli_control(struct cli *cli, const char *operation, struct str body,
                      struct client_reply *ret, struct err *err)
{
    const struct client_request request = {
        .method = STR("POST"),
        .path = STR("/"),
        .target = arena_format(&cli->arena, "SageMaker.%s", operation),
        .content_type = STR("application/x-amz-json-1.1"),
        .body = body,
    };

    return cli_call(cli, &request, ret, err);
}

enum code cli_argument(const struct cli *cli, size_t index, const char *name, struct str *ret,
                       struct err *err)
{
    if (index >= cli->options.argument_count)
        return err_set(err, ERR_INVALID, "%s is missing", name);
    *ret = str_from(cli->options.arguments[index]);
    if (ret->len == 0)
        return err_set(err, ERR_INVALID, "%s is empty", name);
    return OK;
}

enum code cli_arguments_end(const struct cli *cli, size_t count, struct err *err)
{
    if (cli->options.argument_count > count)
        return err_set(err, ERR_INVALID, "there is one argument too many: '%.200s'",
                       cli->options.arguments[count]);
    return OK;
}

enum code cli_required(const struct cli *cli, enum option_id id, const char *name, struct str *ret,
                       struct err *err)
{
    struct str text = option_text(&cli->options, id);

    if (text.len == 0)
        return err_set(err, ERR_INVALID, "--%s is missing", name);
    *ret = text;
    return OK;
}

bool cli_is_json(const struct cli *cli)
{
    return option_number(&cli->options, OPTION_ID_JSON) != 0;
}

void cli_print(struct str text)
{
    if (text.len > 0)
        (void)fwrite(text.ptr, 1, text.len, stdout);
}

void cli_print_json(struct str text)
{
    cli_print(text);
    if (!str_ends(text, STR("\n")))
        cli_print(STR("\n"));
}

enum code cli_flush(struct err *err)
{
    bool has_failed = fflush(stdout) != 0 || ferror(stdout) != 0;

    if (has_failed)
        return err_errno(err, ERR_IO, errno, "cannot write to standard output");
    return OK;
}

enum code cli_add_ttl(struct buf *out, struct str text, struct err *err)
{
    static const struct {
        char letter;
        const char *unit;
    } units[] = {{'s', "Seconds"}, {'m', "Minutes"}, {'h', "Hours"}, {'d', "Days"}, {'w', "Weeks"}};
    uint64_t value = 0;

    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (text.len < 2 || text.ptr[text.len - 1] != units[i].letter)
            continue;
        if (str_to_u64(str_slice(text, 0, text.len - 1), INT32_MAX, &value, NULL) != OK)
            break;
        buf_add_format(out, "{\"Unit\":\"%s\",\"Value\":%llu}", units[i].unit,
                       (unsigned long long)value);
        return OK;
    }
    return err_set(err, ERR_INVALID,
                   "--ttl: expected a time such as 90s, 15m, 12h, 30d or 4w, "
                   "found '%.*s'",
                   STR_ARG(str_slice(text, 0, size_min(text.len, 40))));
}

bool cli_add_targets(struct buf *out, const struct options *options)
{
    bool is_first = true;

    for (size_t i = 0; i < options->value_count; i++) {
        if (options->values[i].id != OPTION_ID_TARGET)
            continue;
        buf_add(out, is_first ? STR("[") : STR(","));
        buf_add(out, str_equal(options->values[i].value, STR("online")) ? STR("\"OnlineStore\"")
                                                                        : STR("\"OfflineStore\""));
        is_first = false;
    }
    if (!is_first)
        buf_add(out, STR("]"));
    return !is_first;
}
