/*
 * Where a statement ends: always at or before the end, at a semicolon or the end, and the rest of a
 * statement that was cut has no further one.
 */
#include "query/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str sql = {(const char *)data, size};
    const struct str cut = engine_trim(sql);

    assert(cut.len <= sql.len && (cut.ptr == sql.ptr || cut.len == 0));
    assert(cut.len == sql.len || sql.ptr[cut.len] == ';');
    const struct str again = engine_trim(cut);
    assert(str_equal(cut, again));
    return 0;
}
