/*
 * BatchWriteRecord (contract 1.4): up to 25 records of any groups; each is written or refused
 * alone. A refused entry is echoed exactly as it was sent. What breaks the shape of the request, or
 * names a group that is not there, refuses it whole.
 */
#include "api/record_write.h"
#include "config/limits.h"

struct entry_request {
    struct str raw; /* as sent */
    struct str record_raw;
    struct str group_name;
    const struct group *group; /* referenced until the call is done */
    struct targets targets;
    struct ttl ttl;
    struct buf record;
    enum code code; /* of its own checks */
    struct err *err;
    struct write_item *item; /* NULL when it was refused before it was queued */
};

struct batch_write {
    struct call *call;
    struct entry_request entries[LIMIT_BATCH_WRITE_ENTRIES];
    size_t count;
    bool is_given;
    struct ttl ttl;
    struct write_item items[LIMIT_BATCH_WRITE_ENTRIES];
    struct write_job job;
};

static enum code entry_read(struct call *call, struct json *json, struct entry_request *entry,
                            struct err *err)
{
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        if (str_equal(key, STR("FeatureGroupName")))
            TRY(body_text(json, &entry->group_name));
        else if (str_equal(key, STR("Record")) && json_peek(json) == JSON_ARRAY)
            TRY(json_skip(json, &entry->record_raw));
        else if (str_equal(key, STR("TargetStores")))
            TRY(targets_read(call, json, &entry->targets, err));
        else if (str_equal(key, STR("TtlDuration")))
            TRY(ttl_member(json, &entry->ttl, err));
        else
            TRY(json_skip(json, NULL));
    }
    return json_status(json);
}

static enum code entries_read(struct call *call, struct json *json, struct batch_write *batch,
                              struct err *err)
{
    batch->is_given = true;
    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        if (batch->count == LIMIT_BATCH_WRITE_ENTRIES)
            return err_set(err, ERR_INVALID,
                           "1 validation error detected: Value at 'entries' failed to satisfy "
                           "constraint: Member must have length less than or equal to %d (Entries)",
                           LIMIT_BATCH_WRITE_ENTRIES);
        struct entry_request *entry = &batch->entries[batch->count++];
        const char *start = json->cursor;
        TRY(entry_read(call, json, entry, err));
        entry->raw = str_trim((struct str){start, (size_t)(json->cursor - start)});
    }
    return json_status(json);
}

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct batch_write *batch = context;

    if (str_equal(key, STR("Entries")) && json_peek(json) != JSON_NULL)
        return entries_read(call, json, batch, err);
    if (str_equal(key, STR("TtlDuration")))
        return ttl_member(json, &batch->ttl, err);
    return json_skip(json, NULL);
}

static enum code batch_check(const struct batch_write *batch, struct err *err)
{
    if (batch->count == 0)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value %s at 'entries' failed to satisfy "
                       "constraint: Member must %s (Entries)",
                       batch->is_given ? "[]" : "null",
                       batch->is_given ? "have length greater than or equal to 1" : "not be null");
    for (size_t i = 0; i < batch->count; i++) {
        const struct entry_request *entry = &batch->entries[i];
        if (str_is_absent(entry->group_name) || str_is_absent(entry->record_raw))
            return err_set(
                err, ERR_INVALID,
                "1 validation error detected: Value null at 'entries.%zu.member.%s' failed "
                "to satisfy constraint: Member must not be null",
                i + 1, str_is_absent(entry->group_name) ? "featureGroupName" : "record");
    }
    return OK;
}

static enum code groups_find(struct batch_write *batch, struct err *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct entry_request *entry = &batch->entries[i];
        TRY(call_group(batch->call, entry->group_name, LIMIT_GROUP_NAME_OR_ARN_RUNTIME,
                       &entry->group, err));
    }
    return OK;
}

/* The entry's own checks: a failure is its alone. */
static enum code entry_check(struct batch_write *batch, struct entry_request *entry,
                             struct write_item *item, struct err *err)
{
    struct json json;
    struct record record;
    uint8_t targets;
    int64_t ttl = entry->ttl.seconds;

