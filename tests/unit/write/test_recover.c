#include "unit/write/kit.h"

#include "core/metrics.h"

/* ---- what comes back ---- */

static void test_definitions_records_and_retry_keys(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct flush_mark mark;

    (void)state;
    for (int with_checkpoint = 0; with_checkpoint < 2; with_checkpoint++) {
        kit->options.checkpoint_bytes = with_checkpoint ? 1 : UINT64_C(1) << 40;
        kit_reopen(kit);
        assert_int_equal(kit_change(kit, CHANGE_CREATE, "h", 3), OK);
        assert_int_equal(kit_put(kit, "a", 10 + with_checkpoint, "x"), OK);
        assert_int_equal(kit_delete(kit, WRITE_DELETE, "b", 10), OK);
        unsigned extra = 4 + (unsigned)with_checkpoint;
        assert_int_equal(kit_change(kit, CHANGE_REPLACE, "g", extra), OK);
        assert_int_equal(kit_change(kit, CHANGE_DELETE, "h", 0), OK);
        kit_turns(kit, 3);
        assert_int_equal(kit_status(kit).checkpoint_position > 0, with_checkpoint);
        uint64_t version = store_catalog(kit->store)->version;
        kit_reopen(kit);
        assert_int_equal(store_catalog(kit->store)->version, version);
        assert_int_equal(store_catalog(kit->store)->retired_count, 1 + with_checkpoint);
        assert_int_equal(kit->group->feature_count, 2 + extra);
        kit_expect(kit, "a", "x");
        kit_expect(kit, "b", "<tombstone>");
        store_flush_mark(kit->store, &mark);
        assert_int_equal(mark.flushed_to, 0);
    }
    kit_free(kit);
}

/* Without its checkpoint, a journal whose beginning was recycled is refused. */
static void test_a_lost_checkpoint(void **state)
{
    struct kit *kit = kit_with_group(1);

    (void)state;
    kit->options.checkpoint_bytes = 16 * 1024;
    kit_reopen(kit);
    for (int64_t i = 0; i < 200; i++) {
        assert_int_equal(kit_put(kit, "a", i, "x"), OK);
        assert_int_equal(kit_mark(kit, kit_status(kit).journal_end), OK);
    }
    kit_close(kit);
    assert_int_equal(kit->os->remove(kit->os->context, "/data/checkpoint", NULL), OK);
    assert_int_not_equal(kit_try_open(kit), OK);
    kit_free(kit);
}

static void test_other_segment_size(void **state)
{
    struct kit *kit = kit_with_group(1);

    (void)state;
    kit->options.checkpoint_bytes = 1;
    kit_reopen(kit);
    assert_int_equal(kit_put(kit, "a", 1, "x"), OK);
    kit_turns(kit, 3);
    kit_close(kit);
    kit->options.journal.segment_bytes = 2 * KIT_SEGMENT_BYTES;
    assert_int_equal(kit_try_open(kit), ERR_INVALID);
    kit_free(kit);
}

static void test_catalog_dropped(void **state)
{
    struct kit *kit = kit_new(1);
    struct catalog *versions[8];
    static const struct {
        const char *name;
        enum change_kind kind;
        uint32_t dropped;
    } steps[] = {{"b", CHANGE_CREATE, 0}, {"a", CHANGE_CREATE, 0}, {"c", CHANGE_CREATE, 0},
                 {"c", CHANGE_DELETE, 3}, {"b", CHANGE_DELETE, 1}, {"a", CHANGE_DELETE, 2}};
    struct arena arena = {0};

    (void)state;
    versions[0] = catalog_new();
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        struct buf json;
        struct str payload;
        buf_init(&json, 0);
        sample_json(&json, steps[i].name, "String", 1);
        struct change change = {.kind = steps[i].kind,
                                .name = str_from(steps[i].name),
                                .group_json = buf_str(&json),
                                .groups_max = 10};
        assert_int_equal(catalog_plan(versions[i], &change, &arena, &payload, NULL), OK);
        assert_int_equal(catalog_apply(versions[i], payload, &versions[i + 1], NULL), OK);
        assert_int_equal(catalog_dropped(versions[i], versions[i + 1]), steps[i].dropped);
        buf_release(&json);
    }
    for (size_t i = 0; i <= ARRAY_COUNT(steps); i++)
        catalog_free(versions[i]);
    arena_release(&arena);
    kit_free(kit);
}

/* ---- random histories with power failures, against a naive model ---- */

enum { SEEDS = 60, KEYS = 30, TIMES = 6, TURN_OPS_MAX = 12, REMEMBERED = 64 };

struct model_record {
    bool is_there;
    bool is_tombstone;
    int64_t seconds;
    uint64_t number; /* of the write that made it */
};

struct model {
    struct model_record records[KEYS];
    uint64_t rows;
    uint64_t rows_flushed;
    uint64_t flushed_to;
};

