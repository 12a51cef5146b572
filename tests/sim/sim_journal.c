/*
 * Power failures of the journal alone, by seed: what was committed is there, in order; of the turn
 * that was under way at most a beginning is; what was lost never comes back. The same run with
 * durability switched off must fail: it proves that the test can see.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "journal/journal.h"
#include "sim/sim_os.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS_MAX = 20000, LIVES = 6, ACTIONS = 150, SEEDS = 3000, SEEDS_SKIPPED = 60 };

struct run {
    uint64_t seed;
    uint64_t random;
    struct sim *sim;
    struct journal *journal;
    struct journal_options options;
    struct journal_start start;
    size_t start_count; /* of committed: what the checkpoint stands for */
    uint32_t next;      /* numbers are never used twice */
    uint32_t committed[NUMBERS_MAX];
    size_t committed_count;
    uint32_t turn[NUMBERS_MAX];
    size_t turn_count;
    size_t seen_count;
    char why[ERR_MESSAGE_BYTES + 64]; /* empty: fine */
};

static void complain(struct run *run, const char *what)
{
    if (run->why[0] == 0)
        (void)snprintf(run->why, sizeof(run->why), "seed %llu: %s", (unsigned long long)run->seed,
                       what);
}

static uint64_t draw(struct run *run, uint64_t below)
{
    return sim_next(&run->random) % below;
}

/* ---- entries whose content follows from their number ---- */

static size_t record_bytes(uint32_t number)
{
    uint64_t state = number;
    uint64_t drawn = sim_next(&state);
    return drawn % 8 == 0 ? drawn / 8 % 9000 : drawn / 8 % 600;
}

static char record_byte(uint32_t number, size_t at)
{
    return (char)(number * 31 + at * 7 + at / 251);
}

static bool is_whole(const struct entry *entry)
{
    if (entry->record.len != record_bytes(entry->group_id))
        return false;
    for (size_t i = 0; i < entry->record.len; i++)
        if (entry->record.ptr[i] != record_byte(entry->group_id, i))
            return false;
    return true;
}

/* ---- one life: open, work until the power goes ---- */

static enum code see(uint64_t position, const struct entry *entry, void *context, struct err *err)
{
    struct run *run = context;
    size_t at = run->start_count + run->seen_count;
    (void)position;
    (void)err;
    run->seen_count++;
    if (!is_whole(entry))
        complain(run, "an entry is not whole");
    if (at < run->committed_count) {
        if (run->committed[at] != entry->group_id)
            complain(run, "a committed entry is missing or out of order");
        return OK;
    }
    size_t of_turn = at - run->committed_count;
    if (of_turn >= run->turn_count || run->turn[of_turn] != entry->group_id)
        complain(run, "an entry was found that was lost or never written");
    return OK;
}

/* What recovery found of the turn under way is committed from now on. */
static void settle(struct run *run)
{
    size_t found = run->start_count + run->seen_count;
    if (found < run->committed_count) {
        complain(run, "committed entries are missing at the end");
        return;
    }
    for (size_t i = 0; run->committed_count < found && i < run->turn_count; i++) {
        run->committed[run->committed_count] = run->turn[i];
        run->committed_count++;
    }
    run->turn_count = 0;
}

/* False when the power went off, or the journal was found wrong. */
static bool open_journal(struct run *run)
{
    struct err err;
    run->seen_count = 0;
    struct journal_replay replay = {run->start, see, run};
    enum code code = journal_open(sim_os(run->sim), "/data/journal", &run->options, &replay,
                                  &run->journal, &err);
    if (code == OK) {
        settle(run);
        return run->why[0] == 0;
    }
    run->journal = NULL;
    if (!sim_is_off(run->sim) && !sim_fault_was_hit(run->sim))
        complain(run, err.message);
    return false;
}

static enum code add_entry(struct run *run)
{
    static char record[9000];
    char identifier[32];
    uint32_t number = run->next;
    struct entry entry = {
        .kind = ENTRY_PUT, .targets = TARGET_ONLINE | TARGET_OFFLINE, .group_id = number};
    for (size_t i = 0; i < record_bytes(number); i++)
        record[i] = record_byte(number, i);
    int len = snprintf(identifier, sizeof(identifier), "id-%u", number);
    entry.identifier = (struct str){identifier, (size_t)len};
    entry.record = (struct str){record, record_bytes(number)};
    uint64_t position = 0;
    run->next++;
    TRY(journal_add(run->journal, &entry, &position, NULL));
    run->turn[run->turn_count] = number;
    run->turn_count++;
    return OK;
}

