/* The simulated machine is itself a tool of proof, so it is tested like one. */
#include "unit/test.h"

#include "core/arena.h"
#include "sim/sim_os.h"

#include <errno.h>
#include <string.h>

static struct os_file *must_open(const struct os *os, const char *path, unsigned flags)
{
    struct os_file *file = NULL;
    struct err err = {0};
    enum code code = os->open(os->context, path, flags, &file, &err);
    if (code != OK)
        fail_msg("%s", err.message);
    return file;
}

static void must_write(const struct os *os, struct os_file *file, char fill, size_t count,
                       uint64_t offset)
{
    char bytes[8192];
    assert_true(count <= sizeof(bytes));
    memset(bytes, fill, count);
    assert_int_equal(os->write(os->context, file, bytes, count, offset, NULL), OK);
}

static uint64_t size_of(const struct os *os, const char *path)
{
    struct os_stat stat;
    return os->stat(os->context, path, &stat, NULL) == OK ? stat.bytes : UINT64_MAX;
}

/* A file of `count` bytes that is stable with its name. */
static void make_stable(const struct os *os, const char *path, char fill, size_t count)
{
    struct os_file *file = must_open(os, path, OS_READ | OS_WRITE | OS_CREATE);
    must_write(os, file, fill, count, 0);
    assert_int_equal(os->sync(os->context, file, NULL), OK);
    os->close(os->context, file);
    assert_int_equal(os->sync_dir(os->context, "/", NULL), OK);
}

static void read_all(const struct os *os, const char *path, char *bytes, size_t count)
{
    struct os_file *file = must_open(os, path, OS_READ);
    assert_int_equal(os->read(os->context, file, bytes, count, 0, NULL), OK);
    os->close(os->context, file);
}

static void test_reads_what_was_written(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    struct os_file *file = must_open(os, "/a", OS_READ | OS_WRITE | OS_CREATE | OS_EXCLUSIVE);
    must_write(os, file, 'x', 700, 100);
    char bytes[800];
    assert_int_equal(os->read(os->context, file, bytes, 800, 0, NULL), OK);
    assert_int_equal(bytes[99], 0);
    assert_int_equal(bytes[100], 'x');
    assert_int_equal(bytes[799], 'x');
    struct err err;
    assert_int_equal(os->read(os->context, file, bytes, 800, 1, &err), ERR_IO);
    assert_non_null(strstr(err.message, "short read"));
    os->close(os->context, file);
    assert_int_equal(os->open(os->context, "/a", OS_WRITE | OS_CREATE | OS_EXCLUSIVE, &file, &err),
                     ERR_EXISTS);
    assert_int_equal(os->open(os->context, "/b", OS_READ, &file, &err), ERR_NOT_FOUND);
    assert_int_equal(os->open(os->context, "/no/b", OS_WRITE | OS_CREATE, &file, &err),
                     ERR_NOT_FOUND);
    sim_free(sim);
}

static void test_unsynced_sectors_are_kept_or_lost(void **state)
{
    (void)state;
    unsigned lost = 0;
    unsigned kept = 0;
    unsigned torn = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        make_stable(os, "/a", 'o', 4096);
        struct os_file *file = must_open(os, "/a", OS_WRITE);
        must_write(os, file, 'n', 4096, 0);
        assert_int_equal(sim_unsynced(sim), 8);
        sim_crash(sim, seed);
        os->close(os->context, file);
        char bytes[4096];
        read_all(os, "/a", bytes, sizeof(bytes));
        unsigned count = 0;
        for (size_t i = 0; i < sizeof(bytes); i++) {
            assert_true(bytes[i] == 'o' || bytes[i] == 'n');
            assert_int_equal(bytes[i], bytes[i / 512 * 512]);
            count += bytes[i] == 'n';
        }
        lost += count == 0;
        kept += count == 4096;
        torn += count > 0 && count < 4096;
        sim_free(sim);
    }
    assert_true(lost > 10 && kept > 10 && torn > 50);
}

