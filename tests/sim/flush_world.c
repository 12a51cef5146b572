#include "sim/flush_world.h"

#include "core/mem.h"
#include "offline/layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEGMENT_BYTES = 64 * 1024, RECORD_BYTES_MAX = 1500 };

static const char data_dir[] = "/data";

uint64_t world_draw(struct world *world, uint64_t below)
{
    return sim_next(&world->random) % below;
}

void world_complain(struct world *world, const char *format, ...)
{
    va_list args;

    if (world->why[0] != '\0')
        return;
    int used = snprintf(world->why, sizeof(world->why), "seed %ju: ", (uintmax_t)world->seed);
    va_start(args, format);
    (void)vsnprintf(world->why + used, sizeof(world->why) - (size_t)used, format, args);
    va_end(args);
}

static void failed(void *context, const struct err *err)
{
    struct world *world = context;

    (void)err;
    world->has_store_failed = true;
}

struct world *world_new(uint64_t seed)
{
    struct world *world = MEM_NEW(struct world);

    world->seed = seed;
    world->random = seed * 2 + 1;
    world->sim = sim_new(seed);
    world->os = *sim_os(world->sim);
    world->range_bytes_max = 32 * 1024;
    world->options = (struct store_options){
        .journal = {.segment_bytes = SEGMENT_BYTES},
        .cache_bytes_max = 64 * 1024,
        .checkpoint_bytes = 128 * 1024,
        .journal_bytes_spare = 128 * 1024,
        .failed = failed,
        .failed_context = world,
    };
    return world;
}

void world_free(struct world *world)
{
    world_close(world);
    sim_free(world->sim);
    mem_free(world);
}

/* ---- the sink ---- */

static enum code sink_text(struct world *world, const struct parquet_job *job, struct buf *text)
{
    bool has_ttl = false;

    int64_t time_us =
        world->is_clock_in_file ? world->os.now_us(world->os.context) : job->write_time_us;
    buf_add_format(text, "%u %u %jd\n", job->group->id, job->feature_count, (intmax_t)time_us);
    for (size_t i = 0; i < job->entry_count; i++) {
        const struct entry *entry = job->entries[i];
        buf_add_format(text, "%.*s %jd %u %jd %d\n", STR_ARG(entry->identifier),
                       (intmax_t)entry->event_time.seconds, entry->event_time.nanoseconds,
                       (intmax_t)entry->arrival_us, (int)entry->kind);
        has_ttl |= entry->ttl_seconds != 0;
        if (entry->group_id != job->group->id || entry->feature_count > job->feature_count)
            world_complain(world, "a row of another file");
    }
    return has_ttl ? OK : ERR_NOT_FOUND;
}

static enum code file_write(const struct os *os, const char *path, struct str text, struct err *err)
{
    struct os_file *file = NULL;

    TRY(os->open(os->context, path, OS_WRITE | OS_CREATE | OS_TRUNCATE, &file, err));
    enum code code = os->write(os->context, file, text.ptr, text.len, 0, err);
    os->close(os->context, file);
    return code;
}

/* The same name always has the same bytes. */
static void name_check(struct world *world, const char *path, struct str text)
{
    struct hash128 name = hash_wide(str_from(path));
    uint64_t content = hash_checksum(text);

    for (size_t i = 0; i < world->file_count; i++) {
        struct world_file *file = &world->files[i];
        if (file->name.high == name.high && file->name.low == name.low) {
            if (file->content != content)
                world_complain(world, "'%s' was written again with other bytes", path);
            return;
        }
    }
    if (world->file_count < WORLD_FILES_MAX)
        world->files[world->file_count++] = (struct world_file){name, content};
}

static enum code sink_write(void *context, const struct parquet_job *job,
                            struct parquet_result *ret, struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    struct world *world = context;
    const struct os *os = sim_os(world->sim);
    bool has_sidecar = sink_text(world, job, &text) == OK;

    name_check(world, job->path, buf_str(&text));
    TRY(file_write(os, job->path, buf_str(&text), err));
    if (has_sidecar)
        TRY(file_write(os, job->sidecar_path, buf_str(&text), err));
    *ret = (struct parquet_result){.bytes = text.len, .has_sidecar = has_sidecar};
    return OK;
}

