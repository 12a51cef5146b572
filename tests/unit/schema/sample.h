#pragma once
/* Groups and random data for the tests of schema/. */
#include "core/buf.h"
#include "schema/group.h"

/* A small generator with a fixed seed: a failing test fails again. */
static inline uint64_t sample_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline uint32_t sample_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(sample_random(state) % bound);
}

/*
 * A group with `id` String (identifier), `t` (event time of the given type) and `extra` features
 * f2, f3, … that are Integral, Fractional and String in turn.
 */
static inline void sample_json(struct buf *out, const char *name, const char *event_time_type,
                               unsigned extra)
{
    static const char *const types[] = {"Integral", "Fractional", "String"};

    buf_add_format(out,
                   "{\"id\":1,\"version\":1,\"name\":\"%s\",\"arn\":\"arn:aws:sagemaker:eu-west-1:"
                   "123456789012:feature-group/%s\",\"identifier_index\":0,\"event_time_index\":1,"
                   "\"created_us\":1700000000000000,\"is_online\":true,\"is_offline\":true,"
                   "\"features\":[{\"name\":\"id\",\"type\":\"String\"},"
                   "{\"name\":\"t\",\"type\":\"%s\"}",
                   name, name, event_time_type);
    for (unsigned i = 0; i < extra; i++)
        buf_add_format(out, ",{\"name\":\"f%u\",\"type\":\"%s\"}", i + 2, types[i % 3]);
    buf_add(out, STR("]}"));
}

static inline struct group *sample_group(const char *name, const char *event_time_type,
                                         unsigned extra)
{
    struct buf json;
    struct group *group = NULL;
    struct err err = {0};

    buf_init(&json, 0);
    sample_json(&json, name, event_time_type, extra);
    enum code code = group_read(buf_str(&json), &group, &err);
    buf_release(&json);
    assert(code == OK);
    return group;
}
