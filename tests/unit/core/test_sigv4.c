/* Signature Version 4 against the public vectors (header form), and its own bounds. */
#include "unit/test.h"

#include "core/sigv4.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* --- the public vectors --- */

enum { HEADERS_MAX = 16, FILE_BYTES_MAX = 16 * 1024 };

struct vector {
    char folder[1024];
    struct sigv4_request request;
    struct sigv4_header headers[HEADERS_MAX];
    struct str signed_headers;
    struct str body;
};

static struct str vectors_dir(void)
{
    const char *shared = getenv("ASOF_SHARED");

    return arena_format(&arena, "%s/vectors/sigv4", shared == NULL ? "../shared" : shared);
}

static struct str read_file(const char *folder, const char *name)
{
    char *text = arena_alloc(&arena, FILE_BYTES_MAX, 1);
    struct str path = arena_format(&arena, "%s/%s", folder, name);

    FILE *file = fopen(path.ptr, "rb");
    if (file == NULL)
        fail_msg("%s is missing", path.ptr);
    size_t bytes = fread(text, 1, FILE_BYTES_MAX, file);
    assert_true(bytes < FILE_BYTES_MAX);
    (void)fclose(file);
    return (struct str){text, bytes};
}

static struct str without_newline(struct str text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    return text;
}

/* The value of a string member of the context; enough for these files. */
static struct str context_text(struct str context, const char *name)
{
    struct str key = arena_format(&arena, "\"%s\": \"", name);
    const char *at = memmem(context.ptr, context.len, key.ptr, key.len);

    if (at == NULL)
        return STR_ABSENT;
    struct str rest = {at + key.len, context.len - (size_t)(at - context.ptr) - key.len};
    return str_cut(&rest, '"');
}

/* Cuts the request line at its first and last blank: a path of the suite has one inside. */
static void request_line(struct vector *vector, struct str line)
{
    vector->request.method = str_cut(&line, ' ');
    size_t at = line.len;
    while (line.ptr[at - 1] != ' ')
        at--;
    struct str target = str_slice(line, 0, at - 1);
    vector->request.path = str_cut(&target, '?');
    vector->request.query = target;
}

/* A folded value is one value with blanks, as a server that takes folding would see it. */
static void header_lines(struct vector *vector, struct str text)
{
    while (text.len > 0) {
        struct str line = str_cut(&text, '\n');
        if (line.len == 0)
            break;
        assert_true(vector->request.header_count < HEADERS_MAX);
        if (line.ptr[0] == ' ') {
            struct str *value = &vector->headers[vector->request.header_count - 1].value;
            *value = arena_format(&arena, "%.*s %.*s", STR_ARG(*value), STR_ARG(str_trim(line)));
            continue;
        }
        struct str name = str_cut(&line, ':');
        vector->headers[vector->request.header_count++] =
            (struct sigv4_header){name, str_trim(line)};
    }
    vector->body = text;
}

/* The signed request without what is added by signing, plus x-amz-date. */
static void vector_load(struct vector *vector, struct str context)
{
    struct str text = read_file(vector->folder, "header-signed-request.txt");
    struct str line = str_cut(&text, '\n');

    request_line(vector, line);
    vector->request.headers = vector->headers;
    header_lines(vector, text);
    vector->request.payload = sha256_of(vector->body);
    vector->request.is_path_normalized = str_contains(context, STR("\"normalize\": true"));
    vector->request.is_path_encoded_twice = true;
}

static struct str take_authorization(struct vector *vector)
{
    for (size_t i = 0; i < vector->request.header_count; i++) {
        if (str_equal_nocase(vector->headers[i].name, STR("authorization")))
            return vector->headers[i].value;
    }
    fail_msg("%s has no Authorization", vector->folder);
    return STR_ABSENT;
}

/* As a client signs: all headers but Authorization and those that are not to be signed. */
static void check_signing(const struct vector *vector, const struct sigv4_authorization *parts,
                          struct str secret, struct str expected)
{
    struct sigv4_header headers[HEADERS_MAX];
    struct sigv4_request request = vector->request;
    struct sigv4_keys keys = {parts->access_key, secret};
    struct str authorization;
    struct err err;

    request.headers = headers;
    request.header_count = 0;
    for (size_t i = 0; i < vector->request.header_count; i++) {
        struct str rest = parts->signed_headers;
        while (rest.len > 0) {
            if (str_equal_nocase(str_cut(&rest, ';'), vector->headers[i].name))
                headers[request.header_count++] = vector->headers[i];
        }
    }
    assert_int_equal(sigv4_sign(&request, &keys, &parts->scope, &arena, &authorization, &err), OK);
    assert_true(str_equal(authorization, expected));
}

