#pragma once
/* What group.c and group_json.c share: making a group that is not published yet. */
#include "schema/group.h"

enum {
    FEATURE_TYPE_COUNT = FEATURE_STRING + 1,
    STORAGE_TYPE_COUNT = STORAGE_STANDARD_V2 + 1,
};

extern const char *const feature_type_names[FEATURE_TYPE_COUNT];
extern const char *const storage_type_names[STORAGE_TYPE_COUNT];

/* Empty, with one reference; the caller fills it and calls group_index before anyone else sees it.
 */
struct group *group_new(void);

/* Makes the lookup table and json_open from the features. ERR_CORRUPT for a name that comes twice.
 */
NODISCARD enum code group_index(struct group *group, struct err *err);
