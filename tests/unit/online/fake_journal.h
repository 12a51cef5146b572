#pragma once
/*
 * A journal for tests of the index: entries in an array, a position is an index times FAKE_STEP.
 * The symbols of journal/ that online/ calls are defined here, so the real ones are not linked.
 */
#include "core/mem.h"
#include "online/online_priv.h"
#include "unit/test.h"

#include <stdio.h>

enum { FAKE_STEP = 100, FAKE_SEGMENT_BYTES = 1000, FAKE_ENTRY_BYTES = 60 };

struct journal {
    struct entry *entries;
    size_t count;
    size_t capacity;
    _Atomic(uint64_t) reads;
};

enum code journal_read(struct journal *journal, uint64_t position, uint32_t bytes,
                       struct arena *arena, struct entry *ret, struct err *err)
{
    assert_int_equal(position % FAKE_STEP, 0);
    assert_int_equal(bytes, FAKE_ENTRY_BYTES);
    if (position / FAKE_STEP >= journal->capacity)
        return err_set(err, ERR_CORRUPT, "no entry there");
    *ret = journal->entries[position / FAKE_STEP];
    ret->identifier = arena_str(arena, ret->identifier);
    ret->record = arena_str(arena, ret->record);
    atomic_fetch_add(&journal->reads, 1);
    return OK;
}

static inline void fake_init(struct journal *journal, size_t capacity)
{
    *journal = (struct journal){.capacity = capacity};
    journal->entries = MEM_NEW_ARRAY(struct entry, capacity);
}

static inline struct str fake_copy(struct str text)
{
    char *copy = mem_resize(NULL, text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    return (struct str){copy, text.len};
}

/* Keeps a copy; returns where it stands. */
static inline uint64_t fake_add(struct journal *journal, const struct entry *entry)
{
    assert_true(journal->count < journal->capacity);
    struct entry *kept = &journal->entries[journal->count];
    *kept = *entry;
    kept->identifier = fake_copy(entry->identifier);
    kept->record = fake_copy(entry->record);
    return FAKE_STEP * (uint64_t)journal->count++;
}

static inline void fake_release(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++) {
        union {
            const char *read;
            void *write;
        } identifier = {journal->entries[i].identifier.ptr},
          record = {journal->entries[i].record.ptr};
        mem_free(identifier.write);
        mem_free(record.write);
    }
    mem_free(journal->entries);
}

static const unsigned char fake_secret[HASH_SECRET_BYTES] = "a secret for tests, not random";

/* An index over a fake journal. */
struct world {
    struct epoch *epoch;
    struct online *online;
    struct journal journal;
};

static inline void world_init(struct world *world, size_t entries, uint64_t cache_bytes)
{
    struct online_options options = {cache_bytes, FAKE_SEGMENT_BYTES, fake_secret};
    fake_init(&world->journal, entries);
    world->epoch = epoch_new();
    world->online = online_new(world->epoch, &options);
    online_attach(world->online, &world->journal);
}

static inline void world_release(struct world *world)
{
    epoch_free(world->epoch);
    online_free(world->online);
    fake_release(&world->journal);
}

static inline struct entry fake_entry(enum entry_kind kind, uint32_t group_id,
                                      struct str identifier, int64_t seconds, struct str record)
{
    return (struct entry){.kind = kind,
                          .targets = TARGET_ONLINE | TARGET_OFFLINE,
                          .group_id = group_id,
                          .event_time = {seconds, 0},
                          .identifier = identifier,
                          .record = record};
}

/* What the writer and recovery do with an entry. Returns whether it acted. */
static inline bool world_write(struct world *world, const struct entry *entry)
{
    uint64_t position = fake_add(&world->journal, entry);
    if (!online_accepts(world->online, entry))
        return false;
    online_apply(world->online, entry, position, FAKE_ENTRY_BYTES);
    return true;
}
