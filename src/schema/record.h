#pragma once
/*
 * A record: the values of one write, as wire text in schema order, and its checks
 * (contract 2.1, 2.2, 2.5). Also its stored binary form, a table of offsets and the texts
 * (FORMATS.md). Pure.
 */
#include "core/arena.h"
#include "core/json.h"
#include "schema/group.h"

struct record {
    const struct group *group;
    struct str *values; /* group->feature_count of them; ptr NULL where absent */
    uint32_t present_count;
    size_t bytes;          /* of all values */
    struct str identifier; /* absent when the record has none (only record_check refuses) */
    bool has_event_time;
    struct instant event_time;
};

/*
 * Reads the JSON array of {FeatureName, ValueAsString} that stands next, naming features of
 * `group`. Refuses unknown and repeated features, ValueAsStringList, and values over the limits, by
 * name.
 */
NODISCARD enum code record_read(struct json *json, const struct group *group, struct record *ret,
                                struct err *err);

/*
 * Values fit their types (Integral: int64 decimal; Fractional: a finite double in decimal; String:
 * any UTF-8), identifier (1 to 2,048 bytes) and event time are there; the group's creation did not
 * fail. `is_partial` (UpdateRecord): both may be missing.
 */
NODISCARD enum code record_check(struct record *record, bool is_partial, struct err *err);

/* The event time of a value of the group's event-time feature. */
NODISCARD enum code record_event_time(const struct group *group, struct str value,
                                      struct instant *ret, struct err *err);

/* Whether text is a value of the type; the message says what was expected. */
NODISCARD enum code value_check(enum feature_type type, struct str value, struct err *err);

/* ---- the stored form ---- */

void record_encode(const struct record *record, struct buf *out);

/* A view of a stored record: checks the table of offsets once; then values are read without a copy.
 */
struct stored_record {
    struct str bytes;
    const unsigned char *offsets;
    uint32_t value_count; /* features beyond it are absent (they were added later) */
    bool is_wide;         /* 32-bit offsets */
    bool is_plain;        /* no value needs JSON escaping */
    const char *texts;
    size_t texts_bytes;
};
NODISCARD enum code stored_record_open(struct str bytes, struct stored_record *ret,
                                       struct err *err);
/* Absent when it has no value. */
struct str stored_record_value(const struct stored_record *record, uint32_t index);

/*
 * The JSON array of {FeatureName, ValueAsString} for all present features, or for those of `chosen`
 * (indexes into group->features; `chosen_count` 0 stands for all).
 */
void stored_record_render(const struct stored_record *record, const struct group *group,
                          const uint32_t *chosen, size_t chosen_count, struct buf *out);

/* `base` with the values of `changes` laid over it (UpdateRecord). */
void record_merge(const struct stored_record *base, const struct record *changes, struct buf *out);
