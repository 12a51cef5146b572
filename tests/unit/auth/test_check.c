/* Attacks on the form of a request: each is refused, with the failure and the text that AWS has. */
#include "unit/auth/check_kit.h"

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
    };

    return cmocka_run_group_tests(tests, start, stop);
}
