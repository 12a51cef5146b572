/*
 * BatchGetRecord (contract 1.4, 2.3): up to 100 records in all. A record that is not there is
 * absent from Records; what fails for one identifier is an entry of Errors.
 */
#include "api/body.h"
#include "api/record_read.h"
#include "config/limits.h"

struct wanted {
    struct str group_name;
    struct texts identifiers;
    struct texts names;
};

struct batch_get {
    struct wanted *wanted;
    size_t count;
    size_t records;
    bool is_given;
    uint64_t seen;
    struct str expiration;
    bool is_expiry_wanted;
    struct buf errors; /* the inside of the Errors list */
    bool has_records;
};

enum { WANTED_GROUP_NAME, WANTED_IDENTIFIERS, WANTED_NAMES };
static const char *const wanted_members[] = {"FeatureGroupName", "RecordIdentifiersValueAsString",
                                             "FeatureNames"};

static enum code wanted_member_read(struct call *call, struct json *json, size_t member,
                                    struct wanted *wanted, struct err *err)
{
    if (member == WANTED_GROUP_NAME)
        return body_text(json, &wanted->group_name);
    if (member == WANTED_IDENTIFIERS)
        return body_texts(call, json, "recordIdentifiersValueAsString", LIMIT_BATCH_GET_IDENTIFIERS,
                          &wanted->identifiers, err);
    if (member == WANTED_NAMES)
        return body_texts(call, json, "featureNames", LIMIT_FEATURES, &wanted->names, err);
    return json_skip(json, NULL);
}

static enum code wanted_read(struct call *call, struct json *json, struct wanted *wanted,
                             struct err *err)
{
    struct str key;
    uint64_t seen = 0;
    size_t member;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        TRY(json_field(json, key, wanted_members, ARRAY_COUNT(wanted_members), &seen, &member));
        TRY(wanted_member_read(call, json, member, wanted, err));
    }
    return json_status(json);
}

static enum code identifiers_read(struct call *call, struct json *json, struct batch_get *batch,
                                  struct err *err)
{
    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    TRY(json_array_begin(json));
    batch->is_given = true;
    while (json_array_next(json)) {
        if (batch->count == LIMIT_BATCH_GET_IDENTIFIERS)
            return err_set(err, ERR_INVALID,
                           "1 validation error detected: Value at 'identifiers' failed to satisfy "
                           "constraint: Member must have length less than or equal to %d "
                           "(Identifiers)",
                           LIMIT_BATCH_GET_IDENTIFIERS);
        TRY(wanted_read(call, json, &batch->wanted[batch->count++], err));
    }
    return json_status(json);
}

enum { MEMBER_IDENTIFIERS, MEMBER_EXPIRATION };
static const char *const members[] = {"Identifiers", "ExpirationTimeResponse"};

static enum code member_read(struct call *call, struct json *json, struct str key, void *context,
                             struct err *err)
{
    struct batch_get *batch = context;
    size_t member;

    TRY(json_field(json, key, members, ARRAY_COUNT(members), &batch->seen, &member));
    if (member == MEMBER_IDENTIFIERS)
        return identifiers_read(call, json, batch, err);
    if (member == MEMBER_EXPIRATION)
        return body_text(json, &batch->expiration);
    return json_skip(json, NULL);
}

static enum code wanted_check(const struct wanted *wanted, struct err *err)
{
    struct group_reference reference;

    if (str_is_absent(wanted->group_name))
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value null at 'identifiers.featureGroupName' "
                       "failed to satisfy constraint: Member must not be null");
    if (group_reference_parse(wanted->group_name, LIMIT_GROUP_NAME_OR_ARN_RUNTIME, &reference,
                              err) != OK)
        return err_prefix(err, ERR_INVALID, "identifiers.featureGroupName");
    if (wanted->identifiers.count == 0)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value at "
                       "'identifiers.recordIdentifiersValueAsString' failed to satisfy constraint: "
                       "Member must have length greater than or equal to 1");
    if (wanted->names.is_given && wanted->names.count == 0)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value at 'identifiers.featureNames' failed to "
                       "satisfy constraint: Member must have length greater than or equal to 1");
    for (size_t i = 0; i < wanted->identifiers.count; i++)
        TRY(identifier_check(wanted->identifiers.items[i], err));
    return OK;
}

