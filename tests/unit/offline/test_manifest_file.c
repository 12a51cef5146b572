/* One file of the manifest: there and back, every flipped bit, every cut, every wrong field. */
#include "unit/test.h"

#include "core/hash.h"
#include "offline/manifest_priv.h"

#include <stdio.h>

static struct arena arena;
static struct buf text;
static struct err err;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    text = (struct buf){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    buf_release(&text);
    return 0;
}

static const struct manifest_file files[] = {
    {
        .group_id = 7,
        .feature_count = 17,
        .hour = 495231,
        .path = {"offline/b/x/data/year=2026/month=07/day=01/hour=14/a.parquet", 59},
        .rows = 1000,
        .bytes = 48211,
        .checksum = 0x9f86d081884c7d65,
        .oldest = {1782914587, 421000000},
        .newest = {1782914588, 0},
        .arrival_min_us = 1782914587421000,
        .arrival_max_us = 1782914588421000,
    },
    {
        .group_id = UINT32_MAX,
        .feature_count = 1,
        .hour = -17268672,
        .path = {"offline/%25b/a.parquet", 22},
        .sidecar = {"sidecar/7/a.parquet", 19},
        .rows = UINT64_MAX,
        .bytes = UINT64_MAX,
        .checksum = 1,
        .oldest = {INSTANT_SECONDS_MIN, 0},
        .newest = {INSTANT_SECONDS_MAX, 999999999},
        .arrival_min_us = INT64_MIN,
        .arrival_max_us = INT64_MAX,
    },
};

static void is_same(const struct manifest_file *a, const struct manifest_file *b)
{
    assert_int_equal(a->group_id, b->group_id);
    assert_int_equal(a->feature_count, b->feature_count);
    assert_true(a->hour == b->hour && a->rows == b->rows && a->bytes == b->bytes);
    assert_true(a->checksum == b->checksum);
    assert_true(str_equal(a->path, b->path));
    assert_int_equal(str_is_absent(a->sidecar), str_is_absent(b->sidecar));
    assert_true(str_equal(a->sidecar, b->sidecar));
    assert_int_equal(instant_compare(a->oldest, b->oldest), 0);
    assert_int_equal(instant_compare(a->newest, b->newest), 0);
    assert_true(a->arrival_min_us == b->arrival_min_us && a->arrival_max_us == b->arrival_max_us);
}

static void deltas_come_back(void **state)
{
    (void)state;
    struct manifest_delta found;

    manifest_delta_write(&(struct manifest_delta){12, false, files, 2}, &text);
    assert_true(str_starts(buf_str(&text), STR("asof manifest 1\ndelta 12\nfiles 2\nfile 7 17 ")));
    if (manifest_delta_read(buf_str(&text), &arena, &found, &err) != OK)
        fail_msg("%s", err.message);
    assert_true(found.number == 12 && !found.is_base && found.count == 2);
    is_same(&found.files[0], &files[0]);
    is_same(&found.files[1], &files[1]);

    buf_clear(&text);
    manifest_delta_write(&(struct manifest_delta){UINT64_MAX, true, NULL, 0}, &text);
    assert_int_equal(manifest_delta_read(buf_str(&text), &arena, &found, &err), OK);
    assert_true(found.number == UINT64_MAX && found.is_base && found.count == 0);
}

static void every_flipped_bit_is_seen(void **state)
{
    (void)state;
    struct manifest_delta found;

    manifest_delta_write(&(struct manifest_delta){12, false, files, 2}, &text);
    for (size_t bit = 0; bit < 8 * text.len; bit++) {
        text.ptr[bit / 8] = (char)(text.ptr[bit / 8] ^ (1 << (bit % 8)));
        if (manifest_delta_read(buf_str(&text), &arena, &found, &err) != ERR_CORRUPT)
            fail_msg("bit %zu was not missed", bit);
        text.ptr[bit / 8] = (char)(text.ptr[bit / 8] ^ (1 << (bit % 8)));
    }
    assert_int_equal(manifest_delta_read(buf_str(&text), &arena, &found, &err), OK);
}

