/*
 * SHA-256 by OpenSSL: the method is fetched once, and each thread keeps one context that a call
 * starts anew, because making contexts costs more than hashing a request. A thread's context goes
 * with the thread.
 */
#include "core/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *method;
static _Thread_local EVP_MD_CTX *thread_context;

/* Only a broken or missing libcrypto, or no memory, leads here. */
static void require(bool is_true)
{
    if (is_true)
        return;
    (void)fputs("asof: libcrypto failed to compute SHA-256\n", stderr);
    abort();
}

static void context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void start(void)
{
    method = EVP_MD_fetch(NULL, "SHA256", NULL);
    require(method != NULL);
    require(pthread_key_create(&context_key, context_free) == 0);
}

static EVP_MD_CTX *context_of_thread(void)
{
    if (thread_context == NULL) {
        (void)pthread_once(&once, start);
        thread_context = EVP_MD_CTX_new();
        require(thread_context != NULL);
        require(pthread_setspecific(context_key, thread_context) == 0);
    }
    return thread_context;
}

/* The digest of `first` and `second`, one behind the other. */
static struct sha256 digest_of_two(struct str first, struct str second)
{
    EVP_MD_CTX *context = context_of_thread();
    struct sha256 digest;

    require(EVP_DigestInit_ex2(context, method, NULL) == 1);
    require(first.len == 0 || EVP_DigestUpdate(context, first.ptr, first.len) == 1);
    require(second.len == 0 || EVP_DigestUpdate(context, second.ptr, second.len) == 1);
    require(EVP_DigestFinal_ex(context, digest.bytes, NULL) == 1);
    return digest;
}

struct sha256 sha256_of(struct str bytes)
{
    return digest_of_two(bytes, STR_ABSENT);
}

static struct str digest_str(const struct sha256 *digest)
{
    return (struct str){(const char *)digest->bytes, sizeof(digest->bytes)};
}

/* RFC 2104. */
struct sha256 sha256_hmac(struct str key, struct str bytes)
{
    unsigned char pad[BLOCK_BYTES] = {0};
    struct str block = {(const char *)pad, sizeof(pad)};

    if (key.len > BLOCK_BYTES) {
        struct sha256 short_key = sha256_of(key);
        memcpy(pad, short_key.bytes, sizeof(short_key.bytes));
        OPENSSL_cleanse(&short_key, sizeof(short_key));
    } else if (key.len > 0) {
        memcpy(pad, key.ptr, key.len);
    }
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        pad[i] ^= 0x36;
    struct sha256 inner = digest_of_two(block, bytes);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    struct sha256 outer = digest_of_two(block, digest_str(&inner));
    OPENSSL_cleanse(pad, sizeof(pad));
    return outer;
}

void sha256_hex(const struct sha256 *digest, char ret[64])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(digest->bytes); i++) {
        ret[2 * i] = digits[digest->bytes[i] >> 4];
        ret[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
}

bool sha256_bytes_equal(const void *a, const void *b, size_t count)
{
    return CRYPTO_memcmp(a, b, count) == 0;
}
