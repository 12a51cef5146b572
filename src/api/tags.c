/* AddTags, ListTags and DeleteTags of feature groups (contract 1.5). */
#include "api/group_edit.h"
#include "api/group_make.h"
#include "api/group_out.h"
#include "config/limits.h"

enum { PAGE_TAGS_MIN = 50 };

static_assert((int)LIMIT_TAGS <= (int)PAGE_TAGS_MIN, "one page holds all tags of a group");

/* `arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+`: what kind of resource is looked at later. */
static bool is_resource_arn(struct str text)
{
    return str_starts(text, STR("arn:"));
}

#define TAGS_ARN                                                                                   \
    {.name = "ResourceArn",                                                                        \
     .kind = SHAPE_TEXT,                                                                           \
     .offset = offsetof(struct in_tags, arn),                                                      \
     .is_required = true,                                                                          \
     .max = LIMIT_GROUP_NAME_OR_ARN_CONTROL,                                                       \
     .fits = is_resource_arn,                                                                      \
     .pattern = "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+"}

static const struct shape_member add_members[] = {
    TAGS_ARN,
    {.name = "Tags",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct in_tags, tags),
     .is_required = true,
     .max = LIMIT_TAGS,
     .of = &shape_tag},
};
static const struct shape shape_add = SHAPE_OF(add_members, struct in_tags);

static const struct shape_member list_members[] = {
    TAGS_ARN,
    SHAPE_NEXT_TOKEN(struct in_tags),
    {.name = "MaxResults",
     .kind = SHAPE_INTEGER,
     .offset = offsetof(struct in_tags, max_results),
     .min = PAGE_TAGS_MIN,
     .max = INT32_MAX},
};
static const struct shape shape_list = SHAPE_OF(list_members, struct in_tags);

static const struct shape_member key_element = {
    .kind = SHAPE_TEXT,
    .min = 1,
    .max = LIMIT_TAG_KEY_CHARACTERS,
    .fits = shape_is_tag_text,
    .pattern = "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)",
};

static const struct shape_member delete_members[] = {
    TAGS_ARN,
    {.name = "TagKeys",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct in_tags, keys),
     .is_required = true,
     .min = 1,
     .max = LIMIT_TAGS,
     .element = &key_element},
};
static const struct shape shape_delete = SHAPE_OF(delete_members, struct in_tags);

/* These operations have no ResourceNotFound in the model: what is not there is not valid. */
static enum code tagged_group(struct call *call, struct str arn, const struct group **ret,
                              struct err *err)
{
    struct group_reference reference;
    struct str shown = text_shown(arn);

    if (group_reference_parse(arn, LIMIT_GROUP_NAME_OR_ARN_CONTROL, &reference, NULL) != OK)
        return err_set(err, ERR_INVALID,
                       "Validation Error: ResourceArn '%.*s' is not the ARN of a feature group.",
                       STR_ARG(shown));
    enum code code = call_group(call, arn, LIMIT_GROUP_NAME_OR_ARN_CONTROL, ret, err);
    if (code == ERR_NOT_FOUND)
        call->error_type = "ValidationException";
    return code;
}

static bool is_key_listed(const struct shape_list *keys, struct str key)
{
    const struct str *items = keys->items;

    for (size_t i = 0; i < keys->count; i++) {
        if (str_equal(items[i], key))
            return true;
    }
    return false;
}

static void tag_set(struct pair *tags, size_t *count, struct pair tag)
{
    size_t at = 0;

    while (at < *count && !str_equal(tags[at].key, tag.key))
        at++;
    tags[at] = tag;
    *count = size_max(*count, at + 1);
}

enum code tags_apply(const struct group_edit *edit, struct group *draft, struct arena *arena,
                     struct err *err)
{
    const struct in_tags *in = edit->in;
    const struct in_pair *added = in->tags.items;
    struct pair *tags = ARENA_NEW(arena, struct pair, draft->tag_count + in->tags.count);
    size_t count = 0;

    for (size_t i = 0; i < draft->tag_count; i++) {
        if (!is_key_listed(&in->keys, draft->tags[i].key))
            tags[count++] = draft->tags[i];
    }
    for (size_t i = 0; i < in->tags.count; i++)
        tag_set(tags, &count, (struct pair){added[i].key, added[i].value});
    if (count > LIMIT_TAGS)
        return err_set(err, ERR_INVALID,
                       "Validation Error: Tags would give FeatureGroup %.*s %zu tags; a resource "
                       "has at most %d.",
                       STR_ARG(draft->name), count, LIMIT_TAGS);
    draft->tags = tags;
    draft->tag_count = count;
    return OK;
}

static enum code tags_submit(struct call *call, const struct in_tags *in,
                             void (*reply)(struct call *call, void *edit), struct err *err)
{
    const struct group *group = NULL;

    TRY(tagged_group(call, in->arn, &group, err));
    assert(group != NULL);
    struct group_edit edit = {
        .call = call,
        .name = group->name,
        .arn = group->arn,
        .now_us = call->now_us,
        .in = in,
        .apply = tags_apply,
        .reply = reply,
    };
    return group_edit_submit(&edit, err);
}

/* All tags that the resource has now; the writer thread, which runs this, owns the catalog. */
static void add_reply(struct call *call, void *context)
{
    const struct group_edit *edit = context;
    const struct group *group = catalog_find(store_catalog(call->options->store), edit->name);
    bool is_first = true;

    buf_add_byte(call->out, '{');
    pairs_out("Tags", group == NULL ? NULL : group->tags, group == NULL ? 0 : group->tag_count,
              call->out, &is_first);
    buf_add_byte(call->out, '}');
}

enum code api_add_tags(struct call *call, struct err *err)
{
    struct in_tags *in = ARENA_NEW(call->arena, struct in_tags, 1);
    const struct pair *checked;
    size_t count;

    TRY(shape_read_call(call, &shape_add, in, err));
    TRY(tags_make(&in->tags, call->arena, &checked, &count, err));
    return tags_submit(call, in, add_reply, err);
}

enum code api_list_tags(struct call *call, struct err *err)
{
    const struct group *group = NULL;
    struct in_tags in;
    struct str state;
    bool is_first = true;

    TRY(shape_read_call(call, &shape_list, &in, err));
    if (!str_is_absent(in.next_token))
        TRY(token_read(call, in.next_token, &state, err));
    TRY(tagged_group(call, in.arn, &group, err));
    assert(group != NULL);
    buf_add_byte(call->out, '{');
    pairs_out("Tags", group->tags, group->tag_count, call->out, &is_first);
    buf_add_byte(call->out, '}');
    return OK;
}

static void delete_reply(struct call *call, void *context)
{
    (void)context;
    buf_add(call->out, STR("{}"));
}

enum code api_delete_tags(struct call *call, struct err *err)
{
    struct in_tags *in = ARENA_NEW(call->arena, struct in_tags, 1);

    TRY(shape_read_call(call, &shape_delete, in, err));
    return tags_submit(call, in, delete_reply, err);
}
