#include "cli/endpoint.h"

static enum code refuse(struct str url, const char *why, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "expected an endpoint such as http://127.0.0.1:7878, found '%.*s': %s",
                   STR_ARG(str_slice(url, 0, size_min(url.len, 200))), why);
}

/* Cuts "[::1]:80" or "host:80"; *ret_port is absent when there is none. False for a bad form. */
static bool cut_port(struct str authority, struct str *ret_host, struct str *ret_port)
{
    size_t end;

    if (authority.len > 0 && authority.ptr[0] == '[') {
        end = str_find_byte(authority, 0, ']');
        if (end == authority.len)
            return false;
        *ret_host = str_slice(authority, 1, end);
        end++;
    } else {
        end = str_find_byte(authority, 0, ':');
        *ret_host = str_slice(authority, 0, end);
    }
    *ret_port = STR_ABSENT;
    if (end == authority.len)
        return true;
    *ret_port = str_slice(authority, end + 1, authority.len);
    return authority.ptr[end] == ':';
}

static bool is_host_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '_' ||
           byte == ':' || byte == '%';
}

static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_byte(host.ptr[i]))
            return false;
    }
    return host.len > 0;
}

enum code endpoint_parse(struct str url, struct arena *arena, struct endpoint *ret, struct err *err)
{
    struct endpoint endpoint = {.url = arena_str(arena, url)};
    struct str host;
    struct str port;
    struct str rest;
    uint64_t number;

    endpoint.is_tls = str_starts(url, STR("https://"));
    if (!endpoint.is_tls && !str_starts(url, STR("http://")))
        return refuse(url, "it begins with neither http:// nor https://", err);
    rest = str_slice(url, endpoint.is_tls ? 8 : 7, url.len);
    if (str_ends(rest, STR("/")))
        rest.len--;
    if (!cut_port(rest, &host, &port) || !is_host(host))
        return refuse(url, "no host, or something behind it", err);
    struct str usual = endpoint.is_tls ? STR("443") : STR("80");
    struct str authority = rest;
    if (str_is_absent(port))
        port = usual;
    else if (str_equal(port, usual))
        authority.len -= port.len + 1;
    if (str_to_u64(port, 65535, &number, NULL) != OK || number == 0)
        return refuse(url, "the port is not a number from 1 to 65535", err);
    endpoint.authority = arena_str(arena, authority);
    endpoint.host = arena_cstr(arena, host);
    endpoint.port = arena_cstr(arena, port);
    *ret = endpoint;
    return OK;
}
