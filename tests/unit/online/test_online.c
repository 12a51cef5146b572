#include "unit/online/fake_journal.h"

/* Few identifiers and few event times, so that every case of newer, equal and older is met. */
enum { IDENTIFIERS = 6, TIMES = 5, STEPS = 20000 };

static uint64_t random_state;

static uint64_t next_random(uint64_t below)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (random_state >> 33) % below;
}

static struct str identifier_of(size_t i)
{
    static const char *const names[IDENTIFIERS] = {"a", "b", "c", "", "e\xc3\xa9", "f"};
    return str_from(names[i]);
}

/* The naive store: what the rules of design section 5 say, written down once more. */
struct model_record {
    bool is_there;
    bool is_tombstone;
    int64_t seconds;
    uint64_t position;
};

static void model_apply(struct model_record *model, const struct entry *entry, uint64_t position)
{
    int64_t seconds = entry->event_time.seconds;
    bool is_newer = !model->is_there || seconds > model->seconds;
    bool is_equal = model->is_there && seconds == model->seconds;

    if (entry->kind != ENTRY_CARRIED && (entry->targets & TARGET_ONLINE) == 0)
        return;
    if (entry->kind == ENTRY_PUT && (is_newer || is_equal))
        *model = (struct model_record){true, false, seconds, position};
    if (entry->kind == ENTRY_DELETE && is_newer)
        *model = (struct model_record){true, true, seconds, position};
    if (entry->kind == ENTRY_DELETE_HARD && is_newer)
        *model = (struct model_record){0};
    if (entry->kind == ENTRY_CARRIED && is_equal)
        model->position = position;
}

static struct entry random_entry(const struct model_record *models, char *text, size_t text_bytes)
{
    static const enum entry_kind kinds[] = {ENTRY_PUT, ENTRY_PUT, ENTRY_DELETE, ENTRY_DELETE_HARD,
                                            ENTRY_CARRIED};
    size_t i = (size_t)next_random(IDENTIFIERS);
    enum entry_kind kind = kinds[next_random(ARRAY_COUNT(kinds))];
    const struct model_record *model = &models[i];

    if (kind == ENTRY_CARRIED && !model->is_there)
        kind = ENTRY_PUT;
    (void)snprintf(text, text_bytes, "%llu", (unsigned long long)next_random(1000000));
    struct entry entry = fake_entry(kind, 1 + (uint32_t)i % 2, identifier_of(i),
                                    (int64_t)next_random(TIMES), str_from(text));
    if (next_random(8) == 0)
        entry.targets = TARGET_OFFLINE;
    if (kind == ENTRY_DELETE || kind == ENTRY_DELETE_HARD)
        entry.record = STR("");
    if (kind == ENTRY_CARRIED) {
        entry.targets = TARGET_ONLINE;
        entry.event_time.seconds = model->seconds;
        entry.flags = model->is_tombstone ? ENTRY_IS_TOMBSTONE : 0;
    }
    return entry;
}

static size_t identifier_index(struct str identifier)
{
    for (size_t i = 0; i < IDENTIFIERS; i++) {
        if (str_equal(identifier, identifier_of(i)))
            return i;
    }
    fail();
    return 0;
}

static void check_record(struct world *world, size_t i, const struct model_record *model)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct online_record got;

    assert_int_equal(
        online_get(world->online, 1 + (uint32_t)i % 2, identifier_of(i), &arena, &got, NULL), OK);
    assert_int_equal(got.head.is_found, model->is_there);
    if (!model->is_there)
        return;
    const struct entry *entry = &world->journal.entries[model->position / FAKE_STEP];
    assert_int_equal(got.head.is_tombstone, model->is_tombstone);
    assert_int_equal(got.head.event_time.seconds, model->seconds);
    assert_int_equal(got.head.position, model->position);
    assert_true(str_equal(got.record, model->is_tombstone ? STR("") : entry->record));
}

