#pragma once
/* What GetRecord, BatchGetRecord and ListRecords share. Loop thread, inside the epoch section. */
#include "api/call.h"

/* Names asked for, as sorted indexes without repeats; count 0 stands for all. */
struct choice {
    uint32_t *indexes;
    size_t count;
};

/* ERR_INVALID names a feature that the group does not have. */
NODISCARD enum code choice_make(struct call *call, const struct group *group,
                                const struct str *names, size_t count, struct choice *ret,
                                struct err *err);

/* ERR_INVALID: the group has no online store. */
NODISCARD enum code online_required(const struct group *group, struct err *err);

/* 1 to LIMIT_IDENTIFIER_BYTES bytes; the message names RecordIdentifierValueAsString. */
NODISCARD enum code identifier_check(struct str identifier, struct err *err);

/* "Enabled" or "Disabled"; absent is Disabled. */
NODISCARD enum code expiration_read(struct str text, bool *ret_is_wanted, struct err *err);

/*
 * The live record of an identifier: *ret_is_found is false for none, a tombstone, and one that has
 * expired (contract 2.3).
 */
struct live_record {
    bool is_found;
    struct online_head head;
    struct stored_record stored;
};
NODISCARD enum code live_record_get(struct call *call, const struct group *group,
                                    struct str identifier, struct live_record *ret,
                                    struct err *err);

/* Whether any of the chosen features has a value. */
bool live_record_has(const struct live_record *live, const struct choice *choice);

/* `"Record":[…]` and, when wanted and there is a TTL, `,"ExpiresAt":"…"`. */
void live_record_out(struct call *call, const struct group *group, const struct live_record *live,
                     const struct choice *choice, bool is_expiry_wanted);