static enum code kill_point_passed(void *context, const char *name, struct err *err)
{
    struct world *world = context;

    world->passages++;
    if (world->kill_after == 0 || --world->kill_after > 0)
        return OK;
    return err_set(err, ERR_INTERNAL, "killed at %s", name);
}

/* ---- opening ---- */

static const char *group_name(unsigned index)
{
    static const char *const names[WORLD_GROUPS] = {"first", "second", "third"};

    return names[index];
}

static enum code group_make(struct world *world, unsigned index, struct err *err)
{
    struct str json = arena_format(
        &world->arena,
        "{\"id\":1,\"version\":1,\"name\":\"%s\",\"arn\":\"arn:aws:sagemaker:eu-west-1:"
        "123456789012:feature-group/%s\",\"identifier_index\":0,\"event_time_index\":1,"
        "\"created_us\":1700000000000000,\"is_online\":true,\"is_offline\":true,"
        "\"resolved_uri\":\"s3://b/%s/data\",\"features\":[{\"name\":\"id\",\"type\":\"String\"},"
        "{\"name\":\"t\",\"type\":\"String\"}]}",
        group_name(index), group_name(index), group_name(index));
    struct change change = {.kind = CHANGE_CREATE,
                            .name = str_from(group_name(index)),
                            .group_json = json,
                            .groups_max = 100};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    struct write_job job = {.items = &item, .count = 1};

    return write_wait(world->store, &job, err);
}

static void groups_find(struct world *world)
{
    for (unsigned i = 0; i < WORLD_GROUPS; i++) {
        const struct group *group =
            catalog_find(store_catalog(world->store), str_from(group_name(i)));
        group_unref(world->groups[i]);
        world->groups[i] = group == NULL ? NULL : group_ref(group);
    }
}

static enum code offline_open(struct world *world, struct err *err)
{
    struct flush_mark mark;
    struct flush_options options = {
        .data_dir = data_dir,
        .range_bytes_max = world->range_bytes_max,
        .sink = {sink_write, world},
        .kill_point = kill_point_passed,
        .kill_point_context = world,
    };

    store_flush_mark(world->store, &mark);
    TRY(manifest_open(&world->os, arena_format(&world->arena, "%s/manifest", data_dir).ptr,
                      mark.manifest, &world->manifest, err));
    return flush_new(&world->os, world->store, world->manifest, &options, &world->flush, err);
}

enum code world_open(struct world *world, struct err *err)
{
    world->has_store_failed = false;
    TRY(store_open(sim_os(world->sim), data_dir, &world->options, &world->store, err));
    TRY(offline_open(world, err));
    groups_find(world);
    if (world->groups[0] == NULL && world->groups[1] == NULL && world->groups[2] == NULL) {
        for (unsigned i = 0; i < WORLD_GROUPS; i++)
            TRY(group_make(world, i, err));
        groups_find(world);
    }
    return OK;
}

void world_close(struct world *world)
{
    for (unsigned i = 0; i < WORLD_GROUPS; i++) {
        group_unref(world->groups[i]);
        world->groups[i] = NULL;
    }
    flush_free(world->flush);
    manifest_close(world->manifest);
    store_close(world->store);
    world->flush = NULL;
    world->manifest = NULL;
    world->store = NULL;
    arena_release(&world->arena);
}

/* ---- what happens ---- */

