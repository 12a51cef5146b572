/*
 * A group as the JSON text of a definition entry (docs/FORMATS.md, "Definition"). One table names
 * every member; writing and reading walk it. Members that are absent, false or at their default are
 * left out, so that a reader of an older text sees today's default.
 */
#include "config/limits.h"
#include "core/json.h"
#include "schema/group_priv.h"
#include "schema/names.h"
#include "schema/ttl.h"

enum member_kind { MEMBER_STR, MEMBER_I64, MEMBER_U32, MEMBER_BOOL, MEMBER_ENUM };

struct member {
    const char *key;
    size_t offset;
    enum member_kind kind;
    bool is_required;
    const char *const *names; /* MEMBER_ENUM */
    size_t name_count;
};

static const char *const table_format_names[] = {
    [TABLE_DEFAULT] = "Default",
    [TABLE_GLUE] = "Glue",
    [TABLE_ICEBERG] = "Iceberg",
};

static const char *const group_status_names[] = {
    [GROUP_CREATING] = "Creating",
    [GROUP_CREATED] = "Created",
    [GROUP_CREATE_FAILED] = "CreateFailed",
    [GROUP_DELETING] = "Deleting",
};

/* Enumerations are read and written through int-sized objects. */
static_assert(sizeof(enum feature_type) == sizeof(int) &&
                  sizeof(enum storage_type) == sizeof(int) &&
                  sizeof(enum table_format) == sizeof(int) &&
                  sizeof(enum group_status) == sizeof(int),
              "one member kind serves all enumerations");

#define GROUP_STR(member) {#member, offsetof(struct group, member), MEMBER_STR, false, NULL, 0}
#define GROUP_BOOL(member) {#member, offsetof(struct group, member), MEMBER_BOOL, false, NULL, 0}
#define GROUP_U32(member) {#member, offsetof(struct group, member), MEMBER_U32, false, NULL, 0}
#define GROUP_I64(member) {#member, offsetof(struct group, member), MEMBER_I64, false, NULL, 0}
#define GROUP_ENUM(member, names)                                                                  \
    {#member, offsetof(struct group, member), MEMBER_ENUM, false, names, ARRAY_COUNT(names)}

static const struct member group_members[] = {
    GROUP_U32(id),
    GROUP_U32(version),
    {"name", offsetof(struct group, name), MEMBER_STR, true, NULL, 0},
    {"arn", offsetof(struct group, arn), MEMBER_STR, true, NULL, 0},
    GROUP_STR(role_arn),
    GROUP_STR(description),
    GROUP_U32(identifier_index),
    GROUP_U32(event_time_index),
    GROUP_I64(created_us),
    GROUP_I64(modified_us),
    GROUP_STR(created_by),
    GROUP_ENUM(status, group_status_names),
    GROUP_STR(failure_reason),
    GROUP_STR(last_update_failure),
    GROUP_BOOL(has_update),
    GROUP_BOOL(is_online),
    GROUP_ENUM(storage_type, storage_type_names),
    GROUP_BOOL(has_storage_type),
    {"ttl_unit", offsetof(struct group, ttl.unit), MEMBER_STR, false, NULL, 0},
    {"ttl_value", offsetof(struct group, ttl.value), MEMBER_I64, false, NULL, 0},
    GROUP_STR(online_kms_key),
    GROUP_STR(throughput_mode),
    GROUP_I64(read_units),
    GROUP_I64(write_units),
    GROUP_BOOL(is_offline),
    GROUP_STR(store_uri),
    GROUP_STR(resolved_uri),
    GROUP_STR(offline_kms_key),
    GROUP_BOOL(is_glue_disabled),
    GROUP_BOOL(has_catalog_config),
    GROUP_STR(catalog_table),
    GROUP_STR(catalog_database),
    GROUP_STR(catalog_name),
    GROUP_ENUM(table_format, table_format_names),
};

static const struct member feature_members[] = {
    {"name", offsetof(struct feature, name), MEMBER_STR, true, NULL, 0},
    {"type", offsetof(struct feature, type), MEMBER_ENUM, true, feature_type_names,
     FEATURE_TYPE_COUNT},
    {"created_us", offsetof(struct feature, created_us), MEMBER_I64, false, NULL, 0},
    {"modified_us", offsetof(struct feature, modified_us), MEMBER_I64, false, NULL, 0},
    {"description", offsetof(struct feature, description), MEMBER_STR, false, NULL, 0},
};

/* ---- writing ---- */

static void key_write(struct buf *out, bool *is_first, const char *key)
{
    buf_add_byte(out, *is_first ? '{' : ',');
    *is_first = false;
    buf_add_json(out, str_from(key));
    buf_add_byte(out, ':');
}

static void number_write(struct buf *out, bool *is_first, const char *key, long long value)
{
    key_write(out, is_first, key);
    buf_add_format(out, "%lld", value);
}

static void member_write(const struct member *member, const void *object, struct buf *out,
                         bool *is_first)
{
    const void *at = (const char *)object + member->offset;

    switch (member->kind) {
    case MEMBER_STR:
        if (!str_is_absent(*(const struct str *)at)) {
            key_write(out, is_first, member->key);
            buf_add_json(out, *(const struct str *)at);
        }
        break;
    case MEMBER_I64:
        number_write(out, is_first, member->key, *(const int64_t *)at);
        break;
    case MEMBER_U32:
        number_write(out, is_first, member->key, *(const uint32_t *)at);
        break;
    case MEMBER_BOOL:
        if (*(const bool *)at) {
            key_write(out, is_first, member->key);
            buf_add(out, STR("true"));
        }
        break;
    case MEMBER_ENUM: {
        unsigned value = *(const unsigned *)at;
        assert(value < member->name_count);
        key_write(out, is_first, member->key);
        buf_add_json(out, str_from(member->names[value]));
        break;
    }
    }
}

static void members_write(const struct member *members, size_t count, const void *object,
                          struct buf *out, bool *is_first)
{
    for (size_t i = 0; i < count; i++)
        member_write(&members[i], object, out, is_first);
}

static void pairs_write(const char *key, const struct pair *pairs, size_t count, struct buf *out,
                        bool *is_first)
{
    if (count == 0)
        return;
    key_write(out, is_first, key);
    for (size_t i = 0; i < count; i++) {
        buf_add_byte(out, i == 0 ? '[' : ',');
        buf_add_byte(out, '[');
        buf_add_json(out, pairs[i].key);
        buf_add_byte(out, ',');
        buf_add_json(out, pairs[i].value);
        buf_add_byte(out, ']');
    }
    buf_add_byte(out, ']');
}

static void feature_write(const struct feature *feature, struct buf *out)
{
    bool is_first = true;

    members_write(feature_members, ARRAY_COUNT(feature_members), feature, out, &is_first);
    pairs_write("parameters", feature->parameters, feature->parameter_count, out, &is_first);
    buf_add_byte(out, '}');
}

void group_write(const struct group *group, struct buf *out)
{
    bool is_first = true;

    members_write(group_members, ARRAY_COUNT(group_members), group, out, &is_first);
    pairs_write("tags", group->tags, group->tag_count, out, &is_first);
    key_write(out, &is_first, "features");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < group->feature_count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        feature_write(&group->features[i], out);
    }
    buf_add(out, STR("]}"));
}

