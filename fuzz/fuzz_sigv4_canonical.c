/* The canonical request of any request: it stays inside its block, and has the lines it must.
 * Input: method, path, query, signed headers, then names and values, each on a line of its own. */
#include "core/sigv4.h"

#include <stdlib.h>

enum { HEADERS_MAX = 32 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct str rest = {(const char *)data, size};
    struct sigv4_header headers[HEADERS_MAX];
    struct str canonical;
    struct str authorization;
    struct sigv4_request request = {.headers = headers};
    struct sigv4_keys keys = {STR("A"), STR("B")};
    struct sigv4_scope scope = {STR("20260101"), STR("r"), STR("s")};

    if (size == 0)
        return 0;
    request.is_path_normalized = (data[0] & 1) != 0;
    request.is_path_encoded_twice = (data[0] & 2) != 0;
    request.method = str_cut(&rest, '\n');
    request.path = str_cut(&rest, '\n');
    request.query = str_cut(&rest, '\n');
    struct str signed_headers = str_cut(&rest, '\n');
    while (rest.len > 0 && request.header_count < HEADERS_MAX) {
        struct str name = str_cut(&rest, '\n');
        headers[request.header_count++] = (struct sigv4_header){name, str_cut(&rest, '\n')};
    }
    if (sigv4_canonical(&request, signed_headers, &arena, &canonical, NULL) == OK) {
        size_t lines = 1;
        for (size_t i = 0; i < canonical.len; i++)
            lines += canonical.ptr[i] == '\n';
        size_t names = 1;
        for (size_t i = 0; i < signed_headers.len; i++)
            names += signed_headers.ptr[i] == ';';
        require(lines == 3 + names + 3);
    }
    (void)!sigv4_sign(&request, &keys, &scope, &arena, &authorization, NULL);
    arena_release(&arena);
    return 0;
}
