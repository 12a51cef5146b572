#include "cli/table.h"

#include "core/mem.h"

#define GAP STR("  ")

void table_init(struct table *table, const struct str *head, size_t columns)
{
    *table = (struct table){.columns = columns};
    assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    table->head = ARENA_NEW(&table->arena, struct str, columns);
    table->widths = ARENA_NEW(&table->arena, size_t, columns);
    table->is_text = ARENA_NEW(&table->arena, bool, columns);
    table->cells = MEM_NEW_ARRAY(struct str, columns * TABLE_ROWS_MEASURED);
    for (size_t i = 0; i < columns; i++) {
        table->head[i] = arena_str(&table->arena, head[i]);
        table->widths[i] = table_width(head[i]);
    }
}

void table_release(struct table *table)
{
    mem_free(table->cells);
    arena_release(&table->arena);
    *table = (struct table){0};
}

static uint32_t decode(struct str text, size_t at, size_t count)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)text.ptr[at] & first_bits[count];

    for (size_t i = 1; i < count; i++)
        point = point << 6 | ((unsigned char)text.ptr[at + i] & 0x3f);
    return point;
}

static bool is_in(uint32_t point, const uint32_t (*ranges)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i][0] && point <= ranges[i][1])
            return true;
    }
    return false;
}

/* What terminals agree on; the rest is one column. */
static size_t point_width(uint32_t point)
{
    static const uint32_t none[][2] = {
        {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},    {0x64b, 0x65f},
        {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2064}, {0x2066, 0x2069},  {0x20d0, 0x20f0},
        {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
    static const uint32_t twice[][2] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                                        {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                                        {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                                        {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

    if (point < 0x300)
        return 1;
    if (is_in(point, none, ARRAY_COUNT(none)))
        return 0;
    return is_in(point, twice, ARRAY_COUNT(twice)) ? 2 : 1;
}

/*
 * Controls (C0, DEL, C1, and those that turn the writing direction) and bytes that are not UTF-8
 * are shown as \xNN.
 */
static bool is_shown_as_hex(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

struct glyph {
    size_t bytes; /* of the text */
    size_t width;
    bool is_hex;
};

static struct glyph glyph_at(struct str text, size_t at)
{
    size_t bytes = str_utf8_sequence(text, at);

    if (bytes == 0)
        return (struct glyph){1, 4, true};
    uint32_t point = decode(text, at, bytes);
    if (is_shown_as_hex(point))
        return (struct glyph){bytes, 4 * bytes, true};
    return (struct glyph){bytes, point_width(point), false};
}

size_t table_width(struct str text)
{
    size_t width = 0;

    for (size_t at = 0; at < text.len;) {
        struct glyph glyph = glyph_at(text, at);
        width += glyph.width;
        at += glyph.bytes;
    }
    return width;
}

static void add_glyph(struct buf *out, struct str text, size_t at, struct glyph glyph)
{
    if (!glyph.is_hex) {
        buf_add(out, str_slice(text, at, at + glyph.bytes));
        return;
    }
    for (size_t i = at; i < at + glyph.bytes; i++)
        buf_add_format(out, "\\x%02x", (unsigned)(unsigned char)text.ptr[i]);
}

/* At most `width_max` columns, the last three then "..."; returns the width. */
static size_t add_visible(struct buf *out, struct str text, size_t width_max)
{
    size_t width = 0;
    bool is_cut = width_max > 3 && table_width(text) > width_max;
    size_t limit = is_cut ? width_max - 3 : SIZE_MAX;

    for (size_t at = 0; at < text.len;) {
        struct glyph glyph = glyph_at(text, at);
        if (width + glyph.width > limit)
            break;
        add_glyph(out, text, at, glyph);
        width += glyph.width;
        at += glyph.bytes;
    }
    if (!is_cut)
        return width;
    buf_add(out, STR("..."));
    return width + 3;
}

static void add_blanks(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_byte(out, ' ');
}

static size_t shown_width(const struct table *table, struct str cell)
{
    size_t width = table_width(cell);

    return table->cell_width_max > 3 ? size_min(width, table->cell_width_max) : width;
}

static void add_row(const struct table *table, const struct str *cells, bool is_head,
                    struct buf *out)
{
    size_t start = out->len;

    for (size_t i = 0; i < table->columns; i++) {
        size_t width = shown_width(table, cells[i]);
        size_t pad = table->widths[i] > width ? table->widths[i] - width : 0;
        bool is_right = !table->is_text[i];
        if (is_right)
            add_blanks(out, pad);
        (void)add_visible(out, cells[i], is_head ? 0 : table->cell_width_max);
        if (!is_right && i + 1 < table->columns)
            add_blanks(out, pad);
        if (i + 1 < table->columns)
            buf_add(out, GAP);
    }
    while (out->len > start && out->ptr[out->len - 1] == ' ')
        out->len--;
    buf_add_byte(out, '\n');
}

static void render_collected(struct table *table, struct buf *out)
{
    if (!table->is_head_rendered && !table->is_head_hidden) {
        add_row(table, table->head, true, out);
        for (size_t i = 0; i < table->columns; i++) {
            for (size_t j = 0; j < table->widths[i]; j++)
                buf_add_byte(out, '-');
            if (i + 1 < table->columns)
                buf_add(out, GAP);
        }
        buf_add_byte(out, '\n');
    }
    table->is_head_rendered = true;
    for (size_t row = 0; row < table->rows; row++)
        add_row(table, table->cells + row * table->columns, false, out);
    table->rows = 0;
}

/* Digits, with what belongs to numbers between them. */
static bool is_number(struct str cell)
{
    const struct str between = STR("+-.eE");
    bool has_digit = false;

    for (size_t i = 0; i < cell.len; i++) {
        bool is_digit = cell.ptr[i] >= '0' && cell.ptr[i] <= '9';
        has_digit = has_digit || is_digit;
        if (!is_digit && str_find_byte(between, 0, cell.ptr[i]) == between.len)
            return false;
    }
    return has_digit || cell.len == 0;
}

void table_add(struct table *table, const struct str *cells, struct buf *out)
{
    if (table->rows == TABLE_ROWS_MEASURED)
        render_collected(table, out);
    if (table->is_head_rendered) {
        add_row(table, cells, false, out);
        return;
    }
    struct str *row = table->cells + table->rows * table->columns;
    for (size_t i = 0; i < table->columns; i++) {
        row[i] = arena_str(&table->arena, cells[i]);
        table->widths[i] = size_max(table->widths[i], shown_width(table, cells[i]));
        table->is_text[i] = table->is_text[i] || !is_number(cells[i]);
    }
    table->rows++;
}

void table_end(struct table *table, struct buf *out)
{
    if (!table->is_head_rendered && table->rows == 0) {
        for (size_t i = 0; i < table->columns; i++)
            table->is_text[i] = true;
    }
    render_collected(table, out);
}
