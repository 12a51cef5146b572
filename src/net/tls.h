#pragma once
/*
 * TLS 1.2 and later by OpenSSL, whose headers are included by tls.c alone. The server's side never
 * blocks and works on sockets that net/ owns; the client's side (for the command line) blocks.
 * A struct tls belongs to one thread; a struct tls_server may be used by all loops.
 */
#include "core/base.h"

struct tls_server; /* certificate and key, replaceable */
struct tls;        /* one connection */

/* PEM files. ERR_INVALID names the file and what OpenSSL has against it. */
NODISCARD enum code tls_server_new(const char *certificate, const char *key,
                                   struct tls_server **ret, struct err *err);
/* Reads both files again; connections that are open keep what they have. */
NODISCARD enum code tls_server_reload(struct tls_server *server, struct err *err);
void tls_server_free(struct tls_server *server); /* accepts NULL */

enum tls_result {
    TLS_DONE,
    TLS_WANT_READ,  /* when the socket is readable, the same call again */
    TLS_WANT_WRITE, /* when the socket is writable, the same call with the same bytes again */
    TLS_END,        /* the peer closed */
    TLS_BROKEN,
};

/* NULL when there is no memory for it. `fd` is not blocking and stays the caller's. */
struct tls *tls_accept(struct tls_server *server, int fd);
enum tls_result tls_handshake(struct tls *tls);
enum tls_result tls_read(struct tls *tls, void *bytes, size_t count, size_t *ret_count);
enum tls_result tls_write(struct tls *tls, const void *bytes, size_t count, size_t *ret_count);
/* Says goodbye when that needs no waiting, and frees. Accepts NULL. */
void tls_close(struct tls *tls);
/* Frees without a goodbye. Accepts NULL. */
void tls_drop(struct tls *tls);

/* ---- the client's side: blocking ---- */

struct tls_client;

struct tls_client_options {
    const char *host;        /* name or address that the certificate must be for */
    const char *authorities; /* PEM file of trusted certificates; NULL: the system's */
    bool is_unverified;      /* any certificate will do */
};

/* `fd` is a connected blocking socket and stays the caller's. SIGPIPE must be ignored. */
NODISCARD enum code tls_client_connect(int fd, const struct tls_client_options *options,
                                       struct tls_client **ret, struct err *err);
/* At least one byte; *ret_count 0 at the end. */
NODISCARD enum code tls_client_read(struct tls_client *client, void *bytes, size_t count,
                                    size_t *ret_count, struct err *err);
/* All of it. */
NODISCARD enum code tls_client_write(struct tls_client *client, const void *bytes, size_t count,
                                     struct err *err);
void tls_client_close(struct tls_client *client); /* accepts NULL */
