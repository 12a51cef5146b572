#pragma once
/*
 * Reading HTTP/1.1 responses: the head, and a body that is counted, chunked, or ends with the
 * connection. Bytes are pushed in as they come; the outcome does not depend on how they are cut.
 * Pure; fuzzed as it is.
 */
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

enum { RESPONSE_HEAD_BYTES_MAX = 64 * 1024 };

enum response_step { RESPONSE_MORE, RESPONSE_DONE, RESPONSE_BAD };

enum response_framing { RESPONSE_NO_BODY, RESPONSE_COUNTED, RESPONSE_CHUNKED, RESPONSE_TO_END };

/* Views into the head's bytes. */
struct response_head {
    int status;
    enum response_framing framing;
    uint64_t length; /* RESPONSE_COUNTED */
    bool is_closing;
    struct str content_type;
    struct str error_type; /* x-amzn-errortype, as sent; absent when none */
    struct str request_id;
};

/*
 * RESPONSE_DONE: *ret is filled, *ret_bytes tells where the body begins. A 1xx response is one
 * without a body: skip it and parse again.
 */
enum response_step response_head(struct str input, struct response_head *ret, size_t *ret_bytes);

struct response_body {
    enum response_framing framing;
    uint64_t left; /* of the body or of the chunk */
    unsigned state;
    unsigned digits;
    size_t trailer; /* bytes of chunk extensions and trailers */
};

void response_body_init(struct response_body *body, const struct response_head *head);

/*
 * Takes bytes from the front of *input (moves it on) and gives the piece of body that is among
 * them, maybe empty. RESPONSE_MORE: call again, with more bytes when *input is empty.
 * A RESPONSE_TO_END body is never DONE: the end of the connection ends it.
 */
enum response_step response_body_take(struct response_body *body, struct str *input,
                                      struct str *ret_piece);
