#include "net/tls.h"

#include "core/mem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

struct tls_server {
    const char *certificate; /* paths, kept by the caller */
    const char *key;
    pthread_mutex_t lock; /* of context */
    SSL_CTX *context;
};

/* A SSL object and the wrapper are one and the same thing. */
static SSL *ssl_of(struct tls *tls)
{
    return (SSL *)tls;
}

static SSL *client_ssl(struct tls_client *client)
{
    return (SSL *)client;
}

/* The oldest error of this thread's queue is the cause; the queue is emptied. */
static enum code tls_error(struct err *err, enum code code, const char *what, const char *about)
{
    char text[160] = "no reason given";
    unsigned long reason = ERR_get_error();

    if (reason != 0)
        ERR_error_string_n(reason, text, sizeof(text));
    ERR_clear_error();
    return err_set(err, code, "%s '%s': %s", what, about, text);
}

static void context_free(SSL_CTX **context)
{
    SSL_CTX_free(*context);
}

static void context_harden(SSL_CTX *context)
{
    (void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
}

static enum code server_context(const struct tls_server *server, SSL_CTX **ret, struct err *err)
{
    CLEANUP(context_free) SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL)
        return tls_error(err, ERR_INTERNAL, "cannot start TLS for", server->certificate);
    context_harden(context);
    if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        return tls_error(err, ERR_INTERNAL, "cannot choose ciphers for", server->certificate);
    if (SSL_CTX_use_certificate_chain_file(context, server->certificate) != 1)
        return tls_error(err, ERR_INVALID, "cannot use the TLS certificate", server->certificate);
    if (SSL_CTX_use_PrivateKey_file(context, server->key, SSL_FILETYPE_PEM) != 1)
        return tls_error(err, ERR_INVALID, "cannot use the TLS key", server->key);
    if (SSL_CTX_check_private_key(context) != 1)
        return tls_error(err, ERR_INVALID, "the TLS key does not fit the certificate",
                         server->certificate);
    *ret = context;
    context = NULL;
    return OK;
}

enum code tls_server_new(const char *certificate, const char *key, struct tls_server **ret,
                         struct err *err)
{
    struct tls_server made = {.certificate = certificate, .key = key};

    assert(certificate != NULL && key != NULL);
    TRY(server_context(&made, &made.context, err));
    struct tls_server *server = MEM_NEW(struct tls_server);
    *server = made;
    (void)pthread_mutex_init(&server->lock, NULL);
    *ret = server;
    return OK;
}

enum code tls_server_reload(struct tls_server *server, struct err *err)
{
    SSL_CTX *context = NULL;

    TRY(server_context(server, &context, err));
    (void)pthread_mutex_lock(&server->lock);
    SSL_CTX *before = server->context;
    server->context = context;
    (void)pthread_mutex_unlock(&server->lock);
    SSL_CTX_free(before); /* open connections hold it */
    return OK;
}

void tls_server_free(struct tls_server *server)
{
    if (server == NULL)
        return;
    SSL_CTX_free(server->context);
    (void)pthread_mutex_destroy(&server->lock);
    mem_free(server);
}

struct tls *tls_accept(struct tls_server *server, int fd)
{
    (void)pthread_mutex_lock(&server->lock);
    SSL *ssl = SSL_new(server->context);
    (void)pthread_mutex_unlock(&server->lock);
    if (ssl == NULL)
        return NULL;
    if (SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return (struct tls *)ssl;
}

/* What a call that did not succeed asks for. */
static enum tls_result result_of(SSL *ssl, int returned)
{
    int reason = SSL_get_error(ssl, returned);

    ERR_clear_error();
    if (reason == SSL_ERROR_WANT_READ)
        return TLS_WANT_READ;
    if (reason == SSL_ERROR_WANT_WRITE)
        return TLS_WANT_WRITE;
    return reason == SSL_ERROR_ZERO_RETURN ? TLS_END : TLS_BROKEN;
}

enum tls_result tls_handshake(struct tls *tls)
{
    int returned = SSL_do_handshake(ssl_of(tls));

