#pragma once
/*
 * Payloads between the server and a query worker (FORMATS.md, "Worker messages"), in the order of
 * the exchange:
 *
 *   QUERY         server: the request
 *   TABLE_WANTED  worker: the names that it refers to, all at once
 *   TABLE         server, for each name in that order: the source (a group) that it means, with the
 *                 group's schema at its first mention; or TABLE_NONE: why there is none
 *   TABLE_FILES   server, any number: files of a source
 *   TABLE_ROWS    server, any number: unflushed rows of a source
 *   TABLE_END     server: that was all
 *   QUERY_DONE    worker; or FAILED at any time
 *
 * Readers give ERR_CORRUPT when malformed. Pure.
 */
#include "core/arena.h"
#include "core/buf.h"
#include "query/dataset.h"
#include "query/engine.h"

struct query_order {
    bool is_dataset;
    bool is_sandbox_required;
    bool is_as_seen;
    bool is_labels_parquet;
    enum engine_format format;
    uint32_t threads;
    uint32_t cpu_seconds_max;
    uint64_t memory_bytes_max;
    int64_t now_us; /* the write time that unflushed rows show */
    struct str private_dir;
    struct str sql;
    struct str labels_path;
    struct str time_column; /* "" for the default */
    const struct str *groups;
    uint32_t group_count;
    const struct dataset_key *keys;
    uint32_t key_count;
};
void query_order_write(const struct query_order *order, struct buf *out);
NODISCARD enum code query_order_read(struct str payload, struct arena *arena,
                                     struct query_order *ret, struct err *err);

void table_wanted_write(const struct duck_name *names, size_t count, struct buf *out);
NODISCARD enum code table_wanted_read(struct str payload, struct arena *arena,
                                      const struct duck_name **ret, size_t *ret_count,
                                      struct err *err);

struct table_answer {
    uint32_t source;
    struct str group_json; /* "" when the source was told before */
};
void table_answer_write(const struct table_answer *answer, struct buf *out);
NODISCARD enum code table_answer_read(struct str payload, struct table_answer *ret,
                                      struct err *err);

/* `source`, then files until the end of the payload. */
void table_files_begin(uint32_t source, struct buf *out);
void table_files_add(const struct source_file *file, struct buf *out);
NODISCARD enum code table_files_read(struct str payload, struct arena *arena, uint32_t *ret_source,
                                     struct source_file **ret, size_t *ret_count, struct err *err);

/* `source`, then entries as stored. */
void table_rows_begin(uint32_t source, struct buf *out);
NODISCARD enum code table_rows_read(struct str payload, uint32_t *ret_source,
                                    struct str *ret_entries, struct err *err);

void query_done_write(uint64_t rows, struct buf *out);
NODISCARD enum code query_done_read(struct str payload, uint64_t *ret_rows, struct err *err);
