/* The checkpoint's catalog and a definition entry, from one input cut at its first line end. */
#include "schema/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};
    struct str first = str_cut(&rest, '\n');
    struct catalog *catalog = NULL;
    struct catalog *next = NULL;
    struct err err = {0};

    if (catalog_read(first, &catalog, &err) != OK) {
        assert(err.code == ERR_CORRUPT);
        catalog = catalog_new();
    }
    if (catalog_apply(catalog, rest, &next, &err) == OK) {
        struct buf text;
        struct catalog *copy = NULL;
        buf_init(&text, 0);
        catalog_write(next, &text);
        enum code code = catalog_read(buf_str(&text), &copy, &err);
        assert(code == OK);
        assert(copy->group_count == next->group_count && copy->id_next == next->id_next);
        catalog_free(copy);
        buf_release(&text);
        catalog_free(next);
    } else {
        assert(err.code == ERR_CORRUPT);
    }
    catalog_free(catalog);
    return 0;
}