static void test_synced_is_kept(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        make_stable(os, "/a", 'o', 4096);
        struct os_file *file = must_open(os, "/a", OS_WRITE | OS_DURABLE);
        must_write(os, file, 'd', 512, 1024);
        must_write(os, file, 'd', 512, 4096);
        os->close(os->context, file);
        assert_int_equal(sim_unsynced(sim), 0);
        sim_crash(sim, seed);
        char bytes[4608];
        read_all(os, "/a", bytes, sizeof(bytes));
        assert_int_equal(bytes[0], 'o');
        assert_int_equal(bytes[1024], 'd');
        assert_int_equal(bytes[4096], 'd');
        sim_free(sim);
    }
}

static void test_durable_write_syncs_only_itself(void **state)
{
    (void)state;
    bool is_lost = false;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        make_stable(os, "/a", 'o', 1024);
        struct os_file *file = must_open(os, "/a", OS_WRITE);
        must_write(os, file, 'n', 512, 0);
        struct os_file *durable = must_open(os, "/a", OS_WRITE | OS_DURABLE);
        must_write(os, durable, 'd', 512, 512);
        sim_crash(sim, seed);
        os->close(os->context, file);
        os->close(os->context, durable);
        char bytes[1024];
        read_all(os, "/a", bytes, sizeof(bytes));
        assert_int_equal(bytes[512], 'd');
        is_lost = is_lost || bytes[0] == 'o';
        sim_free(sim);
    }
    assert_true(is_lost);
}

static void test_names_need_their_folder_synced(void **state)
{
    (void)state;
    unsigned there = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        struct os_file *file = must_open(os, "/a", OS_WRITE | OS_CREATE);
        must_write(os, file, 'a', 10, 0);
        assert_int_equal(os->sync(os->context, file, NULL), OK);
        os->close(os->context, file);
        sim_crash(sim, seed);
        uint64_t bytes = size_of(os, "/a");
        assert_true(bytes == 10 || bytes == UINT64_MAX);
        there += bytes == 10;
        sim_free(sim);
    }
    assert_true(there > 10 && there < 90);
}

static void test_rename_is_one_change(void **state)
{
    (void)state;
    unsigned moved = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        make_stable(os, "/a", 'o', 100);
        make_stable(os, "/a.tmp", 'n', 200);
        assert_int_equal(os->rename(os->context, "/a.tmp", "/a", false, NULL), ERR_EXISTS);
        assert_int_equal(os->rename(os->context, "/a.tmp", "/a", true, NULL), OK);
        assert_int_equal(size_of(os, "/a"), 200);
        sim_crash(sim, seed);
        bool is_moved = size_of(os, "/a") == 200;
        assert_int_equal(size_of(os, "/a"), is_moved ? 200 : 100);
        assert_int_equal(size_of(os, "/a.tmp"), is_moved ? UINT64_MAX : 200);
        moved += is_moved;
        sim_free(sim);
    }
    assert_true(moved > 10 && moved < 90);
}

static void test_folder_sync_takes_what_it_builds_on(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        assert_int_equal(os->make_dir(os->context, "/d", NULL), OK);
        assert_int_equal(os->make_dir(os->context, "/e", NULL), OK);
        assert_int_equal(os->sync_dir(os->context, "/", NULL), OK);
        struct os_file *file = must_open(os, "/d/a", OS_WRITE | OS_CREATE | OS_DURABLE);
        must_write(os, file, 'a', 10, 0);
        os->close(os->context, file);
        assert_int_equal(os->rename(os->context, "/d/a", "/e/b", false, NULL), OK);
        assert_int_equal(os->sync_dir(os->context, "/e", NULL), OK);
        assert_int_equal(sim_unsynced(sim), 0);
        sim_crash(sim, seed);
        assert_int_equal(size_of(os, "/d/a"), UINT64_MAX);
        assert_int_equal(size_of(os, "/e/b"), 10);
        sim_free(sim);
    }
}