static void run_against_model(uint64_t cache_bytes)
{
    struct world world;
    struct model_record models[IDENTIFIERS] = {0};
    char text[32];

    world_init(&world, STEPS, cache_bytes);
    for (size_t step = 0; step < STEPS; step++) {
        struct entry entry = random_entry(models, text, sizeof(text));
        size_t i = identifier_index(entry.identifier);
        uint64_t position = FAKE_STEP * world.journal.count;
        /* A carried tombstone keeps its kind; its record would be empty. */
        if ((entry.flags & ENTRY_IS_TOMBSTONE) != 0)
            entry.record = STR("");
        world_write(&world, &entry);
        model_apply(&models[i], &entry, position);
        size_t looked = (size_t)next_random(IDENTIFIERS);
        check_record(&world, looked, &models[looked]);
        if (step % 16 == 0) {
            online_tend(world.online);
            epoch_collect(world.epoch);
        }
    }
    for (size_t i = 0; i < IDENTIFIERS; i++)
        check_record(&world, i, &models[i]);
    world_release(&world);
}

static void test_against_model(void **state)
{
    (void)state;
    random_state = 11;
    run_against_model(0);
    random_state = 12;
    run_against_model(4000);
}

/*
 * A checkpoint walks the index while the writer goes on: each record comes out as it was at some
 * moment between the walk's start and its end. Replaying what was written since the start over
 * that gives the index as it is at the end (head of write/checkpoint.c).
 */
static void fuzzy_round(void)
{
    enum { BEFORE = 20, DURING = 30 };
    struct world world;
    struct world loaded;
    struct model_record models[IDENTIFIERS] = {0};
    struct online_item items[IDENTIFIERS];
    size_t moments[IDENTIFIERS];
    char text[32];

    world_init(&world, BEFORE + DURING + 1, 0);
    world_init(&loaded, 1, 0);
    for (size_t i = 0; i < IDENTIFIERS; i++)
        moments[i] = BEFORE + (size_t)next_random(DURING + 1);
    for (size_t step = 0; step <= BEFORE + DURING; step++) {
        for (size_t i = 0; i < IDENTIFIERS; i++) {
            struct online_item *item = &items[i];
            if (moments[i] != step)
                continue;
            item->group_id = 1 + (uint32_t)i % 2;
            item->key = online_key(world.online, item->group_id, identifier_of(i));
            online_head_of_key(world.online, item->group_id, item->key, &item->head);
        }
        if (step == BEFORE + DURING)
            break;
        struct entry entry = random_entry(models, text, sizeof(text));
        model_apply(&models[identifier_index(entry.identifier)], &entry,
                    FAKE_STEP * world.journal.count);
        world_write(&world, &entry);
    }
    for (size_t i = 0; i < IDENTIFIERS; i++) {
        if (items[i].head.is_found)
            online_restore(loaded.online, &items[i]);
    }
    for (size_t step = BEFORE; step < BEFORE + DURING; step++) {
        const struct entry *entry = &world.journal.entries[step];
        if (online_accepts(loaded.online, entry))
            online_apply(loaded.online, entry, FAKE_STEP * step, FAKE_ENTRY_BYTES);
    }
    for (size_t i = 0; i < IDENTIFIERS; i++) {
        struct online_head expected, got;
        online_head(world.online, 1 + (uint32_t)i % 2, identifier_of(i), &expected);
        online_head(loaded.online, 1 + (uint32_t)i % 2, identifier_of(i), &got);
        assert_memory_equal(&expected, &got, sizeof(got));
    }
    struct online_size expected, got;
    online_size(world.online, &expected);
    online_size(loaded.online, &got);
    assert_int_equal(expected.records, got.records);
    assert_int_equal(expected.bytes, got.bytes);
    for (uint64_t sequence = 0; sequence < 10; sequence++) {
        struct online_live live, live_loaded;
        online_segment_live(world.online, sequence, &live);
        online_segment_live(loaded.online, sequence, &live_loaded);
        assert_memory_equal(&live, &live_loaded, sizeof(live));
    }
    world_release(&world);
    world_release(&loaded);
}

static void test_fuzzy_walk_and_replay(void **state)
{
    (void)state;
    random_state = 5;
    for (size_t round = 0; round < 3000; round++)
        fuzzy_round();
}

static void collect_item(const struct online_item *item, void *context)
{
    online_restore(context, item);
}

