/*
 * The stored form of a record (docs/FORMATS.md, "Record"). Little endian:
 *
 *     0      u8   0x10 | flags: 1 wide (32-bit table), 2 plain (no value needs JSON escaping)
 *     1      u8   0
 *     2      u16  n, the number of features in the table
 *     4      n entries of u16, or u32 when wide: end of the value in the texts * 2, + 1 if present
 *     4+w*n       the texts, one behind the other
 *
 * A value starts where the one before it ends; an absent one is empty and has no present bit.
 * Rendering copies fixed-size pieces past the end of what it needs and then steps back: that is
 * several times faster than copies of exact length, and all of it stays inside known memory.
 */
#include "config/limits.h"
#include "schema/record.h"

enum {
    HEAD_BYTES = 4,
    TAG = 0x10,
    FLAG_WIDE = 1,
    FLAG_PLAIN = 2,
    NARROW_BYTES_MAX = 0x7fff, /* end * 2 + 1 fits 16 bits */
    TEXTS_BYTES_MAX = 0x7fffffff,
    OPEN_COPY = 64,  /* most json_open texts are no longer */
    VALUE_COPY = 16, /* most values are no longer */
};

static_assert((int)OPEN_COPY <= (int)JSON_OPEN_SLACK_BYTES,
              "copies past the end stay inside the slack");
static_assert(16 + (int)LIMIT_FEATURE_NAME_BYTES + 19 <= 2 * (int)OPEN_COPY,
              "json_open fits two copies");

/* ---- encoding ---- */

/* What is encoded: a record, laid over an older one when there is a base. */
struct source {
    const struct record *record;
    const struct stored_record *base;
    uint32_t count;
};

static struct str source_value(const struct source *source, uint32_t index)
{
    struct str value = source->record->values[index];

    if (str_is_absent(value) && source->base != NULL)
        return stored_record_value(source->base, index);
    return value;
}

/* No byte below 0x20, no quote, no backslash. */
static bool is_plain(struct str text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t found = 0;
    size_t at = 0;

    for (; at + sizeof(uint64_t) <= text.len; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text.ptr + at, sizeof(word));
        uint64_t quote = word ^ (ones * '"');
        uint64_t slash = word ^ (ones * '\\');
        found |=
            ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
    }
    if ((found & (ones << 7)) != 0)
        return false;
    for (; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.ptr[at];
        if (byte < 0x20 || byte == '"' || byte == '\\')
            return false;
    }
    return true;
}

static void put_le(char *to, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (char)(unsigned char)(value >> (8 * i));
}

static void source_encode(const struct source *source, struct buf *out)
{
    size_t total = 0;
    bool plain = true;

    for (uint32_t i = 0; i < source->count; i++) {
        struct str value = source_value(source, i);
        total += value.len;
        plain = plain && is_plain(value);
    }
    assert(source->count <= LIMIT_FEATURES && total <= TEXTS_BYTES_MAX);
    unsigned width = total > NARROW_BYTES_MAX ? 4 : 2;
    char *at = buf_reserve(out, HEAD_BYTES + (size_t)width * source->count + total);
    if (at == NULL)
        return;
    at[0] = (char)(TAG | (width == 4 ? FLAG_WIDE : 0) | (plain ? FLAG_PLAIN : 0));
    at[1] = 0;
    put_le(at + 2, source->count, 2);
    char *table = at + HEAD_BYTES;
    char *texts = table + (size_t)width * source->count;
    uint32_t end = 0;
    for (uint32_t i = 0; i < source->count; i++, table += width) {
        struct str value = source_value(source, i);
        if (value.ptr != NULL)
            memcpy(texts + end, value.ptr, value.len);
        end += (uint32_t)value.len;
        put_le(table, end << 1 | !str_is_absent(value), width);
    }
    assert(end == total);
    out->len += HEAD_BYTES + (size_t)width * source->count + total;
}

void record_encode(const struct record *record, struct buf *out)
{
    struct source source = {record, NULL, record->group->feature_count};

    source_encode(&source, out);
}

void record_merge(const struct stored_record *base, const struct record *changes, struct buf *out)
{
    struct source source = {changes, base, changes->group->feature_count};

    source_encode(&source, out);
}

/* ---- reading ---- */

