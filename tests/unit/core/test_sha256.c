/* SHA-256 and HMAC against published values, and from several threads at once. */
#include "unit/test.h"

#include "core/sha256.h"

#include <pthread.h>

static void expect_hex(struct sha256 digest, const char *expected)
{
    char hex[65] = {0};

    sha256_hex(&digest, hex);
    assert_string_equal(hex, expected);
}

/* FIPS 180-2 examples. */
static void digests(void **state)
{
    static char million[1000000];

    (void)state;
    expect_hex(sha256_of(STR("")),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_hex(sha256_of(STR_ABSENT),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_hex(sha256_of(STR("abc")),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_hex(sha256_of(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof(million));
    expect_hex(sha256_of((struct str){million, sizeof(million)}),
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 4231, cases 1, 2, 6 and 7. */
static void hmacs(void **state)
{
    char key[131];

    (void)state;
    memset(key, 0x0b, 20);
    expect_hex(sha256_hmac((struct str){key, 20}, STR("Hi There")),
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect_hex(sha256_hmac(STR("Jefe"), STR("what do ya want for nothing?")),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    expect_hex(sha256_hmac((struct str){key, sizeof(key)},
                           STR("Test Using Larger Than Block-Size Key - Hash Key First")),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    expect_hex(sha256_hmac((struct str){key, sizeof(key)},
                           STR("This is a test using a larger than block-size key and a larger "
                               "than block-size data. The key needs to be hashed before being "
                               "used by the HMAC algorithm.")),
               "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
    expect_hex(sha256_hmac(STR_ABSENT, STR_ABSENT),
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void compares(void **state)
{
    (void)state;
    assert_true(sha256_bytes_equal("abc", "abc", 3));
    assert_false(sha256_bytes_equal("abc", "abd", 3));
    assert_true(sha256_bytes_equal("abc", "abd", 2));
    assert_true(sha256_bytes_equal("", "", 0));
}

static void *hash_many(void *context)
{
    struct sha256 *digest = context;
    struct str text = {(const char *)digest->bytes, sizeof(digest->bytes)};

    for (int i = 0; i < 1000; i++)
        *digest = sha256_of(text);
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    struct sha256 digests_of[4] = {0};
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_many, &digests_of[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    struct sha256 expected = {0};
    (void)hash_many(&expected);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(&digests_of[i], &expected, sizeof(expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(hmacs),
        cmocka_unit_test(compares),
        cmocka_unit_test(threads_do_not_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
