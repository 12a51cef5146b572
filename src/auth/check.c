/*
 * Who signed this request? The order of the checks: what needs no key first (form, scope, age),
 * then the signature, and only then the verdict on key and session token, so that a key that does
 * not exist costs what a wrong signature costs.
 */
#include "auth/auth_priv.h"

#include "core/instant.h"
#include "core/uri.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#define SKEW_MAX_US (INT64_C(5) * 60 * 1000 * 1000)

/* The headers that the check itself reads; absent when they did not come. */
struct seen {
    struct str authorization;
    struct str date;
    struct str date_name;
    struct str content_sha256;
    struct str security_token;
};

struct check {
    struct auth *auth;
    const struct http_request *request;
    struct arena *arena;
    struct err *err;
    struct seen seen;
    struct sigv4_authorization parts;
    const char *service;
    struct sha256 payload;
};

PRINTF_LIKE(3, 4)
static enum auth_failure refuse(struct err *err, enum auth_failure failure, const char *format, ...)
{
    char message[ERR_MESSAGE_BYTES];

    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    enum code code = err_set(err, ERR_DENIED, "%s", message);
    assert(code == ERR_DENIED);
    return failure;
}

static enum auth_failure refuse_signature(struct err *err)
{
    return refuse(err, AUTH_SIGNATURE,
                  "The request signature we calculated does not match the signature you provided. "
                  "Check your AWS Secret Access Key and signing method. Consult the service "
                  "documentation for details.");
}

/* --- headers and query --- */

static bool is_amz(struct str name)
{
    return name.len > 6 && str_equal_nocase(str_slice(name, 0, 6), STR("x-amz-"));
}

static struct str *place_of(struct seen *seen, struct str name)
{
    switch (name.len) {
    case sizeof("x-amz-date") - 1:
        return str_equal_nocase(name, STR("x-amz-date")) ? &seen->date : NULL;
    case sizeof("authorization") - 1:
        return str_equal_nocase(name, STR("authorization")) ? &seen->authorization : NULL;
    case sizeof("x-amz-content-sha256") - 1: /* as long as x-amz-security-token */
        if (str_equal_nocase(name, STR("x-amz-content-sha256")))
            return &seen->content_sha256;
        return str_equal_nocase(name, STR("x-amz-security-token")) ? &seen->security_token : NULL;
    default:
        return NULL;
    }
}

static_assert(sizeof("x-amz-content-sha256") == sizeof("x-amz-security-token"), "see place_of");

/* Notes what the check reads. Twice the same one is refused: which of the two would be meant? */
static enum auth_failure headers_read(struct check *check)
{
    const struct http_request *request = check->request;
    struct str date = STR_ABSENT;

    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        struct str *place = place_of(&check->seen, header->name);
        if (place == NULL && header->name.len == 4 && str_equal_nocase(header->name, STR("date")))
            place = &date;
        if (place == NULL)
            continue;
        if (place->ptr != NULL)
            return refuse(check->err, AUTH_MALFORMED, "Header '%.*s' stands twice in the request.",
                          STR_ARG(header->name));
        *place = header->value.ptr == NULL ? STR("") : header->value;
    }
    check->seen.date_name = check->seen.date.ptr == NULL ? STR("date") : STR("x-amz-date");
    if (check->seen.date.ptr == NULL)
        check->seen.date = date;
    return AUTH_OK;
}

/* A parameter of the query form of the signature, however its name is written. */
static bool has_query_credentials(struct str query, struct arena *arena)
{
    while (query.len > 0) {
        struct str parameter = str_cut(&query, '&');
        struct str name = str_cut(&parameter, '=');
        if (str_find_byte(name, 0, '%') < name.len && uri_decode(name, arena, &name, NULL) != OK)
            continue;
        if (is_amz(name))
            return true;
    }
    return false;
}

static bool is_signed(const struct check *check, struct str name)
{
    struct str rest = check->parts.signed_headers;

    while (rest.len > 0) {
        struct str item = str_cut(&rest, ';');
        if (item.len == name.len && str_equal_nocase(item, name))
            return true;
    }
    return false;
}

static bool is_repeated(const struct http_request *request, size_t at)
{
    struct str name = request->headers[at].name;

    for (size_t i = 0; i < at; i++) {
        if (request->headers[i].name.len == name.len &&
            str_equal_nocase(request->headers[i].name, name))
            return true;
    }
    return false;
}

/* What decides the meaning of a request must be under the signature, and stand there once. */
static enum auth_failure signed_headers_check(const struct check *check)
{
    const struct http_request *request = check->request;

