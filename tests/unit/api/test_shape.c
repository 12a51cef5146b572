#include "unit/test.h"

#include "api/shape.h"
#include "schema/names.h"

#include <stdio.h>
#include <string.h>

struct inner {
    struct str text;
    struct shape_number number;
};

struct outer {
    struct str name;
    struct str kind;
    struct shape_number count;
    struct shape_number flag;
    struct shape_number time;
    const struct inner *inner;
    struct shape_list inners;
    struct shape_list texts;
};

static const char *const kinds[] = {"Red", "Green", NULL};

static const struct shape_member inner_members[] = {
    {.name = "Text",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct inner, text),
     .is_required = true,
     .min = 2,
     .max = 3},
    {.name = "Number", .kind = SHAPE_INTEGER, .offset = offsetof(struct inner, number)},
};
static const struct shape shape_inner = {inner_members, ARRAY_COUNT(inner_members),
                                         sizeof(struct inner)};
static const struct shape_member element = {.kind = SHAPE_TEXT, .max = 2};

static const struct shape_member outer_members[] = {
    {.name = "Name",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct outer, name),
     .is_required = true,
     .min = 1,
     .max = 5,
     .fits = name_is_valid,
     .pattern = "[a-z]"},
    {.name = "Kind", .kind = SHAPE_TEXT, .offset = offsetof(struct outer, kind), .values = kinds},
    {.name = "Count",
     .kind = SHAPE_INTEGER,
     .offset = offsetof(struct outer, count),
     .min = 1,
     .max = 9},
    {.name = "Flag", .kind = SHAPE_BOOL, .offset = offsetof(struct outer, flag)},
    {.name = "Time", .kind = SHAPE_TIME, .offset = offsetof(struct outer, time)},
    {.name = "Inner",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct outer, inner),
     .of = &shape_inner},
    {.name = "Inners",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct outer, inners),
     .min = 1,
     .max = 9,
     .of = &shape_inner},
    {.name = "Texts",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct outer, texts),
     .max = 2,
     .element = &element},
};
static const struct shape shape_outer = {outer_members, ARRAY_COUNT(outer_members),
                                         sizeof(struct outer)};

static struct arena arena;
static struct err err;
static bool is_malformed;

static enum code read_outer(const char *text, struct outer *ret)
{
    return shape_read(str_from(text), &shape_outer, &arena, ret, &is_malformed, &err);
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void members_are_read(void **state)
{
    (void)state;
    struct outer outer;

    assert_int_equal(
        read_outer("{\"Name\":\"a\",\"Kind\":\"Green\",\"Count\":9,\"Flag\":true,"
                   "\"Time\":1704164645.678,\"Inner\":{\"Text\":\"xy\"},\"Inners\":[{"
                   "\"Text\":\"ab\",\"Number\":-5},{\"Text\":\"cd\"},{\"Text\":\"ef\"},"
                   "{\"Text\":\"gh\"},{\"Text\":\"ij\"}],\"Texts\":[\"\",\"q\"]}",
                   &outer),
        OK);
    assert_true(str_equal(outer.name, STR("a")));
    assert_true(str_equal(outer.kind, STR("Green")));
    assert_int_equal(outer.count.value, 9);
    assert_true(outer.flag.is_given && outer.flag.value == 1);
    assert_true(outer.time.value == INT64_C(1704164645678000));
    assert_true(str_equal(outer.inner->text, STR("xy")));
    assert_false(outer.inner->number.is_given);
    assert_int_equal(outer.inners.count, 5);
    const struct inner *inners = outer.inners.items;
    assert_int_equal(inners[0].number.value, -5);
    assert_true(str_equal(inners[4].text, STR("ij")));
    const struct str *texts = outer.texts.items;
    assert_int_equal(outer.texts.count, 2);
    assert_true(texts[0].len == 0 && str_equal(texts[1], STR("q")));
}

static void absence_is_seen(void **state)
{
    (void)state;
    struct outer outer;

    assert_int_equal(read_outer("{\"Name\":\"a\",\"Kind\":null,\"Inner\":null,\"Count\":null,"
                                "\"Other\":{\"deep\":[1,{}]}}",
                                &outer),
                     OK);
    assert_true(str_is_absent(outer.kind));
    assert_null(outer.inner);
    assert_false(outer.count.is_given);
    assert_false(outer.inners.is_given);
    assert_int_equal(read_outer("{\"Name\":\"a\",\"Texts\":[]}", &outer), OK);
    assert_true(outer.texts.is_given);
    assert_int_equal(outer.texts.count, 0);
}

static void constraints_name_the_member(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"{}", "Value null at 'name' failed to satisfy constraint: Member must not be null"},
        {"", "Value null at 'name'"},
        {"{\"Name\":null}", "Value null at 'name'"},
        {"{\"Name\":\"\"}", "'name' failed to satisfy constraint: Member must have length greater "
                            "than or equal to 1"},
        {"{\"Name\":\"abcdef\"}", "Value 'abcdef' at 'name' failed to satisfy constraint: Member "
                                  "must have length less than or equal to 5"},
        {"{\"Name\":\"a_\"}", "must satisfy regular expression pattern: [a-z]"},
        {"{\"Name\":\"a\",\"Kind\":\"Blue\"}",
         "Value 'Blue' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: "
         "[Red, Green]"},
        {"{\"Name\":\"a\",\"Count\":0}",
         "Value '0' at 'count' failed to satisfy constraint: Member "
         "must have value greater than or equal to 1"},
        {"{\"Name\":\"a\",\"Count\":10}", "value less than or equal to 9"},
        {"{\"Name\":\"a\",\"Inner\":{}}", "Value null at 'inner.text'"},
        {"{\"Name\":\"a\",\"Inner\":{\"Text\":\"a\"}}", "'inner.text'"},
        {"{\"Name\":\"a\",\"Inners\":[]}", "'inners' failed"},
        {"{\"Name\":\"a\",\"Inners\":[{\"Text\":\"ab\"},{\"Text\":\"abcd\"}]}",
         "Value 'abcd' at 'inners.2.member.text'"},
        {"{\"Name\":\"a\",\"Inners\":[null]}", "Value null at 'inners.1.member'"},
        {"{\"Name\":\"a\",\"Texts\":[\"a\",\"b\",\"c\"]}", "'texts' failed to satisfy constraint: "
                                                           "Member must have length less than or "
                                                           "equal to 2"},
        {"{\"Name\":\"a\",\"Texts\":[\"abc\"]}", "'texts.1.member'"},
        {"{\"Name\":\"a\",\"Time\":1e300}", "'time'"},
    };
    struct outer outer;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(read_outer(cases[i].text, &outer), ERR_INVALID);
        assert_false(is_malformed);
        assert_non_null(strstr(err.message, "1 validation error detected: Value "));
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].message);
    }
}