static void test_walk_and_restore(void **state)
{
    struct world world, loaded;
    struct online_walk walk = {0};
    char text[16];

    (void)state;
    world_init(&world, 2000, 0);
    world_init(&loaded, 1, 0);
    for (size_t i = 0; i < 2000; i++) {
        (void)snprintf(text, sizeof(text), "%zu", i);
        struct entry entry = fake_entry(i % 5 == 0 ? ENTRY_DELETE : ENTRY_PUT,
                                        1 + (uint32_t)i % 200, str_from(text), 9, STR("x"));
        entry.ttl_seconds = (int64_t)i;
        assert_true(world_write(&world, &entry));
    }
    while (online_walk_next(world.online, &walk, collect_item, loaded.online))
        continue;
    for (size_t i = 0; i < 2000; i++) {
        struct online_head expected, got;
        (void)snprintf(text, sizeof(text), "%zu", i);
        online_head(world.online, 1 + (uint32_t)i % 200, str_from(text), &expected);
        online_head(loaded.online, 1 + (uint32_t)i % 200, str_from(text), &got);
        assert_true(got.is_found);
        assert_memory_equal(&expected, &got, sizeof(got));
    }
    world_release(&world);
    world_release(&loaded);
}

static void test_sizes_and_drop(void **state)
{
    struct world world;
    struct online_group_size size;
    struct online_size all;
    struct online_head head;
    char text[16];

    (void)state;
    world_init(&world, 1000, 10000);
    for (size_t i = 0; i < 600; i++) {
        (void)snprintf(text, sizeof(text), "%zu", i / 2);
        struct entry entry = fake_entry(i % 8 < 2 ? ENTRY_DELETE : ENTRY_PUT, 1 + (uint32_t)i % 2,
                                        str_from(text), 1, STR("text"));
        assert_true(world_write(&world, &entry));
    }
    online_group_size(world.online, 1, &size);
    assert_int_equal(size.records, 225);
    assert_int_equal(size.tombstones, 75);
    assert_int_equal(size.bytes, 300 * FAKE_ENTRY_BYTES);
    online_drop_group(world.online, 1);
    online_drop_group(world.online, 50000);
    online_group_size(world.online, 1, &size);
    assert_int_equal(size.records + size.tombstones + size.bytes, 0);
    online_group_size(world.online, 2, &size);
    assert_int_equal(size.records, 225);
    online_size(world.online, &all);
    assert_int_equal(all.records, 300);
    assert_true(all.cache_bytes <= 10000);
    online_head(world.online, 1, STR("5"), &head);
    assert_false(head.is_found);
    online_head(world.online, 2, STR("5"), &head);
    assert_true(head.is_found);
    world_release(&world);
}

/* What a reader had to read from the journal is in the cache after the writer's next turn. */
static void test_reads_fill_the_cache(void **state)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct world world;
    struct online_record got;
    struct online_item item = {.group_id = 1};

    (void)state;
    world_init(&world, 10, 10000);
    struct entry entry = fake_entry(ENTRY_PUT, 1, STR("key"), 1, STR("value"));
    uint64_t position = fake_add(&world.journal, &entry);
    item.key = online_key(world.online, 1, STR("key"));
    item.head = (struct online_head){true, false, {1, 0}, 0, position, FAKE_ENTRY_BYTES};
    online_restore(world.online, &item);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(online_get(world.online, 1, STR("key"), &arena, &got, NULL), OK);
        assert_true(str_equal(got.record, STR("value")));
        if (i == 1)
            online_tend(world.online);
    }
    assert_int_equal(atomic_load(&world.journal.reads), 2);
    assert_int_equal(online_get(world.online, 1, STR("other"), &arena, &got, NULL), OK);
    assert_false(got.head.is_found);
    world_release(&world);
}

/* A place that holds another record is reported, never returned. */
static void test_wrong_record_is_corrupt(void **state)
{
    CLEANUP(arena_release) struct arena arena = {0};
    struct world world;
    struct online_record got;
    struct online_item item = {.group_id = 1};
    struct err err;

    (void)state;
    world_init(&world, 10, 0);
    struct entry entry = fake_entry(ENTRY_PUT, 1, STR("key"), 1, STR("value"));
    uint64_t position = fake_add(&world.journal, &entry);
    item.key = online_key(world.online, 1, STR("another"));
    item.head = (struct online_head){true, false, {1, 0}, 0, position, FAKE_ENTRY_BYTES};
    online_restore(world.online, &item);
    assert_int_equal(online_get(world.online, 1, STR("another"), &arena, &got, &err), ERR_CORRUPT);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model),        cmocka_unit_test(test_fuzzy_walk_and_replay),
        cmocka_unit_test(test_walk_and_restore),     cmocka_unit_test(test_sizes_and_drop),
        cmocka_unit_test(test_reads_fill_the_cache), cmocka_unit_test(test_wrong_record_is_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