static void test_lost_folder_loses_what_is_in_it(void **state)
{
    (void)state;
    bool is_lost = false;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        assert_int_equal(os->make_dir(os->context, "/d/", NULL), OK);
        os->close(os->context, must_open(os, "/d//a", OS_WRITE | OS_CREATE));
        assert_int_equal(os->sync_dir(os->context, "/d", NULL), OK);
        sim_crash(sim, seed);
        struct os_stat stat;
        bool is_dir = os->stat(os->context, "/d", &stat, NULL) == OK;
        assert_int_equal(size_of(os, "/d/a"), is_dir ? 0 : UINT64_MAX);
        is_lost = is_lost || !is_dir;
        sim_free(sim);
    }
    assert_true(is_lost);
}

static void test_list_is_sorted_and_flat(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    assert_int_equal(os->make_dir(os->context, "/d", NULL), OK);
    assert_int_equal(os->make_dir(os->context, "/d/sub", NULL), OK);
    const char *paths[] = {"/d/b", "/d/a", "/d/sub/c", "/e"};
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++)
        os->close(os->context, must_open(os, paths[i], OS_WRITE | OS_CREATE));
    struct arena arena;
    arena_init(&arena);
    struct str *names = NULL;
    size_t count = 0;
    assert_int_equal(os->list(os->context, "/d", &arena, &names, &count, NULL), OK);
    assert_int_equal(count, 3);
    assert_true(str_equal(names[0], STR("a")) && str_equal(names[1], STR("b")) &&
                str_equal(names[2], STR("sub")));
    assert_int_equal(os->list(os->context, "/", &arena, &names, &count, NULL), OK);
    assert_int_equal(count, 2);
    assert_int_equal(os->list(os->context, "/x", &arena, &names, &count, NULL), ERR_NOT_FOUND);
    assert_int_equal(os->remove(os->context, "/d", NULL), ERR_IO);
    assert_int_equal(os->remove(os->context, "/e", NULL), OK);
    assert_int_equal(os->remove(os->context, "/e", NULL), ERR_NOT_FOUND);
    arena_release(&arena);
    sim_free(sim);
}

static void test_nth_call_fails(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    sim_fail(sim, &(struct sim_fault){.nth = 2, .calls = 1U << SIM_WRITE, .errno_value = ENOSPC});
    struct os_file *file = must_open(os, "/a", OS_READ | OS_WRITE | OS_CREATE);
    must_write(os, file, 'a', 10, 0);
    assert_false(sim_fault_was_hit(sim));
    struct err err;
    assert_int_equal(os->write(os->context, file, "b", 1, 0, &err), ERR_IO);
    assert_non_null(strstr(err.message, strerror(ENOSPC)));
    assert_true(sim_fault_was_hit(sim));
    must_write(os, file, 'c', 10, 0);
    sim_fail(sim, &(struct sim_fault){.nth = 1, .errno_value = EIO, .is_for_ever = true});
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(os->sync(os->context, file, &err), ERR_IO);
    sim_fail(sim, &(struct sim_fault){0});
    assert_int_equal(os->sync(os->context, file, &err), OK);
    assert_int_equal(sim_calls(sim, 1U << SIM_SYNC), 4);
    os->close(os->context, file);
    sim_free(sim);
}

/* As Linux: the error is reported once, the data stays readable and is not on the disk. */
static void test_failed_sync_loses(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    make_stable(os, "/a", 'o', 512);
    struct os_file *file = must_open(os, "/a", OS_READ | OS_WRITE);
    must_write(os, file, 'n', 512, 0);
    sim_fail(sim, &(struct sim_fault){.nth = 1, .errno_value = EIO});
    assert_int_equal(os->sync(os->context, file, NULL), ERR_IO);
    char byte = 0;
    assert_int_equal(os->read(os->context, file, &byte, 1, 0, NULL), OK);
    assert_int_equal(byte, 'n');
    os->close(os->context, file);
    sim_crash(sim, 6);
    read_all(os, "/a", &byte, 1);
    assert_int_equal(byte, 'o');
    sim_free(sim);
}

