/* The head of a response, byte for byte. */
#include "unit/test.h"

#include "net/http.h"

static void assert_head(const struct http_response *response, bool is_closing, bool is_http_1_0,
                        const char *expected)
{
    struct buf out;

    buf_init(&out, 0);
    http_response_head(response, "Sun, 06 Nov 1994 08:49:37 GMT", is_closing, is_http_1_0, &out);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.ptr, expected, out.len);
    buf_release(&out);
}

static void writes_dates(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-5, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_C(784111777999999), "Sun, 06 Nov 1994 08:49:37 GMT"},
        {INT64_C(951782400000000), "Tue, 29 Feb 2000 00:00:00 GMT"},
        {INT64_C(253402300799000000), "Fri, 31 Dec 9999 23:59:59 GMT"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char date[HTTP_DATE_BYTES];
        http_date(cases[i].us, date);
        assert_string_equal(date, cases[i].text);
    }
}

static void writes_heads(void **state)
{
    (void)state;
    struct http_response response = {.status = 200, .file = -1};

    buf_init(&response.body, 0);
    buf_init(&response.headers, 0);
    assert_head(&response, false, false,
                "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                "Content-Length: 0\r\n\r\n");
    response.content_type = STR("application/json");
    buf_add(&response.body, STR("{\"a\":1}"));
    buf_add(&response.headers, STR("x-amzn-RequestId: 1\r\n"));
    response.status = 404;
    assert_head(&response, true, false,
                "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                "Content-Type: application/json\r\nContent-Length: 7\r\nConnection: close\r\n"
                "x-amzn-RequestId: 1\r\n\r\n");
    response.file = 3;
    response.file_bytes = UINT64_C(12345678901);
    buf_clear(&response.headers);
    assert_head(&response, false, true,
                "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                "Content-Type: application/json\r\nContent-Length: 12345678901\r\n"
                "Connection: keep-alive\r\n\r\n");
    buf_release(&response.body);
    buf_release(&response.headers);
}

static void names_every_status(void **state)
{
    (void)state;
    static const int statuses[] = {200, 400, 401, 403, 404, 405, 408, 409, 413,
                                   414, 417, 429, 431, 500, 501, 503, 505, 507};

    for (size_t i = 0; i < ARRAY_COUNT(statuses); i++)
        assert_string_not_equal(http_status_text(statuses[i]), "Unknown");
    assert_string_equal(http_status_text(299), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_dates),
        cmocka_unit_test(writes_heads),
        cmocka_unit_test(names_every_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
