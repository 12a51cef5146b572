/* The thread: requests, intervals, failures, the end. On the real system, with a sink that is fast
 * or broken. */
#include "unit/test.h"

#include "core/log.h"
#include "core/mem.h"
#include "offline/flusher.h"
#include "unit/offline/rows.h"

#include <stdatomic.h>

struct world {
    char dir[64];
    struct store *store;
    struct manifest *manifest;
    struct flush *flush;
    struct flusher *flusher;
    struct err err;
    atomic_int files, failures_left, done, done_failed;
};

static struct world world;

static enum code sink(void *context, const struct parquet_job *job, struct parquet_result *ret,
                      struct err *err)
{
    (void)context;
    if (atomic_load(&world.failures_left) > 0) {
        atomic_fetch_sub(&world.failures_left, 1);
        return err_set(err, ERR_IO, "the sink is broken");
    }
    TRY(os_write_file(os_linux(), job->path, STR("file"), err));
    ret->bytes = 4;
    ret->has_sidecar = false;
    atomic_fetch_add(&world.files, 1);
    return OK;
}

static void ok(enum code code)
{
    if (code != OK)
        fail_msg("%s", world.err.message);
}

static void quiet(struct str line, void *context)
{
    (void)line;
    (void)context;
}

static int64_t no_time(void *context)
{
    (void)context;
    return 0;
}

static void change_group(void)
{
    struct change change = {
        .kind = CHANGE_CREATE,
        .name = STR("g"),
        .group_json =
            STR("{\"id\":1,\"version\":1,\"name\":\"g\",\"arn\":\"arn:aws:sagemaker:eu-west-1:"
                "123456789012:feature-group/g\",\"identifier_index\":0,\"event_time_index\":1,"
                "\"created_us\":1700000000000000,\"is_online\":true,\"is_offline\":true,"
                "\"resolved_uri\":\"s3://b/g/data\",\"features\":[{\"name\":\"id\",\"type\":"
                "\"String\"},{\"name\":\"t\",\"type\":\"String\"}]}"),
        .groups_max = 100};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    struct write_job job = {.items = &item, .count = 1};

    ok(write_wait(world.store, &job, &world.err));
}

static void put(void)
{
    unsigned reader = 0;
    struct epoch *epoch = store_epoch(world.store);

    ok(epoch_reader_add(epoch, &reader, &world.err));
    epoch_enter(epoch, reader);
    const struct group *group = group_ref(catalog_find(store_catalog(world.store), STR("g")));
    epoch_leave(epoch, reader);
    epoch_reader_remove(epoch, reader);
    struct write_item item = {.kind = WRITE_PUT,
                              .group = group,
                              .targets = TARGET_ONLINE | TARGET_OFFLINE,
                              .has_event_time = true,
                              .identifier = STR("1"),
                              .record = STR("x")};
    struct write_job job = {.items = &item, .count = 1};

    ok(write_wait(world.store, &job, &world.err));
    group_unref(group);
}

static void start(unsigned interval_ms, uint64_t bytes_max)
{
    struct flusher_options options = {.interval_ms = interval_ms, .bytes_max = bytes_max};

    ok(flusher_start(world.flush, world.store, &options, &world.flusher, &world.err));
}

static int setup(void **state)
{
    struct store_options options = {.journal = {.segment_bytes = 1 << 20, .is_threaded = true},
                                    .is_threaded = true};
    char path[128];

    (void)state;
    world = (struct world){.dir = "/tmp/asof-test-flusher-XXXXXX"};
    log_setup(LOG_ERROR, quiet, no_time, NULL);
    assert_non_null(mkdtemp(world.dir));
    ok(store_open(os_linux(), world.dir, &options, &world.store, &world.err));
    (void)snprintf(path, sizeof(path), "%s/manifest", world.dir);
    ok(manifest_open(os_linux(), path, 0, &world.manifest, &world.err));
    struct flush_options flush = {.data_dir = world.dir, .sink = {sink, NULL}};
    ok(flush_new(os_linux(), world.store, world.manifest, &flush, &world.flush, &world.err));
    change_group();
    return 0;
}

