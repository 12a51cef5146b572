#include "api/search_property.h"

#include "api/group_out.h"

static bool one_text(struct str text, size_t at, struct property_value *ret)
{
    if (at > 0 || str_is_absent(text))
        return false;
    ret->text = text;
    return true;
}

static bool one_number(int64_t number, bool is_there, size_t at, struct property_value *ret)
{
    if (at > 0 || !is_there)
        return false;
    ret->number = number;
    return true;
}

#define TEXT_PROPERTY(function, expression)                                                        \
    static bool function(const struct search_subject *subject, struct str key, size_t at,          \
                         struct property_value *ret)                                               \
    {                                                                                              \
        (void)key;                                                                                 \
        return one_text((expression), at, ret);                                                    \
    }
#define NUMBER_PROPERTY(function, expression, is_there)                                            \
    static bool function(const struct search_subject *subject, struct str key, size_t at,          \
                         struct property_value *ret)                                               \
    {                                                                                              \
        (void)key;                                                                                 \
        return one_number((expression), (is_there), at, ret);                                      \
    }

static struct str bool_text(bool value)
{
    return value ? STR("true") : STR("false");
}

static struct str update_status(const struct group *group)
{
    if (!group->has_update)
        return STR_ABSENT;
    return str_is_absent(group->last_update_failure) ? STR("Successful") : STR("Failed");
}

TEXT_PROPERTY(group_name, subject->group->name)
TEXT_PROPERTY(group_arn, subject->group->arn)
TEXT_PROPERTY(group_identifier, subject->group->features[subject->group->identifier_index].name)
TEXT_PROPERTY(group_event_time, subject->group->features[subject->group->event_time_index].name)
TEXT_PROPERTY(group_role, subject->group->role_arn)
TEXT_PROPERTY(group_status, str_from(group_status_text(subject->group)))
TEXT_PROPERTY(group_offline_status, str_from(group_offline_status_text(subject->group)))
TEXT_PROPERTY(group_update_status, update_status(subject->group))
TEXT_PROPERTY(group_failure, subject->group->failure_reason)
TEXT_PROPERTY(group_description, subject->group->description)
TEXT_PROPERTY(group_is_online, bool_text(subject->group->is_online))
TEXT_PROPERTY(group_storage_type, subject->group->is_online
                                      ? str_from(storage_type_name(subject->group->storage_type))
                                      : STR_ABSENT)
TEXT_PROPERTY(group_ttl_unit, subject->group->ttl.unit)
TEXT_PROPERTY(group_store_uri, subject->group->store_uri)
TEXT_PROPERTY(group_resolved_uri, subject->group->resolved_uri)
TEXT_PROPERTY(group_table, subject->group->catalog_table)
TEXT_PROPERTY(group_database, subject->group->catalog_database)
TEXT_PROPERTY(group_catalog, subject->group->catalog_name)
NUMBER_PROPERTY(group_ttl_value, subject->group->ttl.value,
                !str_is_absent(subject->group->ttl.unit))
NUMBER_PROPERTY(group_created, subject->group->created_us, true)
NUMBER_PROPERTY(group_modified, subject->group->modified_us, true)
TEXT_PROPERTY(feature_name, subject->feature->name)
TEXT_PROPERTY(feature_type, str_from(feature_type_name(subject->feature->type)))
TEXT_PROPERTY(feature_description, subject->feature->description)
NUMBER_PROPERTY(feature_created, subject->feature->created_us, true)
NUMBER_PROPERTY(feature_modified, subject->feature->modified_us, true)

static bool definition_name(const struct search_subject *subject, struct str key, size_t at,
                            struct property_value *ret)
{
    (void)key;
    if (at >= subject->group->feature_count)
        return false;
    ret->text = subject->group->features[at].name;
    return true;
}

static bool definition_type(const struct search_subject *subject, struct str key, size_t at,
                            struct property_value *ret)
{
    (void)key;
    if (at >= subject->group->feature_count)
        return false;
    ret->text = str_from(feature_type_name(subject->group->features[at].type));
    return true;
}

static bool pair_value(const struct pair *pairs, size_t count, struct str key,
                       struct property_value *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(pairs[i].key, key)) {
            ret->text = pairs[i].value;
            return true;
        }
    }
    return false;
}

static bool tag_value(const struct search_subject *subject, struct str key, size_t at,
                      struct property_value *ret)
{
    return at == 0 && pair_value(subject->group->tags, subject->group->tag_count, key, ret);
}

