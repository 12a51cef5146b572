/* One flush after the other: which rows, which files, which marks. Crashes are in tests/sim. */
#include "unit/offline/flush_kit.h"

#include "core/metrics.h"

static struct flush_kit *kit;

static int setup(void **state)
{
    (void)state;
    kit = kit_new();
    kit_change(kit, CHANGE_CREATE, "a", true);
    kit_change(kit, CHANGE_CREATE, "b", true);
    kit_change(kit, CHANGE_CREATE, "online", false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kit_free(kit);
    return 0;
}

static struct flush_mark mark_now(void)
{
    struct flush_mark mark;

    store_flush_mark(kit->store, &mark);
    return mark;
}

static void rows_are_grouped_by_group_and_hour(void **state)
{
    (void)state;
    kit_put(kit, "b", "1", "2026-07-01T14:59:59.999999999Z");
    kit_put(kit, "a", "2", "2026-07-01T15:00:00Z");
    kit_put(kit, "a", "3", "2026-07-01T14:00:00Z");
    kit_put(kit, "b", "4", "2026-07-01T14:00:00Z");
    kit_put(kit, "a", "5", "2026-07-01T15:59:59Z");
    kit_put(kit, "a", "2", "0001-01-01T00:00:00Z");
    kit_write(kit, WRITE_DELETE, "a", TARGET_ONLINE | TARGET_OFFLINE, "2", "2026-07-01T15:00:01Z");
    assert_int_equal(kit_flush(kit), 7);
    assert_string_equal(kit_asked(kit), "file a features 2\n2\n"
                                        "file a features 2\n3\n"
                                        "file a features 2\n2\n5\n2\n"
                                        "file b features 2\n1\n4\n");
    assert_int_equal(kit_flush(kit), 0);
    assert_string_equal(kit_asked(kit), "");
    struct flush_mark mark = mark_now();
    assert_true(mark.manifest == 1 && mark.cut_from == mark.cut_to);
}

static void files_are_where_the_manifest_says(void **state)
{
    (void)state;
    const struct manifest_file *files = NULL;
    struct buf bytes = {0};
    struct os_stat status;
    size_t count = 0;

    kit_put(kit, "a", "1", "2026-07-01T14:03:07.421Z");
    kit_put(kit, "a", "ttl", "2026-07-01T14:03:08Z");
    assert_int_equal(kit_flush(kit), 2);
    uint32_t id = catalog_find(store_catalog(kit->store), STR("a"))->id;
    manifest_files(kit->manifest, id, 1, &kit->arena, &files, &count);
    assert_int_equal(count, 1);
    const char *path = arena_format(&kit->arena, "/data/%.*s", STR_ARG(files->path)).ptr;
    assert_true(str_starts(files->path, STR("offline/b/a/data/year=2026/month=07/day=01/hour=14/"
                                            "20260701T140308Z_")));
    kit_ok(kit, os_read_file(kit->os, path, 1 << 20, &bytes, &kit->err));
    assert_true(str_equal(buf_str(&bytes), STR("1\nttl\n")));
    assert_true(files->bytes == bytes.len && files->checksum == hash_checksum(buf_str(&bytes)));
    assert_true(files->rows == 2 && files->feature_count == 2 && files->hour == 495254);
    assert_true(files->oldest.nanoseconds == 421000000 && files->newest.nanoseconds == 0);
    assert_true(files->arrival_min_us < files->arrival_max_us);
    path = arena_format(&kit->arena, "/data/%.*s", STR_ARG(files->sidecar)).ptr;
    kit_ok(kit, kit->os->stat(kit->os->context, path, &status, &kit->err));
    buf_release(&bytes);
}

static void only_offline_rows_are_taken(void **state)
{
    (void)state;
    kit_write(kit, WRITE_PUT, "a", TARGET_ONLINE, "1", "2026-07-01T14:00:00Z");
    kit_write(kit, WRITE_PUT, "online", TARGET_ONLINE, "2", "2026-07-01T14:00:00Z");
    assert_int_equal(kit_flush(kit), 0);
    kit_write(kit, WRITE_PUT, "a", TARGET_OFFLINE, "3", "2026-07-01T14:00:00Z");
    kit_write(kit, WRITE_DELETE_HARD, "a", TARGET_OFFLINE, "4", "2026-07-01T14:00:00Z");
    assert_int_equal(kit_flush(kit), 2);
    assert_string_equal(kit_asked(kit), "file a features 2\n3\n4\n");
}

static void last_rows_of_a_deleted_group_are_flushed(void **state)
{
    (void)state;
    kit_put(kit, "a", "1", "2026-07-01T14:00:00Z");
    kit_change(kit, CHANGE_DELETE, "a", true);
    kit_change(kit, CHANGE_CREATE, "a", true);
    kit_put(kit, "a", "2", "2026-07-01T14:00:00Z");
    assert_int_equal(kit_flush(kit), 2);
    assert_string_equal(kit_asked(kit), "file a features 2\n1\nfile a features 2\n2\n");
}

static void an_idle_flush_writes_no_marks(void **state)
{
    (void)state;
    kit_put(kit, "a", "1", "2026-07-01T14:00:00Z");
    assert_int_equal(kit_flush(kit), 1);
    uint64_t end = journal_durable_end(store_journal(kit->store));
    for (int i = 0; i < 5; i++)
        assert_int_equal(kit_flush(kit), 0);
    assert_true(journal_durable_end(store_journal(kit->store)) == end);
}

static void much_without_rows_is_passed_over(void **state)
{
    (void)state;
    kit_close(kit);
    kit_open(kit, 64 * 1024);
    for (int i = 0; i < 100; i++)
        kit_write(kit, WRITE_PUT, "online", TARGET_ONLINE, "1", "2026-07-01T14:00:00Z");
    kit_put(kit, "a", "2", "2026-07-01T14:00:00Z");
    assert_int_equal(kit_flush(kit), 1);
    assert_string_equal(kit_asked(kit), "file a features 2\n2\n");
    struct flush_mark mark = mark_now();
    assert_true(mark.manifest == 1 && mark.flushed_to > 64 * 1024);
}

static void a_large_backlog_takes_several_ranges(void **state)
{
    (void)state;
    unsigned runs = 0;
    uint64_t rows = 0, all = 0;

    kit_close(kit);
    kit_open(kit, 64 * 1024);
    for (int i = 0; i < 60; i++)
        kit_put(kit, "a", arena_format(&kit->arena, "%d", i).ptr, "2026-07-01T14:00:00Z");
    while ((rows = kit_flush(kit)) > 0) {
        runs++;
        all += rows;
    }
    assert_int_equal(all, 60);
    assert_true(runs >= 3);
    struct manifest_totals totals;
    manifest_totals(kit->manifest, catalog_find(store_catalog(kit->store), STR("a"))->id, &totals);
    assert_true(totals.rows == 60 && totals.files == runs);
}

static void a_failed_range_is_repeated(void **state)
{
    (void)state;
    uint64_t rows = 99;

    kit_put(kit, "a", "1", "2026-07-01T14:00:00Z");
    kit_put(kit, "a", "2", "2026-07-01T15:00:00Z");
    kit->failures_left = 1;
    assert_int_equal(flush_run(kit->flush, &rows, &kit->err), ERR_IO);
    assert_true(str_contains(str_from(kit->err.message), STR("step 'write': the sink is broken")));
    assert_int_equal(rows, 99);
    struct flush_mark cut = mark_now();
    assert_true(cut.cut_from < cut.cut_to && cut.manifest == 0);
    /* What comes now is not part of the range that was cut. */
    kit_put(kit, "a", "3", "2026-07-01T14:00:00Z");
    assert_int_equal(kit_flush(kit), 2);
    assert_true(mark_now().flushed_to == cut.cut_to);
    assert_int_equal(kit_flush(kit), 1);
    assert_string_equal(kit_asked(kit), "file a features 2\n1\nfile a features 2\n2\n"
                                        "file a features 2\n3\n");
}

static void a_size_that_differs_is_not_believed(void **state)
{
    (void)state;
    uint64_t rows = 0;

    kit_put(kit, "a", "1", "2026-07-01T14:00:00Z");
    kit->lie_bytes = 1;
    assert_int_equal(flush_run(kit->flush, &rows, &kit->err), ERR_CORRUPT);
    kit->lie_bytes = 0;
    assert_int_equal(kit_flush(kit), 1);
}

static void temporary_files_go_at_the_start(void **state)
{
    (void)state;
    struct os_stat status;

    kit_ok(kit, os_write_file(kit->os, "/data/tmp/flush-half.parquet", STR("x"), &kit->err));
    kit_ok(kit, os_write_file(kit->os, "/data/tmp/query-of-somebody", STR("x"), &kit->err));
    kit_close(kit);
    kit_open(kit, 0);
    assert_int_equal(kit->os->stat(kit->os->context, "/data/tmp/flush-half.parquet", &status, NULL),
                     ERR_NOT_FOUND);
    kit_ok(kit, kit->os->stat(kit->os->context, "/data/tmp/query-of-somebody", &status, &kit->err));
}

static void the_sweep_takes_only_our_orphans(void **state)
{
    (void)state;
    struct layout_file layout = {.group_id = 9, .feature_count = 2, .from = 1, .to = 2};
    struct os_stat status;
    uint64_t removed = 0;
    static const char folder[] = "/data/offline/b/a/data/year=1970/month=01/day=01/hour=00";

    kit_put(kit, "a", "1", "1970-01-01T00:00:00Z");
    assert_int_equal(kit_flush(kit), 1);
    const char *orphan = arena_format(&kit->arena, "%s/%.*s", folder,
                                      STR_ARG(layout_file_name(&layout, &kit->arena)))
                             .ptr;
    const char *sidecar = arena_format(&kit->arena, "/data/sidecar/%.*s",
                                       STR_ARG(layout_file_name(&layout, &kit->arena)))
                              .ptr;
    const char *other =
        arena_format(&kit->arena, "%s/20240101T000000Z_QPcQWd7XmjxbnUJJ.parquet", folder).ptr;
    const char *notes = arena_format(&kit->arena, "%s/notes.parquet", folder).ptr;
    const char *const all[] = {orphan, sidecar, other, notes};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++)
        kit_ok(kit, os_write_file(kit->os, all[i], STR("x"), &kit->err));
    kit_ok(kit, flush_sweep(kit->flush, &removed, &kit->err));
    assert_int_equal(removed, 2);
    for (size_t i = 0; i < ARRAY_COUNT(all); i++)
        assert_int_equal(kit->os->stat(kit->os->context, all[i], &status, NULL),
                         i < 2 ? ERR_NOT_FOUND : OK);
    kit_ok(kit, flush_sweep(kit->flush, &removed, &kit->err));
    assert_int_equal(removed, 0);

    /* Not while a cut is open: its files are not in the manifest yet. */
    kit_put(kit, "a", "2", "1970-01-01T00:00:00Z");
    kit->failures_left = 1;
    assert_int_not_equal(flush_run(kit->flush, &removed, &kit->err), OK);
    assert_int_equal(flush_sweep(kit->flush, &removed, &kit->err), ERR_BUSY);
}

