/* Attacks on the guard: each is refused, with the failure and the text that AWS has. */
#include "unit/test.h"

#include "unit/auth/signed.h"

#include "core/uri.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCESS_KEY "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define NOW_TEXT "20260701T140307Z"

static struct arena arena;
static char dir[64] = "/tmp/asof-test-auth-XXXXXX";
static char path[96];
static struct auth *guard;
static int64_t now_us;
static struct signer good;
static const char *const services[] = {"sagemaker", NULL};

static void write_credentials(const char *text, unsigned mode)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static const struct identity identity = {{"000000000000", 12}, {"us-east-1", 9}, {"aws", 3}};

#define CREDENTIALS                                                                                \
    "[writer]\naws_access_key_id = " ACCESS_KEY "\naws_secret_access_key = " SECRET "\n"           \
    "[reader]\naws_access_key_id = READER\naws_secret_access_key = readersecret\n"                 \
    "asof_access = read\n"                                                                         \
    "[guest]\naws_access_key_id = GUEST\naws_secret_access_key = guestsecret\n"                    \
    "aws_session_token = guest-token\n"

static int start(void **state)
{
    struct instant now;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/credentials", dir);
    write_credentials(CREDENTIALS, 0600);
    if (auth_open(os_linux(), path, &identity, &guard, &err) != OK)
        fail_msg("%s", err.message);
    assert_int_equal(instant_parse_iso(STR("2026-07-01T14:03:07Z"), &now, NULL), OK);
    now_us = instant_to_us(now);
    good = (struct signer){STR(ACCESS_KEY), STR(SECRET), STR("us-east-1"), STR("sagemaker"),
                           STR(NOW_TEXT)};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    auth_close(guard);
    (void)unlink(path);
    (void)rmdir(dir);
    arena_release(&arena);
    return 0;
}

static enum auth_failure ask(const struct signed_request *signed_request,
                             const char *const *accepted, int64_t at_us, struct arena *memory,
                             struct principal *ret, struct err *err)
{
    const struct auth_question question = {&signed_request->request, accepted, at_us};

    return auth_check(guard, &question, memory, ret, err);
}

static enum auth_failure check_at(const struct signed_request *signed_request, int64_t at_us,
                                  struct err *err)
{
    struct principal principal = {.user = STR("untouched")};
    struct arena scratch = {0};
    enum auth_failure failure = ask(signed_request, services, at_us, &scratch, &principal, err);

    assert_true(failure == AUTH_OK || str_equal(principal.user, STR("untouched")));
    arena_release(&scratch);
    return failure;
}

static void expect(const struct signed_request *signed_request, enum auth_failure expected,
                   const char *message)
{
    struct err err = {0};
    enum auth_failure failure = check_at(signed_request, now_us, &err);

    if (failure != expected)
        fail_msg("expected failure %d, found %d: %s", (int)expected, (int)failure, err.message);
    if (message != NULL)
        assert_string_equal(err.message, message);
}

#define MISMATCH                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your "   \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."

static struct str *header_value(struct signed_request *signed_request, const char *name)
{
    for (size_t i = 0; i < signed_request->request.header_count; i++) {
        if (str_equal_nocase(signed_request->headers[i].name, str_from(name)))
            return &signed_request->headers[i].value;
    }
    fail_msg("no header %s", name);
    return NULL;
}

static void header_remove(struct signed_request *signed_request, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < signed_request->request.header_count; i++) {
        if (!str_equal_nocase(signed_request->headers[i].name, str_from(name)))
            signed_request->headers[kept++] = signed_request->headers[i];
    }
    assert_int_equal(kept + 1, signed_request->request.header_count);
    signed_request->request.header_count = kept;
}

/* --- who it was --- */

static void good_requests(void **state)
{
    struct signed_request signed_request;
    unsigned count = 0;

    (void)state;
    while (signed_example(&signed_request, count, &good, &arena)) {
        struct principal principal;
        struct err err;
        if (ask(&signed_request, services, now_us, &arena, &principal, &err) != AUTH_OK)
            fail_msg("example %u: %s", count, err.message);
        assert_true(str_equal(principal.access_key, STR(ACCESS_KEY)));
        assert_true(str_equal(principal.user, STR("writer")));
        assert_true(str_equal(principal.service, STR("sagemaker")));
        assert_int_equal(principal.access, ACCESS_WRITE);
        count++;
    }
    assert_int_equal(count, 6);
}

static void readers_are_told_from_writers(void **state)
{
    struct signed_request signed_request;
    struct principal principal;
    struct signer reader = good;

    (void)state;
    reader.access_key = STR("READER");
    reader.secret = STR("readersecret");
    (void)signed_example(&signed_request, 0, &reader, &arena);
    assert_int_equal(ask(&signed_request, services, now_us, &arena, &principal, NULL), AUTH_OK);
    assert_int_equal(principal.access, ACCESS_READ);
    assert_true(str_equal(principal.user, STR("reader")));
}

