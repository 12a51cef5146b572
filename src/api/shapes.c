#include "api/shapes.h"

#include "config/limits.h"

#include <stdlib.h>

const char *const shape_sort_orders[] = {"Ascending", "Descending", NULL};
const char *const shape_storage_types[] = {"Standard", "Standard_V2", "InMemory", NULL};

static const char *const ttl_units[] = {"Seconds", "Minutes", "Hours", "Days", "Weeks", NULL};
static const char *const feature_types[] = {"Integral", "Fractional", "String", NULL};
static const char *const collection_types[] = {"List", "Set", "Vector", NULL};
static const char *const throughput_modes[] = {"OnDemand", "Provisioned", NULL};

bool shape_is_reference(struct str text)
{
    struct group_reference reference;

    return group_reference_parse(text, SIZE_MAX, &reference, NULL) == OK;
}

bool shape_is_line(struct str text)
{
    return str_find_byte(text, 0, '\n') == text.len && str_find_byte(text, 0, '\r') == text.len;
}

bool shape_is_tag_text(struct str text)
{
    return tag_text_is_valid(text, 0, LIMIT_TAG_VALUE_CHARACTERS);
}

#define TTL_MEMBERS(required)                                                                      \
    {.name = "Unit",                                                                               \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(struct in_ttl, unit),                                                      \
     .is_required = (required),                                                                    \
     .values = ttl_units},                                                                         \
    {                                                                                              \
        .name = "Value", .kind = SHAPE_INTEGER, .offset = offsetof(struct in_ttl, value),          \
        .is_required = (required), .min = 1, .max = INT64_MAX                                      \
    }

static const struct shape_member ttl_members[] = {TTL_MEMBERS(true)};
static const struct shape_member ttl_optional_members[] = {TTL_MEMBERS(false)};
const struct shape shape_ttl = SHAPE_OF(ttl_members, struct in_ttl);
const struct shape shape_ttl_optional = SHAPE_OF(ttl_optional_members, struct in_ttl);

static const struct shape collection_config = {NULL, 0, sizeof(bool)};

static const struct shape_member definition_members[] = {
    {.name = "FeatureName",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_definition, name),
     .is_required = true,
     .min = 1,
     .max = LIMIT_FEATURE_NAME_BYTES,
     .fits = name_is_valid,
     .pattern = SHAPE_NAME_PATTERN},
    {.name = "FeatureType",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_definition, type),
     .is_required = true,
     .values = feature_types},
    {.name = "CollectionType",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_definition, collection_type),
     .values = collection_types},
    {.name = "CollectionConfig",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct in_definition, has_collection_config),
     .of = &collection_config},
};
const struct shape shape_definition = SHAPE_OF(definition_members, struct in_definition);

#define UNITS_MEMBER(member_name, field)                                                           \
    {.name = (member_name),                                                                        \
     .kind = SHAPE_INTEGER,                                                                        \
     .offset = offsetof(struct in_throughput, field),                                              \
     .max = LIMIT_CAPACITY_UNITS}
#define THROUGHPUT_MEMBERS(required)                                                               \
    {.name = "ThroughputMode",                                                                     \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(struct in_throughput, mode),                                               \
     .is_required = (required),                                                                    \
     .values = throughput_modes},                                                                  \
        UNITS_MEMBER("ProvisionedReadCapacityUnits", read_units),                                  \
        UNITS_MEMBER("ProvisionedWriteCapacityUnits", write_units)

static const struct shape_member throughput_members[] = {THROUGHPUT_MEMBERS(true)};
static const struct shape_member throughput_optional_members[] = {THROUGHPUT_MEMBERS(false)};
const struct shape shape_throughput = SHAPE_OF(throughput_members, struct in_throughput);
const struct shape shape_throughput_optional =
    SHAPE_OF(throughput_optional_members, struct in_throughput);

#define TAG_PATTERN "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)"

static const struct shape_member tag_members[] = {
    {.name = "Key",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_pair, key),
     .is_required = true,
     .min = 1,
     .max = LIMIT_TAG_KEY_CHARACTERS,
     .fits = shape_is_tag_text,
     .pattern = TAG_PATTERN},
    {.name = "Value",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_pair, value),
     .is_required = true,
     .max = LIMIT_TAG_VALUE_CHARACTERS,
     .fits = shape_is_tag_text,
     .pattern = TAG_PATTERN},
};
const struct shape shape_tag = SHAPE_OF(tag_members, struct in_pair);

enum code shape_read_call(struct call *call, const struct shape *shape, void *ret, struct err *err)
{
    bool is_malformed = false;
    enum code code =
        shape_read(call->exchange->request.body, shape, call->arena, ret, &is_malformed, err);

