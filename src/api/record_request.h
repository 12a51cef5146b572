#pragma once
/*
 * What the requests that write records share: the members Record, TargetStores and TtlDuration
 * (contract 1.4), checked against the group.
 */
#include "api/call.h"
#include "core/json.h"
#include "schema/ttl.h"

struct record_request {
    bool has_record;
    struct record record; /* in the call's arena */
    uint8_t targets;      /* as named; 0 when TargetStores was not given */
    struct ttl ttl;       /* seconds 0 when TtlDuration was not given */
};

/* The value of a member that stands next; null is the same as leaving it out. */
NODISCARD enum code record_request_record(struct json *json, const struct group *group,
                                          struct record_request *request, struct err *err);
NODISCARD enum code record_request_targets(struct json *json, struct record_request *request,
                                           struct err *err);
NODISCARD enum code record_request_ttl(struct json *json, struct ttl *ret, struct err *err);

/* Adds one name of a TargetStores list. */
NODISCARD enum code targets_add(struct str name, uint8_t *targets, struct err *err);
/* ERR_INVALID when a TargetStores list of so many names is too short or too long. */
NODISCARD enum code targets_count_check(size_t count, struct err *err);

/* The stores of a write: those named, or all that the group has. ERR_INVALID names one that the
 * group lacks. */
NODISCARD enum code targets_resolve(const struct group *group, uint8_t named, uint8_t *ret,
                                    struct err *err);

/* ERR_INVALID: the group takes no records, because its creation failed. */
NODISCARD enum code group_is_writable(const struct group *group, struct err *err);

/* As call_group with group_is_writable, but an unknown group is ERR_INVALID: PutRecord and
 * DeleteRecord know no ResourceNotFound (contract 1.4, 1.5). */
NODISCARD enum code writable_group(struct call *call, const struct group **ret, struct err *err);

/* A required member that did not come: its path as the service writes it, and its name. */
NODISCARD enum code member_missing(const char *path, const char *name, struct err *err);
