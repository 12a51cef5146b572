/* Queries through a real worker over a real store: what is seen, what is refused, how it ends. */
#include "unit/worker/query_world.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define FEATURES                                                                                   \
    "{\"name\":\"id\",\"type\":\"String\"},{\"name\":\"event_ts\",\"type\":\"String\"},"           \
    "{\"name\":\"n\",\"type\":\"Integral\"}"

static struct world world;
static const struct group *cards;

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    cards = world_group(&world, "cards_v3", FEATURES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(world_places(&world), 0);
    group_unref(cards);
    world_close(&world);
    return 0;
}

static void put(const char *id, const char *time, const char *n)
{
    const char *const texts[] = {id, time, n};
    world_put(&world, cards, texts);
}

static void test_flushed_and_unflushed(void **state)
{
    (void)state;
    world_expect(&world, "SELECT count(*) AS c FROM cards_v3", "\"c\"\n\"0\"\n");
    put("a", "2026-07-01T14:03:07.421Z", "4");
    put("b", "2026-07-01T15:00:00Z", "5");
    world_flush(&world);
    put("a", "2026-06-01T00:00:00Z", NULL);
    const char *all = "SELECT id, n, is_deleted FROM cards_v3 ORDER BY api_invocation_time";
    const char *rows = "\"id\",\"n\",\"is_deleted\"\n\"a\",\"4\",\"false\"\n\"b\",\"5\",\"false\"\n"
                       "\"a\",,\"false\"\n";
    world_expect(&world, all, rows);
    world_flush(&world);
    world_expect(&world, all, rows);
    world_expect(&world,
                 "SELECT count(*) AS c FROM sagemaker_featurestore.CARDS_V3_1700000000 x "
                 "JOIN Cards_V3 USING (id)",
                 "\"c\"\n\"5\"\n");
}

/* The shape that the issue asks for; labels are another group, then a list. */
static void test_point_in_time_shape(void **state)
{
    (void)state;
    const struct group *labels = world_group(&world, "labels",
                                             "{\"name\":\"id\",\"type\":\"String\"},"
                                             "{\"name\":\"event_ts\",\"type\":\"String\"}");
    const char *const label[] = {"a", "2026-07-01T14:30:00Z"};
    world_put(&world, labels, label);
    put("a", "2026-07-01T14:03:07.421Z", "4");
    put("a", "2026-07-01T15:00:00Z", "5");
    world_flush(&world);
    put("a", "2026-07-01T14:10:00Z", "6");
    const char *expected = "\"id\",\"n\"\n\"a\",\"6\"\n";
    world_expect(&world,
                 "SELECT id, n FROM (SELECT f.*, row_number() OVER (PARTITION BY l.id, l.event_ts "
                 "ORDER BY f.event_ts DESC, f.api_invocation_time DESC, f.write_time DESC) AS rn "
                 "FROM cards_v3 f JOIN labels l ON f.id = l.id WHERE f.event_ts <= l.event_ts) "
                 "WHERE rn = 1 AND NOT is_deleted",
                 expected);
    world_expect(&world,
                 "WITH labels(id, event_ts) AS (VALUES ('a', '2026-07-01T14:30:00Z')) "
                 "SELECT id, n FROM (SELECT f.*, row_number() OVER (PARTITION BY l.id, l.event_ts "
                 "ORDER BY f.event_ts DESC, f.api_invocation_time DESC, f.write_time DESC) AS rn "
                 "FROM cards_v3 f JOIN labels l ON f.id = l.id WHERE f.event_ts <= l.event_ts) "
                 "WHERE rn = 1 AND NOT is_deleted",
                 expected);
    group_unref(labels);
}

static void test_retired_groups(void **state)
{
    (void)state;
    put("a", "2026-07-01T14:03:07Z", "4");
    world_drop(&world, "cards_v3");
    struct buf text = {0};
    struct err err;
    assert_int_equal(world_sql(&world, "SELECT * FROM cards_v3", &text, &err), ERR_INVALID);
    world_expect(&world, "SELECT n FROM cards_v3_1700000000", "\"n\"\n\"4\"\n");
    world_flush(&world);
    world_expect(&world, "SELECT n FROM cards_v3_1700000000", "\"n\"\n\"4\"\n");
    buf_release(&text);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"SELECT * FROM card_v3", "table 'card_v3' does not exist; names near it: 'cards_v3'"},
        {"SELECT * FROM other.cards_v3", "table 'other.cards_v3' does not exist"},
        {"WITH x AS (SELECT * FROM nowhere) SELECT * FROM x", "table 'nowhere' does not exist"},
        {"DELETE FROM cards_v3", "expected one SELECT statement, found DELETE"},
        {"SELECT 1; SELECT 2", "found 2"},
        {"SELECT missing FROM cards_v3", "missing"},
        {"SELECT * FROM read_text('/etc/passwd')", "Permission"},
        {"SELECT CAST(id AS INTEGER) FROM (VALUES ('x')) t(id)", "Conversion"},
    };
    struct buf text = {0};
    struct err err;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(world_sql(&world, cases[i].sql, &text, &err), ERR_INVALID);
        if (strstr(err.message, cases[i].message) == NULL)
            print_message("# expected '%s', found '%s'\n", cases[i].message, err.message);
        assert_non_null(strstr(err.message, cases[i].message));
    }
    buf_release(&text);
}