static void wrong_types_are_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"[]", "expected an object"},
        {"{", ""},
        {"{\"Name\":\"a\"} x", "end of the text"},
        {"{\"Name\":1}", "name: expected a string"},
        {"{\"Name\":\"a\",\"Count\":\"1\"}", "count: "},
        {"{\"Name\":\"a\",\"Count\":1.5}", "count: "},
        {"{\"Name\":\"a\",\"Flag\":\"true\"}", "flag: "},
        {"{\"Name\":\"a\",\"Time\":\"2020\"}", "time: "},
        {"{\"Name\":\"a\",\"Inner\":[]}", "inner: "},
        {"{\"Name\":\"a\",\"Inner\":{\"Text\":{}}}", "inner.text: "},
        {"{\"Name\":\"a\",\"Inners\":{}}", "inners: "},
        {"{\"Name\":\"a\",\"Inners\":[3]}", "inners.1.member: "},
        {"{\"Name\":\"a\",\"Texts\":[3]}", "texts.1.member: "},
        {"{\"Name\":\"a\",\"Name\":\"b\"}", "name: the member stands twice"},
        {"{\"Name\":\"a\",\"Other\":[}", ""},
        {"{\"Name\":\"\\ud800\"}", "name: "},
    };
    struct outer outer;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(read_outer(cases[i].text, &outer), ERR_INVALID);
        assert_true(is_malformed);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].message);
    }
}

static void lengths_count_characters(void **state)
{
    (void)state;
    struct outer outer;

    assert_int_equal(read_outer("{\"Name\":\"a\",\"Texts\":[\"\xc3\xa9\xc3\xa9\"]}", &outer), OK);
    assert_int_equal(
        read_outer("{\"Name\":\"a\",\"Texts\":[\"\xc3\xa9\xc3\xa9\xc3\xa9\"]}", &outer),
        ERR_INVALID);
}

static void long_paths_and_values_are_cut(void **state)
{
    (void)state;
    static char text[5000];
    struct outer outer;

    (void)snprintf(text, sizeof(text), "{\"Name\":\"%0*d\"}", 4000, 1);
    assert_int_equal(read_outer(text, &outer), ERR_INVALID);
    assert_true(strlen(err.message) < 400);
    assert_non_null(strstr(err.message, "'name'"));
}

static void value_positions(void **state)
{
    (void)state;
    assert_int_equal(shape_value_index(kinds, STR("Red")), 0);
    assert_int_equal(shape_value_index(kinds, STR("Green")), 1);
    assert_int_equal(shape_value_index(kinds, STR("red")), 2);
    assert_int_equal(shape_value_index(kinds, STR_ABSENT), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(members_are_read, teardown),
        cmocka_unit_test_teardown(absence_is_seen, teardown),
        cmocka_unit_test_teardown(constraints_name_the_member, teardown),
        cmocka_unit_test_teardown(wrong_types_are_malformed, teardown),
        cmocka_unit_test_teardown(lengths_count_characters, teardown),
        cmocka_unit_test_teardown(long_paths_and_values_are_cut, teardown),
        cmocka_unit_test(value_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
