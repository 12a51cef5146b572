/* The JSON reader: any bytes get a verdict; what is accepted is taken to its end by both ways of
 * reading, and the fast lane never disagrees with the slow one. */
#include "core/json.h"

#include <stdlib.h>

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Reads a value by pulling, member by member. */
static enum code pull(struct json *json)
{
    struct str text;
    int64_t number;
    double real;
    bool word;

    switch (json_peek(json)) {
    case JSON_OBJECT:
        TRY(json_object_begin(json));
        while (json_object_next(json, &text)) {
            require(str_is_utf8(text));
            TRY(pull(json));
        }
        return json_status(json);
    case JSON_ARRAY:
        TRY(json_array_begin(json));
        while (json_array_next(json))
            TRY(pull(json));
        return json_status(json);
    case JSON_STRING:
        TRY(json_string(json, &text));
        require(str_is_utf8(text));
        return OK;
    case JSON_NUMBER: {
        struct json copy = *json;
        struct json other = *json;
        (void)!json_i64(&copy, &number);
        (void)!json_double(&other, &real);
        return json_number(json, &text);
    }
    case JSON_TRUE:
    case JSON_FALSE:
        return json_bool(json, &word);
    case JSON_NULL:
        return json_null(json);
    case JSON_BAD:
        break;
    }
    return json_skip(json, NULL);
}

static void fast_lane(struct str text, struct arena *arena)
{
    static const struct json_pair pair = {{"{\"FeatureName\":\"", 16},
                                          {"\",\"ValueAsString\":\"", 19}};
    struct json fast;
    struct json slow;
    struct str a;
    struct str b;

    json_init(&fast, text, arena, NULL);
    json_init(&slow, text, arena, NULL);
    if (!json_text_pair(&fast, &pair, &a, &b))
        return;
    struct str key;
    struct str value = STR_ABSENT;
    require(json_object_begin(&slow) == OK);
    require(json_object_next(&slow, &key) && str_equal(key, STR("FeatureName")));
    require(json_string(&slow, &value) == OK && str_equal(value, a));
    require(json_object_next(&slow, &key) && str_equal(key, STR("ValueAsString")));
    require(json_string(&slow, &value) == OK && str_equal(value, b));
    require(!json_object_next(&slow, &key) && json_status(&slow) == OK);
    require(slow.cursor == fast.cursor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct str text = {(const char *)data, size};
    struct json json;
    struct err err;

    enum code checked = json_check(text, &arena, &err);
    json_init(&json, text, &arena, NULL);
    enum code pulled = pull(&json);
    if (pulled == OK)
        pulled = json_end(&json);
    require((checked == OK) == (pulled == OK));
    fast_lane(text, &arena);
    arena_release(&arena);
    return 0;
}
