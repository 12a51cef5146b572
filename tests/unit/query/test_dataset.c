/*
 * Point-in-time datasets against a naive model: all rows are looked at for every label. Times are
 * drawn from a small grid, so that equal times, arrivals at a label's time and expiry at a label's
 * time all happen.
 */
#include "unit/test.h"

#include "query/dataset.h"
#include "unit/query/history.h"

#include "core/instant.h"

static char dir[64];
static struct engine engine;
static struct arena arena;
static struct err err;

static void ok(enum code code)
{
    assert_string_equal(err.message, "");
    assert_int_equal(code, OK);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/asof-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    arena = (struct arena){0};
    err = (struct err){0};
    engine = (struct engine){.private_dir = dir, .memory_bytes_max = 1U << 30, .threads = 2};
    ok(engine_open(&engine, &err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    engine_close(&engine);
    arena_release(&arena);
    history_remove_dir(dir);
    return 0;
}

/* ---- the model ---- */

enum { ROWS_MAX = 64, LABELS = 48, KEYS = 3, GRID = 8 };

struct row {
    unsigned key;
    int64_t event_ms;
    int64_t arrival_us;
    int64_t ttl_seconds;
    bool is_delete;
    unsigned value;
};

static uint64_t random_state;

static unsigned below(unsigned bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state % bound);
}

/* Whether a beats b as the answer (design section 5). */
static bool is_better(const struct row *a, const struct row *b)
{
    if (b == NULL || a->event_ms != b->event_ms)
        return b == NULL || a->event_ms > b->event_ms;
    if (a->is_delete != b->is_delete)
        return b->is_delete;
    return a->arrival_us > b->arrival_us;
}

static const struct row *model_answer(const struct row *rows, size_t count, unsigned key,
                                      int64_t label_us, bool is_as_seen)
{
    const struct row *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].key != key || rows[i].event_ms * 1000 > label_us)
            continue;
        if (is_as_seen && rows[i].arrival_us > label_us)
            continue;
        if (is_better(&rows[i], best))
            best = &rows[i];
    }
    if (best == NULL || best->is_delete)
        return NULL;
    const int64_t expiry_us = (best->event_ms + best->ttl_seconds * 1000) * 1000;
    return best->ttl_seconds != 0 && expiry_us <= label_us ? NULL : best;
}

