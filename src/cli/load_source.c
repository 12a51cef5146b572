#include "cli/load_source.h"

#include "cli/input.h"
#include "cli/parquet_rows.h"
#include "core/mem.h"
#include "os/os.h"

struct load_source {
    struct input *input;          /* NULL: Parquet */
    struct parquet_rows *parquet; /* NULL: text */
    uint64_t bytes;
};

enum load_form load_form_of(struct str option, struct str path)
{
    struct str name = path;

    if (str_equal(option, STR("parquet")))
        return LOAD_PARQUET;
    if (str_equal(option, STR("jsonl")))
        return LOAD_JSON_LINES;
    if (str_equal(option, STR("csv")))
        return LOAD_CSV;
    if (str_ends(name, STR(".parquet")))
        return LOAD_PARQUET;
    if (str_ends(name, STR(".gz")))
        name.len -= 3;
    if (str_ends(name, STR(".jsonl")) || str_ends(name, STR(".ndjson")) ||
        str_ends(name, STR(".json")))
        return LOAD_JSON_LINES;
    return LOAD_CSV;
}

static enum code open_parquet(const char *path, struct load_source *source, struct err *err)
{
    const struct os *os = os_linux();
    struct os_stat status;

    TRY(os->stat(os->context, path, &status, err));
    source->bytes = status.bytes;
    return parquet_rows_open(path, &source->parquet, err);
}

enum code load_source_open(const char *path, enum load_form form, struct load_source **ret,
                           struct err *err)
{
    struct load_source source = {0};

    if (form == LOAD_PARQUET) {
        TRY(open_parquet(path, &source, err));
    } else {
        TRY(input_open(path, &source.input, err));
        source.bytes = input_size(source.input);
    }
    *ret = MEM_NEW(struct load_source);
    **ret = source;
    return OK;
}

void load_source_close(struct load_source *source)
{
    if (source == NULL)
        return;
    input_close(source->input);
    parquet_rows_close(source->parquet);
    mem_free(source);
}

enum code load_source_read(void *context, char *to, size_t count, size_t *ret_count,
                           struct err *err)
{
    const struct load_source *source = context;

    if (source->parquet != NULL)
        return parquet_rows_read(source->parquet, to, count, ret_count, err);
    return input_read(source->input, to, count, ret_count, err);
}

uint64_t load_source_bytes(const struct load_source *source)
{
    return source->bytes;
}

void load_source_progress(const struct load_source *source, uint64_t rows_taken, uint64_t *ret_done,
                          uint64_t *ret_of)
{
    bool is_text = source->input != NULL;

    *ret_done = is_text ? input_position(source->input) : rows_taken;
    *ret_of = is_text ? source->bytes : parquet_rows_total(source->parquet);
}
