#pragma once
/* The shapes that several operations of the control plane share (contract 1.5). */
#include "api/call.h"
#include "api/shape.h"

#define SHAPE_COUNT(members) ARRAY_COUNT(members)
#define SHAPE_OF(members, type) {members, ARRAY_COUNT(members), sizeof(type)}

/* The members that name a group: a plain name of 1 to 64, or a name or ARN of 1 to 256. */
#define SHAPE_GROUP_NAME(type)                                                                     \
    {.name = "FeatureGroupName",                                                                   \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(type, name),                                                               \
     .is_required = true,                                                                          \
     .min = 1,                                                                                     \
     .max = LIMIT_GROUP_NAME_BYTES,                                                                \
     .fits = name_is_valid,                                                                        \
     .pattern = SHAPE_NAME_PATTERN}
#define SHAPE_GROUP_REFERENCE(type)                                                                \
    {.name = "FeatureGroupName",                                                                   \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(type, name),                                                               \
     .is_required = true,                                                                          \
     .min = 1,                                                                                     \
     .max = LIMIT_GROUP_NAME_OR_ARN_CONTROL,                                                       \
     .fits = shape_is_reference,                                                                   \
     .pattern = SHAPE_REFERENCE_PATTERN}
#define SHAPE_NEXT_TOKEN(type)                                                                     \
    {.name = "NextToken", .kind = SHAPE_TEXT, .offset = offsetof(type, next_token), .max = 8192}

#define SHAPE_NAME_PATTERN "[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}"
#define SHAPE_REFERENCE_PATTERN                                                                    \
    "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:feature-group/)?"                          \
    "([a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63})"

bool shape_is_reference(struct str text); /* a group's name or ARN */
bool shape_is_line(struct str text);      /* `.*` */
bool shape_is_tag_text(struct str text);  /* the characters of a tag */

struct in_ttl {
    struct str unit;
    struct shape_number value;
};
extern const struct shape shape_ttl;          /* both members are required */
extern const struct shape shape_ttl_optional; /* UpdateFeatureGroup: null stands for removal */

struct in_definition {
    struct str name;
    struct str type;
    struct str collection_type;
    bool *has_collection_config; /* not NULL when CollectionConfig was given */
};
extern const struct shape shape_definition;

struct in_throughput {
    struct str mode;
    struct shape_number read_units;
    struct shape_number write_units;
};
extern const struct shape shape_throughput;          /* ThroughputMode is required */
extern const struct shape shape_throughput_optional; /* UpdateFeatureGroup */

struct in_pair {
    struct str key;
    struct str value;
};
extern const struct shape shape_tag;

extern const char *const shape_sort_orders[];   /* Ascending, Descending */
extern const char *const shape_storage_types[]; /* Standard, Standard_V2, InMemory */

/* Reads the call's body; sets the call's error type when it is not of the right JSON types. */
NODISCARD enum code shape_read_call(struct call *call, const struct shape *shape, void *ret,
                                    struct err *err);

/* The features that `definitions` name, checked against each other and against `old`. */
struct definitions {
    const struct shape_list *list; /* of struct in_definition */
    const struct feature *old;
    uint32_t old_count;
    int64_t now_us;
};
NODISCARD enum code definitions_make(const struct definitions *definitions, struct arena *arena,
                                     struct feature **ret, uint32_t *ret_count, struct err *err);

/* Mode and capacity units that belong together; absent members of `in` keep what the draft has. */
NODISCARD enum code throughput_set(struct group *draft, const struct in_throughput *in,
                                   struct err *err);
