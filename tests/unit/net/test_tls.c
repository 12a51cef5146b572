/* TLS on both sides: the server's over a real loopback server, the client's against it. */
#include "unit/test.h"

#include "unit/net/test_server.h"

#include "net/tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct pem {
    char certificate[64];
    char key[64];
};

static FILE *temporary(char path[64])
{
    (void)snprintf(path, 64, "/tmp/asof-tls-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    return file;
}

/* A certificate for localhost and 127.0.0.1 that signs itself. */
static void pem_make(struct pem *pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_NAME_new();
    X509V3_CTX context;

    assert_non_null(key);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    (void)X509_set_version(certificate, 2);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), -1000);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), 100000);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
                                     -1, 0);
    (void)X509_set_subject_name(certificate, name);
    (void)X509_set_issuer_name(certificate, name);
    (void)X509_set_pubkey(certificate, key);
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    (void)X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *file = temporary(pem->certificate);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    (void)fclose(file);
    file = temporary(pem->key);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(file);
    X509_NAME_free(name);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void pem_remove(const struct pem *pem)
{
    (void)unlink(pem->certificate);
    (void)unlink(pem->key);
}

static struct tls_client *client_tls(int fd, const struct pem *pem)
{
    struct tls_client_options options = {.host = "127.0.0.1", .authorities = pem->certificate};
    struct tls_client *client = NULL;
    struct err err = {0};

    if (tls_client_connect(fd, &options, &client, &err) != OK)
        fail_msg("%s", err.message);
    return client;
}

/* Reads until `count` bytes of body came behind the head. */
static void assert_response(struct tls_client *client, size_t count)
{
    struct buf text;
    struct err err = {0};
    const char *body = NULL;

    buf_init(&text, 0);
    for (;;) {
        size_t got = 0;
        char *room = buf_reserve(&text, 65536);
        assert_int_equal(tls_client_read(client, room, 65535, &got, &err), OK);
        assert_true(got > 0);
        text.len += got;
        text.ptr[text.len] = '\0';
        body = strstr(text.ptr, "\r\n\r\n");
        if (body != NULL && (size_t)(text.ptr + text.len - body - 4) >= count)
            break;
    }
    assert_memory_equal(text.ptr, "HTTP/1.1 200 OK\r\n", 17);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(body[4 + i], server_byte(i));
    buf_release(&text);
}

static void client_get(struct tls_client *client, const char *path, size_t number)
{
    char text[128];
    int len = snprintf(text, sizeof(text), "GET %s%zu HTTP/1.1\r\nHost: h\r\n\r\n", path, number);

    assert_int_equal(tls_client_write(client, text, (size_t)len, NULL), OK);
}

static void serves_over_tls(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 300000, 9000000};
    struct server server;
    struct pem pem;

    pem_make(&pem);
    server_start_with(&server,
                      (struct net_options){.certificate = pem.certificate, .key = pem.key});
    int fd = client_open(&server);
    struct tls_client *client = client_tls(fd, &pem);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        client_get(client, "/bytes/", sizes[i]);
        assert_response(client, sizes[i]);
        client_get(client, "/file/", sizes[i]);
        assert_response(client, sizes[i]);
    }
    client_get(client, "/defer/", 0);
    assert_response(client, 0);
    tls_client_close(client);
    (void)close(fd);
    server_stop(&server);
    pem_remove(&pem);
}

static void large_request_over_tls(void **state)
{
    (void)state;
    enum { BYTES = 3000000 };
    static char body[BYTES];
    struct server server;
    struct pem pem;
    char head[128];

    pem_make(&pem);
    server_start_with(&server,
                      (struct net_options){.certificate = pem.certificate, .key = pem.key});
    for (size_t i = 0; i < BYTES; i++)
        body[i] = server_byte(i);
    int fd = client_open(&server);
    struct tls_client *client = client_tls(fd, &pem);
    int len = snprintf(head, sizeof(head),
                       "PUT /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                       "Content-Length: %d\r\n\r\n",
                       BYTES);
    char answer[25];
    size_t got = 0;
    assert_int_equal(tls_client_write(client, head, (size_t)len, NULL), OK);
    assert_int_equal(tls_client_read(client, answer, sizeof(answer), &got, NULL), OK);
    assert_int_equal(got, sizeof(answer));
    assert_memory_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n", sizeof(answer));
    assert_int_equal(tls_client_write(client, body, BYTES, NULL), OK);
    assert_response(client, BYTES);
    tls_client_close(client);
    (void)close(fd);
    server_stop(&server);
    pem_remove(&pem);
}

