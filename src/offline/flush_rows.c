/*
 * From journal entries to files: rows of the offline store, by group and event hour, in journal
 * order; one file each. Everything here is a function of the range and of immutable definitions, so
 * a redone range gives the same files.
 */
#include "core/mem.h"
#include "offline/flush_priv.h"
#include "offline/layout.h"

#include <stdlib.h>

void flush_range_release(struct flush_range *range)
{
    for (size_t i = 0; i < range->group_count; i++)
        group_unref(range->groups[i]);
    mem_free((void *)range->groups);
    mem_free(range->rows);
    mem_free((void *)range->entries);
    arena_release(&range->arena);
    *range = (struct flush_range){0};
}

/* The group of that id, referenced once for the range. Deleted groups' last rows count, too. */
static enum code group_of(struct flush *flush, uint32_t id, const struct group **ret,
                          struct err *err)
{
    struct flush_range *range = &flush->range;
    const struct group *group = NULL;

    for (size_t i = 0; i < range->group_count; i++) {
        if (range->groups[i]->id == id) {
            *ret = range->groups[i];
            return OK;
        }
    }
    epoch_enter(store_epoch(flush->store), flush->reader);
    group = catalog_find_id(store_catalog(flush->store), id, NULL);
    if (group != NULL)
        group = group_ref(group);
    epoch_leave(store_epoch(flush->store), flush->reader);
    if (group == NULL)
        return err_set(err, ERR_CORRUPT, "the journal has a row of group %u, which never was", id);
    range->groups = (const struct group **)mem_resize(
        (void *)range->groups, arena_array_size(sizeof(*range->groups), range->group_count + 1));
    range->groups[range->group_count++] = group;
    *ret = group;
    return OK;
}

static const struct entry *entry_copy(const struct entry *entry, struct arena *arena)
{
    struct entry *copy = ARENA_NEW(arena, struct entry, 1);

    *copy = *entry;
    copy->identifier = arena_str(arena, entry->identifier);
    copy->record = arena_str(arena, entry->record);
    return copy;
}

static enum code row_take(uint64_t position, const struct entry *entry, void *context,
                          struct err *err)
{
    struct flush *flush = context;
    struct flush_range *range = &flush->range;
    const struct group *group = NULL;
    bool is_row =
        entry->kind == ENTRY_PUT || entry->kind == ENTRY_DELETE || entry->kind == ENTRY_DELETE_HARD;

    (void)position;
    if (!is_row || (entry->targets & TARGET_OFFLINE) == 0)
        return OK;
    TRY(group_of(flush, entry->group_id, &group, err));
    assert(group != NULL);
    if (!group->is_offline)
        return OK;
    if (range->row_count == range->row_capacity) {
        range->row_capacity = size_max(1024, 2 * range->row_capacity);
        range->rows =
            mem_resize(range->rows, arena_array_size(sizeof(*range->rows), range->row_capacity));
    }
    range->rows[range->row_count] = (struct flush_row){
        .group = group,
        .hour = layout_hour(entry->event_time),
        .order = (uint32_t)range->row_count,
        .entry = entry_copy(entry, &range->arena),
    };
    range->row_count++;
    if (entry->arrival_us > range->arrival_max_us)
        range->arrival_max_us = entry->arrival_us;
    return OK;
}

static int row_compare(const void *left, const void *right)
{
    const struct flush_row *a = left, *b = right;

    if (a->group->id != b->group->id)
        return a->group->id < b->group->id ? -1 : 1;
    if (a->hour != b->hour)
        return a->hour < b->hour ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Name, folder and the manifest's facts of the file with rows [first, end). */
static void file_plan(struct flush_range *range, struct flush_file *file, size_t first, size_t end)
{
    struct manifest_file *entry = &file->entry;
    const struct flush_row *rows = range->rows;

    file->group = rows[first].group;
    file->first = first;
    file->count = end - first;
    entry->group_id = file->group->id;
    entry->hour = rows[first].hour;
    entry->rows = file->count;
    entry->oldest = entry->newest = rows[first].entry->event_time;
    entry->arrival_min_us = entry->arrival_max_us = rows[first].entry->arrival_us;
    for (size_t i = first; i < end; i++) {
        const struct entry *row = rows[i].entry;
        if (row->feature_count > entry->feature_count)
            entry->feature_count = row->feature_count;
        if (instant_compare(row->event_time, entry->oldest) < 0)
            entry->oldest = row->event_time;
        if (instant_compare(row->event_time, entry->newest) > 0)
            entry->newest = row->event_time;
        if (row->arrival_us < entry->arrival_min_us)
            entry->arrival_min_us = row->arrival_us;
        if (row->arrival_us > entry->arrival_max_us)
            entry->arrival_max_us = row->arrival_us;
    }
    struct layout_file layout = {.group_id = entry->group_id,
                                 .feature_count = entry->feature_count,
                                 .hour = entry->hour,
                                 .from = range->from,
                                 .to = range->to,
                                 .newest = entry->newest};
    file->name = layout_file_name(&layout, &range->arena);
    struct str partition = layout_partition(entry->hour, &range->arena);
    struct str root = layout_folder(file->group->resolved_uri, &range->arena);
    file->folder = arena_format(&range->arena, "%.*s/%.*s", STR_ARG(root), STR_ARG(partition));
    entry->path =
        arena_format(&range->arena, "%.*s/%.*s", STR_ARG(file->folder), STR_ARG(file->name));
}

static bool is_same_file(const struct flush_row *a, const struct flush_row *b)
{
    return a->group == b->group && a->hour == b->hour;
}

static void plan(struct flush_range *range)
{
    size_t count = 0;

    if (range->row_count > 0)
        qsort(range->rows, range->row_count, sizeof(*range->rows), row_compare);
    range->entries = MEM_NEW_ARRAY(const struct entry *, size_max(range->row_count, 1));
    for (size_t i = 0; i < range->row_count; i++) {
        range->entries[i] = range->rows[i].entry;
        if (i == 0 || !is_same_file(&range->rows[i - 1], &range->rows[i]))
            count++;
    }
    range->files = ARENA_NEW(&range->arena, struct flush_file, count);
    for (size_t first = 0, end; first < range->row_count; first = end) {
        for (end = first + 1; end < range->row_count; end++) {
            if (!is_same_file(&range->rows[first], &range->rows[end]))
                break;
        }
        file_plan(range, &range->files[range->file_count++], first, end);
    }
    assert(range->file_count == count);
}

enum code flush_range_read(struct flush *flush, uint64_t from, uint64_t to, struct err *err)
{
    assert(from < to);
    flush_range_release(&flush->range);
    flush->range.from = from;
    flush->range.to = to;
    TRY(journal_scan(store_journal(flush->store), from, to, row_take, flush, err));
    plan(&flush->range);
    return OK;
}
