#pragma once
/* Groups, entries and Parquet files for the tests of query/ and of the query worker. */
#include "core/arena.h"
#include "offline/parquet_write.h"
#include "query/source.h"
#include "schema/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `features` is the inside of the JSON list: {"name":"id","type":"Integral"},… */
static inline struct group *history_group(unsigned id, const char *name, const char *features)
{
    struct buf json = {0};
    struct group *group = NULL;
    struct err err = {0};

    buf_add_format(&json,
                   "{\"id\":%u,\"version\":1,\"name\":\"%s\",\"arn\":\"arn:aws:sagemaker:eu-west-1:"
                   "123456789012:feature-group/%s\",\"identifier_index\":0,\"event_time_index\":1,"
                   "\"created_us\":1700000000000000,\"is_online\":true,\"is_offline\":true,"
                   "\"features\":[%s]}",
                   id, name, name, features);
    const enum code code = group_read(buf_str(&json), &group, &err);
    if (code != OK)
        (void)fprintf(stderr, "# %s\n", err.message);
    assert(code == OK);
    buf_release(&json);
    return group;
}

/* A put with one text a feature (NULL: absent); `count` of them, as an older schema may have had
 * fewer. */
static inline struct entry *history_put(struct arena *arena, const struct group *group,
                                        const char *const *texts, uint32_t count,
                                        int64_t arrival_us, int64_t ttl_seconds)
{
    struct group older = *group;
    struct record record = {.group = &older};
    struct buf bytes = {0};
    struct entry *entry = ARENA_NEW(arena, struct entry, 1);
    struct err err = {0};

    older.feature_count = count;
    record.values = ARENA_NEW(arena, struct str, count);
    for (uint32_t i = 0; i < count; i++) {
        record.values[i] = arena_str(arena, str_from(texts[i]));
        record.present_count += texts[i] == NULL ? 0 : 1;
    }
    record_encode(&record, &bytes);
    *entry = (struct entry){.kind = ENTRY_PUT,
                            .targets = TARGET_OFFLINE,
                            .group_id = group->id,
                            .feature_count = count,
                            .arrival_us = arrival_us,
                            .ttl_seconds = ttl_seconds,
                            .identifier = record.values[group->identifier_index],
                            .record = arena_str(arena, buf_str(&bytes))};
    buf_release(&bytes);
    const enum code code =
        record_event_time(group, record.values[group->event_time_index], &entry->event_time, &err);
    assert(code == OK);
    return entry;
}

static inline struct entry *history_delete(struct arena *arena, const struct group *group,
                                           const char *identifier, const char *event_time,
                                           int64_t arrival_us)
{
    struct entry *entry = ARENA_NEW(arena, struct entry, 1);

    *entry = (struct entry){.kind = ENTRY_DELETE,
                            .targets = TARGET_OFFLINE,
                            .group_id = group->id,
                            .feature_count = group->feature_count,
                            .arrival_us = arrival_us,
                            .identifier = arena_str(arena, str_from(identifier)),
                            .record = STR("")};
    const enum code code = record_event_time(group, str_from(event_time), &entry->event_time, NULL);
    assert(code == OK);
    return entry;
}

/* Writes entries to "<dir>/<name>.parquet" (and ".sidecar") and tells the file. */
static inline struct source_file history_file(struct duck *duck, struct arena *arena,
                                              const struct group *group, uint32_t feature_count,
                                              const char *dir, const char *name,
                                              struct entry *const *entries, size_t count)
{
    struct parquet_writer *writer = parquet_writer_new(duck);
    struct parquet_target target = {.write_time_us = INT64_C(1700000001000000)};
    struct source_file file = {.feature_count = feature_count, .sidecar = STR("")};
    struct err err = {0};
    bool has_sidecar = false;

    target.path = arena_format(arena, "%s/%s.parquet", dir, name).ptr;
    target.sidecar_path = arena_format(arena, "%s/%s.sidecar", dir, name).ptr;
    parquet_schema_of(group, feature_count, arena, &target.schema);
    enum code code = parquet_writer_open(writer, &target, &err);
    for (size_t i = 0; i < count && code == OK; i++)
        code = parquet_writer_add(writer, entries[i], &err);
    if (code == OK)
        code = parquet_writer_close(writer, &has_sidecar, &err);
    if (code != OK)
        (void)fprintf(stderr, "# %s\n", err.message);
    assert(code == OK);
    parquet_writer_free(writer);
    file.path = str_from(target.path);
    if (has_sidecar)
        file.sidecar = str_from(target.sidecar_path);
    return file;
}

static inline void history_write_text(const char *dir, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert(file != NULL);
    const size_t written = fwrite(text, 1, strlen(text), file);
    assert(written == strlen(text));
    (void)fclose(file);
}

/* The file's text, with a NUL behind it. */
static inline void history_read_text(const char *dir, const char *name, struct buf *out)
{
    char path[256];
    char block[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "r");
    assert(file != NULL);
    buf_clear(out);
    for (size_t got = fread(block, 1, sizeof(block), file); got > 0;
         got = fread(block, 1, sizeof(block), file))
        buf_add(out, (struct str){block, got});
    buf_add_byte(out, '\0');
    (void)fclose(file);
}

/* Removes a folder of plain files. */
static inline void history_remove_dir(const char *dir)
{
    char command[320];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    const int status = system(command); // NOLINT: a test's own folder
    assert(status == 0);
}
