/* Percent-decoding and query strings; what decodes, encodes and decodes to the same. */
#include "core/mem.h"
#include "core/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str decoded, struct arena *arena)
{
    struct str again;
    struct buf buf;

    buf_init(&buf, 0);
    uri_encode(&buf, decoded, false);
    enum code code = uri_decode(buf_str(&buf), arena, &again, NULL);
    assert(code == OK || memchr(decoded.ptr, 0, decoded.len) != NULL);
    assert(code != OK || str_equal(again, decoded));
    buf_release(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    char *copy = mem_new_array(size, 1);
    struct str text = {copy, size};
    struct uri_query query = {text};
    struct str name;
    struct str value;
    struct err err;
    enum code code;

    if (size > 0)
        memcpy(copy, data, size);
    if (uri_decode(text, &arena, &value, &err) == OK)
        check(value, &arena);
    while (uri_query_next(&query, &arena, &name, &value, &code, &err)) {
        check(name, &arena);
        check(value, &arena);
    }
    arena_release(&arena);
    mem_free(copy);
    return 0;
}
