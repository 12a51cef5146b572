#include "cli/plan.h"

static struct str finish(struct buf *buf, struct arena *arena)
{
    struct str text = arena_str(arena, buf_str(buf));

    buf_release(buf);
    return text;
}

static struct str feature_head(struct str name, struct arena *arena)
{
    struct buf buf;

    buf_init(&buf, 0);
    buf_add(&buf, STR("{\"FeatureName\":"));
    buf_add_json(&buf, name);
    buf_add(&buf, STR(",\"ValueAsString\":\""));
    return finish(&buf, arena);
}

static struct str entry_head(const struct plan_request *request, struct arena *arena)
{
    struct buf buf;

    buf_init(&buf, 0);
    buf_add(&buf, STR("{\"FeatureGroupName\":"));
    buf_add_json(&buf, request->info->name);
    if (!str_is_absent(request->targets)) {
        buf_add(&buf, STR(",\"TargetStores\":"));
        buf_add(&buf, request->targets);
    }
    buf_add(&buf, STR(",\"Record\":["));
    return finish(&buf, arena);
}

static struct str body_head(const struct plan_request *request, struct arena *arena)
{
    if (str_is_absent(request->ttl))
        return STR("{\"Entries\":[");
    return arena_format(arena, "{\"TtlDuration\":%.*s,\"Entries\":[", STR_ARG(request->ttl));
}

static uint32_t feature_by_name(const struct group_info *info, struct str name)
{
    const struct group_feature *feature = group_info_feature(info, name);

    return feature == NULL ? PLAN_NONE : (uint32_t)(feature - info->features);
}

static enum code apply_maps(const struct plan_request *request, struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < request->map_count; i++) {
        uint32_t at = feature_by_name(request->info, request->maps[i].feature);
        if (at == PLAN_NONE)
            return err_set(err, ERR_INVALID, "the feature group has no feature '%.*s' to map",
                           STR_ARG(request->maps[i].feature));
        plan->features[at].source = request->maps[i].column;
        plan->features[at].is_mapped = true;
    }
    return OK;
}

enum code plan_make(const struct plan_request *request, struct arena *arena, struct plan *ret,
                    struct err *err)
{
    const struct group_info *info = request->info;
    struct plan plan = {
        .features = ARENA_NEW(arena, struct plan_feature, info->feature_count),
        .feature_count = (uint32_t)info->feature_count,
        .id_feature = feature_by_name(info, info->id_feature),
        .event_time_feature = feature_by_name(info, info->event_time_feature),
        .body_head = body_head(request, arena),
        .entry_head = entry_head(request, arena),
        .ignored = STR(""),
        .is_strict = request->is_strict,
    };

    if (plan.id_feature == PLAN_NONE || plan.event_time_feature == PLAN_NONE)
        return err_set(err, ERR_CORRUPT, "the server's answer does not describe a feature group");
    for (size_t i = 0; i < info->feature_count; i++)
        plan.features[i] = (struct plan_feature){
            .source = info->features[i].name,
            .head = feature_head(info->features[i].name, arena),
            .is_number = !str_equal(info->features[i].type, STR("String")),
        };
    TRY(apply_maps(request, &plan, err));
    *ret = plan;
    return OK;
}

static enum code column_feature(const struct plan *plan, struct str name, uint32_t *ret,
                                struct err *err)
{
    uint32_t found = PLAN_NONE;

    for (uint32_t i = 0; i < plan->feature_count; i++) {
        if (!str_equal(plan->features[i].source, name))
            continue;
        if (found != PLAN_NONE)
            return err_set(err, ERR_INVALID,
                           "the column '%.*s' is taken by two features; map one "
                           "of them to another column",
                           STR_ARG(name));
        found = i;
    }
    *ret = found;
    return OK;
}

static bool has_column(const struct plan *plan, uint32_t feature)
{
    for (size_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i] == feature)
            return true;
    }
    return false;
}

static enum code check_needed(const struct plan *plan, uint32_t feature, const char *what,
                              struct err *err)
{
    struct str name = plan->features[feature].source;

    if (has_column(plan, feature))
        return OK;
    return err_set(err, ERR_INVALID,
                   "no column is named '%.*s', which the %s is taken from; --map FEATURE=COLUMN "
                   "names another",
                   STR_ARG(name), what);
}

/* Every column that an option names must be there. */
static enum code check_mapped(const struct plan *plan, struct err *err)
{
    for (uint32_t i = 0; i < plan->feature_count; i++) {
        const struct plan_feature *feature = &plan->features[i];
        if (feature->is_mapped && !has_column(plan, i))
            return err_set(err, ERR_INVALID, "there is no column '%.*s' to map",
                           STR_ARG(feature->source));
    }
    return OK;
}

/* The next column of the header; what is no feature goes to `ignored`. */
static enum code take_column(struct plan *plan, struct str name, struct buf *ignored,
                             struct err *err)
{
    uint32_t feature = PLAN_NONE;

    TRY(column_feature(plan, name, &feature, err));
    if (feature != PLAN_NONE && has_column(plan, feature))
        return err_set(err, ERR_INVALID, "the column '%.*s' stands twice in the header",
                       STR_ARG(name));
    if (feature == PLAN_NONE && !str_equal(name, PLAN_ERROR_COLUMN))
        buf_add_format(ignored, "%s%.*s", ignored->len > 0 ? ", " : "", STR_ARG(name));
    plan->columns[plan->column_count++] = feature;
    return OK;
}

enum code plan_columns(struct plan *plan, const struct str *names, size_t count,
                       struct arena *arena, struct err *err)
{
    struct buf ignored;
    enum code code = OK;

    plan->columns = ARENA_NEW(arena, uint32_t, count);
    plan->column_count = 0;
    buf_init(&ignored, 0);
    for (size_t i = 0; i < count && code == OK; i++)
        code = take_column(plan, names[i], &ignored, err);
    plan->ignored = finish(&ignored, arena);
    TRY(code);
    TRY(check_mapped(plan, err));
    TRY(check_needed(plan, plan->id_feature, "record identifier", err));
    TRY(check_needed(plan, plan->event_time_feature, "event time", err));
    if (plan->is_strict && plan->ignored.len > 0)
        return err_set(err, ERR_INVALID, "these columns are no features: %.*s",
                       STR_ARG(str_slice(plan->ignored, 0, size_min(plan->ignored.len, 300))));
    return OK;
}
