#include "cli/response.h"

enum { CHUNK_DIGITS_MAX = 15, TRAILER_BYTES_MAX = 16 * 1024, LINE_STATUS_MIN = 12 };

/* The line up to LF without CR LF, and *rest behind it; false when there is no whole line. */
static bool take_line(struct str *rest, struct str *ret)
{
    size_t end = str_find_byte(*rest, 0, '\n');

    if (end == rest->len)
        return false;
    struct str line = str_slice(*rest, 0, end);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    *ret = line;
    *rest = str_slice(*rest, end + 1, rest->len);
    return true;
}

/* "HTTP/1.1 200 OK" */
static bool read_status(struct str line, struct response_head *head)
{
    uint64_t status;

    if (line.len < LINE_STATUS_MIN || !str_starts(line, STR("HTTP/1.")) || line.ptr[8] != ' ' ||
        (line.len > LINE_STATUS_MIN && line.ptr[12] != ' '))
        return false;
    if (str_to_u64(str_slice(line, 9, 12), 599, &status, NULL) != OK || status < 100)
        return false;
    head->status = (int)status;
    head->is_closing = line.ptr[7] == '0';
    return true;
}

struct framing {
    bool has_length;
    bool is_chunked;
    uint64_t length;
};

static bool read_length(struct str value, struct framing *framing)
{
    uint64_t length;

    if (framing->has_length || str_to_u64(value, UINT64_MAX, &length, NULL) != OK)
        return false;
    framing->has_length = true;
    framing->length = length;
    return true;
}

static bool read_header(struct str line, struct response_head *head, struct framing *framing)
{
    size_t colon = str_find_byte(line, 0, ':');

    if (colon == 0 || colon == line.len || line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return false;
    struct str name = str_slice(line, 0, colon);
    struct str value = str_trim(str_slice(line, colon + 1, line.len));
    if (str_equal_nocase(name, STR("content-length")))
        return read_length(value, framing);
    if (str_equal_nocase(name, STR("transfer-encoding"))) {
        framing->is_chunked = true;
        return str_equal_nocase(value, STR("chunked"));
    }
    if (str_equal_nocase(name, STR("connection")))
        head->is_closing = head->is_closing || str_equal_nocase(value, STR("close"));
    else if (str_equal_nocase(name, STR("content-type")))
        head->content_type = value;
    else if (str_equal_nocase(name, STR("x-amzn-errortype")))
        head->error_type = value;
    else if (str_equal_nocase(name, STR("x-amzn-requestid")))
        head->request_id = value;
    return true;
}

/* False when both framings are claimed: one of the two readers on the way would be fooled. */
static bool settle_framing(const struct framing *framing, struct response_head *head)
{
    if (framing->has_length && framing->is_chunked)
        return false;
    head->length = framing->length;
    if (head->status < 200 || head->status == 204 || head->status == 304)
        head->framing = RESPONSE_NO_BODY;
    else if (framing->is_chunked)
        head->framing = RESPONSE_CHUNKED;
    else if (!framing->has_length)
        head->framing = RESPONSE_TO_END;
    else
        head->framing = framing->length == 0 ? RESPONSE_NO_BODY : RESPONSE_COUNTED;
    return true;
}

enum response_step response_head(struct str input, struct response_head *ret, size_t *ret_bytes)
{
    struct str rest = {input.ptr, size_min(input.len, RESPONSE_HEAD_BYTES_MAX)};
    enum response_step step = rest.len < input.len ? RESPONSE_BAD : RESPONSE_MORE;
    struct response_head head = {0};
    struct framing framing = {0};
    struct str line;

    if (!take_line(&rest, &line))
        return step;
    if (!read_status(line, &head))
        return RESPONSE_BAD;
    for (;;) {
        if (!take_line(&rest, &line))
            return step;
        if (line.len == 0)
            break;
        if (!read_header(line, &head, &framing))
            return RESPONSE_BAD;
    }
    if (!settle_framing(&framing, &head))
        return RESPONSE_BAD;
    *ret = head;
    *ret_bytes = (size_t)(rest.ptr - input.ptr);
    return RESPONSE_DONE;
}

/* Of a chunked body; a line end is LF with or without CR. */
enum chunk_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION, /* to the end of the size's line */
    CHUNK_DATA,
    CHUNK_DATA_END, /* the line end behind the data */
    CHUNK_TRAILER,  /* at the start of a trailer line */
    CHUNK_TRAILER_LINE,
    CHUNK_DONE,
};

