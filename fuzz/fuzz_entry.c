/* A journal entry from any bytes; what decodes encodes to the same bytes. */
#include "core/hash.h"
#include "core/mem.h"
#include "journal/entry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str bytes)
{
    struct entry entry;
    size_t entry_len = 0;
    struct err err;
    if (entry_decode(bytes, &entry, &entry_len, &err) != OK)
        return;
    struct buf again;
    buf_init(&again, 0);
    if (entry_encode(&entry, &again) != entry_len ||
        !str_equal(buf_str(&again), str_slice(bytes, 0, entry_len)))
        abort();
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((struct str){(const char *)data, size});
    if (size < 12)
        return 0;
    /* With the checksum made right, the fields behind it are reached. */
    char *copy = mem_new_array(size, 1);
    memcpy(copy, data, size);
    uint64_t len = (uint64_t)data[8] | (uint64_t)data[9] << 8;
    if (len < 8 || len > size)
        len = size;
    copy[8] = (char)len;
    copy[9] = (char)(len >> 8);
    copy[10] = copy[11] = 0;
    uint64_t checksum = hash_checksum((struct str){copy + 8, len - 8});
    for (unsigned i = 0; i < 8; i++)
        copy[i] = (char)(checksum >> (8 * i));
    check((struct str){copy, size});
    mem_free(copy);
    return 0;
}