static void any_of_several_services(void **state)
{
    static const char *const several[] = {"athena", "sagemaker", NULL};
    struct signed_request signed_request;
    struct principal principal;

    (void)state;
    (void)signed_example(&signed_request, 0, &good, &arena);
    assert_int_equal(ask(&signed_request, several, now_us, &arena, &principal, NULL), AUTH_OK);
    assert_true(str_equal(principal.service, STR("sagemaker")));
}

/* --- missing and malformed --- */

static void missing_authorization(void **state)
{
    struct signed_request signed_request;

    (void)state;
    (void)signed_example(&signed_request, 0, &good, &arena);
    header_remove(&signed_request, "Authorization");
    expect(&signed_request, AUTH_MISSING, "Missing Authentication Token");
    signed_request.request.header_count = 0;
    expect(&signed_request, AUTH_MISSING, "Missing Authentication Token");
}

static void other_schemes(void **state)
{
    static const char *const values[] = {
        "",
        "Bearer abc",
        "Basic YTpi",
        "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=",
        "AWS4-ECDSA-P256-SHA256 Credential=A/B/C/D/aws4_request, SignedHeaders=host, Signature=a",
        "AWS3-HTTPS x",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        struct signed_request signed_request;
        (void)signed_example(&signed_request, 0, &good, &arena);
        *header_value(&signed_request, "authorization") = str_from(values[i]);
        expect(&signed_request, AUTH_MALFORMED,
               "Authorization header requires the algorithm 'AWS4-HMAC-SHA256'.");
    }
}

static void twice_the_same_header(void **state)
{
    static const char *const names[] = {"Authorization", "AUTHORIZATION", "x-amz-date",
                                        "X-AMZ-Date",    "host",          "Host",
                                        "x-amz-target"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct signed_request signed_request;
        (void)signed_example(&signed_request, 4, &good, &arena);
        signed_header(&signed_request, names[i], *header_value(&signed_request, names[i]));
        expect(&signed_request, AUTH_MALFORMED, NULL);
    }
    /* Also when both were signed. */
    struct signed_request signed_request;
    signed_begin(&signed_request, "POST", "/", "", "{}");
    signed_header(&signed_request, "Host", STR("h"));
    signed_header(&signed_request, "X-Amz-Date", good.amz_date);
    signed_header(&signed_request, "X-Amz-Target", STR("SageMaker.ListTags"));
    signed_header(&signed_request, "x-amz-target", STR("SageMaker.AddTags"));
    signed_finish(&signed_request, &good, &arena);
    expect(&signed_request, AUTH_MALFORMED, "Header 'x-amz-target' stands twice in the request.");
}

static void query_credentials(void **state)
{
    static const char *const queries[] = {
        "X-Amz-Signature=abc",     "a=b&X-Amz-Credential=A", "x-amz-algorithm=AWS4-HMAC-SHA256",
        "X%2DAmz%2dSignature=abc", "%58-Amz-Security-Token", "X-Amz-Expires=60&a",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(queries); i++) {
        struct signed_request signed_request;
        signed_begin(&signed_request, "GET", "/FeatureGroup/fg", queries[i], "");
        signed_header(&signed_request, "Host", STR("h"));
        signed_header(&signed_request, "X-Amz-Date", good.amz_date);
        signed_finish(&signed_request, &good, &arena);
        expect(&signed_request, AUTH_MALFORMED, NULL);
        header_remove(&signed_request, "Authorization");
        expect(&signed_request, AUTH_MISSING,
               "Credentials in the query string are not accepted: sign the request in its "
               "Authorization header.");
    }
}

/* --- dates --- */