/* ---- reading ---- */

static enum code enum_read(struct json *json, const struct member *member, void *at)
{
    struct str name;

    TRY(json_string(json, &name));
    for (unsigned i = 0; i < member->name_count; i++) {
        if (str_equal(name, str_from(member->names[i]))) {
            *(unsigned *)at = i;
            return OK;
        }
    }
    return json_fail(json, ERR_CORRUPT, "'%s' has no value '%.*s'", member->key, STR_ARG(name));
}

static enum code member_read(struct json *json, const struct member *member, struct arena *arena,
                             void *object)
{
    void *at = (char *)object + member->offset;
    int64_t number;

    switch (member->kind) {
    case MEMBER_STR: {
        struct str text;
        TRY(json_string(json, &text));
        *(struct str *)at = arena_str(arena, text);
        return OK;
    }
    case MEMBER_I64:
        return json_i64(json, (int64_t *)at);
    case MEMBER_U32:
        TRY(json_i64(json, &number));
        if (number < 0 || number > UINT32_MAX)
            return json_fail(json, ERR_CORRUPT, "'%s' is out of range", member->key);
        *(uint32_t *)at = (uint32_t)number;
        return OK;
    case MEMBER_BOOL:
        return json_bool(json, (bool *)at);
    case MEMBER_ENUM:
        return enum_read(json, member, at);
    }
    return json_fail(json, ERR_INTERNAL, "'%s' has no kind", member->key);
}

struct object_reader {
    struct json *json;
    struct arena *arena;
    const struct member *members;
    size_t member_count;
    void *object;
    uint64_t seen; /* one bit a member */
};

/* Reads the member when the table has the key; *ret_is_known tells. */
static enum code table_read(struct object_reader *reader, struct str key, bool *ret_is_known)
{
    for (size_t i = 0; i < reader->member_count; i++) {
        if (!str_equal(key, str_from(reader->members[i].key)))
            continue;
        if ((reader->seen >> i & 1) != 0)
            return json_fail(reader->json, ERR_CORRUPT, "'%s' comes twice", reader->members[i].key);
        reader->seen |= UINT64_C(1) << i;
        *ret_is_known = true;
        return member_read(reader->json, &reader->members[i], reader->arena, reader->object);
    }
    *ret_is_known = false;
    return OK;
}

static enum code required_check(const struct object_reader *reader)
{
    TRY(json_status(reader->json));
    for (size_t i = 0; i < reader->member_count; i++) {
        if (reader->members[i].is_required && (reader->seen >> i & 1) == 0)
            return json_fail(reader->json, ERR_CORRUPT, "'%s' is missing", reader->members[i].key);
    }
    return OK;
}

static enum code pair_read(struct json *json, struct arena *arena, struct pair *ret)
{
    struct str texts[2];

