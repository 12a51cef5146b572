#pragma once
/*
 * Growing bytes with a bound. Appending past bytes_max sets a sticky `is_over` flag and appends
 * nothing, so a writer checks once at its end. Heap memory; one owner; one thread at a time.
 */
#include "core/base.h"
#include "core/str.h"

struct buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t bytes_max; /* 0 stands for no bound but memory */
    bool is_over;
};

void buf_init(struct buf *buf, size_t bytes_max);
void buf_release(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */

/* Room for `bytes` more; NULL (and is_over) when that would pass bytes_max. Does not change len. */
char *buf_reserve(struct buf *buf, size_t bytes);

/* Removes the first `bytes` (they were consumed). */
void buf_drop_front(struct buf *buf, size_t bytes);

void buf_add(struct buf *buf, struct str text);
void buf_add_byte(struct buf *buf, char byte);
PRINTF_LIKE(2, 3) void buf_add_format(struct buf *buf, const char *format, ...);
void buf_add_u16(struct buf *buf, uint16_t value); /* little endian */
void buf_add_u32(struct buf *buf, uint32_t value);
void buf_add_u64(struct buf *buf, uint64_t value);

/* Text as the inside of a JSON string, without the quotes; `text` is well-formed UTF-8. */
void buf_add_json_escaped(struct buf *buf, struct str text);

/* Text as a JSON string with its quotes. */
void buf_add_json(struct buf *buf, struct str text);

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->ptr == NULL ? "" : buf->ptr, buf->len};
}
