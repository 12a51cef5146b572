#pragma once
/* A group that tests of loading use. */
#include "cli/group_info.h"

static inline struct group_info sample_group(void)
{
    static struct group_feature features[] = {
        {{"id", 2}, {"String", 6}, {NULL, 0}},
        {{"at", 2}, {"String", 6}, {NULL, 0}},
        {{"count", 5}, {"Integral", 8}, {NULL, 0}},
        {{"text", 4}, {"String", 6}, {NULL, 0}},
    };

    return (struct group_info){.name = {"g", 1},
                               .id_feature = {"id", 2},
                               .event_time_feature = {"at", 2},
                               .features = features,
                               .feature_count = 4};
}