static bool parameter_value(const struct search_subject *subject, struct str key, size_t at,
                            struct property_value *ret)
{
    return at == 0 &&
           pair_value(subject->feature->parameters, subject->feature->parameter_count, key, ret);
}

/* Every key and every value. */
static bool any_parameter(const struct search_subject *subject, struct str key, size_t at,
                          struct property_value *ret)
{
    (void)key;
    if (at / 2 >= subject->feature->parameter_count)
        return false;
    const struct pair *pair = &subject->feature->parameters[at / 2];
    ret->text = at % 2 == 0 ? pair->key : pair->value;
    return true;
}

static const struct search_property group_properties[] = {
    {"FeatureGroupName", PROPERTY_TEXT, group_name},
    {"FeatureGroupArn", PROPERTY_TEXT, group_arn},
    {"RecordIdentifierFeatureName", PROPERTY_TEXT, group_identifier},
    {"EventTimeFeatureName", PROPERTY_TEXT, group_event_time},
    {"FeatureDefinitions.FeatureName", PROPERTY_TEXT, definition_name},
    {"FeatureDefinitions.FeatureType", PROPERTY_TEXT, definition_type},
    {"CreationTime", PROPERTY_TIME, group_created},
    {"LastModifiedTime", PROPERTY_TIME, group_modified},
    {"OnlineStoreConfig.EnableOnlineStore", PROPERTY_TEXT, group_is_online},
    {"OnlineStoreConfig.StorageType", PROPERTY_TEXT, group_storage_type},
    {"OnlineStoreConfig.TtlDuration.Unit", PROPERTY_TEXT, group_ttl_unit},
    {"OnlineStoreConfig.TtlDuration.Value", PROPERTY_NUMBER, group_ttl_value},
    {"OfflineStoreConfig.S3StorageConfig.S3Uri", PROPERTY_TEXT, group_store_uri},
    {"OfflineStoreConfig.S3StorageConfig.ResolvedOutputS3Uri", PROPERTY_TEXT, group_resolved_uri},
    {"OfflineStoreConfig.DataCatalogConfig.TableName", PROPERTY_TEXT, group_table},
    {"OfflineStoreConfig.DataCatalogConfig.Catalog", PROPERTY_TEXT, group_catalog},
    {"OfflineStoreConfig.DataCatalogConfig.Database", PROPERTY_TEXT, group_database},
    {"RoleArn", PROPERTY_TEXT, group_role},
    {"FeatureGroupStatus", PROPERTY_TEXT, group_status},
    {"OfflineStoreStatus", PROPERTY_TEXT, group_offline_status},
    {"OfflineStoreStatus.Status", PROPERTY_TEXT, group_offline_status},
    {"LastUpdateStatus.Status", PROPERTY_TEXT, group_update_status},
    {"FailureReason", PROPERTY_TEXT, group_failure},
    {"Description", PROPERTY_TEXT, group_description},
    {"Tags.", PROPERTY_TEXT, tag_value},
};

static const struct search_property feature_properties[] = {
    {"FeatureGroupName", PROPERTY_TEXT, group_name},
    {"FeatureGroupArn", PROPERTY_TEXT, group_arn},
    {"FeatureName", PROPERTY_TEXT, feature_name},
    {"FeatureType", PROPERTY_TEXT, feature_type},
    {"CreationTime", PROPERTY_TIME, feature_created},
    {"LastModifiedTime", PROPERTY_TIME, feature_modified},
    {"Description", PROPERTY_TEXT, feature_description},
    {"AllParameters", PROPERTY_TEXT, any_parameter},
    {"Parameters.", PROPERTY_TEXT, parameter_value},
};

const struct search_property *search_property_find(enum search_resource resource, struct str name,
                                                   struct str *ret_key)
{
    bool is_group = resource == SEARCH_GROUPS;
    const struct search_property *properties = is_group ? group_properties : feature_properties;
    size_t count = is_group ? ARRAY_COUNT(group_properties) : ARRAY_COUNT(feature_properties);

    for (size_t i = 0; i < count; i++) {
        struct str known = str_from(properties[i].name);
        bool has_key = str_ends(known, STR("."));
        if (has_key && str_starts(name, known) && name.len > known.len) {
            *ret_key = str_slice(name, known.len, name.len);
            return &properties[i];
        }
        if (!has_key && str_equal(name, known))
            return &properties[i];
    }
    return NULL;
}
