/*
 * The framing parser. The input ends at a page that may not be touched, is parsed at once and then
 * byte by byte, and both must agree; a second request behind the first is parsed too.
 */
#include "net/http.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { INPUT_BYTES_MAX = 128 * 1024, BODY_BYTES_MAX = 4096 };

static char *guarded; /* its last byte lies before a forbidden page */

static void guarded_make(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, INPUT_BYTES_MAX + page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory + INPUT_BYTES_MAX, page, PROT_NONE) != 0)
        abort();
    guarded = memory + INPUT_BYTES_MAX;
}

static enum http_step parse(struct http_parser *parser, char *input, size_t *len)
{
    enum http_step step = http_parse(parser, input, len);

    if (step == HTTP_HEAD_DONE) {
        parser->body_bytes_max = BODY_BYTES_MAX;
        step = http_parse(parser, input, len);
    }
    return step;
}

static void check_view(const struct http_parser *parser, const char *input, size_t len)
{
    struct http_header headers[LIMIT_HTTP_HEADERS];
    struct http_request request;

    http_view(parser, input, headers, &request);
    assert(request.body.len <= BODY_BYTES_MAX);
    assert(request.body.ptr + request.body.len <= input + len);
    assert(request.path.len > 0 && request.method_text.len > 0);
    for (size_t i = 0; i < request.header_count; i++) {
        const struct http_header *header = &headers[i];
        assert(header->name.len > 0 && header->value.ptr + header->value.len <= input + len);
        for (size_t k = 0; k < header->value.len; k++)
            assert(header->value.ptr[k] != '\r' && header->value.ptr[k] != '\n' &&
                   header->value.ptr[k] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_parser whole;
    static struct http_parser pieces;
    static char input[INPUT_BYTES_MAX];
    size_t rest = size;

    if (guarded == NULL)
        guarded_make();
    if (size > INPUT_BYTES_MAX)
        return 0;
    while (rest > 0) {
        char *at = guarded - rest;
        size_t len = rest;
        memcpy(at, data + (size - rest), rest);
        http_parser_init(&whole);
        enum http_step step = parse(&whole, at, &len);

        http_parser_init(&pieces);
        size_t filled = 0;
        size_t given = 0;
        enum http_step piece_step = HTTP_MORE;
        while (piece_step == HTTP_MORE && given < rest) {
            input[filled++] = (char)data[size - rest + given++];
            piece_step = parse(&pieces, input, &filled);
        }
        assert(step == piece_step && whole.refused_status == pieces.refused_status);
        if (step != HTTP_DONE)
            break;
        check_view(&whole, at, len);
        check_view(&pieces, input, filled);
        assert(whole.body_end - whole.head_bytes == pieces.body_end - pieces.head_bytes);
        assert(memcmp(at + whole.head_bytes, input + pieces.head_bytes,
                      whole.body_end - whole.head_bytes) == 0);
        assert(whole.consumed == given && whole.consumed > 0);
        rest -= whole.consumed;
    }
    return 0;
}
