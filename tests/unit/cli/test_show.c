/* JSON as lines and tables for people. */
#include "unit/test.h"

#include "cli/show.h"

static struct arena arena;
static struct err err;
static struct buf out;

static void assert_shown(const char *json, const char *expected)
{
    buf_clear(&out);
    assert_int_equal(show_json(str_from(json), &arena, &out, &err), OK);
    buf_add_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
}

static void lines(void **state)
{
    (void)state;
    assert_shown("{\"A\":1,\"Longer\":\"x y\",\"T\":true,\"N\":null,\"E\":[],\"L\":[1,2]}",
                 "A       1\nLonger  x y\nT       true\nN       null\nE       []\nL       [1,2]\n");
    assert_shown("{}", "");
    assert_shown("{\"a\":{\"b\":{\"c\":1},\"d\":2}}", "a.b.c  1\na.d    2\n");
}

static void arrays_of_objects_are_tables(void **state)
{
    (void)state;
    assert_shown("{\"n\":1,\"G\":[{\"name\":\"a\",\"rows\":10},{\"rows\":2,\"name\":\"b\","
                 "\"late\":1},{}],\"z\":2}",
                 "n  1\nz  2\n\nG\nname  rows\n----  ----\na       10\nb        2\n\n");
    assert_shown("{\"G\":[ {} ]}", "\nG\n");
}

static void no_object_is_refused(void **state)
{
    static const char *const texts[] = {"", "[]", "1", "{", "{\"a\":[{]}", "{\"a\":[{},1]}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        buf_clear(&out);
        assert_true(show_json(str_from(texts[i]), &arena, &out, &err) != OK);
    }
}

static int release(void **state)
{
    (void)state;
    buf_release(&out);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(arrays_of_objects_are_tables),
        cmocka_unit_test(no_object_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
