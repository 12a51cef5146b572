#pragma once
/*
 * SHA-256 and HMAC-SHA-256 (OpenSSL; its headers are included by sha256.c alone). Any thread;
 * contexts are kept per thread, so a call allocates nothing.
 */
#include "core/base.h"
#include "core/str.h"

struct sha256 {
    unsigned char bytes[32];
};

struct sha256 sha256_of(struct str bytes);
struct sha256 sha256_hmac(struct str key, struct str bytes);
void sha256_hex(const struct sha256 *digest, char ret[64]); /* lower case */

/* Constant time. */
bool sha256_bytes_equal(const void *a, const void *b, size_t count);
