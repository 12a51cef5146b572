#pragma once
/*
 * The credentials file, read into an immutable table. Only the list of derived signing keys grows:
 * a key a day and service, put at its head and never taken away, so threads may walk it at any
 * time.
 */
#include "auth/auth.h"
#include "core/sha256.h"
#include "core/sigv4.h"

enum { SIGNING_DAY_BYTES = 8, SIGNING_SERVICE_BYTES = 32 };

struct signing_key {
    struct signing_key *next;
    char day[SIGNING_DAY_BYTES];
    char service[SIGNING_SERVICE_BYTES]; /* NUL-terminated */
    struct sha256 key;
};

struct credential {
    struct str access_key;
    struct str secret;
    struct str session_token; /* absent: a request with one is refused */
    struct str user;
    enum access access;
    _Atomic(struct signing_key *) keys;
};

struct credentials {
    struct credentials *older; /* replaced ones live until the guard closes: principals see them */
    struct arena arena;
    struct sha256 content;
    struct credential *list; /* by access key */
    size_t count;
    struct credential nobody; /* does the work of a key that is not there */
};

/* `name` stands in messages, with the line: what is wrong, never a secret. */
NODISCARD enum code credentials_parse(struct str text, const char *name, struct credentials **ret,
                                      struct err *err);
/* Overwrites the secrets. Does not follow `older`. */
void credentials_free(struct credentials *credentials);

/* NULL when there is none of that key. */
struct credential *credentials_find(const struct credentials *credentials, struct str access_key);

/* The signing key of the scope, derived once. `scope` must have been checked: keys stay. */
struct sha256 credential_key(struct credential *credential, const struct sigv4_scope *scope);