static enum code batch_check(struct batch_get *batch, struct err *err)
{
    if (batch->count == 0)
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value %s at 'identifiers' failed to satisfy "
                       "constraint: Member must %s (Identifiers)",
                       batch->is_given ? "[]" : "null",
                       batch->is_given ? "have length greater than or equal to 1" : "not be null");
    for (size_t i = 0; i < batch->count; i++) {
        TRY(wanted_check(&batch->wanted[i], err));
        batch->records += batch->wanted[i].identifiers.count;
    }
    if (batch->records > LIMIT_BATCH_GET_RECORDS)
        return err_set(err, ERR_INVALID,
                       "Identifiers: expected at most %d records in all, found %zu",
                       LIMIT_BATCH_GET_RECORDS, batch->records);
    return expiration_read(batch->expiration, &batch->is_expiry_wanted, err);
}

static void error_add(struct batch_get *batch, struct str group_name, struct str identifier,
                      enum code code, const struct err *err)
{
    int status;
    const char *type = reply_error_type(PLANE_RUNTIME, code, &status);
    struct buf *out = &batch->errors;

    if (out->len > 0)
        buf_add_byte(out, ',');
    buf_add(out, STR("{\"FeatureGroupName\":"));
    buf_add_json(out, group_name);
    buf_add(out, STR(",\"RecordIdentifierValueAsString\":"));
    buf_add_json(out, identifier);
    buf_add_format(out, ",\"ErrorCode\":\"%s\",\"ErrorMessage\":", type);
    buf_add_json(out, status < 500 ? str_from(err->message)
                                   : STR("Internal server error. Please try again later."));
    buf_add_byte(out, '}');
}

/* What is asked for of one group. */
struct asked_group {
    const struct wanted *wanted;
    const struct group *group;
    struct choice choice;
};

static enum code one_out(struct call *call, struct batch_get *batch,
                         const struct asked_group *source, struct str identifier, struct err *err)
{
    const struct group *group = source->group;
    struct live_record live;

    TRY(live_record_get(call, group, identifier, &live, err));
    if (!live.is_found || !live_record_has(&live, &source->choice))
        return OK;
    buf_add(call->out,
            batch->has_records ? STR(",{\"FeatureGroupName\":") : STR("{\"FeatureGroupName\":"));
    batch->has_records = true;
    buf_add_json(call->out, source->wanted->group_name);
    buf_add(call->out, STR(",\"RecordIdentifierValueAsString\":"));
    buf_add_json(call->out, identifier);
    buf_add_byte(call->out, ',');
    live_record_out(call, group, &live, &source->choice, batch->is_expiry_wanted);
    buf_add_byte(call->out, '}');
    return OK;
}

static void wanted_out(struct call *call, struct batch_get *batch, const struct wanted *wanted)
{
    struct asked_group source = {.wanted = wanted};
    struct err err;
    enum code code =
        call_group(call, wanted->group_name, LIMIT_GROUP_NAME_OR_ARN_RUNTIME, &source.group, &err);

    if (code == OK)
        code = online_required(source.group, &err);
    if (code == OK)
        code = choice_make(call, source.group, wanted->names.items, wanted->names.count,
                           &source.choice, &err);
    for (size_t i = 0; i < wanted->identifiers.count; i++) {
        struct str identifier = wanted->identifiers.items[i];
        enum code outcome = code;
        if (outcome == OK)
            outcome = one_out(call, batch, &source, identifier, &err);
        if (outcome != OK)
            error_add(batch, wanted->group_name, identifier, outcome, &err);
    }
}

enum code api_batch_get_record(struct call *call, struct err *err)
{
    struct batch_get batch = {
        .wanted = ARENA_NEW(call->arena, struct wanted, LIMIT_BATCH_GET_IDENTIFIERS)};

    TRY(body_read(call, member_read, &batch, err));
    TRY(batch_check(&batch, err));
    buf_add(call->out, STR("{\"Records\":["));
    for (size_t i = 0; i < batch.count; i++)
        wanted_out(call, &batch, &batch.wanted[i]);
    buf_add(call->out, STR("],\"Errors\":["));
    buf_add(call->out, buf_str(&batch.errors));
    buf_add(call->out, STR("],\"UnprocessedIdentifiers\":[]}"));
    buf_release(&batch.errors);
    return OK;
}
