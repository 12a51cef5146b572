#include "api/group_make.h"

#include "config/limits.h"
#include "offline/layout.h"
#include "schema/ttl.h"

enum { CATALOG_TABLE_BYTES_MAX = 252 };

static const char *const table_formats[] = {"Default", "Glue", "Iceberg", NULL};

#define TEXT(type, member_name, field, ...)                                                        \
    {.name = (member_name), .kind = SHAPE_TEXT, .offset = offsetof(type, field), __VA_ARGS__}
#define BOOL(type, member_name, field)                                                             \
    {.name = (member_name), .kind = SHAPE_BOOL, .offset = offsetof(type, field)}
#define OBJECT(type, member_name, field, shape, required)                                          \
    {.name = (member_name),                                                                        \
     .kind = SHAPE_OBJECT,                                                                         \
     .offset = offsetof(type, field),                                                              \
     .is_required = (required),                                                                    \
     .of = (shape)}

#define KMS_PATTERN "[a-zA-Z0-9:/_-]*"
#define URI_PATTERN "(https|s3)://([^/]+)/?(.*)"
#define ROLE_PATTERN "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"
#define CATALOG_PATTERN "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*"

/* Control characters other than the tab are what the catalog's pattern leaves out. */
static bool is_catalog_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 && text.ptr[i] != '\t')
            return false;
    }
    return true;
}

static const struct shape_member security_members[] = {
    TEXT(struct in_security, "KmsKeyId", kms_key, .max = 2048, .fits = key_is_kms,
         .pattern = KMS_PATTERN),
};
static const struct shape shape_security = SHAPE_OF(security_members, struct in_security);

static const struct shape_member online_members[] = {
    OBJECT(struct in_online, "SecurityConfig", security, &shape_security, false),
    BOOL(struct in_online, "EnableOnlineStore", is_enabled),
    OBJECT(struct in_online, "TtlDuration", ttl, &shape_ttl, false),
    TEXT(struct in_online, "StorageType", storage_type, .values = shape_storage_types),
};
static const struct shape shape_online = SHAPE_OF(online_members, struct in_online);

static const struct shape_member storage_members[] = {
    TEXT(struct in_storage, "S3Uri", uri, .is_required = true, .max = 1024, .fits = uri_is_store,
         .pattern = URI_PATTERN),
    TEXT(struct in_storage, "KmsKeyId", kms_key, .max = 2048, .fits = key_is_kms,
         .pattern = KMS_PATTERN),
    TEXT(struct in_storage, "ResolvedOutputS3Uri", resolved_uri, .max = 1024, .fits = uri_is_store,
         .pattern = URI_PATTERN),
};
static const struct shape shape_storage = SHAPE_OF(storage_members, struct in_storage);

static const struct shape_member catalog_members[] = {
    TEXT(struct in_catalog, "TableName", table, .is_required = true, .min = 1, .max = 255,
         .fits = is_catalog_text, .pattern = CATALOG_PATTERN),
    TEXT(struct in_catalog, "Catalog", catalog, .is_required = true, .min = 1, .max = 255,
         .fits = is_catalog_text, .pattern = CATALOG_PATTERN),
    TEXT(struct in_catalog, "Database", database, .is_required = true, .min = 1, .max = 255,
         .fits = is_catalog_text, .pattern = CATALOG_PATTERN),
};
static const struct shape shape_catalog = SHAPE_OF(catalog_members, struct in_catalog);

static const struct shape_member offline_members[] = {
    OBJECT(struct in_offline, "S3StorageConfig", storage, &shape_storage, true),
    BOOL(struct in_offline, "DisableGlueTableCreation", is_glue_disabled),
    OBJECT(struct in_offline, "DataCatalogConfig", catalog, &shape_catalog, false),
    TEXT(struct in_offline, "TableFormat", table_format, .values = table_formats),
};
static const struct shape shape_offline = SHAPE_OF(offline_members, struct in_offline);

#define FEATURE_NAME(member_name, field)                                                           \
    TEXT(struct in_create, member_name, field, .is_required = true, .min = 1,                      \
         .max = LIMIT_FEATURE_NAME_BYTES, .fits = name_is_valid, .pattern = SHAPE_NAME_PATTERN)