static void test_power_goes_in_the_middle_of_a_write(void **state)
{
    (void)state;
    unsigned torn = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sim *sim = sim_new(seed);
        const struct os *os = sim_os(sim);
        make_stable(os, "/a", 'o', 4096);
        struct os_file *file = must_open(os, "/a", OS_WRITE | OS_DURABLE);
        sim_power_off_at(sim, 2);
        must_write(os, file, 'k', 512, 0);
        char bytes[4096];
        memset(bytes, 'n', sizeof(bytes));
        assert_int_equal(os->write(os->context, file, bytes, 3072, 1024, NULL), ERR_IO);
        assert_true(sim_is_off(sim));
        assert_int_equal(os->sync(os->context, file, NULL), ERR_IO);
        os->close(os->context, file);
        sim_crash(sim, seed);
        assert_false(sim_is_off(sim));
        read_all(os, "/a", bytes, sizeof(bytes));
        assert_int_equal(bytes[0], 'k');
        assert_int_equal(bytes[512], 'o');
        unsigned count = 0;
        for (size_t i = 1024; i < sizeof(bytes); i += 512)
            count += bytes[i] == 'n';
        torn += count > 0 && count < 6;
        sim_free(sim);
    }
    assert_true(torn > 20);
}

static void test_handles_and_locks_die_at_a_crash(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    struct os_file *lock = NULL;
    struct os_file *other = NULL;
    assert_int_equal(os->lock(os->context, "/lock", &lock, NULL), OK);
    assert_int_equal(os->lock(os->context, "/lock", &other, NULL), ERR_BUSY);
    struct os_file *file = must_open(os, "/a", OS_READ | OS_WRITE | OS_CREATE);
    sim_crash(sim, 1);
    assert_int_equal(os->lock(os->context, "/lock", &other, NULL), OK);
    assert_int_equal(os->sync(os->context, file, NULL), ERR_IO);
    os->close(os->context, file);
    os->close(os->context, lock);
    assert_int_equal(os->lock(os->context, "/lock", &lock, NULL), ERR_BUSY);
    os->close(os->context, other);
    assert_int_equal(os->lock(os->context, "/lock", &lock, NULL), OK);
    os->close(os->context, lock);
    sim_free(sim);
}

static void test_direct_handles_want_alignment(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    struct os_file *file = must_open(os, "/a", OS_READ | OS_WRITE | OS_CREATE | OS_DIRECT);
    assert_true(os->is_direct(os->context, file));
    assert_int_equal(os->preallocate(os->context, file, 8192, NULL), OK);
    static _Alignas(4096) char bytes[4096];
    assert_int_equal(os->write(os->context, file, bytes, 4096, 4096, NULL), OK);
    assert_int_equal(os->write(os->context, file, bytes, 100, 0, NULL), ERR_IO);
    assert_int_equal(os->write(os->context, file, bytes, 4096, 512, NULL), ERR_IO);
    assert_int_equal(os->read(os->context, file, bytes + 1, 4096, 0, NULL), ERR_IO);
    os->close(os->context, file);
    sim_free(sim);
}

static void test_full_disk(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    sim_disk_bytes_set(sim, 10000);
    make_stable(os, "/a", 'a', 4096);
    struct os_file *file = must_open(os, "/b", OS_WRITE | OS_CREATE);
    struct err err;
    assert_int_equal(os->preallocate(os->context, file, 8192, &err), ERR_IO);
    assert_non_null(strstr(err.message, strerror(ENOSPC)));
    assert_int_equal(os->remove(os->context, "/a", NULL), OK);
    assert_int_equal(os->preallocate(os->context, file, 8192, NULL), OK);
    assert_int_equal(os->truncate(os->context, file, 20000, NULL), ERR_IO);
    assert_int_equal(os->truncate(os->context, file, 100, NULL), OK);
    assert_int_equal(size_of(os, "/b"), 100);
    os->close(os->context, file);
    sim_free(sim);
}

