/*
 * The catalog and its changes. A definition entry's payload is a JSON object:
 *     {"change":"create","group":{…}}
 *     {"change":"replace","group":{…}}
 *     {"change":"delete","id":7,"name":"…"}
 * and the checkpoint's form is {"version":…,"id_next":…,"groups":[…],"retired":[…]} (FORMATS.md).
 */
#include "schema/catalog.h"

#include "core/json.h"
#include "core/mem.h"
#include "schema/group_priv.h"

#define QUOTA_TEXT                                                                                 \
    "The account-level service limit 'Maximum number of feature groups' is %zu FeatureGroups, "    \
    "with current utilization of %zu FeatureGroups and a request delta of 1 FeatureGroups. "       \
    "Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas "  \
    "is not available, contact AWS support to request an increase for this quota."

struct catalog *catalog_new(void)
{
    struct catalog *catalog = MEM_NEW(struct catalog);

    catalog->id_next = 1;
    return catalog;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    for (size_t i = 0; i < catalog->group_count; i++)
        group_unref(catalog->groups[i]);
    for (size_t i = 0; i < catalog->retired_count; i++)
        group_unref(catalog->retired[i]);
    mem_free((void *)catalog->groups);
    mem_free((void *)catalog->retired);
    mem_free(catalog);
}