static void figures_are_counted(void **state)
{
    (void)state;
    int64_t runs = metric_get(METRIC_flush_runs_total);
    int64_t rows = metric_get(METRIC_flush_rows_total);
    int64_t files = metric_get(METRIC_flush_files_total);
    int64_t bytes = metric_get(METRIC_flush_bytes_total);
    int64_t failures = metric_get(METRIC_flush_failures_total);
    uint64_t ignored;

    kit_put(kit, "a", "1", "2026-07-01T14:00:00Z");
    kit_put(kit, "a", "2", "2026-07-01T15:00:00Z");
    kit->failures_left = 1;
    assert_int_not_equal(flush_run(kit->flush, &ignored, &kit->err), OK);
    assert_int_equal(kit_flush(kit), 2);
    assert_int_equal(metric_get(METRIC_flush_runs_total) - runs, 1);
    assert_int_equal(metric_get(METRIC_flush_rows_total) - rows, 2);
    assert_int_equal(metric_get(METRIC_flush_files_total) - files, 2);
    assert_int_equal(metric_get(METRIC_flush_bytes_total) - bytes, 4);
    assert_int_equal(metric_get(METRIC_flush_failures_total) - failures, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_grouped_by_group_and_hour, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_where_the_manifest_says, setup, teardown),
        cmocka_unit_test_setup_teardown(only_offline_rows_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(last_rows_of_a_deleted_group_are_flushed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_idle_flush_writes_no_marks, setup, teardown),
        cmocka_unit_test_setup_teardown(much_without_rows_is_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_backlog_takes_several_ranges, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_range_is_repeated, setup, teardown),
        cmocka_unit_test_setup_teardown(a_size_that_differs_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(temporary_files_go_at_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(the_sweep_takes_only_our_orphans, setup, teardown),
        cmocka_unit_test_setup_teardown(figures_are_counted, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