static void test_dataset(void **state)
{
    (void)state;
    struct buf text = {0};
    struct err err = {0};
    const struct str groups[] = {STR("cards_v3")};
    struct query_result result = {.file = -1};
    char bytes[512] = "";

    put("a", "2026-07-01T14:03:07.421Z", "4");
    world_flush(&world);
    put("a", "2026-07-01T15:00:00Z", "5");
    history_write_text(world.dir, "tmp/labels.csv",
                       "id,event_ts,fraud\na,2026-07-01T14:03:07.421Z,1\n"
                       "a,2026-07-01T14:03:07.420Z,0\na,2026-07-02T00:00:00Z,0\n");
    struct query_request request = {
        .is_dataset = true,
        .labels_path = arena_format(&world.arena, "%s/tmp/labels.csv", world.dir).ptr,
        .groups = groups,
        .group_count = 1,
        .format = ENGINE_CSV,
        .timeout_ms = 60 * 1000,
        .memory_bytes_max = UINT64_C(1) << 30};
    world_ok(query_run(&world.context, &request, &result, &err), &err);
    assert_int_equal(result.rows, 3);
    assert_int_equal(read(result.file, bytes, sizeof(bytes) - 1), (ssize_t)result.bytes);
    (void)close(result.file);
    assert_string_equal(bytes, "\"id\",\"event_ts\",\"fraud\",\"cards_v3.event_ts\",\"n\"\n"
                               "\"a\",\"2026-07-01T14:03:07.421Z\",\"1\","
                               "\"2026-07-01T14:03:07.421Z\",\"4\"\n"
                               "\"a\",\"2026-07-01T14:03:07.420Z\",\"0\",,\n"
                               "\"a\",\"2026-07-02T00:00:00Z\",\"0\","
                               "\"2026-07-01T15:00:00Z\",\"5\"\n");
    const struct str unknown[] = {STR("cards_v4")};
    request.groups = unknown;
    assert_int_equal(query_run(&world.context, &request, &result, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "cards_v3"));
    const struct str twice[] = {STR("cards_v3"), STR("cards_v3")};
    request.groups = twice;
    request.group_count = 2;
    assert_int_equal(query_run(&world.context, &request, &result, &err), ERR_INVALID);
    request.group_count = 1;
    request.labels_path = "/etc/passwd-is-not-there";
    assert_int_not_equal(query_run(&world.context, &request, &result, &err), OK);
    buf_release(&text);
}

/* ---- how queries end ---- */

#define ENDLESS                                                                                    \
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range < b.range"

static enum code run_endless(unsigned timeout_ms, uint64_t memory, const _Atomic(bool) *cancelled,
                             struct err *err)
{
    const struct query_request request = {.sql = STR(ENDLESS),
                                          .format = ENGINE_CSV,
                                          .timeout_ms = timeout_ms,
                                          .memory_bytes_max = memory,
                                          .is_cancelled = cancelled};
    struct query_result result = {.file = -1};
    return query_run(&world.context, &request, &result, err);
}

static void test_deadline(void **state)
{
    (void)state;
    struct err err = {0};
    const int64_t before = world.os->monotonic_us(world.os->context);
    assert_int_equal(run_endless(700, 1U << 30, NULL, &err), ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "query took longer than 0.700 s"));
    assert_true(world.os->monotonic_us(world.os->context) - before < 3 * 1000 * 1000);
}

static void test_cancelled(void **state)
{
    (void)state;
    struct err err = {0};
    const _Atomic(bool) cancelled = true;
    assert_int_equal(run_endless(60000, 1U << 30, &cancelled, &err), ERR_BUSY);
}

static void test_memory(void **state)
{
    (void)state;
    struct err err = {0};
    const struct query_request request = {
        .sql = STR("SELECT max(x) FROM (SELECT list(range || 'xxxxxxxxxxxxxxxxxxxxxxxx') AS x FROM "
                   "range(100000000))"),
        .format = ENGINE_CSV,
        .timeout_ms = 60000,
        .memory_bytes_max = 128 * 1024 * 1024};
    struct query_result result = {.file = -1};
    const enum code code = query_run(&world.context, &request, &result, &err);
    print_message("# memory: %s: %s\n", code_name(code), err.message);
    assert_true(code == ERR_TOO_LARGE || code == ERR_INTERNAL);
}

