/*
 * Search (contract 1.5) over feature groups and feature metadata. Other resources of the service
 * are known by name and have no results.
 */
#include "api/group_out.h"
#include "api/page.h"
#include "api/search_match.h"
#include "config/limits.h"

enum { SORT_BYTES_MAX = 512 };

struct in_search {
    struct str resource;
    struct in_expression *expression;
    struct str sort_by;
    struct str sort_order;
    struct str next_token;
    struct shape_number max_results;
    struct str cross_account;
};

static const char *const resources[] = {
    "FeatureGroup",
    "FeatureMetadata",
    "TrainingJob",
    "Experiment",
    "ExperimentTrial",
    "ExperimentTrialComponent",
    "Endpoint",
    "Model",
    "ModelPackage",
    "ModelPackageGroup",
    "Pipeline",
    "PipelineExecution",
    "PipelineVersion",
    "Image",
    "ImageVersion",
    "Project",
    "HyperParameterTuningJob",
    "ModelCard",
    NULL,
};
static const char *const cross_account_options[] = {"SameAccount", "CrossAccount", NULL};

#define SEARCH_TEXT(member_name, field, ...)                                                       \
    {.name = (member_name),                                                                        \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(struct in_search, field),                                                  \
     __VA_ARGS__}

static const struct shape_member search_members[] = {
    SEARCH_TEXT("Resource", resource, .is_required = true, .values = resources),
    {.name = "SearchExpression",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct in_search, expression),
     .of = &shape_expression},
    SEARCH_TEXT("SortBy", sort_by, .min = 1, .max = 255),
    SEARCH_TEXT("SortOrder", sort_order, .values = shape_sort_orders),
    SHAPE_NEXT_TOKEN(struct in_search),
    {.name = "MaxResults",
     .kind = SHAPE_INTEGER,
     .offset = offsetof(struct in_search, max_results),
     .min = 1,
     .max = LIMIT_PAGE},
    SEARCH_TEXT("CrossAccountFilterOption", cross_account, .values = cross_account_options),
};
static const struct shape shape_search = SHAPE_OF(search_members, struct in_search);

struct finder {
    const struct in_expression *expression; /* NULL: everything is found */
    struct search_sort sort;
    struct page page;
};

static void subject_offer(struct finder *finder, const struct search_subject *subject)
{
    struct page_key key = {
        .id = subject->group->id,
        .index = subject->feature == NULL ? 0 : subject->feature->index,
        .item = subject->group,
    };

    if (finder->expression != NULL && !search_matches(finder->expression, subject))
        return;
    search_sort_value(&finder->sort, subject, &key.number, &key.text);
    key.text.len = size_min(key.text.len, SORT_BYTES_MAX); /* a token has room for so much */
    page_offer(&finder->page, &key);
}

static void group_offer(struct finder *finder, const struct group *group,
                        enum search_resource resource)
{
    if (resource == SEARCH_GROUPS) {
        subject_offer(finder, &(struct search_subject){group, NULL});
        return;
    }
    for (uint32_t i = 0; i < group->feature_count; i++)
        subject_offer(finder, &(struct search_subject){group, &group->features[i]});
}

static void result_out(const struct page_key *key, enum search_resource resource, struct buf *out)
{
    const struct group *group = key->item;
    bool is_first = true;

    if (resource == SEARCH_GROUPS) {
        buf_add(out, STR("{\"FeatureGroup\":{"));
        group_out(group, out, &is_first);
        pairs_out("Tags", group->tags, group->tag_count, out, &is_first);
    } else {
        buf_add(out, STR("{\"FeatureMetadata\":{"));
        feature_out(group, &group->features[key->index], out, &is_first);
    }
    buf_add(out, STR("}}"));
}

static void results_out(struct call *call, const struct page *page, enum search_resource resource)
{
    struct buf *out = call->out;
    bool is_first = false;

    buf_add(out, STR("{\"Results\":["));
    for (size_t i = 0; i < page->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        result_out(&page->keys[i], resource, out);
    }
    buf_add_byte(out, ']');
    if (page->has_more)
        out_text(out, &is_first, "NextToken", token_make(call, page_state(page, call->arena)));
    buf_add_format(out, ",\"TotalHits\":{\"Value\":%llu,\"Relation\":\"EqualTo\"}}",
                   (unsigned long long)page->total);
}

static enum code search_run(struct call *call, const struct in_search *in,
                            enum search_resource resource, struct err *err)
{
    struct str sort_by = str_is_absent(in->sort_by) ? STR("LastModifiedTime") : in->sort_by;
    struct finder finder = {.expression = in->expression};
    struct str state;

    if (in->expression != NULL)
        TRY(search_check(in->expression, resource, err));
    TRY(search_sort_find(resource, sort_by, &finder.sort, err));
    page_init(&finder.page,
              in->max_results.is_given ? (size_t)in->max_results.value : LIMIT_PAGE_DEFAULT,
              !str_equal(in->sort_order, STR("Ascending")), call->arena);
    if (!str_is_absent(in->next_token)) {
        TRY(token_read(call, in->next_token, &state, err));
        TRY(page_resume(&finder.page, state, err));
    }
    for (size_t i = 0; i < call->catalog->group_count; i++)
        group_offer(&finder, call->catalog->groups[i], resource);
    results_out(call, &finder.page, resource);
    return OK;
}

enum code api_search(struct call *call, struct err *err)
{
    struct in_search in;

    TRY(shape_read_call(call, &shape_search, &in, err));
    if (str_equal(in.resource, STR("FeatureGroup")))
        return search_run(call, &in, SEARCH_GROUPS, err);
    if (str_equal(in.resource, STR("FeatureMetadata")))
        return search_run(call, &in, SEARCH_FEATURES, err);
    buf_add(call->out,
            STR("{\"Results\":[],\"TotalHits\":{\"Value\":0,\"Relation\":\"EqualTo\"}}"));
    return OK;
}
