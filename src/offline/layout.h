#pragma once
/*
 * Names and paths of the offline store, to the letter of contract section 3 (Glue format). A path
 * is made of checked or percent-encoded parts: no client string becomes a path component as it is.
 * Pure.
 */
#include "core/arena.h"
#include "core/instant.h"
#include "schema/group.h"
#include "schema/names.h"

/* `<S3Uri>/<account>/sagemaker/<region>/offline-store/<name>-<epoch>/data` (contract 3.1). */
struct str layout_resolved_uri(struct str store_uri, const struct identity *identity,
                               struct str name, int64_t created_us, struct arena *arena);

/* The folder of an s3:// URI below the data folder: "offline/<bucket>/<key…>", parts encoded. */
struct str layout_folder(struct str resolved_uri, struct arena *arena);

/* The Glue table name `<name>_<epoch>`, lower case, hyphens as underscores (contract 3.3). */
struct str layout_table(const struct group *group, struct arena *arena);

/* An event-time hour: seconds since 1970 divided by 3600, floored. */
int64_t layout_hour(struct instant event_time);
/* `year=YYYY/month=MM/day=DD/hour=HH` */
struct str layout_partition(int64_t hour, struct arena *arena);

/*
 * `<yyyyMMddTHHmmssZ of the newest event time in the file>_<16 alphanumerics>.parquet`; the 16 are
 * a pure function of group id, hour, range and feature count, so a repeated flush gives the same
 * name. The last four of them check the others: a file that another writer made is told from ours.
 */
struct layout_file {
    uint32_t group_id;
    uint32_t feature_count;
    int64_t hour;
    uint64_t from, to; /* journal range */
    struct instant newest;
};
struct str layout_file_name(const struct layout_file *file, struct arena *arena);
/* Whether a file of that name was made by us (one of 14 million others' names would pass). */
bool layout_is_own_name(struct str name);
