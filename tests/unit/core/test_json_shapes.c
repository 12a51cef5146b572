/* What the JSON reader gives: strings, exact numbers, words, skipped text, fields, and the two
 * lanes for one shape. */
#include "unit/test.h"

#include "core/json.h"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void decodes(void **state)
{
    const struct {
        const char *text;
        struct str expected;
    } cases[] = {
        {"\"plain\"", STR("plain")},
        {"\"\"", STR("")},
        {"\"a\\nb\"", STR("a\nb")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", STR("\"\\/\b\f\n\r\t")},
        {"\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"", STR("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")},
        {"\"\\u0000\"", {"\0", 1}},
        {"\"\\uffff\\ud7ff\\ue000\"", STR("\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80")},
        {"\"\xc3\xa9\\u0020x\"", STR("\xc3\xa9 x")},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct json json;
        struct str value;
        json_init(&json, str_from(cases[i].text), &arena, NULL);
        assert_int_equal(json_string(&json, &value), OK);
        assert_int_equal(json_end(&json), OK);
        assert_int_equal(value.len, cases[i].expected.len);
        assert_memory_equal(value.ptr, cases[i].expected.ptr, value.len);
    }
}

static void plain_strings_are_views(void **state)
{
    struct str text = STR("{\"key\":\"value\"}");
    struct json json;
    struct str key;
    struct str value;

    (void)state;
    json_init(&json, text, NULL, NULL); /* no arena is touched */
    assert_int_equal(json_object_begin(&json), OK);
    assert_true(json_object_next(&json, &key));
    assert_int_equal(json_string(&json, &value), OK);
    assert_ptr_equal(key.ptr, text.ptr + 2);
    assert_ptr_equal(value.ptr, text.ptr + 8);
    assert_false(json_object_next(&json, &key));
    assert_int_equal(json_end(&json), OK);
    assert_int_equal(json.depth, 0);
}

static void integers_are_exact(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"-0.0e5", 0},
        {"0e999999999999999999999", 0},
        {"5", 5},
        {"5.0", 5},
        {"5e0", 5},
        {"0.5e1", 5},
        {"500e-2", 5},
        {"5.000e-0", 5},
        {"1.25e2", 125},
        {"0.000000000000000001e18", 1},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"9223372036854775807.000", INT64_MAX},
        {"-9.223372036854775808E18", INT64_MIN},
        {"92233720368547758070e-1", INT64_MAX},
    };
    static const char *const bad[] = {
        "0.5",
        "5.01",
        "1e-1",
        "9223372036854775808",
        "-9223372036854775809",
        "1e19",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "99999999999999999999999",
        "\"5\"",
        "true",
        "",
        "-",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        struct json json;
        int64_t value = 77;
        json_init(&json, str_from(good[i].text), &arena, NULL);
        assert_int_equal(json_i64(&json, &value), OK);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct json json;
        int64_t value = 77;
        json_init(&json, str_from(bad[i]), &arena, NULL);
        assert_int_equal(json_i64(&json, &value), ERR_INVALID);
        assert_true(value == 77);
    }
}

static void doubles(void **state)
{
    struct json json;
    double value = 0;

    (void)state;
    json_init(&json, STR("[1.5,-2e3,1e-400,1e400]"), &arena, NULL);
    assert_int_equal(json_array_begin(&json), OK);
    assert_true(json_array_next(&json));
    assert_int_equal(json_double(&json, &value), OK);
    assert_true(value == 1.5);
    assert_true(json_array_next(&json));
    assert_int_equal(json_double(&json, &value), OK);
    assert_true(value == -2000);
    assert_true(json_array_next(&json));
    assert_int_equal(json_double(&json, &value), OK);
    assert_true(value == 0);
    assert_true(json_array_next(&json));
    assert_int_equal(json_double(&json, &value), ERR_INVALID);
    assert_true(value == 0);

    static char digits[200001];
    memset(digits, '3', sizeof(digits));
    digits[1] = '.';
    json_init(&json, (struct str){digits, sizeof(digits)}, &arena, NULL);
    assert_int_equal(json_double(&json, &value), OK);
    assert_true(value > 3.3 && value < 3.4);
}

static void words(void **state)
{
    struct json json;
    bool value = false;

    (void)state;
    json_init(&json, STR("[true,false,null]"), &arena, NULL);
    assert_int_equal(json_array_begin(&json), OK);
    assert_true(json_array_next(&json));
    assert_int_equal(json_bool(&json, &value), OK);
    assert_true(value);
    assert_true(json_array_next(&json));
    assert_int_equal(json_bool(&json, &value), OK);
    assert_false(value);
    assert_true(json_array_next(&json));
    assert_int_equal(json_null(&json), OK);
    assert_false(json_array_next(&json));
    assert_int_equal(json_end(&json), OK);
}

