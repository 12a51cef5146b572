#include "core/buf.h"

#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>

enum { CAPACITY_MIN = 256 };

void buf_init(struct buf *buf, size_t bytes_max)
{
    *buf = (struct buf){.bytes_max = bytes_max};
}

void buf_release(struct buf *buf)
{
    mem_free(buf->ptr);
    *buf = (struct buf){.bytes_max = buf->bytes_max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->is_over = false;
}

/* Doubles, so that appending byte after byte costs a constant a byte. */
static void grow(struct buf *buf, size_t need)
{
    size_t capacity = size_max(buf->capacity, CAPACITY_MIN);

    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    if (buf->bytes_max != 0)
        capacity = size_max(need, size_min(capacity, buf->bytes_max));
    buf->ptr = mem_resize(buf->ptr, capacity);
    buf->capacity = capacity;
}

char *buf_reserve(struct buf *buf, size_t bytes)
{
    size_t need;

    assert(buf->len <= buf->capacity);
    if (buf->is_over || __builtin_add_overflow(buf->len, bytes, &need) ||
        (buf->bytes_max != 0 && need > buf->bytes_max)) {
        buf->is_over = true;
        return NULL;
    }
    if (need > buf->capacity || buf->ptr == NULL)
        grow(buf, need);
    return buf->ptr + buf->len;
}

void buf_drop_front(struct buf *buf, size_t bytes)
{
    assert(bytes <= buf->len);
    if (bytes == 0)
        return;
    buf->len -= bytes;
    memmove(buf->ptr, buf->ptr + bytes, buf->len);
}

void buf_add(struct buf *buf, struct str text)
{
    char *room = buf_reserve(buf, text.len);

    if (room == NULL || text.len == 0)
        return;
    memcpy(room, text.ptr, text.len);
    buf->len += text.len;
}

void buf_add_byte(struct buf *buf, char byte)
{
    char *room = buf_reserve(buf, 1);

    if (room == NULL)
        return;
    *room = byte;
    buf->len++;
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len < sizeof(text)) {
        buf_add(buf, (struct str){text, (size_t)len});
        return;
    }
    char *longer = mem_new_array((size_t)len + 1, 1);
    va_start(args, format);
    (void)vsnprintf(longer, (size_t)len + 1, format, args);
    va_end(args);
    buf_add(buf, (struct str){longer, (size_t)len});
    mem_free(longer);
}

static void add_le(struct buf *buf, uint64_t value, size_t count)
{
    char *room = buf_reserve(buf, count);

    if (room == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        room[i] = (char)(unsigned char)(value >> (8 * i));
    buf->len += count;
}

void buf_add_u16(struct buf *buf, uint16_t value)
{
    add_le(buf, value, sizeof(value));
}

void buf_add_u32(struct buf *buf, uint32_t value)
{
    add_le(buf, value, sizeof(value));
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
    add_le(buf, value, sizeof(value));
}

static bool is_json_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* The letter behind the backslash of a short escape, or 0. */
static char short_escape(char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return byte;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Whether any of the eight bytes is below 0x20, a quote or a backslash (may err towards yes). */
static bool has_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = UINT64_C(0x8080808080808080);
    uint64_t quote = word ^ (ones * '"');
    uint64_t slash = word ^ (ones * '\\');
    uint64_t hits =
        ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);

    return (hits & highs) != 0;
}

static size_t plain_run(struct str text, size_t at)
{
    while (at + sizeof(uint64_t) <= text.len) {
        uint64_t word;
        memcpy(&word, text.ptr + at, sizeof(word));
        if (has_special(word))
            break;
        at += sizeof(word);
    }
    while (at < text.len && is_json_plain((unsigned char)text.ptr[at]))
        at++;
    return at;
}

void buf_add_json_escaped(struct buf *buf, struct str text)
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;

    while (at < text.len) {
        size_t end = plain_run(text, at);
        buf_add(buf, str_slice(text, at, end));
        if (end == text.len)
            return;
        char byte = text.ptr[end];
        char letter = short_escape(byte);
        if (letter != 0) {
            buf_add(buf, (struct str){(char[2]){'\\', letter}, 2});
        } else {
            unsigned char value = (unsigned char)byte;
            char escape[6] = {'\\', 'u', '0', '0', hex[value >> 4], hex[value & 15]};
            buf_add(buf, (struct str){escape, sizeof(escape)});
        }
        at = end + 1;
    }
}

void buf_add_json(struct buf *buf, struct str text)
{
    buf_add_byte(buf, '"');
    buf_add_json_escaped(buf, text);
    buf_add_byte(buf, '"');
}
