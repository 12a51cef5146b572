/* The credentials file: what is read from it, and that every doubt is refused with its line. */
#include "unit/test.h"

#include "auth/credentials.h"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

#define KEYS "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bP\n"

static void reads(void **state)
{
    struct credentials *table = NULL;
    struct err err;

    (void)state;
    assert_int_equal(
        credentials_parse(STR("# comment\r\n; another\n\n"
                              "  [ zoe ]\r\n"
                              "aws_access_key_id=ZKEY\r\n"
                              "aws_secret_access_key = a=b=c#d;e\r\n"
                              "asof_access = read\n"
                              "region = eu-west-1\noutput=json\n"
                              "[amy.b-c_d@e]\n" KEYS "\taws_session_token\t=\ttoken==\t\n"
                              "asof_access=write"),
                          "file", &table, &err),
        OK);
    assert_int_equal(table->count, 2);
    const struct credential *amy = credentials_find(table, STR("AKIDEXAMPLE"));
    assert_true(str_equal(amy->user, STR("amy.b-c_d@e")));
    assert_true(str_equal(amy->secret, STR("wJalrXUtnFEMI/K7MDENG+bP")));
    assert_true(str_equal(amy->session_token, STR("token==")));
    assert_int_equal(amy->access, ACCESS_WRITE);
    const struct credential *zoe = credentials_find(table, STR("ZKEY"));
    assert_true(str_equal(zoe->user, STR("zoe")));
    assert_true(str_equal(zoe->secret, STR("a=b=c#d;e")));
    assert_null(zoe->session_token.ptr);
    assert_int_equal(zoe->access, ACCESS_READ);
    assert_null(credentials_find(table, STR("")));
    assert_null(credentials_find(table, STR("AKIDEXAMPL")));
    assert_null(credentials_find(table, STR("zkey")));
    credentials_free(table);
}

static void access_is_write_by_default(void **state)
{
    struct credentials *table = NULL;

    (void)state;
    assert_int_equal(credentials_parse(STR("[a]\n" KEYS), "file", &table, NULL), OK);
    assert_int_equal(table->list[0].access, ACCESS_WRITE);
    credentials_free(table);
}

static void finds_among_many(void **state)
{
    struct credentials *table = NULL;
    struct str text = STR("");

    (void)state;
    for (int i = 0; i < 100; i++) {
        text = arena_format(&arena,
                            "%.*s[u%d]\naws_access_key_id = K%d\n"
                            "aws_secret_access_key = secret-%d\n",
                            STR_ARG(text), i, i * 7919 % 100, i);
    }
    assert_int_equal(credentials_parse(text, "file", &table, NULL), OK);
    assert_int_equal(table->count, 100);
    for (int i = 0; i < 100; i++) {
        struct str key = arena_format(&arena, "K%d", i * 7919 % 100);
        const struct credential *found = credentials_find(table, key);
        assert_non_null(found);
        assert_true(str_equal(found->user, arena_format(&arena, "u%d", i)));
    }
    credentials_free(table);
}

static void refuses(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "file: no credentials in it"},
        {"# nothing\n", "file: no credentials in it"},
        {"aws_access_key_id = A\n",
         "file line 1: expected a section, like [default], before the first key"},
        {"[a]\n", "file: section [a] needs aws_access_key_id and aws_secret_access_key"},
        {"[a]\naws_access_key_id = A\n[b]\n" KEYS,
         "file: section [a] needs aws_access_key_id and aws_secret_access_key"},
        {"[a\n" KEYS, "file line 1: expected [name]"},
        {"[\n" KEYS, "file line 1: expected [name]"},
        {"[]\n" KEYS, "file line 1: a section name is 1 to 64 of A-Z a-z 0-9 _ - . @"},
        {"[a b]\n" KEYS, "file line 1: a section name is 1 to 64 of A-Z a-z 0-9 _ - . @"},
        {"[a]\n" KEYS "[a]\n" KEYS, "file line 4: a section of this name stands above"},
        {"[a]\n" KEYS "[b]\n" KEYS, "file: [a] and [b] have the same key"},
        {"[a]\n" KEYS "nonsense\n", "file line 4: expected 'key = value'"},
        {"[a]\n" KEYS "asof_acces = read\n",
         "file line 4: expected aws_access_key_id, aws_secret_access_key, aws_session_token, "
         "asof_access, region or output"},
        {"[a]\n" KEYS "asof_access = admin\n", "file line 4: asof_access is read or write"},
        {"[a]\n" KEYS "asof_access = \n", "file line 4: asof_access is read or write"},
        {"[a]\n" KEYS "asof_access = read\nasof_access = write\n",
         "file line 5: the section has this key already"},
        {"[a]\n" KEYS KEYS, "file line 4: the section has this key already"},
        {"[a]\naws_access_key_id = A/B\n",
         "file line 2: aws_access_key_id is 1 to 128 of A-Z a-z 0-9 _ - . @"},
        {"[a]\naws_access_key_id =\n",
         "file line 2: aws_access_key_id is 1 to 128 of A-Z a-z 0-9 _ - . @"},
        {"[a]\naws_secret_access_key = 1234567\n",
         "file line 2: aws_secret_access_key is 8 to 256 printable characters"},
        {"[a]\naws_secret_access_key = 1234 5678\n",
         "file line 2: aws_secret_access_key is 8 to 256 printable characters"},
        {"[a]\n" KEYS "aws_session_token =\n",
         "file line 4: aws_session_token is 1 to 4096 printable characters"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct credentials *table = NULL;
        struct err err;
        assert_int_equal(credentials_parse(str_from(cases[i].text), "file", &table, &err),
                         ERR_INVALID);
        assert_string_equal(err.message, cases[i].message);
        assert_null(table);
    }
}

/* A message says where, and never repeats what may be a secret. */
static void messages_keep_secrets(void **state)
{
    struct credentials *table = NULL;
    struct err err;

    (void)state;
    assert_int_equal(
        credentials_parse(STR("[a]\naws_secret_access_key = canary one two\n"), "f", &table, &err),
        ERR_INVALID);
    assert_null(strstr(err.message, "canary"));
    assert_int_equal(credentials_parse(STR("[a]\ncanary-canary\n"), "f", &table, &err),
                     ERR_INVALID);
    assert_null(strstr(err.message, "canary"));
}

static void keys_are_derived_once(void **state)
{
    struct credentials *table = NULL;
    struct sigv4_scope scopes[] = {
        {STR("20150830"), STR("us-east-1"), STR("iam")},
        {STR("20150831"), STR("us-east-1"), STR("iam")},
        {STR("20150830"), STR("us-east-1"), STR("sagemaker")},
    };

    (void)state;
    assert_int_equal(credentials_parse(STR("[a]\n" KEYS), "file", &table, NULL), OK);
    struct credential *credential = &table->list[0];
    for (size_t i = 0; i < 3 * ARRAY_COUNT(scopes); i++) {
        const struct sigv4_scope *scope = &scopes[i % ARRAY_COUNT(scopes)];
        struct sha256 expected = sigv4_key(credential->secret, scope);
        struct sha256 key = credential_key(credential, scope);
        assert_memory_equal(&key, &expected, sizeof(key));
    }
    size_t count = 0;
    for (const struct signing_key *key = credential->keys; key != NULL; key = key->next)
        count++;
    assert_int_equal(count, ARRAY_COUNT(scopes));
    credentials_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(access_is_write_by_default),
        cmocka_unit_test(finds_among_many),
        cmocka_unit_test(refuses),
        cmocka_unit_test(messages_keep_secrets),
        cmocka_unit_test(keys_are_derived_once),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
