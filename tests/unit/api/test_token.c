/* Tokens: round trip, and bound to operation, caller and key. */
#include "unit/test.h"

#include "api/api_priv.h"

static struct api api = {.token_key = {{1, 2, 3}}};
static const struct operation list = {.name = "ListRecords"};
static const struct operation search = {.name = "Search"};

static struct call call_of(struct arena *arena, const struct operation *operation,
                           const char *access_key)
{
    return (struct call){.api = &api,
                         .arena = arena,
                         .operation = operation,
                         .principal = {.access_key = str_from(access_key)}};
}

static void round_trip(void **state)
{
    (void)state;
    static const char *const states[] = {"", "7 123456789", "name-with-\xc3\xa9"};
    struct arena arena = {0};

    for (size_t i = 0; i < ARRAY_COUNT(states); i++) {
        struct call call = call_of(&arena, &list, "KEY");
        struct str token = token_make(&call, str_from(states[i]));
        struct str back;
        assert_true(token.len >= 1 && token.len <= 8192);
        assert_true(str_is_utf8(token));
        assert_int_equal(token_read(&call, token, &back, NULL), OK);
        assert_true(str_equal(back, str_from(states[i])));
    }
    arena_release(&arena);
}

static void only_for_whom_it_was_made(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct call call = call_of(&arena, &list, "KEY");
    struct str token = token_make(&call, STR("state"));
    struct str back = STR("untouched");
    struct err err;
    struct call others[] = {call_of(&arena, &search, "KEY"), call_of(&arena, &list, "OTHER"),
                            call_of(&arena, &list, "")};

    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        assert_int_equal(token_read(&others[i], token, &back, &err), ERR_INVALID);
    api.token_key.bytes[31] ^= 1; /* another data folder */
    assert_int_equal(token_read(&call, token, &back, &err), ERR_INVALID);
    api.token_key.bytes[31] ^= 1;
    assert_int_equal(token_read(&call, token, &back, &err), OK);
    arena_release(&arena);
}

static void nothing_else_is_a_token(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "0", "zz", "00112233445566778899aabbccddeeff",
                                        "00112233445566778899AABBCCDDEEFF00"};
    struct arena arena = {0};
    struct call call = call_of(&arena, &list, "KEY");
    struct str token = token_make(&call, STR("state"));
    struct str back = STR("untouched");
    struct err err;

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        assert_int_equal(token_read(&call, str_from(texts[i]), &back, &err), ERR_INVALID);
    for (size_t cut = 0; cut < token.len; cut++)
        assert_int_equal(token_read(&call, str_slice(token, 0, cut), &back, &err), ERR_INVALID);
    char *changed = arena_alloc(&arena, token.len, 1);
    for (size_t i = 0; i < token.len; i++) {
        memcpy(changed, token.ptr, token.len);
        changed[i] = changed[i] == '0' ? '1' : '0';
        assert_int_equal(token_read(&call, (struct str){changed, token.len}, &back, &err),
                         ERR_INVALID);
    }
    assert_true(str_equal(back, STR("untouched")));
    assert_true(str_contains(str_from(err.message), STR("NextToken")));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(only_for_whom_it_was_made),
        cmocka_unit_test(nothing_else_is_a_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
