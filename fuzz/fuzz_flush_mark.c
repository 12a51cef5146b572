/* A flush mark: what decodes encodes to the same bytes. */
#include "write/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    struct flush_mark mark;
    struct err err = {0};

    if (flush_mark_decode(bytes, &mark, &err) != OK) {
        assert(err.code == ERR_CORRUPT);
        return 0;
    }
    struct buf again;
    buf_init(&again, 0);
    flush_mark_encode(&mark, &again);
    assert(str_equal(buf_str(&again), bytes));
    buf_release(&again);
    return 0;
}
