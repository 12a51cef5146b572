#pragma once
/* Groups made as CreateFeatureGroup makes them, for the tests of the control plane. */
#include "api/group_make.h"
#include "schema/group.h"

static inline enum code kit_read(const char *text, const struct shape *shape, struct arena *arena,
                                 void *ret, struct err *err)
{
    bool is_malformed;

    return shape_read(str_from(text), shape, arena, ret, &is_malformed, err);
}

/* The definition that a create request gives; *ret is a group as it would be published. */
static inline enum code kit_create(const char *body, struct group **ret, struct err *err)
{
    static const struct identity identity = {{"123456789012", 12}, {"eu-west-1", 9}, {"aws", 3}};
    struct group_maker maker = {&identity, STR("tester"), INT64_C(1782914587421987)};
    struct arena arena = {0};
    struct buf json = {0};
    struct in_create in;
    struct group draft;

    enum code code = kit_read(body, &shape_create, &arena, &in, err);
    if (code == OK)
        code = group_make(&maker, &in, &arena, &draft, err);
    if (code == OK) {
        group_write(&draft, &json);
        code = group_read(buf_str(&json), ret, err);
    }
    buf_release(&json);
    arena_release(&arena);
    return code;
}

/* A create body: the given members behind a good name, identifier, event time and definitions. */
#define KIT_HEAD                                                                                   \
    "{\"FeatureGroupName\":\"Fraud-v3\",\"RecordIdentifierFeatureName\":\"id\","                   \
    "\"EventTimeFeatureName\":\"ts\",\"FeatureDefinitions\":[{\"FeatureName\":\"id\","             \
    "\"FeatureType\":\"String\"},{\"FeatureName\":\"ts\",\"FeatureType\":\"Fractional\"},"         \
    "{\"FeatureName\":\"n\",\"FeatureType\":\"Integral\"}]"
#define KIT_ONLINE ",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true}"
#define KIT_OFFLINE                                                                                \
    ",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://bucket/prefix\"}}"
