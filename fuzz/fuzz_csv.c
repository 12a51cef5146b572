/*
 * CSV as it is loaded: records cover the text without a gap, the same whether more may come or not,
 * and cells lie inside.
 */
#include "cli/csv.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cells(struct str record, struct arena *arena, struct str *cells)
{
    size_t count = 0;
    size_t bytes = 0;
    struct err err;

    if (csv_cells(csv_chomp(record), arena, cells, CSV_CELLS_MAX, &count, &err) != OK)
        return;
    assert(count > 0 && count <= CSV_CELLS_MAX);
    for (size_t i = 0; i < count; i++)
        bytes += cells[i].len;
    assert(bytes + count - 1 <= record.len || record.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct str *cells = ARENA_NEW(&arena, struct str, CSV_CELLS_MAX);
    struct arena_mark mark = arena_mark(&arena);
    char *copy = mem_new_array(size, 1);
    struct str rest = {copy, size};
    bool has_quotes;

    if (size > 0)
        memcpy(copy, data, size);
    while (rest.len > 0) {
        size_t length = csv_record_length(rest, true, &has_quotes);
        size_t unsure = csv_record_length(rest, false, &has_quotes);
        assert(length > 0 && length <= rest.len);
        assert(unsure == length || (unsure == 0 && length == rest.len));
        (void)unsure;
        check_cells(str_slice(rest, 0, length), &arena, cells);
        arena_rewind(&arena, mark);
        rest = str_slice(rest, length, rest.len);
    }
    arena_release(&arena);
    mem_free(copy);
    return 0;
}
