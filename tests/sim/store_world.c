#include "sim/store_world.h"

#include "core/mem.h"
#include "unit/schema/sample.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILLER_MAX = 1400 };
#define CREATED_SECONDS INT64_C(1782914400) /* an hour the simulated clock starts in */

/* ---- values that follow from numbers ---- */

static void add_f2(struct buf *out, uint64_t number)
{
    buf_add_format(out, "%llu", (unsigned long long)number);
}

/* Its length varies, so that entries fill blocks and segments in all ways. */
static void add_f3(struct buf *out, uint64_t number)
{
    uint64_t state = number;
    uint64_t len = sim_next(&state) % (number % 8 == 0 ? FILLER_MAX : 100);
    buf_add_format(out, "%llu.", (unsigned long long)number);
    for (uint64_t i = 0; i < len; i++)
        buf_add_byte(out, (char)('0' + (number + i) % 10));
}

/* The number behind a value, if all of the value is what follows from it; else 0. */
static uint64_t number_of(struct str value, bool is_f3)
{
    uint64_t number = 0;
    size_t digits = str_find_byte(value, 0, '.');
    struct buf expected;
    if (str_is_absent(value) ||
        str_to_u64(str_slice(value, 0, digits), UINT64_MAX, &number, NULL) != OK)
        return 0;
    buf_init(&expected, 0);
    if (is_f3)
        add_f3(&expected, number);
    else
        add_f2(&expected, number);
    bool is_same = str_equal(buf_str(&expected), value);
    buf_release(&expected);
    return is_same ? number : 0;
}

/* ---- opening ---- */

static void note_failure(void *context, const struct err *err)
{
    struct world *world = context;
    (void)err;
    world->failures++;
}

void world_init(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof(*world));
    world->sim = sim_new(seed);
    world->options = (struct store_options){.failed = note_failure, .failed_context = world};
}

void world_release(struct world *world)
{
    world_close(world);
    world_clear_jobs(world);
    sim_free(world->sim);
}

enum code world_open(struct world *world, struct err *err)
{
    assert(world->store == NULL);
    world->failures = 0;
    return store_open(sim_os(world->sim), "/data", &world->options, &world->store, err);
}

void world_close(struct world *world)
{
    store_close(world->store);
    world->store = NULL;
}

static struct str group_name(unsigned group)
{
    static const char *const names[MODEL_GROUPS] = {"g0", "g1", "g2"};
    assert(group < MODEL_GROUPS);
    return str_from(names[group]);
}

uint32_t world_group_id(struct world *world, unsigned group)
{
    const struct group *found = catalog_find(store_catalog(world->store), group_name(group));
    return found == NULL ? 0 : found->id;
}

/* ---- writing ---- */

/* One more feature than there is. */
static enum code widen(const struct group *current, void *context, struct buf *out_group_json,
                       struct err *err)
{
    struct group *next = NULL;
    struct buf json;
    unsigned features = current->feature_count;
    (void)context;
    if (features < MODEL_FEATURES_MAX)
        features++;
    char name[64];
    (void)snprintf(name, sizeof(name), "%.*s", STR_ARG(current->name));
    buf_init(&json, 0);
    sample_json(&json, name, "String", features - 2);
    enum code code = group_read(buf_str(&json), &next, err);
    buf_release(&json);
    TRY(code);
    next->id = current->id;
    next->version = current->version;
    group_write(next, out_group_json);
    group_unref(next);
    return OK;
}

static void make_change(const struct op *op, struct world_item *part, struct write_item *item)
{
    struct str name = group_name(op->group);
    sample_json(&part->bytes, name.ptr, "String", MODEL_FEATURES - 2);
    part->change = (struct change){.kind = op->change,
                                   .name = name,
                                   .group_json = buf_str(&part->bytes),
                                   .edit = widen,
                                   .groups_max = 100};
    *item = (struct write_item){.kind = WRITE_CHANGE, .change = &part->change};
}

/* f2 and f3 by number; 0: absent. */
static void make_values(struct world_item *part, const struct group *group, uint64_t f2,
                        uint64_t f3)
{
    assert(group->feature_count >= MODEL_FEATURES &&
           group->feature_count <= ARRAY_COUNT(part->values));
    memset(part->values, 0, sizeof(part->values));
    if (f2 != 0)
        add_f2(&part->text, f2);
    size_t cut = part->text.len;
    if (f3 != 0)
        add_f3(&part->text, f3);
    struct str text = buf_str(&part->text);
    if (f2 != 0)
        part->values[2] = str_slice(text, 0, cut);
    if (f3 != 0)
        part->values[3] = str_slice(text, cut, text.len);
    part->changes = (struct record){.group = group, .values = part->values};
}

