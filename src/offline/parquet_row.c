#include "offline/parquet_row.h"

#include "offline/event_time.h"
#include "schema/record.h"

#include <stdlib.h>

static enum code double_parse(struct parquet_row *row, struct str value, double *ret,
                              struct err *err)
{
    char *end = NULL;

    buf_clear(&row->number);
    buf_add(&row->number, value);
    buf_add_byte(&row->number, '\0');
    double number = strtod(row->number.ptr, &end);
    if (value.len == 0 || (size_t)(end - row->number.ptr) != value.len)
        return err_set(err, ERR_CORRUPT, "a Fractional value that is no number");
    *ret = number;
    return OK;
}

static enum code cell_append(struct parquet_row *row, uint32_t index, struct str value,
                             struct err *err)
{
    double number = 0;
    int64_t integer = 0;

    switch (row->schema->columns[index].type) {
    case FEATURE_INTEGRAL:
        if (str_to_i64(value, &integer, NULL) != OK)
            return err_set(err, ERR_CORRUPT, "an Integral value that is no integer");
        duck_append_i64(row->appender, index, integer);
        return OK;
    case FEATURE_FRACTIONAL:
        TRY(double_parse(row, value, &number, err));
        duck_append_double(row->appender, index, number);
        return OK;
    case FEATURE_STRING:
        duck_append_str(row->appender, index, value);
        return OK;
    }
    return err_set(err, ERR_INTERNAL, "a feature of no type");
}

static enum code put_append(struct parquet_row *row, const struct entry *entry, struct err *err)
{
    struct stored_record record;

    TRY(stored_record_open(entry->record, &record, err));
    if (record.value_count > row->schema->column_count)
        return err_set(err, ERR_CORRUPT, "a record of %u values for a file of %u features",
                       record.value_count, row->schema->column_count);
    for (uint32_t i = 0; i < record.value_count; i++) {
        struct str value = stored_record_value(&record, i);
        if (!str_is_absent(value))
            TRY(cell_append(row, i, value, err));
    }
    return OK;
}

/* A marker row: the identifier and the delete's event time, nothing else. */
static enum code delete_append(struct parquet_row *row, const struct entry *entry, struct err *err)
{
    const struct parquet_schema *schema = row->schema;
    uint32_t identifier = schema->identifier_index;

    /* A delete may name what no record of the group can: such a marker has no identifier. */
    if (value_check(schema->columns[identifier].type, entry->identifier, NULL) == OK)
        TRY(cell_append(row, identifier, entry->identifier, err));
    if (schema->columns[schema->event_time_index].type == FEATURE_FRACTIONAL) {
        duck_append_double(row->appender, schema->event_time_index,
                           event_time_to_double(entry->event_time));
        return OK;
    }
    buf_clear(&row->number);
    instant_add_iso(&row->number, entry->event_time);
    duck_append_str(row->appender, schema->event_time_index, buf_str(&row->number));
    return OK;
}

enum code parquet_row_is_time_exact(struct parquet_row *row, const struct entry *entry, bool *ret,
                                    struct err *err)
{
    const struct parquet_schema *schema = row->schema;
    double seconds = event_time_to_double(entry->event_time);
    struct instant instant;

    if (schema->columns[schema->event_time_index].type != FEATURE_FRACTIONAL) {
        *ret = true;
        return OK;
    }
    if (entry->kind == ENTRY_PUT) {
        struct stored_record record;
        TRY(stored_record_open(entry->record, &record, err));
        struct str value = schema->event_time_index < record.value_count
                               ? stored_record_value(&record, schema->event_time_index)
                               : STR_ABSENT;
        TRY(double_parse(row, value, &seconds, err));
    }
    *ret = event_time_of_double(seconds, &instant, NULL) == OK &&
           instant_compare(instant, entry->event_time) == 0;
    return OK;
}

enum code parquet_row_fill(struct parquet_row *row, const struct entry *entry,
                           int64_t write_time_us, struct err *err)
{
    const size_t column = row->schema->column_count;

    if (entry->kind == ENTRY_PUT)
        TRY(put_append(row, entry, err));
    else if (entry->kind == ENTRY_DELETE || entry->kind == ENTRY_DELETE_HARD)
        TRY(delete_append(row, entry, err));
    else
        return err_set(err, ERR_CORRUPT, "an entry that is no row");
    duck_append_i64(row->appender, column, write_time_us);
    duck_append_i64(row->appender, column + 1, entry->arrival_us);
    duck_append_bool(row->appender, column + 2, entry->kind != ENTRY_PUT);
    return OK;
}

void parquet_row_release(struct parquet_row *row)
{
    buf_release(&row->number);
    *row = (struct parquet_row){0};
}
