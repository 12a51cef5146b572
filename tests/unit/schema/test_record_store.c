#include "unit/test.h"

#include "schema/record.h"
#include "unit/schema/sample.h"

#include <stdio.h>
#include <string.h>

enum { FEATURES = 200 };

/* The naive model of a record: an array of texts. */
struct model {
    struct str values[FEATURES];
    char texts[FEATURES][64];
    uint32_t present;
    size_t bytes;
};

static void model_fill(struct model *model, uint64_t *seed, unsigned absent_of_eight, bool is_odd)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz .-+:TZ_";
    static const char odd[] = "\"\\\n\t\x01\x7f/<>&";

    *model = (struct model){0};
    for (uint32_t i = 0; i < FEATURES; i++) {
        if (sample_below(seed, 8) < absent_of_eight)
            continue;
        uint32_t len = sample_below(seed, 8) == 0 ? sample_below(seed, 60) : sample_below(seed, 12);
        for (uint32_t at = 0; at < len; at++)
            model->texts[i][at] = is_odd && sample_below(seed, 9) == 0
                                      ? odd[sample_below(seed, sizeof(odd) - 1)]
                                      : alphabet[sample_below(seed, sizeof(alphabet) - 1)];
        model->values[i] = (struct str){model->texts[i], len};
        model->present++;
        model->bytes += len;
    }
}

static struct record model_record(struct model *model, const struct group *group)
{
    return (struct record){.group = group,
                           .values = model->values,
                           .present_count = model->present,
                           .bytes = model->bytes};
}

/* Renders by plain appending. */
static void model_render(const struct model *model, const struct group *group, struct buf *out)
{
    bool is_first = true;

    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < group->feature_count; i++) {
        if (str_is_absent(model->values[i]))
            continue;
        buf_add_format(out, "%s{\"FeatureName\":\"%.*s\",\"ValueAsString\":", is_first ? "" : ",",
                       STR_ARG(group->features[i].name));
        buf_add_json(out, model->values[i]);
        buf_add_byte(out, '}');
        is_first = false;
    }
    buf_add_byte(out, ']');
}

static void model_agrees(const struct model *model, const struct group *group, struct str stored)
{
    struct stored_record record;
    struct buf expected;
    struct buf found;

    assert_int_equal(stored_record_open(stored, &record, NULL), OK);
    assert_int_equal(record.value_count, FEATURES);
    for (uint32_t i = 0; i < FEATURES; i++) {
        struct str value = stored_record_value(&record, i);
        assert_int_equal(str_is_absent(value), str_is_absent(model->values[i]));
        assert_true(str_equal(value, model->values[i]));
    }
    assert_true(str_is_absent(stored_record_value(&record, FEATURES)));
    buf_init(&expected, 0);
    buf_init(&found, 0);
    model_render(model, group, &expected);
    stored_record_render(&record, group, NULL, 0, &found);
    assert_true(str_equal(buf_str(&expected), buf_str(&found)));
    buf_release(&expected);
    buf_release(&found);
}

static void random_records_come_back(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", FEATURES - 2);
    uint64_t seed = 17;
    struct model model;
    struct buf stored;

    for (unsigned round = 0; round < 400; round++) {
        model_fill(&model, &seed, round % 9, round % 2 == 1);
        struct record record = model_record(&model, group);
        buf_init(&stored, 0);
        record_encode(&record, &stored);
        /* A heap block of the exact size: reading behind it would be seen. */
        model_agrees(&model, group, buf_str(&stored));
        buf_release(&stored);
    }
    group_unref(group);
}