static void every_cut_and_addition_is_seen(void **state)
{
    (void)state;
    struct manifest_delta found;

    manifest_delta_write(&(struct manifest_delta){12, false, files, 2}, &text);
    for (size_t len = 0; len < text.len; len++)
        assert_int_equal(manifest_delta_read((struct str){text.ptr, len}, &arena, &found, &err),
                         ERR_CORRUPT);
    buf_add_byte(&text, '\n');
    assert_int_equal(manifest_delta_read(buf_str(&text), &arena, &found, &err), ERR_CORRUPT);
}

/* With a checksum that fits: the grammar alone has to refuse. */
static void wrong_fields_are_refused(void **state)
{
    (void)state;
    static const char good[] =
        "asof manifest 1\ndelta 1\nfiles 1\nfile 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/b -\n";
    static const char *const bad[] = {
        "asof manifest 2\ndelta 1\nfiles 0\n",
        "asof manifest 1\nDelta 1\nfiles 0\n",
        "asof manifest 1\ndelta 01\nfiles 0\n",
        "asof manifest 1\ndelta -1\nfiles 0\n",
        "asof manifest 1\ndelta \nfiles 0\n",
        "asof manifest 1\ndelta 1 \nfiles 0\n",
        "asof manifest 1\ndelta 1 2\nfiles 0\n",
        "asof manifest 1\ndelta 18446744073709551616\nfiles 0\n",
        "asof manifest 1\ndelta 1\nfiles 1\n",
        "asof manifest 1\ndelta 1\nfiles 99999999999\n",
        "asof manifest 1\ndelta 1\nfile 0\n",
    };
    static const char *const lines[] = {
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/b",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/b - -",
        "file 1 2 3 4 5 00000000000000FF 6 7 8 9 10 11 a/b -",
        "file 1 2 3 4 5 ff 6 7 8 9 10 11 a/b -",
        "file 4294967296 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/b -",
        "file 1 2 +3 4 5 00000000000000ff 6 7 8 9 10 11 a/b -",
        "file 1 2 -0 4 5 00000000000000ff 6 7 8 9 10 11 a/b -",
        "file 1 2 03 4 5 00000000000000ff 6 7 8 9 10 11 a/b -",
        "file 1 2 - 4 5 00000000000000ff 6 7 8 9 10 11 a/b -",
        "file 1 2 3 -4 5 00000000000000ff 6 7 8 9 10 11 a/b -",
        "file 1 2 3 4 5 00000000000000ff 6 1000000000 8 9 10 11 a/b -",
        "file 1 2 3 4 5 00000000000000ff 253402300800 7 8 9 10 11 a/b -",
        "file 1 2 3 4 5 00000000000000ff 6 7 -62167219201 9 10 11 a/b -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 9223372036854775808 a/b -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 /a -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/ -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a//b -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/../b -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 ./b -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a\xc3\xa4 -",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/b ../b",
        "file 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/b ",
        "File 1 2 3 4 5 00000000000000ff 6 7 8 9 10 11 a/b -",
        "",
    };
    struct manifest_delta found;

    buf_add(&text, str_from(good));
    buf_add_format(&text, "end %016jx\n", (uintmax_t)hash_checksum(buf_str(&text)));
    assert_int_equal(manifest_delta_read(buf_str(&text), &arena, &found, &err), OK);
    for (size_t i = 0; i < ARRAY_COUNT(bad) + ARRAY_COUNT(lines); i++) {
        buf_clear(&text);
        if (i < ARRAY_COUNT(bad))
            buf_add(&text, str_from(bad[i]));
        else
            buf_add_format(&text, "asof manifest 1\ndelta 1\nfiles 1\n%s\n",
                           lines[i - ARRAY_COUNT(bad)]);
        buf_add_format(&text, "end %016jx\n", (uintmax_t)hash_checksum(buf_str(&text)));
        if (manifest_delta_read(buf_str(&text), &arena, &found, &err) != ERR_CORRUPT)
            fail_msg("accepted: %.*s", STR_ARG(buf_str(&text)));
    }
}

static void memory_follows_the_bytes(void **state)
{
    (void)state;
    struct manifest_delta found;

    assert_int_equal(manifest_delta_read(STR("asof manifest 1\ndelta 1\nfiles 4000000000\n"),
                                         &arena, &found, &err),
                     ERR_CORRUPT);
    assert_true(arena.bytes_total < 1 << 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deltas_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(every_flipped_bit_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_and_addition_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_fields_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_follows_the_bytes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
