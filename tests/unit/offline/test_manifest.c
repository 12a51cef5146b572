/* The manifest's folder: commits, reopening, what a crash leaves, bases, damage. */
#include "unit/test.h"

#include "offline/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static struct err err;
static char dir[64];
static struct manifest *manifest;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    (void)snprintf(dir, sizeof(dir), "/tmp/asof-test-manifest-XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static const char *path(const char *name)
{
    return arena_format(&arena, "%s/%s", dir, name).ptr;
}

static size_t names_count(void)
{
    const struct os *os = os_linux();
    struct str *names = NULL;
    size_t count = 0;

    assert_int_equal(os->list(os->context, dir, &arena, &names, &count, &err), OK);
    return count;
}

static int teardown(void **state)
{
    const struct os *os = os_linux();
    struct str *names = NULL;
    size_t count = 0;

    (void)state;
    manifest_close(manifest);
    manifest = NULL;
    assert_int_equal(os->list(os->context, dir, &arena, &names, &count, &err), OK);
    for (size_t i = 0; i < count; i++)
        (void)unlink(path(arena_cstr(&arena, names[i])));
    (void)rmdir(dir);
    arena_release(&arena);
    return 0;
}

static enum code reopen(uint64_t newest)
{
    manifest_close(manifest);
    manifest = NULL;
    return manifest_open(os_linux(), dir, newest, &manifest, &err);
}

/* The only file of delta `number`, of group number % 3. */
static struct manifest_file file_of(uint64_t number)
{
    return (struct manifest_file){
        .group_id = (uint32_t)(number % 3),
        .feature_count = 5,
        .path = arena_format(&arena, "offline/b/f%ju.parquet", (uintmax_t)number),
        .sidecar =
            number % 2 == 0 ? arena_format(&arena, "sidecar/f%ju", (uintmax_t)number) : STR_ABSENT,
        .rows = number,
        .bytes = 10 * number,
        .checksum = number,
    };
}

static void commit(uint64_t number)
{
    struct manifest_file file = file_of(number);

    if (manifest_commit(manifest, number, &file, 1, &err) != OK)
        fail_msg("%s", err.message);
}

/* All files up to `newest` are there, as of each number, and nothing else. */
static void check(uint64_t newest)
{
    uint64_t seen = 0;

    assert_true(manifest_number(manifest) == newest);
    for (uint32_t group = 0; group < 4; group++) {
        struct manifest_totals totals, expected = {0};
        const struct manifest_file *files = NULL;
        size_t count = 0;
        manifest_totals(manifest, group, &totals);
        manifest_files(manifest, group, UINT64_MAX, &arena, &files, &count);
        assert_true(totals.files == count);
        for (size_t i = 0; i < count; i++) {
            struct manifest_file file = file_of(files[i].rows);
            assert_true(str_equal(files[i].path, file.path));
            assert_true(str_equal(files[i].sidecar, file.sidecar));
            assert_int_equal(files[i].group_id, group);
            assert_true(i == 0 || files[i].rows > files[i - 1].rows);
            expected.rows += files[i].rows;
            expected.bytes += files[i].bytes;
        }
        assert_true(totals.rows == expected.rows && totals.bytes == expected.bytes);
        seen += count;
    }
    assert_true(seen == newest);
}

static void commits_are_there_after_reopening(void **state)
{
    (void)state;
    assert_int_equal(reopen(0), OK);
    check(0);
    for (uint64_t number = 1; number <= 5; number++) {
        commit(number);
        check(number);
    }
    assert_int_equal(reopen(5), OK);
    check(5);
    assert_int_equal(names_count(), 5);
}

static void what_was_not_marked_is_removed(void **state)
{
    (void)state;
    assert_int_equal(reopen(0), OK);
    for (uint64_t number = 1; number <= 3; number++)
        commit(number);
    assert_int_equal(reopen(2), OK);
    check(2);
    assert_int_equal(names_count(), 2);
    commit(3);
    assert_int_equal(reopen(3), OK);
    check(3);
}

static void a_repeated_commit_is_the_same_one(void **state)
{
    (void)state;
    struct manifest_file file = file_of(7);

    assert_int_equal(reopen(0), OK);
    commit(1);
    commit(2);
    commit(2);
    check(2);
    assert_int_equal(manifest_commit(manifest, 2, &file, 1, &err), ERR_CORRUPT);
    check(2);
}

static void snapshots_are_as_of_a_number(void **state)
{
    (void)state;
    const struct manifest_file *files = NULL;
    size_t count = 0;

    assert_int_equal(reopen(0), OK);
    for (uint64_t number = 1; number <= 9; number++)
        commit(number);
    manifest_files(manifest, 0, 8, &arena, &files, &count);
    assert_int_equal(count, 2);
    manifest_files(manifest, 0, 9, &arena, &files, &count);
    assert_int_equal(count, 3);
    manifest_files(manifest, 0, 2, &arena, &files, &count);
    assert_int_equal(count, 0);
    manifest_files(manifest, 77, 9, &arena, &files, &count);
    assert_int_equal(count, 0);

    struct str *paths = NULL;
    manifest_paths(manifest, &arena, &paths, &count);
    assert_int_equal(count, 9 + 4);
    for (size_t i = 1; i < count; i++)
        assert_true(str_compare(paths[i - 1], paths[i]) < 0);
}

static void empty_deltas_are_fine(void **state)
{
    (void)state;
    assert_int_equal(reopen(0), OK);
    assert_int_equal(manifest_commit(manifest, 1, NULL, 0, &err), OK);
    assert_int_equal(reopen(1), OK);
    assert_true(manifest_number(manifest) == 1);
}

static void many_deltas_become_a_base(void **state)
{
    (void)state;
    enum { COUNT = 600 };

    assert_int_equal(reopen(0), OK);
    for (uint64_t number = 1; number <= COUNT; number++) {
        commit(number);
        assert_true(names_count() <= 258);
    }
    check(COUNT);
    assert_int_equal(reopen(COUNT), OK);
    check(COUNT);
    /* The newest base is of 512: what is behind it may still be taken back. */
    assert_int_equal(reopen(COUNT - 1), OK);
    check(COUNT - 1);
    commit(COUNT);
    assert_int_equal(access(path("0000000000000512.base"), F_OK), 0);
    assert_int_equal(access(path("0000000000000256.base"), F_OK), -1);
    assert_int_equal(access(path("0000000000000512.delta"), F_OK), -1);
    assert_int_equal(names_count(), 1 + COUNT - 512);
}

static void write_text(const char *name, const char *text)
{
    assert_int_equal(os_write_file(os_linux(), path(name), str_from(text), &err), OK);
}

static void leftovers_go_and_others_stay(void **state)
{
    (void)state;
    assert_int_equal(reopen(0), OK);
    commit(1);
    commit(2);
    write_text("0000000000000003.delta.tmp", "half");
    write_text("0000000000000009.delta", "not committed");
    write_text("0000000000000009.base", "not committed");
    write_text("notes.txt", "mine");
    write_text("0000000000000001.delta.bak", "mine");
    assert_int_equal(reopen(2), OK);
    check(2);
    assert_int_equal(names_count(), 4);
    assert_int_equal(access(path("notes.txt"), F_OK), 0);
    assert_int_equal(access(path("0000000000000001.delta.bak"), F_OK), 0);
}

static void damage_is_told(void **state)
{
    (void)state;
    assert_int_equal(reopen(0), OK);
    for (uint64_t number = 1; number <= 3; number++)
        commit(number);
    assert_int_equal(reopen(4), ERR_CORRUPT);
    assert_true(str_contains(str_from(err.message), STR("0000000000000004.delta")));

    /* A delta under another's number. */
    struct buf bytes = {0};
    assert_int_equal(
        os_read_file(os_linux(), path("0000000000000003.delta"), 1 << 20, &bytes, &err), OK);
    assert_int_equal(
        os_write_file(os_linux(), path("0000000000000002.delta"), buf_str(&bytes), &err), OK);
    assert_int_equal(reopen(3), ERR_CORRUPT);
    bytes.ptr[bytes.len / 2] = (char)(bytes.ptr[bytes.len / 2] ^ 4);
    assert_int_equal(
        os_write_file(os_linux(), path("0000000000000003.delta"), buf_str(&bytes), &err), OK);
    assert_int_equal(reopen(3), ERR_CORRUPT);
    /* Nothing was removed meanwhile. */
    assert_int_equal(names_count(), 3);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits_are_there_after_reopening, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_marked_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeated_commit_is_the_same_one, setup, teardown),
        cmocka_unit_test_setup_teardown(snapshots_are_as_of_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_deltas_are_fine, setup, teardown),
        cmocka_unit_test_setup_teardown(many_deltas_become_a_base, setup, teardown),
        cmocka_unit_test_setup_teardown(leftovers_go_and_others_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