    if (!is_signed(check, STR("host")))
        return refuse(check->err, AUTH_SIGNATURE,
                      "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    if (!is_signed(check, check->seen.date_name))
        return refuse(check->err, AUTH_SIGNATURE,
                      "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                      STR_ARG(check->seen.date_name));
    for (size_t i = 0; i < request->header_count; i++) {
        struct str name = request->headers[i].name;
        bool is_host = name.len == 4 && str_equal_nocase(name, STR("host"));
        if (!is_host && !is_amz(name))
            continue;
        if (is_repeated(request, i))
            return refuse(check->err, AUTH_MALFORMED, "Header '%.*s' stands twice in the request.",
                          (int)size_min(name.len, 64), name.ptr);
        if (!is_signed(check, name))
            return refuse(check->err, AUTH_SIGNATURE,
                          "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                          (int)size_min(name.len, 64), name.ptr);
    }
    return AUTH_OK;
}

/* --- scope and age --- */

enum { AMZ_DATE_BYTES = 16, AMZ_DAY_BYTES = 8 };

/* yyyyMMddTHHmmssZ, the signature's own form of ISO 8601: read as yyyy-MM-ddTHH:mm:ssZ. */
static bool amz_date_parse(struct str text, int64_t *ret_us)
{
    char iso[20] = "yyyy-MM-ddTHH:mm:ss";
    struct instant instant;

    if (text.len != AMZ_DATE_BYTES)
        return false;
    memcpy(iso, text.ptr, 4);
    memcpy(iso + 5, text.ptr + 4, 2);
    memcpy(iso + 8, text.ptr + 6, 5);
    memcpy(iso + 14, text.ptr + 11, 2);
    memcpy(iso + 17, text.ptr + 13, 3);
    if (instant_parse_iso((struct str){iso, sizeof(iso)}, &instant, NULL) != OK)
        return false;
    *ret_us = instant_to_us(instant);
    return true;
}

struct amz_date {
    char text[AMZ_DATE_BYTES * 2];
};

static struct amz_date amz_date_of(int64_t us)
{
    struct amz_date date;
    struct civil civil = instant_civil(instant_from_us(us));

    (void)snprintf(date.text, sizeof(date.text), "%04d%02d%02dT%02d%02d%02dZ", civil.year % 10000,
                   civil.month % 100, civil.day % 100, civil.hour % 100, civil.minute % 100,
                   civil.second % 100);
    return date;
}

static enum auth_failure age_check(const struct check *check, int64_t now_us)
{
    int64_t sent_us;
    struct str date = check->seen.date;

    if (!amz_date_parse(date, &sent_us))
        return refuse(check->err, AUTH_MALFORMED,
                      "Date must be in ISO-8601 'basic format'. Got '%.*s'.",
                      (int)size_min(date.len, 64), date.ptr);
    struct str day = check->parts.scope.date;
    if (!str_equal(day, str_slice(date, 0, AMZ_DAY_BYTES)))
        return refuse(check->err, AUTH_SCOPE,
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                      "date from HTTP: '%.*s' != '%.*s', from '%.*s'.",
                      (int)size_min(day.len, 64), day.ptr, AMZ_DAY_BYTES, date.ptr, STR_ARG(date));
    if (sent_us < now_us - SKEW_MAX_US)
        return refuse(check->err, AUTH_EXPIRED,
                      "Signature expired: %.*s is now earlier than %s (%s - 5 min.)", STR_ARG(date),
                      amz_date_of(now_us - SKEW_MAX_US).text, amz_date_of(now_us).text);
    if (sent_us > now_us + SKEW_MAX_US)
        return refuse(check->err, AUTH_EXPIRED,
                      "Signature not yet current: %.*s is still later than %s (%s + 5 min.)",
                      STR_ARG(date), amz_date_of(now_us + SKEW_MAX_US).text,
                      amz_date_of(now_us).text);
    return AUTH_OK;
}

static enum auth_failure scope_check(struct check *check, const char *const *services)
{
    const struct sigv4_scope *scope = &check->parts.scope;

    if (!str_equal(scope->region, check->auth->region))
        return refuse(check->err, AUTH_SCOPE,
                      "Credential should be scoped to a valid region, not '%.*s'. ",
                      (int)size_min(scope->region.len, 64), scope->region.ptr);
    for (size_t i = 0; services[i] != NULL; i++) {
        if (str_equal(scope->service, str_from(services[i]))) {
            check->service = services[i];
            return AUTH_OK;
        }
    }
    return refuse(check->err, AUTH_SCOPE, "Credential should be scoped to correct service: '%s'. ",
                  services[0]);
}

/* --- the signature --- */

/* The hash that is signed is that of the body which came; a header may only agree with it. */
static enum auth_failure payload_check(struct check *check)
{
    struct str claimed = check->seen.content_sha256;
    char hex[64];

    check->payload = sha256_of(check->request->body);
    if (claimed.ptr == NULL)
        return AUTH_OK;
    if (str_equal(claimed, STR("UNSIGNED-PAYLOAD")) || str_starts(claimed, STR("STREAMING-")))
        return refuse(check->err, AUTH_SIGNATURE,
                      "The payload must be signed: '%.*s' is not accepted in "
                      "'x-amz-content-sha256'.",
                      (int)size_min(claimed.len, 64), claimed.ptr);
    sha256_hex(&check->payload, hex);
    if (!str_equal(claimed, (struct str){hex, sizeof(hex)}))
        return refuse(check->err, AUTH_SIGNATURE,
                      "The provided 'x-amz-content-sha256' header does not match what was "
                      "computed.");
    return AUTH_OK;
}

static enum auth_failure signature_compute(const struct check *check, struct credential *credential,
                                           char ret[64])
{
    const struct http_request *request = check->request;
    struct sigv4_header *headers =
        arena_alloc_raw(check->arena, arena_array_size(sizeof(*headers), request->header_count + 1),
                        alignof(struct sigv4_header));
    struct str canonical;
    struct err why;

    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = (struct sigv4_header){request->headers[i].name, request->headers[i].value};
    /* The path is signed as it came: no route has "." or "..", so none is resolved. */
    struct sigv4_request signed_request = {
        .method = request->method_text,
        .path = request->path,
        .query = request->query,
        .headers = headers,
        .header_count = request->header_count,
        .payload = check->payload,
        .is_path_encoded_twice = true,
    };
    if (sigv4_canonical(&signed_request, check->parts.signed_headers, check->arena, &canonical,
                        &why) != OK)
        return refuse(check->err, AUTH_MALFORMED, "%s", why.message);
    struct str text =
        sigv4_string_to_sign(check->seen.date, &check->parts.scope, canonical, check->arena);
    struct sha256 key = credential_key(credential, &check->parts.scope);
    sigv4_signature(&key, text, ret);
    return AUTH_OK;
}

static bool is_token_right(struct str expected, struct str sent)
{
    if ((expected.ptr == NULL) != (sent.ptr == NULL) || expected.len != sent.len)
        return false;
    return expected.len == 0 || sha256_bytes_equal(expected.ptr, sent.ptr, sent.len);
}

static enum auth_failure key_check(const struct check *check, struct principal *ret)
{
    struct credentials *table = atomic_load_explicit(&check->auth->current, memory_order_acquire);
    struct credential *known = credentials_find(table, check->parts.access_key);
    struct str sent = check->parts.signature;
    char expected[64];

    enum auth_failure failure =
        signature_compute(check, known == NULL ? &table->nobody : known, expected);
    if (failure != AUTH_OK)
        return failure;
    bool is_equal =
        sent.len == sizeof(expected) && sha256_bytes_equal(sent.ptr, expected, sizeof(expected));
    if (known == NULL || !is_token_right(known->session_token, check->seen.security_token))
        return refuse(check->err, AUTH_UNKNOWN_KEY,
                      "The security token included in the request is invalid.");
    if (!is_equal)
        return refuse_signature(check->err);
    *ret = (struct principal){.access_key = known->access_key,
                              .user = known->user,
                              .access = known->access,
                              .service = str_from(check->service)};
    return AUTH_OK;
}

static enum auth_failure authorization_read(struct check *check)
{
    struct str authorization = check->seen.authorization;
    struct err why;

    if (has_query_credentials(check->request->query, check->arena))
        return refuse(check->err, authorization.ptr == NULL ? AUTH_MISSING : AUTH_MALFORMED,
                      "Credentials in the query string are not accepted: sign the request in its "
                      "Authorization header.");
    if (authorization.ptr == NULL)
        return refuse(check->err, AUTH_MISSING, "Missing Authentication Token");
    if (sigv4_authorization_parse(authorization, &check->parts, &why) != OK)
        return refuse(check->err, AUTH_MALFORMED, "%s", why.message);
    if (check->seen.date.ptr == NULL)
        return refuse(check->err, AUTH_MALFORMED,
                      "Authorization header requires existence of either a 'X-Amz-Date' or a "
                      "'Date' header.");
    return AUTH_OK;
}

enum auth_failure auth_check(struct auth *auth, const struct auth_question *question,
                             struct arena *arena, struct principal *ret, struct err *err)
{
    struct check check = {.auth = auth, .request = question->request, .arena = arena, .err = err};
    enum auth_failure failure = headers_read(&check);

    assert(question->services[0] != NULL);
    if (failure == AUTH_OK)
        failure = authorization_read(&check);
    if (failure == AUTH_OK)
        failure = scope_check(&check, question->services);
    if (failure == AUTH_OK)
        failure = age_check(&check, question->now_us);
    if (failure == AUTH_OK)
        failure = signed_headers_check(&check);
    if (failure == AUTH_OK)
        failure = payload_check(&check);
    if (failure == AUTH_OK)
        failure = key_check(&check, ret);
    return failure;
}
