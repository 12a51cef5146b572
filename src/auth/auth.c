/*
 * The guard's table of credentials: opened, replaced whole, closed. Replaced tables are kept until
 * the end, because a loop thread may be reading one and principals are views into them; a reload of
 * an unchanged file keeps the table it has.
 */
#include "auth/auth_priv.h"

#include "config/limits.h"
#include "core/mem.h"

#include <stdatomic.h>

static void wipe_buf(struct buf *buf)
{
    if (buf->ptr != NULL)
        explicit_bzero(buf->ptr, buf->capacity);
    buf_release(buf);
}

static enum code table_load(const struct auth *auth, struct credentials **ret, struct err *err)
{
    CLEANUP(wipe_buf) struct buf text;
    struct os_stat stat;

    buf_init(&text, LIMIT_CREDENTIALS_BYTES);
    TRY(auth->os->stat(auth->os->context, auth->path, &stat, err));
    if ((stat.mode & 077) != 0)
        return err_set(err, ERR_DENIED,
                       "credentials file '%s' has mode %04o: make it 0600 (chmod 600), so that no "
                       "one else reads it",
                       auth->path, stat.mode);
    TRY(os_read_file(auth->os, auth->path, LIMIT_CREDENTIALS_BYTES, &text, err));
    return credentials_parse(buf_str(&text), auth->path, ret, err);
}

static void drop(struct auth **auth)
{
    auth_close(*auth);
}

enum code auth_open(const struct os *os, const char *path, const struct identity *identity,
                    struct auth **ret, struct err *err)
{
    CLEANUP(drop) struct auth *auth = MEM_NEW(struct auth);
    struct credentials *table = NULL;

    auth->os = os;
    auth->path = arena_cstr(&auth->arena, str_from(path));
    auth->region = arena_str(&auth->arena, identity->region);
    TRY(table_load(auth, &table, err));
    atomic_store(&auth->current, table);
    *ret = auth;
    auth = NULL;
    return OK;
}

void auth_close(struct auth *auth)
{
    if (auth == NULL)
        return;
    struct credentials *table = atomic_load(&auth->current);
    while (table != NULL) {
        struct credentials *older = table->older;
        credentials_free(table);
        table = older;
    }
    arena_release(&auth->arena);
    mem_free(auth);
}

enum code auth_reload(struct auth *auth, struct err *err)
{
    struct credentials *old = atomic_load(&auth->current);
    struct credentials *table = NULL;

    TRY(table_load(auth, &table, err));
    assert(table != NULL && old != NULL);
    if (sha256_bytes_equal(&table->content, &old->content, sizeof(old->content))) {
        credentials_free(table);
        return OK;
    }
    table->older = old;
    atomic_store_explicit(&auth->current, table, memory_order_release);
    return OK;
}

/* --- a new file --- */

enum { NEW_ACCESS_KEY_BYTES = 16, NEW_SECRET_BYTES = 40 };

enum code auth_make_credentials(const struct os *os, const char *path, struct err *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static const char symbols[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    CLEANUP(wipe_buf) struct buf text;
    unsigned char random[NEW_ACCESS_KEY_BYTES + NEW_SECRET_BYTES];

    buf_init(&text, 0);
    /* Both alphabets are powers of two, so cutting a random byte favours no character. */
    static_assert(sizeof(letters) - 1 == 32 && sizeof(symbols) - 1 == 64, "see above");
    TRY(os->random(os->context, random, sizeof(random), err));
    buf_add(&text, STR("[default]\naws_access_key_id = AKIA"));
    for (size_t i = 0; i < NEW_ACCESS_KEY_BYTES; i++)
        buf_add_byte(&text, letters[random[i] & 31]);
    buf_add(&text, STR("\naws_secret_access_key = "));
    for (size_t i = NEW_ACCESS_KEY_BYTES; i < sizeof(random); i++)
        buf_add_byte(&text, symbols[random[i] & 63]);
    buf_add_byte(&text, '\n');
    explicit_bzero(random, sizeof(random));
    return os_write_file(os, path, buf_str(&text), err);
}

/* --- what a failure is called --- */

const char *auth_failure_type(enum auth_failure failure)
{
    switch (failure) {
    case AUTH_OK:
        break;
    case AUTH_MISSING:
        return "MissingAuthenticationTokenException";
    case AUTH_MALFORMED:
        return "IncompleteSignatureException";
    case AUTH_UNKNOWN_KEY:
        return "UnrecognizedClientException";
    case AUTH_SIGNATURE:
    case AUTH_EXPIRED:
    case AUTH_SCOPE:
        return "InvalidSignatureException";
    }
    assert(failure != AUTH_OK);
    return "InternalFailure";
}

int auth_failure_status(enum auth_failure failure)
{
    assert(failure != AUTH_OK);
    return failure == AUTH_MALFORMED ? 400 : 403;
}
