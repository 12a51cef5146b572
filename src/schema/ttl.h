#pragma once
/* TtlDuration (contract 1.4, 2.4): unit and value; expiry = event time + duration. Pure. */
#include "core/json.h"
#include "schema/group.h"

/* Reads {Unit, Value} that stands next. Refuses unknown units and values that pass year 9999's end.
 */
NODISCARD enum code ttl_read(struct json *json, struct ttl *ret, struct err *err);
NODISCARD enum code ttl_make(struct str unit, int64_t value, struct ttl *ret, struct err *err);

/* Whether a record of that event time and TTL (0: none) has expired at `now` (now >= expiry). */
bool ttl_is_expired(struct instant event_time, int64_t ttl_seconds, struct instant now);
