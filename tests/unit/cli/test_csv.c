/* CSV: cells, quoting, record ends; and what a writer that quotes by the rules makes is read back.
 */
#include "unit/test.h"

#include "cli/csv.h"
#include "core/buf.h"

static struct arena arena;
static struct err err;
static struct str cells[16];
static size_t count;

static enum code cut(const char *record)
{
    return csv_cells(str_from(record), &arena, cells, ARRAY_COUNT(cells), &count, &err);
}

static void assert_cell(size_t at, const char *expected)
{
    assert_true(at < count);
    assert_int_equal(str_is_absent(cells[at]), expected == NULL);
    if (expected != NULL)
        assert_true(str_equal(cells[at], str_from(expected)));
}

static void cells_of_a_record(void **state)
{
    (void)state;
    assert_int_equal(cut("a,b c,3"), OK);
    assert_int_equal(count, 3);
    assert_cell(0, "a");
    assert_cell(1, "b c");
    assert_cell(2, "3");
    assert_int_equal(cut(",,"), OK);
    assert_int_equal(count, 3);
    assert_cell(0, NULL);
    assert_cell(2, NULL);
    assert_int_equal(cut(""), OK);
    assert_int_equal(count, 1);
    assert_cell(0, NULL);
    assert_int_equal(cut("\"\",x,\"\""), OK);
    assert_cell(0, "");
    assert_cell(1, "x");
    assert_cell(2, "");
    assert_int_equal(cut("\"a,b\",\"say \"\"hi\"\"\",\"line\nend\",\"\"\"\""), OK);
    assert_int_equal(count, 4);
    assert_cell(0, "a,b");
    assert_cell(1, "say \"hi\"");
    assert_cell(2, "line\nend");
    assert_cell(3, "\"");
}

static void malformed_records(void **state)
{
    (void)state;
    assert_int_equal(cut("\"open"), ERR_INVALID);
    assert_string_equal(err.message, "a quoted cell does not end");
    assert_int_equal(cut("a,\"open\"\""), ERR_INVALID);
    assert_int_equal(cut("\"a\"b,c"), ERR_INVALID);
    assert_string_equal(err.message, "text stands behind the closing quote of a cell");
    assert_int_equal(cut("a\"b"), ERR_INVALID);
    assert_int_equal(cut("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"), OK);
    assert_int_equal(cut("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"), ERR_INVALID);
    assert_string_equal(err.message, "more than 16 cells");
}

static void record_ends(void **state)
{
    static const struct {
        const char *text;
        size_t length; /* more may come */
        size_t at_end;
    } cases[] = {
        {"a,b\nc", 4, 4},      {"a,b\r\nc", 5, 5},
        {"a,b", 0, 3},         {"", 0, 0},
        {"\n", 1, 1},          {"\"a\nb\",c\nd\n", 8, 8},
        {"\"a\nb", 0, 4},      {"x,\"a\"\"\n\"\"b\"\ny", 12, 12},
        {"x,\"a\"\"\n", 0, 7},
    };
    bool has_quotes;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct str text = str_from(cases[i].text);
        assert_int_equal(csv_record_length(text, false, &has_quotes), cases[i].length);
        assert_int_equal(csv_record_length(text, true, &has_quotes), cases[i].at_end);
    }
    assert_int_equal(csv_record_length(STR("a\n\"b\"\n"), false, &has_quotes), 2);
    assert_false(has_quotes);
    assert_true(str_equal(csv_chomp(STR("a\r\n")), STR("a")));
    assert_true(str_equal(csv_chomp(STR("a\n")), STR("a")));
    assert_true(str_equal(csv_chomp(STR("a\r")), STR("a")));
    assert_true(str_equal(csv_chomp(STR("")), STR("")));
}

static void add_cell(struct buf *buf, struct str cell, bool is_quoted)
{
    if (!is_quoted) {
        buf_add(buf, cell);
        return;
    }
    buf_add_byte(buf, '"');
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '"')
            buf_add_byte(buf, '"');
        buf_add_byte(buf, cell.ptr[i]);
    }
    buf_add_byte(buf, '"');
}

static void random_records_come_back(void **state)
{
    static const char letters[] = "ab,\"\n\r ";
    uint32_t random = 12345;
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    for (int turn = 0; turn < 20000; turn++) {
        char texts[8][8];
        struct str expected[8];
        bool has_quotes;
        random = random * 1664525 + 1013904223;
        size_t columns = 1 + (random >> 20) % 8;
        buf_clear(&buf);
        for (size_t i = 0; i < columns; i++) {
            bool must_quote = false;
            random = random * 1664525 + 1013904223;
            size_t len = (random >> 20) % 8;
            for (size_t j = 0; j < len; j++) {
                random = random * 1664525 + 1013904223;
                texts[i][j] = letters[(random >> 20) % 7];
                must_quote = must_quote || memchr(",\"\n\r", texts[i][j], 4) != NULL;
            }
            bool is_quoted = must_quote || (random & 0x10000) != 0;
            expected[i] = len == 0 && !is_quoted ? STR_ABSENT : (struct str){texts[i], len};
            if (i > 0)
                buf_add_byte(&buf, ',');
            add_cell(&buf, expected[i], is_quoted);
        }
        size_t record_len = buf.len;
        buf_add(&buf, STR("\nnext,\"record"));
        assert_int_equal(csv_record_length(buf_str(&buf), false, &has_quotes), record_len + 1);
        assert_int_equal(csv_cells(str_slice(buf_str(&buf), 0, record_len), &arena, cells,
                                   ARRAY_COUNT(cells), &count, &err),
                         OK);
        assert_int_equal(count, columns);
        for (size_t i = 0; i < columns; i++) {
            assert_int_equal(str_is_absent(cells[i]), str_is_absent(expected[i]));
            assert_true(str_equal(cells[i], expected[i]));
        }
        arena_reset(&arena);
    }
    buf_release(&buf);
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_a_record),
        cmocka_unit_test(malformed_records),
        cmocka_unit_test(record_ends),
        cmocka_unit_test(random_records_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
