#include "unit/test.h"

#include "cli/endpoint.h"

static void forms_that_are_taken(void **state)
{
    static const struct {
        const char *url, *host, *port, *authority;
        bool is_tls;
    } cases[] = {
        {"http://127.0.0.1:7878", "127.0.0.1", "7878", "127.0.0.1:7878", false},
        {"http://localhost", "localhost", "80", "localhost", false},
        {"http://localhost:80/", "localhost", "80", "localhost", false},
        {"https://a-b.example_c.com", "a-b.example_c.com", "443", "a-b.example_c.com", true},
        {"https://host:443", "host", "443", "host", true},
        {"https://host:80", "host", "80", "host:80", true},
        {"http://[::1]:7878/", "::1", "7878", "[::1]:7878", false},
        {"http://[::1]", "::1", "80", "[::1]", false},
        {"http://h:65535", "h", "65535", "h:65535", false},
    };
    struct arena arena = {0};
    struct endpoint endpoint;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(endpoint_parse(str_from(cases[i].url), &arena, &endpoint, NULL), OK);
        assert_string_equal(endpoint.host, cases[i].host);
        assert_string_equal(endpoint.port, cases[i].port);
        assert_true(str_equal(endpoint.authority, str_from(cases[i].authority)));
        assert_int_equal(endpoint.is_tls, cases[i].is_tls);
        assert_true(str_equal(endpoint.url, str_from(cases[i].url)));
    }
    arena_release(&arena);
}

static void others_are_refused_and_say_why(void **state)
{
    static const char *const urls[] = {
        "",           "localhost:7878", "ftp://h",        "http://",         "http:///",
        "http://:80", "http://h:",      "http://h:0",     "http://h:65536",  "http://h:x",
        "http://h/p", "http://h?q",     "http://a@h",     "http://[::1",     "http://[::1]x",
        "http://h h", "http://[]:80",   "http://h:80:80", "http://h\r\nX: y"};
    struct arena arena = {0};
    struct endpoint endpoint;
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(urls); i++) {
        if (endpoint_parse(str_from(urls[i]), &arena, &endpoint, &err) != ERR_INVALID)
            fail_msg("took '%s'", urls[i]);
        assert_true(str_starts(str_from(err.message), STR("expected an endpoint such as")));
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_that_are_taken),
        cmocka_unit_test(others_are_refused_and_say_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
