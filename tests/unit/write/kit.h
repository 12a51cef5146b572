#pragma once
/* What the tests of write/ share: a store on the simulated machine, turned by hand, with a group.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "sim/sim_os.h"
#include "unit/schema/sample.h"
#include "write/store_priv.h"

#include <stdio.h>

#define KIT_UNUSED __attribute__((unused))

enum { KIT_SEGMENT_BYTES = 64 * 1024, KIT_FEATURES = 4, KIT_ALL = TARGET_ONLINE | TARGET_OFFLINE };

struct kit {
    struct sim *sim;
    const struct os *os;
    struct store_options options;
    struct store *store;
    const struct group *group; /* "g" */
    unsigned failures;         /* calls of options.failed */
    unsigned done;             /* jobs completed */
    struct err err;
};

KIT_UNUSED static void kit_failed(void *context, const struct err *err)
{
    struct kit *kit = context;
    assert_true(err->message[0] != '\0');
    kit->failures++;
}

KIT_UNUSED static struct kit *kit_new(uint64_t seed)
{
    struct kit *kit = MEM_NEW(struct kit);
    kit->sim = sim_new(seed);
    kit->os = sim_os(kit->sim);
    kit->options = (struct store_options){
        .journal = {.segment_bytes = KIT_SEGMENT_BYTES},
        .cache_bytes_max = 64 * 1024,
        .checkpoint_bytes = UINT64_C(1) << 40,
        .failed = kit_failed,
        .failed_context = kit,
    };
    return kit;
}

KIT_UNUSED static enum code kit_try_open(struct kit *kit)
{
    assert_null(kit->store);
    return store_open(kit->os, "/data", &kit->options, &kit->store, &kit->err);
}

KIT_UNUSED static void kit_find_group(struct kit *kit)
{
    const struct group *group = catalog_find(store_catalog(kit->store), STR("g"));
    group_unref(kit->group);
    kit->group = group == NULL ? NULL : group_ref(group);
}

KIT_UNUSED static void kit_open(struct kit *kit)
{
    if (kit_try_open(kit) != OK)
        fail_msg("%s", kit->err.message);
    kit_find_group(kit);
}

KIT_UNUSED static void kit_close(struct kit *kit)
{
    store_close(kit->store);
    kit->store = NULL;
}

KIT_UNUSED static void kit_reopen(struct kit *kit)
{
    kit_close(kit);
    kit_open(kit);
}

KIT_UNUSED static void kit_free(struct kit *kit)
{
    store_close(kit->store);
    group_unref(kit->group);
    sim_free(kit->sim);
    mem_free(kit);
}

/* ---- writing ---- */

KIT_UNUSED static void kit_done(struct write_job *job, void *context)
{
    struct kit *kit = context;
    (void)job;
    kit->done++;
}

KIT_UNUSED static struct write_job kit_job(struct kit *kit, struct write_item *items, size_t count)
{
    return (struct write_job){.items = items, .count = count, .done = kit_done, .context = kit};
}

KIT_UNUSED static void kit_submit(struct kit *kit, struct write_job *job)
{
    if (write_submit(kit->store, job, &kit->err) != OK)
        fail_msg("%s", kit->err.message);
}

KIT_UNUSED static void kit_turn(struct kit *kit)
{
    size_t jobs;
    if (store_turn(kit->store, &jobs, &kit->err) != OK)
        fail_msg("%s", kit->err.message);
}

KIT_UNUSED static void kit_turns(struct kit *kit, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kit_turn(kit);
}

/* One item, one turn; its result. */
KIT_UNUSED static enum code kit_write(struct kit *kit, struct write_item *item)
{
    struct write_job job = kit_job(kit, item, 1);
    unsigned before = kit->done;
    kit_submit(kit, &job);
    kit_turn(kit);
    assert_int_equal(kit->done, before + 1);
    return item->result;
}

KIT_UNUSED static struct write_item kit_item(struct kit *kit, enum write_kind kind,
                                             const char *identifier, int64_t seconds,
                                             struct str record)
{
    return (struct write_item){
        .kind = kind,
        .group = kit->group,
        .targets = KIT_ALL,
        .has_event_time = true,
        .event_time = {seconds, 0},
        .identifier = str_from(identifier),
        .record = record,
    };
}