    TRY(json_array_begin(json));
    for (size_t i = 0; i < 2; i++) {
        if (!json_array_next(json))
            return json_fail(json, ERR_CORRUPT, "a pair has two texts");
        TRY(json_string(json, &texts[i]));
    }
    if (json_array_next(json))
        return json_fail(json, ERR_CORRUPT, "a pair has two texts");
    TRY(json_status(json));
    *ret = (struct pair){arena_str(arena, texts[0]), arena_str(arena, texts[1])};
    return OK;
}

static enum code pairs_read(struct json *json, struct arena *arena, const struct pair **ret,
                            size_t *ret_count)
{
    struct pair *pairs = ARENA_NEW(arena, struct pair, LIMIT_TAGS);
    size_t count = 0;

    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        if (count == LIMIT_TAGS)
            return json_fail(json, ERR_CORRUPT, "more than %d pairs", LIMIT_TAGS);
        TRY(pair_read(json, arena, &pairs[count]));
        count++;
    }
    TRY(json_status(json));
    *ret = pairs;
    *ret_count = count;
    return OK;
}

static enum code feature_member_read(struct object_reader *reader, struct str key,
                                     struct feature *feature)
{
    bool is_known = false;

    TRY(table_read(reader, key, &is_known));
    if (is_known)
        return OK;
    if (!str_equal(key, STR("parameters")))
        return json_fail(reader->json, ERR_CORRUPT, "a feature has no member '%.*s'", STR_ARG(key));
    return pairs_read(reader->json, reader->arena, &feature->parameters, &feature->parameter_count);
}

static enum code feature_read(struct json *json, struct arena *arena, struct feature *feature)
{
    struct object_reader reader = {json,    arena, feature_members, ARRAY_COUNT(feature_members),
                                   feature, 0};
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(feature_member_read(&reader, key, feature));
    TRY(required_check(&reader));
    if (!name_is_valid(feature->name))
        return json_fail(json, ERR_CORRUPT, "'%.*s' is no feature name",
                         STR_ARG(text_shown(feature->name)));
    return OK;
}

static enum code features_read(struct json *json, struct group *group)
{
    size_t room = 0;

    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        if (group->feature_count == LIMIT_FEATURES)
            return json_fail(json, ERR_CORRUPT, "more than %d features", LIMIT_FEATURES);
        if (group->feature_count == room) {
            struct feature *old = group->features;
            room = room == 0 ? 16 : 2 * room;
            group->features = ARENA_NEW(&group->arena, struct feature, room);
            if (group->feature_count > 0)
                memcpy(group->features, old, group->feature_count * sizeof(*old));
        }
        TRY(feature_read(json, &group->arena, &group->features[group->feature_count]));
        group->feature_count++;
    }
    return json_status(json);
}

static enum code group_check(struct group *group, struct err *err)
{
    if (!name_is_valid(group->name))
        return err_set(err, ERR_CORRUPT, "'%.*s' is no name", STR_ARG(text_shown(group->name)));
    if (group->identifier_index >= group->feature_count ||
        group->event_time_index >= group->feature_count)
        return err_set(err, ERR_CORRUPT,
                       "the record identifier or the event time is not among the %u features",
                       group->feature_count);
    if (group->features[group->event_time_index].type == FEATURE_INTEGRAL)
        return err_set(err, ERR_CORRUPT, "the event time is Integral");
    if (!str_is_absent(group->ttl.unit))
        TRY(ttl_make(group->ttl.unit, group->ttl.value, &group->ttl, err));
    else
        group->ttl = (struct ttl){0};
    return group_index(group, err);
}

static enum code group_member_read(struct object_reader *reader, struct str key,
                                   struct group *group)
{
    bool is_known = false;

    TRY(table_read(reader, key, &is_known));
    if (is_known)
        return OK;
    if (str_equal(key, STR("tags")))
        return pairs_read(reader->json, reader->arena, &group->tags, &group->tag_count);
    if (str_equal(key, STR("features")) && group->feature_count == 0)
        return features_read(reader->json, group);
    return json_fail(reader->json, ERR_CORRUPT, "a group has no member '%.*s'", STR_ARG(key));
}

static enum code group_fill(struct group *group, struct json *json)
{
    struct object_reader reader = {
        json, &group->arena, group_members, ARRAY_COUNT(group_members), group, 0};
    struct str key;

    static_assert(ARRAY_COUNT(group_members) <= 64, "one bit a member");
    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(group_member_read(&reader, key, group));
    TRY(required_check(&reader));
    return json_end(json);
}

enum code group_read(struct str text, struct group **ret, struct err *err)
{
    struct group *group = group_new();
    struct err inner;
    struct json json;

    json_init(&json, text, &group->arena, &inner);
    enum code code = group_fill(group, &json);
    if (code == OK)
        code = group_check(group, &inner);
    if (code != OK) {
        group_unref(group);
        return err_set(err, ERR_CORRUPT, "definition of a feature group: %s", inner.message);
    }
    *ret = group;
    return OK;
}