static struct write_item row_make(struct world *world, struct world_row *row,
                                  const char *identifier, const char *filler)
{
    static const int64_t starts[] = {0, 1, 495231, 495232, -1, 2932895 * INT64_C(24) + 23};
    static const enum write_kind kinds[] = {WRITE_PUT, WRITE_PUT, WRITE_PUT, WRITE_DELETE,
                                            WRITE_DELETE_HARD};
    static const uint8_t targets[] = {TARGET_ONLINE | TARGET_OFFLINE,
                                      TARGET_ONLINE | TARGET_OFFLINE, TARGET_OFFLINE,
                                      TARGET_ONLINE};
    struct write_item item = {
        .kind = kinds[world_draw(world, ARRAY_COUNT(kinds))],
        .group = world->groups[world_draw(world, WORLD_GROUPS)],
        .targets = targets[world_draw(world, ARRAY_COUNT(targets))],
        .has_event_time = true,
        .identifier = str_from(identifier),
        .record = STR(""),
        .result = ERR_BUSY, /* until it is decided */
    };

    row->hour = starts[world_draw(world, ARRAY_COUNT(starts))];
    row->is_offline = (item.targets & TARGET_OFFLINE) != 0;
    item.event_time.seconds = row->hour * 3600 + (world_draw(world, 2) == 0 ? 0 : 3599);
    item.event_time.nanoseconds = world_draw(world, 2) == 0 ? 0 : 999999999;
    if (item.kind == WRITE_PUT) {
        item.record = (struct str){filler, world_draw(world, RECORD_BYTES_MAX)};
        item.ttl_seconds = world_draw(world, 16) == 0 ? 60 : 0;
    }
    return item;
}

void world_write(struct world *world)
{
    static const char filler[RECORD_BYTES_MAX] = "x";
    struct write_item items[8];
    char identifiers[8][16];
    uint32_t numbers[8];
    size_t count = 0, wanted = 1 + world_draw(world, 8);

    for (size_t i = 0; i < wanted && world->row_count < WORLD_ROWS_MAX; i++) {
        numbers[count] = world->row_count;
        (void)snprintf(identifiers[count], sizeof(identifiers[count]), "r%u", world->row_count);
        items[count] = row_make(world, &world->rows[world->row_count], identifiers[count], filler);
        if (items[count].group == NULL)
            continue;
        world->row_count++;
        count++;
    }
    if (count == 0)
        return;
    struct write_job job = {.items = items, .count = count};
    enum code code = write_wait(world->store, &job, NULL);
    for (size_t i = 0; i < count; i++) {
        /* A row that was refused is like one that was never written; one of an unknown fate is
         * not. */
        if (code == OK || items[i].result == OK)
            world->rows[numbers[i]].is_acked = true;
    }
}

void world_change_group(struct world *world)
{
    unsigned index = (unsigned)world_draw(world, WORLD_GROUPS);
    struct change change = {.kind = CHANGE_DELETE, .name = str_from(group_name(index))};
    struct write_item item = {.kind = WRITE_CHANGE, .change = &change};
    struct write_job job = {.items = &item, .count = 1};
    enum code ignored = world->groups[index] == NULL ? group_make(world, index, NULL)
                                                     : write_wait(world->store, &job, NULL);

    (void)ignored;
    if (!world->has_store_failed)
        groups_find(world);
}

enum code world_flush(struct world *world, uint64_t *ret_rows, struct err *err)
{
    return flush_run(world->flush, ret_rows, err);
}

/* ---- what has to hold ---- */

static void row_see(struct world *world, struct str identifier, int64_t hour)
{
    uint64_t number = 0;

    if (identifier.len < 2 || str_to_u64(str_slice(identifier, 1, identifier.len),
                                         world->row_count - 1, &number, NULL) != OK) {
        world_complain(world, "a row that nobody wrote: '%.*s'", STR_ARG(identifier));
        return;
    }
    struct world_row *row = &world->rows[number];
    row->seen++;
    if (!row->is_offline)
        world_complain(world, "row %ju is for the online store alone", (uintmax_t)number);
    if (row->hour != hour)
        world_complain(world, "row %ju lies in another hour", (uintmax_t)number);
}

