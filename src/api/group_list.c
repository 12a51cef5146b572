/* ListFeatureGroups (contract 1.5). */
#include "api/group_out.h"
#include "api/page.h"
#include "api/shapes.h"
#include "config/limits.h"

struct in_list {
    struct str name_contains;
    struct str status;
    struct str offline_status;
    struct shape_number created_after;
    struct shape_number created_before;
    struct str sort_order;
    struct str sort_by;
    struct shape_number max_results;
    struct str next_token;
};

enum { BY_NAME, BY_STATUS, BY_OFFLINE_STATUS, BY_CREATION };

static const char *const sort_keys[] = {"Name", "FeatureGroupStatus", "OfflineStoreStatus",
                                        "CreationTime", NULL};
static const char *const statuses[] = {"Creating", "Created",      "CreateFailed",
                                       "Deleting", "DeleteFailed", NULL};
static const char *const offline_statuses[] = {"Active", "Blocked", "Disabled", NULL};

#define LIST_TEXT(member_name, field, ...)                                                         \
    {.name = (member_name),                                                                        \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(struct in_list, field),                                                    \
     __VA_ARGS__}

static const struct shape_member list_members[] = {
    LIST_TEXT("NameContains", name_contains, .min = 1, .max = LIMIT_GROUP_NAME_BYTES),
    LIST_TEXT("FeatureGroupStatusEquals", status, .values = statuses),
    LIST_TEXT("OfflineStoreStatusEquals", offline_status, .values = offline_statuses),
    {.name = "CreationTimeAfter",
     .kind = SHAPE_TIME,
     .offset = offsetof(struct in_list, created_after)},
    {.name = "CreationTimeBefore",
     .kind = SHAPE_TIME,
     .offset = offsetof(struct in_list, created_before)},
    LIST_TEXT("SortOrder", sort_order, .values = shape_sort_orders),
    LIST_TEXT("SortBy", sort_by, .values = sort_keys),
    {.name = "MaxResults",
     .kind = SHAPE_INTEGER,
     .offset = offsetof(struct in_list, max_results),
     .min = 1,
     .max = LIMIT_PAGE},
    SHAPE_NEXT_TOKEN(struct in_list),
};
static const struct shape shape_list = SHAPE_OF(list_members, struct in_list);

static bool is_listed(const struct in_list *in, const struct group *group)
{
    if (!str_is_absent(in->name_contains) && !str_contains(group->name, in->name_contains))
        return false;
    if (!str_is_absent(in->status) && !str_equal(in->status, str_from(group_status_text(group))))
        return false;
    if (!str_is_absent(in->offline_status) &&
        !str_equal(in->offline_status, str_from(group_offline_status_text(group))))
        return false;
    if (in->created_after.is_given && group->created_us <= in->created_after.value)
        return false;
    return !in->created_before.is_given || group->created_us < in->created_before.value;
}

static struct page_key list_key(const struct in_list *in, const struct group *group)
{
    struct page_key key = {.id = group->id, .item = group};

    switch (shape_value_index(sort_keys, in->sort_by)) {
    case BY_NAME:
        key.text = group->name;
        break;
    case BY_STATUS:
        key.text = str_from(group_status_text(group));
        break;
    case BY_OFFLINE_STATUS:
        key.text = str_from(group_offline_status_text(group));
        break;
    default:
        key.number = group->created_us;
        break;
    }
    return key;
}

static void summary_out(const struct group *group, struct buf *out)
{
    bool is_first = true;

    buf_add_byte(out, '{');
    out_text(out, &is_first, "FeatureGroupName", group->name);
    out_text(out, &is_first, "FeatureGroupArn", group->arn);
    out_key(out, &is_first, "CreationTime");
    out_time(out, group->created_us);
    out_text(out, &is_first, "FeatureGroupStatus", str_from(group_status_text(group)));
    out_key(out, &is_first, "OfflineStoreStatus");
    buf_add_format(out, "{\"Status\":\"%s\"}}", group_offline_status_text(group));
}

enum code api_list_feature_groups(struct call *call, struct err *err)
{
    struct in_list in;
    struct page page;
    struct str state;
    bool is_first = true;

    TRY(shape_read_call(call, &shape_list, &in, err));
    page_init(&page, in.max_results.is_given ? (size_t)in.max_results.value : LIMIT_PAGE_DEFAULT,
              str_equal(in.sort_order, STR("Descending")), call->arena);
    if (!str_is_absent(in.next_token)) {
        TRY(token_read(call, in.next_token, &state, err));
        TRY(page_resume(&page, state, err));
    }
    for (size_t i = 0; i < call->catalog->group_count; i++) {
        struct page_key key = list_key(&in, call->catalog->groups[i]);
        if (is_listed(&in, call->catalog->groups[i]))
            page_offer(&page, &key);
    }
    buf_add(call->out, STR("{\"FeatureGroupSummaries\":["));
    for (size_t i = 0; i < page.count; i++) {
        if (i > 0)
            buf_add_byte(call->out, ',');
        summary_out(page.keys[i].item, call->out);
    }
    buf_add_byte(call->out, ']');
    is_first = false;
    if (page.has_more)
        out_text(call->out, &is_first, "NextToken",
                 token_make(call, page_state(&page, call->arena)));
    buf_add_byte(call->out, '}');
    return OK;
}
