#pragma once
/* A whole store in a folder of its own, with a flush and query workers: this program is the worker.
 */
#include "unit/test.h"

#include "os/os.h"
#include "unit/query/history.h"
#include "worker/flush_client.h"
#include "worker/query_client.h"
#include "worker/worker_main.h"

#include "offline/flush.h"

#define WORLD_UNUSED __attribute__((unused))

struct world {
    char dir[64];
    const struct os *os;
    struct store *store;
    struct manifest *manifest;
    struct flush_client *flush_client;
    struct flush *flush;
    struct query_context context;
    unsigned reader;
    struct arena arena;
};

WORLD_UNUSED static void world_ok(enum code code, const struct err *err)
{
    if (code != OK)
        print_message("# %s\n", err->message);
    assert_int_equal(code, OK);
}

WORLD_UNUSED static void world_open(struct world *world)
{
    struct err err = {0};
    struct flush_mark mark;
    const char *dir = world->dir;

    *world = (struct world){.os = os_linux()};
    (void)snprintf(world->dir, sizeof(world->dir), "/tmp/asof-test-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    const struct store_options options = {.journal = {.segment_bytes = 4 * 1024 * 1024},
                                          .checkpoint_bytes = 1024 * 1024,
                                          .journal_bytes_spare = 1024 * 1024,
                                          .is_threaded = true};
    world_ok(store_open(world->os, dir, &options, &world->store, &err), &err);
    store_flush_mark(world->store, &mark);
    const char *manifest_dir = arena_format(&world->arena, "%s/manifest", dir).ptr;
    world_ok(os_make_dirs(world->os, manifest_dir, &err), &err);
    world_ok(manifest_open(world->os, manifest_dir, mark.manifest, &world->manifest, &err), &err);
    const char *tmp = arena_format(&world->arena, "%s/tmp", dir).ptr;
    world_ok(os_make_dirs(world->os, tmp, &err), &err);
    world->flush_client = flush_client_new("/proc/self/exe", tmp);
    const struct flush_options flush = {.data_dir = dir,
                                        .range_bytes_max = 64 * 1024,
                                        .sink = flush_client_sink(world->flush_client)};
    world_ok(flush_new(world->os, world->store, world->manifest, &flush, &world->flush, &err),
             &err);
    world_ok(epoch_reader_add(store_epoch(world->store), &world->reader, &err), &err);
    world->context = (struct query_context){.program = "/proc/self/exe",
                                            .data_dir = world->dir,
                                            .store = world->store,
                                            .manifest = world->manifest,
                                            .os = world->os,
                                            .is_sandbox_required = true};
}

WORLD_UNUSED static void world_close(struct world *world)
{
    epoch_reader_remove(store_epoch(world->store), world->reader);
    flush_free(world->flush);
    flush_client_free(world->flush_client);
    manifest_close(world->manifest);
    store_close(world->store);
    arena_release(&world->arena);
    history_remove_dir(world->dir);
}

WORLD_UNUSED static void world_write(struct world *world, struct write_item *item)
{
    struct err err = {0};
    struct write_job job = {.items = item, .count = 1};
    world_ok(write_wait(world->store, &job, &err), &err);
}

/* Makes a group and gives it with a reference. */
WORLD_UNUSED static const struct group *world_group(struct world *world, const char *name,
                                                    const char *features)
{
    struct buf json = {0};

    buf_add_format(&json,
                   "{\"name\":\"%s\",\"arn\":\"arn:aws:sagemaker:eu-west-1:123456789012:"
                   "feature-group/%s\",\"identifier_index\":0,\"event_time_index\":1,"
                   "\"created_us\":1700000000000000,\"is_online\":true,\"is_offline\":true,"
                   "\"store_uri\":\"s3://bucket/store\","
                   "\"resolved_uri\":\"s3://bucket/store/123456789012/sagemaker/eu-west-1/"
                   "offline-store/%s-1700000000/data\",\"features\":[%s]}",
                   name, name, name, features);
    const struct change change = {.kind = CHANGE_CREATE,
                                  .name = str_from(name),
                                  .group_json = buf_str(&json),
                                  .groups_max = 100};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    world_write(world, &item);
    buf_release(&json);
    struct epoch *epoch = store_epoch(world->store);
    epoch_enter(epoch, world->reader);
    const struct group *group =
        group_ref(catalog_find(store_catalog(world->store), str_from(name)));
    epoch_leave(epoch, world->reader);
    return group;
}

WORLD_UNUSED static void world_drop(struct world *world, const char *name)
{
    const struct change change = {.kind = CHANGE_DELETE, .name = str_from(name)};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    world_write(world, &item);
}

WORLD_UNUSED static void world_put(struct world *world, const struct group *group,
                                   const char *const *texts)
{
    struct arena arena = {0};
    const struct entry *entry = history_put(&arena, group, texts, group->feature_count, 0, 0);
    struct write_item item = {.kind = WRITE_PUT,
                              .group = group,
                              .targets = TARGET_ONLINE | TARGET_OFFLINE,
                              .has_event_time = true,
                              .event_time = entry->event_time,
                              .identifier = entry->identifier,
                              .record = entry->record};
    world_write(world, &item);
    arena_release(&arena);
}

WORLD_UNUSED static void world_flush(struct world *world)
{
    struct err err = {0};
    uint64_t rows = 1;

    while (rows > 0)
        world_ok(flush_run(world->flush, &rows, &err), &err);
}

/* Runs SQL; the CSV text (NUL-terminated) is in `out` when OK. */
WORLD_UNUSED static enum code world_sql(struct world *world, const char *sql, struct buf *out,
                                        struct err *err)
{
    const struct query_request request = {.sql = str_from(sql),
                                          .format = ENGINE_CSV,
                                          .timeout_ms = 60 * 1000,
                                          .memory_bytes_max = UINT64_C(1) << 30,
                                          .now_us = INT64_C(1800000000000000)};
    struct query_result result = {.file = -1};

    *err = (struct err){0};
    TRY(query_run(&world->context, &request, &result, err));
    buf_clear(out);
    char *room = buf_reserve(out, result.bytes + 1);
    const ssize_t got = read(result.file, room, result.bytes);
    assert_int_equal(got, (ssize_t)result.bytes);
    room[result.bytes] = '\0';
    out->len = result.bytes;
    (void)close(result.file);
    return OK;
}

WORLD_UNUSED static void world_expect(struct world *world, const char *sql, const char *expected)
{
    struct buf text = {0};
    struct err err = {0};

    world_ok(world_sql(world, sql, &text, &err), &err);
    assert_string_equal(text.ptr, expected);
    buf_release(&text);
}

/* How many folders of queries are left. */
WORLD_UNUSED static size_t world_places(const struct world *world)
{
    struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;
    size_t places = 0;
    struct err err = {0};

    const char *tmp = arena_format(&arena, "%s/tmp", world->dir).ptr;
    world_ok(world->os->list(world->os->context, tmp, &arena, &names, &count, &err), &err);
    for (size_t i = 0; i < count; i++)
        places += str_starts(names[i], STR("query-")) ? 1 : 0;
    arena_release(&arena);
    return places;
}
