#pragma once
/* Feature groups and features as the control plane's answers show them (contract 1.5). Pure. */
#include "core/buf.h"
#include "schema/group.h"

/* "Creating", "Created", …; "Active" or "Disabled". */
const char *group_status_text(const struct group *group);
const char *group_offline_status_text(const struct group *group);

/*
 * The members that DescribeFeatureGroup and Search have in common, without braces; `is_first` as
 * for out_key.
 */
void group_out(const struct group *group, struct buf *out, bool *is_first);

/* "ThroughputConfig": of DescribeFeatureGroup alone. */
void group_out_throughput(const struct group *group, struct buf *out, bool *is_first);

/* The members of a feature's metadata (DescribeFeatureMetadata, Search), without braces. */
void feature_out(const struct group *group, const struct feature *feature, struct buf *out,
                 bool *is_first);

/* "<key>":[{"Key":…,"Value":…},…] */
void pairs_out(const char *key, const struct pair *pairs, size_t count, struct buf *out,
               bool *is_first);

/* "<key>":"<text>", escaped; nothing when the text is absent. */
void out_text(struct buf *out, bool *is_first, const char *key, struct str text);
