/* Options: forms, types, ranges, defaults, what an error says, and the help made of the table. */
#include "unit/test.h"

#include "config/options.h"

#include <string.h>

static struct arena arena;
static struct err err;
static struct options options;

static enum code parse_words(const char *command, const char **words, int count)
{
    char *argv[32];

    assert_true(count < 32);
    for (int i = 0; i < count; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    err.message[0] = '\0';
    return options_parse(command, count, argv, &arena, &options, &err);
}

#define PARSE(command, ...)                                                                        \
    parse_words(command, (const char *[]){__VA_ARGS__},                                            \
                (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)))

static void assert_message(const char *expected)
{
    assert_string_equal(err.message, expected);
}

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(parse_words("serve", NULL, 0), OK);
    assert_true(str_equal(options.command, STR("serve")));
    assert_true(str_is_absent(option_text(&options, OPTION_ID_DATA)));
    assert_true(str_equal(option_text(&options, OPTION_ID_LISTEN), STR("127.0.0.1:7878")));
    assert_int_equal(option_number(&options, OPTION_ID_FLUSH_INTERVAL), 60000);
    assert_int_equal(option_number(&options, OPTION_ID_CACHE), 256 << 20);
    assert_int_equal(option_number(&options, OPTION_ID_INSECURE), 0);
    assert_false(options.is_given[OPTION_ID_LISTEN]);
    assert_int_equal(options.argument_count, 0);
    /* Another command's options have no default here. */
    assert_true(str_is_absent(option_text(&options, OPTION_ID_ENDPOINT)));
}

static void both_forms_and_arguments_between(void **state)
{
    (void)state;
    assert_int_equal(PARSE("serve", "one", "--data", "dir", "two", "--listen=:1", "--insecure",
                           "--credentials=", "-", "--", "--data", "-x"),
                     OK);
    assert_true(str_equal(option_text(&options, OPTION_ID_DATA), STR("dir")));
    assert_true(str_equal(option_text(&options, OPTION_ID_LISTEN), STR(":1")));
    assert_int_equal(option_number(&options, OPTION_ID_INSECURE), 1);
    assert_true(options.is_given[OPTION_ID_INSECURE]);
    struct str empty = option_text(&options, OPTION_ID_SERVE_CREDENTIALS);
    assert_true(empty.len == 0 && !str_is_absent(empty));
    assert_int_equal(options.argument_count, 5);
    assert_string_equal(options.arguments[0], "one");
    assert_string_equal(options.arguments[1], "two");
    assert_string_equal(options.arguments[2], "-");
    assert_string_equal(options.arguments[3], "--data");
    assert_string_equal(options.arguments[4], "-x");
}

static void values_with_equal_signs_and_the_last_one_wins(void **state)
{
    (void)state;
    assert_int_equal(PARSE("serve", "--data=a=b=c", "--region", "x", "--region", "y"), OK);
    assert_true(str_equal(option_text(&options, OPTION_ID_DATA), STR("a=b=c")));
    assert_true(str_equal(option_text(&options, OPTION_ID_SERVE_REGION), STR("y")));
}

static void units(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } sizes[] = {{"65536", 65536}, {"64k", 65536}, {"3M", 3 << 20}, {"1g", 1 << 30}};
    static const struct {
        const char *text;
        int64_t ms;
    } times[] = {{"10ms", 10}, {"60s", 60000}, {"10m", 600000}, {"2h", 7200000}, {"1d", 86400000}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        assert_int_equal(PARSE("serve", "--checkpoint", sizes[i].text), OK);
        assert_int_equal(option_number(&options, OPTION_ID_CHECKPOINT), sizes[i].bytes);
    }
    for (size_t i = 0; i < ARRAY_COUNT(times); i++) {
        assert_int_equal(PARSE("serve", "--flush-interval", times[i].text), OK);
        assert_int_equal(option_number(&options, OPTION_ID_FLUSH_INTERVAL), times[i].ms);
    }
    assert_int_equal(PARSE("serve", "--journal-spare=1t"), OK);
    assert_true(option_number(&options, OPTION_ID_SPARE) == INT64_C(1) << 40);
}