static void check_vector(struct vector *vector)
{
    struct str context = read_file(vector->folder, "context.json");
    struct sigv4_authorization parts;
    struct str canonical;
    struct err err;
    char signature[64];

    vector_load(vector, context);
    struct str authorization = take_authorization(vector);
    assert_int_equal(sigv4_authorization_parse(authorization, &parts, &err), OK);
    assert_true(str_equal(parts.access_key, context_text(context, "access_key_id")));
    assert_true(str_equal(parts.scope.region, STR("us-east-1")));
    assert_true(str_equal(parts.scope.service, STR("service")));
    assert_true(str_equal(parts.scope.date, STR("20150830")));

    if (sigv4_canonical(&vector->request, parts.signed_headers, &arena, &canonical, &err) != OK)
        fail_msg("%s: %s", vector->folder, err.message);
    struct str expected =
        without_newline(read_file(vector->folder, "header-canonical-request.txt"));
    if (!str_equal(canonical, expected))
        fail_msg("%s: canonical request\n%.*s\nexpected\n%.*s", vector->folder, STR_ARG(canonical),
                 STR_ARG(expected));
    struct str text =
        sigv4_string_to_sign(STR("20150830T123600Z"), &parts.scope, canonical, &arena);
    expected = without_newline(read_file(vector->folder, "header-string-to-sign.txt"));
    assert_true(str_equal(text, expected));

    struct str secret = context_text(context, "secret_access_key");
    struct sha256 key = sigv4_key(secret, &parts.scope);
    sigv4_signature(&key, text, signature);
    expected = without_newline(read_file(vector->folder, "header-signature.txt"));
    assert_true(str_equal((struct str){signature, 64}, expected));
    assert_true(str_equal(parts.signature, expected));
    check_signing(vector, &parts, secret, authorization);
}

static void public_vectors(void **state)
{
    struct str root = vectors_dir();
    size_t count = 0;

    (void)state;
    DIR *dir = opendir(root.ptr);
    if (dir == NULL) {
        print_message("skipped: %s is missing\n", root.ptr);
        skip();
    }
    for (const struct dirent *item = readdir(dir); item != NULL; item = readdir(dir)) {
        struct vector vector = {0};
        if (item->d_name[0] == '.' || item->d_type != DT_DIR)
            continue;
        (void)snprintf(vector.folder, sizeof(vector.folder), "%s/%s", root.ptr, item->d_name);
        check_vector(&vector);
        count++;
    }
    (void)closedir(dir);
    assert_int_equal(count, 38);
}

/* --- own cases --- */

static struct str canonical_of(const char *path, const char *query,
                               const struct sigv4_header *headers, size_t header_count,
                               const char *signed_headers)
{
    struct sigv4_request request = {
        .method = STR("GET"),
        .path = str_from(path),
        .query = str_from(query),
        .headers = headers,
        .header_count = header_count,
        .payload = sha256_of(STR("")),
        .is_path_encoded_twice = true,
    };
    struct str canonical = STR_ABSENT;
    enum code code = sigv4_canonical(&request, str_from(signed_headers), &arena, &canonical, NULL);

    assert_true((code == OK) == (canonical.ptr != NULL));
    assert_true(code == OK || code == ERR_INVALID);
    return canonical;
}

static struct str line_of(struct str text, size_t number)
{
    struct str line = STR_ABSENT;

    for (size_t i = 0; i <= number; i++)
        line = str_cut(&text, '\n');
    return line;
}

static const struct sigv4_header host = {{"Host", 4}, {"h", 1}};

