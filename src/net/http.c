/*
 * The head of a request, line by line. A line is looked at once it is whole, so what arrives byte
 * by byte gets the same verdict as what arrives at once; limits are checked before content for the
 * same reason.
 */
#include "net/http.h"

#include "net/http_priv.h"

enum {
    METHOD_BYTES_MAX = 32,
    /* The target, a method, a version and what stands between them. */
    LINE_BYTES_MAX = LIMIT_HTTP_URI_BYTES + METHOD_BYTES_MAX + 16,
    LENGTH_DIGITS_MAX = 18,
};

const struct byte_set http_token_bytes = {
    {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)}};

/* What RFC 3986 lets stand in a path or query, '%' included; '#' is not sent. */
static const struct byte_set target_bytes = {
    {UINT64_C(0xaffffff200000000), UINT64_C(0x47fffffeafffffff)}};

static const struct byte_set host_bytes = {
    {UINT64_C(0x2fff7ff200000000), UINT64_C(0x47fffffeaffffffe)}};

enum http_step http_refuse(struct http_parser *parser, int status, const char *reason)
{
    assert(status >= 400);
    parser->phase = HTTP_PHASE_REFUSED;
    parser->refused_status = status;
    parser->refused_reason = reason;
    return HTTP_REFUSED;
}

void http_parser_init(struct http_parser *parser)
{
    /* The table of headers is not cleared: header_count says how much of it holds. */
    memset(parser, 0, offsetof(struct http_parser, head.headers));
}

static bool all_in(const struct byte_set *set, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!byte_in(set, text[i]))
            return false;
    return true;
}

/* Eight bytes at once: whether one is below 0x20, or 0x7f. May say yes for no reason, never no. */
static bool word_is_suspect(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = ones * 0x80;
    uint64_t below = (word - ones * 0x20) & ~word & highs;
    uint64_t del = word ^ (ones * 0x7f);

    return (below | ((del - ones) & ~del & highs)) != 0;
}

