/* Payloads of the query worker: refused as corrupt, or they write what they were read from. */
#include "worker/query_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_order(struct str payload, struct arena *arena, struct buf *out)
{
    struct query_order order;

    if (query_order_read(payload, arena, &order, NULL) != OK)
        return;
    query_order_write(&order, out);
    assert(str_equal(buf_str(out), payload));
}

static void try_wanted(struct str payload, struct arena *arena, struct buf *out)
{
    const struct duck_name *names = NULL;
    size_t count = 0;

    if (table_wanted_read(payload, arena, &names, &count, NULL) != OK)
        return;
    table_wanted_write(names, count, out);
    assert(str_equal(buf_str(out), payload));
}

static void try_files(struct str payload, struct arena *arena, struct buf *out)
{
    struct source_file *files = NULL;
    uint32_t source = 0;
    size_t count = 0;

    if (table_files_read(payload, arena, &source, &files, &count, NULL) != OK)
        return;
    table_files_begin(source, out);
    for (size_t i = 0; i < count; i++)
        table_files_add(&files[i], out);
    assert(str_equal(buf_str(out), payload));
}

static void try_answer(struct str payload, struct arena *arena, struct buf *out)
{
    struct table_answer answer;

    (void)arena;
    if (table_answer_read(payload, &answer, NULL) != OK)
        return;
    table_answer_write(&answer, out);
    assert(str_equal(buf_str(out), payload));
}

static void try_rows(struct str payload, struct arena *arena, struct buf *out)
{
    struct str entries;
    uint32_t source = 0;

    (void)arena;
    if (table_rows_read(payload, &source, &entries, NULL) != OK)
        return;
    table_rows_begin(source, out);
    buf_add(out, entries);
    assert(str_equal(buf_str(out), payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct str, struct arena *, struct buf *) = {
        try_order, try_wanted, try_files, try_answer, try_rows};
    struct arena arena = {0};
    struct buf out = {0};

    if (size == 0)
        return 0;
    tries[data[0] % ARRAY_COUNT(tries)]((struct str){(const char *)data + 1, size - 1}, &arena,
                                        &out);
    buf_release(&out);
    arena_release(&arena);
    return 0;
}