static void paths(void **state)
{
    static const struct {
        const char *path;
        const char *expected;
    } cases[] = {
        {"", "/"},
        {"/", "/"},
        {"/FeatureGroup/a%2Fb", "/FeatureGroup/a%252Fb"},
        {"/FeatureGroup/a%2fb", "/FeatureGroup/a%252fb"},
        {"//a/./b/../c", "//a/./b/../c"},
        {"/a b!'()*~-_.", "/a%20b%21%27%28%29%2A~-_."},
        {"/\xe1\x88\xb4", "/%E1%88%B4"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct str canonical = canonical_of(cases[i].path, "", &host, 1, "host");
        assert_true(str_equal(line_of(canonical, 1), str_from(cases[i].expected)));
    }
}

static void paths_normalized(void **state)
{
    static const char *const cases[][2] = {
        {"abc", "/abc"},       {"a/", "/a/"},        {"..", "/"},         {"/../..", "/"},
        {"/a/..", "/"},        {"/a/../b", "/b"},    {"/a/b/../", "/a/"}, {"//", "/"},
        {"/./a//b/", "/a/b/"}, {"/a/./../b/.", "/b"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct sigv4_request request = {.method = STR("GET"),
                                        .path = str_from(cases[i][0]),
                                        .headers = &host,
                                        .header_count = 1,
                                        .is_path_normalized = true};
        struct str canonical;
        assert_int_equal(sigv4_canonical(&request, STR("host"), &arena, &canonical, NULL), OK);
        if (!str_equal(line_of(canonical, 1), str_from(cases[i][1])))
            fail_msg("%s", cases[i][0]);
    }
}

static void paths_encoded_once(void **state)
{
    struct sigv4_request request = {.method = STR("GET"),
                                    .path = STR("/bucket/a%20b/../c%2F"),
                                    .query = STR(""),
                                    .headers = &host,
                                    .header_count = 1};
    struct str canonical;

    (void)state;
    assert_int_equal(sigv4_canonical(&request, STR("host"), &arena, &canonical, NULL), OK);
    assert_true(str_equal(line_of(canonical, 1), STR("/bucket/a%20b/../c%2F")));
}

static void queries(void **state)
{
    static const struct {
        const char *query;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"b=2&a=1", "a=1&b=2"},
        {"a=2&a=1&a", "a=&a=1&a=2"},
        {"a-b=1&a=1", "a=1&a-b=1"},
        {"a=b=c", "a=b%3Dc"},
        {"a=1&&b=2&", "a=1&b=2"},
        {"a=%4a&b=%4A", "a=%4a&b=%4A"},
        {"a=%4&b=%zz&c=%", "a=%254&b=%25zz&c=%25"},
        {"a=b c+d", "a=b%20c%2Bd"},
        {"FeatureName=f2&FeatureName=f1", "FeatureName=f1&FeatureName=f2"},
        {"\xe1\x88\xb4=x", "%E1%88%B4=x"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct str canonical = canonical_of("/", cases[i].query, &host, 1, "host");
        if (!str_equal(line_of(canonical, 2), str_from(cases[i].expected)))
            fail_msg("%s", cases[i].query);
    }
}

/* The longest text that each part can make of what comes in stays inside the block (ASan). */
static void sizes_at_their_worst(void **state)
{
    char text[2049];

    (void)state;
    memset(text, '\xff', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_non_null(canonical_of(text, text, &host, 1, "host").ptr);
    for (size_t i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "a&", 2);
    assert_non_null(canonical_of("/", text, &host, 1, "host").ptr);
    memset(text, '&', sizeof(text) - 1);
    assert_non_null(canonical_of("/", text, &host, 1, "host").ptr);
    memset(text, '=', sizeof(text) - 1);
    assert_non_null(canonical_of("/", text, &host, 1, "host").ptr);
}

static void headers(void **state)
{
    const struct sigv4_header list[] = {
        {STR("HOST"), STR("h")}, {STR("X-B"), STR("  two   words\there  ")},
        {STR("x-b"), STR("")},   {STR("x-not-signed"), STR("v")},
        {STR("x-B"), STR(" ")},
    };

    (void)state;
    struct str canonical = canonical_of("/", "", list, ARRAY_COUNT(list), "host;x-b");
    assert_true(str_equal(line_of(canonical, 3), STR("host:h")));
    assert_true(str_equal(line_of(canonical, 4), STR("x-b:two words\there,,")));
    assert_true(str_equal(line_of(canonical, 5), STR("")));
    assert_true(str_equal(line_of(canonical, 6), STR("host;x-b")));
}

static void signed_header_lists(void **state)
{
    static const char *const bad[] = {
        "",       "host;",          ";host",  "host;;x",    "x;host",     "host;host", "Host",
        "host x", "host;x-missing", "host\n", "host:x;x-y", "host,x-amz", "h\x80st"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        if (canonical_of("/", "", &host, 1, bad[i]).ptr != NULL)
            fail_msg("'%s' must be refused", bad[i]);
    }
}

static void authorization_parts(void **state)
{
    struct sigv4_authorization parts;

    (void)state;
    assert_int_equal(sigv4_authorization_parse(STR("AWS4-HMAC-SHA256  SignedHeaders=host,Signature="
                                                   "ab,   Credential=A/20260101/r/s/aws4_request"),
                                               &parts, NULL),
                     OK);
    assert_true(str_equal(parts.access_key, STR("A")));
    assert_true(str_equal(parts.scope.date, STR("20260101")));
    assert_true(str_equal(parts.scope.region, STR("r")));
    assert_true(str_equal(parts.scope.service, STR("s")));
    assert_true(str_equal(parts.signed_headers, STR("host")));
    assert_true(str_equal(parts.signature, STR("ab")));
}

static void authorization_refused(void **state)
{
#define GOOD_CREDENTIAL "Credential=A/20260101/r/s/aws4_request"
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "Authorization header requires the algorithm 'AWS4-HMAC-SHA256'."},
        {"Bearer abc", "Authorization header requires the algorithm 'AWS4-HMAC-SHA256'."},
        {"aws4-hmac-sha256 " GOOD_CREDENTIAL ", SignedHeaders=host, Signature=ab",
         "Authorization header requires the algorithm 'AWS4-HMAC-SHA256'."},
        {"AWS4-HMAC-SHA256 ", "Authorization header has an unknown or repeated parameter ''."},
        {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ", SignedHeaders=host",
         "Authorization header requires 'Signature' parameter."},
        {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ", SignedHeaders=host, Signature=",
         "Authorization header requires 'Signature' parameter."},
        {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ", Signature=ab",
         "Authorization header requires 'SignedHeaders' parameter."},
        {"AWS4-HMAC-SHA256 SignedHeaders=host, Signature=ab",
         "Authorization header requires 'Credential' parameter."},
        {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ", " GOOD_CREDENTIAL ", Signature=ab",
         "Authorization header has an unknown or repeated parameter 'Credential'."},
        {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ",\tSignature=ab",
         "Authorization header has an unknown or repeated parameter '\tSignature'."},
        {"AWS4-HMAC-SHA256 Credential=A/B/C/D, SignedHeaders=host, Signature=ab",
         "Credential must have exactly 5 slash-delimited elements, e.g. "
         "keyid/date/region/service/term, got 'A/B/C/D'"},
        {"AWS4-HMAC-SHA256 Credential=A/B/C/D/aws4_request/, SignedHeaders=host, Signature=ab",
         "Credential must have exactly 5 slash-delimited elements, e.g. "
         "keyid/date/region/service/term, got 'A/B/C/D/aws4_request/'"},
        {"AWS4-HMAC-SHA256 Credential=/B/C/D/aws4_request, SignedHeaders=host, Signature=ab",
         "Credential must have exactly 5 slash-delimited elements, e.g. "
         "keyid/date/region/service/term, got '/B/C/D/aws4_request'"},
        {"AWS4-HMAC-SHA256 Credential=A/B/C/D/aws5_request, SignedHeaders=host, Signature=ab",
         "Credential should be scoped with a valid terminator: 'aws4_request', not "
         "'aws5_request'."},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct sigv4_authorization parts;
        struct err err;
        assert_int_equal(sigv4_authorization_parse(str_from(cases[i].text), &parts, &err),
                         ERR_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void long_secrets(void **state)
{
    static char secret[5000];
    struct sigv4_scope scope = {STR("20260101"), STR("r"), STR("s")};

    (void)state;
    memset(secret, 's', sizeof(secret));
    struct sha256 one = sigv4_key((struct str){secret, sizeof(secret)}, &scope);
    struct sha256 other = sigv4_key((struct str){secret, sizeof(secret) - 1}, &scope);
    assert_memory_not_equal(&one, &other, sizeof(one));
}

static void signing_needs_a_date(void **state)
{
    struct sigv4_request request = {.method = STR("GET"),
                                    .path = STR("/"),
                                    .headers = &host,
                                    .header_count = 1,
                                    .is_path_encoded_twice = true};
    struct sigv4_scope scope = {STR("20260101"), STR("r"), STR("s")};
    struct sigv4_keys keys = {STR("A"), STR("B")};
    struct str authorization = STR_ABSENT;
    struct err err;

    (void)state;
    assert_int_equal(sigv4_sign(&request, &keys, &scope, &arena, &authorization, &err),
                     ERR_INVALID);
    assert_null(authorization.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_vectors),
        cmocka_unit_test(paths),
        cmocka_unit_test(paths_normalized),
        cmocka_unit_test(paths_encoded_once),
        cmocka_unit_test(queries),
        cmocka_unit_test(sizes_at_their_worst),
        cmocka_unit_test(headers),
        cmocka_unit_test(signed_header_lists),
        cmocka_unit_test(authorization_parts),
        cmocka_unit_test(authorization_refused),
        cmocka_unit_test(long_secrets),
        cmocka_unit_test(signing_needs_a_date),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
