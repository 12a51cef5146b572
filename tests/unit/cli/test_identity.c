/* Whose keys are used: the file's form, and the order of the places they are looked for. */
#include "unit/test.h"

#include "cli/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static struct err err;
static struct client_identity identity;
static char folder[] = "/tmp/asof-test-identity-XXXXXX";

static const char text[] = "# a comment\n"
                           "stray = 1\n"
                           "[default]\r\n"
                           "aws_access_key_id = AK1 \r\n"
                           "aws_secret_access_key=S/1+=\n"
                           "asof_access = write\n"
                           "\n"
                           "[ other ]\n"
                           "; aws_access_key_id = no\n"
                           "AWS_ACCESS_KEY_ID = AK2\n"
                           "aws_secret_access_key = S2\n"
                           "aws_session_token = T2\n"
                           "[broken]\n"
                           "aws_access_key_id = AK3\n";

static void sections(void **state)
{
    (void)state;
    assert_int_equal(
        identity_parse((struct str){text, sizeof(text) - 1}, "f", STR_ABSENT, &identity, &err), OK);
    assert_true(str_equal(identity.access_key, STR("AK1")));
    assert_true(str_equal(identity.secret, STR("S/1+=")));
    assert_true(str_is_absent(identity.session_token));
    assert_int_equal(
        identity_parse((struct str){text, sizeof(text) - 1}, "f", STR("other"), &identity, &err),
        OK);
    assert_true(str_equal(identity.access_key, STR("AK2")));
    assert_true(str_equal(identity.session_token, STR("T2")));
    assert_int_equal(
        identity_parse((struct str){text, sizeof(text) - 1}, "f", STR("none"), &identity, &err),
        ERR_INVALID);
    assert_string_equal(err.message, "f has no section [none]");
    assert_int_equal(
        identity_parse((struct str){text, sizeof(text) - 1}, "f", STR("broken"), &identity, &err),
        ERR_INVALID);
    assert_string_equal(err.message, "f lacks aws_secret_access_key in its section");
    assert_int_equal(identity_parse(STR("x=1\n"), "f", STR_ABSENT, &identity, &err), ERR_INVALID);
    assert_string_equal(err.message, "f has no section such as [default]");
    assert_int_equal(identity_parse(STR("[a]"), "f", STR_ABSENT, &identity, &err), ERR_INVALID);
    assert_string_equal(err.message, "f lacks aws_access_key_id in its section");
    assert_int_equal(identity_parse(STR(""), "f", STR_ABSENT, &identity, &err), ERR_INVALID);
}

static enum code find(const char **words, int count)
{
    struct options options;
    char *argv[8];

    for (int i = 0; i < count; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    assert_int_equal(options_parse("status", count, argv, &arena, &options, &err), OK);
    return identity_find(os_linux(), &options, &arena, &identity, &err);
}

#define FIND(...)                                                                                  \
    find((const char *[]){__VA_ARGS__},                                                            \
         (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)))

static const char *file(const char *name, const char *key)
{
    const char *path = arena_format(&arena, "%s/%s", folder, name).ptr;
    struct str content = arena_format(
        &arena,
        "[a]\naws_access_key_id=%s\naws_secret_access_key=s\n[b]\naws_access_key_id=%sb\n"
        "aws_secret_access_key=sb\n",
        key, key);

    assert_int_equal(os_write_file(os_linux(), path, content, &err), OK);
    return path;
}

static void assert_key(const char *key)
{
    assert_true(str_equal(identity.access_key, str_from(key)));
}

static void the_order_of_places(void **state)
{
    static const char *const names[] = {"AWS_ACCESS_KEY_ID",           "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",           "ASOF_CREDENTIALS",
                                        "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION",
                                        "AWS_DEFAULT_REGION"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        assert_int_equal(unsetenv(names[i]), 0);
    assert_int_equal(find(NULL, 0), ERR_INVALID);
    assert_true(str_starts(str_from(err.message), STR("no credentials: name a file by")));
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", file("shared", "KS"), 1);
    assert_int_equal(find(NULL, 0), OK);
    assert_key("KS");
    assert_true(str_equal(identity.region, STR("us-east-1")));
    (void)setenv("ASOF_CREDENTIALS", file("own", "KO"), 1);
    assert_int_equal(find(NULL, 0), OK);
    assert_key("KO");
    assert_int_equal(FIND("--profile", "b"), OK);
    assert_key("KOb");
    (void)setenv("AWS_ACCESS_KEY_ID", "KE", 1);
    assert_int_equal(find(NULL, 0), OK); /* half an environment is none */
    assert_key("KO");
    (void)setenv("AWS_SECRET_ACCESS_KEY", "SE", 1);
    (void)setenv("AWS_SESSION_TOKEN", "TE", 1);
    assert_int_equal(find(NULL, 0), OK);
    assert_key("KE");
    assert_true(str_equal(identity.session_token, STR("TE")));
    assert_int_equal(FIND("--credentials", file("given", "KG")), OK);
    assert_key("KG");
    assert_true(str_is_absent(identity.session_token));
    assert_int_equal(FIND("--profile=b"), OK); /* a section is of a file */
    assert_key("KOb");
    assert_int_equal(FIND("--credentials", "/no/file"), ERR_INVALID);
    assert_true(str_starts(str_from(err.message), STR("no credentials: ")));
    (void)setenv("AWS_DEFAULT_REGION", "r-default", 1);
    assert_int_equal(find(NULL, 0), OK);
    assert_true(str_equal(identity.region, STR("r-default")));
    (void)setenv("AWS_REGION", "r-set", 1);
    assert_int_equal(find(NULL, 0), OK);
    assert_true(str_equal(identity.region, STR("r-set")));
    assert_int_equal(FIND("--region=r-given"), OK);
    assert_true(str_equal(identity.region, STR("r-given")));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"shared", "own", "given"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        (void)unlink(arena_format(&arena, "%s/%s", folder, names[i]).ptr);
    (void)rmdir(folder);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections),
        cmocka_unit_test(the_order_of_places),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
