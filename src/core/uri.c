#include "core/uri.h"

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

enum code uri_decode(struct str text, struct arena *arena, struct str *ret, struct err *err)
{
    if (str_find_byte(text, 0, '%') == text.len) {
        *ret = (struct str){text.len == 0 ? "" : text.ptr, text.len};
        return OK;
    }
    char *out = arena_alloc_raw(arena, text.len, 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            out[len++] = text.ptr[i];
            continue;
        }
        int high = i + 1 < text.len ? hex_value(text.ptr[i + 1]) : -1;
        int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
        if (high < 0 || low < 0)
            return err_set(err, ERR_INVALID, "'%%' without two hexadecimal digits in '%.*s'",
                           STR_ARG(str_slice(text, 0, size_min(text.len, 64))));
        if (high + low == 0)
            return err_set(err, ERR_INVALID, "%%00 stands in '%.*s'",
                           STR_ARG(str_slice(text, 0, size_min(text.len, 64))));
        out[len++] = (char)(unsigned char)(high * 16 + low);
        i += 2;
    }
    *ret = (struct str){out, len};
    return OK;
}

static bool is_unreserved(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' || byte == '~';
}

void uri_encode(struct buf *out, struct str text, bool is_slash_kept)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (is_unreserved(byte) || (byte == '/' && is_slash_kept)) {
            buf_add_byte(out, byte);
            continue;
        }
        unsigned char value = (unsigned char)byte;
        char escape[3] = {'%', hex[value >> 4], hex[value & 15]};
        buf_add(out, (struct str){escape, sizeof(escape)});
    }
}

bool uri_query_next(struct uri_query *query, struct arena *arena, struct str *ret_name,
                    struct str *ret_value, enum code *ret_code, struct err *err)
{
    struct str name;
    struct str value;
    struct str pair = {0};

    *ret_code = OK;
    while (pair.len == 0) {
        if (query->rest.len == 0)
            return false;
        pair = str_cut(&query->rest, '&');
    }
    struct str raw_name = str_cut(&pair, '=');
    *ret_code = uri_decode(raw_name, arena, &name, err);
    if (*ret_code == OK)
        *ret_code = uri_decode(pair, arena, &value, err);
    if (*ret_code != OK)
        return false;
    *ret_name = name;
    *ret_value = value;
    return true;
}