static void make_write(struct world *world, const struct op *op, struct world_item *part,
                       struct write_item *item)
{
    const struct group *group = catalog_find_id(store_catalog(world->store), op->group_id, NULL);
    assert(group != NULL);
    (void)snprintf(part->identifier, sizeof(part->identifier), "key-%u", op->key);
    *item = (struct write_item){
        .kind = op->kind,
        .group = group_ref(group),
        .targets = op->targets,
        .has_event_time = op->has_event_time,
        .has_ttl = op->has_ttl,
        .event_time = {op->seconds, 0},
        .ttl_seconds = op->ttl_seconds,
        .identifier = str_from(part->identifier),
        .record = STR(""),
    };
    if (op->kind == WRITE_PUT) {
        make_values(part, group, op->number, op->number);
        part->values[0] = item->identifier;
        part->values[1] = STR("t");
        record_encode(&part->changes, &part->bytes);
        item->record = buf_str(&part->bytes);
    } else if (op->kind == WRITE_UPDATE) {
        make_values(part, group, op->is_f3_changed ? 0 : op->number,
                    op->is_f3_changed ? op->number : 0);
        item->changes = &part->changes;
    }
}

static void make_item(struct world *world, const struct op *op, struct world_item *part,
                      struct write_item *item)
{
    buf_init(&part->bytes, 0);
    buf_init(&part->text, 0);
    if (op->kind == WRITE_CHANGE) {
        make_change(op, part, item);
    } else if (op->kind == WRITE_MARK) {
        flush_mark_encode(&op->mark, &part->bytes);
        *item = (struct write_item){.kind = WRITE_MARK, .record = buf_str(&part->bytes)};
    } else {
        make_write(world, op, part, item);
    }
}

static void count_done(struct write_job *job, void *context)
{
    struct world *world = context;
    (void)job;
    world->done++;
}

enum code world_turn(struct world *world, struct err *err)
{
    world->done = 0;
    for (size_t i = 0; i < world->plan_count; i++) {
        const struct plan *plan = &world->plans[i];
        for (size_t j = 0; j < plan->count; j++)
            make_item(world, &plan->ops[j], &world->parts[i][j], &world->items[i][j]);
        world->jobs[i] = (struct write_job){.items = world->items[i],
                                            .count = plan->count,
                                            .has_retry_key = plan->key != 0,
                                            .retry_key = {plan->key, 7},
                                            .done = count_done,
                                            .context = world};
    }
    for (size_t i = 0; i < world->plan_count; i++)
        TRY(write_submit(world->store, &world->jobs[i], err));
    while (world->done < world->plan_count) {
        size_t jobs = 0;
        TRY(store_turn(world->store, &jobs, err));
    }
    return OK;
}

void world_clear_jobs(struct world *world)
{
    for (size_t i = 0; i < world->plan_count; i++) {
        for (size_t j = 0; j < world->plans[i].count; j++) {
            group_unref(world->items[i][j].group);
            world->items[i][j].group = NULL;
            buf_release(&world->parts[i][j].bytes);
            buf_release(&world->parts[i][j].text);
        }
    }
    world->plan_count = 0;
}

/* ---- looking ---- */

static unsigned key_of(struct str identifier)
{
    uint64_t key = MODEL_KEYS;
    if (identifier.len > 4)
        (void)!str_to_u64(str_slice(identifier, 4, identifier.len), MODEL_KEYS - 1, &key, NULL);
    return (unsigned)key;
}

static void read_values(struct str bytes, uint64_t *ret_f2, uint64_t *ret_f3)
{
    struct stored_record record;
    *ret_f2 = *ret_f3 = 0;
    if (stored_record_open(bytes, &record, NULL) != OK)
        return;
    *ret_f2 = number_of(stored_record_value(&record, 2), false);
    *ret_f3 = number_of(stored_record_value(&record, 3), true);
}

static void observe_key(struct world *world, const struct group *group, unsigned key,
                        struct observed *observed, struct model_record *ret)
{
    struct arena arena = {0};
    struct online_record got;
    char identifier[16];
    (void)snprintf(identifier, sizeof(identifier), "key-%u", key);
    enum code code = online_get(store_online(world->store), group->id, str_from(identifier), &arena,
                                &got, &observed->err);
    if (code != OK) {
        observed->code = code;
    } else if (got.head.is_found) {
        *ret = (struct model_record){.is_found = true,
                                     .is_tombstone = got.head.is_tombstone,
                                     .seconds = got.head.event_time.seconds,
                                     .ttl_seconds = got.head.ttl_seconds};
        if (!got.head.is_tombstone)
            read_values(got.record, &ret->f2, &ret->f3);
    }
    arena_release(&arena);
}