static enum code do_turn(struct run *run)
{
    uint64_t count = 1 + draw(run, draw(run, 6) == 0 ? 20 : 4);
    for (uint64_t i = 0; i < count; i++)
        TRY(add_entry(run));
    TRY(journal_commit(run->journal, NULL));
    for (size_t i = 0; i < run->turn_count; i++)
        run->committed[run->committed_count + i] = run->turn[i];
    run->committed_count += run->turn_count;
    run->turn_count = 0;
    return OK;
}

static void do_checkpoint(struct run *run)
{
    run->start = journal_end_start(run->journal);
    run->start_count = run->committed_count;
}

static void do_recycle(struct run *run)
{
    struct journal_segment_info infos[64];
    size_t count = journal_segments(run->journal, infos, ARRAY_COUNT(infos));
    for (size_t i = 0; i < size_min(count, ARRAY_COUNT(infos)); i++)
        if (infos[i].end <= run->start.position && draw(run, 2) == 0)
            (void)!journal_recycle(run->journal, infos[i].sequence, NULL);
}

/* Most lives end with the power; some with a call that fails, as the process has to end then. */
static void plan_end(struct run *run)
{
    uint64_t nth = 1 + draw(run, draw(run, 3) == 0 ? 10 : 80);
    if (draw(run, 4) > 0)
        sim_power_off_at(run->sim, nth);
    else
        sim_fail(run->sim, &(struct sim_fault){.nth = nth,
                                               .calls = SIM_CHANGING,
                                               .errno_value = EIO,
                                               .is_for_ever = draw(run, 2) == 0});
}

static void live(struct run *run)
{
    plan_end(run);
    if (!open_journal(run))
        return;
    enum code code = OK;
    for (unsigned i = 0; code == OK && i < ACTIONS; i++) {
        uint64_t action = draw(run, 12);
        if (action == 0)
            do_checkpoint(run);
        else if (action <= 2)
            do_recycle(run);
        else
            code = do_turn(run);
    }
    if (code != OK && !sim_is_off(run->sim) && !sim_fault_was_hit(run->sim))
        complain(run, "the journal failed though nothing else did");
}

/* The process is gone; the machine sometimes goes on, with what is only in its cache. */
static void end_life(struct run *run)
{
    journal_close(run->journal);
    run->journal = NULL;
    bool is_on = !sim_is_off(run->sim);
    sim_fail(run->sim, &(struct sim_fault){0});
    if (is_on && draw(run, 2) == 0)
        return;
    sim_crash(run->sim, sim_next(&run->random));
}

/* A complaint, or none, is left in run->why. */
static void run_seed(struct run *run, uint64_t seed, bool is_sync_skipped)
{
    static const uint64_t sizes[] = {16 * 1024, 32 * 1024, 128 * 1024};
    *run = (struct run){.seed = seed, .random = seed, .next = 1, .sim = sim_new(seed)};
    run->options = (struct journal_options){.segment_bytes = sizes[draw(run, ARRAY_COUNT(sizes))],
                                            .segments_spare = 1 + (unsigned)draw(run, 2),
                                            .is_sync_skipped = is_sync_skipped};
    if (os_make_dirs(sim_os(run->sim), "/data", NULL) != OK)
        complain(run, "no folder");
    for (unsigned i = 0; i < LIVES && run->why[0] == 0; i++) {
        live(run);
        end_life(run);
    }
    if (run->why[0] == 0 && open_journal(run) && run->turn_count != 0)
        complain(run, "a turn is left over");
    journal_close(run->journal);
    sim_free(run->sim);
}

/* SIM_SEEDS and SIM_FIRST take more, or the one that failed. */
static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void test_power_failures(void **state)
{
    (void)state;
    struct run *run = MEM_NEW(struct run);
    uint64_t first = from_environment("SIM_FIRST", 1);
    uint64_t count = from_environment("SIM_SEEDS", SEEDS);
    uint64_t entries = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        run_seed(run, seed, false);
        if (run->why[0] != 0)
            fail_msg("%s", run->why);
        entries += run->committed_count;
    }
    print_message("# %llu seeds, %llu lives, %llu entries committed\n", (unsigned long long)count,
                  (unsigned long long)count * LIVES, (unsigned long long)entries);
    mem_free(run);
}

static void test_skipped_sync_is_caught(void **state)
{
    (void)state;
    struct run *run = MEM_NEW(struct run);
    unsigned caught = 0;
    for (uint64_t seed = 1; seed <= SEEDS_SKIPPED; seed++) {
        run_seed(run, seed, true);
        caught += run->why[0] != 0;
    }
    print_message("# without sync %u of %d seeds are caught\n", caught, SEEDS_SKIPPED);
    assert_true(caught > SEEDS_SKIPPED / 2);
    mem_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_failures),
        cmocka_unit_test(test_skipped_sync_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
