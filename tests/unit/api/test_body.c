/* Reading bodies: who refused decides the error's type. */
#include "unit/test.h"

#include "api/body.h"

struct seen {
    struct str text;
    struct texts texts;
    unsigned members;
};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct seen *seen = context;

    seen->members++;
    if (str_equal(key, STR("text")))
        return body_text(json, &seen->text);
    if (str_equal(key, STR("texts")))
        return body_texts(call, json, "texts", 3, &seen->texts, err);
    if (str_equal(key, STR("never")))
        return err_set(err, ERR_INVALID, "never is refused");
    return json_skip(json, NULL);
}

static enum code read(const char *body, struct seen *seen, const char **ret_type)
{
    static struct arena arena;
    struct net_exchange exchange = {.request = {.body = str_from(body)}};
    struct call call = {.exchange = &exchange, .arena = &arena};
    struct err err;

    *seen = (struct seen){0};
    enum code code = body_read(&call, member_read, seen, &err);
    *ret_type = call.error_type;
    if (code != OK)
        assert_true(err.message[0] != '\0');
    return code;
}

static void reads_members(void **state)
{
    (void)state;
    struct seen seen;
    const char *type;

    assert_int_equal(read("", &seen, &type), OK);
    assert_int_equal(seen.members, 0);
    assert_int_equal(
        read(" {\"text\":\"a\\u0041\",\"texts\":[\"x\",\"\",\"y\"],\"other\":{}} ", &seen, &type),
        OK);
    assert_true(str_equal(seen.text, STR("aA")));
    assert_int_equal(seen.texts.count, 3);
    assert_true(seen.texts.is_given);
    assert_true(str_equal(seen.texts.items[2], STR("y")));
    assert_int_equal(read("{\"text\":null,\"texts\":null}", &seen, &type), OK);
    assert_true(str_is_absent(seen.text));
    assert_false(seen.texts.is_given);
    assert_int_equal(read("{\"texts\":[]}", &seen, &type), OK);
    assert_true(seen.texts.is_given);
    assert_int_equal(seen.texts.count, 0);
}

static void names_who_refused(void **state)
{
    (void)state;
    static const char *const malformed[] = {"x",
                                            "[]",
                                            "{\"text\":1}",
                                            "{\"text\"",
                                            "{}{}",
                                            "{\"texts\":[1]}",
                                            "null",
                                            "{\"texts\":\"",
                                            "{\"other\":tru}"};
    struct seen seen;
    const char *type;

    for (size_t i = 0; i < ARRAY_COUNT(malformed); i++) {
        assert_int_equal(read(malformed[i], &seen, &type), ERR_INVALID);
        assert_string_equal(type, "SerializationException");
    }
    assert_int_equal(read("{\"never\":1}", &seen, &type), ERR_INVALID);
    assert_null(type);
    assert_int_equal(read("{\"texts\":[\"1\",\"2\",\"3\",\"4\"]}", &seen, &type), ERR_INVALID);
    assert_null(type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_members),
        cmocka_unit_test(names_who_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
