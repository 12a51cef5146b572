#include "unit/test.h"

#include "core/buf.h"
#include "schema/letters.h"
#include "schema/names.h"
#include "unit/schema/sample.h"

#include <string.h>
#include <time.h>

/* The pattern `[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}` by plain backtracking, as an oracle. */
static bool oracle_alnum(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

static bool oracle_rest(struct str text, unsigned times)
{
    size_t at = 0;

    if (text.len == 0)
        return true;
    if (times == 63)
        return false;
    while (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '_'))
        at++;
    return at < text.len && oracle_alnum(text.ptr[at]) &&
           oracle_rest(str_slice(text, at + 1, text.len), times + 1);
}

static bool oracle_name(struct str text)
{
    return text.len >= 1 && text.len <= 64 && oracle_alnum(text.ptr[0]) &&
           oracle_rest(str_slice(text, 1, text.len), 0);
}

static void names_known(void **state)
{
    (void)state;
    char long_name[66];
    memset(long_name, 'a', sizeof(long_name));

    assert_true(name_is_valid(STR("a")));
    assert_true(name_is_valid(STR("9")));
    assert_true(name_is_valid(STR("fraud_transaction_features_v3")));
    assert_true(name_is_valid(STR("a-_-_b")));
    assert_true(name_is_valid((struct str){long_name, 64}));
    assert_false(name_is_valid((struct str){long_name, 65}));
    assert_false(name_is_valid(STR("")));
    assert_false(name_is_valid(STR_ABSENT));
    assert_false(name_is_valid(STR("a-")));
    assert_false(name_is_valid(STR("a_")));
    assert_false(name_is_valid(STR("-a")));
    assert_false(name_is_valid(STR("_a")));
    assert_false(name_is_valid(STR("a b")));
    assert_false(name_is_valid(STR("a.b")));
    assert_false(name_is_valid(STR("a/b")));
    assert_false(name_is_valid(STR("\xc3\xa9")));
    assert_false(name_is_valid((struct str){"a\0b", 3}));
}

static void names_follow_the_pattern(void **state)
{
    (void)state;
    static const char alphabet[] = "aZ09-_--__b.\n";
    uint64_t seed = 7;
    char text[80];

    for (unsigned round = 0; round < 200000; round++) {
        size_t len = sample_below(&seed, round % 4 == 0 ? 70 : 6);
        /* Mostly dashes and letters, so that both verdicts are frequent. */
        uint32_t kinds = round % 3 == 0 ? sizeof(alphabet) - 1 : sizeof(alphabet) - 3;
        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[sample_below(&seed, kinds)];
        struct str name = {text, len};
        assert_int_equal(name_is_valid(name), oracle_name(name));
    }
}