bool http_is_field_text(const char *text, size_t len)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(&word, text + i, sizeof(word));
        if (word_is_suspect(word))
            break;
    }
    for (; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

static enum http_method method_of(const char *text, size_t len)
{
    struct str method = {text, len};

    if (str_equal(method, STR("GET")))
        return HTTP_GET;
    if (str_equal(method, STR("PUT")))
        return HTTP_PUT;
    if (str_equal(method, STR("POST")))
        return HTTP_POST;
    if (str_equal(method, STR("DELETE")))
        return HTTP_DELETE;
    if (str_equal(method, STR("HEAD")))
        return HTTP_HEAD;
    return HTTP_OTHER;
}

static struct http_span span(size_t from, size_t to)
{
    assert(from <= to && to <= UINT32_MAX);
    return (struct http_span){(uint32_t)from, (uint32_t)(to - from)};
}

static size_t find(const char *input, size_t from, size_t to, char byte)
{
    const char *found = from == to ? NULL : memchr(input + from, byte, to - from);

    return found == NULL ? to : (size_t)(found - input);
}

/* Where the path starts in `http://authority/path`, noting the authority; `to` when it has none. */
static size_t absolute_form(struct http_head *head, const char *input, size_t from, size_t to)
{
    struct str text = {input + from, to - from};
    size_t authority = from;

    if (text.len > 7 && str_equal_nocase(str_slice(text, 0, 7), STR("http://")))
        authority += 7;
    else if (text.len > 8 && str_equal_nocase(str_slice(text, 0, 8), STR("https://")))
        authority += 8;
    else
        return to;
    size_t end = find(input, authority, to, '/');
    if (end == authority || end == to || !all_in(&host_bytes, input + authority, end - authority))
        return to;
    head->authority = span(authority, end);
    return end;
}

static enum http_step target_parse(struct http_parser *parser, const char *input, size_t from,
                                   size_t to)
{
    struct http_head *head = &parser->head;

    if (to - from > LIMIT_HTTP_URI_BYTES)
        return http_refuse(parser, 414, "the request target is too long");
    if (!all_in(&target_bytes, input + from, to - from))
        return http_refuse(parser, 400, "the request target has a character that must be encoded");
    if (input[from] != '/' && !(to - from == 1 && input[from] == '*')) {
        from = absolute_form(head, input, from, to);
        if (from == to)
            return http_refuse(parser, 400, "the request target is not a path");
    }
    size_t question = find(input, from, to, '?');
    head->target = span(from, to);
    head->path = span(from, question);
    head->query = span(question == to ? to : question + 1, to);
    return HTTP_MORE;
}

static enum http_step version_parse(struct http_parser *parser, struct str version)
{
    if (str_equal(version, STR("HTTP/1.1")))
        return HTTP_MORE;
    if (str_equal(version, STR("HTTP/1.0"))) {
        parser->head.is_http_1_0 = true;
        return HTTP_MORE;
    }
    if (version.len == 8 && str_starts(version, STR("HTTP/")) && version.ptr[6] == '.' &&
        version.ptr[5] >= '0' && version.ptr[5] <= '9' && version.ptr[7] >= '0' &&
        version.ptr[7] <= '9')
        return http_refuse(parser, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return http_refuse(parser, 400, "the request line does not end in an HTTP version");
}

/* `method SP target SP version`, between `from` and `to`. */
static enum http_step request_line(struct http_parser *parser, const char *input, size_t from,
                                   size_t to)
{
    struct http_head *head = &parser->head;
    size_t method_end = find(input, from, to, ' ');

    if (method_end == from || method_end == to || method_end - from > METHOD_BYTES_MAX ||
        !all_in(&http_token_bytes, input + from, method_end - from))
        return http_refuse(parser, 400, "the request line does not start with a method");
    head->method_text = span(from, method_end);
    head->method = method_of(input + from, method_end - from);
    size_t target = method_end + 1;
    size_t target_end = find(input, target, to, ' ');
    if (target_end == target || target_end == to)
        return http_refuse(parser, 400, "the request line is not method, target and version");
    if (target_parse(parser, input, target, target_end) == HTTP_REFUSED)
        return HTTP_REFUSED;
    return version_parse(parser, (struct str){input + target_end + 1, to - target_end - 1});
}

static enum http_step content_length(struct http_parser *parser, struct str value)
{
    struct http_head *head = &parser->head;
    uint64_t length = 0;
    size_t i = 0;

    if (head->has_length)
        return http_refuse(parser, 400, "Content-Length came more than once");
    head->has_length = true;
    if (value.len == 0)
        return http_refuse(parser, 400, "Content-Length is empty");
    for (i = 0; i < value.len; i++)
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return http_refuse(parser, 400, "Content-Length is not a number of decimal digits");
    for (i = 0; i < value.len && value.ptr[i] == '0'; i++)
        ;
    if (value.len - i > LENGTH_DIGITS_MAX)
        return http_refuse(parser, 413, "Content-Length is over every limit");
    for (; i < value.len; i++)
        length = length * 10 + (uint64_t)(value.ptr[i] - '0');
    head->length = length;
    return HTTP_MORE;
}

static void connection_tokens(struct http_head *head, struct str value)
{
    while (value.len > 0) {
        struct str token = str_trim(str_cut(&value, ','));
        if (str_equal_nocase(token, STR("close")))
            head->is_closing = true;
        else if (str_equal_nocase(token, STR("keep-alive")))
            head->is_keep_alive = true;
    }
}

/* What framing itself must know. */
static enum http_step header_meaning(struct http_parser *parser, const char *input, struct str name,
                                     struct http_span at)
{
    struct http_head *head = &parser->head;
    struct str value = {input + at.at, at.len};

    if (name.len == 4 && str_equal_nocase(name, STR("Host"))) {
        head->hosts++;
        head->host = at;
    } else if (name.len == 14 && str_equal_nocase(name, STR("Content-Length"))) {
        return content_length(parser, value);
    } else if (name.len == 17 && str_equal_nocase(name, STR("Transfer-Encoding"))) {
        if (head->is_chunked || !str_equal_nocase(value, STR("chunked")))
            return http_refuse(parser, 400, "Transfer-Encoding is not exactly 'chunked'");
        head->is_chunked = true;
    } else if (name.len == 10 && str_equal_nocase(name, STR("Connection"))) {
        connection_tokens(head, value);
    } else if (name.len == 6 && str_equal_nocase(name, STR("Expect"))) {
        head->has_expect = true;
        head->is_continue_expected = str_equal_nocase(value, STR("100-continue"));
    }
    return HTTP_MORE;
}

static enum http_step header_line(struct http_parser *parser, const char *input, size_t from,
                                  size_t to)
{
    struct http_head *head = &parser->head;
    size_t colon = find(input, from, to, ':');

    if (input[from] == ' ' || input[from] == '\t')
        return http_refuse(parser, 400, "a header line starts with a blank");
    if (colon == from || colon == to || !all_in(&http_token_bytes, input + from, colon - from))
        return http_refuse(parser, 400, "a header line is not a name, a colon and a value");
    if (!http_is_field_text(input + colon + 1, to - colon - 1))
        return http_refuse(parser, 400, "a header value has a control character");
    if (head->header_count == LIMIT_HTTP_HEADERS)
        return http_refuse(parser, 431, "there are too many header lines");
    size_t start = colon + 1;
    while (start < to && (input[start] == ' ' || input[start] == '\t'))
        start++;
    size_t end = to;
    while (end > start && (input[end - 1] == ' ' || input[end - 1] == '\t'))
        end--;
    head->headers[head->header_count].name = span(from, colon);
    head->headers[head->header_count].value = span(start, end);
    head->header_count++;
    return header_meaning(parser, input, (struct str){input + from, colon - from},
                          span(start, end));
}

static enum http_step host_check(struct http_parser *parser, const char *input)
{
    const struct http_head *head = &parser->head;
    struct str host = {input + head->host.at, head->host.len};
    struct str authority = {input + head->authority.at, head->authority.len};

    if (head->hosts > 1 || (head->hosts == 0 && !head->is_http_1_0))
        return http_refuse(parser, 400, "there is not exactly one Host header");
    if (head->hosts == 1 && (host.len == 0 || !all_in(&host_bytes, host.ptr, host.len)))
        return http_refuse(parser, 400, "Host does not name a host");
    if (head->authority.len > 0 && (head->hosts == 0 || !str_equal_nocase(host, authority)))
        return http_refuse(parser, 400, "Host and the request target name different hosts");
    return HTTP_MORE;
}

/* All header lines are there. */
static enum http_step head_end(struct http_parser *parser, const char *input, size_t head_bytes)
{
    struct http_head *head = &parser->head;

    if (host_check(parser, input) == HTTP_REFUSED)
        return HTTP_REFUSED;
    if (head->is_chunked && head->has_length)
        return http_refuse(parser, 400, "Content-Length and Transfer-Encoding came together");
    if (head->is_chunked && head->is_http_1_0)
        return http_refuse(parser, 400, "Transfer-Encoding came in HTTP/1.0");
    if (head->has_expect && !head->is_continue_expected)
        return http_refuse(parser, 417, "only 100-continue can be expected");
    head->is_continue_expected = head->is_continue_expected && !head->is_http_1_0;
    head->is_keep_alive = !head->is_closing && (head->is_keep_alive || !head->is_http_1_0);
    parser->head_bytes = head_bytes;
    parser->body_end = head_bytes;
    parser->phase = head->is_chunked ? HTTP_PHASE_CHUNKS : HTTP_PHASE_LENGTH;
    return HTTP_HEAD_DONE;
}

/* One whole line between `from` and `to`, CR LF left out. */
static enum http_step line_parse(struct http_parser *parser, const char *input, size_t from,
                                 size_t to)
{
    if (parser->phase == HTTP_PHASE_HEADERS)
        return from == to ? head_end(parser, input, to + 2) : header_line(parser, input, from, to);
    if (from == to && from == 0) /* one empty line before a request is let pass (RFC 9112 2.2) */
        return HTTP_MORE;
    if (request_line(parser, input, from, to) == HTTP_REFUSED)
        return HTTP_REFUSED;
    parser->phase = HTTP_PHASE_HEADERS;
    parser->headers_at = to + 2;
    return HTTP_MORE;
}

static enum http_step head_parse(struct http_parser *parser, const char *input, size_t len)
{
    for (;;) {
        bool is_request_line = parser->phase == HTTP_PHASE_LINE;
        size_t limit = is_request_line ? parser->line + LINE_BYTES_MAX
                                       : parser->headers_at + LIMIT_HTTP_HEADER_BYTES;
        size_t end = find(input, parser->scanned, len, '\n');
        if (end >= limit)
            return is_request_line ? http_refuse(parser, 414, "the request line is too long")
                                   : http_refuse(parser, 431, "the header lines are too long");
        parser->scanned = end;
        if (end == len)
            return HTTP_MORE;
        if (end == parser->line || input[end - 1] != '\r')
            return http_refuse(parser, 400, "a line ends without CR");
        enum http_step step = line_parse(parser, input, parser->line, end - 1);
        if (step != HTTP_MORE)
            return step;
        parser->line = end + 1;
        parser->scanned = end + 1;
    }
}

static enum http_step length_parse(struct http_parser *parser, size_t len)
{
    uint64_t length = parser->head.length;

    if (length > parser->body_bytes_max)
        return http_refuse(parser, 413, "the body is over the limit of this operation");
    parser->body_end = parser->head_bytes + (size_t)length;
    if (parser->body_end > len)
        return HTTP_MORE;
    parser->consumed = parser->body_end;
    parser->phase = HTTP_PHASE_DONE;
    return HTTP_DONE;
}

enum http_step http_parse(struct http_parser *parser, char *input, size_t *len)
{
    switch (parser->phase) {
    case HTTP_PHASE_LINE:
    case HTTP_PHASE_HEADERS:
        return head_parse(parser, input, *len);
    case HTTP_PHASE_LENGTH:
        return length_parse(parser, *len);
    case HTTP_PHASE_CHUNKS:
        return http_chunk_parse(parser, input, len);
    case HTTP_PHASE_DONE:
        return HTTP_DONE;
    case HTTP_PHASE_REFUSED:
        return HTTP_REFUSED;
    }
    return HTTP_REFUSED;
}

static struct str view(const char *input, struct http_span at)
{
    return (struct str){input + at.at, at.len};
}

void http_view(const struct http_parser *parser, const char *input, struct http_header *headers,
               struct http_request *ret)
{
    const struct http_head *head = &parser->head;

    assert(parser->head_bytes > 0);
    *ret = (struct http_request){
        .method = head->method,
        .method_text = view(input, head->method_text),
        .target = view(input, head->target),
        .path = view(input, head->path),
        .query = view(input, head->query),
        .is_http_1_0 = head->is_http_1_0,
        .is_keep_alive = head->is_keep_alive,
        .is_continue_expected = head->is_continue_expected,
        .headers = headers,
        .header_count = head->header_count,
        .body = {input + parser->head_bytes,
                 parser->phase == HTTP_PHASE_DONE ? parser->body_end - parser->head_bytes : 0},
    };
    for (uint32_t i = 0; i < head->header_count; i++) {
        headers[i].name = view(input, head->headers[i].name);
        headers[i].value = view(input, head->headers[i].value);
    }
}

struct str http_header(const struct http_request *request, struct str name, size_t *ret_count)
{
    struct str found = STR_ABSENT;
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        if (request->headers[i].name.len != name.len ||
            !str_equal_nocase(request->headers[i].name, name))
            continue;
        found = request->headers[i].value;
        count++;
    }
    if (ret_count != NULL)
        *ret_count = count;
    return count == 1 ? found : STR_ABSENT;
}
