#pragma once
/*
 * A feature group: one immutable version of its definition. Catalog versions share groups; a group
 * is counted, and lives in an arena of its own. Anything that outlives an epoch section (a queued
 * write, a flush, a query) holds a reference. Immutable after it is published: any thread may read.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/instant.h"
#include "core/str.h"

enum feature_type { FEATURE_INTEGRAL, FEATURE_FRACTIONAL, FEATURE_STRING };

enum storage_type { STORAGE_STANDARD, STORAGE_STANDARD_V2 };

enum table_format { TABLE_DEFAULT, TABLE_GLUE, TABLE_ICEBERG };

enum group_status { GROUP_CREATING, GROUP_CREATED, GROUP_CREATE_FAILED, GROUP_DELETING };

enum { JSON_OPEN_SLACK_BYTES = 64 };

struct pair { /* a tag or a feature parameter */
    struct str key;
    struct str value;
};

struct feature {
    struct str name;
    enum feature_type type;
    uint32_t index; /* in group->features; never changes */
    /* `{"FeatureName":"<name>","ValueAsString":"`, ready to copy; JSON_OPEN_SLACK_BYTES behind it
     * may be read. */
    struct str json_open;
    int64_t created_us;
    int64_t modified_us;
    struct str description; /* absent when none */
    const struct pair *parameters;
    size_t parameter_count;
};

struct ttl {
    struct str
        unit; /* "Seconds", "Minutes", "Hours", "Days", "Weeks"; absent when there is no TTL */
    int64_t value;
    int64_t seconds; /* 0 when there is no TTL */
};

struct group {
    struct arena arena;
    _Atomic(uint32_t) references;

    uint32_t id;      /* never given again, also not after delete and create of the same name */
    uint32_t version; /* of the schema: grows with each addition of features */
    struct str name;
    struct str arn;
    struct str role_arn;    /* absent when none */
    struct str description; /* absent when none */
    struct feature *features;
    uint32_t feature_count;
    uint32_t identifier_index; /* into features */
    uint32_t event_time_index;
    int64_t created_us;
    int64_t modified_us;
    struct str created_by; /* access key's user name */
    enum group_status status;
    bool has_update;
    struct str failure_reason;      /* absent when none */
    struct str last_update_failure; /* absent: the last update was successful, or none was */

    bool is_online;
    bool has_storage_type; /* whether it was named at creation; Describe shows it then */
    enum storage_type storage_type;
    struct ttl ttl;
    struct str online_kms_key;       /* absent when none */
    struct str throughput_mode;      /* "OnDemand" or "Provisioned", stored and shown */
    int64_t read_units, write_units; /* -1 when not given */

    bool is_offline;
    bool is_glue_disabled;   /* DisableGlueTableCreation */
    bool has_catalog_config; /* DataCatalogConfig was given */
    enum table_format table_format;
    struct str store_uri;       /* S3Uri as given */
    struct str resolved_uri;    /* contract 3.1 */
    struct str offline_kms_key; /* absent when none */
    struct str catalog_table, catalog_database, catalog_name;

    const struct pair *tags;
    size_t tag_count;

    size_t json_open_bytes; /* of all features' json_open */
    uint32_t *lookup;       /* open addressing over feature names: index + 1, 0 for empty */
    uint32_t lookup_mask;
};

struct group *group_ref(const struct group *group);
void group_unref(const struct group *group); /* frees with the last reference; accepts NULL */

/* The feature of that exact name, or NULL. Constant time. */
const struct feature *group_feature(const struct group *group, struct str name);

/*
 * Finds a feature when names come in an order that is likely the schema's: tries features[hint]
 * first.
 */
const struct feature *group_feature_near(const struct group *group, struct str name, uint32_t hint);

/*
 * For the next version of a group: *ret becomes a copy that may be changed and given to
 * group_write, and to nothing else. Its texts and arrays are the original's.
 */
void group_draft(const struct group *group, struct group *ret);

/* The whole group as the JSON text of a definition entry; group_read is its inverse. FORMATS.md. */
void group_write(const struct group *group, struct buf *out);
NODISCARD enum code group_read(struct str json, struct group **ret, struct err *err);

const char *feature_type_name(enum feature_type type);
const char *storage_type_name(enum storage_type type);
