#pragma once
/* What the files of flush.h share: the range at hand, its rows and its files. */
#include "offline/flush.h"
#include "offline/flush_state.h"

struct flush_row {
    const struct group *group;
    int64_t hour;
    uint32_t order; /* in the journal */
    const struct entry *entry;
};

/* One Parquet file to be: rows [first, first + count) of the sorted ones. Paths are relative. */
struct flush_file {
    struct manifest_file entry; /* for the manifest */
    const struct group *group;
    size_t first, count;
    struct str folder;
    struct str name; /* of the file, and of its temporary and sidecar files */
};

struct flush_range {
    uint64_t from, to;
    int64_t write_time_us;
    struct arena arena;          /* entries, files, names */
    const struct group **groups; /* those seen, referenced */
    size_t group_count;
    struct flush_row *rows;
    size_t row_count, row_capacity;
    const struct entry **entries; /* of the rows, sorted as they are */
    struct flush_file *files;
    size_t file_count;
    size_t file_next; /* the first that is not written */
    int64_t arrival_max_us;
};

struct flush {
    const struct os *os;
    struct store *store;
    struct manifest *manifest;
    struct flush_options options;
    struct arena names; /* data_dir */
    unsigned reader;    /* epoch slot */
    enum flush_state state;
    struct flush_mark mark; /* the newest of the journal, when the run began */
    struct flush_range range;
    struct buf bytes; /* of one file, for its checksum */
};

/* A named step is behind us: a kill point of tests. */
NODISCARD enum code flush_step_name(struct flush *flush, const char *name, struct err *err);
static inline const char *flush_path(const struct flush *flush, struct str relative,
                                     struct arena *arena)
{
    return arena_format(arena, "%s/%.*s", flush->options.data_dir, STR_ARG(relative)).ptr;
}

/* flush_rows.c: reads the rows of [from, to) and plans their files. */
NODISCARD enum code flush_range_read(struct flush *flush, uint64_t from, uint64_t to,
                                     struct err *err);
void flush_range_release(struct flush_range *range);

/* flush_file.c: writes, syncs and renames one file; syncs all folders of the range. */
NODISCARD enum code flush_file_write(struct flush *flush, struct flush_file *file, struct err *err);
NODISCARD enum code flush_folders_sync(struct flush *flush, struct err *err);
/* Removes what is left in tmp/. */
NODISCARD enum code flush_tmp_clear(struct flush *flush, struct err *err);
