/* The Authorization header of Signature Version 4: taken apart, and made. */
#include "core/sigv4.h"

#include <stdlib.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"

/* What a service says when it cannot make out the header; the texts are those of AWS. */
static enum code fail_credential(struct err *err, struct str credential)
{
    return err_set(err, ERR_INVALID,
                   "Credential must have exactly 5 slash-delimited elements, e.g. "
                   "keyid/date/region/service/term, got '%.*s'",
                   (int)size_min(credential.len, 256), credential.ptr);
}

static enum code credential_parse(struct str text, struct sigv4_authorization *ret, struct err *err)
{
    struct str parts[5];
    struct str rest = text;

    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        parts[i] = str_cut(&rest, '/');
        if (parts[i].len == 0)
            return fail_credential(err, text);
    }
    size_t used = (size_t)(parts[4].ptr + parts[4].len - text.ptr);
    if (used != text.len)
        return fail_credential(err, text);
    if (!str_equal(parts[4], STR(TERMINATOR)))
        return err_set(err, ERR_INVALID,
                       "Credential should be scoped with a valid terminator: '" TERMINATOR
                       "', not '%.*s'.",
                       (int)size_min(parts[4].len, 64), parts[4].ptr);
    ret->access_key = parts[0];
    ret->scope = (struct sigv4_scope){.date = parts[1], .region = parts[2], .service = parts[3]};
    return OK;
}

static void skip_spaces(struct str *text)
{
    while (text->len > 0 && text->ptr[0] == ' ')
        *text = str_slice(*text, 1, text->len);
}

enum code sigv4_authorization_parse(struct str value, struct sigv4_authorization *ret,
                                    struct err *err)
{
    static const char *const names[] = {"Credential", "SignedHeaders", "Signature"};
    struct str values[ARRAY_COUNT(names)] = {0};
    struct sigv4_authorization result;

    if (!str_starts(value, STR(ALGORITHM " ")))
        return err_set(err, ERR_INVALID,
                       "Authorization header requires the algorithm '" ALGORITHM "'.");
    struct str rest = str_slice(value, sizeof(ALGORITHM), value.len);
    skip_spaces(&rest);
    do {
        struct str item = str_cut(&rest, ',');
        struct str name = str_cut(&item, '=');
        size_t i = 0;
        while (i < ARRAY_COUNT(names) && !str_equal(name, str_from(names[i])))
            i++;
        if (i == ARRAY_COUNT(names) || values[i].ptr != NULL)
            return err_set(err, ERR_INVALID,
                           "Authorization header has an unknown or repeated parameter '%.*s'.",
                           (int)size_min(name.len, 64), name.ptr == NULL ? "" : name.ptr);
        values[i] = item;
        skip_spaces(&rest);
    } while (rest.len > 0);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (values[i].len == 0)
            return err_set(err, ERR_INVALID, "Authorization header requires '%s' parameter.",
                           names[i]);
    }
    TRY(credential_parse(values[0], &result, err));
    result.signed_headers = values[1];
    result.signature = values[2];
    *ret = result;
    return OK;
}

/* --- signing --- */

static int name_compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The names of all headers: lower case, sorted, each once. */
static struct str signed_headers_of(const struct sigv4_request *request, struct arena *arena)
{
    struct str *names = ARENA_NEW(arena, struct str, request->header_count + 1);
    size_t bytes = 1;
    size_t len = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        struct str name = request->headers[i].name;
        char *lower = arena_alloc_raw(arena, name.len + 1, 1);
        for (size_t k = 0; k < name.len; k++) {
            lower[k] = name.ptr[k];
            if (lower[k] >= 'A' && lower[k] <= 'Z')
                lower[k] = (char)(lower[k] - 'A' + 'a');
        }
        names[i] = (struct str){lower, name.len};
        bytes += name.len + 1;
    }
    qsort(names, request->header_count, sizeof(*names), name_compare);
    char *list = arena_alloc_raw(arena, bytes, 1);
    for (size_t i = 0; i < request->header_count; i++) {
        if (i > 0 && str_equal(names[i - 1], names[i]))
            continue;
        if (len > 0)
            list[len++] = ';';
        memcpy(list + len, names[i].ptr, names[i].len);
        len += names[i].len;
    }
    return (struct str){list, len};
}

enum code sigv4_sign(const struct sigv4_request *request, const struct sigv4_keys *keys,
                     const struct sigv4_scope *scope, struct arena *arena,
                     struct str *ret_authorization, struct err *err)
{
    struct str amz_date = STR_ABSENT;
    struct str canonical;
    char signature[64];

    for (size_t i = 0; i < request->header_count; i++) {
        if (str_equal_nocase(request->headers[i].name, STR("x-amz-date")))
            amz_date = request->headers[i].value;
    }
    if (amz_date.ptr == NULL)
        return err_set(err, ERR_INVALID, "a request to be signed needs the header x-amz-date");
    struct str names = signed_headers_of(request, arena);
    TRY(sigv4_canonical(request, names, arena, &canonical, err));
    struct str text = sigv4_string_to_sign(amz_date, scope, canonical, arena);
    struct sha256 key = sigv4_key(keys->secret, scope);
    sigv4_signature(&key, text, signature);
    explicit_bzero(&key, sizeof(key));
    *ret_authorization =
        arena_format(arena,
                     ALGORITHM " Credential=%.*s/%.*s/%.*s/%.*s/" TERMINATOR
                               ", SignedHeaders=%.*s, Signature=%.64s",
                     STR_ARG(keys->access_key), STR_ARG(scope->date), STR_ARG(scope->region),
                     STR_ARG(scope->service), STR_ARG(names), signature);
    return OK;
}
