#pragma once
/*
 * The server's side of a query: takes a snapshot (manifest files and the journal's unflushed tail),
 * starts a sandboxed worker, answers its questions about tables, and hands over the result file.
 * Runs on a query thread, blocks there, never on a loop.
 */
#include "offline/manifest.h"
#include "query/dataset.h"
#include "schema/names.h"
#include "write/write.h"

struct query_request {
    bool is_dataset;
    struct str sql; /* one SELECT */
    /* dataset (query/dataset.h) */
    const char *labels_path;  /* an uploaded file, under the data folder's tmp */
    bool is_labels_parquet;   /* else CSV */
    const struct str *groups; /* names, in output order */
    size_t group_count;
    struct str time_column; /* of the labels; absent: the default */
    const struct dataset_key *keys;
    size_t key_count;
    bool is_as_seen;

    enum engine_format format;
    int64_t now_us;
    unsigned timeout_ms;
    uint64_t memory_bytes_max;
    /* Set by any thread: the query ends soon, with ERR_BUSY. May be NULL. */
    const _Atomic(bool) *is_cancelled;
};

struct query_result {
    int file; /* descriptor of the finished result, already unlinked; the caller closes it */
    uint64_t bytes;
    uint64_t rows;
};

struct query_context {
    const char *program;
    const char *data_dir;
    struct store *store;
    struct manifest *manifest;
    struct identity identity;
    bool is_sandbox_required;
    const struct os *os;
};

NODISCARD enum code query_run(const struct query_context *context,
                              const struct query_request *request, struct query_result *ret,
                              struct err *err);

/* At start: removes what queries of an earlier process left under "<data>/tmp". */
void query_places_clear(const struct os *os, const char *data_dir);
