#pragma once
/* What the tests of the guard's checks share: a guard over a file of three keys, its clock, a good
 * signer, and requests changed and judged. */
#include "unit/test.h"

#include "unit/auth/signed.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCESS_KEY "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define NOW_TEXT "20260701T140307Z"

#define CREDENTIALS                                                                                \
    "[writer]\naws_access_key_id = " ACCESS_KEY "\naws_secret_access_key = " SECRET "\n"           \
    "[reader]\naws_access_key_id = READER\naws_secret_access_key = readersecret\n"                 \
    "asof_access = read\n"                                                                         \
    "[guest]\naws_access_key_id = GUEST\naws_secret_access_key = guestsecret\n"                    \
    "aws_session_token = guest-token\n"

#define MISMATCH                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your "   \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."

static struct arena arena;
static char dir[64] = "/tmp/asof-test-auth-XXXXXX";
static char path[96];
static struct auth *guard;
static int64_t now_us;
static struct signer good;
static const struct identity identity = {{"000000000000", 12}, {"us-east-1", 9}, {"aws", 3}};
static const char *const services[] = {"sagemaker", NULL};

static inline void write_credentials(const char *text, unsigned mode)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static inline int start(void **state)
{
    struct instant now;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/credentials", dir);
    write_credentials(CREDENTIALS, 0600);
    if (auth_open(os_linux(), path, &identity, &guard, &err) != OK)
        fail_msg("%s", err.message);
    assert_int_equal(instant_parse_iso(STR("2026-07-01T14:03:07Z"), &now, NULL), OK);
    now_us = instant_to_us(now);
    good = (struct signer){STR(ACCESS_KEY), STR(SECRET), STR("us-east-1"), STR("sagemaker"),
                           STR(NOW_TEXT)};
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    auth_close(guard);
    (void)unlink(path);
    (void)rmdir(dir);
    arena_release(&arena);
    return 0;
}

static inline enum auth_failure ask(const struct signed_request *signed_request,
                                    const char *const *accepted, int64_t at_us,
                                    struct arena *memory, struct principal *ret, struct err *err)
{
    const struct auth_question question = {&signed_request->request, accepted, at_us};

    return auth_check(guard, &question, memory, ret, err);
}

/* Checks with the clock at `at_us`; a refusal must leave the principal as it was. */
static inline enum auth_failure check_at(const struct signed_request *signed_request, int64_t at_us,
                                         struct err *err)
{
    struct principal principal = {.user = STR("untouched")};
    struct arena scratch = {0};
    enum auth_failure failure = ask(signed_request, services, at_us, &scratch, &principal, err);

    assert_true(failure == AUTH_OK || str_equal(principal.user, STR("untouched")));
    arena_release(&scratch);
    return failure;
}

/* `message`: NULL is any. */
static inline void expect(const struct signed_request *signed_request, enum auth_failure expected,
                          const char *message)
{
    struct err err = {0};
    enum auth_failure failure = check_at(signed_request, now_us, &err);

    if (failure != expected)
        fail_msg("expected failure %d, found %d: %s", (int)expected, (int)failure, err.message);
    if (message != NULL)
        assert_string_equal(err.message, message);
}

/* The first header of the name, to be read or changed after the signing. */
static inline struct str *header_value(struct signed_request *signed_request, const char *name)
{
    for (size_t i = 0; i < signed_request->request.header_count; i++) {
        if (str_equal_nocase(signed_request->headers[i].name, str_from(name)))
            return &signed_request->headers[i].value;
    }
    fail_msg("no header %s", name);
    abort(); /* the compiler does not know that a failed test does not come back */
}

static inline void header_remove(struct signed_request *signed_request, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < signed_request->request.header_count; i++) {
        if (!str_equal_nocase(signed_request->headers[i].name, str_from(name)))
            signed_request->headers[kept++] = signed_request->headers[i];
    }
    assert_int_equal(kept + 1, signed_request->request.header_count);
    signed_request->request.header_count = kept;
}
