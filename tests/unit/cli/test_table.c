/* Tables: widths, alignment, what must not reach a terminal, many rows. */
#include "unit/test.h"

#include "cli/table.h"

#include <stdio.h>

static struct buf out;

static void assert_rendered(const char *expected)
{
    buf_add_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buf_clear(&out);
}

static void columns_are_as_wide_as_their_cells(void **state)
{
    const struct str head[] = {STR("name"), STR("n"), STR("note")};
    const struct str rows[][3] = {{STR("a"), STR("1"), STR("x")},
                                  {STR("longer"), STR("-12.5e3"), STR_ABSENT},
                                  {STR_ABSENT, STR_ABSENT, STR("y")}};
    struct table table;

    (void)state;
    table_init(&table, head, 3);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        table_add(&table, rows[i], &out);
    table_end(&table, &out);
    table_release(&table);
    assert_rendered("name          n  note\n"
                    "------  -------  ----\n"
                    "a             1  x\n"
                    "longer  -12.5e3\n"
                    "                 y\n");
}

static void an_empty_table_has_its_head(void **state)
{
    const struct str head[] = {STR("a"), STR("b")};
    struct table table;

    (void)state;
    table_init(&table, head, 2);
    table_end(&table, &out);
    table_release(&table);
    assert_rendered("a  b\n-  -\n");
}

static void a_hidden_head(void **state)
{
    const struct str head[] = {STR(""), STR("")};
    const struct str row[] = {STR("k"), STR("v")};
    struct table table;

    (void)state;
    table_init(&table, head, 2);
    table.is_head_hidden = true;
    table_add(&table, row, &out);
    table_end(&table, &out);
    table_release(&table);
    assert_rendered("k  v\n");
}

static void widths_of_text(void **state)
{
    (void)state;
    assert_int_equal(table_width(STR("abc")), 3);
    assert_int_equal(table_width(STR("\xc3\xa9")), 1);
    assert_int_equal(table_width(STR("e\xcc\x81")), 1);                /* combining accent */
    assert_int_equal(table_width(STR("\xe6\x97\xa5\xe6\x9c\xac")), 4); /* two ideographs */
    assert_int_equal(table_width(STR("\xf0\x9f\x98\x80")), 2);
    assert_int_equal(table_width(STR("\x1b[2J")), 7);
    assert_int_equal(table_width(STR("\xff")), 4);
    assert_int_equal(table_width(STR("\xc2\x9b")), 8);
}

static void control_characters_are_made_visible(void **state)
{
    const struct str head[] = {STR("v")};
    const struct str row[] = {STR("a\x1b[2Jb\n\x7f\xc2\x9b\xff\xe2\x80\xae.")};
    struct table table;

    (void)state;
    table_init(&table, head, 1);
    table_add(&table, row, &out);
    buf_clear(&out);
    table.is_head_hidden = true;
    table_end(&table, &out);
    table_release(&table);
    assert_rendered("a\\x1b[2Jb\\x0a\\x7f\\xc2\\x9b\\xff\\xe2\\x80\\xae.\n");
}

static void wide_cells_are_cut(void **state)
{
    const struct str head[] = {STR("v"), STR("w")};
    const struct str row[] = {STR("0123456789x"), STR("\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97"
                                                      "\xa5\xe6\x97\xa5\xe6\x97\xa5")};
    struct table table;

    (void)state;
    table_init(&table, head, 2);
    table.cell_width_max = 10;
    table.is_head_hidden = true;
    table_add(&table, row, &out);
    table_end(&table, &out);
    table_release(&table);
    assert_rendered("0123456...  \xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5...\n");
}

/* Beyond the measured rows the widths stay, and memory too. */
static void many_rows(void **state)
{
    const struct str head[] = {STR("n")};
    struct table table;
    char text[16];

    (void)state;
    table_init(&table, head, 1);
    for (int i = 0; i < 5000; i++) {
        int len = snprintf(text, sizeof(text), "%d", i);
        const struct str row[] = {{text, (size_t)len}};
        table_add(&table, row, &out);
        if (i == TABLE_ROWS_MEASURED - 1)
            assert_int_equal(out.len, 0);
    }
    table_end(&table, &out);
    table_release(&table);
    struct str rest = buf_str(&out);
    assert_true(str_equal(str_cut(&rest, '\n'), STR("  n")));
    assert_true(str_equal(str_cut(&rest, '\n'), STR("---")));
    for (int i = 0; i < 5000; i++) {
        int len = snprintf(text, sizeof(text), "%3d", i);
        assert_true(str_equal(str_cut(&rest, '\n'), (struct str){text, (size_t)len}));
    }
    assert_int_equal(rest.len, 0);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_cells),
        cmocka_unit_test(an_empty_table_has_its_head),
        cmocka_unit_test(a_hidden_head),
        cmocka_unit_test(widths_of_text),
        cmocka_unit_test(control_characters_are_made_visible),
        cmocka_unit_test(wide_cells_are_cut),
        cmocka_unit_test(many_rows),
    };

    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_release(&out);
    return failed;
}
