/* Payloads between the server and the flush worker: refused, or read and written back the same. */
#include "worker/flush_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str payload = {(const char *)data, size};
    struct arena arena = {0};
    struct buf again = {0};
    struct parquet_target target;
    struct parquet_result result;
    struct err err = {0};

    if (flush_open_read(payload, &arena, &target, &err) == OK) {
        flush_open_write(&target, &again);
        if (!str_equal(buf_str(&again), payload))
            abort();
    }
    buf_clear(&again);
    if (flush_done_read(payload, &result, &err) == OK) {
        flush_done_write(&result, &again);
        if (!str_equal(buf_str(&again), payload))
            abort();
    }
    if (failed_read(payload, &err) == OK)
        abort();
    arena_release(&arena);
    buf_release(&again);
    return 0;
}
