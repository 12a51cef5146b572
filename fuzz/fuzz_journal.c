/*
 * A journal's files with any bytes changed, checksums made right again where the input says so:
 * opening says what is wrong or gives a journal that scans, writes and opens again.
 */
#include "core/hash.h"
#include "core/mem.h"
#include "journal/journal.h"
#include "sim/sim_os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEGMENT_BYTES = 16 * 1024, BLOCK_BYTES = 4096, FILES = 4, EDIT_BYTES = 5 };

static const struct journal_options options = {.segment_bytes = SEGMENT_BYTES, .segments_spare = 1};

static enum code see(uint64_t position, const struct entry *entry, void *context, struct err *err)
{
    unsigned *count = context;
    (void)position;
    (void)entry;
    (void)err;
    (*count)++;
    return OK;
}

static void must(enum code code)
{
    if (code != OK)
        abort();
}

static struct journal *open_or_null(const struct os *os, unsigned *count)
{
    struct journal_replay replay = {.fn = see, .context = count};
    struct journal *journal = NULL;
    struct err err;
    *count = 0;
    enum code code = journal_open(os, "/j", &options, &replay, &journal, &err);
    if (code != OK && err.message[0] == 0)
        abort();
    return code == OK ? journal : NULL;
}

static void write_some(struct journal *journal, unsigned batches)
{
    char record[3000] = {0};
    for (unsigned i = 0; i < batches; i++) {
        struct entry entry = {.kind = ENTRY_PUT, .group_id = i};
        uint64_t position = 0;
        entry.identifier = STR("identifier");
        entry.record = (struct str){record, (i * 700) % sizeof(record)};
        must(journal_add(journal, &entry, &position, NULL));
        if (i % 2 == 0)
            must(journal_commit(journal, NULL));
    }
    must(journal_commit(journal, NULL));
}

static void put(unsigned char *to, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t checksum_of(const unsigned char *bytes, size_t from, size_t to)
{
    return hash_checksum((struct str){(const char *)bytes + from, to - from});
}

/* Makes the checksums of what starts in this block right: a head, or a batch and its first entry.
 */
static void repair(unsigned char *file, size_t block)
{
    unsigned char *at = file + block;
    if (block == 0) {
        put(at + 8, checksum_of(at, 16, 512));
        return;
    }
    size_t room = SEGMENT_BYTES - block;
    size_t bytes = (size_t)at[56] | (size_t)at[57] << 8;
    size_t entry = (size_t)at[72] | (size_t)at[73] << 8;
    if (bytes < 64 || bytes > room)
        return;
    if (entry >= 8 && 64 + entry <= bytes)
        put(at + 64, checksum_of(at + 64, 8, entry));
    put(at + 8, checksum_of(at, 16, bytes));
}

static void edit(const struct os *os, const uint8_t *data)
{
    char path[32];
    struct os_file *file = NULL;
    unsigned char bytes[SEGMENT_BYTES];
    (void)snprintf(path, sizeof(path), "/j/segment-%06u", data[0] % FILES);
    if (os->open(os->context, path, OS_READ | OS_WRITE, &file, NULL) != OK)
        return;
    size_t offset = ((size_t)data[1] << 8 | data[2]) % SEGMENT_BYTES;
    must(os->read(os->context, file, bytes, sizeof(bytes), 0, NULL));
    bytes[offset] = data[3];
    if (data[4] % 2 == 0)
        repair(bytes, offset / BLOCK_BYTES * BLOCK_BYTES);
    must(os->write(os->context, file, bytes, sizeof(bytes), 0, NULL));
    os->close(os->context, file);
}

/* Damage that was not noticed when opening may be noticed when writing goes on: never a crash. */
static void use(struct sim *sim)
{
    const struct os *os = sim_os(sim);
    unsigned count = 0;
    unsigned again = 0;
    struct journal *journal = open_or_null(os, &count);
    if (journal == NULL)
        return;
    uint64_t end = journal_durable_end(journal);
    uint64_t to = 0;
    must(journal_scan(journal, 0, end, see, &again, NULL));
    if (again != count)
        abort();
    must(journal_cut(journal, 0, BLOCK_BYTES, &to, NULL));
    write_some(journal, 6);
    journal_close(journal);
    sim_crash(sim, count);
    journal = open_or_null(os, &again);
    if (journal == NULL || again != count + 6)
        abort();
    journal_close(journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim *sim = sim_new(1);
    unsigned count = 0;
    struct journal *journal = open_or_null(sim_os(sim), &count);
    if (journal == NULL)
        abort();
    write_some(journal, 12);
    journal_close(journal);
    for (size_t i = 0; i + EDIT_BYTES <= size && i < (size_t)64 * EDIT_BYTES; i += EDIT_BYTES)
        edit(sim_os(sim), data + i);
    use(sim);
    sim_free(sim);
    return 0;
}
