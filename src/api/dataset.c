/* POST /v1/datasets: a point-in-time dataset for labels that were uploaded (design section 9). */
#include "api/api_priv.h"
#include "api/body.h"
#include "api/query_pool.h"
#include "config/limits.h"

struct dataset_call {
    struct query_job job; /* first: the pool gives it back */
    struct str upload_id;
};

struct dataset_body {
    struct str upload_id;
    struct str labels_format;
    struct str format;
    struct str time_column;
    struct texts groups;
    bool is_as_seen;
    struct dataset_key keys[LIMIT_QUERY_TABLES];
    size_t key_count;
};

/* {"<group>": "<column>", …} */
static enum code keys_read(struct json *json, struct dataset_body *body, struct err *err)
{
    struct str group;

    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    TRY(json_object_begin(json));
    while (json_object_next(json, &group)) {
        if (body->key_count == ARRAY_COUNT(body->keys))
            return err_set(err, ERR_INVALID, "Keys: at most %zu are taken",
                           ARRAY_COUNT(body->keys));
        struct dataset_key *key = &body->keys[body->key_count++];
        key->group = group;
        TRY(json_string(json, &key->column));
    }
    return json_status(json);
}

static enum code dataset_member(struct call *call, struct json *json, struct str key, void *context,
                                struct err *err)
{
    struct dataset_body *body = context;
    const struct {
        struct str name;
        struct str *text;
    } texts[] = {
        {STR("UploadId"), &body->upload_id},
        {STR("LabelsFormat"), &body->labels_format},
        {STR("Format"), &body->format},
        {STR("TimeColumn"), &body->time_column},
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (str_equal_nocase(key, texts[i].name))
            return body_text(json, texts[i].text);
    }
    if (str_equal_nocase(key, STR("Groups")))
        return body_texts(call, json, "Groups", LIMIT_QUERY_TABLES, &body->groups, err);
    if (str_equal_nocase(key, STR("Keys")))
        return keys_read(json, body, err);
    if (str_equal_nocase(key, STR("AsSeen")))
        return json_bool(json, &body->is_as_seen);
    return err_set(err, ERR_INVALID,
                   "expected the members UploadId, LabelsFormat, Groups, Keys, TimeColumn, AsSeen "
                   "and Format, found '%.*s'",
                   STR_ARG(text_shown(key)));
}

static enum code labels_format_read(struct str name, bool *ret_is_parquet, struct err *err)
{
    const bool is_parquet = str_equal_nocase(name, STR("parquet"));

    if (!is_parquet && !str_is_absent(name) && !str_equal_nocase(name, STR("csv")))
        return err_set(err, ERR_INVALID, "LabelsFormat: expected csv or parquet, found '%.*s'",
                       STR_ARG(text_shown(name)));
    *ret_is_parquet = is_parquet;
    return OK;
}

/* A key for a group that is not asked for is a mistake in its name. */
static enum code keys_check(const struct dataset_body *body, struct err *err)
{
    for (size_t i = 0; i < body->key_count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < body->groups.count; j++)
            is_known |= str_equal(body->keys[i].group, body->groups.items[j]);
        if (!is_known)
            return err_set(err, ERR_INVALID, "Keys: '%.*s' is not among Groups",
                           STR_ARG(text_shown(body->keys[i].group)));
    }
    return OK;
}

static void dataset_ended(struct query_job *job, struct call *call)
{
    const struct dataset_call *dataset = (const struct dataset_call *)job;

    uploads_end(query_pool_uploads(call->api->queries), dataset->upload_id);
}

static enum code request_fill(struct call *call, const struct dataset_body *body,
                              struct query_request *request, struct err *err)
{
    struct query_request made = {
        .is_dataset = true,
        .groups = body->groups.items,
        .group_count = body->groups.count,
        .time_column = body->time_column,
        .keys = body->keys,
        .key_count = body->key_count,
        .is_as_seen = body->is_as_seen,
    };

    if (str_is_absent(body->upload_id))
        return err_set(err, ERR_INVALID, "UploadId: expected an upload of labels, found nothing");
    if (body->groups.count == 0)
        return err_set(err, ERR_INVALID, "Groups: expected names of feature groups, found none");
    TRY(keys_check(body, err));
    TRY(labels_format_read(body->labels_format, &made.is_labels_parquet, err));
    TRY(query_format_of(call, body->format, &made.format, err));
    *request = made;
    return OK;
}

enum code api_dataset(struct call *call, struct err *err)
{
    struct dataset_body *body = ARENA_NEW(call->arena, struct dataset_body, 1);
    struct dataset_call *dataset = ARENA_NEW(call->arena, struct dataset_call, 1);
    struct uploads *uploads = query_pool_uploads(call->api->queries);

    TRY(body_read(call, dataset_member, body, err));
    TRY(request_fill(call, body, &dataset->job.request, err));
    dataset->upload_id = body->upload_id;
    dataset->job.ended = dataset_ended;
    TRY(uploads_take(uploads, call, body->upload_id, &dataset->job.request.labels_path, err));
    const enum code code = query_pool_run(call->api->queries, call, &dataset->job, err);
    if (code != OK)
        uploads_give_back(uploads, body->upload_id);
    return code;
}
