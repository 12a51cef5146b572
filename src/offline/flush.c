/*
 * The run of one range, step by step. Each step can be the last one: what it did is either repeated
 * with the same result, or was the whole of it.
 */
#include "config/limits.h"
#include "core/kill_point.h"
#include "core/mem.h"
#include "core/metrics.h"
#include "offline/flush_priv.h"

enum code flush_step_name(struct flush *flush, const char *name, struct err *err)
{
    kill_point(name);
    if (flush->options.kill_point == NULL)
        return OK;
    return flush->options.kill_point(flush->options.kill_point_context, name, err);
}

static enum code folders_make(struct flush *flush, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};

    TRY(os_make_dirs(flush->os, flush_path(flush, STR("tmp"), &arena), err));
    TRY(os_make_dirs(flush->os, flush_path(flush, STR("offline"), &arena), err));
    TRY(os_make_dirs(flush->os, flush_path(flush, STR("sidecar"), &arena), err));
    return flush_tmp_clear(flush, err);
}

enum code flush_new(const struct os *os, struct store *store, struct manifest *manifest,
                    const struct flush_options *options, struct flush **ret, struct err *err)
{
    unsigned reader;

    assert(options->data_dir != NULL && options->sink.write != NULL);
    TRY(epoch_reader_add(store_epoch(store), &reader, err));
    struct flush *flush = MEM_NEW(struct flush);
    flush->os = os;
    flush->store = store;
    flush->manifest = manifest;
    flush->options = *options;
    flush->options.data_dir = arena_cstr(&flush->names, str_from(options->data_dir));
    flush->reader = reader;
    if (flush->options.range_bytes_max == 0)
        flush->options.range_bytes_max = LIMIT_FLUSH_RANGE_BYTES;
    enum code code = folders_make(flush, err);
    if (code != OK) {
        flush_free(flush);
        return code;
    }
    *ret = flush;
    return OK;
}

void flush_free(struct flush *flush)
{
    if (flush == NULL)
        return;
    epoch_reader_remove(store_epoch(flush->store), flush->reader);
    flush_range_release(&flush->range);
    arena_release(&flush->names);
    buf_release(&flush->bytes);
    mem_free(flush);
}

static enum code mark_append(struct flush *flush, const struct flush_mark *mark, struct err *err)
{
    CLEANUP(buf_release) struct buf bytes = {0};

    flush_mark_encode(mark, &bytes);
    struct write_item item = {.kind = WRITE_MARK, .record = buf_str(&bytes)};
    struct write_job job = {.items = &item, .count = 1};
    return write_wait(flush->store, &job, err);
}

/*
 * Which range: the one that a mark says was cut, else the next. A range without rows is passed over
 * only when there is more behind it or it is large: else each mark, an entry itself, would make
 * work for another one.
 */
static enum code step_idle(struct flush *flush, bool *ret_is_done, struct err *err)
{
    uint64_t from, to;

    store_flush_mark(flush->store, &flush->mark);
    bool is_redo = flush->mark.cut_from < flush->mark.cut_to;
    if (is_redo) {
        from = flush->mark.cut_from;
        to = flush->mark.cut_to;
    } else {
        from = flush->mark.flushed_to;
        TRY(journal_cut(store_journal(flush->store), from, flush->options.range_bytes_max, &to,
                        err));
    }
    if (from == to) {
        *ret_is_done = true;
        return OK;
    }
    TRY(flush_range_read(flush, from, to, err));
    struct flush_range *range = &flush->range;
    if (is_redo) {
        range->write_time_us = flush->mark.write_time_us;
        flush_state_move(&flush->state, FLUSH_WRITE);
        return OK;
    }
    bool is_worth_a_mark = to - from >= flush->options.range_bytes_max / 2 ||
                           to < journal_durable_end(store_journal(flush->store));
    if (range->row_count == 0 && !is_worth_a_mark) {
        *ret_is_done = true;
        return OK;
    }
    /* Not before the arrival of what is written, whatever the clock does. */
    int64_t now_us = flush->os->now_us(flush->os->context);
    range->write_time_us = now_us > range->arrival_max_us ? now_us : range->arrival_max_us;
    flush_state_move(&flush->state, FLUSH_CUT);
    return OK;
}

static enum code step_cut(struct flush *flush, struct err *err)
{
    struct flush_mark mark = flush->mark;

