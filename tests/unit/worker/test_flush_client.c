/* The real flush worker behind its client: rows in equal rows out, whatever happens to it. */
#include "unit/test.h"

#include "offline/duck.h"
#include "os/os.h"
#include "unit/offline/rows.h"
#include "worker/flush_client.h"
#include "worker/worker_main.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static struct arena arena;
static struct err err;
static const char *dir;
static struct flush_client *client;
static struct group *group;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    dir = rows_dir_make(&arena, "client");
    client = flush_client_new("/proc/self/exe", dir);
    group = rows_group(1, "g", ROWS_FEATURES);
    return 0;
}

static int teardown(void **state)
{
    const struct os *os = os_linux();
    struct str *names = NULL;
    size_t count = 0;

    (void)state;
    flush_client_free(client);
    group_unref(group);
    assert_int_equal(os->list(os->context, dir, &arena, &names, &count, NULL), OK);
    for (size_t i = 0; i < count; i++)
        (void)unlink(arena_format(&arena, "%s/%.*s", dir, STR_ARG(names[i])).ptr);
    (void)rmdir(dir);
    arena_release(&arena);
    return 0;
}

static const struct entry **make_rows(size_t count)
{
    const struct entry **entries = ARENA_NEW(&arena, const struct entry *, count);

    for (size_t i = 0; i < count; i++) {
        const char *id = arena_format(&arena, "id-%zu", i).ptr;
        const char *number = arena_format(&arena, "%zu", i).ptr;
        const char *const texts[] = {id, "2026-07-01T14:00:00Z", number, number, id};
        entries[i] = rows_put_texts(&arena, group, texts, 5, (int64_t)i);
    }
    return entries;
}

static enum code write_rows(const char *name, const struct entry *const *entries, size_t count,
                            struct parquet_result *ret)
{
    struct parquet_sink sink = flush_client_sink(client);
    struct parquet_job job = {
        .path = arena_format(&arena, "%s/%s.parquet", dir, name).ptr,
        .sidecar_path = arena_format(&arena, "%s/%s.sidecar", dir, name).ptr,
        .group = group,
        .feature_count = 5,
        .entries = entries,
        .entry_count = count,
        .write_time_us = 1782914590123456,
    };

    return sink.write(sink.context, &job, ret, &err);
}

/* The worker's pid: our only child. 0: none. */
static int child(void)
{
    int found = 0;
    DIR *tasks = opendir("/proc/self/task");

    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char path[300];
        int pid = 0;
        (void)snprintf(path, sizeof(path), "/proc/self/task/%s/children", task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file == NULL)
            continue;
        if (fscanf(file, "%d", &pid) == 1)
            found = pid;
        (void)fclose(file);
    }
    (void)closedir(tasks);
    return found;
}

static struct str bytes_of(const char *name)
{
    struct buf bytes = {0};

    assert_int_equal(os_read_file(os_linux(), arena_format(&arena, "%s/%s.parquet", dir, name).ptr,
                                  1 << 28, &bytes, &err),
                     OK);
    struct str copy = arena_str(&arena, buf_str(&bytes));
    buf_release(&bytes);
    return copy;
}

static void rows_out_equal_rows_in(void **state)
{
    (void)state;
    enum { ROWS = 50000 }; /* several messages */
    const struct entry **entries = make_rows(ROWS);
    struct parquet_result result = {0};
    struct duck *duck = NULL;
    struct duck_result *rows = NULL;
    bool has_row = false;

    if (write_rows("a", entries, ROWS, &result) != OK)
        fail_msg("%s", err.message);
    assert_false(result.has_sidecar);
    assert_true(result.bytes == bytes_of("a").len);
    assert_int_equal(duck_open(&(struct duck_options){0}, &duck, &err), OK);
    assert_int_equal(
        duck_query(duck,
                   arena_format(&arena, "SELECT * FROM read_parquet('%s/a.parquet')", dir).ptr,
                   true, &rows, &err),
        OK);
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(duck_result_next(rows, &has_row, &err), OK);
        assert_true(has_row);
        assert_true(str_equal(duck_str(rows, 0), entries[i]->identifier));
        assert_true(duck_i64(rows, 2) == (int64_t)i);
        assert_true(duck_double(rows, 3) == (double)i);
        assert_true(duck_i64(rows, 6) == (int64_t)i);
        assert_false(duck_bool(rows, 7));
    }
    assert_int_equal(duck_result_next(rows, &has_row, &err), OK);
    assert_false(has_row);
    duck_result_free(rows);
    duck_close(duck);
}