/* Position of the name, or where it would stand. */
static size_t name_position(const struct catalog *catalog, struct str name, bool *ret_is_there)
{
    size_t low = 0;
    size_t high = catalog->group_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(catalog->groups[middle]->name, name);
        if (order == 0) {
            *ret_is_there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_is_there = false;
    return low;
}

const struct group *catalog_find(const struct catalog *catalog, struct str name)
{
    bool is_there;
    size_t at = name_position(catalog, name, &is_there);

    return is_there ? catalog->groups[at] : NULL;
}

const struct group *catalog_find_id(const struct catalog *catalog, uint32_t id,
                                    bool *ret_is_retired)
{
    size_t low = 0;
    size_t high = catalog->retired_count;

    for (size_t i = 0; i < catalog->group_count; i++) {
        if (catalog->groups[i]->id != id)
            continue;
        if (ret_is_retired != NULL)
            *ret_is_retired = false;
        return catalog->groups[i];
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (catalog->retired[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == catalog->retired_count || catalog->retired[low]->id != id)
        return NULL;
    if (ret_is_retired != NULL)
        *ret_is_retired = true;
    return catalog->retired[low];
}

/* ---- planning ---- */

static enum code not_found(struct str name, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND,
                   "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name %.*s",
                   STR_ARG(text_shown(name)));
}

static bool is_same_table(const struct group *a, const struct group *b)
{
    return !str_is_absent(a->catalog_table) && str_equal(a->catalog_table, b->catalog_table) &&
           str_equal(a->catalog_database, b->catalog_database);
}

/* A table outlives its group (contract 1.5), so those of deleted groups count too. */
static bool is_table_taken(const struct catalog *catalog, const struct group *group)
{
    for (size_t i = 0; i < catalog->group_count; i++) {
        if (is_same_table(catalog->groups[i], group))
            return true;
    }
    for (size_t i = 0; i < catalog->retired_count; i++) {
        if (is_same_table(catalog->retired[i], group))
            return true;
    }
    return false;
}

static void payload_write(const char *change, const struct group *group, struct buf *out)
{
    buf_add_format(out, "{\"change\":\"%s\",\"group\":", change);
    group_write(group, out);
    buf_add_byte(out, '}');
}

static enum code plan_create(const struct catalog *catalog, const struct change *change,
                             struct buf *out, struct err *err)
{
    struct group *group;

    if (catalog_find(catalog, change->name) != NULL)
        return err_set(err, ERR_EXISTS,
                       "Resource Already Exists: FeatureGroup with name %.*s already exists. "
                       "Choose a different name.\nInfo: Feature Group '%.*s' already exists.",
                       STR_ARG(change->name), STR_ARG(change->name));
    if (catalog->group_count >= change->groups_max)
        return err_set(err, ERR_LIMIT, QUOTA_TEXT, change->groups_max, catalog->group_count);
    if (catalog->id_next == UINT32_MAX)
        return err_set(err, ERR_LIMIT, "no group id is left");
    TRY(group_read(change->group_json, &group, err));
    assert(str_equal(group->name, change->name));
    group->id = catalog->id_next;
    group->version = 1;
    if (group->has_catalog_config && !group->is_glue_disabled && is_table_taken(catalog, group)) {
        group->status = GROUP_CREATE_FAILED;
        group->failure_reason =
            arena_format(&group->arena,
                         "Table %.*s already exists in database %.*s. (Service: AWSGlue; Status "
                         "Code: 400; Error Code: AlreadyExistsException)",
                         STR_ARG(group->catalog_table), STR_ARG(group->catalog_database));
    }
    payload_write("create", group, out);
    group_unref(group);
    return OK;
}

/* What was written with an older version must mean the same under a newer one. */
static enum code successor_check(const struct group *old, const struct group *new, struct err *err)
{
    if (new->id != old->id || !str_equal(new->name, old->name) ||
        new->identifier_index != old->identifier_index ||
        new->event_time_index != old->event_time_index || new->feature_count < old->feature_count ||
        new->version < old->version)
        return err_set(err, ERR_CORRUPT, "the new version of group '%.*s' is not its successor",
                       STR_ARG(old->name));
    for (uint32_t i = 0; i < old->feature_count; i++) {
        if (!str_equal(old->features[i].name, new->features[i].name) ||
            old->features[i].type != new->features[i].type)
            return err_set(err, ERR_CORRUPT, "the new version of group '%.*s' changes feature %u",
                           STR_ARG(old->name), i);
    }
    return OK;
}

static enum code plan_replace(const struct catalog *catalog, const struct change *change,
                              struct buf *out, struct err *err)
{
    const struct group *current = catalog_find(catalog, change->name);
    CLEANUP(buf_release) struct buf edited;
    struct group *group;

    buf_init(&edited, 0);
    if (current == NULL)
        return not_found(change->name, err);
    TRY(change->edit(current, change->context, &edited, err));
    TRY(group_read(buf_str(&edited), &group, err));
    enum code code = successor_check(current, group, err);
    if (code == OK) {
        group->version = current->version + (group->feature_count > current->feature_count);
        payload_write("replace", group, out);
    }
    group_unref(group);
    return code;
}

static enum code plan_delete(const struct catalog *catalog, const struct change *change,
                             struct buf *out, struct err *err)
{
    const struct group *current = catalog_find(catalog, change->name);

    if (current == NULL)
        return not_found(change->name, err);
    buf_add_format(out, "{\"change\":\"delete\",\"id\":%u,\"name\":\"%.*s\"}", current->id,
                   STR_ARG(current->name));
    return OK;
}

static enum code plan(const struct catalog *catalog, const struct change *change, struct buf *out,
                      struct err *err)
{
    switch (change->kind) {
    case CHANGE_CREATE:
        return plan_create(catalog, change, out, err);
    case CHANGE_REPLACE:
        return plan_replace(catalog, change, out, err);
    case CHANGE_DELETE:
        return plan_delete(catalog, change, out, err);
    }
    return err_set(err, ERR_INTERNAL, "a change of no kind");
}

enum code catalog_plan(const struct catalog *catalog, const struct change *change,
                       struct arena *arena, struct str *ret_payload, struct err *err)
{
    CLEANUP(buf_release) struct buf out;

    buf_init(&out, 0);
    TRY(plan(catalog, change, &out, err));
    *ret_payload = arena_str(arena, buf_str(&out));
    return OK;
}

/* ---- applying ---- */

/* The same groups with one reference each more, and room for one more of each kind. */
static struct catalog *catalog_copy(const struct catalog *catalog)
{
    struct catalog *copy = MEM_NEW(struct catalog);

    copy->version = catalog->version + 1;
    copy->id_next = catalog->id_next;
    copy->groups = MEM_NEW_ARRAY(const struct group *, catalog->group_count + 1);
    copy->retired = MEM_NEW_ARRAY(const struct group *, catalog->retired_count + 1);
    for (size_t i = 0; i < catalog->group_count; i++)
        copy->groups[copy->group_count++] = group_ref(catalog->groups[i]);
    for (size_t i = 0; i < catalog->retired_count; i++)
        copy->retired[copy->retired_count++] = group_ref(catalog->retired[i]);
    return copy;
}

static void group_insert(struct catalog *catalog, size_t at, const struct group *group)
{
    for (size_t i = catalog->group_count; i > at; i--)
        catalog->groups[i] = catalog->groups[i - 1];
    catalog->groups[at] = group;
    catalog->group_count++;
}

static void group_retire(struct catalog *catalog, size_t at)
{
    const struct group *group = catalog->groups[at];
    size_t to = catalog->retired_count;

    for (size_t i = at; i + 1 < catalog->group_count; i++)
        catalog->groups[i] = catalog->groups[i + 1];
    catalog->group_count--;
    for (; to > 0 && catalog->retired[to - 1]->id > group->id; to--)
        catalog->retired[to] = catalog->retired[to - 1];
    catalog->retired[to] = group;
    catalog->retired_count++;
}

/* A parsed payload. */
struct payload {
    struct str change;
    struct str group;
    struct str name;
    int64_t id;
};

static enum code payload_member_read(struct json *json, struct str key, struct payload *payload)
{
    if (str_equal(key, STR("change")))
        return json_string(json, &payload->change);
    if (str_equal(key, STR("group")))
        return json_skip(json, &payload->group);
    if (str_equal(key, STR("name")))
        return json_string(json, &payload->name);
    if (str_equal(key, STR("id")))
        return json_i64(json, &payload->id);
    return json_fail(json, ERR_CORRUPT, "no member '%.*s'", STR_ARG(key));
}

static enum code payload_read(struct str text, struct arena *arena, struct payload *ret,
                              struct err *err)
{
    struct payload payload = {.id = -1};
    struct json json;
    struct str key;

    json_init(&json, text, arena, err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key))
        TRY(payload_member_read(&json, key, &payload));
    TRY(json_end(&json));
    *ret = payload;
    return OK;
}

static enum code apply_create(struct catalog *catalog, struct group *group, struct err *err)
{
    bool is_there;
    size_t at = name_position(catalog, group->name, &is_there);

    if (is_there || group->id != catalog->id_next)
        return err_set(err, ERR_CORRUPT, "group '%.*s' with id %u cannot be created",
                       STR_ARG(group->name), group->id);
    group_insert(catalog, at, group_ref(group));
    catalog->id_next++;
    return OK;
}

static enum code apply_replace(struct catalog *catalog, struct group *group, struct err *err)
{
    bool is_there;
    size_t at = name_position(catalog, group->name, &is_there);

    if (!is_there)
        return err_set(err, ERR_CORRUPT, "group '%.*s' is not there to be replaced",
                       STR_ARG(group->name));
    TRY(successor_check(catalog->groups[at], group, err));
    group_unref(catalog->groups[at]);
    catalog->groups[at] = group_ref(group);
    return OK;
}

static enum code apply_delete(struct catalog *catalog, const struct payload *payload,
                              struct err *err)
{
    bool is_there;
    size_t at = name_position(catalog, payload->name, &is_there);

    if (!is_there || catalog->groups[at]->id != payload->id)
        return err_set(err, ERR_CORRUPT, "group '%.*s' is not there to be deleted",
                       STR_ARG(text_shown(payload->name)));
    group_retire(catalog, at);
    return OK;
}

static enum code apply(struct catalog *catalog, const struct payload *payload, struct err *err)
{
    enum code (*with_group)(struct catalog *, struct group *, struct err *) = NULL;
    struct group *group;

    if (str_equal(payload->change, STR("delete")))
        return apply_delete(catalog, payload, err);
    if (str_equal(payload->change, STR("create")))
        with_group = apply_create;
    else if (str_equal(payload->change, STR("replace")))
        with_group = apply_replace;
    else
        return err_set(err, ERR_CORRUPT, "no change '%.*s'", STR_ARG(text_shown(payload->change)));
    TRY(group_read(payload->group, &group, err));
    enum code code = with_group(catalog, group, err);
    group_unref(group);
    return code;
}

enum code catalog_apply(const struct catalog *catalog, struct str text, struct catalog **ret,
                        struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct err inner = {0};
    struct payload payload = {0};
    struct catalog *next = catalog_copy(catalog);

    enum code code = payload_read(text, &arena, &payload, &inner);
    if (code == OK)
        code = apply(next, &payload, &inner);
    if (code != OK) {
        catalog_free(next);
        return err_set(err, ERR_CORRUPT, "definition entry: %s", inner.message);
    }
    *ret = next;
    return OK;
}

/* ---- the checkpoint's form ---- */

static void groups_write(const char *key, const struct group *const *groups, size_t count,
                         struct buf *out)
{
    buf_add_format(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        group_write(groups[i], out);
    }
    buf_add_byte(out, ']');
}

void catalog_write(const struct catalog *catalog, struct buf *out)
{
    buf_add_format(out, "{\"version\":%llu,\"id_next\":%u", (unsigned long long)catalog->version,
                   catalog->id_next);
    groups_write("groups", catalog->groups, catalog->group_count, out);
    groups_write("retired", catalog->retired, catalog->retired_count, out);
    buf_add_byte(out, '}');
}

/* Ids must be below id_next, the order strict: by name for groups, by id for retired ones. */
static bool is_next(const struct catalog *catalog, const struct group *group, bool is_retired)
{
    if (group->id == 0 || group->id >= catalog->id_next)
        return false;
    if (is_retired)
        return catalog->retired_count == 0 ||
               catalog->retired[catalog->retired_count - 1]->id < group->id;
    return catalog->group_count == 0 ||
           str_compare(catalog->groups[catalog->group_count - 1]->name, group->name) < 0;
}

static void group_append(struct catalog *catalog, const struct group *group, bool is_retired)
{
    const struct group ***list = is_retired ? &catalog->retired : &catalog->groups;
    size_t *count = is_retired ? &catalog->retired_count : &catalog->group_count;

    if ((*count & (*count - 1)) == 0) /* full at every power of two */
        *list = (const struct group **)mem_resize((void *)*list,
                                                  size_max(1, 2 * *count) * sizeof(**list));
    (*list)[(*count)++] = group;
}

static enum code groups_read(struct json *json, struct catalog *catalog, bool is_retired,
                             struct err *err)
{
    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        struct str text;
        struct group *group;

        TRY(json_skip(json, &text));
        TRY(group_read(text, &group, err));
        if (!is_next(catalog, group, is_retired)) {
            group_unref(group);
            return err_set(err, ERR_CORRUPT, "the groups are not in order");
        }
        group_append(catalog, group, is_retired);
    }
    return json_status(json);
}