struct op {
    enum write_kind kind;
    size_t key;
    int64_t seconds;
    uint8_t targets;
    uint64_t number;
    uint64_t flushed_to; /* of a mark */
    uint64_t rows_flushed;
    char identifier[8];
    char record[600];
};

struct history {
    struct kit *kit;
    uint64_t random;
    struct model model;
    uint64_t number;
    struct op ops[TURN_OPS_MAX];
    struct write_item items[TURN_OPS_MAX];
    struct write_job jobs[TURN_OPS_MAX];
    struct buf mark;
    size_t count;
    struct op remembered[REMEMBERED]; /* acknowledged */
    size_t remembered_count;
    unsigned crashes;
    int64_t arrival_us;
};

static uint64_t draw(struct history *history, uint64_t below)
{
    return sim_next(&history->random) % below;
}

/* What the operation does to the model; false: it must be refused. */
static bool model_apply(struct model *model, const struct op *op)
{
    struct model_record *record = &model->records[op->key];
    bool is_newer = !record->is_there || op->seconds > record->seconds;
    bool is_online = (op->targets & TARGET_ONLINE) != 0;

    if (op->kind == WRITE_MARK) {
        model->rows_flushed = op->rows_flushed;
        model->flushed_to = op->flushed_to;
        return true;
    }
    if (op->kind == WRITE_DELETE_HARD && is_online && !is_newer)
        return false;
    if ((op->targets & TARGET_OFFLINE) != 0)
        model->rows++;
    if (!is_online)
        return true;
    if (op->kind == WRITE_PUT && (is_newer || op->seconds == record->seconds))
        *record = (struct model_record){true, false, op->seconds, op->number};
    if (op->kind == WRITE_DELETE && is_newer)
        *record = (struct model_record){true, true, op->seconds, op->number};
    if (op->kind == WRITE_DELETE_HARD)
        *record = (struct model_record){0};
    return true;
}

static bool is_record_as(struct history *history, size_t key, const struct model_record *record)
{
    char identifier[8];
    char expected[32];
    struct arena arena = {0};
    struct online_record got;

    (void)snprintf(identifier, sizeof(identifier), "k%zu", key);
    (void)snprintf(expected, sizeof(expected), "%llu,", (unsigned long long)record->number);
    enum code code = online_get(store_online(history->kit->store), history->kit->group->id,
                                str_from(identifier), &arena, &got, &history->kit->err);
    if (code != OK)
        fail_msg("%s", history->kit->err.message);
    bool is_same = got.head.is_found == record->is_there;
    if (is_same && record->is_there)
        is_same = got.head.is_tombstone == record->is_tombstone &&
                  got.head.event_time.seconds == record->seconds &&
                  (record->is_tombstone || str_starts(got.record, str_from(expected)));
    arena_release(&arena);
    return is_same;
}

static bool is_store_as(struct history *history, const struct model *model)
{
    struct store_status status = kit_status(history->kit);
    struct flush_mark mark;

    store_flush_mark(history->kit->store, &mark);
    if (status.unflushed_rows != model->rows - model->rows_flushed ||
        mark.flushed_to != model->flushed_to)
        return false;
    for (size_t key = 0; key < KEYS; key++) {
        if (!is_record_as(history, key, &model->records[key]))
            return false;
    }
    return true;
}

static void draw_op(struct history *history, struct op *op)
{
    static const enum write_kind kinds[] = {WRITE_PUT, WRITE_PUT, WRITE_PUT, WRITE_DELETE,
                                            WRITE_DELETE_HARD};

    *op = (struct op){
        .kind = kinds[draw(history, ARRAY_COUNT(kinds))],
        .key = (size_t)draw(history, KEYS),
        .seconds = (int64_t)draw(history, TIMES),
        .targets = draw(history, 6) == 0 ? TARGET_OFFLINE : KIT_ALL,
        .number = ++history->number,
    };
    (void)snprintf(op->identifier, sizeof(op->identifier), "k%zu", op->key);
    int len = snprintf(op->record, sizeof(op->record), "%llu,", (unsigned long long)op->number);
    memset(op->record + len, 'x', (size_t)draw(history, sizeof(op->record) - 32));
}

static void submit_op(struct history *history, const struct op *op)
{
    struct kit *kit = history->kit;
    struct write_item *item = &history->items[history->count];
    struct write_job *job = &history->jobs[history->count];

    *item = kit_item(kit, op->kind, op->identifier, op->seconds,
                     op->kind == WRITE_PUT ? str_from(op->record) : STR(""));
    item->targets = op->targets;
    if (op->kind == WRITE_MARK)
        *item = (struct write_item){.kind = WRITE_MARK, .record = buf_str(&history->mark)};
    *job = kit_job(kit, item, 1);
    job->has_retry_key = op->kind != WRITE_MARK;
    job->retry_key = (struct hash128){op->number, 1};
    history->count++;
    kit_submit(kit, job);
}