static inline uint32_t table_entry(const struct stored_record *record, uint32_t index)
{
    if (record->is_wide) {
        const unsigned char *at = record->offsets + 4 * (size_t)index;
        return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
               (uint32_t)at[3] << 24;
    }
    const unsigned char *at = record->offsets + 2 * (size_t)index;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

/* Ends only grow, absent values are empty, and the last one ends with the texts. */
static bool is_table_sound(const struct stored_record *record)
{
    uint32_t end = 0;

    for (uint32_t i = 0; i < record->value_count; i++) {
        uint32_t entry = table_entry(record, i);
        if (entry >> 1 < end || ((entry & 1) == 0 && entry >> 1 != end))
            return false;
        end = entry >> 1;
    }
    return end == record->texts_bytes;
}

enum code stored_record_open(struct str bytes, struct stored_record *ret, struct err *err)
{
    const unsigned char *head = (const unsigned char *)bytes.ptr;

    if (bytes.len < HEAD_BYTES || (head[0] & ~(FLAG_WIDE | FLAG_PLAIN)) != TAG || head[1] != 0)
        return err_set(err, ERR_CORRUPT, "stored record: no head of a known form in %zu bytes",
                       bytes.len);
    struct stored_record record = {
        .bytes = bytes,
        .offsets = head + HEAD_BYTES,
        .value_count = (uint32_t)head[2] | (uint32_t)head[3] << 8,
        .is_wide = (head[0] & FLAG_WIDE) != 0,
        .is_plain = (head[0] & FLAG_PLAIN) != 0,
    };
    size_t table_bytes = record.value_count * (record.is_wide ? 4UL : 2UL);
    if (bytes.len - HEAD_BYTES < table_bytes)
        return err_set(err, ERR_CORRUPT, "stored record: %u values do not fit %zu bytes",
                       record.value_count, bytes.len);
    record.texts = bytes.ptr + HEAD_BYTES + table_bytes;
    record.texts_bytes = bytes.len - HEAD_BYTES - table_bytes;
    if (!is_table_sound(&record))
        return err_set(err, ERR_CORRUPT, "stored record: the table of offsets is damaged");
    *ret = record;
    return OK;
}

struct str stored_record_value(const struct stored_record *record, uint32_t index)
{
    if (index >= record->value_count)
        return STR_ABSENT;
    uint32_t entry = table_entry(record, index);
    if ((entry & 1) == 0)
        return STR_ABSENT;
    uint32_t from = index == 0 ? 0 : table_entry(record, index - 1) >> 1;
    return (struct str){record->texts + from, (entry >> 1) - from};
}

/* ---- rendering ---- */

static void escaped_put(const struct feature *feature, struct str value, struct buf *out)
{
    buf_add(out, feature->json_open);
    buf_add_json_escaped(out, value);
    buf_add(out, STR("\"},"));
}

/* Room for OPEN_COPY bytes more than is needed is behind `out`; returns the end. */
static inline char *plain_put(char *out, const struct feature *feature, struct str value,
                              const char *readable_end)
{
    struct str open = feature->json_open;

    memcpy(out, open.ptr, OPEN_COPY);
    if (open.len > OPEN_COPY)
        memcpy(out + OPEN_COPY, open.ptr + OPEN_COPY, open.len - OPEN_COPY);
    out += open.len;
    if (value.len <= VALUE_COPY && readable_end - value.ptr >= VALUE_COPY)
        memcpy(out, value.ptr, VALUE_COPY);
    else if (value.len > 0)
        memcpy(out, value.ptr, value.len);
    out += value.len;
    memcpy(out, "\"},", 4);
    return out + 3;
}

static void plain_render_all(const struct stored_record *record, const struct group *group,
                             struct buf *out)
{
    uint32_t count =
        record->value_count < group->feature_count ? record->value_count : group->feature_count;
    char *start = buf_reserve(out, group->json_open_bytes + 3 * (size_t)count +
                                       record->texts_bytes + OPEN_COPY);
    const char *readable_end = record->texts + record->texts_bytes;
    uint32_t from = 0;

    if (start == NULL)
        return;
    char *at = start;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t entry = table_entry(record, i);
        uint32_t end = entry >> 1;
        if ((entry & 1) != 0)
            at = plain_put(at, &group->features[i], (struct str){record->texts + from, end - from},
                           readable_end);
        from = end;
    }
    out->len += (size_t)(at - start);
}

static void value_render(const struct stored_record *record, const struct feature *feature,
                         struct buf *out)
{
    struct str value = stored_record_value(record, feature->index);

    if (str_is_absent(value))
        return;
    if (!record->is_plain) {
        escaped_put(feature, value, out);
        return;
    }
    char *start = buf_reserve(out, feature->json_open.len + value.len + 3 + OPEN_COPY);
    if (start == NULL)
        return;
    char *end = plain_put(start, feature, value, record->texts + record->texts_bytes);
    out->len += (size_t)(end - start);
}

void stored_record_render(const struct stored_record *record, const struct group *group,
                          const uint32_t *chosen, size_t chosen_count, struct buf *out)
{
    buf_add_byte(out, '[');
    size_t start = out->len;
    if (chosen_count > 0) {
        for (size_t i = 0; i < chosen_count; i++) {
            assert(chosen[i] < group->feature_count);
            value_render(record, &group->features[chosen[i]], out);
        }
    } else if (record->is_plain) {
        plain_render_all(record, group, out);
    } else {
        for (uint32_t i = 0; i < group->feature_count; i++)
            value_render(record, &group->features[i], out);
    }
    /* The last value's comma becomes the end of the array. */
    if (out->len > start && !out->is_over)
        out->ptr[out->len - 1] = ']';
    else
        buf_add_byte(out, ']');
}
