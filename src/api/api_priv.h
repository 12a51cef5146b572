#pragma once
/* The API's own state: made once, read by every loop. For the files of api/. */
#include "api/call.h"
#include "core/sha256.h"

#include <stdatomic.h>

struct query_pool;

struct api {
    struct api_options options;
    struct net *net;
    struct sha256 token_key;
    unsigned char id_secret[HASH_SECRET_BYTES]; /* of request ids */
    _Atomic(uint64_t) id_next;
    _Atomic(unsigned) deferred; /* calls that another thread will finish */
    struct query_pool *queries; /* query threads; see query_pool.h */
};
