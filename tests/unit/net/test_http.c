/* The framing parser: what is refused, what is read, and that pieces do not matter. */
#include "unit/test.h"

#include "net/http.h"

#include <stdlib.h>

enum { INPUT_BYTES_MAX = 64 * 1024 };

struct result {
    enum http_step step;
    int status;
    size_t consumed;
    struct http_request request;
    struct http_header headers[LIMIT_HTTP_HEADERS];
    struct http_parser parser;
    char input[INPUT_BYTES_MAX];
    size_t len;
};

/* Feeds `text` in pieces of `piece` bytes; the body limit is 1000 bytes. */
static void feed(struct result *result, struct str text, size_t piece)
{
    size_t given = 0;

    assert_true(text.len <= INPUT_BYTES_MAX);
    http_parser_init(&result->parser);
    result->len = 0;
    result->step = HTTP_MORE;
    while (result->step == HTTP_MORE && given < text.len) {
        size_t count = size_min(piece, text.len - given);
        memcpy(result->input + result->len, text.ptr + given, count);
        result->len += count;
        given += count;
        result->step = http_parse(&result->parser, result->input, &result->len);
        if (result->step == HTTP_HEAD_DONE) {
            result->parser.body_bytes_max = 1000;
            result->step = http_parse(&result->parser, result->input, &result->len);
        }
    }
    result->status = result->parser.refused_status;
    result->consumed = result->parser.consumed + (text.len - given);
    if (result->step == HTTP_DONE)
        http_view(&result->parser, result->input, result->headers, &result->request);
}

static void assert_text(struct str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static struct result *whole(const char *text)
{
    struct result *result = calloc(1, sizeof(*result));

    assert_non_null(result);
    feed(result, str_from(text), strlen(text));
    return result;
}

static void reads_a_request(void **state)
{
    (void)state;
    struct result *r = whole("PUT /FeatureGroup/a%2Fb?x=1&y=%20 HTTP/1.1\r\nHost: h:7878\r\n"
                             "Content-Length: 5\r\nX-Empty:\r\nx-amz-date: \t 2026 07 \t\r\n\r\n"
                             "helloGET / HTTP/1.1\r\n");

    assert_int_equal(r->step, HTTP_DONE);
    assert_int_equal(r->request.method, HTTP_PUT);
    assert_text(r->request.method_text, "PUT");
    assert_text(r->request.target, "/FeatureGroup/a%2Fb?x=1&y=%20");
    assert_text(r->request.path, "/FeatureGroup/a%2Fb");
    assert_text(r->request.query, "x=1&y=%20");
    assert_text(r->request.body, "hello");
    assert_int_equal(r->request.header_count, 4);
    assert_text(http_header(&r->request, STR("X-AMZ-DATE"), NULL), "2026 07");
    assert_text(http_header(&r->request, STR("x-empty"), NULL), "");
    assert_true(str_is_absent(http_header(&r->request, STR("absent"), NULL)));
    assert_true(r->request.is_keep_alive);
    assert_false(r->request.is_http_1_0);
    assert_int_equal(r->len - r->parser.consumed, strlen("GET / HTTP/1.1\r\n"));
    free(r);
}

static void repeated_header_is_ambiguous(void **state)
{
    (void)state;
    struct result *r = whole("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\na: 2\r\n\r\n");
    size_t count = 0;

    assert_int_equal(r->step, HTTP_DONE);
    assert_true(str_is_absent(http_header(&r->request, STR("A"), &count)));
    assert_int_equal(count, 2);
    assert_text(r->request.query, "");
    free(r);
}

static void decodes_chunks(void **state)
{
    (void)state;
    struct result *r = whole("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                             "5\r\nhello\r\n00A;name=\"v\"\r\n 0123456789\r\n"
                             "0\r\nTrailer: x\r\n\r\nREST");

    assert_int_equal(r->step, HTTP_REFUSED); /* "00A" is ten bytes, eleven came */
    free(r);
    r = whole("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
              "5\r\nhello\r\n00A;name=\"v\"\r\n012345678\n\r\n"
              "0\r\nTrailer: x\r\n\r\nREST");
    assert_int_equal(r->step, HTTP_DONE);
    assert_text(r->request.body, "hello012345678\n");
    assert_memory_equal(r->input + r->parser.consumed, "REST", 4);
    assert_int_equal(r->len - r->parser.consumed, 4);
    free(r);
}

static void keeps_alive_as_asked(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: te , Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct result *r = whole(cases[i].text);
        assert_int_equal(r->step, HTTP_DONE);
        assert_int_equal(r->request.is_keep_alive, cases[i].is_keep_alive);
        free(r);
    }
}