static const char *iso(int64_t us)
{
    struct buf text = {0};
    instant_add_iso(&text, instant_from_us(us));
    const char *copy = arena_cstr(&arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

#define BASE_MS INT64_C(1782914580000)

static void draw_rows(struct row *rows, size_t count)
{
    int64_t arrival_us = (BASE_MS - 1000) * 1000;

    for (size_t i = 0; i < count; i++) {
        arrival_us += below(3) == 0 ? 1 : 250000 * (1 + below(2));
        rows[i] = (struct row){.key = below(KEYS),
                               .event_ms = BASE_MS + 500 * below(GRID),
                               .arrival_us = arrival_us,
                               .is_delete = below(5) == 0,
                               .value = (unsigned)i};
        if (below(3) == 0 && !rows[i].is_delete)
            rows[i].ttl_seconds = 1 + below(2);
    }
}

static struct entry *entry_of(const struct group *group, const struct row *row)
{
    const char *key = arena_format(&arena, "k%u", row->key).ptr;
    const char *time = iso(row->event_ms * 1000);
    const char *value = arena_format(&arena, "%u", row->value).ptr;
    const char *const texts[] = {key, time, value};

    if (row->is_delete)
        return history_delete(&arena, group, key, time, row->arrival_us);
    return history_put(&arena, group, texts, 3, row->arrival_us, row->ttl_seconds);
}

/* The rows go to up to three files and the tail, in order of arrival. */
static void source_of(struct source *source, const struct row *rows, size_t count, unsigned run)
{
    struct source_file *files = ARENA_NEW(&arena, struct source_file, 3);
    struct entry *entries[ROWS_MAX];
    size_t from = 0;

    for (size_t i = 0; i < count; i++)
        entries[i] = entry_of(source->group, &rows[i]);
    source->files = files;
    while (source->file_count < 3 && from < count) {
        const size_t some = size_min(count - from, 1 + below((unsigned)(count / 3 + 1)));
        const char *name =
            arena_format(&arena, "f%u-%u-%zu", run, source->number, source->file_count).ptr;
        files[source->file_count++] =
            history_file(engine.duck, &arena, source->group, 3, dir, name, entries + from, some);
        from += some;
    }
    ok(source_begin(engine.duck, source, &arena, &err));
    for (size_t i = from; i < count; i++)
        ok(source_add_row(source, entries[i], 0, &err));
    ok(source_end(source, &err));
}

#define GROUP_FEATURES(value)                                                                      \
    "{\"name\":\"id\",\"type\":\"String\"},{\"name\":\"t\",\"type\":\"String\"},"                  \
    "{\"name\":\"" value "\",\"type\":\"Integral\"}"

static void add_answer(struct buf *out, const struct row *answer)
{
    if (answer == NULL)
        buf_add(out, STR(",,"));
    else
        buf_add_format(out, ",\"%s\",\"%u\"", iso(answer->event_ms * 1000), answer->value);
}

struct labels {
    struct buf file;
    struct buf expected;
};

static void draw_labels(struct labels *labels, struct row rows[2][ROWS_MAX], const size_t counts[2],
                        bool is_as_seen)
{
    buf_add(&labels->file, STR("note,t,id,other\n"));
    buf_add(&labels->expected,
            STR("\"note\",\"t\",\"id\",\"other\",\"a.t\",\"v\",\"b.t\",\"b.v\"\n"));
    for (unsigned i = 0; i < LABELS; i++) {
        const unsigned keys[] = {below(KEYS + 1), below(KEYS + 1)};
        int64_t us = (BASE_MS - 500 + 250 * (int64_t)below(2 * GRID + 6)) * 1000;
        if (below(2) == 0) /* at an arrival, or one microsecond beside it */
            us = rows[0][below((unsigned)counts[0])].arrival_us - 1 + below(3);
        /* Labels repeat, and are in no order. */
        buf_add_format(&labels->file, "n%u,%s,k%u,k%u\n", i, iso(us), keys[0], keys[1]);
        buf_add_format(&labels->expected, "\"n%u\",\"%s\",\"k%u\",\"k%u\"", i, iso(us), keys[0],
                       keys[1]);
        for (unsigned g = 0; g < 2; g++)
            add_answer(&labels->expected,
                       model_answer(rows[g], counts[g], keys[g], us, is_as_seen));
        buf_add_byte(&labels->expected, '\n');
    }
    buf_add_byte(&labels->file, '\0');
    buf_add_byte(&labels->expected, '\0');
}

static void run_case(unsigned run, bool is_as_seen)
{
    static struct row rows[2][ROWS_MAX];
    size_t counts[2];
    struct source sources[2] = {0};
    struct labels labels = {0};
    struct buf text = {0};
    uint64_t written = 0;
    const struct dataset_key key = {STR("b"), STR("other")};

    random_state = 88172645463325252U + run * 7919U;
    (void)below(2);
    for (unsigned g = 0; g < 2; g++) {
        counts[g] = 1 + below(ROWS_MAX - 1);
        draw_rows(rows[g], counts[g]);
        sources[g].number = g;
        sources[g].group = history_group(g + 1, g == 0 ? "a" : "b", GROUP_FEATURES("v"));
        source_of(&sources[g], rows[g], counts[g], run);
    }
    draw_labels(&labels, rows, counts, is_as_seen);
    history_write_text(dir, "labels", labels.file.ptr);
    ok(engine_lock(&engine, NULL, 0, &err));
    const struct dataset dataset = {
        .labels_path = arena_format(&arena, "%s/labels", dir).ptr,
        .sources = sources,
        .source_count = 2,
        .keys = &key,
        .key_count = 1,
        .is_as_seen = is_as_seen,
        .format = ENGINE_CSV,
    };
    ok(dataset_write(&engine, &dataset, &written, &err));
    assert_int_equal(written, LABELS);
    history_read_text(dir, "result", &text);
    if (strcmp(text.ptr, labels.expected.ptr) != 0)
        print_message("# case %u, %s\n", run, is_as_seen ? "as seen" : "as finally known");
    assert_string_equal(text.ptr, labels.expected.ptr);
    buf_release(&text);
    buf_release(&labels.file);
    buf_release(&labels.expected);
    group_unref(sources[0].group);
    group_unref(sources[1].group);
}

static void test_model(void **state)
{
    for (unsigned run = 0; run < 24; run++) {
        run_case(run, run % 2 == 1);
        (void)teardown(state);
        (void)setup(state);
    }
}

/* ---- labels ---- */

static struct source one_source(const struct group *group, struct entry *const *entries,
                                size_t count)
{
    struct source source = {.number = 0, .group = group};

    ok(source_begin(engine.duck, &source, &arena, &err));
    for (size_t i = 0; i < count; i++)
        ok(source_add_row(&source, entries[i], 0, &err));
    ok(source_end(&source, &err));
    return source;
}

static enum code write_dataset(const struct source *source, const char *labels, bool is_parquet,
                               struct buf *text)
{
    const struct dataset dataset = {
        .labels_path = arena_format(&arena, "%s/%s", dir, labels).ptr,
        .is_labels_parquet = is_parquet,
        .sources = source,
        .source_count = 1,
        .format = ENGINE_CSV,
    };
    uint64_t rows = 0;

    err = (struct err){0};
    const enum code code = dataset_write(&engine, &dataset, &rows, &err);
    if (code == OK)
        history_read_text(dir, "result", text);
    return code;
}

static struct group *number_group(void)
{
    return history_group(1, "g",
                         "{\"name\":\"id\",\"type\":\"Integral\"},"
                         "{\"name\":\"when\",\"type\":\"Fractional\"},"
                         "{\"name\":\"v\",\"type\":\"String\"}");
}

static void test_label_texts_stay(void **state)
{
    (void)state;
    struct group *group = number_group();
    const char *const texts[] = {"7", "1782914587.421", "x"};
    struct entry *entries[] = {history_put(&arena, group, texts, 3, 1, 0)};
    const struct source source = one_source(group, entries, 1);
    struct buf text = {0};

    history_write_text(dir, "labels",
                       "# note,when,ID,\"say \"\"hi\"\"\"\n"
                       " 01.50 ,1782914587.421,7,\"\"\n"
                       ",1782914587.420999999,+7,\n"
                       "\"a,\nb\",2026-07-01T14:03:07.421Z,007,NULL\n"
                       "x,2026-07-01 14:03:07.421,7,x\n"
                       "x,2026-07-01T16:03:07.421+02:00,7,x\n"
                       "x,2026-07-01,7,x\n"
                       "x,1782914587,8,x\n");
    ok(engine_lock(&engine, NULL, 0, &err));
    ok(write_dataset(&source, "labels", false, &text));
    assert_string_equal(
        text.ptr, "\"# note\",\"when\",\"ID\",\"say \"\"hi\"\"\",\"g.when\",\"v\"\n"
                  "\" 01.50 \",\"1782914587.421\",\"7\",\"\",\"1782914587.421\",\"x\"\n"
                  ",\"1782914587.420999999\",\"+7\",,,\n"
                  "\"a,\nb\",\"2026-07-01T14:03:07.421Z\",\"007\",\"NULL\",\"1782914587.421\","
                  "\"x\"\n"
                  "\"x\",\"2026-07-01 14:03:07.421\",\"7\",\"x\",\"1782914587.421\",\"x\"\n"
                  "\"x\",\"2026-07-01T16:03:07.421+02:00\",\"7\",\"x\",\"1782914587.421\",\"x\"\n"
                  "\"x\",\"2026-07-01\",\"7\",\"x\",,\n"
                  "\"x\",\"1782914587\",\"8\",\"x\",,\n");
    buf_release(&text);
    group_unref(group);
}

struct bad_labels {
    const char *text;
    const char *message;
};

static const struct bad_labels bad_labels[] = {
    {"id,when\n7,1\n8,yesterday\n", "row 2: column 'when': expected a time"},
    {"id,when\n7,1\n8,\n", "row 2: column 'when': expected a time (ISO 8601, or epoch seconds), "
                           "found nothing"},
    {"id,when\n7,1\n,1\n", "row 2: column 'id': expected an integer (the key is Integral), found "
                           "nothing"},
    {"id,when\n7.5,1\n", "row 1: column 'id': expected an integer"},
    {"id,when\n99999999999999999999,1\n", "row 1: column 'id'"},
    {"id,when\n7,1782914587421\n", "row 1: column 'when'"}, /* milliseconds */
    {"id,time\n7,1\n", "expected a column 'event_time' (the label time), found: id, time"},
    {"key,when\n7,1\n", "expected a column 'id' (the key of 'g'), found: key, when"},
    {"id,when\n7,1,2\n8,1\n", "labels:"},
};

static void test_bad_labels(void **state)
{
    for (size_t i = 0; i < ARRAY_COUNT(bad_labels); i++) {
        struct group *group = number_group();
        const struct source source = one_source(group, NULL, 0);
        history_write_text(dir, "labels", bad_labels[i].text);
        ok(engine_lock(&engine, NULL, 0, &err));
        assert_int_equal(write_dataset(&source, "labels", false, NULL), ERR_INVALID);
        if (strstr(err.message, bad_labels[i].message) == NULL)
            print_message("# expected '%s', found '%s'\n", bad_labels[i].message, err.message);
        assert_non_null(strstr(err.message, bad_labels[i].message));
        group_unref(group);
        (void)teardown(state);
        (void)setup(state);
    }
}

/* The types that a Parquet label time may have. */
static void test_parquet_labels(void **state)
{
    static const char *const times[] = {
        "1782914587.421::DOUBLE",
        "1782914588::INTEGER",
        "1782914587.421::DECIMAL(18,3)",
        "TIMESTAMP '2026-07-01 14:03:07.421'",
        "TIMESTAMPTZ '2026-07-01 14:03:07.421+00'",
        "TIMESTAMP_NS '2026-07-01 14:03:07.421'",
        "TIMESTAMP_MS '2026-07-01 14:03:07.421'",
        "DATE '2026-07-02'",
        "'2026-07-01T14:03:07.421Z'",
    };
    for (size_t i = 0; i < ARRAY_COUNT(times); i++) {
        struct group *group = number_group();
        const char *const texts[] = {"7", "1782914587.421", "x"};
        struct entry *entries[] = {history_put(&arena, group, texts, 3, 1, 0)};
        const struct source source = one_source(group, entries, 1);
        const char *copy = arena_format(&arena,
                                        "COPY (SELECT %s AS event_time, 7::SMALLINT AS id) TO "
                                        "'%s/labels.parquet' (FORMAT parquet)",
                                        times[i], dir)
                               .ptr;
        struct buf text = {0};
        ok(duck_run(engine.duck, copy, &err));
        ok(engine_lock(&engine, NULL, 0, &err));
        const enum code code = write_dataset(&source, "labels.parquet", true, &text);
        if (code != OK)
            print_message("# %s: %s\n", times[i], err.message);
        ok(code);
        assert_non_null(strstr(text.ptr, "\"7\",\"1782914587.421\",\"x\"\n"));
        buf_release(&text);
        group_unref(group);
        (void)teardown(state);
        (void)setup(state);
    }
}

static void test_parquet_label_of_no_time(void **state)
{
    (void)state;
    struct group *group = number_group();
    const struct source source = one_source(group, NULL, 0);
    const char *copy = arena_format(&arena,
                                    "COPY (SELECT true AS event_time, 7 AS id) TO "
                                    "'%s/labels.parquet' (FORMAT parquet)",
                                    dir)
                           .ptr;

    ok(duck_run(engine.duck, copy, &err));
    ok(engine_lock(&engine, NULL, 0, &err));
    assert_int_equal(write_dataset(&source, "labels.parquet", true, NULL), ERR_INVALID);
    assert_non_null(strstr(err.message, "found type BOOLEAN"));
    assert_int_not_equal(write_dataset(&source, "missing", true, NULL), OK);
    group_unref(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_model, setup, teardown),
        cmocka_unit_test_setup_teardown(test_label_texts_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parquet_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parquet_label_of_no_time, setup, teardown),
    };
    return cmocka_run_group_tests_name("query/dataset", tests, NULL, NULL);
}
