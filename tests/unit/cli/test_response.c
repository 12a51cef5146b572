/* HTTP responses: heads, the three framings, and the same outcome however the bytes are cut. */
#include "unit/test.h"

#include "cli/response.h"

static enum response_step parse(const char *text, struct response_head *head, size_t *bytes)
{
    return response_head(str_from(text), head, bytes);
}

static void heads(void **state)
{
    struct response_head head;
    size_t bytes = 0;

    (void)state;
    assert_int_equal(parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type:  a/b \r\n"
                           "x-amzn-RequestId: r-1\r\n\r\nhello",
                           &head, &bytes),
                     RESPONSE_DONE);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.framing, RESPONSE_COUNTED);
    assert_int_equal(head.length, 5);
    assert_int_equal(bytes, 82);
    assert_false(head.is_closing);
    assert_true(str_equal(head.content_type, STR("a/b")));
    assert_true(str_equal(head.request_id, STR("r-1")));
    assert_true(str_is_absent(head.error_type));
    assert_int_equal(parse("HTTP/1.1 400\r\nX-Amzn-ErrorType: ValidationError:http://x/\r\n"
                           "Connection: close\r\n\r\n",
                           &head, &bytes),
                     RESPONSE_DONE);
    assert_int_equal(head.status, 400);
    assert_int_equal(head.framing, RESPONSE_TO_END);
    assert_true(head.is_closing);
    assert_true(str_equal(head.error_type, STR("ValidationError:http://x/")));
    assert_int_equal(parse("HTTP/1.0 204 None\nTransfer-Encoding: chunked\n\n", &head, &bytes),
                     RESPONSE_DONE);
    assert_int_equal(head.framing, RESPONSE_NO_BODY);
    assert_true(head.is_closing);
    assert_int_equal(parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &head, &bytes),
                     RESPONSE_DONE);
    assert_int_equal(head.framing, RESPONSE_NO_BODY);
    assert_int_equal(parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", &head, &bytes),
                     RESPONSE_DONE);
    assert_int_equal(head.status, 100);
    assert_int_equal(bytes, 25);
}

static void an_unfinished_head_wants_more(void **state)
{
    const char *whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    struct response_head head;
    size_t bytes;

    (void)state;
    for (size_t len = 0; len < strlen(whole); len++)
        assert_int_equal(response_head((struct str){whole, len}, &head, &bytes), RESPONSE_MORE);
}

static void bad_heads(void **state)
{
    static const char *const texts[] = {
        "HTTP/2 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    };
    struct response_head head;
    size_t bytes;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (parse(texts[i], &head, &bytes) != RESPONSE_BAD)
            fail_msg("took '%s'", texts[i]);
    }
}

static void an_endless_head_is_bad(void **state)
{
    struct response_head head;
    struct buf buf;
    size_t bytes;

    (void)state;
    buf_init(&buf, 0);
    buf_add(&buf, STR("HTTP/1.1 200 OK\r\n"));
    while (buf.len <= RESPONSE_HEAD_BYTES_MAX)
        buf_add(&buf, STR("A: b\r\n"));
    assert_int_equal(response_head(buf_str(&buf), &head, &bytes), RESPONSE_BAD);
    buf_release(&buf);
}

/* Feeds the text in pieces of `step` bytes; returns how it ended and collects the body. */
static enum response_step feed(struct response_head head, struct str text, size_t step,
                               struct buf *out)
{
    struct response_body body;
    enum response_step result = RESPONSE_MORE;

    response_body_init(&body, &head);
    buf_clear(out);
    for (size_t at = 0; at <= text.len && result == RESPONSE_MORE; at += step) {
        struct str input = str_slice(text, at, size_min(at + step, text.len));
        do {
            struct str piece;
            result = response_body_take(&body, &input, &piece);
            buf_add(out, piece);
        } while (input.len > 0 && result == RESPONSE_MORE);
    }
    return result;
}

static void chunked_bodies_however_they_are_cut(void **state)
{
    static const struct {
        const char *text, *body;
        enum response_step end;
    } cases[] = {
        {"5\r\nhello\r\n0\r\n\r\n", "hello", RESPONSE_DONE},
        {"5\nhello\n0\n\n", "hello", RESPONSE_DONE},
        {"1\r\na\r\n00A;x=\"y\"\r\n0123456789\r\n0;e\r\nTrailer: t\r\nB: c\r\n\r\n", "a0123456789",
         RESPONSE_DONE},
        {"0\r\n\r\n", "", RESPONSE_DONE},
        {"3\r\nabc\r\n", "abc", RESPONSE_MORE},
        {"\r\n", "", RESPONSE_BAD},
        {"g\r\n", "", RESPONSE_BAD},
        {";x\r\n", "", RESPONSE_BAD},
        {"-1\r\n", "", RESPONSE_BAD},
        {"3\r\nabcd\r\n", "abc", RESPONSE_BAD},
        {"1111111111111111\r\n", "", RESPONSE_BAD},
    };
    const struct response_head head = {.status = 200, .framing = RESPONSE_CHUNKED};
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        for (size_t step = 1; step <= strlen(cases[i].text) + 1; step++) {
            if (feed(head, str_from(cases[i].text), step, &out) != cases[i].end)
                fail_msg("'%s' by %zu", cases[i].text, step);
            assert_true(str_equal(buf_str(&out), str_from(cases[i].body)));
        }
    }
    buf_release(&out);
}

static void counted_and_open_bodies(void **state)
{
    struct response_head head = {.status = 200, .framing = RESPONSE_COUNTED, .length = 5};
    struct response_body body;
    struct str input = STR("helloHTTP");
    struct str piece;
    struct buf out;

    (void)state;
    response_body_init(&body, &head);
    assert_int_equal(response_body_take(&body, &input, &piece), RESPONSE_DONE);
    assert_true(str_equal(piece, STR("hello")));
    assert_true(str_equal(input, STR("HTTP"))); /* of the next response */
    buf_init(&out, 0);
    for (size_t step = 1; step < 7; step++) {
        assert_int_equal(feed(head, STR("hello"), step, &out), RESPONSE_DONE);
        assert_true(str_equal(buf_str(&out), STR("hello")));
    }
    assert_int_equal(feed(head, STR("hell"), 2, &out), RESPONSE_MORE);
    head.framing = RESPONSE_TO_END;
    assert_int_equal(feed(head, STR("all of it"), 2, &out), RESPONSE_MORE);
    assert_true(str_equal(buf_str(&out), STR("all of it")));
    head.framing = RESPONSE_NO_BODY;
    assert_int_equal(feed(head, STR(""), 1, &out), RESPONSE_DONE);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(an_unfinished_head_wants_more),
        cmocka_unit_test(bad_heads),
        cmocka_unit_test(an_endless_head_is_bad),
        cmocka_unit_test(chunked_bodies_however_they_are_cut),
        cmocka_unit_test(counted_and_open_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
