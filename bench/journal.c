/*
 * The journal alone on the real disk: durable commits a second from one thread, and recovery.
 *
 *     bench_journal FOLDER [GIB]
 *
 * FOLDER is made, and emptied of segments afterwards; GIB (default 1) is the recovery's size.
 */
#include "journal/journal.h"
#include "core/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WINDOW_US = 2 * 1000 * 1000 };

static uint64_t recovered;

static enum code see(uint64_t position, const struct entry *entry, void *context, struct err *err)
{
    (void)position;
    (void)context;
    (void)err;
    recovered += entry->record.len > 0;
    return OK;
}

static int64_t now_us(void)
{
    const struct os *os = os_linux();
    return os->monotonic_us(os->context);
}

static struct journal *must_open(const char *dir, const struct journal_start *start)
{
    struct journal_options options = {.is_threaded = true};
    struct journal_replay replay = {.start = *start, .fn = see};
    struct journal *journal = NULL;
    struct err err;
    if (journal_open(os_linux(), dir, &options, &replay, &journal, &err) != OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return journal;
}

static void must(enum code code, const struct err *err)
{
    if (code == OK)
        return;
    (void)fprintf(stderr, "%s\n", err->message);
    exit(1);
}

static void commit_batch(struct journal *journal, unsigned entries, size_t bytes)
{
    static char record[16384];
    struct err err;
    for (unsigned i = 0; i < entries; i++) {
        uint64_t position = 0;
        struct entry entry = {.kind = ENTRY_PUT, .targets = TARGET_ONLINE | TARGET_OFFLINE};
        entry.identifier = STR("txn-7f8a2e");
        entry.record = (struct str){record, bytes};
        must(journal_add(journal, &entry, &position, &err), &err);
    }
    must(journal_commit(journal, &err), &err);
}

/* As a server does: what is a gigabyte behind is given back. */
static void recycle(struct journal *journal)
{
    struct journal_segment_info infos[64];
    size_t count = journal_segments(journal, infos, ARRAY_COUNT(infos));
    for (size_t i = 0; i + 4 < count; i++)
        must(journal_recycle(journal, infos[i].sequence, NULL), &(struct err){0});
}

static void measure(const char *dir, unsigned entries, size_t bytes)
{
    struct journal_start start = {0};
    struct journal *journal = must_open(dir, &start);
    uint64_t commits = 0;
    int64_t slowest = 0;
    int64_t began = now_us();
    int64_t last = began;
    while (last - began < WINDOW_US) {
        commit_batch(journal, entries, bytes);
        commits++;
        int64_t now = now_us();
        slowest = now - last > slowest ? now - last : slowest;
        last = now;
        if (commits % 1024 == 0)
            recycle(journal);
    }
    double seconds = (double)(last - began) / 1e6;
    (void)printf("%3u x %5zu B  %7.0f commits/s  %8.0f entries/s  %7.1f MB/s  slowest %.1f ms\n",
                 entries, bytes, (double)commits / seconds, (double)(commits * entries) / seconds,
                 (double)(commits * entries * bytes) / seconds / 1e6, (double)slowest / 1e3);
    journal_close(journal);
}

static void clear(const char *dir)
{
    const struct os *os = os_linux();
    struct arena arena = {0};
    struct str *names = NULL;
    size_t count = 0;
    must(os->list(os->context, dir, &arena, &names, &count, NULL), &(struct err){0});
    for (size_t i = 0; i < count; i++)
        must(os->remove(os->context, arena_format(&arena, "%s/%.*s", dir, STR_ARG(names[i])).ptr,
                        NULL),
             &(struct err){0});
    arena_release(&arena);
}

static void measure_recovery(const char *dir, uint64_t bytes)
{
    struct journal_start start = {0};
    struct journal *journal = must_open(dir, &start);
    while (journal_durable_end(journal) < bytes)
        commit_batch(journal, 64, 2000);
    journal_close(journal);
    recovered = 0;
    int64_t began = now_us();
    journal_close(must_open(dir, &start));
    (void)printf("recovery of %" PRIu64 " MiB, %" PRIu64 " entries: %.2f s\n", bytes >> 20,
                 recovered, (double)(now_us() - began) / 1e6);
}

int main(int argc, char **argv)
{
    static const struct {
        unsigned entries;
        size_t bytes;
    } loads[] = {{1, 100}, {1, 2000}, {8, 2000}, {64, 2000}, {64, 9400}};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench_journal FOLDER [GIB]\n");
        return 2;
    }
    must(os_make_dirs(os_linux(), argv[1], NULL), &(struct err){0});
    clear(argv[1]);
    for (size_t i = 0; i < ARRAY_COUNT(loads); i++) {
        measure(argv[1], loads[i].entries, loads[i].bytes);
        clear(argv[1]);
    }
    uint64_t gib = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    measure_recovery(argv[1], gib << 30);
    clear(argv[1]);
    return 0;
}