/* The children of this process that are query workers; kills the first. */
static bool kill_worker(void)
{
    DIR *processes = opendir("/proc");
    bool is_killed = false;

    assert_non_null(processes);
    for (const struct dirent *entry = readdir(processes); entry != NULL && !is_killed;
         entry = readdir(processes)) {
        const int pid = atoi(entry->d_name); // NOLINT: a name of /proc
        char path[64];
        int parent = 0;
        if (pid <= 0 || pid == getpid())
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        FILE *file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fscanf(file, "%*d (%*[^)]) %*c %d", &parent) == 1 && parent == getpid())
            is_killed = kill(pid, SIGKILL) == 0;
        (void)fclose(file);
    }
    (void)closedir(processes);
    return is_killed;
}

static void *kill_later(void *context)
{
    const unsigned *delay_us = context;
    (void)usleep(*delay_us);
    while (!kill_worker())
        (void)usleep(500);
    return NULL;
}

/* Killed at any moment: that query fails with a reason, the next one runs. */
static void test_killed(void **state)
{
    (void)state;
    put("a", "2026-07-01T14:03:07.421Z", "4");
    for (unsigned delay_us = 0; delay_us < 60000; delay_us += 4000) {
        struct err err = {0};
        pthread_t killer;
        assert_int_equal(pthread_create(&killer, NULL, kill_later, &delay_us), 0);
        const enum code code = run_endless(30000, 1U << 30, NULL, &err);
        assert_int_equal(pthread_join(killer, NULL), 0);
        if (code != ERR_INTERNAL)
            print_message("# after %u us: %s: %s\n", delay_us, code_name(code), err.message);
        assert_int_equal(code, ERR_INTERNAL);
        assert_non_null(strstr(err.message, "signal 9"));
        assert_int_equal(world_places(&world), 0);
    }
    world_expect(&world, "SELECT n FROM cards_v3", "\"n\"\n\"4\"\n");
}

static void test_worker_missing(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf text = {0};
    world.context.program = "/nonexistent/asof";
    assert_int_equal(world_sql(&world, "SELECT 1", &text, &err), ERR_IO);
    world.context.program = "/bin/true";
    assert_int_equal(world_sql(&world, "SELECT 1", &text, &err), ERR_INTERNAL);
    world.context.program = "/proc/self/exe";
}

/* ---- while rows are written and flushed ---- */

enum { ROWS = 5000 };

static _Atomic(unsigned) acknowledged;

static void *write_and_flush(void *context)
{
    (void)context;
    for (unsigned i = 0; i < ROWS; i++) {
        char id[32];
        char n[32];
        (void)snprintf(id, sizeof(id), "k%u", i % 97);
        (void)snprintf(n, sizeof(n), "%u", i);
        put(id, "2026-07-01T14:03:07.421Z", n);
        atomic_store(&acknowledged, i + 1);
        if (i % 61 == 60)
            world_flush(&world);
    }
    return NULL;
}

/* Every row that was acknowledged before the query, each once, and none twice ever. */
static void test_consistent_while_flushing(void **state)
{
    (void)state;
    pthread_t writer;
    unsigned last = 0;
    unsigned queries = 0;

    atomic_store(&acknowledged, 0);
    assert_int_equal(pthread_create(&writer, NULL, write_and_flush, NULL), 0);
    while (last < ROWS) {
        struct buf text = {0};
        struct err err = {0};
        unsigned rows = 0;
        unsigned distinct = 0;
        unsigned highest = 0;
        last = atomic_load(&acknowledged);
        world_ok(world_sql(&world,
                           "SELECT count(*), count(DISTINCT n), coalesce(max(n) + 1, 0) FROM "
                           "cards_v3",
                           &text, &err),
                 &err);
        const char *line = strchr(text.ptr, '\n');
        assert_non_null(line);
        assert_int_equal(sscanf(line, "\n\"%u\",\"%u\",\"%u\"", &rows, &distinct, &highest), 3);
        assert_int_equal(rows, distinct);
        assert_int_equal(rows, highest); /* no holes */
        assert_true(rows >= last);
        buf_release(&text);
        queries++;
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    print_message("# %u queries while %d rows were written and flushed\n", queries, ROWS);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flushed_and_unflushed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_point_in_time_shape, setup, teardown),
        cmocka_unit_test_setup_teardown(test_retired_groups, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dataset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_worker_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_consistent_while_flushing, setup, teardown),
    };
    return cmocka_run_group_tests_name("worker/query_client", tests, NULL, NULL);
}
