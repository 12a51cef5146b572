#pragma once
/* Groups and journal entries for the tests of offline/ and worker/. */
#include "core/arena.h"
#include "journal/entry.h"
#include "schema/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS_FEATURES                                                                              \
    "{\"name\":\"id\",\"type\":\"String\"},{\"name\":\"event_ts\",\"type\":\"String\"},"           \
    "{\"name\":\"count\",\"type\":\"Integral\"},{\"name\":\"ratio\",\"type\":\"Fractional\"},"     \
    "{\"name\":\"text\",\"type\":\"String\"}"
#define ROWS_FEATURES_FRACTIONAL                                                                   \
    "{\"name\":\"id\",\"type\":\"Integral\"},{\"name\":\"event_ts\",\"type\":\"Fractional\"},"     \
    "{\"name\":\"text\",\"type\":\"String\"}"

static inline struct group *rows_group(unsigned id, const char *name, const char *features)
{
    struct buf json = {0};
    struct group *group = NULL;
    struct err err = {0};

    buf_add_format(&json,
                   "{\"id\":%u,\"version\":1,\"name\":\"%s\",\"arn\":\"arn:aws:sagemaker:eu-west-1:"
                   "123456789012:feature-group/%s\",\"identifier_index\":0,\"event_time_index\":1,"
                   "\"created_us\":1700000000000000,\"is_online\":true,\"is_offline\":true,"
                   "\"resolved_uri\":\"s3://bucket/x/123456789012/sagemaker/eu-west-1/"
                   "offline-store/%s-1700000000/data\",\"features\":[%s]}",
                   id, name, name, name, features);
    const enum code code = group_read(buf_str(&json), &group, &err);
    if (code != OK)
        (void)fprintf(stderr, "# %s\n", err.message);
    assert(code == OK);
    buf_release(&json);
    return group;
}

/* A put with `count` values (absent ones allowed), as a schema of so many features had them. */
static inline const struct entry *rows_put(struct arena *arena, const struct group *group,
                                           const struct str *values, uint32_t count,
                                           int64_t arrival_us)
{
    struct group older = *group;
    struct record record = {.group = &older};
    struct buf bytes = {0};
    struct entry *entry = ARENA_NEW(arena, struct entry, 1);

    older.feature_count = count;
    record.values = ARENA_NEW(arena, struct str, count);
    for (uint32_t i = 0; i < count; i++) {
        record.values[i] = values[i];
        record.present_count += str_is_absent(values[i]) ? 0 : 1;
    }
    record_encode(&record, &bytes);
    *entry = (struct entry){
        .kind = ENTRY_PUT,
        .targets = TARGET_ONLINE | TARGET_OFFLINE,
        .group_id = group->id,
        .feature_count = count,
        .arrival_us = arrival_us,
        .identifier = arena_str(arena, values[group->identifier_index]),
        .record = arena_str(arena, buf_str(&bytes)),
    };
    buf_release(&bytes);
    const enum code code =
        record_event_time(group, values[group->event_time_index], &entry->event_time, NULL);
    assert(code == OK);
    return entry;
}

static inline const struct entry *rows_put_texts(struct arena *arena, const struct group *group,
                                                 const char *const *texts, uint32_t count,
                                                 int64_t arrival_us)
{
    struct str *values = ARENA_NEW(arena, struct str, count);

    for (uint32_t i = 0; i < count; i++)
        values[i] = str_from(texts[i]);
    return rows_put(arena, group, values, count, arrival_us);
}

static inline const struct entry *rows_delete(struct arena *arena, const struct group *group,
                                              enum entry_kind kind, const char *identifier,
                                              const char *event_time, int64_t arrival_us)
{
    struct entry *entry = ARENA_NEW(arena, struct entry, 1);

    *entry = (struct entry){.kind = kind,
                            .targets = TARGET_ONLINE | TARGET_OFFLINE,
                            .group_id = group->id,
                            .feature_count = group->feature_count,
                            .arrival_us = arrival_us,
                            .identifier = arena_str(arena, str_from(identifier)),
                            .record = STR("")};
    const enum code code = record_event_time(group, str_from(event_time), &entry->event_time, NULL);
    assert(code == OK);
    return entry;
}

/* A new folder below /tmp; remove it with rows_dir_remove. */
static inline const char *rows_dir_make(struct arena *arena, const char *name)
{
    char path[] = "/tmp/asof-test-XXXXXX";

    (void)name;
    const char *made = mkdtemp(path);
    assert(made != NULL);
    return arena_cstr(arena, str_from(made));
}
