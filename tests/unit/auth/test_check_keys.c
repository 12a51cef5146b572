/* Attacks on keys, signatures and single bytes of a request, and the table that is replaced under
 * the checks. */
#include "unit/auth/check_kit.h"

#include "core/uri.h"

#include <pthread.h>
#include <stdatomic.h>

/* --- keys, signatures, tokens --- */

static void unknown_and_wrong_keys(void **state)
{
    struct signed_request signed_request;
    struct signer signer = good;

    (void)state;
    signer.access_key = STR("AKIDNOBODY");
    (void)signed_example(&signed_request, 0, &signer, &arena);
    expect(&signed_request, AUTH_UNKNOWN_KEY,
           "The security token included in the request is invalid.");
    /* Not even with the secret that stands in for unknown keys. */
    signer.secret = STR("nobody-signs-with-these-forty-characters");
    signer.access_key = STR("X");
    (void)signed_example(&signed_request, 0, &signer, &arena);
    expect(&signed_request, AUTH_UNKNOWN_KEY, NULL);
    signer = good;
    signer.secret = STR(SECRET "x");
    (void)signed_example(&signed_request, 0, &signer, &arena);
    expect(&signed_request, AUTH_SIGNATURE, MISMATCH);
    signer.secret = STR("readersecret");
    (void)signed_example(&signed_request, 0, &signer, &arena);
    expect(&signed_request, AUTH_SIGNATURE, MISMATCH);
}

static void signatures_of_other_form(void **state)
{
    struct signed_request signed_request;

    (void)state;
    (void)signed_example(&signed_request, 0, &good, &arena);
    struct str *value = header_value(&signed_request, "authorization");
    struct str whole = *value;
    struct str prefix = str_slice(whole, 0, whole.len - 64);
    struct str signature = str_slice(whole, whole.len - 64, whole.len);
    char upper[64];
    for (size_t i = 0; i < sizeof(upper); i++) {
        char byte = signature.ptr[i];
        upper[i] = byte >= 'a' && byte <= 'f' ? (char)(byte - 'a' + 'A') : byte;
    }
    *value = arena_format(&arena, "%.*s%.64s", STR_ARG(prefix), upper);
    expect(&signed_request, AUTH_SIGNATURE, MISMATCH);
    *value = arena_format(&arena, "%.*s0", STR_ARG(whole));
    expect(&signed_request, AUTH_SIGNATURE, MISMATCH);
    *value = str_slice(whole, 0, whole.len - 1);
    expect(&signed_request, AUTH_SIGNATURE, MISMATCH);
    *value = prefix;
    expect(&signed_request, AUTH_MALFORMED, "Authorization header requires 'Signature' parameter.");
    *value = whole;
    expect(&signed_request, AUTH_OK, NULL);
}

