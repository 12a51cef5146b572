#pragma once
/*
 * The guard: one authenticate() before routing. A handler cannot be called without the principal
 * that only this gives. SigV4 in the header form; query credentials, unsigned and streaming
 * payloads are refused.
 */
#include "core/arena.h"
#include "net/http.h"
#include "os/os.h"
#include "schema/names.h"

struct auth;

enum access { ACCESS_WRITE, ACCESS_READ };

/* Who sent the request. Only auth_check makes one. */
struct principal {
    struct str access_key;
    struct str user;    /* section name of the credentials file */
    enum access access; /* asof_access = read|write */
    struct str service; /* the scope's: "sagemaker" (later: kinesis, athena, …) */
};

/*
 * The credentials file has the AWS shared-credentials form: [user], aws_access_key_id,
 * aws_secret_access_key, optional asof_access = read|write. Mode 0600 is required.
 * auth_make_credentials writes a new one with random keys when there is none.
 */
NODISCARD enum code auth_open(const struct os *os, const char *path,
                              const struct identity *identity, struct auth **ret, struct err *err);
void auth_close(struct auth *auth);
NODISCARD enum code auth_reload(struct auth *auth, struct err *err);
NODISCARD enum code auth_make_credentials(const struct os *os, const char *path, struct err *err);

enum auth_failure {
    AUTH_OK,
    AUTH_MISSING,     /* MissingAuthenticationTokenException 403 */
    AUTH_MALFORMED,   /* IncompleteSignatureException 400 */
    AUTH_UNKNOWN_KEY, /* UnrecognizedClientException 403 */
    AUTH_SIGNATURE,   /* InvalidSignatureException 403 */
    AUTH_EXPIRED, /* InvalidSignatureException 403, "Signature expired: …" / "not yet current" */
    AUTH_SCOPE,   /* InvalidSignatureException 403, names service, region or date */
};

struct auth_question {
    const struct http_request *request;
    const char *const *services; /* scope services that the route accepts, NULL-terminated */
    int64_t now_us;              /* the server's clock */
};

/* Requests more than 5 minutes off are AUTH_EXPIRED. Any loop thread; memory from the arena. */
enum auth_failure auth_check(struct auth *auth, const struct auth_question *question,
                             struct arena *arena, struct principal *ret, struct err *err);
const char *auth_failure_type(enum auth_failure failure); /* AWS error type */
int auth_failure_status(enum auth_failure failure);
