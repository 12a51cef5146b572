#pragma once
/*
 * Changes of an existing group: an operation checks its input on the loop thread, then its edit
 * runs on the writer thread against the version that is current there, so that two changes at once
 * both count. The context lies in the call's arena and outlives the change.
 */
#include "api/shapes.h"

struct group_edit {
    struct call *call;
    struct str name; /* of the group */
    struct str arn;
    int64_t now_us;
    const void *in; /* the operation's input */
    /* Changes the draft, which belongs to it; views into the input, the arena and the old version.
     */
    enum code (*apply)(const struct group_edit *edit, struct group *draft, struct arena *arena,
                       struct err *err);
    void (*reply)(struct call *call, void *edit); /* struct group_edit; may be NULL */
};

/* Submits the edit as a change and defers the call. `edit` is copied. */
NODISCARD enum code group_edit_submit(const struct group_edit *edit, struct err *err);

/* The change itself, as catalog_plan calls it; context is a struct group_edit. */
NODISCARD enum code group_edit_run(const struct group *current, void *context,
                                   struct buf *out_group_json, struct err *err);

/* UpdateFeatureGroup's input and edit. */
struct in_update_online {
    const struct in_ttl *ttl;
    struct str storage_type;
};

struct in_update {
    struct str name;
    struct shape_list additions; /* of struct in_definition */
    const struct in_update_online *online;
    const struct in_throughput *throughput;
};
extern const struct shape shape_update;

/* Exactly one thing is asked for (contract 1.5). */
NODISCARD enum code update_check(const struct in_update *in, struct err *err);
NODISCARD enum code update_apply(const struct group_edit *edit, struct group *draft,
                                 struct arena *arena, struct err *err);

/* UpdateFeatureMetadata's. */
struct in_metadata {
    struct str name;
    struct str feature;
    struct str description;
    struct shape_list additions; /* of struct in_pair */
    struct shape_list removals;  /* of struct str */
};
NODISCARD enum code metadata_apply(const struct group_edit *edit, struct group *draft,
                                   struct arena *arena, struct err *err);

/* AddTags' and DeleteTags'. */
struct in_tags {
    struct str arn;
    struct shape_list tags; /* of struct in_pair */
    struct shape_list keys; /* of struct str */
    struct str next_token;
    struct shape_number max_results;
};
NODISCARD enum code tags_apply(const struct group_edit *edit, struct group *draft,
                               struct arena *arena, struct err *err);
