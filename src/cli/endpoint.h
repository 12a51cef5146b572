#pragma once
/* Where the server is: "http://host:port" taken apart. Pure. */
#include "core/arena.h"
#include "core/base.h"
#include "core/str.h"

struct endpoint {
    bool is_tls;
    const char *host;     /* without the brackets of an IPv6 address */
    const char *port;     /* digits */
    struct str authority; /* for the Host header: host, and the port unless it is the scheme's */
    struct str url;       /* as it was given, for messages */
};

/* http:// or https://, host, an optional port, an optional "/" at the end; nothing else. */
NODISCARD enum code endpoint_parse(struct str url, struct arena *arena, struct endpoint *ret,
                                   struct err *err);
