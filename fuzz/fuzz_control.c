/*
 * Bodies of the control plane. What CreateFeatureGroup accepts must give a definition that reads
 * back; searches must check and match without a fault. The first byte chooses the operation.
 */
#include "api/group_edit.h"
#include "api/group_make.h"
#include "api/search_match.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] =
    "{\"id\":1,\"version\":1,\"name\":\"g\",\"arn\":\"a\",\"status\":\"Created\",\"is_online\":"
    "true,"
    "\"throughput_mode\":\"OnDemand\",\"event_time_index\":1,\"features\":[{\"name\":\"i\","
    "\"type\":"
    "\"String\"},{\"name\":\"t\",\"type\":\"String\",\"parameters\":[[\"k\",\"v\"]]}]}";

static const struct group *sample_group(void)
{
    static struct group *group;

    if (group == NULL) {
        enum code code = group_read(str_from(sample), &group, NULL);
        assert(code == OK);
    }
    return group;
}

static void reads_back(struct str json)
{
    struct group *group;
    struct err err = {0};
    enum code code = group_read(json, &group, &err);

    assert(code == OK);
    group_unref(group);
}

static void create_run(struct str text, struct arena *arena)
{
    static const struct identity identity = {{"123456789012", 12}, {"eu-west-1", 9}, {"aws", 3}};
    struct group_maker maker = {&identity, STR("u"), 1700000000000000};
    struct in_create in;
    struct group draft;
    struct buf json = {0};
    struct err err;
    bool is_malformed;

    if (shape_read(text, &shape_create, arena, &in, &is_malformed, &err) != OK ||
        group_make(&maker, &in, arena, &draft, &err) != OK)
        return;
    group_write(&draft, &json);
    reads_back(buf_str(&json));
    buf_release(&json);
}

static void update_run(struct str text, struct arena *arena)
{
    struct in_update in;
    struct group_edit edit = {.now_us = 1700000000000001, .in = &in, .apply = update_apply};
    struct buf json = {0};
    struct err err;
    bool is_malformed;

    if (shape_read(text, &shape_update, arena, &in, &is_malformed, &err) != OK ||
        update_check(&in, &err) != OK)
        return;
    if (group_edit_run(sample_group(), &edit, &json, &err) == OK)
        reads_back(buf_str(&json));
    buf_release(&json);
}

static void search_run(struct str text, struct arena *arena, enum search_resource resource)
{
    const struct group *group = sample_group();
    struct search_subject subject = {group, resource == SEARCH_GROUPS ? NULL : &group->features[1]};
    struct in_expression expression;
    struct err err;
    bool is_malformed;

    if (shape_read(text, &shape_expression, arena, &expression, &is_malformed, &err) == OK &&
        search_check(&expression, resource, &err) == OK)
        (void)search_matches(&expression, &subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};

    if (size == 0)
        return 0;
    /* A block of the exact size: reading behind it is seen. */
    char *bytes = mem_new_array(size, 1);
    for (size_t i = 1; i < size; i++)
        bytes[i - 1] = (char)data[i];
    struct str text = {bytes, size - 1};
    switch (data[0] % 4) {
    case 0:
        create_run(text, &arena);
        break;
    case 1:
        update_run(text, &arena);
        break;
    case 2:
        search_run(text, &arena, SEARCH_GROUPS);
        break;
    default:
        search_run(text, &arena, SEARCH_FEATURES);
        break;
    }
    arena_release(&arena);
    mem_free(bytes);
    return 0;
}
