/* DescribeFeatureMetadata and UpdateFeatureMetadata (contract 1.5). */
#include "api/group_edit.h"
#include "api/group_out.h"
#include "config/limits.h"

#define PARAMETER_PATTERN "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-]*)"

static const struct shape_member parameter_members[] = {
    {.name = "Key",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_pair, key),
     .is_required = true,
     .min = 1,
     .max = 255,
     .fits = parameter_text_is_valid,
     .pattern = PARAMETER_PATTERN},
    {.name = "Value",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_pair, value),
     .is_required = true,
     .min = 1,
     .max = 255,
     .fits = parameter_text_is_valid,
     .pattern = PARAMETER_PATTERN},
};
static const struct shape shape_parameter = SHAPE_OF(parameter_members, struct in_pair);

#define METADATA_FEATURE                                                                           \
    {.name = "FeatureName",                                                                        \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(struct in_metadata, feature),                                              \
     .is_required = true,                                                                          \
     .min = 1,                                                                                     \
     .max = LIMIT_FEATURE_NAME_BYTES,                                                              \
     .fits = name_is_valid,                                                                        \
     .pattern = SHAPE_NAME_PATTERN}

static const struct shape_member describe_members[] = {
    SHAPE_GROUP_REFERENCE(struct in_metadata),
    METADATA_FEATURE,
};
static const struct shape shape_describe = SHAPE_OF(describe_members, struct in_metadata);

static const struct shape_member update_members[] = {
    SHAPE_GROUP_REFERENCE(struct in_metadata),
    METADATA_FEATURE,
    {.name = "Description",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct in_metadata, description),
     .max = 255,
     .fits = shape_is_line,
     .pattern = ".*"},
    {.name = "ParameterAdditions",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct in_metadata, additions),
     .max = LIMIT_PARAMETERS,
     .of = &shape_parameter},
    {.name = "ParameterRemovals",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct in_metadata, removals),
     .max = LIMIT_PARAMETERS,
     .element = &parameter_members[0]},
};
static const struct shape shape_update_metadata = SHAPE_OF(update_members, struct in_metadata);

static enum code feature_missing(const struct group *group, struct str name, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND,
                   "Resource Not Found: Amazon SageMaker can't find a Feature with name %.*s in "
                   "FeatureGroup %.*s",
                   STR_ARG(name), STR_ARG(group->name));
}

enum code api_describe_feature_metadata(struct call *call, struct err *err)
{
    struct in_metadata in;
    const struct group *group;
    bool is_first = true;

    TRY(shape_read_call(call, &shape_describe, &in, err));
    TRY(call_group(call, in.name, LIMIT_GROUP_NAME_OR_ARN_CONTROL, &group, err));
    const struct feature *feature = group_feature(group, in.feature);
    if (feature == NULL)
        return feature_missing(group, in.feature, err);
    buf_add_byte(call->out, '{');
    feature_out(group, feature, call->out, &is_first);
    buf_add_byte(call->out, '}');
    return OK;
}

/* ---- update ---- */

static bool is_removed(const struct in_metadata *in, struct str key)
{
    const struct str *removals = in->removals.items;

    for (size_t i = 0; i < in->removals.count; i++) {
        if (str_equal(removals[i], key))
            return true;
    }
    return false;
}

/* Sets the pair of that key, or adds it behind. */
static void pair_set(struct pair *pairs, size_t *count, struct pair pair)
{
    size_t at = 0;

    while (at < *count && !str_equal(pairs[at].key, pair.key))
        at++;
    pairs[at] = pair;
    *count = size_max(*count, at + 1);
}

static enum code parameters_apply(const struct in_metadata *in, struct feature *feature,
                                  struct arena *arena, struct err *err)
{
    const struct in_pair *additions = in->additions.items;
    struct pair *pairs =
        ARENA_NEW(arena, struct pair, feature->parameter_count + in->additions.count);
    size_t count = 0;

    for (size_t i = 0; i < feature->parameter_count; i++) {
        if (!is_removed(in, feature->parameters[i].key))
            pairs[count++] = feature->parameters[i];
    }
    for (size_t i = 0; i < in->additions.count; i++)
        pair_set(pairs, &count, (struct pair){additions[i].key, additions[i].value});
    if (count > LIMIT_PARAMETERS)
        return err_set(err, ERR_INVALID,
                       "Validation Error: ParameterAdditions would give feature '%.*s' %zu "
                       "parameters; a feature has at most %d.",
                       STR_ARG(feature->name), count, LIMIT_PARAMETERS);
    feature->parameters = pairs;
    feature->parameter_count = count;
    return OK;
}

enum code metadata_apply(const struct group_edit *edit, struct group *draft, struct arena *arena,
                         struct err *err)
{
    const struct in_metadata *in = edit->in;
    struct feature *features = ARENA_NEW(arena, struct feature, draft->feature_count);
    struct feature *feature = NULL;

    for (uint32_t i = 0; i < draft->feature_count; i++) {
        features[i] = draft->features[i];
        if (str_equal(features[i].name, in->feature))
            feature = &features[i];
    }
    if (feature == NULL)
        return feature_missing(draft, in->feature, err);
    if (!str_is_absent(in->description))
        feature->description = in->description.len == 0 ? STR_ABSENT : in->description;
    TRY(parameters_apply(in, feature, arena, err));
    if (edit->now_us > feature->modified_us)
        feature->modified_us = edit->now_us;
    draft->features = features;
    return OK;
}

enum code api_update_feature_metadata(struct call *call, struct err *err)
{
    struct in_metadata *in = ARENA_NEW(call->arena, struct in_metadata, 1);
    const struct group *group;

    TRY(shape_read_call(call, &shape_update_metadata, in, err));
    TRY(call_group(call, in->name, LIMIT_GROUP_NAME_OR_ARN_CONTROL, &group, err));
    if (group_feature(group, in->feature) == NULL)
        return feature_missing(group, in->feature, err);
    struct group_edit edit = {
        .call = call,
        .name = group->name,
        .arn = group->arn,
        .now_us = call->now_us,
        .in = in,
        .apply = metadata_apply,
    };
    return group_edit_submit(&edit, err);
}
