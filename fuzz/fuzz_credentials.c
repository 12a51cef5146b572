/* The credentials file: any text is refused with a message or gives a table that finds what it
 * holds. */
#include "auth/credentials.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct credentials *table = NULL;
    struct err err;

    if (credentials_parse((struct str){(const char *)data, size}, "file", &table, &err) != OK)
        return 0;
    for (size_t i = 0; i < table->count; i++) {
        if (credentials_find(table, table->list[i].access_key) != &table->list[i])
            abort();
    }
    credentials_free(table);
    return 0;
}
