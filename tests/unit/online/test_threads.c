/* Readers without locks beside a writer: run under ThreadSanitizer too. */
#include "os/thread.h"
#include "unit/online/fake_journal.h"

enum { READERS = 3, KEYS = 500, WRITES = 30000 };

struct shared {
    struct world world;
    atomic_bool is_over;
    _Atomic(uint64_t) found;
    _Atomic(uint64_t) failed;
    _Atomic(uint64_t) newest[KEYS]; /* event time that was written before */
};

struct reader {
    struct shared *shared;
    uint64_t random;
};

/*
 * A record's text is its event time, so a torn or mixed read would show; and what is read is never
 * older than what was already written when the read began.
 */
static bool read_one(struct shared *shared, size_t key, struct arena *arena)
{
    char name[16];
    struct online_record got;
    uint64_t seconds;
    uint64_t newest = atomic_load(&shared->newest[key]);

    (void)snprintf(name, sizeof(name), "%zu", key);
    if (online_get(shared->world.online, 1, str_from(name), arena, &got, NULL) != OK)
        return false;
    if (!got.head.is_found)
        return newest == 0;
    atomic_fetch_add(&shared->found, 1);
    if ((uint64_t)got.head.event_time.seconds < newest)
        return false;
    if (got.head.is_tombstone)
        return got.record.len == 0;
    return str_to_u64(got.record, UINT64_MAX, &seconds, NULL) == OK &&
           (int64_t)seconds == got.head.event_time.seconds;
}

/* Keys below 10 were there before and stay: every listing has them. */
static bool list_all(struct shared *shared, struct arena *arena)
{
    struct online_list list = {.group_id = 1, .count_max = 20, .is_deleted_included = true};
    unsigned listed[10] = {0};
    struct str *identifiers;
    size_t count;

    do {
        if (online_list(shared->world.online, &list, arena, &identifiers, &count, NULL) != OK)
            return false;
        for (size_t i = 0; i < count; i++) {
            if (identifiers[i].len == 1)
                listed[identifiers[i].ptr[0] - '0']++;
        }
    } while (list.cursor != 0);
    for (size_t i = 0; i < 10; i++) {
        if (listed[i] == 0)
            return false;
    }
    return true;
}

static void reader_run(void *context)
{
    struct reader *reader = context;
    struct shared *shared = reader->shared;
    struct arena arena = {0};
    unsigned slot;

    if (epoch_reader_add(shared->world.epoch, &slot, NULL) != OK)
        return;
    while (!atomic_load(&shared->is_over)) {
        bool is_right = true;
        epoch_enter(shared->world.epoch, slot);
        for (size_t i = 0; i < 50; i++) {
            reader->random = reader->random * 6364136223846793005U + 1442695040888963407U;
            is_right = is_right && read_one(shared, (size_t)(reader->random >> 33) % KEYS, &arena);
        }
        is_right = is_right && list_all(shared, &arena);
        epoch_leave(shared->world.epoch, slot);
        arena_reset(&arena);
        if (!is_right)
            atomic_fetch_add(&shared->failed, 1);
    }
    arena_release(&arena);
    epoch_reader_remove(shared->world.epoch, slot);
}

static void write_one(struct shared *shared, size_t key, uint64_t seconds)
{
    char name[16];
    char text[24];

    (void)snprintf(name, sizeof(name), "%zu", key);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)seconds);
    struct entry entry = fake_entry(seconds % 7 == 0 ? ENTRY_DELETE : ENTRY_PUT, 1, str_from(name),
                                    (int64_t)seconds, seconds % 7 == 0 ? STR("") : str_from(text));
    assert_true(world_write(&shared->world, &entry));
    atomic_store(&shared->newest[key], seconds);
    if (seconds % 16 == 0) {
        online_tend(shared->world.online);
        epoch_collect(shared->world.epoch);
    }
}

static void test_readers_and_a_writer(void **state)
{
    struct shared *shared = MEM_NEW(struct shared);
    struct os_thread *threads[READERS];
    struct reader readers[READERS];
    uint64_t random = 3;

    (void)state;
    world_init(&shared->world, WRITES + 10, 30000);
    for (size_t i = 0; i < 10; i++)
        write_one(shared, i, 1 + i);
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){shared, i};
        assert_int_equal(os_thread_start("reader", reader_run, &readers[i], &threads[i], NULL), OK);
    }
    for (uint64_t i = 0; i < WRITES; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        /* The set of keys grows with time: tables grow beside their readers. */
        write_one(shared, (size_t)((random >> 33) % (10 + (KEYS - 10) * i / WRITES)), 100 + i);
    }
    atomic_store(&shared->is_over, true);
    for (size_t i = 0; i < READERS; i++)
        os_thread_join(threads[i]);
    assert_int_equal(atomic_load(&shared->failed), 0);
    assert_true(atomic_load(&shared->found) > 0);
    world_release(&shared->world);
    mem_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_and_a_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
