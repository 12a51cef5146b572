/* A manifest file from anywhere: refused, or read and written back to the same bytes. */
#include "core/hash.h"
#include "offline/manifest_priv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str text)
{
    struct arena arena = {0};
    struct buf again = {0};
    struct manifest_delta delta;
    struct err err = {0};

    if (manifest_delta_read(text, &arena, &delta, &err) == OK) {
        manifest_delta_write(&delta, &again);
        /* "+5" and "-0" are refused, so a number has one form. */
        if (!str_equal(buf_str(&again), text))
            abort();
    } else if (err.code == OK || err.message[0] == '\0') {
        abort();
    }
    buf_release(&again);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = {0};

    /* As it is, and with a checksum that fits: the grammar has to stand alone. */
    check((struct str){(const char *)data, size});
    buf_add(&text, (struct str){(const char *)data, size});
    buf_add_format(&text, "end %016jx\n", (uintmax_t)hash_checksum(buf_str(&text)));
    check(buf_str(&text));
    buf_release(&text);
    return 0;
}
