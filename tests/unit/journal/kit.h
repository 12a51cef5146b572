#pragma once
/* What the tests of journal/ share: a journal on the simulated machine whose entries are numbered.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "journal/journal_priv.h"
#include "sim/sim_os.h"

#include <stdio.h>

enum { KIT_SEGMENT_BYTES = 32 * 1024, KIT_ENTRIES_MAX = 4096 };

struct kit {
    struct sim *sim;
    const struct os *os;
    struct journal *journal;
    struct journal_options options;
    struct journal_start start;
    /* What recovery or a scan gave. */
    unsigned seen_count;
    uint32_t seen[KIT_ENTRIES_MAX]; /* group_id carries the entry's number */
    uint64_t seen_at[KIT_ENTRIES_MAX];
    uint32_t seen_bytes[KIT_ENTRIES_MAX];
    /* What was added. */
    uint32_t next;
    uint64_t position[KIT_ENTRIES_MAX];
    struct err err;
};

__attribute__((unused)) static enum code kit_see(uint64_t position, const struct entry *entry,
                                                 void *context, struct err *err)
{
    struct kit *kit = context;
    (void)err;
    assert_true(kit->seen_count < KIT_ENTRIES_MAX);
    kit->seen[kit->seen_count] = entry->group_id;
    kit->seen_at[kit->seen_count] = position;
    kit->seen_bytes[kit->seen_count] = (uint32_t)entry_bytes(entry);
    kit->seen_count++;
    for (size_t i = 0; i < entry->record.len; i++)
        assert_int_equal((unsigned char)entry->record.ptr[i], (entry->group_id * 7 + i) & 255);
    return OK;
}

__attribute__((unused)) static struct kit *kit_new(uint64_t seed)
{
    struct kit *kit = MEM_NEW(struct kit);
    kit->sim = sim_new(seed);
    kit->os = sim_os(kit->sim);
    kit->options = (struct journal_options){.segment_bytes = KIT_SEGMENT_BYTES};
    return kit;
}

__attribute__((unused)) static void kit_free(struct kit *kit)
{
    journal_close(kit->journal);
    sim_free(kit->sim);
    mem_free(kit);
}

__attribute__((unused)) static enum code kit_try_open(struct kit *kit)
{
    assert_null(kit->journal);
    kit->seen_count = 0;
    struct journal_replay replay = {kit->start, kit_see, kit};
    return journal_open(kit->os, "/data/journal", &kit->options, &replay, &kit->journal, &kit->err);
}

__attribute__((unused)) static void kit_open(struct kit *kit)
{
    if (kit_try_open(kit) != OK)
        fail_msg("%s", kit->err.message);
}

__attribute__((unused)) static void kit_close(struct kit *kit)
{
    journal_close(kit->journal);
    kit->journal = NULL;
}

/* An entry of about `bytes` whose content follows from its number. */
__attribute__((unused)) static enum code kit_try_add(struct kit *kit, size_t bytes)
{
    char record[8192];
    char identifier[32];
    assert_true(bytes <= sizeof(record));
    uint32_t number = kit->next;
    for (size_t i = 0; i < bytes; i++)
        record[i] = (char)(number * 7 + i);
    int len = snprintf(identifier, sizeof(identifier), "id-%u", number);
    struct entry entry = {
        .kind = ENTRY_PUT,
        .targets = TARGET_ONLINE,
        .group_id = number,
        .event_time = {.seconds = number},
        .identifier = {identifier, (size_t)len},
        .record = {record, bytes},
    };
    TRY(journal_add(kit->journal, &entry, &kit->position[number], &kit->err));
    kit->next++;
    return OK;
}

__attribute__((unused)) static void kit_add(struct kit *kit, size_t bytes)
{
    if (kit_try_add(kit, bytes) != OK)
        fail_msg("%s", kit->err.message);
}

__attribute__((unused)) static void kit_commit(struct kit *kit)
{
    if (journal_commit(kit->journal, &kit->err) != OK)
        fail_msg("%s", kit->err.message);
}

/* One batch of `count` entries. */
__attribute__((unused)) static void kit_batch(struct kit *kit, unsigned count, size_t bytes)
{
    for (unsigned i = 0; i < count; i++)
        kit_add(kit, bytes);
    kit_commit(kit);
}

/* Closes, loses power, opens: the entries up to `count` are there, in order. */
__attribute__((unused)) static void kit_expect_seen(const struct kit *kit, uint32_t first,
                                                    uint32_t end)
{
    assert_int_equal(kit->seen_count, end - first);
    for (uint32_t i = 0; i < kit->seen_count; i++) {
        assert_int_equal(kit->seen[i], first + i);
        if (kit->position[first + i] != 0)
            assert_int_equal(kit->seen_at[i], kit->position[first + i]);
    }
}

__attribute__((unused)) static void kit_reopen(struct kit *kit)
{
    kit_close(kit);
    sim_crash(kit->sim, 1);
    kit_open(kit);
}

/* The path of the file that stands for a position. */
__attribute__((unused)) static void kit_path(struct kit *kit, uint64_t position,
                                             char ret[SEGMENT_PATH_BYTES])
{
    const struct segment *segment =
        journal_find(kit->journal, position / kit->options.segment_bytes);
    assert_non_null(segment);
    segment_path(&kit->journal->place, segment->slot, ret);
}

__attribute__((unused)) static enum code kit_scan(struct kit *kit, uint64_t from, uint64_t to)
{
    kit->seen_count = 0;
    return journal_scan(kit->journal, from, to, kit_see, kit, &kit->err);
}