/* Everything that is durable now is flushed. */
static void draw_mark(struct history *history, struct op *op)
{
    struct flush_mark mark = {.flushed_to = kit_status(history->kit).journal_end};

    *op = (struct op){
        .kind = WRITE_MARK, .flushed_to = mark.flushed_to, .rows_flushed = history->model.rows};
    buf_clear(&history->mark);
    flush_mark_encode(&mark, &history->mark);
}

static void queue_turn(struct history *history)
{
    size_t count = 1 + (size_t)draw(history, TURN_OPS_MAX - 2);

    history->count = 0;
    for (size_t i = 0; i < count; i++) {
        draw_op(history, &history->ops[i]);
        submit_op(history, &history->ops[i]);
    }
    if (draw(history, 4) == 0) {
        draw_mark(history, &history->ops[count]);
        submit_op(history, &history->ops[count]);
    }
}

static void check_acknowledged(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        bool is_accepted = model_apply(&history->model, op);
        assert_int_equal(history->items[i].result, is_accepted ? OK : ERR_CONFLICT);
        assert_false(history->items[i].is_repeat);
        if (!is_accepted)
            continue;
        assert_true(history->items[i].arrival_us > history->arrival_us);
        history->arrival_us = history->items[i].arrival_us;
        if (op->kind != WRITE_MARK)
            history->remembered[history->remembered_count++ % REMEMBERED] = *op;
    }
}

/* A client whose answer was lost asks again: nothing happens a second time. */
static void repeat_some(struct history *history)
{
    struct store_status before = kit_status(history->kit);
    size_t known = size_min(history->remembered_count, REMEMBERED);
    size_t jobs;

    if (known == 0)
        return;
    history->count = 0;
    for (size_t i = 0; i < 4; i++)
        submit_op(history, &history->remembered[draw(history, known)]);
    assert_int_equal(store_turn(history->kit->store, &jobs, NULL), OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(history->items[i].result, OK);
        assert_true(history->items[i].is_repeat);
    }
    assert_int_equal(kit_status(history->kit).unflushed_rows, before.unflushed_rows);
}

/* After the crash: all that was acknowledged, and of the last turn a beginning. */
static void check_recovered(struct history *history)
{
    struct model model = history->model;
    bool is_found = is_store_as(history, &model);

    for (size_t i = 0; i < history->count && !is_found; i++) {
        (void)model_apply(&model, &history->ops[i]);
        is_found = is_store_as(history, &model);
    }
    assert_true(is_found);
    history->model = model;
}

static void crash(struct history *history)
{
    struct kit *kit = history->kit;

    kit_close(kit);
    sim_crash(kit->sim, sim_next(&history->random));
    kit_open(kit);
    check_recovered(history);
    history->crashes++;
}

static void run_history(uint64_t seed, uint64_t checkpoint_bytes)
{
    struct history *history = MEM_NEW(struct history);
    struct kit *kit = kit_new(seed);
    size_t jobs;

    kit->options.checkpoint_bytes = checkpoint_bytes;
    kit->options.journal_bytes_spare = 1;
    kit->options.cache_bytes_max = seed % 2 == 0 ? 1 : 16 * 1024;
    kit_open(kit);
    assert_int_equal(kit_change(kit, CHANGE_CREATE, "g", KIT_FEATURES - 2), OK);
    history->kit = kit;
    history->random = seed;
    buf_init(&history->mark, 0);
    while (history->crashes < 8) {
        sim_power_off_at(kit->sim, 1 + draw(history, 250));
        for (;;) {
            queue_turn(history);
            if (store_turn(kit->store, &jobs, NULL) != OK)
                break;
            check_acknowledged(history);
            if (draw(history, 10) == 0 && !sim_is_off(kit->sim))
                assert_true(is_store_as(history, &history->model));
        }
        sim_power_off(kit->sim);
        crash(history);
        sim_power_off_at(kit->sim, 0);
        repeat_some(history);
        assert_true(is_store_as(history, &history->model));
    }
    buf_release(&history->mark);
    kit_free(kit);
    mem_free(history);
}

static void test_power_failures(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_history(seed, seed % 4 == 0 ? UINT64_C(1) << 40 : (1 + seed % 5) * 8 * 1024);
    /* All that can go wrong was there. */
    assert_true(metric_get(METRIC_checkpoints_total) > 1000);
    assert_true(metric_get(METRIC_journal_segments_reclaimed_total) > 100);
    assert_true(metric_get(METRIC_journal_carried_total) > 100);
    assert_true(metric_get(METRIC_retries_deduplicated_total) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions_records_and_retry_keys),
        cmocka_unit_test(test_a_lost_checkpoint),
        cmocka_unit_test(test_other_segment_size),
        cmocka_unit_test(test_catalog_dropped),
        cmocka_unit_test(test_power_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
