#pragma once
/*
 * The catalog: all feature groups at one moment, immutable. A change is planned against the current
 * version (may fail), journaled as a definition entry, and applied to give the next version (may
 * not fail for a payload that was planned; a stored payload that does not parse is ERR_CORRUPT).
 * Live changes and recovery call the same catalog_apply. The writer thread publishes versions;
 * readers are inside an epoch section.
 */
#include "schema/group.h"
#include "schema/names.h"

struct catalog {
    uint64_t version;            /* counts changes */
    uint32_t id_next;            /* of the next group */
    const struct group **groups; /* sorted by name as bytes */
    size_t group_count;
    /* Deleted groups, by id: their history stays (contract 1.5) and may still wait for its flush.
     */
    const struct group **retired;
    size_t retired_count;
};

/* The empty one. */
struct catalog *catalog_new(void);
void catalog_free(struct catalog *catalog); /* releases its references to groups */

/* NULL when there is none. */
const struct group *catalog_find(const struct catalog *catalog, struct str name);
/* Also finds retired groups; *ret_is_retired may be NULL. */
const struct group *catalog_find_id(const struct catalog *catalog, uint32_t id,
                                    bool *ret_is_retired);

enum change_kind {
    CHANGE_CREATE, /* group: the new group; id, created and derived fields are filled by the plan */
    CHANGE_REPLACE, /* group: the next version of an existing one (update, tags, metadata) */
    CHANGE_DELETE,  /* name */
};

/*
 * A change to plan in the writer thread. For CHANGE_REPLACE, `edit` is called with the current
 * version of the group so that two concurrent updates both count; it gives the next version as JSON
 * text.
 */
struct change {
    enum change_kind kind;
    struct str name;       /* of the group */
    struct str group_json; /* CHANGE_CREATE: group_write form without id */
    NODISCARD enum code (*edit)(const struct group *current, void *context,
                                struct buf *out_group_json, struct err *err);
    void *context;
    size_t groups_max; /* CHANGE_CREATE: the account's quota */
};

/* ERR_EXISTS, ERR_NOT_FOUND, ERR_LIMIT or what edit gave; messages are the contract's exact texts.
 */
NODISCARD enum code catalog_plan(const struct catalog *catalog, const struct change *change,
                                 struct arena *arena, struct str *ret_payload, struct err *err);

/* `payload` is a definition entry's. The old version stays as it is. */
NODISCARD enum code catalog_apply(const struct catalog *catalog, struct str payload,
                                  struct catalog **ret, struct err *err);

/* The whole catalog for the checkpoint, and back. */
void catalog_write(const struct catalog *catalog, struct buf *out);
NODISCARD enum code catalog_read(struct str bytes, struct catalog **ret, struct err *err);
