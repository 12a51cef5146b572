#pragma once
/*
 * A bounds-checked cursor over stored bytes (journal, checkpoint, messages), little endian. Reading
 * past the end sets a sticky flag and returns zero, so a decoder checks `is_bad` once at its end.
 * Pure.
 */
#include "core/base.h"
#include "core/str.h"

struct bytes {
    const unsigned char *cursor;
    const unsigned char *end;
    bool is_bad;
};

static inline struct bytes bytes_from(struct str text)
{
    const unsigned char *start = (const unsigned char *)text.ptr;
    return (struct bytes){start, start + text.len, false};
}

static inline size_t bytes_left(const struct bytes *bytes)
{
    return (size_t)(bytes->end - bytes->cursor);
}

static inline const unsigned char *bytes_take(struct bytes *bytes, size_t count)
{
    if (bytes->is_bad || bytes_left(bytes) < count) {
        bytes->is_bad = true;
        return NULL;
    }
    const unsigned char *taken = bytes->cursor;
    bytes->cursor += count;
    return taken;
}

static inline uint64_t bytes_le(const unsigned char *from, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static inline uint64_t bytes_uint(struct bytes *bytes, unsigned count)
{
    const unsigned char *from = bytes_take(bytes, count);
    return from == NULL ? 0 : bytes_le(from, count);
}

static inline uint8_t bytes_u8(struct bytes *bytes)
{
    return (uint8_t)bytes_uint(bytes, 1);
}

static inline uint16_t bytes_u16(struct bytes *bytes)
{
    return (uint16_t)bytes_uint(bytes, 2);
}

static inline uint32_t bytes_u32(struct bytes *bytes)
{
    return (uint32_t)bytes_uint(bytes, 4);
}

static inline uint64_t bytes_u64(struct bytes *bytes)
{
    return bytes_uint(bytes, 8);
}

static inline struct str bytes_str(struct bytes *bytes, size_t len)
{
    const unsigned char *from = bytes_take(bytes, len);
    return from == NULL ? (struct str){"", 0} : (struct str){(const char *)from, len};
}