/* Folders are few levels deep: from the leaves up. */
static void remove_all(const char *path)
{
    const struct os *os = os_linux();
    struct arena arena = {0};
    struct str *names = NULL;
    struct os_stat status;
    size_t count = 0;

    if (os->stat(os->context, path, &status, NULL) == OK && status.is_dir &&
        os->list(os->context, path, &arena, &names, &count, NULL) == OK) {
        for (size_t i = 0; i < count; i++)
            remove_all(arena_format(&arena, "%s/%.*s", path, STR_ARG(names[i])).ptr);
    }
    arena_release(&arena);
    (void)!os->remove(os->context, path, NULL);
}

static int teardown(void **state)
{
    (void)state;
    flusher_stop(world.flusher);
    flush_free(world.flush);
    manifest_close(world.manifest);
    store_close(world.store);
    remove_all(world.dir);
    return 0;
}

static void done(enum code code, const struct err *err, void *context)
{
    assert_ptr_equal(context, &world);
    if (code != OK) {
        assert_true(err->message[0] != '\0');
        atomic_fetch_add(&world.done_failed, 1);
    }
    atomic_fetch_add(&world.done, 1);
}

static bool comes_true(atomic_int *number, int wanted)
{
    for (int i = 0; i < 1000 && atomic_load(number) < wanted; i++)
        (void)usleep(10000);
    return atomic_load(number) >= wanted;
}

static uint64_t unflushed(void)
{
    struct store_status status;

    store_status(world.store, &status);
    return status.unflushed_rows;
}

static void a_request_flushes_at_once(void **state)
{
    (void)state;
    start(3600 * 1000, 0);
    for (int i = 1; i <= 3; i++) {
        put();
        ok(flusher_request(world.flusher, done, &world, &world.err));
        assert_true(comes_true(&world.done, i));
        assert_int_equal(atomic_load(&world.done_failed), 0);
        assert_int_equal(unflushed(), 0);
    }
    /* Nothing to do is done, too. */
    ok(flusher_request(world.flusher, done, &world, &world.err));
    assert_true(comes_true(&world.done, 4));
    assert_int_equal(atomic_load(&world.done_failed), 0);
}

static void the_interval_flushes(void **state)
{
    (void)state;
    start(50, 0);
    put();
    assert_true(comes_true(&world.files, 1));
    put();
    assert_true(comes_true(&world.files, 2));
}

static void much_that_is_unflushed_flushes(void **state)
{
    (void)state;
    start(3600 * 1000, 16 * 1024);
    /* The first one comes at the start. */
    put();
    assert_true(comes_true(&world.files, 1));
    put();
    (void)usleep(500000);
    assert_int_equal(atomic_load(&world.files), 1);
    for (int i = 0; i < 8; i++)
        put();
    assert_true(comes_true(&world.files, 2));
}

static void a_failure_is_told_and_repeated(void **state)
{
    (void)state;
    start(3600 * 1000, 0);
    (void)usleep(300000);
    atomic_store(&world.failures_left, 2);
    put();
    ok(flusher_request(world.flusher, done, &world, &world.err));
    assert_true(comes_true(&world.done, 1));
    assert_int_equal(atomic_load(&world.done_failed), 1);
    /* No interval is needed: it tries again by itself. */
    assert_true(comes_true(&world.files, 1));
    assert_int_equal(atomic_load(&world.failures_left), 0);
}

static void requests_at_the_end_are_answered(void **state)
{
    (void)state;
    start(3600 * 1000, 0);
    (void)usleep(300000);
    atomic_store(&world.failures_left, 1000000);
    put();
    for (int i = 0; i < 5; i++)
        ok(flusher_request(world.flusher, done, &world, &world.err));
    flusher_stop(world.flusher);
    world.flusher = NULL;
    assert_int_equal(atomic_load(&world.done), 5);
    assert_int_equal(atomic_load(&world.done_failed), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_flushes_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(the_interval_flushes, setup, teardown),
        cmocka_unit_test_setup_teardown(much_that_is_unflushed_flushes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_is_told_and_repeated, setup, teardown),
        cmocka_unit_test_setup_teardown(requests_at_the_end_are_answered, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
