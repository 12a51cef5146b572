#include "config/options.h"

#include <string.h>

enum { HELP_COLUMN = 32, HELP_WIDTH = 100, NAME_BYTES_MAX = 64, COMMAND_BYTES_MAX = 64 };

struct spec {
    const char *name;
    enum option_type type;
    const char *value;
    const char *fallback;
    int64_t min;
    int64_t max;
    const char *commands;
    const char *help;
};

static const struct spec specs[OPTION_COUNT] = {
#define OPTION(id, name, type, value, fallback, min, max, commands, help)                          \
    {name, type, value, fallback, INT64_C(min), INT64_C(max), commands, help},
#include "config/options.def"
#undef OPTION
};

static bool has_word(const char *words, struct str word)
{
    struct str rest = str_from(words);

    while (rest.len > 0) {
        if (str_equal(str_cut(&rest, ' '), word))
            return true;
    }
    return false;
}

static bool belongs_to(const struct spec *spec, const char *command)
{
    char word[COMMAND_BYTES_MAX];
    size_t len = strlen(command);

    assert(len < sizeof(word));
    for (size_t i = 0; i <= len; i++)
        word[i] = (char)(command[i] == ' ' ? '-' : command[i]);
    bool is_client = strcmp(word, "serve") != 0 && strcmp(word, "worker") != 0;
    return has_word(spec->commands, (struct str){word, len}) ||
           (is_client && has_word(spec->commands, STR("*")));
}

/* Edits (insert, remove, change a byte) that turn a into b. */
static size_t edit_distance(struct str a, struct str b)
{
    size_t row[NAME_BYTES_MAX + 1];

    if (a.len > NAME_BYTES_MAX || b.len > NAME_BYTES_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t changed = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            row[j] = size_min(changed, size_min(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.len];
}

static enum code unknown(const char *command, struct str name, struct err *err)
{
    const char *nearest = NULL;
    size_t least = name.len / 3 + 2;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t distance = edit_distance(name, str_from(specs[i].name));
        if (distance < least && belongs_to(&specs[i], command)) {
            nearest = specs[i].name;
            least = distance;
        }
    }
    struct str shown = {name.ptr, size_min(name.len, NAME_BYTES_MAX)};
    if (nearest != NULL)
        return err_set(err, ERR_INVALID, "there is no option '--%.*s'; did you mean '--%s'?",
                       STR_ARG(shown), nearest);
    return err_set(err, ERR_INVALID,
                   "there is no option '--%.*s'; 'asof %s --help' lists the options",
                   STR_ARG(shown), command);
}

static enum code find(const char *command, struct str name, enum option_id *ret, struct err *err)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (str_equal(str_from(specs[i].name), name) && belongs_to(&specs[i], command)) {
            *ret = (enum option_id)i;
            return OK;
        }
    }
    return unknown(command, name, err);
}

/* Cuts the letters off the end of a number. */
static struct str cut_unit(struct str *number)
{
    size_t digits = 0;

    while (digits < number->len && number->ptr[digits] >= '0' && number->ptr[digits] <= '9')
        digits++;
    struct str unit = str_slice(*number, digits, number->len);
    *number = str_slice(*number, 0, digits);
    return unit;
}

static enum code scaled(struct str number, int64_t factor, int64_t *ret, struct err *err)
{
    uint64_t value;

    TRY(str_to_u64(number, INT64_MAX / (uint64_t)factor, &value, err));
    *ret = (int64_t)value * factor;
    return OK;
}

static enum code read_bytes(struct str text, int64_t *ret, struct err *err)
{
    static const char units[] = "kmgt";
    struct str number = text;
    struct str unit = cut_unit(&number);
    int64_t factor = 1;

    if (unit.len == 0)
        return scaled(number, 1, ret, err);
    for (size_t i = 0; unit.len == 1 && units[i] != '\0'; i++) {
        factor *= 1024;
        if ((unit.ptr[0] | 0x20) == units[i])
            return scaled(number, factor, ret, err);
    }
    return err_set(err, ERR_INVALID, "expected bytes such as 512, 64k, 256m or 2g, found '%.*s'",
                   STR_ARG(str_slice(text, 0, size_min(text.len, 40))));
}

enum code options_duration(struct str text, int64_t *ret_ms, struct err *err)
{
    static const struct {
        struct str name;
        int64_t ms;
    } units[] = {{{"ms", 2}, 1},
                 {{"s", 1}, 1000},
                 {{"m", 1}, 60000},
                 {{"h", 1}, 3600000},
                 {{"d", 1}, 86400000}};
    struct str number = text;
    struct str unit = cut_unit(&number);

    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (str_equal(unit, units[i].name))
            return scaled(number, units[i].ms, ret_ms, err);
    }
    return err_set(err, ERR_INVALID,
                   "expected a time such as 250ms, 60s, 10m, 2h or 1d, found '%.*s'",
                   STR_ARG(str_slice(text, 0, size_min(text.len, 40))));
}

static enum code read_number(const struct spec *spec, struct str text, int64_t *ret,
                             struct err *err)
{
    int64_t value = 0;

    if (spec->type == OPTION_BYTES)
        TRY(read_bytes(text, &value, err));
    else if (spec->type == OPTION_DURATION)
        TRY(options_duration(text, &value, err));
    else
        TRY(str_to_i64(text, &value, err));
    if (value < spec->min || value > spec->max)
        return err_set(err, ERR_INVALID, "expected %lld to %lld%s, found '%.*s'",
                       (long long)spec->min, (long long)spec->max,
                       spec->type == OPTION_DURATION ? " milliseconds"
                       : spec->type == OPTION_BYTES  ? " bytes"
                                                     : "",
                       STR_ARG(text));
    *ret = value;
    return OK;
}