/* A file that was cut and grown again never shows what was cut off. */
static void test_cut_bytes_do_not_come_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim *sim = sim_new(1);
        const struct os *os = sim_os(sim);
        make_stable(os, "/a", 'o', 2048);
        struct os_file *file = must_open(os, "/a", OS_WRITE);
        assert_int_equal(os->truncate(os->context, file, 0, NULL), OK);
        must_write(os, file, 'n', 1024, 1024);
        os->close(os->context, file);
        sim_crash(sim, seed);
        char bytes[2048];
        read_all(os, "/a", bytes, sizeof(bytes));
        bool is_old = bytes[0] == 'o';
        assert_true(is_old || bytes[0] == 0);
        assert_true(bytes[1024] == 'n' || bytes[1024] == (is_old ? 'o' : 0));
        sim_free(sim);
    }
}

static void test_same_seed_same_machine(void **state)
{
    (void)state;
    char first[4096];
    char bytes[4096];
    unsigned char random[2][16];
    for (unsigned run = 0; run < 2; run++) {
        struct sim *sim = sim_new(42);
        const struct os *os = sim_os(sim);
        make_stable(os, "/a", 'o', 4096);
        struct os_file *file = must_open(os, "/a", OS_WRITE);
        must_write(os, file, 'n', 4096, 0);
        os->close(os->context, file);
        sim_crash(sim, 3);
        read_all(os, "/a", run == 0 ? first : bytes, sizeof(bytes));
        assert_int_equal(os->random(os->context, random[run], 16, NULL), OK);
        sim_free(sim);
    }
    assert_memory_equal(first, bytes, sizeof(bytes));
    assert_memory_equal(random[0], random[1], 16);
}

static void test_clock_may_step_back(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    int64_t first = os->now_us(os->context);
    int64_t running = os->monotonic_us(os->context);
    sim_clock_set(sim, first - 1000000);
    assert_true(os->now_us(os->context) < first);
    sim_clock_advance(sim, 500);
    assert_true(os->monotonic_us(os->context) > running + 500);
    sim_free(sim);
}

static void test_flip_changes_one_bit(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    const struct os *os = sim_os(sim);
    make_stable(os, "/a", 'a', 512);
    sim_flip(sim, "/a", 100, 1);
    sim_crash(sim, 1);
    char bytes[512];
    read_all(os, "/a", bytes, sizeof(bytes));
    assert_int_equal(bytes[100], 'a' ^ 2);
    assert_int_equal(bytes[101], 'a');
    sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),
        cmocka_unit_test(test_unsynced_sectors_are_kept_or_lost),
        cmocka_unit_test(test_synced_is_kept),
        cmocka_unit_test(test_durable_write_syncs_only_itself),
        cmocka_unit_test(test_names_need_their_folder_synced),
        cmocka_unit_test(test_rename_is_one_change),
        cmocka_unit_test(test_folder_sync_takes_what_it_builds_on),
        cmocka_unit_test(test_lost_folder_loses_what_is_in_it),
        cmocka_unit_test(test_list_is_sorted_and_flat),
        cmocka_unit_test(test_nth_call_fails),
        cmocka_unit_test(test_failed_sync_loses),
        cmocka_unit_test(test_power_goes_in_the_middle_of_a_write),
        cmocka_unit_test(test_handles_and_locks_die_at_a_crash),
        cmocka_unit_test(test_direct_handles_want_alignment),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_cut_bytes_do_not_come_back),
        cmocka_unit_test(test_same_seed_same_machine),
        cmocka_unit_test(test_clock_may_step_back),
        cmocka_unit_test(test_flip_changes_one_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