void response_body_init(struct response_body *body, const struct response_head *head)
{
    *body = (struct response_body){.framing = head->framing, .left = head->length};
    if (head->framing == RESPONSE_CHUNKED)
        body->left = 0;
}

static struct str take_front(struct str *input, uint64_t most)
{
    size_t count = input->len < most ? input->len : (size_t)most;
    struct str piece = str_slice(*input, 0, count);

    *input = str_slice(*input, count, input->len);
    return piece;
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
        return (byte | 0x20) - 'a' + 10;
    return -1;
}

/* The end of a chunk's size line. */
static bool chunk_begins(struct response_body *body)
{
    if (body->digits == 0)
        return false;
    body->state = body->left == 0 ? CHUNK_TRAILER : CHUNK_DATA;
    body->digits = 0;
    return true;
}

static bool size_byte(struct response_body *body, char byte)
{
    int digit = hex_digit(byte);

    if (digit >= 0) {
        if (++body->digits > CHUNK_DIGITS_MAX)
            return false;
        body->left = body->left * 16 + (uint64_t)digit;
        return true;
    }
    if (byte == '\n')
        return chunk_begins(body);
    if (byte != '\r' && byte != ';' && byte != ' ' && byte != '\t')
        return false;
    body->state = CHUNK_EXTENSION;
    return body->digits > 0;
}

/* One byte that is not chunk data; false when it may not stand there. */
static bool chunk_byte(struct response_body *body, char byte)
{
    switch ((enum chunk_state)body->state) {
    case CHUNK_SIZE:
        return size_byte(body, byte);
    case CHUNK_EXTENSION:
        return byte == '\n' ? chunk_begins(body) : ++body->trailer < TRAILER_BYTES_MAX;
    case CHUNK_DATA_END:
        if (byte == '\n')
            body->state = CHUNK_SIZE;
        return byte == '\n' || byte == '\r';
    case CHUNK_TRAILER:
        if (byte == '\n')
            body->state = CHUNK_DONE;
        else if (byte != '\r')
            body->state = CHUNK_TRAILER_LINE;
        return true;
    case CHUNK_TRAILER_LINE:
        if (byte == '\n')
            body->state = CHUNK_TRAILER;
        return ++body->trailer < TRAILER_BYTES_MAX;
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return false;
}

static enum response_step take_chunked(struct response_body *body, struct str *input,
                                       struct str *ret_piece)
{
    while (input->len > 0 && body->state != CHUNK_DATA && body->state != CHUNK_DONE) {
        if (!chunk_byte(body, take_front(input, 1).ptr[0]))
            return RESPONSE_BAD;
    }
    if (body->state == CHUNK_DATA && input->len > 0) {
        *ret_piece = take_front(input, body->left);
        body->left -= ret_piece->len;
        if (body->left == 0)
            body->state = CHUNK_DATA_END;
    }
    return body->state == CHUNK_DONE ? RESPONSE_DONE : RESPONSE_MORE;
}

enum response_step response_body_take(struct response_body *body, struct str *input,
                                      struct str *ret_piece)
{
    *ret_piece = STR("");
    switch (body->framing) {
    case RESPONSE_NO_BODY:
        return RESPONSE_DONE;
    case RESPONSE_COUNTED:
        *ret_piece = take_front(input, body->left);
        body->left -= ret_piece->len;
        return body->left == 0 ? RESPONSE_DONE : RESPONSE_MORE;
    case RESPONSE_TO_END:
        *ret_piece = take_front(input, UINT64_MAX);
        return RESPONSE_MORE;
    case RESPONSE_CHUNKED:
        return take_chunked(body, input, ret_piece);
    }
    return RESPONSE_BAD;
}
