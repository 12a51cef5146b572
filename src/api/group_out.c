#include "api/group_out.h"

#include "api/call.h"

const char *group_status_text(const struct group *group)
{
    switch (group->status) {
    case GROUP_CREATING:
        return "Creating";
    case GROUP_CREATED:
        return "Created";
    case GROUP_CREATE_FAILED:
        return "CreateFailed";
    case GROUP_DELETING:
        return "Deleting";
    }
    return "";
}

const char *group_offline_status_text(const struct group *group)
{
    return group->is_offline && group->status == GROUP_CREATED ? "Active" : "Disabled";
}

void out_text(struct buf *out, bool *is_first, const char *key, struct str text)
{
    if (str_is_absent(text))
        return;
    out_key(out, is_first, key);
    buf_add_json(out, text);
}

static void out_constant(struct buf *out, bool *is_first, const char *key, const char *text)
{
    out_text(out, is_first, key, str_from(text));
}

static void out_bool(struct buf *out, bool *is_first, const char *key, bool value)
{
    out_key(out, is_first, key);
    buf_add(out, value ? STR("true") : STR("false"));
}

static void out_number(struct buf *out, bool *is_first, const char *key, long long value)
{
    out_key(out, is_first, key);
    buf_add_format(out, "%lld", value);
}

void pairs_out(const char *key, const struct pair *pairs, size_t count, struct buf *out,
               bool *is_first)
{
    out_key(out, is_first, key);
    buf_add_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        bool is_first_member = true;
        buf_add(out, i == 0 ? STR("{") : STR(",{"));
        out_text(out, &is_first_member, "Key", pairs[i].key);
        out_text(out, &is_first_member, "Value", pairs[i].value);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}

static void definitions_out(const struct group *group, struct buf *out, bool *is_first)
{
    out_key(out, is_first, "FeatureDefinitions");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < group->feature_count; i++) {
        const struct feature *feature = &group->features[i];
        buf_add_format(out, "%s{\"FeatureName\":\"%.*s\",\"FeatureType\":\"%s\"}",
                       i == 0 ? "" : ",", STR_ARG(feature->name), feature_type_name(feature->type));
    }
    buf_add_byte(out, ']');
}

static void online_out(const struct group *group, struct buf *out, bool *is_first)
{
    bool is_first_member = true;

    if (!group->is_online)
        return;
    out_key(out, is_first, "OnlineStoreConfig");
    buf_add_byte(out, '{');
    if (!str_is_absent(group->online_kms_key)) {
        bool is_first_inner = true;
        out_key(out, &is_first_member, "SecurityConfig");
        buf_add_byte(out, '{');
        out_text(out, &is_first_inner, "KmsKeyId", group->online_kms_key);
        buf_add_byte(out, '}');
    }
    out_bool(out, &is_first_member, "EnableOnlineStore", true);
    if (!str_is_absent(group->ttl.unit)) {
        out_key(out, &is_first_member, "TtlDuration");
        buf_add_format(out, "{\"Unit\":\"%.*s\",\"Value\":%lld}", STR_ARG(group->ttl.unit),
                       (long long)group->ttl.value);
    }
    if (group->has_storage_type)
        out_constant(out, &is_first_member, "StorageType", storage_type_name(group->storage_type));
    buf_add_byte(out, '}');
}

static void catalog_out(const struct group *group, struct buf *out, bool *is_first)
{
    bool is_first_member = true;

    /* The service shows the table once it exists. */
    if (str_is_absent(group->catalog_table) || group->status != GROUP_CREATED)
        return;
    out_key(out, is_first, "DataCatalogConfig");
    buf_add_byte(out, '{');
    out_text(out, &is_first_member, "TableName", group->catalog_table);
    out_text(out, &is_first_member, "Catalog", group->catalog_name);
    out_text(out, &is_first_member, "Database", group->catalog_database);
    buf_add_byte(out, '}');
}

