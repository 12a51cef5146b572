#include "api/record_read.h"

#include "config/limits.h"
#include "schema/ttl.h"

static void index_insert(struct choice *choice, uint32_t index)
{
    size_t at = choice->count;

    while (at > 0 && choice->indexes[at - 1] > index)
        at--;
    if (at > 0 && choice->indexes[at - 1] == index)
        return;
    memmove(&choice->indexes[at + 1], &choice->indexes[at],
            (choice->count - at) * sizeof(choice->indexes[0]));
    choice->indexes[at] = index;
    choice->count++;
}

enum code choice_make(struct call *call, const struct group *group, const struct str *names,
                      size_t count, struct choice *ret, struct err *err)
{
    struct choice choice = {.indexes = ARENA_NEW(call->arena, uint32_t, count + 1)};

    if (count > LIMIT_FEATURES)
        return err_set(err, ERR_INVALID, "FeatureNames: expected at most %d names, found %zu",
                       LIMIT_FEATURES, count);
    for (size_t i = 0; i < count; i++) {
        const struct feature *feature = group_feature_near(group, names[i], (uint32_t)i);
        if (feature == NULL)
            return err_set(err, ERR_INVALID,
                           "FeatureNames: feature group '%.*s' has no feature '%.*s'",
                           STR_ARG(group->name), STR_ARG(text_shown(names[i])));
        index_insert(&choice, feature->index);
    }
    *ret = choice;
    return OK;
}

enum code online_required(const struct group *group, struct err *err)
{
    if (!group->is_online)
        return err_set(err, ERR_INVALID,
                       "feature group '%.*s' has no online store: records can only be read where "
                       "EnableOnlineStore is true",
                       STR_ARG(group->name));
    return OK;
}

enum code identifier_check(struct str identifier, struct err *err)
{
    if (str_is_absent(identifier))
        return err_set(err, ERR_INVALID,
                       "1 validation error detected: Value null at 'recordIdentifierValueAsString' "
                       "failed to satisfy constraint: Member must not be null "
                       "(RecordIdentifierValueAsString)");
    if (identifier.len == 0 || identifier.len > LIMIT_IDENTIFIER_BYTES)
        return err_set(err, ERR_INVALID,
                       "RecordIdentifierValueAsString: expected 1 to %d bytes, found %zu",
                       LIMIT_IDENTIFIER_BYTES, identifier.len);
    if (!str_is_utf8(identifier))
        return err_set(err, ERR_INVALID,
                       "RecordIdentifierValueAsString: expected well-formed UTF-8");
    return OK;
}

enum code expiration_read(struct str text, bool *ret_is_wanted, struct err *err)
{
    bool is_enabled = str_equal(text, STR("Enabled"));

    if (!str_is_absent(text) && !is_enabled && !str_equal(text, STR("Disabled")))
        return err_set(
            err, ERR_INVALID,
            "1 validation error detected: Value '%.*s' at 'expirationTimeResponse' failed "
            "to satisfy constraint: Member must satisfy enum value set: [Disabled, Enabled]",
            STR_ARG(text_shown(text)));
    *ret_is_wanted = is_enabled;
    return OK;
}

enum code live_record_get(struct call *call, const struct group *group, struct str identifier,
                          struct live_record *ret, struct err *err)
{
    struct online_record found;

    TRY(online_get(store_online(call->options->store), group->id, identifier, call->arena, &found,
                   err));
    ret->is_found = found.head.is_found && !found.head.is_tombstone &&
                    !ttl_is_expired(found.head.event_time, found.head.ttl_seconds, call->now);
    ret->head = found.head;
    if (ret->is_found)
        return stored_record_open(found.record, &ret->stored, err);
    return OK;
}

bool live_record_has(const struct live_record *live, const struct choice *choice)
{
    for (size_t i = 0; i < choice->count; i++) {
        if (!str_is_absent(stored_record_value(&live->stored, choice->indexes[i])))
            return true;
    }
    return choice->count == 0;
}

void live_record_out(struct call *call, const struct group *group, const struct live_record *live,
                     const struct choice *choice, bool is_expiry_wanted)
{
    struct buf *out = call->out;

    buf_add(out, STR("\"Record\":"));
    stored_record_render(&live->stored, group, choice->indexes, choice->count, out);
    if (is_expiry_wanted && live->head.ttl_seconds > 0) {
        buf_add(out, STR(",\"ExpiresAt\":\""));
        instant_add_iso(out, instant_plus_seconds(live->head.event_time, live->head.ttl_seconds));
        buf_add_byte(out, '"');
    }
}
