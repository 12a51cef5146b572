/* Percent-encoding: every byte there and back, malformed escapes, query strings as clients send. */
#include "unit/test.h"

#include "core/uri.h"

static void every_byte_there_and_back(void **state)
{
    struct arena arena = {0};
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    for (unsigned byte = 1; byte < 256; byte++) {
        char raw[3] = {'a', (char)(unsigned char)byte, 'z'};
        struct str decoded;
        buf_clear(&buf);
        uri_encode(&buf, (struct str){raw, 3}, false);
        assert_int_equal(uri_decode(buf_str(&buf), &arena, &decoded, NULL), OK);
        assert_true(str_equal(decoded, (struct str){raw, 3}));
    }
    buf_release(&buf);
    arena_release(&arena);
}

static void encodes_as_the_signature_wants(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    uri_encode(&buf, STR("a b+c/\xc3\xa9&=~'()*!-_.Z9"), false);
    assert_true(str_equal(buf_str(&buf), STR("a%20b%2Bc%2F%C3%A9%26%3D~%27%28%29%2A%21-_.Z9")));
    buf_clear(&buf);
    uri_encode(&buf, STR("/x/y z"), true);
    assert_true(str_equal(buf_str(&buf), STR("/x/y%20z")));
    buf_release(&buf);
}

static void decoding(void **state)
{
    struct arena arena = {0};
    struct str out;

    (void)state;
    assert_int_equal(uri_decode(STR("plain+text"), &arena, &out, NULL), OK);
    assert_true(str_equal(out, STR("plain+text")));
    assert_int_equal(uri_decode(STR(""), &arena, &out, NULL), OK);
    assert_true(out.len == 0 && !str_is_absent(out));
    assert_int_equal(uri_decode(STR_ABSENT, &arena, &out, NULL), OK);
    assert_false(str_is_absent(out));
    assert_int_equal(uri_decode(STR("%2f%2F%41"), &arena, &out, NULL), OK);
    assert_true(str_equal(out, STR("//A")));
    assert_int_equal(uri_decode(STR("%2541"), &arena, &out, NULL), OK);
    assert_true(str_equal(out, STR("%41"))); /* once only */
    arena_release(&arena);
}

static void malformed_escapes_are_refused(void **state)
{
    static const char *const texts[] = {"%",    "a%",  "%4",    "%4g", "%g4",
                                        "%%41", "%00", "a%00b", "% 1", "%-1"};
    struct arena arena = {0};
    struct str out = STR("kept");
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (uri_decode(str_from(texts[i]), &arena, &out, &err) != ERR_INVALID)
            fail_msg("took '%s'", texts[i]);
    }
    assert_true(str_equal(out, STR("kept")));
    arena_release(&arena);
}

static void queries(void **state)
{
    static const struct {
        struct str name, value;
    } expected[] = {{{"RecordIdentifierValueAsString", 29}, {"a b+c/\xc3\xa9&=~", 11}},
                    {{"FeatureName", 11}, {"f1", 2}},
                    {{"FeatureName", 11}, {"f=2", 3}},
                    {{"flag", 4}, {"", 0}},
                    {{"", 0}, {"v", 1}},
                    {{"last", 4}, {"", 0}}};
    struct arena arena = {0};
    struct uri_query query = {
        STR("RecordIdentifierValueAsString=a%20b%2Bc%2F%C3%A9%26%3D~&FeatureName=f1"
            "&&FeatureName=f=2&flag&=v&last=&")};
    struct str name;
    struct str value;
    enum code code;
    size_t count = 0;

    (void)state;
    while (uri_query_next(&query, &arena, &name, &value, &code, NULL)) {
        assert_true(count < ARRAY_COUNT(expected));
        assert_true(str_equal(name, expected[count].name));
        assert_true(str_equal(value, expected[count].value));
        count++;
    }
    assert_int_equal(code, OK);
    assert_int_equal(count, ARRAY_COUNT(expected));
    query.rest = STR("a=%zz&b=1");
    assert_false(uri_query_next(&query, &arena, &name, &value, &code, NULL));
    assert_int_equal(code, ERR_INVALID);
    query.rest = STR("%z=1");
    assert_false(uri_query_next(&query, &arena, &name, &value, &code, NULL));
    assert_int_equal(code, ERR_INVALID);
    query.rest = STR("");
    assert_false(uri_query_next(&query, &arena, &name, &value, &code, NULL));
    assert_int_equal(code, OK);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_there_and_back),
        cmocka_unit_test(encodes_as_the_signature_wants),
        cmocka_unit_test(decoding),
        cmocka_unit_test(malformed_escapes_are_refused),
        cmocka_unit_test(queries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
