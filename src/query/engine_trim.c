/*
 * Where a statement ends. Only the words that could hide a semicolon are told apart: quoted texts
 * and names, texts with escapes, dollar-quoted texts, comments (the engine's nest). The result is
 * checked by the engine itself, so a mistake here can refuse a statement but not let one through.
 */
#include "query/engine.h"

struct scan {
    struct str text;
    size_t at;
};

static char peek(const struct scan *scan, size_t ahead)
{
    const size_t at = scan->at + ahead;

    if (at >= scan->text.len)
        return '\0';
    return scan->text.ptr[at];
}

static bool is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || (unsigned char)byte >= 0x80;
}

/* From behind the opening quote to behind the closing one; a doubled quote goes on by itself. */
static void skip_quoted(struct scan *scan, char quote, bool has_escapes)
{
    while (scan->at < scan->text.len) {
        const char byte = scan->text.ptr[scan->at++];
        if (byte == quote)
            return;
        if (has_escapes && byte == '\\' && scan->at < scan->text.len)
            scan->at++;
    }
}

static void skip_line(struct scan *scan)
{
    scan->at = str_find_byte(scan->text, scan->at, '\n');
}

static void skip_block(struct scan *scan)
{
    size_t depth = 0;

    do {
        if (peek(scan, 0) == '/' && peek(scan, 1) == '*') {
            depth++;
            scan->at += 2;
        } else if (peek(scan, 0) == '*' && peek(scan, 1) == '/') {
            depth--;
            scan->at += 2;
        } else {
            scan->at++;
        }
    } while (depth > 0 && scan->at < scan->text.len);
    scan->at = size_min(scan->at, scan->text.len);
}

/* At a dollar: `$tag$ … $tag$`, or a dollar alone. */
static void skip_dollar(struct scan *scan)
{
    const size_t from = scan->at;
    size_t to = from + 1;

    while (to < scan->text.len && is_word(scan->text.ptr[to]))
        to++;
    if (to >= scan->text.len || scan->text.ptr[to] != '$') {
        scan->at = from + 1;
        return;
    }
    const struct str tag = str_slice(scan->text, from, to + 1);
    scan->at = tag.len + from;
    while (scan->at < scan->text.len) {
        if (str_starts(str_slice(scan->text, scan->at, scan->text.len), tag)) {
            scan->at += tag.len;
            return;
        }
        scan->at++;
    }
}

/* A word; `e'` and `E'` begin a text with escapes. */
static void skip_word(struct scan *scan)
{
    const size_t from = scan->at;

    /* A dollar inside a word belongs to it. */
    while (scan->at < scan->text.len && (is_word(peek(scan, 0)) || peek(scan, 0) == '$'))
        scan->at++;
    const bool is_escape = scan->at == from + 1 && (scan->text.ptr[from] | 0x20) == 'e';
    if (is_escape && peek(scan, 0) == '\'') {
        scan->at++;
        skip_quoted(scan, '\'', true);
    }
}

static void skip_one(struct scan *scan)
{
    const char byte = peek(scan, 0);

    if (byte == '\'' || byte == '"') {
        scan->at++;
        skip_quoted(scan, byte, false);
    } else if (byte == '-' && peek(scan, 1) == '-') {
        skip_line(scan);
    } else if (byte == '/' && peek(scan, 1) == '*') {
        skip_block(scan);
    } else if (byte == '$') {
        skip_dollar(scan);
    } else if (is_word(byte)) {
        skip_word(scan);
    } else {
        scan->at++;
    }
}

struct str engine_trim(struct str sql)
{
    struct scan scan = {sql, 0};

    while (scan.at < sql.len && peek(&scan, 0) != ';')
        skip_one(&scan);
    assert(scan.at <= sql.len);
    return str_slice(sql, 0, scan.at);
}
