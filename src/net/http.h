#pragma once
/*
 * HTTP/1.1 framing (RFC 9112), strict: what reliability.md S1 lists is refused with 400 and the
 * connection closes. A push parser over the connection's input buffer; it allocates nothing from
 * declared sizes. Pure (no sockets): fuzzed as it is.
 */
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
    struct str target; /* raw: path and query */
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
 * came. */
struct str http_header(const struct http_request *request, struct str name, size_t *ret_count);

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
