#include "core/log.h"

#include "core/instant.h"

#include <inttypes.h>
#include <stdio.h>

static struct {
    enum log_level level;
    log_write_fn *write;
    log_now_fn *now_us;
    void *context;
} setup = {.level = LOG_INFO};

void log_setup(enum log_level level, log_write_fn *write, log_now_fn *now_us, void *context)
{
    setup.level = level;
    setup.write = write;
    setup.now_us = now_us;
    setup.context = context;
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};

    assert((size_t)level < ARRAY_COUNT(names));
    return names[level];
}

static bool is_dropped(const struct log_line *line)
{
    return line->len == 0;
}

/* A line is cut into whole fields: one that does not fit (with "}\n" behind it) is left out. */
enum { ROOM = LOG_LINE_BYTES - 2 };

static void add(struct log_line *line, struct str text)
{
    if (text.len > ROOM - line->len)
        return;
    memcpy(line->text + line->len, text.ptr, text.len);
    line->len += text.len;
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    struct buf head;

    line->level = level;
    line->len = 0;
    if (level < setup.level || setup.write == NULL)
        return;
    buf_init(&head, ROOM);
    buf_add(&head, STR("{\"time\":\""));
    instant_add_iso(&head, instant_from_us(setup.now_us(setup.context)));
    buf_add_format(&head, "\",\"level\":\"%s\",\"event\":", level_name(level));
    buf_add_json(&head, str_from(event));
    add(line, buf_str(&head));
    buf_release(&head);
}

static size_t put(char *out, size_t at, struct str text)
{
    memcpy(out + at, text.ptr, text.len);
    return at + text.len;
}

/* Escaped for JSON; bytes that are not UTF-8 become U+FFFD. Returns the length. */
static size_t escape(char out[6 * LOG_VALUE_BYTES_MAX], struct str value)
{
    size_t len = 0;
    size_t at = 0;

    while (at < value.len) {
        size_t taken = str_utf8_sequence(value, at);
        unsigned char byte = (unsigned char)value.ptr[at];
        if (at + size_max(taken, 1) > LOG_VALUE_BYTES_MAX)
            break;
        if (taken == 0) {
            len = put(out, len, STR("\\ufffd"));
        } else if (byte == '"' || byte == '\\') {
            out[len++] = '\\';
            out[len++] = (char)byte;
        } else if (byte < 0x20 || byte == 0x7f) {
            char text[8];
            (void)snprintf(text, sizeof(text), "\\u%04x", byte);
            len = put(out, len, (struct str){text, 6});
        } else {
            len = put(out, len, str_slice(value, at, at + taken));
        }
        at += size_max(taken, 1);
    }
    return len;
}

/* All of a field or none of it. */
static void add_field(struct log_line *line, const char *key, struct str quoted_value)
{
    size_t key_len = strlen(key);

    if (key_len + quoted_value.len + sizeof(",\"\":") - 1 > ROOM - line->len)
        return;
    add(line, STR(",\""));
    add(line, (struct str){key, key_len});
    add(line, STR("\":"));
    add(line, quoted_value);
}

void log_str(struct log_line *line, const char *key, struct str value)
{
    char text[6 * LOG_VALUE_BYTES_MAX + 2];

    if (is_dropped(line))
        return;
    size_t len = escape(text + 1, value);
    text[0] = '"';
    text[len + 1] = '"';
    add_field(line, key, (struct str){text, len + 2});
}

void log_i64(struct log_line *line, const char *key, int64_t value)
{
    char text[24];

    if (is_dropped(line))
        return;
    int len = snprintf(text, sizeof(text), "%" PRId64, value);
    add_field(line, key, (struct str){text, (size_t)len});
}

void log_end(struct log_line *line)
{
    if (is_dropped(line))
        return;
    line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
    assert(line->len <= LOG_LINE_BYTES);
    setup.write((struct str){line->text, line->len}, setup.context);
    line->len = 0;
}