static bool is_choice(const struct spec *spec, struct str text)
{
    struct str rest = str_from(spec->value);

    while (rest.len > 0) {
        if (str_equal(str_cut(&rest, '|'), text))
            return true;
    }
    return false;
}

static enum code set_value(struct options *options, enum option_id id, struct str text,
                           struct err *err)
{
    const struct spec *spec = &specs[id];

    if (spec->type != OPTION_TEXT && spec->type != OPTION_LIST) {
        enum code code = read_number(spec, text, &options->numbers[id], err);
        if (code != OK)
            return err_prefix(err, code, "--%s", spec->name);
    } else if (strchr(spec->value, '|') != NULL && !is_choice(spec, text)) {
        return err_set(err, ERR_INVALID, "--%s: expected %s, found '%.*s'", spec->name, spec->value,
                       STR_ARG(str_slice(text, 0, size_min(text.len, 40))));
    }
    options->texts[id] = text;
    if (spec->type == OPTION_LIST)
        options->values[options->value_count++] = (struct option_value){id, text};
    return OK;
}

static void set_fallbacks(const char *command, struct options *options)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (specs[i].fallback == NULL || !belongs_to(&specs[i], command))
            continue;
        enum code code = set_value(options, (enum option_id)i, str_from(specs[i].fallback), NULL);
        assert(code == OK); /* a default of the table is within its own bounds */
        (void)code;
    }
}

/* `word` begins with "--"; *at is its place and is moved when the next word is its value. */
static enum code take_option(const char *command, int argc, char **argv, int *at,
                             struct options *options, struct err *err)
{
    struct str value = str_from(argv[*at] + 2);
    bool has_value = str_find_byte(value, 0, '=') < value.len;
    struct str name = str_cut(&value, '=');
    enum option_id id;

    TRY(find(command, name, &id, err));
    options->is_given[id] = true;
    if (specs[id].type == OPTION_FLAG) {
        if (has_value)
            return err_set(err, ERR_INVALID, "--%s takes no value", specs[id].name);
        options->numbers[id] = 1;
        return OK;
    }
    if (!has_value) {
        /* A value that begins so is given with '='; most often the value was forgotten. */
        if (*at + 1 >= argc || str_starts(str_from(argv[*at + 1]), STR("--")))
            return err_set(err, ERR_INVALID, "--%s needs a value: --%s %s", specs[id].name,
                           specs[id].name, specs[id].value);
        value = str_from(argv[++*at]);
    }
    return set_value(options, id, value, err);
}

enum code options_parse(const char *command, int argc, char **argv, struct arena *arena,
                        struct options *ret, struct err *err)
{
    struct options options = {0};
    bool has_ended = false;

    assert(command != NULL && argc >= 0);
    options.command = (struct str){command, strlen(command)};
    options.arguments = ARENA_NEW(arena, const char *, (size_t)argc + 1);
    options.values = ARENA_NEW(arena, struct option_value, (size_t)argc + 1);
    set_fallbacks(command, &options);
    for (int at = 0; at < argc; at++) {
        struct str word = str_from(argv[at]);
        if (has_ended || word.len < 2 || word.ptr[0] != '-') {
            options.arguments[options.argument_count++] = argv[at];
        } else if (str_equal(word, STR("--"))) {
            has_ended = true;
        } else if (str_equal(word, STR("-h"))) {
            options.is_given[OPTION_ID_HELP] = true;
            options.numbers[OPTION_ID_HELP] = 1;
        } else if (word.ptr[1] != '-') {
            return err_set(err, ERR_INVALID,
                           "there is no option '%.*s'; put '--' before an argument that begins "
                           "with '-'",
                           STR_ARG(str_slice(word, 0, size_min(word.len, 40))));
        } else {
            TRY(take_option(command, argc, argv, &at, &options, err));
        }
    }
    *ret = options;
    return OK;
}

/* Words of `text` from column HELP_COLUMN on, broken before HELP_WIDTH. */
static void add_wrapped(struct buf *out, struct str text)
{
    size_t column = HELP_COLUMN;

    while (text.len > 0) {
        struct str word = str_cut(&text, ' ');
        if (column > HELP_COLUMN && column + 1 + word.len > HELP_WIDTH) {
            buf_add_format(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        if (column > HELP_COLUMN) {
            buf_add_byte(out, ' ');
            column++;
        }
        buf_add(out, word);
        column += word.len;
    }
    buf_add_byte(out, '\n');
}

static void add_option(struct buf *out, const struct spec *spec)
{
    size_t start = out->len;
    struct buf text;

    buf_add_format(out, "  --%s%s%s", spec->name, spec->value[0] != '\0' ? " " : "", spec->value);
    if (out->len - start + 2 > HELP_COLUMN)
        buf_add_format(out, "\n%*s", HELP_COLUMN, "");
    else
        buf_add_format(out, "%*s", (int)(HELP_COLUMN - (out->len - start)), "");
    buf_init(&text, 0);
    buf_add(&text, str_from(spec->help));
    if (spec->type == OPTION_LIST)
        buf_add(&text, STR(" May be given several times."));
    if (spec->fallback != NULL)
        buf_add_format(&text, " Default: %s.", spec->fallback);
    add_wrapped(out, buf_str(&text));
    buf_release(&text);
}

/* The command's own options first, then those that all client commands have. */
void options_help(const char *command, struct buf *out)
{
    for (int is_common = 0; is_common < 2; is_common++) {
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            bool is_of_all = has_word(specs[i].commands, STR("*"));
            if (belongs_to(&specs[i], command) && is_of_all == (is_common != 0))
                add_option(out, &specs[i]);
        }
    }
}