KIT_UNUSED static enum code kit_put(struct kit *kit, const char *identifier, int64_t seconds,
                                    const char *record)
{
    struct write_item item = kit_item(kit, WRITE_PUT, identifier, seconds, str_from(record));
    return kit_write(kit, &item);
}

KIT_UNUSED static enum code kit_delete(struct kit *kit, enum write_kind kind,
                                       const char *identifier, int64_t seconds)
{
    struct write_item item = kit_item(kit, kind, identifier, seconds, STR(""));
    return kit_write(kit, &item);
}

KIT_UNUSED static enum code kit_mark(struct kit *kit, uint64_t flushed_to)
{
    struct flush_mark mark = {.flushed_to = flushed_to, .manifest = 7};
    struct buf bytes;
    buf_init(&bytes, 0);
    flush_mark_encode(&mark, &bytes);
    struct write_item item = {.kind = WRITE_MARK, .record = buf_str(&bytes)};
    enum code code = kit_write(kit, &item);
    buf_release(&bytes);
    return code;
}

KIT_UNUSED static enum code kit_edit(const struct group *current, void *context,
                                     struct buf *out_group_json, struct err *err)
{
    unsigned *extra = context; /* features besides id and t */
    struct buf json;
    struct group *next;
    buf_init(&json, 0);
    sample_json(&json, "g", "String", *extra);
    enum code code = group_read(buf_str(&json), &next, err);
    buf_release(&json);
    TRY(code);
    next->id = current->id;
    next->version = current->version;
    group_write(next, out_group_json);
    group_unref(next);
    return OK;
}

KIT_UNUSED static enum code kit_change(struct kit *kit, enum change_kind kind, const char *name,
                                       unsigned extra)
{
    struct buf json;
    buf_init(&json, 0);
    sample_json(&json, name, "String", extra);
    struct change change = {.kind = kind,
                            .name = str_from(name),
                            .group_json = buf_str(&json),
                            .edit = kit_edit,
                            .context = &extra,
                            .groups_max = 100};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    enum code code = kit_write(kit, &item);
    buf_release(&json);
    if (code == OK)
        kit_find_group(kit);
    return code;
}

/* An open store with the group "g" of four features: id, t, f2 and f3. */
KIT_UNUSED static struct kit *kit_with_group(uint64_t seed)
{
    struct kit *kit = kit_new(seed);
    kit_open(kit);
    assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", KIT_FEATURES - 2), OK);
    return kit;
}

/* ---- reading ---- */

KIT_UNUSED static struct online_head kit_head(struct kit *kit, const char *identifier)
{
    struct online_head head;
    online_head(store_online(kit->store), kit->group->id, str_from(identifier), &head);
    return head;
}

/* The record's text, "<none>" or "<tombstone>". */
KIT_UNUSED static void kit_expect(struct kit *kit, const char *identifier, const char *expected)
{
    struct arena arena = {0};
    struct online_record got;
    enum code code = online_get(store_online(kit->store), kit->group->id, str_from(identifier),
                                &arena, &got, &kit->err);
    if (code != OK)
        fail_msg("%s", kit->err.message);
    if (!got.head.is_found)
        assert_string_equal(expected, "<none>");
    else if (got.head.is_tombstone)
        assert_string_equal(expected, "<tombstone>");
    else if (!str_equal(got.record, str_from(expected)))
        fail_msg("'%.*s' is not '%s'", STR_ARG(got.record), expected);
    arena_release(&arena);
}

KIT_UNUSED static struct store_status kit_status(struct kit *kit)
{
    struct store_status status;
    store_status(kit->store, &status);
    return status;
}

/* A record in its stored form; absent values are NULL. */
KIT_UNUSED static struct str kit_record(struct kit *kit, struct arena *arena,
                                        const char *const values[KIT_FEATURES])
{
    struct str texts[KIT_FEATURES];
    struct record record = {.group = kit->group, .values = texts};
    struct buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < KIT_FEATURES; i++)
        texts[i] = str_from(values[i]);
    record_encode(&record, &out);
    struct str stored = arena_str(arena, buf_str(&out));
    buf_release(&out);
    return stored;
}
