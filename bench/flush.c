/*
 * What the flush does in a second, with the real worker, on the folder given: rows in the order of
 * their event times (17 small columns), and rows of which every one lies in another hour.
 *
 *     bench_flush FOLDER [rows [files]]
 */
#include "core/mem.h"
#include "core/metrics.h"
#include "os/os.h"
#include "schema/record.h"
#include "worker/flush_client.h"
#include "worker/worker_main.h"
#include "write/write.h"

#include "offline/flush.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 17, JOB_ROWS = 1000 };

struct bench {
    const char *dir;
    struct arena arena;
    struct store *store;
    struct manifest *manifest;
    struct flush_client *client;
    struct flush *flush;
    const struct group *group;
    struct err err;
};

static void must(const struct bench *bench, enum code code)
{
    if (code == OK)
        return;
    (void)fprintf(stderr, "%s\n", bench->err.message);
    exit(1);
}

static void group_make(struct bench *bench)
{
    struct buf json = {0};

    buf_add(&json,
            STR("{\"id\":1,\"version\":1,\"name\":\"g\",\"arn\":\"arn:aws:sagemaker:"
                "eu-west-1:123456789012:feature-group/g\",\"identifier_index\":0,"
                "\"event_time_index\":1,\"created_us\":1700000000000000,\"is_online\":true,"
                "\"is_offline\":true,\"resolved_uri\":\"s3://b/g/data\",\"features\":["
                "{\"name\":\"id\",\"type\":\"String\"},{\"name\":\"t\",\"type\":\"String\"}"));
    for (int i = 2; i < COLUMNS; i++)
        buf_add_format(&json, ",{\"name\":\"f%d\",\"type\":\"%s\"}", i,
                       i % 2 == 0 ? "Integral" : "Fractional");
    buf_add(&json, STR("]}"));
    struct change change = {
        .kind = CHANGE_CREATE, .name = STR("g"), .group_json = buf_str(&json), .groups_max = 9};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    struct write_job job = {.items = &item, .count = 1};
    must(bench, write_wait(bench->store, &job, &bench->err));
    buf_release(&json);
    bench->group = group_ref(catalog_find(store_catalog(bench->store), STR("g")));
}

static void bench_open(struct bench *bench)
{
    struct store_options store = {
        .cache_bytes_max = 1 << 20, .journal = {.is_threaded = true}, .is_threaded = true};
    struct flush_options flush = {.data_dir = bench->dir};

    must(bench, store_open(os_linux(), bench->dir, &store, &bench->store, &bench->err));
    must(bench,
         manifest_open(os_linux(), arena_format(&bench->arena, "%s/manifest", bench->dir).ptr, 0,
                       &bench->manifest, &bench->err));
    bench->client =
        flush_client_new("/proc/self/exe", arena_format(&bench->arena, "%s/tmp", bench->dir).ptr);
    flush.sink = flush_client_sink(bench->client);
    must(bench,
         flush_new(os_linux(), bench->store, bench->manifest, &flush, &bench->flush, &bench->err));
    group_make(bench);
}

/* One row: a transaction; its hour counts up with `step_seconds`. */
static struct write_item row(struct bench *bench, struct arena *arena, uint64_t number,
                             int64_t seconds)
{
    struct str values[COLUMNS];
    struct buf time = {0}, bytes = {0};
    struct write_item item = {.kind = WRITE_PUT,
                              .group = bench->group,
                              .targets = TARGET_OFFLINE,
                              .has_event_time = true,
                              .event_time = {seconds, 0}};

    instant_add_iso(&time, item.event_time);
    values[0] = arena_format(arena, "txn-%08ju", (uintmax_t)number);
    values[1] = arena_str(arena, buf_str(&time));
    for (unsigned i = 2; i < COLUMNS; i++)
        values[i] = i % 2 == 0 ? arena_format(arena, "%ju", (uintmax_t)(number * i % 977))
                               : arena_format(arena, "%.6g", (double)(number * i % 9973) / 97);
    struct record record = {.group = bench->group, .values = values, .present_count = COLUMNS};
    record_encode(&record, &bytes);
    item.identifier = values[0];
    item.record = arena_str(arena, buf_str(&bytes));
    buf_release(&time);
    buf_release(&bytes);
    return item;
}

static void fill(struct bench *bench, uint64_t rows, int64_t step_seconds)
{
    struct arena arena = {0};

    for (uint64_t first = 0; first < rows; first += JOB_ROWS) {
        struct write_item *items = ARENA_NEW(&arena, struct write_item, JOB_ROWS);
        size_t count = rows - first < JOB_ROWS ? (size_t)(rows - first) : JOB_ROWS;
        for (size_t i = 0; i < count; i++)
            items[i] =
                row(bench, &arena, first + i, 1700000000 + (int64_t)(first + i) * step_seconds);
        struct write_job job = {.items = items, .count = count};
        must(bench, write_wait(bench->store, &job, &bench->err));
        arena_reset(&arena);
    }
    arena_release(&arena);
}

static void measure(struct bench *bench, const char *name)
{
    const struct os *os = os_linux();
    int64_t files = metric_get(METRIC_flush_files_total);
    int64_t bytes = metric_get(METRIC_flush_bytes_total);
    int64_t start_us = os->monotonic_us(os->context);
    uint64_t rows = 1, all = 0;

    while (rows > 0) {
        must(bench, flush_run(bench->flush, &rows, &bench->err));
        all += rows;
    }
    double seconds = (double)(os->monotonic_us(os->context) - start_us) / 1e6;
    files = metric_get(METRIC_flush_files_total) - files;
    bytes = metric_get(METRIC_flush_bytes_total) - bytes;
    (void)printf("%s: %ju rows, %jd files, %.1f MB in %.2f s: %.0f rows/s, %.0f files/s\n", name,
                 (uintmax_t)all, (intmax_t)files, (double)bytes / 1e6, seconds,
                 (double)all / seconds, (double)files / seconds);
}

int main(int argc, char **argv)
{
    struct bench bench = {.dir = argc > 1 ? argv[1] : NULL};

    if (argc > 2 && strcmp(argv[1], "worker") == 0)
        return worker_main(argc, argv);
    if (bench.dir == NULL) {
        (void)fprintf(stderr, "bench_flush FOLDER [rows [files]]\n");
        return 2;
    }
    uint64_t rows = argc > 2 ? strtoull(argv[2], NULL, 10) : 300000;
    uint64_t files = argc > 3 ? strtoull(argv[3], NULL, 10) : 2000;
    bench_open(&bench);
    measure(&bench, "start"); /* the worker's own is not counted below */
    fill(&bench, 1, 1);
    measure(&bench, "first file");
    fill(&bench, rows, 1);
    measure(&bench, "in event-time order");
    fill(&bench, files, 3600);
    measure(&bench, "each row in another hour");
    group_unref(bench.group);
    flush_free(bench.flush);
    flush_client_free(bench.client);
    manifest_close(bench.manifest);
    store_close(bench.store);
    arena_release(&bench.arena);
    return 0;
}
