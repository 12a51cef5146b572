/* The JSON reader's verdicts: the public suite, its bounds, and what its failures say. */
#include "unit/test.h"

#include "core/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum code check(struct str text)
{
    struct err err = {0};
    enum code code = json_check(text, &arena, &err);

    assert_int_equal(err.code, code);
    return code;
}

static struct str text_of(const char *text)
{
    return str_from(text);
}

/* The text lies in a block of its exact length, so that AddressSanitizer sees a read past it. */
static enum code check_exact(struct str text)
{
    char *copy = test_malloc(text.len + 1);

    memcpy(copy + 1, text.ptr, text.len);
    enum code code = check((struct str){copy + 1, text.len});
    test_free(copy);
    return code;
}

/* --- the public suite --- */

static size_t read_whole(const char *folder, const char *name, char *out, size_t bytes_max)
{
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t bytes = fread(out, 1, bytes_max, file);
    assert_true(feof(file) != 0);
    (void)fclose(file);
    return bytes;
}

static void suite_verdicts(void **state)
{
    static char text[1 << 20];
    char folder[512];
    const char *shared = getenv("ASOF_SHARED");
    size_t counts[3] = {0};

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/vectors/json/test_parsing",
                   shared == NULL ? "../shared" : shared);
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        print_message("skipped: %s is missing\n", folder);
        skip();
    }
    for (const struct dirent *item = readdir(dir); item != NULL; item = readdir(dir)) {
        if (strlen(item->d_name) < 2 || item->d_name[1] != '_')
            continue;
        size_t bytes = read_whole(folder, item->d_name, text, sizeof(text));
        enum code code = check_exact((struct str){text, bytes});
        if (item->d_name[0] == 'y' && code != OK)
            fail_msg("%s must be accepted", item->d_name);
        if (item->d_name[0] == 'n' && code != ERR_INVALID)
            fail_msg("%s must be refused", item->d_name);
        counts[item->d_name[0] == 'y' ? 0 : item->d_name[0] == 'n' ? 1 : 2]++;
    }
    (void)closedir(dir);
    assert_int_equal(counts[0], 95);
    assert_int_equal(counts[1], 188);
    assert_int_equal(counts[2], 35);
}

/* --- own cases --- */

static void accepts(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " \t\r\n[ ] ",
        "0",
        "-0",
        "-0.0e-0",
        "1E+9",
        "\"\"",
        "true",
        "null",
        "[1,2,[3,{\"a\":[]}],\"x\"]",
        "{\"a\":1,\"b\":{\"c\":null},\"d\":[false]}",
        "\"\\u0000\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
        "\"\x7f\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "\"seven77\xf4\x8f\xbf\xbf\"",
        "{\"\":\"\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (check_exact(text_of(texts[i])) != OK)
            fail_msg("%s", texts[i]);
    }
}

static void refuses(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1]",
        "[1}",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "tru",
        "True",
        "nul",
        "truex",
        "1 1",
        "{} {}",
        "\"",
        "\"\\",
        "\"\\u",
        "\"\\u12",
        "\"\\u123g\"",
        "\"\\x41\"",
        "\"\\U0041\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\",
        "\"\\ud800\\udbff\"",
        "\"\n\"",
        "\"\x1f\"",
        "\"1234567\x01\"",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "\xef\xbb\xbf{}",
        "'a'",
        "[1]//",
        "/**/1",
        "{\"\\ud800\":1}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (check_exact(text_of(texts[i])) != ERR_INVALID)
            fail_msg("%s", texts[i]);
    }
    assert_int_equal(check((struct str){"1\0", 2}), ERR_INVALID);
    assert_int_equal(check((struct str){"\"\0\"", 3}), ERR_INVALID);
    assert_int_equal(check(STR_ABSENT), ERR_INVALID);
}

static void depth_is_bounded(void **state)
{
    static char text[2 * (JSON_DEPTH_MAX + 1) + 1];

    (void)state;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        enum code code = check((struct str){text, 2 * depth});
        assert_int_equal(code, depth == JSON_DEPTH_MAX ? OK : ERR_INVALID);
    }
    /* Depth counts from the outermost value, not from where a skip begins. */
    struct json json;
    json_init(&json, STR("[[[]]]"), &arena, NULL);
    assert_int_equal(json_array_begin(&json), OK);
    json.depth = JSON_DEPTH_MAX - 1;
    assert_true(json_array_next(&json));
    assert_int_equal(json_skip(&json, NULL), ERR_INVALID);
}

static void a_hundred_thousand_brackets(void **state)
{
    static char text[100000];
    struct err err;

    (void)state;
    memset(text, '[', sizeof(text));
    assert_int_equal(json_check((struct str){text, sizeof(text)}, &arena, &err), ERR_INVALID);
    assert_string_equal(err.message, "nested deeper than 32 at byte 32");
}

/* A break of the string at every distance from the start of a word. */
static void string_ends_at_every_offset(void **state)
{
    char text[64];

    (void)state;
    for (size_t len = 0; len < 40; len++) {
        memset(text, 'a', sizeof(text));
        text[0] = '"';
        text[len + 1] = '"';
        assert_int_equal(check_exact((struct str){text, len + 2}), OK);
        assert_int_equal(check_exact((struct str){text, len + 1}), ERR_INVALID);
        for (size_t at = 1; at <= len; at++) {
            static const char bad[] = {'\x00', '\x1f', '\n', '\\', '\x80', '\xff'};
            for (size_t i = 0; i < sizeof(bad); i++) {
                text[at] = bad[i];
                if (bad[i] == '\\' && at < len)
                    continue; /* "\a" is no escape, "\"" ends nothing: both are below */
                assert_int_equal(check_exact((struct str){text, len + 2}), ERR_INVALID);
            }
            text[at] = '"';
            assert_int_equal(check_exact((struct str){text, len + 2}), ERR_INVALID);
            text[at] = '\x7f';
            assert_int_equal(check_exact((struct str){text, len + 2}), OK);
            text[at] = 'a';
        }
    }
}