static void certificate_is_verified(void **state)
{
    (void)state;
    struct server server;
    struct pem pem;
    struct pem other;
    struct tls_client *client = NULL;
    struct err err = {0};

    pem_make(&pem);
    pem_make(&other);
    server_start_with(&server,
                      (struct net_options){.certificate = pem.certificate, .key = pem.key});
    const struct {
        struct tls_client_options options;
        enum code code;
    } cases[] = {
        {{.host = "localhost", .authorities = pem.certificate}, OK},
        {{.host = "elsewhere", .authorities = pem.certificate}, ERR_DENIED},
        {{.host = "127.0.0.2", .authorities = pem.certificate}, ERR_DENIED},
        {{.host = "127.0.0.1", .authorities = other.certificate}, ERR_DENIED},
        {{.host = "127.0.0.1"}, ERR_DENIED},
        {{.host = "elsewhere", .is_unverified = true}, OK},
        {{.host = "127.0.0.1", .authorities = "/nonexistent"}, ERR_INVALID},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int fd = client_open(&server);
        assert_int_equal(tls_client_connect(fd, &cases[i].options, &client, &err), cases[i].code);
        if (cases[i].code == OK)
            tls_client_close(client);
        (void)close(fd);
    }
    server_stop(&server);
    pem_remove(&pem);
    pem_remove(&other);
}

/* One handshake at most at `version`: whether the server takes it. */
static bool handshake_at(const struct server *server, int version)
{
    int fd = client_open(server);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    (void)SSL_CTX_set_min_proto_version(context, 0);
    (void)SSL_CTX_set_max_proto_version(context, version);
    SSL *ssl = SSL_new(context);
    (void)SSL_set_fd(ssl, fd);
    bool is_done = SSL_connect(ssl) == 1;
    SSL_free(ssl);
    SSL_CTX_free(context);
    (void)close(fd);
    return is_done;
}

static void old_versions_are_refused(void **state)
{
    (void)state;
    struct server server;
    struct pem pem;

    pem_make(&pem);
    server_start_with(&server,
                      (struct net_options){.certificate = pem.certificate, .key = pem.key});
    assert_false(handshake_at(&server, TLS1_VERSION));
    assert_false(handshake_at(&server, TLS1_1_VERSION));
    assert_true(handshake_at(&server, TLS1_2_VERSION));
    assert_true(handshake_at(&server, TLS1_3_VERSION));
    server_stop(&server);
    pem_remove(&pem);
}

static void plain_text_is_dropped(void **state)
{
    (void)state;
    struct server server;
    struct pem pem;

    pem_make(&pem);
    server_start_with(&server,
                      (struct net_options){.certificate = pem.certificate, .key = pem.key});
    int fd = client_open(&server);
    client_say(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    char bytes[512];
    ssize_t count = 1;
    while (count > 0) /* an alert, then the end */
        count = recv(fd, bytes, sizeof(bytes), 0);
    (void)close(fd);
    assert_int_equal(atomic_load(&server.handled), 0);
    int half = client_open(&server); /* a handshake that never comes */
    (void)poll(NULL, 0, 30);
    atomic_fetch_add(&server.skipped_us, (int64_t)LIMIT_HTTP_HEADER_DEADLINE_MS * 1000 + 500000);
    assert_true(client_is_closed(half));
    (void)close(half);
    server_stop(&server);
    pem_remove(&pem);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[8192];
    FILE *in = fopen(from, "r");
    FILE *out = fopen(to, "w");

    assert_non_null(in);
    assert_non_null(out);
    size_t count = fread(bytes, 1, sizeof(bytes), in);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    (void)fclose(in);
    (void)fclose(out);
}

static void certificate_is_replaced(void **state)
{
    (void)state;
    struct server server;
    struct pem pem;
    struct pem next;
    struct err err = {0};

    pem_make(&pem);
    pem_make(&next);
    struct pem used;
    (void)fclose(temporary(used.certificate));
    (void)fclose(temporary(used.key));
    copy_file(pem.certificate, used.certificate);
    copy_file(pem.key, used.key);
    server_start_with(&server,
                      (struct net_options){.certificate = used.certificate, .key = used.key});
    int before = client_open(&server);
    struct tls_client *client = client_tls(before, &pem);
    copy_file(next.certificate, used.certificate); /* the key does not fit yet */
    assert_int_equal(net_reload_tls(server.net, &err), ERR_INVALID);
    int fd = client_open(&server);
    tls_client_close(client_tls(fd, &pem));
    (void)close(fd);
    copy_file(next.key, used.key);
    assert_int_equal(net_reload_tls(server.net, &err), OK);
    fd = client_open(&server);
    tls_client_close(client_tls(fd, &next));
    (void)close(fd);
    client_get(client, "/bytes/", 10); /* the open connection goes on */
    assert_response(client, 10);
    tls_client_close(client);
    (void)close(before);
    server_stop(&server);
    pem_remove(&pem);
    pem_remove(&next);
    pem_remove(&used);
}

static void reload_needs_tls(void **state)
{
    (void)state;
    struct server server;

    server_start(&server, 1);
    assert_int_equal(net_reload_tls(server.net, NULL), ERR_INVALID);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_over_tls),         cmocka_unit_test(large_request_over_tls),
        cmocka_unit_test(certificate_is_verified), cmocka_unit_test(old_versions_are_refused),
        cmocka_unit_test(plain_text_is_dropped),   cmocka_unit_test(certificate_is_replaced),
        cmocka_unit_test(reload_needs_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