static void a_long_name_of_dashes_is_cheap(void **state)
{
    (void)state;
    static char text[64 * 1024];
    memset(text, '-', sizeof(text));
    struct group_reference reference;
    struct timespec from;
    struct timespec to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (unsigned i = 0; i < 100; i++) {
        assert_false(name_is_valid((struct str){text, sizeof(text)}));
        assert_int_equal(
            group_reference_parse((struct str){text, sizeof(text)}, SIZE_MAX, &reference, NULL),
            ERR_INVALID);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_true((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec) <
                100 * 50e3 * 20);
}

static void reserved_names(void **state)
{
    (void)state;
    assert_true(name_is_reserved(STR("is_deleted")));
    assert_true(name_is_reserved(STR("Write_Time")));
    assert_true(name_is_reserved(STR("API_INVOCATION_TIME")));
    assert_false(name_is_reserved(STR("is_deleted_")));
    assert_false(name_is_reserved(STR("year")));
    assert_false(name_is_reserved(STR("")));
}

static void references(void **state)
{
    (void)state;
    struct group_reference reference;
    struct err err;

    assert_int_equal(group_reference_parse(STR("fg"), 150, &reference, &err), OK);
    assert_true(str_equal(reference.name, STR("fg")));
    assert_true(str_is_absent(reference.account) && str_is_absent(reference.region));

    assert_int_equal(
        group_reference_parse(STR("arn:aws-us-gov:sagemaker:us-east-1:123456789012:feature-group/"
                                  "Fg-1"),
                              150, &reference, &err),
        OK);
    assert_true(str_equal(reference.name, STR("Fg-1")));
    assert_true(str_equal(reference.account, STR("123456789012")));
    assert_true(str_equal(reference.region, STR("us-east-1")));

    static const char *const bad[] = {
        "",
        "-fg",
        "arn:aws:sagemaker:us-east-1:123456789012:feature-group/",
        "arn:aws:sagemaker:us-east-1:123456789012:feature-group/a/b",
        "arn:aws:sagemaker:us-east-1:12345678901:feature-group/a",
        "arn:aws:sagemaker:us-east-1:1234567890123:feature-group/a",
        "arn:aws:sagemaker:US-EAST-1:123456789012:feature-group/a",
        "arn:aws:s3:us-east-1:123456789012:feature-group/a",
        "arn:AWS:sagemaker:us-east-1:123456789012:feature-group/a",
        "arn:aws9:sagemaker:us-east-1:123456789012:feature-group/a",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/a",
        "arn:",
        "a:b",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(group_reference_parse(str_from(bad[i]), 150, &reference, &err),
                         ERR_INVALID);
        assert_non_null(strstr(err.message, "featureGroupName"));
    }
}

static void reference_lengths(void **state)
{
    (void)state;
    struct group_reference reference;
    struct err err;

    assert_int_equal(group_reference_parse(STR("abcd"), 4, &reference, &err), OK);
    assert_int_equal(group_reference_parse(STR("abcde"), 4, &reference, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "less than or equal to 4"));
}

static void roles(void **state)
{
    (void)state;
    char text[2060];
    struct str head = STR("arn:aws:iam::123456789012:role/");

    assert_true(arn_is_role(STR("arn:aws:iam::123456789012:role/service-role/A+b=c,d.e@f_g")));
    assert_true(arn_is_role(STR("arn:aws-cn:iam::123456789012:roleX")));
    assert_true(arn_is_role(STR("arn:aws:iam::123456789012:role/")));
    assert_false(arn_is_role(STR("arn:aws:iam::123456789012:role")));
    assert_false(arn_is_role(STR("arn:aws:iam::12345678901:role/a")));
    assert_false(arn_is_role(STR("arn:aws:iam:us:123456789012:role/a")));
    assert_false(arn_is_role(STR("arn:aws:iam::123456789012:role/a b")));
    assert_false(arn_is_role((struct str){"arn:aws:iam::123456789012:role/a\0", 33}));
    assert_false(arn_is_role(STR("arn:aws:iam::1")));
    memset(text, 'x', sizeof(text));
    memcpy(text, head.ptr, head.len);
    assert_true(arn_is_role((struct str){text, 2048}));
    assert_false(arn_is_role((struct str){text, 2049}));
}

static void stores(void **state)
{
    (void)state;
    char text[1100];

    assert_true(uri_is_store(STR("s3://bucket")));
    assert_true(uri_is_store(STR("s3://bucket/")));
    assert_true(uri_is_store(STR("https://bucket/a/b")));
    assert_true(uri_is_store(STR("s3://b/../../etc")));
    assert_false(uri_is_store(STR("")));
    assert_false(uri_is_store(STR("s3://")));
    assert_false(uri_is_store(STR("s3:///a")));
    assert_false(uri_is_store(STR("http://bucket/a")));
    assert_false(uri_is_store(STR("S3://bucket")));
    assert_false(uri_is_store(STR("s3://bucket/a\nb")));
    assert_false(uri_is_store(STR("s3://b\xff")));
    memset(text, 'x', sizeof(text));
    memcpy(text, "s3://", 5);
    assert_true(uri_is_store((struct str){text, 1024}));
    assert_false(uri_is_store((struct str){text, 1025}));
}

static void keys(void **state)
{
    (void)state;
    char text[2049];

    assert_true(key_is_kms(STR("arn:aws:kms:us-east-1:1:key/ab-cd_ef")));
    assert_true(key_is_kms(STR("")));
    assert_false(key_is_kms(STR("a b")));
    assert_false(key_is_kms(STR("a.b")));
    memset(text, 'k', sizeof(text));
    assert_true(key_is_kms((struct str){text, 2048}));
    assert_false(key_is_kms((struct str){text, 2049}));
}

static void tag_texts(void **state)
{
    (void)state;
    char text[4 * 129];

    assert_true(tag_text_is_valid(STR("Team: a/b=c+d-e@f_g. 9"), 1, 128));
    assert_true(tag_text_is_valid(STR(""), 0, 256));
    assert_false(tag_text_is_valid(STR(""), 1, 128));
    assert_true(tag_text_is_valid(STR("\xc3\xa9\xe6\x97\xa5\xf0\x9f\x84\x80"), 1, 128)); /* No */
    assert_false(tag_text_is_valid(STR("\xf0\x9f\x98\x80"), 1, 128)); /* an emoji is a symbol */
    assert_false(tag_text_is_valid(STR("a,b"), 1, 128));
    assert_false(tag_text_is_valid(STR("a\tb"), 1, 128));
    assert_false(tag_text_is_valid(STR("a\xff"), 1, 128));
    assert_false(tag_text_is_valid((struct str){"a\0b", 3}, 1, 128));
    for (size_t i = 0; i < 129; i++)
        memcpy(text + 4 * i, "\xf0\x90\x80\x80", 4); /* a letter of four bytes */
    assert_true(tag_text_is_valid((struct str){text, 4 * 128}, 1, 128));
    assert_false(tag_text_is_valid((struct str){text, 4 * 129}, 1, 128));

    assert_true(parameter_text_is_valid(STR("owner:x")));
    assert_false(parameter_text_is_valid(STR("a@b")));
    assert_false(parameter_text_is_valid(STR("")));
    memset(text, 'p', 256);
    assert_true(parameter_text_is_valid((struct str){text, 255}));
    assert_false(parameter_text_is_valid((struct str){text, 256}));
}

static void letters(void **state)
{
    (void)state;
    static const uint32_t yes[] = {' ',    '0',    '9',    'A',     'z',     0xa0,   0xe9,
                                   0x2028, 0x3000, 0x4e2d, 0x10000, 0x1d7ff, 0x3134a};
    static const uint32_t no[] = {0,    '/',   ':',    '@',     '[',      '_',       0x7f,
                                  0xad, 0x300, 0x200b, 0x1f600, 0x10ffff, UINT32_MAX};

    for (size_t i = 0; i < ARRAY_COUNT(yes); i++)
        assert_true(letter_is(yes[i]));
    for (size_t i = 0; i < ARRAY_COUNT(no); i++)
        assert_false(letter_is(no[i]));
    size_t count = 0;
    for (uint32_t point = 0; point < 0x110000; point++)
        count += letter_is(point);
    assert_true(count > 130000 && count < 160000);
}

static void shown_texts(void **state)
{
    (void)state;
    char text[200];

    assert_true(str_equal(text_shown(STR("short")), STR("short")));
    memset(text, 'x', sizeof(text));
    assert_int_equal(text_shown((struct str){text, sizeof(text)}).len, 96);
    memcpy(text + 94, "\xf0\x9f\x98\x80", 4);
    assert_int_equal(text_shown((struct str){text, sizeof(text)}).len, 94);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_known),
        cmocka_unit_test(names_follow_the_pattern),
        cmocka_unit_test(a_long_name_of_dashes_is_cheap),
        cmocka_unit_test(reserved_names),
        cmocka_unit_test(references),
        cmocka_unit_test(reference_lengths),
        cmocka_unit_test(roles),
        cmocka_unit_test(stores),
        cmocka_unit_test(keys),
        cmocka_unit_test(tag_texts),
        cmocka_unit_test(letters),
        cmocka_unit_test(shown_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
