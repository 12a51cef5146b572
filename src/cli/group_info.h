#pragma once
/* What a DescribeFeatureGroup answer says, for the commands that need to know a group. Pure. */
#include "core/arena.h"
#include "core/base.h"
#include "core/str.h"

struct group_feature {
    struct str name;
    struct str type;
    struct str collection; /* absent: none */
};

struct group_info {
    struct str name;
    struct str arn;
    struct str status;
    struct str id_feature;
    struct str event_time_feature;
    struct str created; /* epoch seconds as sent */
    struct str description;
    struct str storage_type; /* absent: no online store */
    struct str offline_uri;  /* absent: no offline store */
    struct str ttl;          /* "30 Days"; absent: none */
    struct group_feature *features;
    size_t feature_count;
};

/* Views into `text` or the arena. ERR_CORRUPT when it is no such answer. */
NODISCARD enum code group_info_parse(struct str text, struct arena *arena, struct group_info *ret,
                                     struct err *err);

/* The feature of that name, or NULL. */
const struct group_feature *group_info_feature(const struct group_info *info, struct str name);