static void bad_values_are_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(PARSE("serve", "--loops", "65"), ERR_INVALID);
    assert_message("--loops: expected 0 to 64, found '65'");
    assert_int_equal(PARSE("serve", "--loops=-1"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--loops=x"), ERR_INVALID);
    assert_message("--loops: expected decimal digits, found 'x'");
    assert_int_equal(PARSE("serve", "--loops="), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--cache", "12q"), ERR_INVALID);
    assert_message("--cache: expected bytes such as 512, 64k, 256m or 2g, found '12q'");
    assert_int_equal(PARSE("serve", "--cache", "12kb"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--cache", "k"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--cache", "99999999999999999999t"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--cache", "9999999t"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--flush-interval", "60"), ERR_INVALID);
    assert_message("--flush-interval: expected a time such as 250ms, 60s, 10m, 2h or 1d, "
                   "found '60'");
    assert_int_equal(PARSE("serve", "--flush-interval", "1ms"), ERR_INVALID);
    assert_message("--flush-interval: expected 10 to 86400000 milliseconds, found '1ms'");
    assert_int_equal(PARSE("serve", "--flush-interval", "1.5s"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--sandbox", "never"), ERR_INVALID);
    assert_message("--sandbox: expected require|auto, found 'never'");
    assert_int_equal(PARSE("serve", "--sandbox", "require|auto"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--insecure=yes"), ERR_INVALID);
    assert_message("--insecure takes no value");
    assert_int_equal(PARSE("serve", "--data"), ERR_INVALID);
    assert_message("--data needs a value: --data DIR");
    assert_int_equal(PARSE("serve", "--data", "--insecure"), ERR_INVALID);
}

static void an_unknown_option_names_the_nearest(void **state)
{
    (void)state;
    assert_int_equal(PARSE("serve", "--flush-intreval", "1s"), ERR_INVALID);
    assert_message("there is no option '--flush-intreval'; did you mean '--flush-interval'?");
    assert_int_equal(PARSE("serve", "--dat=x"), ERR_INVALID);
    assert_message("there is no option '--dat'; did you mean '--data'?");
    assert_int_equal(PARSE("serve", "--quite-something-else"), ERR_INVALID);
    assert_message("there is no option '--quite-something-else'; 'asof serve --help' lists the "
                   "options");
    assert_int_equal(PARSE("serve", "-v"), ERR_INVALID);
    assert_message("there is no option '-v'; put '--' before an argument that begins with '-'");
    /* An option of another command is not one of this. */
    assert_int_equal(PARSE("serve", "--endpoint", "x"), ERR_INVALID);
    assert_int_equal(PARSE("status", "--flush-interval", "1s"), ERR_INVALID);
    assert_int_equal(PARSE("serve", "--=x"), ERR_INVALID);
}

static void client_commands_share_options_under_one_name(void **state)
{
    (void)state;
    assert_int_equal(PARSE("status", "--json", "--region=r", "--credentials", "c"), OK);
    assert_true(str_equal(option_text(&options, OPTION_ID_CLIENT_REGION), STR("r")));
    assert_true(str_equal(option_text(&options, OPTION_ID_CLIENT_CREDENTIALS), STR("c")));
    assert_true(str_is_absent(option_text(&options, OPTION_ID_SERVE_CREDENTIALS)));
    assert_int_equal(option_number(&options, OPTION_ID_JSON), 1);
}

static void help_is_asked_for_in_two_ways(void **state)
{
    (void)state;
    assert_int_equal(PARSE("serve", "--help"), OK);
    assert_true(options.is_given[OPTION_ID_HELP]);
    assert_int_equal(PARSE("group create", "-h"), OK);
    assert_true(options.is_given[OPTION_ID_HELP]);
    assert_int_equal(option_number(&options, OPTION_ID_HELP), 1);
}

static void help_lists_each_option_within_the_width(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    options_help("serve", &buf);
    assert_true(str_contains(buf_str(&buf), STR("  --data DIR  ")));
    assert_true(str_contains(buf_str(&buf), STR("  --insecure  ")));
    assert_true(str_contains(buf_str(&buf), STR("Default: 127.0.0.1:7878.")));
    assert_false(str_contains(buf_str(&buf), STR("--endpoint")));
    struct str rest = buf_str(&buf);
    while (rest.len > 0) {
        struct str line = str_cut(&rest, '\n');
        assert_true(line.len > 0 && line.len <= 100);
        assert_true(line.ptr[line.len - 1] != ' ');
    }
    buf_clear(&buf);
    options_help("status", &buf);
    assert_true(str_contains(buf_str(&buf), STR("--endpoint URL")));
    assert_false(str_contains(buf_str(&buf), STR("--data")));
    buf_release(&buf);
}

static void every_option_has_its_help_and_a_good_default(void **state)
{
    static const struct {
        const char *name, *help;
    } table[] = {
#define OPTION(id, name, type, value, fallback, min, max, commands, help) {name, help},
#include "config/options.def"
#undef OPTION
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        size_t len = strlen(table[i].help);
        if (len < 10 || table[i].help[len - 1] != '.')
            fail_msg("--%s: its help is not a sentence", table[i].name);
    }
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(both_forms_and_arguments_between),
        cmocka_unit_test(values_with_equal_signs_and_the_last_one_wins),
        cmocka_unit_test(units),
        cmocka_unit_test(bad_values_are_refused_by_name),
        cmocka_unit_test(an_unknown_option_names_the_nearest),
        cmocka_unit_test(client_commands_share_options_under_one_name),
        cmocka_unit_test(help_is_asked_for_in_two_ways),
        cmocka_unit_test(help_lists_each_option_within_the_width),
        cmocka_unit_test(every_option_has_its_help_and_a_good_default),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
