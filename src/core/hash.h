#pragma once
/*
 * Non-cryptographic hashing (xxHash; its header is included by hash.c alone). Pure; any thread.
 */
#include "core/base.h"
#include "core/str.h"

struct hash128 {
    uint64_t high;
    uint64_t low;
};

enum { HASH_SECRET_BYTES = 192 };

/* XXH3, 64 bits: the checksum of everything asof stores. */
uint64_t hash_checksum(struct str bytes);

/* A checksum over several pieces, as if they stood behind one another. */
uint64_t hash_checksum_pieces(const struct str *pieces, size_t count);

/* XXH3, 128 bits, keyed by a secret of HASH_SECRET_BYTES random bytes: identity of record
 * identifiers. */
struct hash128 hash_keyed(const unsigned char *secret, uint64_t seed, struct str bytes);

/* XXH3, 128 bits, unkeyed: file names and retry keys. */
struct hash128 hash_wide(struct str bytes);