    return returned == 1 ? TLS_DONE : result_of(ssl_of(tls), returned);
}

enum tls_result tls_read(struct tls *tls, void *bytes, size_t count, size_t *ret_count)
{
    assert(count > 0);
    int returned = SSL_read_ex(ssl_of(tls), bytes, count, ret_count);
    return returned == 1 ? TLS_DONE : result_of(ssl_of(tls), returned);
}

enum tls_result tls_write(struct tls *tls, const void *bytes, size_t count, size_t *ret_count)
{
    assert(count > 0);
    int returned = SSL_write_ex(ssl_of(tls), bytes, count, ret_count);
    return returned == 1 ? TLS_DONE : result_of(ssl_of(tls), returned);
}

void tls_close(struct tls *tls)
{
    if (tls == NULL)
        return;
    if (SSL_is_init_finished(ssl_of(tls)))
        (void)SSL_shutdown(ssl_of(tls));
    tls_drop(tls);
}

void tls_drop(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(ssl_of(tls));
    ERR_clear_error();
}

static void ssl_free(SSL **ssl)
{
    SSL_free(*ssl);
}

/* The name or address that the certificate must carry. */
static bool client_expect(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *expected = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host) == 1)
        return true;
    ERR_clear_error();
    char name[256]; /* OpenSSL's macro wants it writable */
    if (strlen(host) >= sizeof(name))
        return false;
    memcpy(name, host, strlen(host) + 1);
    return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1;
}

enum code tls_client_connect(int fd, const struct tls_client_options *options,
                             struct tls_client **ret, struct err *err)
{
    CLEANUP(context_free) SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL)
        return tls_error(err, ERR_INTERNAL, "cannot start TLS with", options->host);
    context_harden(context);
    if (options->authorities == NULL)
        (void)SSL_CTX_set_default_verify_paths(context);
    else if (SSL_CTX_load_verify_file(context, options->authorities) != 1)
        return tls_error(err, ERR_INVALID, "cannot read trusted certificates",
                         options->authorities);
    SSL_CTX_set_verify(context, options->is_unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    CLEANUP(ssl_free) SSL *ssl = SSL_new(context); /* holds the context */
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || !client_expect(ssl, options->host))
        return tls_error(err, ERR_INTERNAL, "cannot start TLS with", options->host);
    if (SSL_connect(ssl) != 1) {
        long verdict = SSL_get_verify_result(ssl);
        if (verdict != X509_V_OK) {
            ERR_clear_error();
            return err_set(err, ERR_DENIED, "the certificate of '%s' is not trusted: %s",
                           options->host, X509_verify_cert_error_string(verdict));
        }
        return tls_error(err, ERR_IO, "no TLS connection to", options->host);
    }
    *ret = (struct tls_client *)ssl;
    ssl = NULL;
    return OK;
}

enum code tls_client_read(struct tls_client *client, void *bytes, size_t count, size_t *ret_count,
                          struct err *err)
{
    assert(count > 0);
    int returned = SSL_read_ex(client_ssl(client), bytes, count, ret_count);
    if (returned == 1)
        return OK;
    if (SSL_get_error(client_ssl(client), returned) != SSL_ERROR_ZERO_RETURN)
        return tls_error(err, ERR_IO, "cannot read over", "TLS");
    *ret_count = 0;
    return OK;
}

enum code tls_client_write(struct tls_client *client, const void *bytes, size_t count,
                           struct err *err)
{
    const char *from = bytes;

    while (count > 0) {
        size_t written = 0;
        if (SSL_write_ex(client_ssl(client), from, count, &written) != 1)
            return tls_error(err, ERR_IO, "cannot write over", "TLS");
        from += written;
        count -= written;
    }
    return OK;
}

void tls_client_close(struct tls_client *client)
{
    if (client == NULL)
        return;
    (void)SSL_shutdown(client_ssl(client));
    SSL_free(client_ssl(client));
    ERR_clear_error();
}
