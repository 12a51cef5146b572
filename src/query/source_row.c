/* Unflushed rows: what the flush would write, from the entry as stored. */
#include "query/source.h"

#include "offline/event_time.h"
#include "schema/record.h"

#include <stdlib.h>

enum { NUMBER_TEXT_MAX = 512 };

/* The nearest double; values were checked when they were written. */
static double double_of(struct str text)
{
    char number[NUMBER_TEXT_MAX];

    if (text.len < sizeof(number)) {
        memcpy(number, text.ptr, text.len);
        number[text.len] = '\0';
        return strtod(number, NULL);
    }
    struct arena arena = {0};
    const double value = strtod(arena_cstr(&arena, text), NULL);
    arena_release(&arena);
    return value;
}

static enum code add_value(struct source *source, uint32_t index, struct str text, struct err *err)
{
    int64_t integer = 0;

    switch (source->group->features[index].type) {
    case FEATURE_INTEGRAL:
        if (str_to_i64(text, &integer, NULL) != OK)
            return err_set(err, ERR_CORRUPT, "stored value of feature '%.*s' is no integer",
                           STR_ARG(source->group->features[index].name));
        duck_append_i64(source->tail, index, integer);
        return OK;
    case FEATURE_FRACTIONAL:
        duck_append_double(source->tail, index, double_of(text));
        return OK;
    case FEATURE_STRING:
        duck_append_str(source->tail, index, text);
        return OK;
    }
    return err_set(err, ERR_INTERNAL, "a feature of no type");
}

static enum code add_put(struct source *source, const struct entry *entry, struct err *err)
{
    struct stored_record record;

    TRY(stored_record_open(entry->record, &record, err));
    for (uint32_t i = 0; i < source->group->feature_count; i++) {
        const struct str text = stored_record_value(&record, i);
        if (!str_is_absent(text))
            TRY(add_value(source, i, text, err));
    }
    return OK;
}

/* A delete has no record: its row holds the identifier and the event time. */
static enum code add_delete(struct source *source, const struct entry *entry, struct err *err)
{
    const struct group *group = source->group;

    TRY(add_value(source, group->identifier_index, entry->identifier, err));
    if (group->features[group->event_time_index].type == FEATURE_FRACTIONAL) {
        duck_append_double(source->tail, group->event_time_index,
                           event_time_to_double(entry->event_time));
        return OK;
    }
    CLEANUP(buf_release) struct buf text = {0};
    instant_add_iso(&text, entry->event_time);
    duck_append_str(source->tail, group->event_time_index, buf_str(&text));
    return OK;
}

enum code source_add_row(struct source *source, const struct entry *entry, int64_t write_time_us,
                         struct err *err)
{
    const bool is_delete = entry->kind != ENTRY_PUT;
    size_t column = source->group->feature_count;

    assert(source->tail != NULL && entry->group_id == source->group->id);
    assert(entry->kind == ENTRY_PUT || entry->kind == ENTRY_DELETE ||
           entry->kind == ENTRY_DELETE_HARD);
    TRY(is_delete ? add_delete(source, entry, err) : add_put(source, entry, err));
    duck_append_i64(source->tail, column++, write_time_us);
    duck_append_i64(source->tail, column++, entry->arrival_us);
    duck_append_bool(source->tail, column++, is_delete);
    duck_append_i64(source->tail, column++, entry->event_time.seconds);
    duck_append_i64(source->tail, column++, entry->event_time.nanoseconds);
    duck_append_i64(source->tail, column, entry->ttl_seconds);
    return duck_append_row(source->tail, err);
}