static const struct shape_member create_members[] = {
    SHAPE_GROUP_NAME(struct in_create),
    FEATURE_NAME("RecordIdentifierFeatureName", identifier),
    FEATURE_NAME("EventTimeFeatureName", event_time),
    {.name = "FeatureDefinitions",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct in_create, definitions),
     .is_required = true,
     .min = 1,
     .max = LIMIT_FEATURES,
     .of = &shape_definition},
    OBJECT(struct in_create, "OnlineStoreConfig", online, &shape_online, false),
    OBJECT(struct in_create, "OfflineStoreConfig", offline, &shape_offline, false),
    OBJECT(struct in_create, "ThroughputConfig", throughput, &shape_throughput, false),
    TEXT(struct in_create, "RoleArn", role_arn, .min = 20, .max = 2048, .fits = arn_is_role,
         .pattern = ROLE_PATTERN),
    TEXT(struct in_create, "Description", description, .max = 128, .fits = shape_is_line,
         .pattern = ".*"),
    {.name = "Tags",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct in_create, tags),
     .max = LIMIT_TAGS,
     .of = &shape_tag},
};
const struct shape shape_create = SHAPE_OF(create_members, struct in_create);

/* ---- rules ---- */

static enum code feature_find(const struct group *group, struct str name, const char *member,
                              uint32_t *ret, struct err *err)
{
    for (uint32_t i = 0; i < group->feature_count; i++) {
        if (str_equal(group->features[i].name, name)) {
            *ret = i;
            return OK;
        }
    }
    return err_set(err, ERR_INVALID,
                   "Validation Error: %s '%.*s' is not among the FeatureDefinitions.", member,
                   STR_ARG(name));
}

static enum code features_set(struct group *group, const struct in_create *in,
                              const struct group_maker *maker, struct arena *arena, struct err *err)
{
    struct definitions definitions = {.list = &in->definitions, .now_us = maker->now_us};

    TRY(definitions_make(&definitions, arena, &group->features, &group->feature_count, err));
    TRY(feature_find(group, in->identifier, "RecordIdentifierFeatureName", &group->identifier_index,
                     err));
    TRY(feature_find(group, in->event_time, "EventTimeFeatureName", &group->event_time_index, err));
    if (group->features[group->event_time_index].type == FEATURE_INTEGRAL)
        return err_set(err, ERR_INVALID,
                       "Validation Error: EventTimeFeatureName '%.*s' must be of FeatureType "
                       "String or Fractional, found Integral.",
                       STR_ARG(in->event_time));
    return OK;
}

static enum code online_set(struct group *group, const struct in_online *in, struct err *err)
{
    if (in == NULL || in->is_enabled.value == 0)
        return OK;
    if (str_equal(in->storage_type, STR("InMemory")))
        return err_set(err, ERR_INVALID,
                       "Validation Error: StorageType InMemory is not supported. Use Standard or "
                       "Standard_V2.");
    group->is_online = true;
    group->has_storage_type = !str_is_absent(in->storage_type);
    if (str_equal(in->storage_type, STR("Standard_V2")))
        group->storage_type = STORAGE_STANDARD_V2;
    if (in->security != NULL)
        group->online_kms_key = in->security->kms_key;
    if (in->ttl != NULL)
        return ttl_make(in->ttl->unit, in->ttl->value.value, &group->ttl, err);
    return OK;
}

