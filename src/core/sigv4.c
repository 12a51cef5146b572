/*
 * Signature Version 4. The canonical request is built in one block of the arena whose size is known
 * before the first byte is written.
 *
 * Two choices keep the canonical text one-to-one with what was sent, where the specification leaves
 * room: a percent triplet of the query stays as it came (so "%4a" and "%4A" do not sign alike), and
 * only runs of spaces inside a header value are folded, not tabs. All AWS clients send what these
 * give.
 */
#include "core/sigv4.h"

#include "core/mem.h"

#include <stdlib.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"

/* --- writing into the block --- */

static inline char *put(char *out, struct str text)
{
    if (text.len > 0)
        memcpy(out, text.ptr, text.len);
    return out + text.len;
}

static inline bool is_unreserved(unsigned char byte)
{
    /* A-Z a-z 0-9 - . _ ~, as bits. */
    static const uint64_t low = UINT64_C(0x03ff600000000000);
    static const uint64_t high = UINT64_C(0x47fffffe87fffffe);

    return byte < 64 ? (low >> byte & 1) != 0 : byte < 128 && (high >> (byte - 64) & 1) != 0;
}

static inline bool is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F') ||
           (byte >= 'a' && byte <= 'f');
}

static inline char *put_encoded(char *out, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";

    out[0] = '%';
    out[1] = digits[byte >> 4];
    out[2] = digits[byte & 15];
    return out + 3;
}

/* --- the path --- */

/* "." and ".." resolved and runs of '/' made one; at most a '/' at each end longer than the path.
 */
static struct str path_normalized(struct str path, struct arena *arena)
{
    char *text = arena_alloc_raw(arena, path.len + 2, 1);
    size_t len = 0;
    struct str rest = path;

    text[len++] = '/';
    while (rest.len > 0) {
        struct str segment = str_cut(&rest, '/');
        if (segment.len == 0 || str_equal(segment, STR(".")))
            continue;
        if (!str_equal(segment, STR(".."))) {
            len = (size_t)(put(text + len, segment) - text);
            text[len++] = '/';
            continue;
        }
        while (len > 1 && text[len - 2] != '/')
            len--;
        len -= len > 1;
    }
    if (len > 1 && !str_ends(path, STR("/")))
        len--;
    return (struct str){text, len};
}

static char *put_path(char *out, const struct sigv4_request *request, struct arena *arena)
{
    struct str path = request->path.len == 0 ? STR("/") : request->path;

    if (request->is_path_normalized)
        path = path_normalized(path, arena);
    for (size_t i = 0; i < path.len; i++) {
        char byte = path.ptr[i];
        if (is_unreserved((unsigned char)byte) || byte == '/' ||
            (byte == '%' && !request->is_path_encoded_twice))
            *out++ = byte;
        else
            out = put_encoded(out, (unsigned char)byte);
    }
    return out;
}

/* --- the query --- */

struct parameter {
    struct str name;
    struct str value;
};

static char *put_query_text(char *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        bool is_triplet =
            byte == '%' && text.len - i > 2 && is_hex(text.ptr[i + 1]) && is_hex(text.ptr[i + 2]);
        if (is_unreserved((unsigned char)byte) || is_triplet)
            *out++ = byte;
        else
            out = put_encoded(out, (unsigned char)byte);
    }
    return out;
}

static int parameter_compare(const void *a, const void *b)
{
    const struct parameter *first = a;
    const struct parameter *second = b;
    int order = str_compare(first->name, second->name);

    return order != 0 ? order : str_compare(first->value, second->value);
}

/* Names and values in canonical encoding, sorted. */
static size_t parameters_read(struct str query, struct arena *arena, struct parameter **ret)
{
    size_t count = 1;
    struct str rest = query;

    for (size_t i = 0; i < query.len; i++)
        count += query.ptr[i] == '&';
    struct parameter *list = ARENA_NEW(arena, struct parameter, count);
    char *out = arena_alloc_raw(arena, 3 * query.len + 1, 1);
    bool is_sorted = true;
    count = 0;
    while (rest.len > 0) {
        struct str value = str_cut(&rest, '&');
        if (value.len == 0)
            continue;
        struct str name = str_cut(&value, '=');
        struct parameter *parameter = &list[count];
        parameter->name.ptr = out;
        out = put_query_text(out, name);
        parameter->name.len = (size_t)(out - parameter->name.ptr);
        parameter->value.ptr = out;
        out = put_query_text(out, value);
        parameter->value.len = (size_t)(out - parameter->value.ptr);
        if (count > 0 && parameter_compare(parameter - 1, parameter) > 0)
            is_sorted = false;
        count++;
    }
    if (!is_sorted)
        qsort(list, count, sizeof(*list), parameter_compare);
    *ret = list;
    return count;
}

static char *put_query(char *out, struct str query, struct arena *arena)
{
    struct parameter *list = NULL;
    size_t count = query.len == 0 ? 0 : parameters_read(query, arena, &list);

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *out++ = '&';
        out = put(out, list[i].name);
        *out++ = '=';
        out = put(out, list[i].value);
    }
    return out;
}

/* --- the headers --- */

static inline bool name_equal(struct str name, struct str lower)
{
    return name.len == lower.len && str_equal_nocase(name, lower);
}