    if (code != OK && is_malformed)
        call->error_type = "SerializationException";
    return code;
}

/* ---- feature definitions ---- */

struct named {
    struct str lower;
    struct str name;
};

static int named_compare(const void *a, const void *b)
{
    return str_compare(((const struct named *)a)->lower, ((const struct named *)b)->lower);
}

/*
 * The offline store's columns are lower case (contract 3.2), so names that differ only in case
 * would be one column.
 */
static enum code names_differ(const struct feature *features, uint32_t count, struct arena *arena,
                              struct err *err)
{
    struct named *names = ARENA_NEW(arena, struct named, count);

    for (uint32_t i = 0; i < count; i++) {
        struct str name = features[i].name;
        char *lower = arena_alloc_raw(arena, name.len, 1);
        for (size_t at = 0; at < name.len; at++) {
            char byte = name.ptr[at];
            lower[at] = (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
        }
        names[i] = (struct named){{lower, name.len}, name};
    }
    qsort(names, count, sizeof(*names), named_compare);
    for (uint32_t i = 1; i < count; i++) {
        if (str_equal(names[i - 1].lower, names[i].lower))
            return err_set(err, ERR_INVALID,
                           "Validation Error: FeatureName '%.*s' and FeatureName '%.*s' are the "
                           "same name. Feature names must differ, also without regard to case.",
                           STR_ARG(names[i - 1].name), STR_ARG(names[i].name));
    }
    return OK;
}

static enum code definition_make(const struct in_definition *in, int64_t now_us,
                                 struct feature *ret, struct err *err)
{
    if (name_is_reserved(in->name))
        return err_set(err, ERR_INVALID,
                       "Validation Error: FeatureName '%.*s' is reserved. The names is_deleted, "
                       "write_time and api_invocation_time belong to the offline store.",
                       STR_ARG(in->name));
    if (!str_is_absent(in->collection_type) || in->has_collection_config != NULL)
        return err_set(err, ERR_INVALID,
                       "Validation Error: CollectionType of feature '%.*s' is not supported: "
                       "collections need the InMemory storage type.",
                       STR_ARG(in->name));
    *ret = (struct feature){
        .name = in->name,
        .type = (enum feature_type)shape_value_index(feature_types, in->type),
        .created_us = now_us,
        .modified_us = now_us,
    };
    return OK;
}

enum code definitions_make(const struct definitions *definitions, struct arena *arena,
                           struct feature **ret, uint32_t *ret_count, struct err *err)
{
    const struct in_definition *in = definitions->list->items;
    size_t count = definitions->old_count + definitions->list->count;

    if (count > LIMIT_FEATURES)
        return err_set(err, ERR_LIMIT,
                       "The account-level service limit 'Maximum number of feature definitions per "
                       "feature group' is %d FeatureDefinitions, with current utilization of %u "
                       "FeatureDefinitions and a request delta of %zu FeatureDefinitions.",
                       LIMIT_FEATURES, definitions->old_count, definitions->list->count);
    struct feature *features = ARENA_NEW(arena, struct feature, count);
    for (uint32_t i = 0; i < definitions->old_count; i++)
        features[i] = definitions->old[i];
    for (size_t i = 0; i < definitions->list->count; i++)
        TRY(definition_make(&in[i], definitions->now_us, &features[definitions->old_count + i],
                            err));
    TRY(names_differ(features, (uint32_t)count, arena, err));
    *ret = features;
    *ret_count = (uint32_t)count;
    return OK;
}

/* ---- throughput ---- */

enum code throughput_set(struct group *draft, const struct in_throughput *in, struct err *err)
{
    struct str mode = str_is_absent(in->mode) ? draft->throughput_mode : in->mode;
    bool has_units = in->read_units.is_given || in->write_units.is_given;

    if (str_equal(mode, STR("OnDemand"))) {
        if (has_units)
            return err_set(err, ERR_INVALID,
                           "Validation Error: ProvisionedReadCapacityUnits and "
                           "ProvisionedWriteCapacityUnits cannot be given when ThroughputMode is "
                           "OnDemand.");
        draft->read_units = -1;
        draft->write_units = -1;
    } else {
        if (in->read_units.is_given)
            draft->read_units = in->read_units.value;
        if (in->write_units.is_given)
            draft->write_units = in->write_units.value;
        if (draft->read_units < 0 || draft->write_units < 0)
            return err_set(err, ERR_INVALID,
                           "Validation Error: ProvisionedReadCapacityUnits and "
                           "ProvisionedWriteCapacityUnits must be given when ThroughputMode is "
                           "Provisioned.");
    }
    draft->throughput_mode = mode;
    return OK;
}
