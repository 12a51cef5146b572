/* The Authorization header: what is taken apart lies inside the text, and put together again it is
 * taken apart the same. */
#include "core/sigv4.h"

#include <stdlib.h>

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void inside(struct str part, struct str whole)
{
    require(part.len > 0 && part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct str text = {(const char *)data, size};
    struct sigv4_authorization parts;
    struct sigv4_authorization again;
    struct err err;

    if (sigv4_authorization_parse(text, &parts, &err) == OK) {
        inside(parts.access_key, text);
        inside(parts.scope.date, text);
        inside(parts.scope.region, text);
        inside(parts.scope.service, text);
        inside(parts.signed_headers, text);
        inside(parts.signature, text);
        if (memchr(text.ptr, '\0', text.len) == NULL) {
            struct str made =
                arena_format(&arena,
                             "AWS4-HMAC-SHA256 Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, "
                             "SignedHeaders=%.*s, Signature=%.*s",
                             STR_ARG(parts.access_key), STR_ARG(parts.scope.date),
                             STR_ARG(parts.scope.region), STR_ARG(parts.scope.service),
                             STR_ARG(parts.signed_headers), STR_ARG(parts.signature));
            require(sigv4_authorization_parse(made, &again, &err) == OK);
            require(str_equal(parts.access_key, again.access_key));
            require(str_equal(parts.scope.date, again.scope.date));
            require(str_equal(parts.scope.region, again.scope.region));
            require(str_equal(parts.scope.service, again.scope.service));
            require(str_equal(parts.signed_headers, again.signed_headers));
            require(str_equal(parts.signature, again.signature));
        }
    }
    arena_release(&arena);
    return 0;
}