static void session_tokens(void **state)
{
    static const struct {
        const char *key;
        const char *secret;
        const char *token; /* NULL: none is sent */
        enum auth_failure expected;
    } cases[] = {
        {ACCESS_KEY, SECRET, NULL, AUTH_OK},
        {ACCESS_KEY, SECRET, "guest-token", AUTH_UNKNOWN_KEY},
        {ACCESS_KEY, SECRET, "", AUTH_UNKNOWN_KEY},
        {"GUEST", "guestsecret", "guest-token", AUTH_OK},
        {"GUEST", "guestsecret", "guest-tokem", AUTH_UNKNOWN_KEY},
        {"GUEST", "guestsecret", "guest-token2", AUTH_UNKNOWN_KEY},
        {"GUEST", "guestsecret", NULL, AUTH_UNKNOWN_KEY},
        {"GUEST", "guestsecret", "", AUTH_UNKNOWN_KEY},
        {"GUEST", "wrongsecret", "guest-token", AUTH_SIGNATURE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct signed_request signed_request;
        struct signer signer = good;
        signer.access_key = str_from(cases[i].key);
        signer.secret = str_from(cases[i].secret);
        signed_begin(&signed_request, "GET", "/FeatureGroup/fg", "", "");
        signed_header(&signed_request, "Host", STR("h"));
        signed_header(&signed_request, "X-Amz-Date", good.amz_date);
        if (cases[i].token != NULL)
            signed_header(&signed_request, "X-Amz-Security-Token", str_from(cases[i].token));
        signed_finish(&signed_request, &signer, &arena);
        expect(&signed_request, cases[i].expected, NULL);
    }
}

static void paths_are_not_resolved(void **state)
{
    static const char *const others[] = {"/FeatureGroup/./fg", "/FeatureGroup//fg",
                                         "/x/../FeatureGroup/fg", "/FeatureGroup/fg/",
                                         "/FeatureGroup/%66g"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        struct signed_request signed_request;
        (void)signed_example(&signed_request, 2, &good, &arena);
        signed_request.request.path = str_from(others[i]);
        expect(&signed_request, AUTH_SIGNATURE, MISMATCH);
    }
}

/* --- mutations --- */

static bool is_same_query(struct str a, struct str b)
{
    struct uri_query first = {a};
    struct uri_query second = {b};

    for (;;) {
        struct str names[2];
        struct str values[2];
        enum code codes[2] = {OK, OK};
        bool has_first = uri_query_next(&first, &arena, &names[0], &values[0], &codes[0], NULL);
        bool has_second = uri_query_next(&second, &arena, &names[1], &values[1], &codes[1], NULL);
        if (codes[0] != OK || codes[1] != OK || has_first != has_second)
            return false;
        if (!has_first)
            return true;
        if (!str_equal(names[0], names[1]) || !str_equal(values[0], values[1]))
            return false;
    }
}

struct mutation_count {
    unsigned long tried;
    unsigned long same; /* means the same to a server, so it may pass */
};

/* Tries other bytes at every place of one text of the request. */
static void mutate(struct signed_request *signed_request, struct str *place,
                   bool (*is_same)(struct str, struct str), struct mutation_count *count)
{
    static const unsigned char bytes[] = {' ', '\t', '&', '=', '%', '/', ',', ';', 'A',
                                          'a', '0',  '+', '.', '-', ':', 0,   0xff};
    struct str original = *place;
    char *copy = arena_alloc_raw(&arena, original.len + 1, 1);

    *place = (struct str){copy, original.len};
    for (size_t at = 0; at < original.len; at++) {
        memcpy(copy, original.ptr, original.len);
        for (size_t i = 0; i < 8 + sizeof(bytes); i++) {
            unsigned char was = (unsigned char)original.ptr[at];
            unsigned char now = i < 8 ? (unsigned char)(was ^ (1U << i)) : bytes[i - 8];
            if (now == was)
                continue;
            copy[at] = (char)now;
            count->tried++;
            if (is_same != NULL && is_same(original, *place)) {
                count->same++;
                continue;
            }
            if (check_at(signed_request, now_us, NULL) == AUTH_OK)
                fail_msg("accepted: '%.*s' for '%.*s'", STR_ARG(*place), STR_ARG(original));
        }
    }
    *place = original;
}

static void no_mutation_is_accepted(void **state)
{
    struct signed_request signed_request;
    struct mutation_count count = {0};

    (void)state;
    for (unsigned number = 0; signed_example(&signed_request, number, &good, &arena); number++) {
        struct http_request *request = &signed_request.request;
        mutate(&signed_request, &request->method_text, NULL, &count);
        mutate(&signed_request, &request->path, NULL, &count);
        mutate(&signed_request, &request->query, is_same_query, &count);
        mutate(&signed_request, &request->body, NULL, &count);
        for (size_t i = 0; i < request->header_count; i++) {
            bool is_authorization =
                str_equal_nocase(request->headers[i].name, STR("authorization"));
            if (signed_request.is_unsigned[i] && !is_authorization)
                continue;
            mutate(&signed_request, &request->headers[i].name, str_equal_nocase, &count);
            mutate(&signed_request, &request->headers[i].value, NULL, &count);
        }
        expect(&signed_request, AUTH_OK, NULL);
    }
    assert_true(count.tried - count.same > 50000);
    assert_true(count.same < count.tried / 20);
}

/* --- the table --- */

static void file_modes(void **state)
{
    static const unsigned bad[] = {0640, 0604, 0660, 0644, 0610};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct auth *other = NULL;
        assert_int_equal(chmod(path, bad[i]), 0);
        assert_int_equal(auth_open(os_linux(), path, &identity, &other, &err), ERR_DENIED);
        assert_null(other);
        assert_int_equal(auth_reload(guard, &err), ERR_DENIED);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(auth_reload(guard, &err), OK);
    assert_int_equal(chmod(path, 0600), 0);
}

static void reload_replaces_whole(void **state)
{
    struct signed_request signed_request;
    struct principal principal;
    struct err err;

    (void)state;
    (void)signed_example(&signed_request, 0, &good, &arena);
    assert_int_equal(ask(&signed_request, services, now_us, &arena, &principal, NULL), AUTH_OK);
    write_credentials("[a]\nbroken\n", 0600);
    assert_int_equal(auth_reload(guard, &err), ERR_INVALID);
    expect(&signed_request, AUTH_OK, NULL);
    write_credentials("[other]\naws_access_key_id = OTHER\naws_secret_access_key = 12345678\n",
                      0600);
    assert_int_equal(auth_reload(guard, &err), OK);
    assert_int_equal(auth_reload(guard, &err), OK);
    expect(&signed_request, AUTH_UNKNOWN_KEY, NULL);
    assert_true(str_equal(principal.user, STR("writer"))); /* still there to be read */
    write_credentials(CREDENTIALS, 0600);
    assert_int_equal(auth_reload(guard, &err), OK);
    expect(&signed_request, AUTH_OK, NULL);
}

struct checker {
    pthread_t thread;
    const struct signed_request *signed_request;
    _Atomic(bool) *is_over;
    unsigned long count;
    unsigned long refused;
};

static void *check_until_over(void *context)
{
    struct checker *checker = context;

    while (!atomic_load(checker->is_over)) {
        checker->refused += check_at(checker->signed_request, now_us, NULL) != AUTH_OK;
        checker->count++;
    }
    return NULL;
}

/* Loop threads check while the table is replaced under them; the keys are derived anew each time.
 */
static void reload_beside_checks(void **state)
{
    struct signed_request signed_request;
    struct checker checkers[3];
    _Atomic(bool) is_over = false;
    struct err err;

    (void)state;
    (void)signed_example(&signed_request, 3, &good, &arena);
    for (size_t i = 0; i < ARRAY_COUNT(checkers); i++) {
        checkers[i] = (struct checker){.signed_request = &signed_request, .is_over = &is_over};
        assert_int_equal(pthread_create(&checkers[i].thread, NULL, check_until_over, &checkers[i]),
                         0);
    }
    for (unsigned i = 0; i < 40; i++) {
        struct str text = arena_format(&arena, CREDENTIALS "# %u\n", i);
        write_credentials(text.ptr, 0600);
        assert_int_equal(auth_reload(guard, &err), OK);
        (void)usleep(1000);
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < ARRAY_COUNT(checkers); i++) {
        assert_int_equal(pthread_join(checkers[i].thread, NULL), 0);
        assert_int_equal(checkers[i].refused, 0);
        assert_true(checkers[i].count > 0);
    }
    write_credentials(CREDENTIALS, 0600);
    assert_int_equal(auth_reload(guard, &err), OK);
}

static void made_credentials_are_read(void **state)
{
    char made[128];
    struct auth *other = NULL;
    struct os_stat status;
    struct err err;

    (void)state;
    (void)snprintf(made, sizeof(made), "%s/made", dir);
    assert_int_equal(auth_open(os_linux(), made, &identity, &other, &err), ERR_NOT_FOUND);
    assert_int_equal(auth_make_credentials(os_linux(), made, &err), OK);
    assert_int_equal(os_linux()->stat(os_linux()->context, made, &status, &err), OK);
    assert_int_equal(status.mode, 0600);
    assert_int_equal(auth_open(os_linux(), made, &identity, &other, &err), OK);
    auth_close(other);
    (void)unlink(made);
}

static void failures_have_names(void **state)
{
    static const struct {
        enum auth_failure failure;
        const char *type;
        int status;
    } cases[] = {
        {AUTH_MISSING, "MissingAuthenticationTokenException", 403},
        {AUTH_MALFORMED, "IncompleteSignatureException", 400},
        {AUTH_UNKNOWN_KEY, "UnrecognizedClientException", 403},
        {AUTH_SIGNATURE, "InvalidSignatureException", 403},
        {AUTH_EXPIRED, "InvalidSignatureException", 403},
        {AUTH_SCOPE, "InvalidSignatureException", 403},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_string_equal(auth_failure_type(cases[i].failure), cases[i].type);
        assert_int_equal(auth_failure_status(cases[i].failure), cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_and_wrong_keys),
        cmocka_unit_test(signatures_of_other_form),
        cmocka_unit_test(session_tokens),
        cmocka_unit_test(paths_are_not_resolved),
        cmocka_unit_test(no_mutation_is_accepted),
        cmocka_unit_test(file_modes),
        cmocka_unit_test(reload_replaces_whole),
        cmocka_unit_test(reload_beside_checks),
        cmocka_unit_test(made_credentials_are_read),
        cmocka_unit_test(failures_have_names),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