/* Without blanks at both ends, runs of spaces as one. */
static char *put_value(char *out, struct str value)
{
    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == ' ' && value.ptr[i - 1] == ' ')
            continue;
        *out++ = value.ptr[i];
    }
    return out;
}

/* `name:value,value\n` of all headers of that name; NULL when there is none. */
static char *put_header(char *out, const struct sigv4_request *request, struct str name)
{
    bool is_found = false;

    out = put(out, name);
    for (size_t i = 0; i < request->header_count; i++) {
        if (!name_equal(request->headers[i].name, name))
            continue;
        *out++ = is_found ? ',' : ':';
        out = put_value(out, request->headers[i].value);
        is_found = true;
    }
    *out++ = '\n';
    return is_found ? out : NULL;
}

/* Each name once, so that the block's size holds: ascending, lower case, of a token's characters.
 */
static enum code signed_headers_check(struct str list, struct err *err)
{
    struct str rest = list;
    struct str last = STR_ABSENT;

    if (list.len == 0 || list.ptr[list.len - 1] == ';')
        return err_set(err, ERR_INVALID, "SignedHeaders: expected a list of header names");
    while (rest.len > 0) {
        struct str name = str_cut(&rest, ';');
        if (name.len == 0 || (last.ptr != NULL && str_compare(last, name) >= 0))
            return err_set(err, ERR_INVALID,
                           "SignedHeaders: expected names in ascending order, each once");
        for (size_t i = 0; i < name.len; i++) {
            unsigned char byte = (unsigned char)name.ptr[i];
            if (byte <= ' ' || byte >= 0x7f || (byte >= 'A' && byte <= 'Z') || byte == ':' ||
                byte == ',')
                return err_set(err, ERR_INVALID, "SignedHeaders: expected lower-case names");
        }
        last = name;
    }
    return OK;
}

static size_t canonical_bytes_max(const struct sigv4_request *request, struct str signed_headers)
{
    size_t bytes = request->method.len + 3 * (request->path.len + 1) + 6 * request->query.len + 256;

    for (size_t i = 0; i < request->header_count; i++)
        bytes += request->headers[i].name.len + request->headers[i].value.len + 2;
    return bytes + 3 * signed_headers.len;
}

enum code sigv4_canonical(const struct sigv4_request *request, struct str signed_headers,
                          struct arena *arena, struct str *ret, struct err *err)
{
    struct str rest = signed_headers;

    TRY(signed_headers_check(signed_headers, err));
    size_t bytes_max = canonical_bytes_max(request, signed_headers);
    char *text = arena_alloc_raw(arena, bytes_max, 1);
    char *out = put(text, request->method);
    *out++ = '\n';
    out = put_path(out, request, arena);
    *out++ = '\n';
    out = put_query(out, request->query, arena);
    *out++ = '\n';
    while (rest.len > 0) {
        struct str name = str_cut(&rest, ';');
        out = put_header(out, request, name);
        if (out == NULL)
            return err_set(err, ERR_INVALID, "signed header '%.*s' is not in the request",
                           (int)size_min(name.len, 64), name.ptr);
    }
    *out++ = '\n';
    out = put(out, signed_headers);
    *out++ = '\n';
    sha256_hex(&request->payload, out);
    out += 64;
    assert((size_t)(out - text) <= bytes_max);
    *ret = (struct str){text, (size_t)(out - text)};
    return OK;
}

/* --- string to sign, key, signature --- */

struct str sigv4_string_to_sign(struct str amz_date, const struct sigv4_scope *scope,
                                struct str canonical, struct arena *arena)
{
    struct sha256 digest = sha256_of(canonical);
    size_t bytes = sizeof(ALGORITHM) + amz_date.len + scope->date.len + scope->region.len +
                   scope->service.len + sizeof(TERMINATOR) + 70;
    char *text = arena_alloc_raw(arena, bytes, 1);
    char *out = put(text, STR(ALGORITHM "\n"));

    out = put(out, amz_date);
    *out++ = '\n';
    out = put(out, scope->date);
    *out++ = '/';
    out = put(out, scope->region);
    *out++ = '/';
    out = put(out, scope->service);
    out = put(out, STR("/" TERMINATOR "\n"));
    sha256_hex(&digest, out);
    out += 64;
    assert((size_t)(out - text) <= bytes);
    return (struct str){text, (size_t)(out - text)};
}

static struct sha256 hmac_by(const struct sha256 *key, struct str bytes)
{
    return sha256_hmac((struct str){(const char *)key->bytes, sizeof(key->bytes)}, bytes);
}

struct sha256 sigv4_key(struct str secret, const struct sigv4_scope *scope)
{
    char *first = MEM_NEW_ARRAY(char, secret.len + 4);

    char *end = put(put(first, STR("AWS4")), secret);
    struct sha256 key = sha256_hmac((struct str){first, (size_t)(end - first)}, scope->date);
    explicit_bzero(first, secret.len + 4);
    mem_free(first);
    key = hmac_by(&key, scope->region);
    key = hmac_by(&key, scope->service);
    return hmac_by(&key, STR(TERMINATOR));
}

void sigv4_signature(const struct sha256 *key, struct str string_to_sign, char ret[64])
{
    struct sha256 digest = hmac_by(key, string_to_sign);

    sha256_hex(&digest, ret);
}
