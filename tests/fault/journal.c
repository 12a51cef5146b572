/*
 * The journal with the nth call of the operating system failing, for every n, once and for ever:
 * what was committed is there afterwards, in order, and nothing is there twice or in part. A
 * failure that is not final (no room for a segment) lets the journal go on.
 */
#include "unit/test.h"

#include "core/mem.h"
#include "journal/journal.h"
#include "sim/sim_os.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SEGMENT_BYTES = 16 * 1024, BATCHES = 24, RECORD_BYTES = 1500 };

struct scenario {
    struct sim *sim;
    struct journal *journal;
    struct journal_options options;
    struct journal_start start;
    uint32_t started;   /* entries that the start stands for */
    uint32_t committed; /* entries, numbered from 0 */
    uint32_t added;
    uint32_t seen;
    bool is_wrong;
};

static enum code see(uint64_t position, const struct entry *entry, void *context, struct err *err)
{
    struct scenario *scenario = context;
    (void)position;
    (void)err;
    bool is_right = entry->group_id == scenario->started + scenario->seen &&
                    entry->record.len == RECORD_BYTES &&
                    entry->record.ptr[RECORD_BYTES - 1] == (char)entry->group_id;
    scenario->is_wrong = scenario->is_wrong || !is_right;
    scenario->seen++;
    return OK;
}

static enum code open_journal(struct scenario *scenario, struct err *err)
{
    scenario->seen = 0;
    struct journal_replay replay = {scenario->start, see, scenario};
    TRY(journal_open(sim_os(scenario->sim), "/data/journal", &scenario->options, &replay,
                     &scenario->journal, err));
    uint32_t found = scenario->started + scenario->seen;
    assert_false(scenario->is_wrong);
    assert_true(found >= scenario->committed && found <= scenario->added);
    scenario->committed = found;
    scenario->added = found;
    return OK;
}

static enum code add(struct scenario *scenario, struct err *err)
{
    char record[RECORD_BYTES];
    uint64_t position = 0;
    memset(record, (char)scenario->added, sizeof(record));
    struct entry entry = {.kind = ENTRY_PUT, .group_id = scenario->added};
    entry.identifier = STR("id");
    entry.record = (struct str){record, sizeof(record)};
    TRY(journal_add(scenario->journal, &entry, &position, err));
    scenario->added++;
    return OK;
}

static enum code write_batches(struct scenario *scenario, struct err *err)
{
    for (unsigned i = 0; i < BATCHES; i++) {
        for (unsigned j = 0; j <= i % 3; j++)
            TRY(add(scenario, err));
        TRY(journal_commit(scenario->journal, err));
        scenario->committed = scenario->added;
    }
    return OK;
}

static enum code recycle(struct scenario *scenario, struct err *err)
{
    struct journal_segment_info infos[32];
    scenario->start = journal_end_start(scenario->journal);
    scenario->started = scenario->committed;
    size_t count = journal_segments(scenario->journal, infos, ARRAY_COUNT(infos));
    assert_true(count > 2 && count <= ARRAY_COUNT(infos));
    for (size_t i = 0; i + 1 < count; i++)
        TRY(journal_recycle(scenario->journal, infos[i].sequence, err));
    return OK;
}

static enum code read_back(struct scenario *scenario, struct err *err)
{
    struct journal_segment_info infos[32];
    size_t count = journal_segments(scenario->journal, infos, ARRAY_COUNT(infos));
    uint64_t end = journal_durable_end(scenario->journal);
    uint64_t to = 0;
    scenario->start = (struct journal_start){0};
    assert_true(count > 0);
    /* Without the callback's count: only that it reads or says why not. */
    struct scenario ignored = {.started = 0};
    TRY(journal_scan(scenario->journal, infos[0].first, end, see, &ignored, err));
    return journal_cut(scenario->journal, infos[0].first, SEGMENT_BYTES, &to, err);
}

/* Everything the journal does, in one line of life; ends at the first failure. */
static enum code play(struct scenario *scenario, struct err *err)
{
    TRY(open_journal(scenario, err));
    TRY(write_batches(scenario, err));
    struct journal_start start = scenario->start;
    TRY(read_back(scenario, err));
    scenario->start = start;
    TRY(recycle(scenario, err));
    TRY(write_batches(scenario, err));
    journal_close(scenario->journal);
    scenario->journal = NULL;
    TRY(open_journal(scenario, err));
    return write_batches(scenario, err);
}

/* False when the fault was never reached: the sweep is through. */
static bool play_with_fault(const struct sim_fault *fault, bool is_power_lost)
{
    struct scenario *scenario = MEM_NEW(struct scenario);
    struct err err = {0};
    scenario->sim = sim_new(fault->nth);
    scenario->options =
        (struct journal_options){.segment_bytes = SEGMENT_BYTES, .segments_spare = 1};
    assert_int_equal(os_make_dirs(sim_os(scenario->sim), "/data", NULL), OK);
    sim_fail(scenario->sim, fault);
    enum code code = play(scenario, &err);
    bool was_hit = sim_fault_was_hit(scenario->sim);
    if (!was_hit)
        assert_int_equal(code, OK);
    if (code != OK)
        assert_true(err.message[0] != 0);
    journal_close(scenario->journal);
    scenario->journal = NULL;
    sim_fail(scenario->sim, &(struct sim_fault){0});
    if (is_power_lost)
        sim_crash(scenario->sim, fault->nth);
    scenario->is_wrong = false;
    if (open_journal(scenario, &err) != OK)
        fail_msg("nth %llu: %s", (unsigned long long)fault->nth, err.message);
    assert_int_equal(write_batches(scenario, &err), OK);
    journal_close(scenario->journal);
    sim_free(scenario->sim);
    mem_free(scenario);
    return was_hit;
}

static void sweep(int errno_value, bool is_for_ever, bool is_power_lost)
{
    uint64_t nth = 1;
    struct sim_fault fault = {.errno_value = errno_value, .is_for_ever = is_for_ever};
    for (fault.nth = nth; play_with_fault(&fault, is_power_lost); fault.nth++)
        nth = fault.nth;
    print_message("# %llu calls\n", (unsigned long long)nth);
    assert_true(nth > 100);
}

static void test_each_call_fails_once(void **state)
{
    (void)state;
    sweep(EIO, false, false);
    sweep(ENOSPC, false, true);
}

static void test_each_call_fails_for_ever(void **state)
{
    (void)state;
    sweep(EIO, true, false);
    sweep(EMFILE, true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_fails_once),
        cmocka_unit_test(test_each_call_fails_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
