/* Finds the command, parses its options, runs it, and says what went wrong. */
#include "cli/cli.h"

#include "cli/command.h"
#include "cli/parquet_worker.h"
#include "server/server.h"
#include "worker/worker_main.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { HELP_COLUMN = 18, HELP_WIDTH = 100, WORKER_SOCKET = 3 };

struct command {
    const char *words;
    const char *arguments;
    const char *summary;
    const char *details;
    cli_command_fn *run;
};

static const struct command commands[] = {
#define COMMAND(id, words, arguments, summary, details, handler)                                   \
    {words, arguments, summary, details, handler},
#include "cli/commands.def"
#undef COMMAND
};

static const char exit_codes[] =
    "Exit codes: 0 done; 1 the server refused, or rows failed; 2 wrong usage or no credentials;\n"
    "            3 no answer from the server; 4 a file of this machine; 130 interrupted\n";

enum code cmd_serve(struct cli *cli, struct err *err)
{
    TRY(cli_arguments_end(cli, 0, err));
    cli->exit_code = server_main(&cli->options);
    return OK;
}

static void print_overview(FILE *to)
{
    (void)fprintf(to, "asof %s: a feature store\n\nUsage: asof COMMAND [ARGUMENTS] [OPTIONS]\n\n",
                  ASOF_VERSION);
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        (void)fprintf(to, "  %-*s%s\n", HELP_COLUMN, commands[i].words, commands[i].summary);
    (void)fprintf(to, "\nasof COMMAND --help tells a command's arguments and options.\n%s",
                  exit_codes);
}

/* Words, broken before the width of the help. */
static void print_wrapped(struct str text)
{
    size_t column = 0;

    while (text.len > 0) {
        struct str word = str_cut(&text, ' ');
        bool is_new_line = column > 0 && column + 1 + word.len > HELP_WIDTH;
        (void)printf("%s%.*s", is_new_line ? "\n" : column > 0 ? " " : "", STR_ARG(word));
        column = is_new_line || column == 0 ? word.len : column + 1 + word.len;
    }
    (void)printf("\n");
}

static void print_help(const struct command *command)
{
    struct buf options;

    buf_init(&options, 0);
    options_help(command->words, &options);
    (void)printf("Usage: asof %s%s%s [OPTIONS]\n\n%s\n", command->words,
                 command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary);
    if (command->details[0] != '\0')
        print_wrapped(str_from(command->details));
    (void)printf("\n%.*s\n%s", STR_ARG(buf_str(&options)), exit_codes);
    buf_release(&options);
}

static size_t word_count(const char *words)
{
    return strchr(words, ' ') == NULL ? 1 : 2;
}

static bool is_named(const struct command *command, int argc, char **argv)
{
    struct str rest = str_from(command->words);

    for (int i = 1; rest.len > 0; i++) {
        if (i >= argc || !str_equal(str_cut(&rest, ' '), str_from(argv[i])))
            return false;
    }
    return true;
}

static const struct command *find_command(int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
        if (is_named(&commands[i], argc, argv))
            return &commands[i];
    }
    return NULL;
}

/* "group" alone, or with a word that is no command of it. */
static bool is_family(struct str word)
{
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
        struct str rest = str_from(commands[i].words);
        if (str_equal(str_cut(&rest, ' '), word) && rest.len > 0)
            return true;
    }
    return false;
}

static int no_command(int argc, char **argv)
{
    struct str word = argc > 1 ? str_from(argv[1]) : STR("");

    if (str_equal(word, STR("--version"))) {
        (void)printf("asof %s\n", ASOF_VERSION);
        return CLI_DONE;
    }
    if (str_equal(word, STR("--help")) || str_equal(word, STR("-h")) ||
        str_equal(word, STR("help"))) {
        print_overview(stdout);
        return CLI_DONE;
    }
    if (word.len == 0) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    (void)fprintf(stderr, "asof: there is no command '%.100s", argv[1]);
    if (is_family(word))
        (void)fprintf(stderr, "%s%.100s", argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
    (void)fprintf(stderr, "'; 'asof --help' lists the commands\n");
    return CLI_USAGE;
}

static void complain(const struct command *command, enum code code, const struct err *err)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "asof %s: %s\n", command->words, err->message);
    if (code == ERR_TIMEOUT && strstr(err->message, "cannot connect") != NULL)
        (void)fprintf(stderr, "Is the server running (asof serve)? --endpoint or ASOF_ENDPOINT "
                              "names another one.\n");
    if (code == ERR_INVALID)
        (void)fprintf(stderr, "'asof %s --help' tells what it takes.\n", command->words);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct cli cli = {.os = os_linux()};
    struct err err = {0};
    int words = (int)word_count(command->words);
    enum code code = options_parse(command->words, argc - 1 - words, argv + 1 + words, &cli.arena,
                                   &cli.options, &err);

    if (code == OK && cli.options.is_given[OPTION_ID_HELP])
        print_help(command);
    else if (code == OK)
        code = command->run(&cli, &err);
    if (code == OK)
        code = cli_flush(&err);
    if (code != OK)
        complain(command, code, &err);
    client_free(cli.client);
    arena_release(&cli.arena);
    return code != OK ? cli_exit_of(code) : cli.exit_code;
}

/* argv: program, "worker", kind, arguments */
static int run_worker(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[2], "parquet") == 0)
        return parquet_worker_main(WORKER_SOCKET, argv[3]);
    return worker_main(argc, argv);
}

int cli_main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return run_worker(argc, argv);
    const struct command *command = find_command(argc, argv);
    if (command == NULL)
        return no_command(argc, argv);
    /* A reader of our output that goes away is an error of writing, not our death. */
    (void)signal(SIGPIPE, SIG_IGN);
    return run(command, argc, argv);
}
