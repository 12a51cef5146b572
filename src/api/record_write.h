#pragma once
/* What PutRecord, UpdateRecord, DeleteRecord and BatchWriteRecord share: members, targets, the
 * queued write. */
#include "api/body.h"
#include "schema/record.h"

/* TargetStores as TARGET_ bits (contract 1.4); not given: every store the group has. */
struct targets {
    uint8_t bits;
    bool is_given;
};
/* One name of the list: ERR_INVALID when it is no store. */
NODISCARD enum code targets_add(struct targets *targets, struct str name, struct err *err);
/* Reads the JSON list that stands next: 1 or 2 names; null is not given. */
NODISCARD enum code targets_read(struct call *call, struct json *json, struct targets *ret,
                                 struct err *err);
/* ERR_INVALID when a store is named that the group lacks. */
NODISCARD enum code targets_resolve(const struct targets *targets, const struct group *group,
                                    uint8_t *ret, struct err *err);

/* A TtlDuration that stands next; null leaves *ret as it is. */
NODISCARD enum code ttl_member(struct json *json, struct ttl *ret, struct err *err);

/* Writes one record: the call is deferred and finished after the durable write. */
struct record_write {
    struct write_item item;
    struct write_job job;
    struct buf record;
    struct call *call;
};

/* In the call's arena; holds a reference to the group until it is done. */
struct record_write *record_write_new(struct call *call, const struct group *group);
NODISCARD enum code record_write_submit(struct record_write *write, struct err *err);

/* An unknown group is a ValidationError for PutRecord and DeleteRecord (contract 1.5). */
NODISCARD enum code call_group_or_invalid(struct call *call, const struct group **ret,
                                          struct err *err);
