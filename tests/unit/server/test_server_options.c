/* The options of `asof serve`: what is refused, by name, and what reaches the parts. */
#include "unit/test.h"

#include "server/server_options.h"

#include <string.h>

static enum code read_words(const char **words, int count, struct arena *arena,
                            struct server_options *ret, struct err *err)
{
    struct options options = {0};
    char *argv[32];

    for (int i = 0; i < count; i++)
        argv[i] = (char *)(uintptr_t)arena_cstr(arena, str_from(words[i]));
    TRY(options_parse("serve", count, argv, arena, &options, err));
    return server_options_read(&options, arena, ret, err);
}

#define READ(...)                                                                                  \
    const char *words_[] = {__VA_ARGS__};                                                          \
    code = read_words(words_, (int)ARRAY_COUNT(words_), &arena, &read, &err)

static void defaults_reach_the_parts(void **state)
{
    struct arena arena = {0};
    struct err err = {0};
    struct server_options read = {0};
    enum code code;

    (void)state;
    READ("--data", "here");
    assert_int_equal(code, OK);
    assert_string_equal(read.data_dir, "here");
    assert_int_equal(read.flush_interval_ms, 60000);
    assert_int_equal(read.store.cache_bytes_max, 256 << 20);
    assert_int_equal(read.store.journal.segment_bytes, 64 << 20);
    assert_int_equal(read.groups_max, 100);
    assert_true(read.is_sandbox_required);
    assert_true(read.net.loops >= 1);
    assert_true(str_equal(read.identity.region, STR("us-east-1")));
    assert_true(str_equal(read.identity.account, STR("000000000000")));
    assert_int_equal(read.log_level, LOG_INFO);
    assert_null(read.port_file);
    assert_null(read.credentials);
    assert_true(read.program[0] == '/');
    arena_release(&arena);
}

static void given_values_replace_defaults(void **state)
{
    struct arena arena = {0};
    struct err err = {0};
    struct server_options read = {0};
    enum code code;

    (void)state;
    READ("--data=x", "--flush-interval", "250ms", "--cache", "1g", "--account=123456789012",
         "--region", "eu-central-1", "--log", "warn", "--sandbox", "auto", "--loops", "3",
         "--port-file", "p");
    assert_int_equal(code, OK);
    assert_int_equal(read.flush_interval_ms, 250);
    assert_int_equal(read.store.cache_bytes_max, 1 << 30);
    assert_true(str_equal(read.identity.account, STR("123456789012")));
    assert_true(str_equal(read.identity.region, STR("eu-central-1")));
    assert_int_equal(read.log_level, LOG_WARN);
    assert_false(read.is_sandbox_required);
    assert_int_equal(read.net.loops, 3);
    assert_string_equal(read.port_file, "p");
    arena_release(&arena);
}

static void refused(const char **words, int count, const char *named)
{
    struct arena arena = {0};
    struct err err = {0};
    struct server_options read = {0};

    assert_int_equal(read_words(words, count, &arena, &read, &err), ERR_INVALID);
    if (strstr(err.message, named) == NULL)
        fail_msg("'%s' does not name '%s'", err.message, named);
    arena_release(&arena);
}

#define REFUSED(named, ...)                                                                        \
    do {                                                                                           \
        const char *words_[] = {__VA_ARGS__};                                                      \
        refused(words_, (int)ARRAY_COUNT(words_), named);                                          \
    } while (0)

static void bad_values_are_refused_by_name(void **state)
{
    (void)state;
    REFUSED("--data", "--log", "info");
    REFUSED("--account", "--data", "x", "--account", "12345678901");
    REFUSED("--account", "--data", "x", "--account", "12345678901a");
    REFUSED("--region", "--data", "x", "--region", "Us-East");
    REFUSED("--region", "--data", "x", "--region", "");
    REFUSED("--log", "--data", "x", "--log", "loud");
    REFUSED("--sandbox", "--data", "x", "--sandbox", "never");
    REFUSED("stray", "--data", "x", "stray");
}

static void plain_http_off_loopback_must_be_asked_for(void **state)
{
    struct arena arena = {0};
    struct err err = {0};
    struct server_options read = {0};
    enum code code;

    (void)state;
    REFUSED("--insecure", "--data", "x", "--listen", "0.0.0.0:7878");
    REFUSED("--tls-key", "--data", "x", "--tls-certificate", "c.pem");
    REFUSED("--tls-certificate", "--data", "x", "--tls-key", "k.pem");
    {
        READ("--data", "x", "--listen", "0.0.0.0:1", "--insecure");
        assert_int_equal(code, OK);
    }
    {
        READ("--data", "x", "--listen", "0.0.0.0:1", "--tls-certificate", "c", "--tls-key", "k");
        assert_int_equal(code, OK);
    }
    {
        READ("--data", "x", "--listen", "[::1]:0");
        assert_int_equal(code, OK);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_reach_the_parts),
        cmocka_unit_test(given_values_replace_defaults),
        cmocka_unit_test(bad_values_are_refused_by_name),
        cmocka_unit_test(plain_http_off_loopback_must_be_asked_for),
    };

    return cmocka_run_group_tests_name("server_options", tests, NULL, NULL);
}
