/*
 * BatchWriteRecord (contract 1.4): up to 25 entries, each written or refused alone; a refused one
 * is echoed with the very text it came as. What breaks the request's own form (a missing member, a
 * name that is none, an unknown feature group) refuses the whole request, before anything is
 * written.
 */
#include "api/body.h"
#include "api/record_request.h"
#include "config/limits.h"

struct batch_entry {
    struct str text; /* as it came */
    struct str group_name;
    struct str record_text;
    uint8_t targets_named;
    struct ttl ttl;
    const struct group *group;
    enum code code; /* OK: accepted so far */
    struct err *err;
};

struct batch_write {
    struct call *call;
    struct batch_entry *entries;
    size_t count;
    bool is_given;
    struct ttl ttl;
    uint64_t seen;
    struct write_item *items; /* of the accepted entries, in order */
    size_t *item_entries;     /* which entry an item is of */
    size_t item_count;
    struct write_job job;
};

enum { ENTRY_GROUP_NAME, ENTRY_RECORD, ENTRY_TARGETS, ENTRY_TTL };
static const char *const entry_members[] = {"FeatureGroupName", "Record", "TargetStores",
                                            "TtlDuration"};

static enum code entry_member_read(struct json *json, struct str key, struct batch_entry *entry,
                                   uint64_t *seen, struct err *err)
{
    struct record_request request = {0};
    size_t member;

    TRY(json_field(json, key, entry_members, ARRAY_COUNT(entry_members), seen, &member));
    if (member == ENTRY_GROUP_NAME)
        return body_text(json, &entry->group_name);
    if (member == ENTRY_TTL)
        return record_request_ttl(json, &entry->ttl, err);
    if (member == ENTRY_RECORD && json_peek(json) != JSON_NULL) {
        if (json_peek(json) != JSON_ARRAY)
            return json_array_begin(json); /* says what was expected */
        return json_skip(json, &entry->record_text);
    }
    if (member != ENTRY_TARGETS)
        return json_skip(json, NULL);
    TRY(record_request_targets(json, &request, err));
    entry->targets_named = request.targets;
    return OK;
}

/* One entry, which stands next. Its record is read later, when its group is known. */
static enum code entry_read(struct json *json, struct batch_entry *entry, struct err *err)
{
    const char *start;
    struct str key;
    uint64_t seen = 0;

    (void)json_peek(json); /* past the blanks */
    start = json->cursor;
    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(entry_member_read(json, key, entry, &seen, err));
    TRY(json_status(json));
    entry->text = (struct str){start, (size_t)(json->cursor - start)};
    if (str_is_absent(entry->group_name))
        return member_missing("entries.member.featureGroupName", "FeatureGroupName", err);
    if (str_is_absent(entry->record_text))
        return member_missing("entries.member.record", "Record", err);
    return OK;
}

static enum code entries_read(struct json *json, struct batch_write *batch, struct err *err)
{
    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    TRY(json_array_begin(json));
    batch->is_given = true;
    while (json_array_next(json)) {
        if (batch->count == LIMIT_BATCH_WRITE_ENTRIES)
            return err_set(err, ERR_INVALID,
                           "1 validation error detected: Value at 'entries' failed to satisfy "
                           "constraint: Member must have length less than or equal to %d (Entries)",
                           LIMIT_BATCH_WRITE_ENTRIES);
        TRY(entry_read(json, &batch->entries[batch->count++], err));
    }
    return json_status(json);
}

enum { MEMBER_ENTRIES, MEMBER_TTL };
static const char *const members[] = {"Entries", "TtlDuration"};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct batch_write *batch = context;
    size_t member;

    (void)call;
    TRY(json_field(json, key, members, ARRAY_COUNT(members), &batch->seen, &member));
    if (member == MEMBER_ENTRIES)
        return entries_read(json, batch, err);
    if (member == MEMBER_TTL)
        return record_request_ttl(json, &batch->ttl, err);
    return json_skip(json, NULL);
}

static enum code request_check(struct batch_write *batch, struct err *err)
{
    if (!batch->is_given)
        return member_missing("entries", "Entries", err);
    if (batch->count == 0)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value '[]' at 'entries' failed to satisfy "
                       "constraint: Member must have length greater than or equal to 1 (Entries)");
    for (size_t i = 0; i < batch->count; i++)
        TRY(call_group(batch->call, batch->entries[i].group_name, LIMIT_GROUP_NAME_OR_ARN_RUNTIME,
                       &batch->entries[i].group, err));
    return OK;
}

/* Decodes and checks the entry; *item is filled but for its record, whose bytes are appended to
 * `encoded`. */
static enum code entry_prepare(const struct batch_write *batch, const struct batch_entry *entry,
                               struct write_item *item, struct buf *encoded, struct err *err)
{
    struct record record;
    struct json json;
    const struct group *group = entry->group;
    const struct ttl *ttl = entry->ttl.seconds != 0   ? &entry->ttl
                            : batch->ttl.seconds != 0 ? &batch->ttl
                                                      : &group->ttl;

    TRY(group_is_writable(group, err));
    TRY(targets_resolve(group, entry->targets_named, &item->targets, err));
    json_init(&json, entry->record_text, batch->call->arena, err);
    TRY(record_read(&json, group, &record, err));
    TRY(record_check(&record, false, err));
    record_encode(&record, encoded);
    item->kind = WRITE_PUT;
    item->has_event_time = true;
    item->event_time = record.event_time;
    item->ttl_seconds = ttl->seconds;
    item->identifier = record.identifier;
    return OK;
}