static void merging_lays_changes_over(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", FEATURES - 2);
    uint64_t seed = 23;
    static struct model base;
    static struct model changes;

    for (unsigned round = 0; round < 100; round++) {
        struct buf stored;
        struct buf merged;
        struct stored_record open;
        model_fill(&base, &seed, 2, round % 2 == 1);
        model_fill(&changes, &seed, 7, round % 3 == 1);
        struct record base_record = model_record(&base, group);
        struct record changes_record = model_record(&changes, group);
        buf_init(&stored, 0);
        buf_init(&merged, 0);
        record_encode(&base_record, &stored);
        assert_int_equal(stored_record_open(buf_str(&stored), &open, NULL), OK);
        record_merge(&open, &changes_record, &merged);
        for (uint32_t i = 0; i < FEATURES; i++) {
            if (!str_is_absent(changes.values[i]))
                base.values[i] = changes.values[i];
        }
        model_agrees(&base, group, buf_str(&merged));
        buf_release(&stored);
        buf_release(&merged);
    }
    group_unref(group);
}

static void encode_values(const struct group *group, struct str *values, struct buf *out)
{
    struct record record = {.group = group, .values = values};

    record_encode(&record, out);
}

static void a_grown_schema_reads_old_records(void **state)
{
    (void)state;
    struct group *old = sample_group("g", "String", 1);
    struct group *new = sample_group("g", "String", 5);
    struct str values[3] = {STR("a"), STR("b"), STR("")};
    struct str more[7] = {[6] = STR("z")};
    struct buf stored;
    struct buf json;
    struct stored_record open;

    buf_init(&stored, 0);
    buf_init(&json, 0);
    encode_values(old, values, &stored);
    assert_int_equal(stored_record_open(buf_str(&stored), &open, NULL), OK);
    stored_record_render(&open, new, NULL, 0, &json);
    assert_true(str_equal(buf_str(&json), STR("[{\"FeatureName\":\"id\",\"ValueAsString\":\"a\"},"
                                              "{\"FeatureName\":\"t\",\"ValueAsString\":\"b\"},"
                                              "{\"FeatureName\":\"f2\",\"ValueAsString\":\"\"}]")));
    struct buf merged;
    buf_init(&merged, 0);
    struct record changes = {.group = new, .values = more};
    record_merge(&open, &changes, &merged);
    struct stored_record both;
    assert_int_equal(stored_record_open(buf_str(&merged), &both, NULL), OK);
    assert_int_equal(both.value_count, 7);
    assert_true(str_equal(stored_record_value(&both, 0), STR("a")));
    assert_true(str_is_absent(stored_record_value(&both, 4)));
    assert_true(str_equal(stored_record_value(&both, 6), STR("z")));
    buf_release(&merged);
    buf_release(&stored);
    buf_release(&json);
    group_unref(old);
    group_unref(new);
}

static void chosen_features(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", 3);
    struct str plain[5] = {STR("a"), STR("b"), STR_ABSENT, STR("2.3"), STR("text")};
    struct str odd[5] = {STR("a"), STR("b"), STR_ABSENT, STR("2.3"), STR("say \"\n\"")};
    const uint32_t chosen[] = {3, 2, 0};
    const uint32_t last[] = {4};
    const uint32_t none[] = {2};
    struct stored_record open;
    struct buf stored;
    struct buf json;

    buf_init(&stored, 0);
    buf_init(&json, 0);
    encode_values(group, plain, &stored);
    assert_int_equal(stored_record_open(buf_str(&stored), &open, NULL), OK);
    assert_true(open.is_plain);
    buf_add(&json, STR("x:"));
    stored_record_render(&open, group, chosen, 3, &json);
    assert_true(str_equal(buf_str(&json), STR("x:[{\"FeatureName\":\"f3\",\"ValueAsString\":\"2.3\""
                                              "},{\"FeatureName\":\"id\",\"ValueAsString\":\"a\""
                                              "}]")));
    buf_clear(&json);
    stored_record_render(&open, group, none, 1, &json);
    assert_true(str_equal(buf_str(&json), STR("[]")));
    buf_clear(&stored);
    buf_clear(&json);
    encode_values(group, odd, &stored);
    assert_int_equal(stored_record_open(buf_str(&stored), &open, NULL), OK);
    assert_false(open.is_plain);
    stored_record_render(&open, group, last, 1, &json);
    assert_true(str_equal(buf_str(&json), STR("[{\"FeatureName\":\"f4\",\"ValueAsString\":\"say "
                                              "\\\"\\n\\\"\"}]")));
    buf_release(&stored);
    buf_release(&json);
    group_unref(group);
}