static bool is_catalog_name(struct str text, size_t bytes_max)
{
    if (text.len == 0 || text.len > bytes_max || (text.ptr[0] >= '0' && text.ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte != '_' && !(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9'))
            return false;
    }
    return true;
}

/* Names of a table that would be made: contract 3.3. A table of one's own may be named at will. */
static enum code catalog_check(const struct in_catalog *in, struct err *err)
{
    struct str table = text_shown(in->table);
    struct str database = text_shown(in->database);
    struct str catalog = text_shown(in->catalog);

    if (!str_equal(in->catalog, STR("AwsDataCatalog")))
        return err_set(err, ERR_INVALID,
                       "Validation Error: DataCatalogConfig.Catalog must be AwsDataCatalog, found "
                       "'%.*s'.",
                       STR_ARG(catalog));
    if (!is_catalog_name(in->table, CATALOG_TABLE_BYTES_MAX))
        return err_set(
            err, ERR_INVALID,
            "Validation Error: DataCatalogConfig.TableName must be at most %d lower-case "
            "letters, digits and underscores and must not start with a digit, found "
            "'%.*s'.",
            CATALOG_TABLE_BYTES_MAX, STR_ARG(table));
    if (!is_catalog_name(in->database, 255))
        return err_set(
            err, ERR_INVALID,
            "Validation Error: DataCatalogConfig.Database must be at most 255 lower-case "
            "letters, digits and underscores and must not start with a digit, found "
            "'%.*s'.",
            STR_ARG(database));
    return OK;
}

static enum code table_set(struct group *group, const struct in_offline *in, struct arena *arena,
                           struct err *err)
{
    if (in->catalog != NULL) {
        if (!group->is_glue_disabled)
            TRY(catalog_check(in->catalog, err));
        group->has_catalog_config = true;
        group->catalog_table = in->catalog->table;
        group->catalog_database = in->catalog->database;
        group->catalog_name = in->catalog->catalog;
    } else if (!group->is_glue_disabled) {
        group->catalog_table = layout_table(group, arena);
        group->catalog_database = STR("sagemaker_featurestore");
        group->catalog_name = STR("AwsDataCatalog");
    }
    return OK;
}

static enum code offline_set(struct group *group, const struct in_offline *in,
                             const struct group_maker *maker, struct arena *arena, struct err *err)
{
    if (in == NULL)
        return OK;
    if (str_equal(in->table_format, STR("Iceberg")))
        return err_set(err, ERR_INVALID,
                       "Validation Error: TableFormat Iceberg is not supported. Use Glue.");
    group->is_offline = true;
    group->is_glue_disabled = in->is_glue_disabled.value != 0;
    if (str_equal(in->table_format, STR("Glue")))
        group->table_format = TABLE_GLUE;
    group->store_uri = in->storage->uri;
    group->offline_kms_key = in->storage->kms_key;
    group->resolved_uri = layout_resolved_uri(group->store_uri, maker->identity, group->name,
                                              group->created_us, arena);
    return table_set(group, in, arena, err);
}

enum code tags_make(const struct shape_list *list, struct arena *arena, const struct pair **ret,
                    size_t *ret_count, struct err *err)
{
    const struct in_pair *in = list->items;
    struct pair *tags = ARENA_NEW(arena, struct pair, list->count);

    for (size_t i = 0; i < list->count; i++) {
        for (size_t before = 0; before < i; before++) {
            struct str shown = text_shown(in[i].key);
            if (str_equal(in[before].key, in[i].key))
                return err_set(err, ERR_INVALID, "Validation Error: Tags has the key '%.*s' twice.",
                               STR_ARG(shown));
        }
        tags[i] = (struct pair){in[i].key, in[i].value};
    }
    *ret = tags;
    *ret_count = list->count;
    return OK;
}

enum code group_make(const struct group_maker *maker, const struct in_create *in,
                     struct arena *arena, struct group *ret, struct err *err)
{
    const struct identity *identity = maker->identity;
    struct group group = {
        .name = in->name,
        .role_arn = in->role_arn,
        .description = in->description,
        .created_us = maker->now_us,
        .modified_us = maker->now_us,
        .created_by = maker->user,
        .status = GROUP_CREATED,
        .throughput_mode = STR("OnDemand"),
        .read_units = -1,
        .write_units = -1,
    };

    group.arn = arena_format(arena, "arn:%.*s:sagemaker:%.*s:%.*s:feature-group/%.*s",
                             STR_ARG(identity->partition), STR_ARG(identity->region),
                             STR_ARG(identity->account), STR_ARG(in->name));
    TRY(features_set(&group, in, maker, arena, err));
    TRY(online_set(&group, in->online, err));
    TRY(offline_set(&group, in->offline, maker, arena, err));
    if (!group.is_online && !group.is_offline)
        return err_set(err, ERR_INVALID,
                       "Validation Error: OnlineStore and OfflineStore cannot be both disabled. "
                       "Please enable at least one of them and retry the request.");
    if (in->throughput != NULL)
        TRY(throughput_set(&group, in->throughput, err));
    TRY(tags_make(&in->tags, arena, &group.tags, &group.tag_count, err));
    *ret = group;
    return OK;
}
