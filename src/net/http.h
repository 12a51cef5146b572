#pragma once
/*
 * HTTP/1.1 framing (RFC 9112), strict: what reliability.md S1 lists is refused and the connection
 * closes. A push parser over the bytes of one request as they arrive: it keeps offsets, so the
 * input may move between calls, and it allocates nothing. The verdict depends on the bytes alone,
 * not on how they were cut into pieces. Pure (no sockets): fuzzed as it is.
 *
 *     http_parser_init(&parser);
 *     step = http_parse(&parser, input, &len);        again with more bytes while HTTP_MORE
 *     HTTP_HEAD: look at the head (http_view), set parser.body_bytes_max, call again
 *     HTTP_DONE: http_view gives the request; input[parser.consumed..len) belongs to the next one
 *     HTTP_REFUSED: answer parser.refused_status, then close
 */
#include "config/limits.h"
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

enum http_method { HTTP_GET, HTTP_PUT, HTTP_POST, HTTP_DELETE, HTTP_HEAD, HTTP_OTHER };

struct http_header {
    struct str name;  /* as sent */
    struct str value; /* trimmed of SP and HTAB at both ends */
};

/* One request; views hold until it is finished. */
struct http_request {
    enum http_method method;
    struct str method_text;
    struct str target; /* raw: path and query (of an absolute-form target: behind the authority) */
    struct str path;   /* raw, before '?' */
    struct str query;  /* raw, behind '?'; "" when none */
    bool is_http_1_0;
    bool is_keep_alive;
    bool is_continue_expected; /* Expect: 100-continue */
    struct http_header *headers;
    size_t header_count;
    struct str body; /* whole, dechunked */
};

/* The only header of that name (any case), or absent; *ret_count (may be NULL) tells how often it
 * came. Absent also when it came more than once. */
struct str http_header(const struct http_request *request, struct str name, size_t *ret_count);

enum http_step { HTTP_MORE, HTTP_HEAD_DONE, HTTP_DONE, HTTP_REFUSED };

enum http_phase {
    HTTP_PHASE_LINE,    /* of the request line */
    HTTP_PHASE_HEADERS, /* of header lines */
    HTTP_PHASE_LENGTH,  /* of a body with Content-Length */
    HTTP_PHASE_CHUNKS,  /* of a chunked body */
    HTTP_PHASE_DONE,
    HTTP_PHASE_REFUSED,
};

struct http_span {
    uint32_t at;
    uint32_t len;
};

/* The head: where its parts lie in the input. */
struct http_head {
    struct http_span method_text, target, path, query;
    enum http_method method;
    bool is_http_1_0;
    bool is_keep_alive;
    bool is_continue_expected;
    bool has_length;
    bool is_chunked;
    bool is_closing; /* Connection: close */
    bool has_expect;
    unsigned hosts;
    struct http_span authority; /* of an absolute-form target */
    struct http_span host;
    uint64_t length; /* Content-Length */
    uint32_t header_count;
    struct {
        struct http_span name, value;
    } headers[LIMIT_HTTP_HEADERS];
};

struct http_parser {
    enum http_phase phase;
    size_t line;             /* where the current line starts */
    size_t headers_at;       /* where the first header line starts */
    size_t scanned;          /* no LF before it on this line */
    size_t head_bytes;       /* the body starts here */
    size_t body_end;         /* of the decoded body so far */
    size_t consumed;         /* HTTP_DONE: the request's bytes */
    uint64_t body_bytes_max; /* set by the caller at HTTP_HEAD_DONE; more is 413 */
    unsigned chunk_state;    /* of chunk.c */
    unsigned chunk_digits;
    uint64_t chunk_left;
    size_t chunk_extension; /* bytes of this chunk's extension */
    size_t chunk_overhead;  /* bytes of all extensions and trailers */
    int refused_status;
    const char *refused_reason;
    struct http_head head; /* last: the big part */
};

/* Ready for the first byte of a request. Does not clear the table of headers. */
void http_parser_init(struct http_parser *parser);

/*
 * `input` holds the bytes of this request from its first on, *len of them. A chunked body is
 * decoded in place, which may lower *len. A body is whole at HTTP_DONE.
 */
enum http_step http_parse(struct http_parser *parser, char *input, size_t *len);

/* Fills *ret with views into input. `headers` has room for LIMIT_HTTP_HEADERS. */
void http_view(const struct http_parser *parser, const char *input, struct http_header *headers,
               struct http_request *ret);

struct http_response {
    int status;
    struct str content_type; /* absent: none is sent */
    struct buf body;         /* used when file < 0 */
    int file; /* body comes from this descriptor, from offset 0; closed afterwards; -1 */
    uint64_t file_bytes;
    struct buf
        headers;     /* further header lines, each with CRLF; made by the api from checked text */
    bool is_closing; /* Connection: close */
};

const char *http_status_text(int status);

/* "Sun, 06 Nov 1994 08:49:37 GMT", of an arrival time; NUL-terminated. */
enum { HTTP_DATE_BYTES = 30 };
void http_date(int64_t now_us, char ret[HTTP_DATE_BYTES]);

/*
 * Appends the status line and all headers, the empty line included. `is_closing`: no further
 * request is read. `is_http_1_0`: the request was one, so staying open must be said.
 */
void http_response_head(const struct http_response *response, const char *date, bool is_closing,
                        bool is_http_1_0, struct buf *out);