/* Every entry becomes an item or is refused. The records wait in the response's buffer. */
static void entries_prepare(struct batch_write *batch)
{
    struct call *call = batch->call;
    size_t offsets[LIMIT_BATCH_WRITE_ENTRIES + 1] = {0};
    struct err err = {0};

    for (size_t i = 0; i < batch->count; i++) {
        struct batch_entry *entry = &batch->entries[i];
        struct write_item *item = &batch->items[batch->item_count];
        entry->code = entry_prepare(batch, entry, item, call->out, &err);
        if (entry->code != OK) {
            entry->err = ARENA_NEW(call->arena, struct err, 1);
            *entry->err = err;
            continue;
        }
        batch->item_entries[batch->item_count++] = i;
        offsets[batch->item_count] = call->out->len;
    }
    struct str all = buf_str(call->out);
    for (size_t i = 0; i < batch->item_count; i++) {
        batch->items[i].record = str_slice(all, offsets[i], offsets[i + 1]);
        batch->items[i].group = group_ref(batch->entries[batch->item_entries[i]].group);
    }
}

/* ---- the answer ---- */

static void error_out(struct buf *out, const struct batch_entry *entry)
{
    int status;
    const char *type = reply_error_type(PLANE_RUNTIME, entry->code, &status);

    buf_add(out, STR("{\"Entry\":"));
    buf_add(out, entry->text);
    buf_add_format(out, ",\"ErrorCode\":\"%s\",\"ErrorMessage\":", type);
    buf_add_json(out, status < 500 ? str_from(entry->err->message)
                                   : STR("Internal server error. Please try again later."));
    buf_add_byte(out, '}');
}

static void entries_out(const struct batch_write *batch, bool is_unprocessed)
{
    struct buf *out = batch->call->out;
    bool is_first = true;

    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_entry *entry = &batch->entries[i];
        if (entry->code == OK || (entry->code == ERR_BUSY) != is_unprocessed)
            continue;
        if (!is_first)
            buf_add_byte(out, ',');
        is_first = false;
        if (is_unprocessed)
            buf_add(out, entry->text);
        else
            error_out(out, entry);
    }
}

static void answer_out(const struct batch_write *batch)
{
    struct buf *out = batch->call->out;

    buf_clear(out);
    buf_add(out, STR("{\"Errors\":["));
    entries_out(batch, false);
    buf_add(out, STR("],\"UnprocessedEntries\":["));
    entries_out(batch, true);
    buf_add(out, STR("]}"));
}

/* On the writer thread. A failed journal is no entry's fault: the whole request failed. */
static void batch_done(struct write_job *job, void *context)
{
    struct batch_write *batch = context;
    enum code code = OK;
    struct err err = {0};

    for (size_t i = 0; i < job->count; i++) {
        struct write_item *item = &job->items[i];
        struct batch_entry *entry = &batch->entries[batch->item_entries[i]];
        group_unref(item->group);
        entry->code = item->result;
        entry->err = &item->err;
        if (item->result == ERR_IO || item->result == ERR_CORRUPT) {
            code = item->result;
            err = item->err;
        }
    }
    answer_out(batch);
    call_finish(batch->call, code, &err);
}

/*
 * The retry key of an item counts accepted entries, so it must be another one when others are
 * accepted (the schema changed between two tries).
 */
static bool retry_key(const struct batch_write *batch, struct hash128 *ret)
{
    struct hash128 key;
    uint64_t accepted = 0;

    if (!call_retry_key(batch->call, &key))
        return false;
    for (size_t i = 0; i < batch->item_count; i++)
        accepted |= UINT64_C(1) << batch->item_entries[i];
    key.low ^= accepted * UINT64_C(0x9E3779B97F4A7C15);
    *ret = key;
    return true;
}

static_assert(LIMIT_BATCH_WRITE_ENTRIES <= 64, "accepted entries are a mask");

static enum code batch_submit(struct batch_write *batch, struct err *err)
{
    struct call *call = batch->call;

    batch->job = (struct write_job){
        .items = batch->items, .count = batch->item_count, .done = batch_done, .context = batch};
    batch->job.has_retry_key = retry_key(batch, &batch->job.retry_key);
    call_defer(call);
    enum code code = write_submit(call->options->store, &batch->job, err);
    if (code == OK)
        return OK;
    call_undefer(call);
    for (size_t i = 0; i < batch->item_count; i++)
        group_unref(batch->items[i].group);
    return code;
}

enum code api_batch_write_record(struct call *call, struct err *err)
{
    struct batch_write *batch = ARENA_NEW(call->arena, struct batch_write, 1);

    batch->call = call;
    batch->entries = ARENA_NEW(call->arena, struct batch_entry, LIMIT_BATCH_WRITE_ENTRIES);
    TRY(body_read(call, member_read, batch, err));
    TRY(request_check(batch, err));
    batch->items = ARENA_NEW(call->arena, struct write_item, batch->count);
    batch->item_entries = ARENA_NEW(call->arena, size_t, batch->count);
    entries_prepare(batch);
    if (batch->item_count > 0)
        return batch_submit(batch, err);
    answer_out(batch);
    return OK;
}