    if (flush->range.row_count == 0) {
        flush_state_move(&flush->state, FLUSH_CLOSE);
        return OK;
    }
    mark.cut_from = flush->range.from;
    mark.cut_to = flush->range.to;
    mark.write_time_us = flush->range.write_time_us;
    TRY(flush_step_name(flush, "flush:before_cut", err));
    TRY(mark_append(flush, &mark, err));
    TRY(flush_step_name(flush, "flush:after_cut", err));
    flush_state_move(&flush->state, FLUSH_WRITE);
    return OK;
}

static enum code step_write(struct flush *flush, struct err *err)
{
    struct flush_range *range = &flush->range;

    if (range->file_next == range->file_count) {
        flush_state_move(&flush->state, FLUSH_SYNC);
        return OK;
    }
    TRY(flush_file_write(flush, &range->files[range->file_next], err));
    range->file_next++;
    flush_state_move(&flush->state, FLUSH_WRITE);
    return OK;
}

static enum code step_sync(struct flush *flush, struct err *err)
{
    TRY(flush_folders_sync(flush, err));
    TRY(flush_step_name(flush, "flush:after_folders", err));
    flush_state_move(&flush->state, FLUSH_COMMIT);
    return OK;
}

static enum code step_commit(struct flush *flush, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const struct flush_range *range = &flush->range;
    struct manifest_file *files = ARENA_NEW(&arena, struct manifest_file, range->file_count);

    for (size_t i = 0; i < range->file_count; i++)
        files[i] = range->files[i].entry;
    TRY(manifest_commit(flush->manifest, flush->mark.manifest + 1, files, range->file_count, err));
    TRY(flush_step_name(flush, "flush:after_manifest", err));
    flush_state_move(&flush->state, FLUSH_CLOSE);
    return OK;
}

static void count_done(const struct flush_range *range)
{
    metric_add(METRIC_flush_runs_total, 1);
    metric_add(METRIC_flush_rows_total, (int64_t)range->row_count);
    metric_add(METRIC_flush_files_total, (int64_t)range->file_count);
    for (size_t i = 0; i < range->file_count; i++)
        metric_add(METRIC_flush_bytes_total, (int64_t)range->files[i].entry.bytes);
}

static enum code step_close(struct flush *flush, struct err *err)
{
    const struct flush_range *range = &flush->range;
    struct flush_mark mark = {
        .flushed_to = range->to,
        .cut_from = range->to,
        .cut_to = range->to,
        .manifest = flush->mark.manifest + (range->row_count > 0 ? 1 : 0),
    };

    TRY(mark_append(flush, &mark, err));
    TRY(flush_step_name(flush, "flush:after_mark", err));
    count_done(range);
    flush_state_move(&flush->state, FLUSH_IDLE);
    return OK;
}

static enum code step(struct flush *flush, bool *ret_is_done, struct err *err)
{
    switch (flush->state) {
    case FLUSH_IDLE:
        return step_idle(flush, ret_is_done, err);
    case FLUSH_CUT:
        return step_cut(flush, err);
    case FLUSH_WRITE:
        return step_write(flush, err);
    case FLUSH_SYNC:
        return step_sync(flush, err);
    case FLUSH_COMMIT:
        return step_commit(flush, err);
    case FLUSH_CLOSE:
        TRY(step_close(flush, err));
        /* A range without rows was only passed over. */
        *ret_is_done = flush->range.row_count > 0;
        return OK;
    case FLUSH_STATES:
        break;
    }
    return err_set(err, ERR_INTERNAL, "a flush in no state");
}

enum code flush_run(struct flush *flush, uint64_t *ret_rows, struct err *err)
{
    bool is_done = false;
    uint64_t rows = 0;

    assert(flush->state == FLUSH_IDLE);
    while (!is_done) {
        enum flush_state before = flush->state;
        enum code code = step(flush, &is_done, err);
        if (code != OK) {
            flush->state = FLUSH_IDLE;
            flush_range_release(&flush->range);
            metric_add(METRIC_flush_failures_total, 1);
            return err_prefix(err, code, "flush, in step '%s'", flush_state_name(before));
        }
        if (before == FLUSH_CLOSE)
            rows = flush->range.row_count;
    }
    flush_range_release(&flush->range);
    *ret_rows = rows;
    return OK;
}
