#pragma once
/*
 * What every command is given, and what it shares: the parsed options, a client made on first use,
 * output, and how failures become exit codes. One thread.
 *
 * In cli/ the codes mean: ERR_INVALID wrong usage; ERR_DENIED the server refused; ERR_TIMEOUT no
 * answer from the server; any other: something on this machine.
 */
#include "cli/client.h"
#include "config/options.h"
#include "core/json.h"
#include "os/os.h"

enum cli_exit {
    CLI_DONE = 0,
    CLI_REFUSED = 1,   /* the server refused, or rows failed */
    CLI_USAGE = 2,     /* wrong words, options or credentials */
    CLI_NO_ANSWER = 3, /* cannot connect, or no answer in time */
    CLI_LOCAL = 4,     /* a file of this machine */
};

struct cli {
    const struct os *os;
    struct options options;
    struct arena arena;
    struct client *client;
    int exit_code; /* of a command that did not fail; CLI_DONE unless it says otherwise */
};

typedef enum code cli_command_fn(struct cli *cli, struct err *err);

#define COMMAND(id, words, arguments, summary, details, handler) cli_command_fn handler;
#include "cli/commands.def"
#undef COMMAND

int cli_exit_of(enum code code);

/* The client of this command's endpoint and credentials; threads make their own from the options.
 */
NODISCARD enum code cli_client(struct cli *cli, struct client **ret, struct err *err);
NODISCARD enum code cli_client_options(struct cli *cli, struct client_options *ret,
                                       struct err *err);

/* Calls, and turns everything but a 2xx into ERR_DENIED with the server's error type and text. */
NODISCARD enum code cli_call(struct cli *cli, const struct client_request *request,
                             struct client_reply *ret, struct err *err);
NODISCARD enum code cli_refusal(const struct client_reply *reply, struct err *err);

/* An operation of the control plane, by its name. */
NODISCARD enum code cli_control(struct cli *cli, const char *operation, struct str body,
                                struct client_reply *ret, struct err *err);

/* The argument at `index`, named in the error when it is missing. */
NODISCARD enum code cli_argument(const struct cli *cli, size_t index, const char *name,
                                 struct str *ret, struct err *err);
/* ERR_INVALID when there are more than `count` arguments. */
NODISCARD enum code cli_arguments_end(const struct cli *cli, size_t count, struct err *err);
/* The option's text; ERR_INVALID when it was not given. */
NODISCARD enum code cli_required(const struct cli *cli, enum option_id id, const char *name,
                                 struct str *ret, struct err *err);

bool cli_is_json(const struct cli *cli);

/* Standard output; what cannot be written is noticed at the end (cli_flush). */
void cli_print(struct str text);
/* With the line end that JSON from the server lacks. */
void cli_print_json(struct str text);
NODISCARD enum code cli_flush(struct err *err);

/* "30d" as {"Unit":"Days","Value":30}: s, m, h, d, w. */
NODISCARD enum code cli_add_ttl(struct buf *out, struct str text, struct err *err);
/* The values of --target as "TargetStores" members: ["OnlineStore"]. False when none was given. */
bool cli_add_targets(struct buf *out, const struct options *options);