static void peeks(void **state)
{
    static const struct {
        const char *text;
        enum json_type type;
    } cases[] = {{" {", JSON_OBJECT}, {"\n[", JSON_ARRAY}, {"\"", JSON_STRING}, {"-", JSON_NUMBER},
                 {"7", JSON_NUMBER},  {"t", JSON_TRUE},    {"f", JSON_FALSE},   {"n", JSON_NULL},
                 {"", JSON_BAD},      {"+", JSON_BAD},     {"\v1", JSON_BAD}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct json json;
        json_init(&json, text_of(cases[i].text), &arena, NULL);
        assert_int_equal(json_peek(&json), cases[i].type);
    }
}

static void failures_stick(void **state)
{
    struct json json;
    struct err err;
    struct str text = STR("untouched");
    int64_t number = 3;
    bool word = true;

    (void)state;
    json_init(&json, STR("{\"a\" 1}"), &arena, &err);
    assert_int_equal(json_object_begin(&json), OK);
    assert_false(json_object_next(&json, &text));
    assert_string_equal(err.message, "expected ':', found '1' at byte 5");
    assert_int_equal(json_status(&json), ERR_INVALID);
    assert_int_equal(json_fail(&json, ERR_IO, "later"), ERR_INVALID);
    assert_int_equal(json_peek(&json), JSON_BAD);
    assert_int_equal(json_i64(&json, &number), ERR_INVALID);
    assert_int_equal(json_string(&json, &text), ERR_INVALID);
    assert_int_equal(json_bool(&json, &word), ERR_INVALID);
    assert_int_equal(json_null(&json), ERR_INVALID);
    assert_int_equal(json_skip(&json, &text), ERR_INVALID);
    assert_int_equal(json_object_begin(&json), ERR_INVALID);
    assert_int_equal(json_array_begin(&json), ERR_INVALID);
    assert_false(json_array_next(&json));
    assert_int_equal(json_end(&json), ERR_INVALID);
    assert_string_equal(err.message, "expected ':', found '1' at byte 5");
    assert_int_equal(number, 3);
    assert_true(word);
}

static void messages_name_what_was_found(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "expected a value, found the end of the text at byte 0"},
        {"[1,\x01", "expected a value, found byte 0x01 at byte 3"},
        {"{\"a\":x}", "expected a value in 'a', found 'x' at byte 5"},
        {"{\"a\":[x]}", "expected a value in 'a', found 'x' at byte 6"},
        {"{\"a\":{\"b\":1},\"c\" 1}", "expected ':', found '1' at byte 17"},
        {"[{\"b\":1},x]", "expected a value, found 'x' at byte 9"},
        {"{\"b\":1 x}", "expected ',' or '}', found 'x' at byte 7"},
        {"[1;", "expected ',' or ']', found ';' at byte 2"},
        {"1.x", "expected a digit, found 'x' at byte 2"},
        {"\"a\\q\"", "unknown escape in a string at byte 2"},
        {"\"\\ud800\"", "malformed \\u escape or lone surrogate at byte 1"},
        {"\"abc", "unfinished string at byte 4"},
        {"\"a\tb\"", "control character 0x09 in a string at byte 2"},
        {"\"\xff\"", "string with malformed UTF-8 at byte 2"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct err err;
        assert_int_equal(json_check(text_of(cases[i].text), &arena, &err), ERR_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
    assert_int_equal(json_check(STR("["), &arena, NULL), ERR_INVALID);
}

static void messages_name_the_member(void **state)
{
    struct json json;
    struct err err;
    struct str key;
    int64_t number;

    (void)state;
    json_init(&json, STR("{\"TtlDuration\":{\"Value\":1.5}}"), &arena, &err);
    assert_int_equal(json_object_begin(&json), OK);
    assert_true(json_object_next(&json, &key));
    assert_int_equal(json_object_begin(&json), OK);
    assert_true(json_object_next(&json, &key));
    assert_int_equal(json_i64(&json, &number), ERR_INVALID);
    assert_string_equal(err.message,
                        "expected an integer of 64 bits in 'Value', found 1.5 at byte 27");
    json_init(&json, STR("{\"TtlDuration\":[]}"), &arena, &err);
    assert_int_equal(json_object_begin(&json), OK);
    assert_true(json_object_next(&json, &key));
    assert_int_equal(json_object_begin(&json), ERR_INVALID);
    assert_string_equal(err.message, "expected an object in 'TtlDuration', found '[' at byte 15");
    json_init(&json,
              STR("{\"12345678901234567890123456789012345678901234567890123456789012345678901234"
                  "567890\":1}"),
              &arena, &err);
    assert_int_equal(json_object_begin(&json), OK);
    assert_true(json_object_next(&json, &key));
    assert_int_equal(json_string(&json, &key), ERR_INVALID);
    assert_string_equal(err.message, "expected a string, found '1' at byte 84");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suite_verdicts),
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_hundred_thousand_brackets),
        cmocka_unit_test(string_ends_at_every_offset),
        cmocka_unit_test(peeks),
        cmocka_unit_test(failures_stick),
        cmocka_unit_test(messages_name_what_was_found),
        cmocka_unit_test(messages_name_the_member),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
