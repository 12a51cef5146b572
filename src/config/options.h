#pragma once
/*
 * Command-line options as data: options.def declares each once (name, type, default, range, which
 * commands, help); parser, --help and the manual come from it.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

enum option_type {
    OPTION_TEXT, /* one of a|b|c when the help's value name is of that form */
    OPTION_LIST, /* a text that may be given several times */
    OPTION_FLAG,
    OPTION_NUMBER,
    OPTION_BYTES,
    OPTION_DURATION,
};

enum option_id {
#define OPTION(id, ...) OPTION_ID_##id,
#include "config/options.def"
#undef OPTION
    OPTION_COUNT
};

struct options {
    struct str command;             /* "serve", "group create", … */
    struct str texts[OPTION_COUNT]; /* absent when not given and without default; last one given */
    int64_t numbers[OPTION_COUNT];  /* numbers; bytes; durations in milliseconds; flags 0 or 1 */
    bool is_given[OPTION_COUNT];
    const char **arguments; /* positional */
    size_t argument_count;
    /* All values of OPTION_LIST options, in order. */
    struct option_value {
        enum option_id id;
        struct str value;
    } *values;
    size_t value_count;
};

/*
 * Parses what stands behind the command's words (argv[0] is the first of it): --name value,
 * --name=value, arguments; "--" ends the options. ERR_INVALID names the option and what it expects.
 */
NODISCARD enum code options_parse(const char *command, int argc, char **argv, struct arena *arena,
                                  struct options *ret, struct err *err);

/* The options part of `asof <command> --help`. */
void options_help(const char *command, struct buf *out);

/* "30s", "250ms", "10m", "2h", "1d" in milliseconds. */
NODISCARD enum code options_duration(struct str text, int64_t *ret_ms, struct err *err);

static inline struct str option_text(const struct options *options, enum option_id id)
{
    return options->texts[id];
}
static inline int64_t option_number(const struct options *options, enum option_id id)
{
    return options->numbers[id];
}
