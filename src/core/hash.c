#include "core/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static_assert(HASH_SECRET_BYTES >= XXH3_SECRET_SIZE_MIN, "the secret is shorter than XXH3 needs");

uint64_t hash_checksum(struct str bytes)
{
    return XXH3_64bits(bytes.ptr, bytes.len);
}

uint64_t hash_checksum_pieces(const struct str *pieces, size_t count)
{
    XXH3_state_t state;

    (void)XXH3_64bits_reset(&state);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0)
            (void)XXH3_64bits_update(&state, pieces[i].ptr, pieces[i].len);
    }
    return XXH3_64bits_digest(&state);
}

static struct hash128 from_xxh(XXH128_hash_t hash)
{
    return (struct hash128){hash.high64, hash.low64};
}

/*
 * The seed goes before the bytes and not into XXH3's own seed: together with a seed XXH3 does not
 * use the secret for short inputs, and a client who can compute the hash can make the index slow.
 */
struct hash128 hash_keyed(const unsigned char *secret, uint64_t seed, struct str bytes)
{
    unsigned char text[256];

    if (bytes.len <= sizeof(text) - sizeof(seed)) {
        memcpy(text, &seed, sizeof(seed));
        if (bytes.len > 0)
            memcpy(text + sizeof(seed), bytes.ptr, bytes.len);
        return from_xxh(
            XXH3_128bits_withSecret(text, sizeof(seed) + bytes.len, secret, HASH_SECRET_BYTES));
    }
    XXH3_state_t state;
    (void)XXH3_128bits_reset_withSecret(&state, secret, HASH_SECRET_BYTES);
    (void)XXH3_128bits_update(&state, &seed, sizeof(seed));
    (void)XXH3_128bits_update(&state, bytes.ptr, bytes.len);
    return from_xxh(XXH3_128bits_digest(&state));
}

struct hash128 hash_wide(struct str bytes)
{
    return from_xxh(XXH3_128bits(bytes.ptr, bytes.len));
}
