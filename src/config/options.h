#pragma once
/*
 * Command-line options as data: options.def declares each once (name, type, default, range, which
 * commands, help); parser, --help and the manual come from it.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

enum option_type { OPTION_TEXT, OPTION_FLAG, OPTION_NUMBER, OPTION_BYTES, OPTION_DURATION };

enum option_id {
#define OPTION(id, ...) OPTION_ID_##id,
#include "config/options.def"
#undef OPTION
    OPTION_COUNT
};

struct options {
    struct str command;             /* "serve", "group create", … */
    struct str texts[OPTION_COUNT]; /* OPTION_TEXT: absent when not given and without default */
    int64_t numbers[OPTION_COUNT];  /* numbers; bytes; durations in milliseconds; flags 0 or 1 */
    bool is_given[OPTION_COUNT];
    const char **arguments; /* positional */
    size_t argument_count;
    /* repeated options (OPTION_TEXT with is_list): all values in order */
    struct option_value {
        enum option_id id;
        struct str value;
    } *values;
    size_t value_count;
};

/* Parses what stands behind the command's words. ERR_INVALID names the option and what it expects.
 */
NODISCARD enum code options_parse(const char *command, int argc, char **argv, struct arena *arena,
                                  struct options *ret, struct err *err);

/* The options part of `asof <command> --help`. */
void options_help(const char *command, struct buf *out);

static inline struct str option_text(const struct options *options, enum option_id id)
{
    return options->texts[id];
}
static inline int64_t option_number(const struct options *options, enum option_id id)
{
    return options->numbers[id];
}
