#pragma once
/* A store on the simulated machine with a flush behind it, and a sink that keeps what it was asked.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "offline/flush_priv.h"
#include "offline/layout.h"
#include "sim/sim_os.h"
#include "unit/offline/rows.h"

#define KIT_UNUSED __attribute__((unused))

struct flush_kit {
    struct sim *sim;
    const struct os *os;
    struct store *store;
    struct manifest *manifest;
    struct flush *flush;
    struct arena arena;
    struct err err;
    struct buf asked; /* one line a job, then one a row */
    unsigned jobs;
    unsigned failures_left; /* of the sink */
    uint64_t lie_bytes;     /* added to the size that the sink tells */
};

KIT_UNUSED static enum code kit_sink(void *context, const struct parquet_job *job,
                                     struct parquet_result *ret, struct err *err)
{
    struct flush_kit *kit = context;
    struct buf text = {0};
    struct os_file *file = NULL;
    bool has_sidecar = false;

    if (kit->failures_left > 0) {
        kit->failures_left--;
        return err_set(err, ERR_IO, "the sink is broken");
    }
    kit->jobs++;
    buf_add_format(&kit->asked, "file %.*s features %u\n", STR_ARG(job->group->name),
                   job->feature_count);
    for (size_t i = 0; i < job->entry_count; i++) {
        buf_add_format(&text, "%.*s\n", STR_ARG(job->entries[i]->identifier));
        has_sidecar |= job->entries[i]->ttl_seconds != 0;
        assert_true(job->write_time_us >= job->entries[i]->arrival_us);
    }
    buf_add(&kit->asked, buf_str(&text));
    TRY(kit->os->open(kit->os->context, job->path, OS_WRITE | OS_CREATE | OS_TRUNCATE, &file, err));
    enum code code = kit->os->write(kit->os->context, file, text.ptr, text.len, 0, err);
    kit->os->close(kit->os->context, file);
    if (code == OK && has_sidecar)
        code = os_write_file(kit->os, job->sidecar_path, STR("sidecar"), err);
    *ret = (struct parquet_result){.bytes = text.len + kit->lie_bytes, .has_sidecar = has_sidecar};
    buf_release(&text);
    return code;
}

KIT_UNUSED static void kit_ok(struct flush_kit *kit, enum code code)
{
    if (code != OK)
        fail_msg("%s", kit->err.message);
}

KIT_UNUSED static void kit_open(struct flush_kit *kit, uint64_t range_bytes_max)
{
    struct store_options store = {.journal = {.segment_bytes = 256 * 1024},
                                  .cache_bytes_max = 1 << 20};
    struct flush_options options = {
        .data_dir = "/data", .range_bytes_max = range_bytes_max, .sink = {kit_sink, kit}};
    struct flush_mark mark;

    kit_ok(kit, store_open(kit->os, "/data", &store, &kit->store, &kit->err));
    store_flush_mark(kit->store, &mark);
    kit_ok(kit, manifest_open(kit->os, "/data/manifest", mark.manifest, &kit->manifest, &kit->err));
    kit_ok(kit, flush_new(kit->os, kit->store, kit->manifest, &options, &kit->flush, &kit->err));
}

KIT_UNUSED static void kit_close(struct flush_kit *kit)
{
    flush_free(kit->flush);
    manifest_close(kit->manifest);
    store_close(kit->store);
}

KIT_UNUSED static struct flush_kit *kit_new(void)
{
    struct flush_kit *kit = MEM_NEW(struct flush_kit);

    kit->sim = sim_new(1);
    kit->os = sim_os(kit->sim);
    kit_open(kit, 0);
    return kit;
}

KIT_UNUSED static void kit_free(struct flush_kit *kit)
{
    kit_close(kit);
    sim_free(kit->sim);
    arena_release(&kit->arena);
    buf_release(&kit->asked);
    mem_free(kit);
}

KIT_UNUSED static void kit_change(struct flush_kit *kit, enum change_kind kind, const char *name,
                                  bool is_offline)
{
    struct str json = arena_format(
        &kit->arena,
        "{\"id\":1,\"version\":1,\"name\":\"%s\",\"arn\":\"arn:aws:sagemaker:eu-west-1:"
        "123456789012:feature-group/%s\",\"identifier_index\":0,\"event_time_index\":1,"
        "\"created_us\":1700000000000000,\"is_online\":true,\"is_offline\":%s,"
        "\"resolved_uri\":\"s3://b/%s/data\",\"features\":[{\"name\":\"id\",\"type\":\"String\"},"
        "{\"name\":\"t\",\"type\":\"String\"}]}",
        name, name, is_offline ? "true" : "false", name);
    struct change change = {
        .kind = kind, .name = str_from(name), .group_json = json, .groups_max = 100};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    struct write_job job = {.items = &item, .count = 1};

    kit_ok(kit, write_wait(kit->store, &job, &kit->err));
}

KIT_UNUSED static void kit_write(struct flush_kit *kit, enum write_kind kind, const char *group,
                                 uint8_t targets, const char *identifier, const char *event_time)
{
    const struct group *found = catalog_find(store_catalog(kit->store), str_from(group));
    struct write_item item = {
        .kind = kind,
        .group = found,
        .targets = targets,
        .has_event_time = true,
        .identifier = str_from(identifier),
        .record = kind == WRITE_PUT ? STR("x") : STR(""),
        .ttl_seconds = identifier[0] == 't' ? 60 : 0,
    };
    struct write_job job = {.items = &item, .count = 1};

    assert_non_null(found);
    kit_ok(kit, instant_parse_iso(str_from(event_time), &item.event_time, &kit->err));
    kit_ok(kit, write_wait(kit->store, &job, &kit->err));
}

KIT_UNUSED static void kit_put(struct flush_kit *kit, const char *group, const char *identifier,
                               const char *event_time)
{
    kit_write(kit, WRITE_PUT, group, TARGET_ONLINE | TARGET_OFFLINE, identifier, event_time);
}

KIT_UNUSED static uint64_t kit_flush(struct flush_kit *kit)
{
    uint64_t rows = 0;

    kit_ok(kit, flush_run(kit->flush, &rows, &kit->err));
    return rows;
}

/* What the sink was asked since the last time. */
KIT_UNUSED static const char *kit_asked(struct flush_kit *kit)
{
    const char *text = arena_cstr(&kit->arena, buf_str(&kit->asked));

    buf_clear(&kit->asked);
    return text;
}