static void offline_out(const struct group *group, struct buf *out, bool *is_first)
{
    bool is_first_member = true;
    bool is_first_inner = true;

    if (!group->is_offline)
        return;
    out_key(out, is_first, "OfflineStoreConfig");
    buf_add_byte(out, '{');
    out_key(out, &is_first_member, "S3StorageConfig");
    buf_add_byte(out, '{');
    out_text(out, &is_first_inner, "S3Uri", group->store_uri);
    out_text(out, &is_first_inner, "KmsKeyId", group->offline_kms_key);
    out_text(out, &is_first_inner, "ResolvedOutputS3Uri", group->resolved_uri);
    buf_add_byte(out, '}');
    out_bool(out, &is_first_member, "DisableGlueTableCreation", group->is_glue_disabled);
    catalog_out(group, out, &is_first_member);
    if (group->table_format == TABLE_GLUE)
        out_constant(out, &is_first_member, "TableFormat", "Glue");
    buf_add_byte(out, '}');
}

static void status_out(const struct group *group, struct buf *out, bool *is_first)
{
    out_constant(out, is_first, "FeatureGroupStatus", group_status_text(group));
    out_key(out, is_first, "OfflineStoreStatus");
    buf_add_format(out, "{\"Status\":\"%s\"}", group_offline_status_text(group));
    if (group->has_update) {
        bool is_first_member = true;
        bool is_failed = !str_is_absent(group->last_update_failure);
        out_key(out, is_first, "LastUpdateStatus");
        buf_add_byte(out, '{');
        out_constant(out, &is_first_member, "Status", is_failed ? "Failed" : "Successful");
        out_text(out, &is_first_member, "FailureReason", group->last_update_failure);
        buf_add_byte(out, '}');
    }
    out_text(out, is_first, "FailureReason", group->failure_reason);
}

void group_out(const struct group *group, struct buf *out, bool *is_first)
{
    out_text(out, is_first, "FeatureGroupArn", group->arn);
    out_text(out, is_first, "FeatureGroupName", group->name);
    out_text(out, is_first, "RecordIdentifierFeatureName",
             group->features[group->identifier_index].name);
    out_text(out, is_first, "EventTimeFeatureName", group->features[group->event_time_index].name);
    definitions_out(group, out, is_first);
    out_key(out, is_first, "CreationTime");
    out_time(out, group->created_us);
    out_key(out, is_first, "LastModifiedTime");
    out_time(out, group->modified_us);
    online_out(group, out, is_first);
    offline_out(group, out, is_first);
    out_text(out, is_first, "RoleArn", group->role_arn);
    status_out(group, out, is_first);
    out_text(out, is_first, "Description", group->description);
}

void group_out_throughput(const struct group *group, struct buf *out, bool *is_first)
{
    bool is_first_member = true;

    out_key(out, is_first, "ThroughputConfig");
    buf_add_byte(out, '{');
    out_text(out, &is_first_member, "ThroughputMode", group->throughput_mode);
    if (group->read_units >= 0)
        out_number(out, &is_first_member, "ProvisionedReadCapacityUnits", group->read_units);
    if (group->write_units >= 0)
        out_number(out, &is_first_member, "ProvisionedWriteCapacityUnits", group->write_units);
    buf_add_byte(out, '}');
}

void feature_out(const struct group *group, const struct feature *feature, struct buf *out,
                 bool *is_first)
{
    out_text(out, is_first, "FeatureGroupArn", group->arn);
    out_text(out, is_first, "FeatureGroupName", group->name);
    out_text(out, is_first, "FeatureName", feature->name);
    out_constant(out, is_first, "FeatureType", feature_type_name(feature->type));
    out_key(out, is_first, "CreationTime");
    out_time(out, feature->created_us);
    out_key(out, is_first, "LastModifiedTime");
    out_time(out, feature->modified_us);
    out_text(out, is_first, "Description", feature->description);
    pairs_out("Parameters", feature->parameters, feature->parameter_count, out, is_first);
}