static void a_new_worker_writes_the_same_bytes(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    const struct entry **entries = make_rows(ROWS);
    struct parquet_result result = {0};

    assert_int_equal(write_rows("a", entries, ROWS, &result), OK);
    assert_int_equal(write_rows("a-again", entries, ROWS, &result), OK);
    int first = child();
    assert_true(first > 0);
    (void)kill(first, SIGKILL);
    /* It may die before or behind the first message: the failure is told, and the next one works.
     */
    enum code code = write_rows("b", entries, ROWS, &result);
    if (code != OK) {
        assert_int_equal(code, ERR_IO);
        assert_int_equal(write_rows("b", entries, ROWS, &result), OK);
    }
    assert_true(child() > 0 && child() != first);
    assert_true(str_equal(bytes_of("a"), bytes_of("a-again")));
    assert_true(str_equal(bytes_of("a"), bytes_of("b")));
}

static atomic_bool is_killing;
static atomic_uint pause_us_max;

static void *killer(void *context)
{
    unsigned seed = *(unsigned *)context;

    while (atomic_load(&is_killing)) {
        seed = seed * 1103515245 + 12345;
        (void)usleep((seed >> 4) % atomic_load(&pause_us_max));
        int pid = child();
        if (pid > 0)
            (void)kill(pid, SIGKILL);
    }
    return NULL;
}

static void killed_at_any_moment_it_only_repeats(void **state)
{
    (void)state;
    enum { ROWS = 20000, FILES = 20 };
    const struct entry **entries = make_rows(ROWS);
    struct parquet_result result = {0};
    pthread_t thread;
    unsigned seed = 42, failures = 0;

    /* With the start of a worker: about as many files shall be written as are cut off. */
    const struct os *os = os_linux();
    int64_t start_us = os->monotonic_us(os->context);
    assert_int_equal(write_rows("a", entries, ROWS, &result), OK);
    atomic_store(&pause_us_max, (unsigned)(os->monotonic_us(os->context) - start_us) * 3 / 2);
    struct str expected = bytes_of("a");
    atomic_store(&is_killing, true);
    assert_int_equal(pthread_create(&thread, NULL, killer, &seed), 0);
    unsigned written = 0;
    for (unsigned attempt = 0; attempt < 4 * FILES; attempt++) {
        if (write_rows("b", entries, ROWS, &result) == OK)
            written++;
        else
            failures++;
    }
    atomic_store(&is_killing, false);
    (void)pthread_join(thread, NULL);
    assert_true(failures > 0);
    enum code code = write_rows("b", entries, ROWS, &result);
    if (code != OK)
        code = write_rows("b", entries, ROWS, &result);
    assert_int_equal(code, OK);
    assert_true(str_equal(expected, bytes_of("b")));
    /* Nothing but the two files: what was cut off lies under the name it is written to again. */
    struct str *names = NULL;
    size_t count = 0;
    assert_int_equal(os->list(os->context, dir, &arena, &names, &count, NULL), OK);
    assert_int_equal(count, 2);
    print_message("# %u written, %u repeated\n", written, failures);
}

static void a_refused_row_does_not_end_the_worker(void **state)
{
    (void)state;
    const struct entry **entries = make_rows(10);
    struct entry bad = *entries[5];
    struct parquet_result result = {0};

    assert_int_equal(write_rows("a", entries, 10, &result), OK);
    int pid = child();
    bad.record = STR("\x7f");
    const struct entry *good = entries[5];
    entries[5] = &bad;
    assert_int_equal(write_rows("b", entries, 10, &result), ERR_CORRUPT);
    entries[5] = good;
    assert_int_equal(write_rows("b", entries, 10, &result), OK);
    assert_int_equal(child(), pid);
    assert_true(str_equal(bytes_of("a"), bytes_of("b")));
}

static void it_writes_nowhere_but_in_its_folder(void **state)
{
    (void)state;
    const struct entry **entries = make_rows(10);
    struct parquet_sink sink = flush_client_sink(client);
    struct parquet_result result = {0};
    struct parquet_job job = {.path = "/tmp/asof-test-never.parquet",
                              .sidecar_path = "/tmp/asof-test-never.sidecar",
                              .group = group,
                              .feature_count = 5,
                              .entries = entries,
                              .entry_count = 10};

    assert_int_not_equal(sink.write(sink.context, &job, &result, &err), OK);
    assert_int_not_equal(access("/tmp/asof-test-never.parquet", F_OK), 0);
    assert_int_equal(write_rows("a", entries, 10, &result), OK);
}

static void a_library_that_is_missing_is_named(void **state)
{
    (void)state;
    const struct entry **entries = make_rows(1);
    struct parquet_result result = {0};

    (void)setenv("ASOF_DUCKDB", "/does/not/exist.so", 1);
    enum code code = write_rows("a", entries, 1, &result);
    (void)unsetenv("ASOF_DUCKDB");
    assert_int_equal(code, ERR_IO);
    assert_true(str_contains(str_from(err.message), STR("libduckdb.so was not found")));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_out_equal_rows_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_worker_writes_the_same_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_at_any_moment_it_only_repeats, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_row_does_not_end_the_worker, setup, teardown),
        cmocka_unit_test_setup_teardown(it_writes_nowhere_but_in_its_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(a_library_that_is_missing_is_named, setup, teardown),
    };

    if (argc > 2 && strcmp(argv[1], "worker") == 0)
        return worker_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
