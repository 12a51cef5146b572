/*
 * HTTP responses as the client reads them: whole and byte by byte must end the same, with the same
 * body.
 */
#include "cli/response.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum response_step read_body(const struct response_head *head, struct str input, size_t step,
                                    struct buf *out)
{
    struct response_body body;
    enum response_step result = RESPONSE_MORE;
    size_t at = 0;

    response_body_init(&body, head);
    buf_clear(out);
    while (result == RESPONSE_MORE && at <= input.len) {
        struct str part = str_slice(input, at, size_min(at + step, input.len));
        size_t before = part.len;
        struct str piece;
        result = response_body_take(&body, &part, &piece);
        buf_add(out, piece);
        at += before - part.len;
        if (before == 0)
            break;
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = mem_new_array(size, 1);
    struct str text = {copy, size};
    struct response_head head;
    struct buf whole;
    struct buf pieces;
    size_t bytes;

    if (size > 0)
        memcpy(copy, data, size);
    buf_init(&whole, 0);
    buf_init(&pieces, 0);
    if (response_head(text, &head, &bytes) == RESPONSE_DONE) {
        assert(bytes <= size && head.status >= 100 && head.status < 600);
        struct str rest = str_slice(text, bytes, size);
        enum response_step a = read_body(&head, rest, SIZE_MAX / 2, &whole);
        enum response_step b = read_body(&head, rest, 1, &pieces);
        assert(a == b && str_equal(buf_str(&whole), buf_str(&pieces)));
        (void)a;
        (void)b;
    }
    buf_release(&whole);
    buf_release(&pieces);
    mem_free(copy);
    return 0;
}