static enum code observe_row(uint64_t position, const struct entry *entry, void *context,
                             struct err *err)
{
    struct observed *observed = context;
    (void)position;
    (void)err;
    if ((entry->targets & TARGET_OFFLINE) == 0)
        return OK;
    if (observed->row_count == observed->capacity) {
        observed->capacity = size_max(64, observed->capacity * 2);
        observed->rows = mem_resize(observed->rows, observed->capacity * sizeof(*observed->rows));
    }
    struct model_row *row = &observed->rows[observed->row_count];
    *row = (struct model_row){.kind = entry->kind,
                              .group_id = entry->group_id,
                              .key = key_of(entry->identifier),
                              .seconds = entry->event_time.seconds};
    if (entry->kind == ENTRY_PUT)
        read_values(entry->record, &row->f2, &row->f3);
    observed->row_count++;
    return OK;
}

void world_observe(struct world *world, struct observed *ret)
{
    struct flush_mark mark;
    struct store_status status;
    *ret = (struct observed){.code = OK};
    const struct catalog *catalog = store_catalog(world->store);
    ret->state.id_next = catalog->id_next;
    for (unsigned i = 0; i < MODEL_GROUPS; i++) {
        const struct group *group = catalog_find(catalog, group_name(i));
        if (group == NULL)
            continue;
        ret->state.groups[i].id = group->id;
        ret->state.groups[i].features = group->feature_count;
        for (unsigned key = 0; key < MODEL_KEYS; key++)
            observe_key(world, group, key, ret, &ret->state.groups[i].records[key]);
    }
    store_flush_mark(world->store, &mark);
    store_status(world->store, &status);
    ret->state.flushed_to = mark.flushed_to;
    struct journal *journal = store_journal(world->store);
    enum code code = journal_scan(journal, mark.flushed_to, journal_durable_end(journal),
                                  observe_row, ret, &ret->err);
    if (code != OK)
        ret->code = code;
    else if (status.unflushed_rows != ret->row_count)
        ret->code = err_set(&ret->err, ERR_INTERNAL, "the status says %llu rows, there are %zu",
                            (unsigned long long)status.unflushed_rows, ret->row_count);
}

void observed_release(struct observed *observed)
{
    mem_free(observed->rows);
    observed->rows = NULL;
}

static bool is_same_record(const struct model_record *a, const struct model_record *b)
{
    return a->is_found == b->is_found && a->is_tombstone == b->is_tombstone &&
           a->seconds == b->seconds && a->ttl_seconds == b->ttl_seconds && a->f2 == b->f2 &&
           a->f3 == b->f3;
}

static bool is_same_row(const struct model_row *a, const struct model_row *b)
{
    return a->kind == b->kind && a->group_id == b->group_id && a->key == b->key &&
           a->seconds == b->seconds && a->f2 == b->f2 && a->f3 == b->f3;
}

bool observed_is(const struct observed *observed, const struct model *model)
{
    const struct model_state *state = &model->state;
    if (observed->state.flushed_to != state->flushed_to ||
        observed->state.id_next != state->id_next ||
        observed->row_count != state->row_count - state->rows_flushed)
        return false;
    for (unsigned i = 0; i < MODEL_GROUPS; i++) {
        const struct model_group *seen = &observed->state.groups[i];
        if (seen->id != state->groups[i].id || seen->features != state->groups[i].features)
            return false;
        for (unsigned key = 0; key < MODEL_KEYS; key++)
            if (!is_same_record(&seen->records[key], &state->groups[i].records[key]))
                return false;
    }
    for (size_t i = 0; i < observed->row_count; i++)
        if (!is_same_row(&observed->rows[i], &model->rows[state->rows_flushed + i]))
            return false;
    return true;
}

enum code world_count_rows(struct world *world, uint64_t from, uint64_t to, size_t *ret,
                           struct err *err)
{
    struct observed rows = {.code = OK};
    enum code code = journal_scan(store_journal(world->store), from, to, observe_row, &rows, err);
    if (code == OK)
        *ret = rows.row_count;
    observed_release(&rows);
    return code;
}
