#pragma once
/*
 * AWS Signature Version 4, header form: canonical request, string to sign, signature; for checking
 * requests (auth/) and for signing them (cli, S3). SHA-256 and HMAC are OpenSSL's; its headers are
 * included by core/sha256.c alone. Pure; any thread (each with its own arena).
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/sha256.h"
#include "core/str.h"

struct sigv4_header {
    struct str name; /* any case */
    struct str value;
};

struct sigv4_request {
    struct str method;
    struct str path;  /* raw, as on the wire, without the query */
    struct str query; /* raw, without '?' */
    const struct sigv4_header *headers;
    size_t header_count;
    struct sha256 payload;      /* of the actual body */
    bool is_path_normalized;    /* "." and ".." segments resolved: true for all services but S3 */
    bool is_path_encoded_twice; /* true for all services but S3 */
};

struct sigv4_scope {
    struct str date; /* yyyyMMdd */
    struct str region;
    struct str service;
};

/*
 * `signed_headers` is the list as it stands in the Authorization header ("host;x-amz-date"):
 * sorted, lower case. ERR_INVALID when a listed header is missing from the request.
 */
NODISCARD enum code sigv4_canonical(const struct sigv4_request *request, struct str signed_headers,
                                    struct arena *arena, struct str *ret, struct err *err);

struct str sigv4_string_to_sign(struct str amz_date, const struct sigv4_scope *scope,
                                struct str canonical, struct arena *arena);

/* The key of a day, region and service; keep it, deriving costs four HMACs. */
struct sha256 sigv4_key(struct str secret, const struct sigv4_scope *scope);

/* 64 lower-case hex digits. */
void sigv4_signature(const struct sha256 *key, struct str string_to_sign, char ret[64]);

/* The parts of an Authorization header; views into it. ERR_INVALID names what is malformed. */
struct sigv4_authorization {
    struct str access_key;
    struct sigv4_scope scope;
    struct str signed_headers;
    struct str signature;
};
NODISCARD enum code sigv4_authorization_parse(struct str value, struct sigv4_authorization *ret,
                                              struct err *err);

struct sigv4_keys {
    struct str access_key;
    struct str secret;
};

/*
 * Signs a request to be sent: gives the value of its Authorization header. `request` carries host
 * and x-amz-date (and all else that shall be signed: every header given is signed).
 */
NODISCARD enum code sigv4_sign(const struct sigv4_request *request, const struct sigv4_keys *keys,
                               const struct sigv4_scope *scope, struct arena *arena,
                               struct str *ret_authorization, struct err *err);