static void dates_malformed(void **state)
{
    static const char *const dates[] = {
        "",
        "20260701",
        "20260701T140307",
        "2026-07-01T14:03:07Z",
        "20260701T140307z",
        "20260701 140307Z",
        "20261301T140307Z",
        "20260732T140307Z",
        "20260701T240307Z",
        "20260701T146007Z",
        "20260701T140360Z",
        "20260229T140300Z",
        "2026070-T140307Z",
        "Wed, 01 Jul 2026 14:03:07 GMT",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(dates); i++) {
        struct signed_request signed_request;
        (void)signed_example(&signed_request, 0, &good, &arena);
        *header_value(&signed_request, "x-amz-date") = str_from(dates[i]);
        expect(&signed_request, AUTH_MALFORMED, NULL);
    }
    struct signed_request signed_request;
    (void)signed_example(&signed_request, 0, &good, &arena);
    header_remove(&signed_request, "x-amz-date");
    expect(&signed_request, AUTH_MALFORMED,
           "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
}

static void the_date_header_will_do(void **state)
{
    struct sigv4_header headers[] = {{STR("Host"), STR("h")}, {STR("Date"), STR(NOW_TEXT)}};
    struct sigv4_request request = {.method = STR("GET"),
                                    .path = STR("/v1/status"),
                                    .headers = headers,
                                    .header_count = 2,
                                    .payload = sha256_of(STR("")),
                                    .is_path_encoded_twice = true};
    struct sigv4_scope scope = {STR("20260701"), STR("us-east-1"), STR("sagemaker")};
    struct str canonical;
    char signature[64];

    (void)state;
    assert_int_equal(sigv4_canonical(&request, STR("date;host"), &arena, &canonical, NULL), OK);
    struct str text = sigv4_string_to_sign(STR(NOW_TEXT), &scope, canonical, &arena);
    struct sha256 key = sigv4_key(STR(SECRET), &scope);
    sigv4_signature(&key, text, signature);
    struct signed_request signed_request;
    signed_begin(&signed_request, "GET", "/v1/status", "", "");
    signed_header(&signed_request, "Host", STR("h"));
    signed_header(&signed_request, "Date", STR(NOW_TEXT));
    signed_header(&signed_request, "Authorization",
                  arena_format(&arena,
                               "AWS4-HMAC-SHA256 Credential=" ACCESS_KEY
                               "/20260701/us-east-1/sagemaker/aws4_request, "
                               "SignedHeaders=date;host, Signature=%.64s",
                               signature));
    expect(&signed_request, AUTH_OK, NULL);
    /* An x-amz-date that was not signed does not stand in for it. */
    signed_header(&signed_request, "X-Amz-Date", STR(NOW_TEXT));
    expect(&signed_request, AUTH_SIGNATURE,
           "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.");
}

static void skew(void **state)
{
    static const struct {
        int64_t seconds; /* of the server's clock, from the request's */
        enum auth_failure expected;
        const char *message;
    } cases[] = {
        {0, AUTH_OK, NULL},
        {299, AUTH_OK, NULL},
        {300, AUTH_OK, NULL},
        {301, AUTH_EXPIRED,
         "Signature expired: 20260701T140307Z is now earlier than 20260701T140308Z "
         "(20260701T140808Z - 5 min.)"},
        {-299, AUTH_OK, NULL},
        {-300, AUTH_OK, NULL},
        {-301, AUTH_EXPIRED,
         "Signature not yet current: 20260701T140307Z is still later than 20260701T140306Z "
         "(20260701T135806Z + 5 min.)"},
        {86400 * 365, AUTH_EXPIRED, NULL},
        {-86400 * 365, AUTH_EXPIRED, NULL},
    };
    struct signed_request signed_request;

    (void)state;
    (void)signed_example(&signed_request, 3, &good, &arena);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct err err = {0};
        assert_int_equal(check_at(&signed_request, now_us + cases[i].seconds * 1000000, &err),
                         cases[i].expected);
        if (cases[i].message != NULL)
            assert_string_equal(err.message, cases[i].message);
    }
}

/* --- scope --- */

