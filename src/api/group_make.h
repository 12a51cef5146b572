#pragma once
/* CreateFeatureGroup's input and the rules that make a definition of it (contract 1.5, 3.3). Pure.
 */
#include "api/shapes.h"

struct in_security {
    struct str kms_key;
};

struct in_online {
    const struct in_security *security;
    struct shape_number is_enabled;
    const struct in_ttl *ttl;
    struct str storage_type;
};

struct in_storage {
    struct str uri;
    struct str kms_key;
    struct str resolved_uri; /* an output of the service; taken and not used */
};

struct in_catalog {
    struct str table;
    struct str catalog;
    struct str database;
};

struct in_offline {
    const struct in_storage *storage;
    struct shape_number is_glue_disabled;
    const struct in_catalog *catalog;
    struct str table_format;
};

struct in_create {
    struct str name;
    struct str identifier;
    struct str event_time;
    struct shape_list definitions; /* of struct in_definition */
    const struct in_online *online;
    const struct in_offline *offline;
    const struct in_throughput *throughput;
    struct str role_arn;
    struct str description;
    struct shape_list tags; /* of struct in_pair */
};
extern const struct shape shape_create;

struct group_maker {
    const struct identity *identity;
    struct str user;
    int64_t now_us;
};

/* The new group without its id, for group_write. Views into the input and the arena. */
NODISCARD enum code group_make(const struct group_maker *maker, const struct in_create *in,
                               struct arena *arena, struct group *ret, struct err *err);

/* Tags as pairs; ERR_INVALID for a key that comes twice. */
NODISCARD enum code tags_make(const struct shape_list *list, struct arena *arena,
                              const struct pair **ret, size_t *ret_count, struct err *err);