    json_init(&json, entry->record_raw, batch->call->arena, err);
    TRY(record_read(&json, entry->group, &record, err));
    TRY(record_check(&record, false, err));
    TRY(targets_resolve(&entry->targets, entry->group, &targets, err));
    if (ttl == 0)
        ttl = batch->ttl.seconds > 0 ? batch->ttl.seconds : entry->group->ttl.seconds;
    record_encode(&record, &entry->record);
    *item = (struct write_item){.kind = WRITE_PUT,
                                .group = entry->group,
                                .targets = targets,
                                .has_event_time = true,
                                .event_time = record.event_time,
                                .ttl_seconds = ttl,
                                .identifier = record.identifier,
                                .record = buf_str(&entry->record)};
    return OK;
}

static void error_out(struct buf *out, const struct entry_request *entry, bool *is_first)
{
    int status;
    enum code code = entry->item == NULL ? entry->code : entry->item->result;
    const char *type = reply_error_type(PLANE_RUNTIME, code, &status);
    const char *text = entry->item == NULL ? entry->err->message : entry->item->err.message;

    buf_add(out, *is_first ? STR("{\"Entry\":") : STR(",{\"Entry\":"));
    *is_first = false;
    buf_add(out, entry->raw);
    buf_add_format(out, ",\"ErrorCode\":\"%s\",\"ErrorMessage\":", type);
    buf_add_json(out, str_from(text));
    buf_add_byte(out, '}');
}

static void batch_answer(struct batch_write *batch)
{
    struct buf *out = batch->call->out;
    bool is_first = true;

    buf_add(out, STR("{\"Errors\":["));
    for (size_t i = 0; i < batch->count; i++) {
        const struct entry_request *entry = &batch->entries[i];
        if (entry->item == NULL || entry->item->result != OK)
            error_out(out, entry, &is_first);
    }
    buf_add(out, STR("],\"UnprocessedEntries\":[]}"));
}

static void batch_release(struct batch_write *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        buf_release(&batch->entries[i].record);
        if (batch->entries[i].item != NULL)
            group_unref(batch->entries[i].group);
    }
}

static void batch_done(struct write_job *job, void *context)
{
    struct batch_write *batch = context;

    (void)job;
    batch_answer(batch);
    batch_release(batch);
    call_finish(batch->call, OK, NULL);
}

/*
 * Items are known to the retry keys by their place among those that were queued: which ones were is
 * part of the key, in case the group changed between two tries.
 */
static void retry_key_bind(struct batch_write *batch)
{
    char queued[LIMIT_BATCH_WRITE_ENTRIES + 1];

    batch->job.has_retry_key = call_retry_key(batch->call, &batch->job.retry_key);
    if (!batch->job.has_retry_key)
        return;
    for (size_t i = 0; i < batch->count; i++)
        queued[i] = batch->entries[i].item == NULL ? '0' : '1';
    struct str bound = arena_format(
        batch->call->arena, "%016llx%016llx %.*s", (unsigned long long)batch->job.retry_key.high,
        (unsigned long long)batch->job.retry_key.low, (int)batch->count, queued);
    batch->job.retry_key = hash_wide(bound);
}

static enum code batch_submit(struct batch_write *batch, struct err *err)
{
    struct call *call = batch->call;

    batch->job.items = batch->items;
    batch->job.done = batch_done;
    batch->job.context = batch;
    retry_key_bind(batch);
    call_defer(call);
    enum code code = write_submit(call->options->store, &batch->job, err);
    if (code != OK) {
        call->is_deferred = false;
        batch_release(batch);
    }
    return code;
}

enum code api_batch_write_record(struct call *call, struct err *err)
{
    struct batch_write *batch = ARENA_NEW(call->arena, struct batch_write, 1);

    batch->call = call;
    TRY(body_read(call, member_read, batch, err));
    TRY(batch_check(batch, err));
    TRY(groups_find(batch, err));
    for (size_t i = 0; i < batch->count; i++) {
        struct entry_request *entry = &batch->entries[i];
        struct write_item *item = &batch->items[batch->job.count];
        struct err own;
        entry->code = entry_check(batch, entry, item, &own);
        if (entry->code == OK) {
            entry->item = item;
            batch->job.count++;
            (void)group_ref(entry->group);
            continue;
        }
        entry->err = ARENA_NEW(call->arena, struct err, 1);
        *entry->err = own;
    }
    if (batch->job.count > 0)
        return batch_submit(batch, err);
    batch_answer(batch);
    batch_release(batch);
    return OK;
}
