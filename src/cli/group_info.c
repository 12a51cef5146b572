#include "cli/group_info.h"

#include "core/json.h"

enum { FEATURES_MAX = 2500 };

/* Members of an answer are read by name into a table; all others are skipped. */
struct member {
    const char *name;
    struct str *text;
};

static enum code read_value(struct json *json, struct str *ret)
{
    switch (json_peek(json)) {
    case JSON_STRING:
        return json_string(json, ret);
    case JSON_NULL:
        return json_null(json);
    case JSON_BAD:
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
        break;
    }
    return json_skip(json, ret);
}

static enum code read_members(struct json *json, const struct member *members, size_t count)
{
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        size_t i = 0;
        while (i < count && !str_equal(key, str_from(members[i].name)))
            i++;
        if (i < count)
            TRY(read_value(json, members[i].text));
        else
            TRY(json_skip(json, NULL));
    }
    return json_status(json);
}

static enum code read_features(struct json *json, struct group_info *info, struct err *err)
{
    TRY(json_array_begin(json));
    info->features = ARENA_NEW(json->arena, struct group_feature, FEATURES_MAX);
    while (json_array_next(json)) {
        struct group_feature feature = {0};
        const struct member members[] = {{"FeatureName", &feature.name},
                                         {"FeatureType", &feature.type},
                                         {"CollectionType", &feature.collection}};
        TRY(read_members(json, members, ARRAY_COUNT(members)));
        if (info->feature_count == FEATURES_MAX || str_is_absent(feature.name))
            return err_set(err, ERR_CORRUPT, "the server's answer has no good list of features");
        info->features[info->feature_count++] = feature;
    }
    return json_status(json);
}

/* Objects inside the answer, kept as text and read afterwards. */
struct parts {
    struct str online;
    struct str offline;
    struct str features;
};

static enum code read_online(struct str text, struct arena *arena, struct group_info *info,
                             struct err *err)
{
    struct json json;
    struct str enabled = STR("");
    struct str ttl = STR_ABSENT;
    struct str unit = STR("");
    struct str value = STR("");
    struct str storage_type = STR("Standard");
    const struct member members[] = {
        {"EnableOnlineStore", &enabled}, {"StorageType", &storage_type}, {"TtlDuration", &ttl}};
    const struct member ttl_members[] = {{"Unit", &unit}, {"Value", &value}};

    if (str_is_absent(text))
        return OK;
    json_init(&json, text, arena, err);
    TRY(read_members(&json, members, ARRAY_COUNT(members)));
    if (!str_equal(enabled, STR("true")))
        return OK;
    info->storage_type = storage_type;
    if (str_is_absent(ttl))
        return OK;
    json_init(&json, ttl, arena, err);
    TRY(read_members(&json, ttl_members, ARRAY_COUNT(ttl_members)));
    info->ttl = arena_format(arena, "%.*s %.*s", STR_ARG(value), STR_ARG(unit));
    return OK;
}

static enum code read_offline(struct str text, struct arena *arena, struct group_info *info,
                              struct err *err)
{
    struct json json;
    struct str storage = STR_ABSENT;
    struct str uri = STR_ABSENT;
    struct str resolved = STR_ABSENT;
    const struct member members[] = {{"S3StorageConfig", &storage}};
    const struct member storage_members[] = {{"S3Uri", &uri}, {"ResolvedOutputS3Uri", &resolved}};

    if (str_is_absent(text))
        return OK;
    json_init(&json, text, arena, err);
    TRY(read_members(&json, members, ARRAY_COUNT(members)));
    if (str_is_absent(storage))
        return OK;
    json_init(&json, storage, arena, err);
    TRY(read_members(&json, storage_members, ARRAY_COUNT(storage_members)));
    info->offline_uri = str_is_absent(resolved) ? uri : resolved;
    return OK;
}

enum code group_info_parse(struct str text, struct arena *arena, struct group_info *ret,
                           struct err *err)
{
    struct json json;
    struct group_info info = {0};
    struct parts parts = {0};
    const struct member members[] = {
        {"FeatureGroupName", &info.name},
        {"FeatureGroupArn", &info.arn},
        {"FeatureGroupStatus", &info.status},
        {"RecordIdentifierFeatureName", &info.id_feature},
        {"EventTimeFeatureName", &info.event_time_feature},
        {"CreationTime", &info.created},
        {"Description", &info.description},
        {"OnlineStoreConfig", &parts.online},
        {"OfflineStoreConfig", &parts.offline},
        {"FeatureDefinitions", &parts.features},
    };

    json_init(&json, text, arena, err);
    TRY(read_members(&json, members, ARRAY_COUNT(members)));
    if (str_is_absent(info.id_feature) || str_is_absent(info.event_time_feature) ||
        str_is_absent(parts.features))
        return err_set(err, ERR_CORRUPT, "the server's answer does not describe a feature group");
    json_init(&json, parts.features, arena, err);
    TRY(read_features(&json, &info, err));
    TRY(read_online(parts.online, arena, &info, err));
    TRY(read_offline(parts.offline, arena, &info, err));
    *ret = info;
    return OK;
}

const struct group_feature *group_info_feature(const struct group_info *info, struct str name)
{
    for (size_t i = 0; i < info->feature_count; i++) {
        if (str_equal(info->features[i].name, name))
            return &info->features[i];
    }
    return NULL;
}