static enum code numbers_read(struct json *json, struct str key, struct catalog *catalog)
{
    int64_t number;

    TRY(json_i64(json, &number));
    if (str_equal(key, STR("version")) && number >= 0)
        catalog->version = (uint64_t)number;
    else if (str_equal(key, STR("id_next")) && number >= 1 && number <= UINT32_MAX)
        catalog->id_next = (uint32_t)number;
    else
        return json_fail(json, ERR_CORRUPT, "'%.*s' is not expected", STR_ARG(text_shown(key)));
    return OK;
}

static enum code catalog_fill(struct catalog *catalog, struct json *json, struct err *err)
{
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        if (str_equal(key, STR("groups")))
            TRY(groups_read(json, catalog, false, err));
        else if (str_equal(key, STR("retired")))
            TRY(groups_read(json, catalog, true, err));
        else
            TRY(numbers_read(json, key, catalog));
    }
    TRY(json_status(json));
    return json_end(json);
}

enum code catalog_read(struct str bytes, struct catalog **ret, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct err inner = {0};
    struct catalog *catalog = catalog_new();
    struct json json;

    json_init(&json, bytes, &arena, &inner);
    if (catalog_fill(catalog, &json, &inner) != OK) {
        catalog_free(catalog);
        return err_set(err, ERR_CORRUPT, "catalog: %s", inner.message);
    }
    *ret = catalog;
    return OK;
}
