#include "schema/group.h"

#include "core/hash.h"
#include "core/mem.h"
#include "schema/group_priv.h"

#include <stdatomic.h>

const char *const feature_type_names[FEATURE_TYPE_COUNT] = {
    [FEATURE_INTEGRAL] = "Integral",
    [FEATURE_FRACTIONAL] = "Fractional",
    [FEATURE_STRING] = "String",
};

const char *const storage_type_names[STORAGE_TYPE_COUNT] = {
    [STORAGE_STANDARD] = "Standard",
    [STORAGE_STANDARD_V2] = "Standard_V2",
};

/* Counting is the one change a published group sees. */
static struct group *group_mutable(const struct group *group)
{
    union {
        const struct group *read;
        struct group *write;
    } counted = {.read = group};

    return counted.write;
}

struct group *group_ref(const struct group *group)
{
    struct group *counted = group_mutable(group);
    uint32_t before = atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);

    assert(before > 0 && before < UINT32_MAX);
    return counted;
}

void group_unref(const struct group *group)
{
    if (group == NULL)
        return;
    struct group *counted = group_mutable(group);
    uint32_t before = atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel);

    assert(before > 0);
    if (before == 1) {
        arena_release(&counted->arena);
        mem_free(counted);
    }
}

struct group *group_new(void)
{
    struct group *group = MEM_NEW(struct group);

    arena_init(&group->arena);
    atomic_init(&group->references, 1);
    group->read_units = -1;
    group->write_units = -1;
    return group;
}

void group_draft(const struct group *group, struct group *ret)
{
    size_t from = offsetof(struct group, id); /* neither the memory nor the count */

    *ret = (struct group){0};
    memcpy((char *)ret + from, (const char *)group + from, sizeof(*ret) - from);
}

const struct feature *group_feature(const struct group *group, struct str name)
{
    uint32_t slot = (uint32_t)hash_checksum(name) & group->lookup_mask;

    while (group->lookup[slot] != 0) {
        const struct feature *feature = &group->features[group->lookup[slot] - 1];
        if (str_equal(feature->name, name))
            return feature;
        slot = (slot + 1) & group->lookup_mask;
    }
    return NULL;
}

const struct feature *group_feature_near(const struct group *group, struct str name, uint32_t hint)
{
    if (hint < group->feature_count && str_equal(group->features[hint].name, name))
        return &group->features[hint];
    return group_feature(group, name);
}

/* False when the name is there already. */
static bool lookup_add(struct group *group, uint32_t index)
{
    struct str name = group->features[index].name;
    uint32_t slot = (uint32_t)hash_checksum(name) & group->lookup_mask;

    for (; group->lookup[slot] != 0; slot = (slot + 1) & group->lookup_mask) {
        if (str_equal(group->features[group->lookup[slot] - 1].name, name))
            return false;
    }
    group->lookup[slot] = index + 1;
    return true;
}

/* All json_open texts behind one another, so that rendering walks memory forward. */
static void json_open_make(struct group *group)
{
    static const struct str head = {"{\"FeatureName\":\"", 16};
    static const struct str tail = {"\",\"ValueAsString\":\"", 19};
    size_t bytes = 0;

    for (uint32_t i = 0; i < group->feature_count; i++)
        bytes += head.len + group->features[i].name.len + tail.len;
    char *at = arena_alloc(&group->arena, bytes + JSON_OPEN_SLACK_BYTES, 64);
    group->json_open_bytes = bytes;
    for (uint32_t i = 0; i < group->feature_count; i++) {
        struct feature *feature = &group->features[i];
        feature->json_open = (struct str){at, head.len + feature->name.len + tail.len};
        memcpy(at, head.ptr, head.len);
        memcpy(at + head.len, feature->name.ptr, feature->name.len);
        memcpy(at + head.len + feature->name.len, tail.ptr, tail.len);
        at += feature->json_open.len;
    }
}

enum code group_index(struct group *group, struct err *err)
{
    uint32_t slots = 8;

    while (slots < 2 * group->feature_count)
        slots *= 2;
    group->lookup = ARENA_NEW(&group->arena, uint32_t, slots);
    group->lookup_mask = slots - 1;
    for (uint32_t i = 0; i < group->feature_count; i++) {
        group->features[i].index = i;
        if (!lookup_add(group, i))
            return err_set(err, ERR_CORRUPT, "feature '%.*s' is defined twice",
                           STR_ARG(group->features[i].name));
    }
    json_open_make(group);
    return OK;
}

const char *feature_type_name(enum feature_type type)
{
    assert((unsigned)type < FEATURE_TYPE_COUNT);
    return feature_type_names[type];
}

const char *storage_type_name(enum storage_type type)
{
    assert((unsigned)type < STORAGE_TYPE_COUNT);
    return storage_type_names[type];
}