static void lines_see(struct world *world, const struct manifest_file *file, struct str text)
{
    int64_t arrival_before = INT64_MIN, arrival = 0;
    uint64_t rows = 0;

    (void)str_cut(&text, '\n');
    for (; text.len > 0; rows++) {
        struct str line = str_cut(&text, '\n');
        struct str identifier = str_cut(&line, ' ');
        (void)str_cut(&line, ' ');
        (void)str_cut(&line, ' ');
        if (str_to_i64(str_cut(&line, ' '), &arrival, NULL) != OK || arrival <= arrival_before)
            world_complain(world, "rows out of order");
        arrival_before = arrival;
        row_see(world, identifier, file->hour);
    }
    if (rows != file->rows)
        world_complain(world, "%ju rows, the manifest says %ju", (uintmax_t)rows,
                       (uintmax_t)file->rows);
}

static void file_see(struct world *world, const struct manifest_file *file)
{
    CLEANUP(arena_release) struct arena arena = {0};
    CLEANUP(buf_release) struct buf text = {0};
    struct err err = {0};
    struct os_stat status;
    const struct os *os = sim_os(world->sim);
    const char *path = arena_format(&arena, "%s/%.*s", data_dir, STR_ARG(file->path)).ptr;

    if (os_read_file(os, path, 1 << 24, &text, &err) != OK) {
        world_complain(world, "a file of the manifest: %s", err.message);
        return;
    }
    if (hash_checksum(buf_str(&text)) != file->checksum || text.len != file->bytes)
        world_complain(world, "'%s' has other bytes than the manifest says", path);
    else
        lines_see(world, file, buf_str(&text));
    if (str_is_absent(file->sidecar))
        return;
    path = arena_format(&arena, "%s/%.*s", data_dir, STR_ARG(file->sidecar)).ptr;
    if (os->stat(os->context, path, &status, NULL) != OK)
        world_complain(world, "the sidecar '%s' is missing", path);
}

static void files_see(struct world *world, const struct flush_mark *mark)
{
    CLEANUP(arena_release) struct arena arena = {0};
    const struct catalog *catalog = store_catalog(world->store);

    for (uint32_t id = 0; id < catalog->id_next; id++) {
        const struct manifest_file *files = NULL;
        size_t count = 0;
        manifest_files(world->manifest, id, mark->manifest, &arena, &files, &count);
        for (size_t i = 0; i < count; i++)
            file_see(world, &files[i]);
    }
}

static enum code tail_see(uint64_t position, const struct entry *entry, void *context,
                          struct err *err)
{
    (void)position;
    (void)err;
    if ((entry->kind == ENTRY_PUT || entry->kind == ENTRY_DELETE ||
         entry->kind == ENTRY_DELETE_HARD) &&
        (entry->targets & TARGET_OFFLINE) != 0)
        row_see(context, entry->identifier, layout_hour(entry->event_time));
    return OK;
}

static void once_check(struct world *world)
{
    for (uint32_t i = 0; i < world->row_count; i++) {
        const struct world_row *row = &world->rows[i];
        if (row->seen > 1)
            world_complain(world, "row %u is there %u times", i, row->seen);
        if (row->seen == 0 && row->is_acked && row->is_offline)
            world_complain(world, "row %u was acknowledged and is lost", i);
    }
}

void world_check(struct world *world)
{
    struct flush_mark mark;
    struct err err = {0};
    struct journal *journal = store_journal(world->store);

    for (uint32_t i = 0; i < world->row_count; i++)
        world->rows[i].seen = 0;
    store_flush_mark(world->store, &mark);
    files_see(world, &mark);
    if (mark.flushed_to < journal_durable_end(journal) &&
        journal_scan(journal, mark.flushed_to, journal_durable_end(journal), tail_see, world,
                     &err) != OK)
        world_complain(world, "the journal's tail: %s", err.message);
    once_check(world);
}

void world_check_flushed(struct world *world)
{
    struct flush_mark mark;
    struct err err = {0};
    uint64_t removed = 0;

    for (uint32_t i = 0; i < world->row_count; i++)
        world->rows[i].seen = 0;
    store_flush_mark(world->store, &mark);
    files_see(world, &mark);
    once_check(world);
    if (flush_sweep(world->flush, &removed, &err) != OK)
        world_complain(world, "sweep: %s", err.message);
    if (removed != 0)
        world_complain(world, "%ju files that the manifest does not name", (uintmax_t)removed);
}
