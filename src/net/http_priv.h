#pragma once
/* Shared by http.c (the head) and http_chunk.c (chunked bodies). */
#include "net/http.h"

/* Ends the parse: the request is answered with `status`, and the connection closes. */
enum http_step http_refuse(struct http_parser *parser, int status, const char *reason);

/* Sets of ASCII bytes, one bit each; bytes from 0x80 are in none. */
struct byte_set {
    uint64_t bits[2];
};

static inline bool byte_in(const struct byte_set *set, char byte)
{
    unsigned char value = (unsigned char)byte;
    return value < 128 && (set->bits[value >> 6] >> (value & 63) & 1) != 0;
}

/* RFC 9110 "token". */
extern const struct byte_set http_token_bytes;

/* Only HTAB, SP, visible ASCII and bytes from 0x80. */
bool http_is_field_text(const char *text, size_t len);

/* The states of a chunked body start at 0. */
enum http_step http_chunk_parse(struct http_parser *parser, char *input, size_t *len);
