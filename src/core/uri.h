#pragma once
/*
 * Percent-encoding and query strings (RFC 3986; application/x-www-form-urlencoded is not meant: '+'
 * is a plus). Decoding happens once, after splitting. Pure.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

/* ERR_INVALID for a '%' without two hex digits and for %00. */
NODISCARD enum code uri_decode(struct str text, struct arena *arena, struct str *ret,
                               struct err *err);

/* All but A-Z a-z 0-9 - _ . ~ becomes %XX (upper case); '/' too unless is_slash_kept. */
void uri_encode(struct buf *out, struct str text, bool is_slash_kept);

/* Takes the next `name=value` of a query: both decoded. False at the end or on failure (*ret_code).
 */
struct uri_query {
    struct str rest;
};
bool uri_query_next(struct uri_query *query, struct arena *arena, struct str *ret_name,
                    struct str *ret_value, enum code *ret_code, struct err *err);
