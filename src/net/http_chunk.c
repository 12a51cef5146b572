/*
 * A chunked body, decoded in place: data moves down over the chunk heads, so the input ends where
 * the decoded body does and every byte is looked at once. Extensions are skipped within
 * LIMIT_HTTP_CHUNK_EXTENSION a chunk; trailers are checked and dropped. What is neither data nor
 * size is bounded as a head is, so that tiny chunks cannot make the server read for nothing.
 */
#include "net/http_priv.h"

enum { DIGITS_MAX = 16 };

enum chunk_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_LINE, /* the start of a trailer line, or of the empty line that ends the body */
    CHUNK_TRAILER_NAME,
    CHUNK_TRAILER_VALUE,
    CHUNK_TRAILER_LF,
    CHUNK_END_LF,
};

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static enum http_step to_state(struct http_parser *parser, enum chunk_state state)
{
    parser->chunk_state = state;
    return HTTP_MORE;
}

static enum http_step size_byte(struct http_parser *parser, char byte)
{
    int digit = hex_value(byte);

    if (digit >= 0) {
        if (parser->chunk_digits == DIGITS_MAX)
            return http_refuse(parser, 413, "a chunk size is over every limit");
        parser->chunk_digits++;
        parser->chunk_left = parser->chunk_left << 4 | (uint64_t)digit;
        return HTTP_MORE;
    }
    if (parser->chunk_digits == 0 || (byte != '\r' && byte != ';'))
        return http_refuse(parser, 400, "a chunk does not start with its size");
    return to_state(parser, byte == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION);
}

static enum http_step extension_byte(struct http_parser *parser, char byte)
{
    if (byte == '\r')
        return to_state(parser, CHUNK_SIZE_LF);
    if (!http_is_field_text(&byte, 1))
        return http_refuse(parser, 400, "a chunk extension has a control character");
    parser->chunk_extension++;
    parser->chunk_overhead++;
    if (parser->chunk_extension > LIMIT_HTTP_CHUNK_EXTENSION)
        return http_refuse(parser, 400, "a chunk extension is too long");
    return HTTP_MORE;
}

static enum http_step size_end(struct http_parser *parser)
{
    uint64_t decoded = parser->body_end - parser->head_bytes;

    parser->chunk_digits = 0;
    parser->chunk_extension = 0;
    if (parser->chunk_left > parser->body_bytes_max ||
        decoded > parser->body_bytes_max - parser->chunk_left)
        return http_refuse(parser, 413, "the body is over the limit of this operation");
    return to_state(parser, parser->chunk_left == 0 ? CHUNK_LINE : CHUNK_DATA);
}

static enum http_step trailer_byte(struct http_parser *parser, char byte)
{
    bool is_value = parser->chunk_state == CHUNK_TRAILER_VALUE;

    parser->chunk_overhead++;
    if (is_value && byte == '\r')
        return to_state(parser, CHUNK_TRAILER_LF);
    if (is_value && !http_is_field_text(&byte, 1))
        return http_refuse(parser, 400, "a trailer has a control character");
    if (!is_value && byte == ':' && parser->chunk_state == CHUNK_TRAILER_NAME)
        return to_state(parser, CHUNK_TRAILER_VALUE);
    if (!is_value && !byte_in(&http_token_bytes, byte))
        return http_refuse(parser, 400, "a trailer is not a name, a colon and a value");
    return is_value ? HTTP_MORE : to_state(parser, CHUNK_TRAILER_NAME);
}

/* A byte that must be `wanted`, and the state behind it. */
static enum http_step exact_byte(struct http_parser *parser, char byte, char wanted,
                                 enum chunk_state next)
{
    if (byte != wanted)
        return http_refuse(parser, 400, "a line of the chunked body does not end in CR LF");
    return to_state(parser, next);
}

/* Any byte but one of chunk data. HTTP_DONE behind the last. */
static enum http_step frame_byte(struct http_parser *parser, char byte)
{
    switch ((enum chunk_state)parser->chunk_state) {
    case CHUNK_SIZE:
        return size_byte(parser, byte);
    case CHUNK_EXTENSION:
        return extension_byte(parser, byte);
    case CHUNK_SIZE_LF:
        return byte == '\n' ? size_end(parser) : exact_byte(parser, byte, '\n', CHUNK_SIZE_LF);
    case CHUNK_DATA:
    case CHUNK_DATA_CR:
        return exact_byte(parser, byte, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        return exact_byte(parser, byte, '\n', CHUNK_SIZE);
    case CHUNK_LINE:
        return byte == '\r' ? to_state(parser, CHUNK_END_LF) : trailer_byte(parser, byte);
    case CHUNK_TRAILER_NAME:
    case CHUNK_TRAILER_VALUE:
        return trailer_byte(parser, byte);
    case CHUNK_TRAILER_LF:
        return exact_byte(parser, byte, '\n', CHUNK_LINE);
    case CHUNK_END_LF:
        if (byte != '\n')
            return exact_byte(parser, byte, '\n', CHUNK_END_LF);
        parser->phase = HTTP_PHASE_DONE;
        return HTTP_DONE;
    }
    return http_refuse(parser, 400, "the chunked body is malformed");
}

enum http_step http_chunk_parse(struct http_parser *parser, char *input, size_t *len)
{
    size_t raw = parser->body_end; /* everything before it was decoded by earlier calls */
    enum http_step step = HTTP_MORE;

    while (raw < *len && step == HTTP_MORE) {
        if (parser->chunk_state == CHUNK_DATA) {
            size_t count = *len - raw;
            if (count > parser->chunk_left)
                count = (size_t)parser->chunk_left;
            memmove(input + parser->body_end, input + raw, count);
            parser->body_end += count;
            parser->chunk_left -= count;
            raw += count;
            if (parser->chunk_left == 0)
                parser->chunk_state = CHUNK_DATA_CR;
            continue;
        }
        step = frame_byte(parser, input[raw]);
        raw++;
        if (parser->chunk_overhead > LIMIT_HTTP_HEADER_BYTES)
            return http_refuse(parser, 431, "extensions and trailers are too long");
    }
    if (step == HTTP_REFUSED)
        return step;
    if (step == HTTP_MORE)
        *len = parser->body_end;
    parser->consumed = raw;
    return step;
}