static void expects_continue(void **state)
{
    (void)state;
    struct result *r = whole("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n\r\n");

    assert_true(r->request.is_continue_expected);
    free(r);
    r = whole("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(r->step, HTTP_DONE);
    assert_false(r->request.is_continue_expected);
    free(r);
}

/* status 0: accepted. */
struct verdict {
    int status;
    const char *text;
};

#define HEAD "POST / HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static const struct verdict verdicts[] = {
    /* request lines */
    {0, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {0, "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/1.1\nHost: h\r\n\r\n"},
    {400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET /  HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET /\r\nHost: h\r\n\r\n"},
    {400, "GET\r\nHost: h\r\n\r\n"},
    {400, " GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"},
    {400, "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "G(T / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET / http/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/1\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/11\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/1.1.1\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/a.1\r\nHost: h\r\n\r\n"},
    {505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
    {505, "GET / HTTP/1.2\r\nHost: h\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {400, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET /a\x01 HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET /a\"b HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET a HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"},
    {0, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"},
    {0, "GET http://h:80/a?b HTTP/1.1\r\nHost: H:80\r\n\r\n"},
    {0, "GET HTTPS://h/a HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET http://h/a HTTP/1.1\r\nHost: other\r\n\r\n"},
    {400, "GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET http://u@h/a HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET ftp://h/a HTTP/1.1\r\nHost: h\r\n\r\n"},
    {400, "GET http://h/a HTTP/1.0\r\n\r\n"},
    {400, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\nHost: h\r\n\r\n"},
    /* Host */
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"},
    {0, "GET / HTTP/1.0\r\n\r\n"},
    /* header lines */
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA : 1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\n: 1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n 2\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n\t2\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA: 1\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA: 1\rB: 2\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\n\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA: \x07\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA: 12345678\x7f\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA\xc3: 1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: h\r\nA(: 1\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\nHost: h\r\nA: \xc3\xa9\ttab\r\n\r\n"},
    /* Content-Length */
    {0, HEAD "Content-Length: 3\r\n\r\nabc"},
    {0, HEAD "Content-Length: 0003\r\n\r\nabc"},
    {0, HEAD "Content-Length: 000000000000000000000000000000000003\r\n\r\nabc"},
    {400, HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
    {400, HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"},
    {400, HEAD "Content-Length: 3, 3\r\n\r\nabc"},
    {400, HEAD "Content-Length: +3\r\n\r\nabc"},
    {400, HEAD "Content-Length: -3\r\n\r\nabc"},
    {400, HEAD "Content-Length: 0x3\r\n\r\nabc"},
    {400, HEAD "Content-Length: 3a\r\n\r\nabc"},
    {400, HEAD "Content-Length: 3 4\r\n\r\nabc"},
    {400, HEAD "Content-Length:\r\n\r\nabc"},
    {400, HEAD "Content-Length: 3.0\r\n\r\nabc"},
    {400, HEAD "Content-Length: \xc2\xb2\r\n\r\nabc"},
    {0, HEAD "Content-Length: 0\r\n\r\n"},
    {413, HEAD "Content-Length: 1001\r\n\r\n"},
    {413, HEAD "Content-Length: 9223372036854775808\r\n\r\n"},
    {413, HEAD "Content-Length: 99999999999999999999999999999999\r\n\r\n"},
    /* Transfer-Encoding */
    {0, CHUNKED "0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding: \x0b"
               "chunked\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
    {400, HEAD "Transfer-Encoding:\r\n\r\n0\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {417, HEAD "Expect: the-unexpected\r\n\r\n"},
    /* chunks */
    {0, CHUNKED "a\r\n0123456789\r\n0\r\n\r\n"},
    {0, CHUNKED "000000000000001\r\nx\r\n0000000000000000\r\n\r\n"},
    {413, CHUNKED "00000000000000001\r\nx\r\n0\r\n\r\n"},
    {413, CHUNKED "ffffffffffffffff\r\nx\r\n0\r\n\r\n"},
    {413, CHUNKED "3e9\r\n"},
    {400, CHUNKED "\r\n0\r\n\r\n"},
    {400, CHUNKED "+1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "0x1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "-1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED " 1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1 \r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1\rx\r\n0\r\n\r\n"},
    {400, CHUNKED "1\r\nxx\r\n0\r\n\r\n"},
    {400, CHUNKED "1\r\nx\n0\r\n\r\n"},
    {400, CHUNKED "1\r\nx0\r\n\r\n"},
    {400, CHUNKED "1\r\nx\r0\r\n\r\n"},
    {400, CHUNKED "0\r\n\n"},
    {400, CHUNKED "0\r\n\rX"},
    {0, CHUNKED "1;a=b;c=\"d\"\r\nx\r\n0;e\r\n\r\n"},
    {400, CHUNKED "1;a\nb\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1;a\x01\r\nx\r\n0\r\n\r\n"},
    {0, CHUNKED "0\r\nA: b\r\nC:\r\n\r\n"},
    {400, CHUNKED "0\r\nA b\r\n\r\n"},
    {400, CHUNKED "0\r\n A: b\r\n\r\n"},
    {400, CHUNKED "0\r\n: b\r\n\r\n"},
    {400, CHUNKED "0\r\nA: b\n\r\n"},
    {400, CHUNKED "0\r\nA: \x02\r\n\r\n"},
};

static void hostile_requests_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(verdicts); i++) {
        struct result *r = whole(verdicts[i].text);
        if (r->status != verdicts[i].status || (r->status == 0) != (r->step == HTTP_DONE))
            print_message("case %zu: %d, expected %d (%s): %s\n", i, r->status, verdicts[i].status,
                          r->parser.refused_reason == NULL ? "" : r->parser.refused_reason,
                          verdicts[i].text);
        assert_int_equal(r->status, verdicts[i].status);
        assert_int_equal(r->step, r->status == 0 ? HTTP_DONE : HTTP_REFUSED);
        free(r);
    }
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    const struct str texts[] = {
        STR("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHo\0st: h\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n"),
        STR(CHUNKED "1;\0\r\nx\r\n0\r\n\r\n"),
        STR(CHUNKED "0\r\nA: \0\r\n\r\n"),
    };
    struct result *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        feed(r, texts[i], texts[i].len);
        assert_int_equal(r->status, 400);
    }
    free(r);
}

/* The same bytes in pieces of any size give the same verdict, the same views, the same rest. */
static void pieces_do_not_matter(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 7, 64};
    struct result *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    for (size_t i = 0; i < ARRAY_COUNT(verdicts); i++) {
        struct result *expected = whole(verdicts[i].text);
        for (size_t p = 0; p < ARRAY_COUNT(pieces); p++) {
            feed(r, str_from(verdicts[i].text), pieces[p]);
            assert_int_equal(r->step, expected->step);
            assert_int_equal(r->status, expected->status);
            if (r->step != HTTP_DONE)
                continue;
            assert_true(str_equal(r->request.body, expected->request.body));
            assert_true(str_equal(r->request.target, expected->request.target));
            assert_int_equal(r->request.header_count, expected->request.header_count);
        }
        free(expected);
    }
    free(r);
}

static char *repeat(char *at, char byte, size_t count)
{
    memset(at, byte, count);
    return at + count;
}

static char *append(char *at, const char *text)
{
    memcpy(at, text, strlen(text));
    return at + strlen(text);
}

static int status_of(const char *text, size_t len, size_t piece)
{
    struct result *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    feed(r, (struct str){text, len}, piece);
    int status = r->step == HTTP_MORE ? -1 : r->status;
    free(r);
    return status;
}

static int status_both(const char *text, size_t len)
{
    int status = status_of(text, len, len);

    assert_int_equal(status, status_of(text, len, 1));
    return status;
}

static void sizes_are_limited(void **state)
{
    (void)state;
    static char text[INPUT_BYTES_MAX];
    char *at = append(text, "GET /");

    at = repeat(at, 'a', LIMIT_HTTP_URI_BYTES - 1);
    at = append(at, " HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(status_both(text, (size_t)(at - text)), 0);
    at = append(text, "GET /");
    at = repeat(at, 'a', LIMIT_HTTP_URI_BYTES);
    at = append(at, " HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(status_both(text, (size_t)(at - text)), 414);
    at = repeat(text, 'a', INPUT_BYTES_MAX); /* no end of line in sight */
    assert_int_equal(status_of(text, INPUT_BYTES_MAX, 1), 414);
    at = append(text, "GET / HTTP/1.1\r\nHost: h\r\nA: ");
    repeat(at, 'a', (size_t)(text + INPUT_BYTES_MAX - at));
    assert_int_equal(status_both(text, INPUT_BYTES_MAX), 431);
    /* A header block of exactly the limit, then one byte more. */
    for (size_t over = 0; over < 2; over++) {
        at = append(text, "GET / HTTP/1.1\r\n");
        char *block = at;
        at = append(at, "Host: h\r\nA: ");
        at = repeat(at, 'a', LIMIT_HTTP_HEADER_BYTES - (size_t)(at - block) - 4 + over);
        at = append(at, "\r\n\r\n");
        assert_int_equal(status_both(text, (size_t)(at - text)), over == 0 ? 0 : 431);
    }
    for (size_t count = LIMIT_HTTP_HEADERS - 1; count <= LIMIT_HTTP_HEADERS; count++) {
        at = append(text, "GET / HTTP/1.1\r\nHost: h\r\n");
        for (size_t i = 0; i < count; i++)
            at = append(at, "A: b\r\n");
        at = append(at, "\r\n");
        assert_int_equal(status_both(text, (size_t)(at - text)),
                         count < LIMIT_HTTP_HEADERS ? 0 : 431);
    }
}

static void chunk_overhead_is_limited(void **state)
{
    (void)state;
    static char text[INPUT_BYTES_MAX];

    for (size_t over = 0; over < 2; over++) {
        char *at = append(text, CHUNKED "1;");
        at = repeat(at, 'e', LIMIT_HTTP_CHUNK_EXTENSION + over);
        at = append(at, "\r\nx\r\n0\r\n\r\n");
        assert_int_equal(status_both(text, (size_t)(at - text)), over == 0 ? 0 : 400);
    }
    char *at = append(text, CHUNKED);
    for (size_t i = 0; i < 70; i++) {
        at = append(at, "1;");
        at = repeat(at, 'e', LIMIT_HTTP_CHUNK_EXTENSION);
        at = append(at, "\r\nx\r\n");
    }
    assert_int_equal(status_both(text, (size_t)(at - text)), 431);
    at = append(text, CHUNKED "0\r\n");
    for (size_t i = 0; i < 3000; i++)
        at = append(at, "Trailer: x\r\n");
    assert_int_equal(status_both(text, (size_t)(at - text)), 431);
}

static void body_limit_is_for_the_decoded_body(void **state)
{
    (void)state;
    static char text[INPUT_BYTES_MAX];

    for (size_t over = 0; over < 2; over++) {
        char *at = append(text, CHUNKED);
        for (size_t i = 0; i < 1000 + over; i++)
            at = append(at, "1\r\nx\r\n");
        at = append(at, "0\r\n\r\n");
        assert_int_equal(status_both(text, (size_t)(at - text)), over == 0 ? 0 : 413);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_request),
        cmocka_unit_test(repeated_header_is_ambiguous),
        cmocka_unit_test(decodes_chunks),
        cmocka_unit_test(keeps_alive_as_asked),
        cmocka_unit_test(expects_continue),
        cmocka_unit_test(hostile_requests_are_refused),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(chunk_overhead_is_limited),
        cmocka_unit_test(body_limit_is_for_the_decoded_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