static void wide_records(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", 3);
    static char text[358400];
    static const size_t sizes[] = {32764, 32765, 32766, 32767, 65536, sizeof(text)};

    memset(text, 'w', sizeof(text));
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        struct str values[5] = {STR("a"), STR("b"), {text, sizes[i]}, STR_ABSENT, STR("")};
        struct buf stored;
        struct stored_record open;
        buf_init(&stored, 0);
        encode_values(group, values, &stored);
        assert_int_equal(stored_record_open(buf_str(&stored), &open, NULL), OK);
        assert_int_equal(open.is_wide, sizes[i] + 2 > 32767);
        assert_true(str_equal(stored_record_value(&open, 2), values[2]));
        assert_true(str_is_absent(stored_record_value(&open, 3)));
        assert_false(str_is_absent(stored_record_value(&open, 4)));
        assert_int_equal(stored_record_value(&open, 4).len, 0);
        buf_release(&stored);
    }
    group_unref(group);
}

static void a_bounded_buffer_is_over(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", 3);
    struct str values[5] = {STR("a"), STR("b"), STR("1"), STR("2"), STR("3")};
    struct stored_record open;
    struct buf stored;
    struct buf json;

    buf_init(&stored, 0);
    encode_values(group, values, &stored);
    assert_int_equal(stored_record_open(buf_str(&stored), &open, NULL), OK);
    for (size_t bytes = 1; bytes < 300; bytes++) {
        buf_init(&json, bytes);
        stored_record_render(&open, group, NULL, 0, &json);
        assert_true(json.is_over || json.len <= bytes);
        buf_release(&json);
        buf_init(&json, bytes);
        encode_values(group, values, &json);
        assert_true(json.is_over == (bytes < stored.len));
        buf_release(&json);
    }
    buf_release(&stored);
    group_unref(group);
}

static void damage_is_found_or_harmless(void **state)
{
    (void)state;
    struct group *group = sample_group("g", "String", FEATURES - 2);
    uint64_t seed = 31;
    static struct model model;
    struct buf stored;
    unsigned refused = 0;

    buf_init(&stored, 0);
    for (unsigned round = 0; round < 3000; round++) {
        if (round % 100 == 0)
            model_fill(&model, &seed, 1, false);
        struct record record = model_record(&model, group);
        buf_clear(&stored);
        record_encode(&record, &stored);
        stored.ptr[sample_below(&seed, (uint32_t)(round % 2 == 0 ? 4 : stored.len))] =
            (char)sample_below(&seed, 256);
        size_t len = round % 5 == 0 ? sample_below(&seed, (uint32_t)stored.len) : stored.len;
        char *exact = test_malloc(len + 1);
        memcpy(exact, stored.ptr, len);
        struct stored_record open;
        struct err err;
        if (stored_record_open((struct str){exact, len}, &open, &err) == OK) {
            struct buf json;
            buf_init(&json, 0);
            stored_record_render(&open, group, NULL, 0, &json);
            buf_release(&json);
        } else {
            assert_int_equal(err.code, ERR_CORRUPT);
            refused++;
        }
        test_free(exact);
    }
    assert_true(refused > 1000);
    buf_release(&stored);
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_records_come_back),
        cmocka_unit_test(merging_lays_changes_over),
        cmocka_unit_test(a_grown_schema_reads_old_records),
        cmocka_unit_test(chosen_features),
        cmocka_unit_test(wide_records),
        cmocka_unit_test(a_bounded_buffer_is_over),
        cmocka_unit_test(damage_is_found_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
