/* What commands share: exit codes, durations of records, target stores, arguments. */
#include "unit/test.h"

#include "cli/command.h"

static struct arena arena;
static struct err err;
static struct buf out;

static void exit_codes(void **state)
{
    (void)state;
    assert_int_equal(cli_exit_of(OK), 0);
    assert_int_equal(cli_exit_of(ERR_DENIED), 1);
    assert_int_equal(cli_exit_of(ERR_INVALID), 2);
    assert_int_equal(cli_exit_of(ERR_TIMEOUT), 3);
    for (int code = ERR_NOT_FOUND; code <= ERR_INTERNAL; code++) {
        if (code != ERR_TIMEOUT)
            assert_int_equal(cli_exit_of((enum code)code), 4);
    }
}

static void assert_ttl(const char *text, const char *expected)
{
    buf_clear(&out);
    enum code code = cli_add_ttl(&out, str_from(text), &err);
    assert_int_equal(code, expected == NULL ? ERR_INVALID : OK);
    if (expected != NULL)
        assert_true(str_equal(buf_str(&out), str_from(expected)));
    else
        assert_true(str_starts(str_from(err.message), STR("--ttl: expected a time such as")));
}

static void ttls(void **state)
{
    (void)state;
    assert_ttl("90s", "{\"Unit\":\"Seconds\",\"Value\":90}");
    assert_ttl("15m", "{\"Unit\":\"Minutes\",\"Value\":15}");
    assert_ttl("12h", "{\"Unit\":\"Hours\",\"Value\":12}");
    assert_ttl("30d", "{\"Unit\":\"Days\",\"Value\":30}");
    assert_ttl("4w", "{\"Unit\":\"Weeks\",\"Value\":4}");
    assert_ttl("", NULL);
    assert_ttl("d", NULL);
    assert_ttl("30", NULL);
    assert_ttl("30y", NULL);
    assert_ttl("-1d", NULL);
    assert_ttl("1.5d", NULL);
    assert_ttl("99999999999d", NULL);
}

static struct options parse(const char *command, const char **words, int count)
{
    struct options options;
    char *argv[16];

    for (int i = 0; i < count; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    assert_int_equal(options_parse(command, count, argv, &arena, &options, &err), OK);
    return options;
}

static void targets(void **state)
{
    const char *none[] = {"g"};
    const char *one[] = {"--target", "offline"};
    const char *both[] = {"--target=online", "--target=offline"};
    struct options options = parse("put", none, 1);

    (void)state;
    buf_clear(&out);
    assert_false(cli_add_targets(&out, &options));
    assert_int_equal(out.len, 0);
    options = parse("put", one, 2);
    assert_true(cli_add_targets(&out, &options));
    assert_true(str_equal(buf_str(&out), STR("[\"OfflineStore\"]")));
    buf_clear(&out);
    options = parse("put", both, 2);
    assert_true(cli_add_targets(&out, &options));
    assert_true(str_equal(buf_str(&out), STR("[\"OnlineStore\",\"OfflineStore\"]")));
}

static void arguments(void **state)
{
    const char *words[] = {"a", "", "--json"};
    struct cli cli = {.options = parse("get", words, 3)};
    struct str text;

    (void)state;
    assert_true(cli_is_json(&cli));
    assert_int_equal(cli_argument(&cli, 0, "GROUP", &text, &err), OK);
    assert_true(str_equal(text, STR("a")));
    assert_int_equal(cli_argument(&cli, 1, "ID", &text, &err), ERR_INVALID);
    assert_string_equal(err.message, "ID is empty");
    assert_int_equal(cli_argument(&cli, 2, "MORE", &text, &err), ERR_INVALID);
    assert_string_equal(err.message, "MORE is missing");
    assert_int_equal(cli_arguments_end(&cli, 2, &err), OK);
    assert_int_equal(cli_arguments_end(&cli, 1, &err), ERR_INVALID);
    assert_int_equal(cli_required(&cli, OPTION_ID_PROFILE, "profile", &text, &err), ERR_INVALID);
    assert_string_equal(err.message, "--profile is missing");
}

static void refusals(void **state)
{
    struct client_reply reply = {.error_type = STR("ResourceNotFound"), .message = STR("no x")};

    (void)state;
    assert_int_equal(cli_refusal(&reply, &err), ERR_DENIED);
    assert_string_equal(err.message, "ResourceNotFound: no x");
    reply.message = STR("");
    assert_int_equal(cli_refusal(&reply, &err), ERR_DENIED);
    assert_string_equal(err.message, "ResourceNotFound");
}

static int release(void **state)
{
    (void)state;
    buf_release(&out);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes), cmocka_unit_test(ttls),     cmocka_unit_test(targets),
        cmocka_unit_test(arguments),  cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