static void skip_gives_exact_text(void **state)
{
    struct json json;
    struct str key;
    struct str text;

    (void)state;
    json_init(&json, STR("{\"a\" : [1, {\"b\":[]}] , \"c\":-1.5e3}"), &arena, NULL);
    assert_int_equal(json_object_begin(&json), OK);
    assert_true(json_object_next(&json, &key));
    assert_int_equal(json_skip(&json, &text), OK);
    assert_true(str_equal(text, STR("[1, {\"b\":[]}]")));
    assert_true(json_object_next(&json, &key));
    assert_true(str_equal(key, STR("c")));
    assert_int_equal(json_skip(&json, &text), OK);
    assert_true(str_equal(text, STR("-1.5e3")));
    assert_false(json_object_next(&json, &key));
    assert_int_equal(json_end(&json), OK);
}

static void fields_come_once(void **state)
{
    static const char *const names[] = {"Record", "TargetStores"};
    struct json json;
    struct err err;
    uint64_t seen = 0;
    size_t index = 9;

    (void)state;
    json_init(&json, STR("{}"), &arena, &err);
    assert_int_equal(json_field(&json, STR("TargetStores"), names, 2, &seen, &index), OK);
    assert_int_equal(index, 1);
    assert_int_equal(json_field(&json, STR("Recor"), names, 2, &seen, &index), OK);
    assert_int_equal(index, 2);
    assert_int_equal(json_field(&json, STR("Recor"), names, 2, &seen, &index), OK);
    assert_int_equal(json_field(&json, STR("Record"), names, 2, &seen, &index), OK);
    assert_int_equal(index, 0);
    assert_int_equal(json_field(&json, STR("TargetStores"), names, 2, &seen, &index), ERR_INVALID);
    assert_string_equal(err.message, "member 'TargetStores' stands twice at byte 0");
    assert_int_equal(index, 0);
}

/* --- the fast lane agrees with the slow one --- */

static const struct json_pair pair = {{"{\"a\":\"", 6}, {"\",\"b\":\"", 7}};

static void pair_is_taken(void **state)
{
    struct json json;
    struct str a;
    struct str b;

    (void)state;
    json_init(&json, STR("[{\"a\":\"one\",\"b\":\"a longer text\"} , {\"a\":\"\",\"b\":\"\"}]"),
              &arena, NULL);
    assert_int_equal(json_array_begin(&json), OK);
    assert_true(json_array_next(&json));
    assert_true(json_text_pair(&json, &pair, &a, &b));
    assert_true(str_equal(a, STR("one")));
    assert_true(str_equal(b, STR("a longer text")));
    assert_true(json_array_next(&json));
    assert_true(json_text_pair(&json, &pair, &a, &b));
    assert_true(str_equal(a, STR("")));
    assert_true(str_equal(b, STR("")));
    assert_false(json_array_next(&json));
    assert_int_equal(json_end(&json), OK);
}

static void pair_leaves_other_bytes(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{\"a\":\"",
        "{\"a\":\"x",
        "{\"a\":\"x\"",
        "{\"a\":\"x\",\"b\":\"",
        "{\"a\":\"x\",\"b\":\"y",
        "{\"a\":\"x\",\"b\":\"y\"",
        "{\"a\":\"x\",\"b\":\"y\" }",
        "{\"a\":\"x\",\"b\":\"y\",\"c\":1}",
        "{\"a\":\"x\", \"b\":\"y\"}",
        "{\"a\":\"\\n\",\"b\":\"y\"}",
        "{\"a\":\"x\",\"b\":\"\\n\"}",
        "{\"a\":\"\xc3\xa9\",\"b\":\"y\"}",
        "{\"a\":\"x\",\"b\":\"\xff\"}",
        "{\"a\":\"x\",\"b\":\"\x01\"}",
        "{\"A\":\"x\",\"b\":\"y\"}",
        "{\"b\":\"x\",\"a\":\"y\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct json json;
        struct str a;
        struct str b;
        size_t len = strlen(texts[i]);
        char *exact = test_malloc(len + 1);
        memcpy(exact + 1, texts[i], len);
        json_init(&json, (struct str){exact + 1, len}, &arena, NULL);
        assert_false(json_text_pair(&json, &pair, &a, &b));
        assert_ptr_equal(json.cursor, exact + 1);
        assert_int_equal(json_status(&json), OK);
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(plain_strings_are_views),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(doubles),
        cmocka_unit_test(words),
        cmocka_unit_test(skip_gives_exact_text),
        cmocka_unit_test(fields_come_once),
        cmocka_unit_test(pair_is_taken),
        cmocka_unit_test(pair_leaves_other_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
