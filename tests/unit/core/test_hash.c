/* Hashes: known values of XXH3, pieces as one, the secret and the seed matter at every length. */
#include "unit/test.h"

#include "core/hash.h"

static void known_values(void **state)
{
    (void)state;
    /* From the xxHash specification: XXH3 of nothing, seed 0. */
    assert_true(hash_checksum(STR("")) == UINT64_C(0x2d06800538d394c2));
    struct hash128 wide = hash_wide(STR(""));
    assert_true(wide.high == UINT64_C(0x99aa06d3014798d8));
    assert_true(wide.low == UINT64_C(0x6001c324468d497f));
    assert_true(hash_checksum(STR("a")) != hash_checksum(STR("b")));
}

static void pieces_hash_as_one(void **state)
{
    static char text[3000];
    uint32_t random = 9;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (char)(unsigned char)(random >> 24);
    }
    for (size_t len = 0; len < sizeof(text); len += 37) {
        size_t first = len / 3;
        size_t second = len / 2;
        const struct str pieces[] = {{text, first},
                                     {NULL, 0},
                                     {text + first, second - first},
                                     {text + second, len - second}};
        assert_true(hash_checksum_pieces(pieces, ARRAY_COUNT(pieces)) ==
                    hash_checksum((struct str){text, len}));
    }
    assert_true(hash_checksum_pieces(NULL, 0) == hash_checksum(STR("")));
}

static bool same(struct hash128 a, struct hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

/* The length at which the one-shot form gives way to the streaming one must not show. */
static void keyed_depends_on_secret_seed_and_bytes(void **state)
{
    unsigned char secret[HASH_SECRET_BYTES];
    unsigned char other[HASH_SECRET_BYTES];
    static char text[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(secret); i++) {
        secret[i] = (unsigned char)(i * 7 + 3);
        other[i] = (unsigned char)(i * 11 + 5);
    }
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(unsigned char)(i * 31);
    for (size_t len = 0; len <= 600; len++) {
        struct str bytes = {text, len};
        struct hash128 hash = hash_keyed(secret, 1, bytes);
        assert_true(same(hash, hash_keyed(secret, 1, bytes)));
        assert_false(same(hash, hash_keyed(other, 1, bytes)));
        assert_false(same(hash, hash_keyed(secret, 2, bytes)));
        assert_false(same(hash, hash_keyed(secret, 1, (struct str){text, len + 1})));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(pieces_hash_as_one),
        cmocka_unit_test(keyed_depends_on_secret_seed_and_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