static void other_scopes(void **state)
{
    static const struct {
        const char *region;
        const char *service;
        const char *message;
    } cases[] = {
        {"us-west-2", "sagemaker",
         "Credential should be scoped to a valid region, not "
         "'us-west-2'. "},
        {"US-EAST-1", "sagemaker",
         "Credential should be scoped to a valid region, not "
         "'US-EAST-1'. "},
        {"us-east-1", "s3", "Credential should be scoped to correct service: 'sagemaker'. "},
        {"us-east-1", "SageMaker", "Credential should be scoped to correct service: 'sagemaker'. "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct signed_request signed_request;
        struct signer signer = good;
        signer.region = str_from(cases[i].region);
        signer.service = str_from(cases[i].service);
        (void)signed_example(&signed_request, 0, &signer, &arena);
        expect(&signed_request, AUTH_SCOPE, cases[i].message);
    }
}

static void scope_of_another_day(void **state)
{
    struct signed_request signed_request;

    (void)state;
    (void)signed_example(&signed_request, 0, &good, &arena);
    *header_value(&signed_request, "x-amz-date") = STR("20260702T140307Z");
    expect(&signed_request, AUTH_SCOPE,
           "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
           "HTTP: '20260701' != '20260702', from '20260702T140307Z'.");
}

/* --- what must be signed --- */

static void unsigned_headers(void **state)
{
    static const struct {
        const char *name;
        const char *message;
    } cases[] = {
        {"host", "'Host' must be a 'SignedHeader' in the AWS Authorization."},
        {"x-amz-target", "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."},
        {"x-amz-content-sha256",
         "'x-amz-content-sha256' must be a 'SignedHeader' in the AWS Authorization."},
        {"x-amz-user-agent",
         "'x-amz-user-agent' must be a 'SignedHeader' in the AWS Authorization."},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct signed_request signed_request;
        for (unsigned number = 0; signed_example(&signed_request, number, &good, &arena);
             number++) {
            struct signed_request other;
            bool is_there = false;
            signed_begin(&other, "POST", "/", "", "");
            other.request = signed_request.request;
            other.request.header_count = 0;
            for (size_t k = 0; k < signed_request.request.header_count; k++) {
                struct http_header header = signed_request.headers[k];
                if (str_equal_nocase(header.name, STR("authorization")))
                    continue;
                bool is_it = str_equal_nocase(header.name, str_from(cases[i].name));
                is_there =
                    is_there || (is_it && str_equal(header.name, signed_request.headers[k].name));
                other.is_unsigned[other.request.header_count] =
                    is_it || signed_request.is_unsigned[k];
                other.headers[other.request.header_count++] = header;
            }
            other.request.headers = other.headers;
            signed_finish(&other, &good, &arena);
            if (!is_there)
                continue;
            struct err err = {0};
            assert_int_equal(check_at(&other, now_us, &err), AUTH_SIGNATURE);
            assert_true(str_equal_nocase(str_from(err.message), str_from(cases[i].message)));
        }
    }
}

static void a_header_is_slipped_in(void **state)
{
    struct signed_request signed_request;

    (void)state;
    (void)signed_example(&signed_request, 0, &good, &arena);
    signed_header(&signed_request, "x-amz-target", STR("SageMaker.DeleteFeatureGroup"));
    expect(&signed_request, AUTH_SIGNATURE,
           "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.");
    (void)signed_example(&signed_request, 0, &good, &arena);
    signed_header(&signed_request, "user-agent", STR("another"));
    expect(&signed_request, AUTH_OK, NULL);
}

static void a_signed_header_is_taken_out(void **state)
{
    struct signed_request signed_request;

    (void)state;
    (void)signed_example(&signed_request, 4, &good, &arena);
    header_remove(&signed_request, "x-amz-target");
    expect(&signed_request, AUTH_MALFORMED, "signed header 'x-amz-target' is not in the request");
    (void)signed_example(&signed_request, 4, &good, &arena);
    header_remove(&signed_request, "host");
    expect(&signed_request, AUTH_MALFORMED, "signed header 'host' is not in the request");
}

/* --- payload --- */

static void payloads(void **state)
{
    static const struct {
        const char *value;
        const char *message;
    } cases[] = {
        {"UNSIGNED-PAYLOAD", "The payload must be signed: 'UNSIGNED-PAYLOAD' is not accepted in "
                             "'x-amz-content-sha256'."},
        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", NULL},
        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", NULL},
        {"", NULL},
        {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
         "The provided 'x-amz-content-sha256' header does not match what was computed."},
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "The provided 'x-amz-content-sha256' header does not match what was computed."},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct signed_request signed_request;
        signed_begin(&signed_request, "GET", "/FeatureGroup/fg", "", "");
        signed_header(&signed_request, "Host", STR("h"));
        signed_header(&signed_request, "X-Amz-Date", good.amz_date);
        signed_header(&signed_request, "X-Amz-Content-SHA256", str_from(cases[i].value));
        signed_finish(&signed_request, &good, &arena);
        expect(&signed_request, AUTH_SIGNATURE, cases[i].message);
    }
    struct signed_request signed_request;
    (void)signed_example(&signed_request, 3, &good, &arena);
    signed_request.request.body = STR("{}");
    expect(&signed_request, AUTH_SIGNATURE, NULL);
    (void)signed_example(&signed_request, 1, &good, &arena);
    signed_request.request.body = STR("{}");
    expect(&signed_request, AUTH_SIGNATURE, MISMATCH);
}

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
        cmocka_unit_test(good_requests),
        cmocka_unit_test(readers_are_told_from_writers),
        cmocka_unit_test(any_of_several_services),
        cmocka_unit_test(missing_authorization),
        cmocka_unit_test(other_schemes),
        cmocka_unit_test(twice_the_same_header),
        cmocka_unit_test(query_credentials),
        cmocka_unit_test(dates_malformed),
        cmocka_unit_test(the_date_header_will_do),
        cmocka_unit_test(skew),
        cmocka_unit_test(other_scopes),
        cmocka_unit_test(scope_of_another_day),
        cmocka_unit_test(unsigned_headers),
        cmocka_unit_test(a_header_is_slipped_in),
        cmocka_unit_test(a_signed_header_is_taken_out),
        cmocka_unit_test(payloads),
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
