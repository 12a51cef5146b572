/*
 * Loads against a fake server that fails rows, refuses calls, breaks off and comes back: each good
 * row arrives, each bad one is in the file of failed rows, and a load that goes on repeats a batch
 * under the id it had.
 */
#include "unit/test.h"

#include "unit/cli/run_cli.h"

#include "core/json.h"
#include "os/os.h"

enum { ROWS = 1000 };

static struct arena arena;
static struct err err;
static char folder[] = "/tmp/asof-test-load-XXXXXX";

static const char described[] =
    "{\"FeatureGroupName\":\"g\",\"RecordIdentifierFeatureName\":\"id\",\"EventTimeFeatureName\":"
    "\"at\",\"FeatureDefinitions\":[{\"FeatureName\":\"id\",\"FeatureType\":\"Integral\"},"
    "{\"FeatureName\":\"at\",\"FeatureType\":\"String\"},{\"FeatureName\":\"text\","
    "\"FeatureType\":\"String\"}]}";

/* What a server is to do, and what it saw. */
struct store {
    unsigned fail_every;        /* this row fails by itself */
    unsigned unprocessed_every; /* this row is not processed the first time */
    unsigned break_every;       /* this call gets no answer */
    unsigned refuse_every;      /* a call with this row is refused as a whole */
    bool is_refusing;           /* everything, with 403 */
    unsigned char seen[ROWS];   /* how often a row was written */
    unsigned char put_off[ROWS];
    char ids[FAKE_REQUESTS_MAX][40];
};

static void split(struct str body, struct str *entries, size_t *count)
{
    struct json json;
    struct str key;

    *count = 0;
    json_init(&json, body, &arena, NULL);
    if (json_object_begin(&json) != OK)
        return;
    while (json_object_next(&json, &key)) {
        if (!str_equal(key, STR("Entries")) || json_array_begin(&json) != OK) {
            (void)!json_skip(&json, NULL);
            continue;
        }
        while (json_array_next(&json)) {
            if (json_skip(&json, &entries[*count]) == OK)
                ++*count;
        }
    }
}

static unsigned row_of(struct str entry)
{
    static const char before[] = "\"id\",\"ValueAsString\":\"";
    const char *at = memmem(entry.ptr, entry.len, before, sizeof(before) - 1);

    return at == NULL ? 0 : (unsigned)strtoul(at + sizeof(before) - 1, NULL, 10);
}

static bool hits(unsigned row, unsigned every)
{
    return every != 0 && row % every == every - 1;
}

static void settle(struct store *store, const struct str *entries, size_t count, struct buf *out)
{
    struct buf errors;
    struct buf later;
    struct buf body;

    buf_init(&errors, 0);
    buf_init(&later, 0);
    buf_init(&body, 0);
    for (size_t i = 0; i < count; i++) {
        unsigned row = row_of(entries[i]);
        if (hits(row, store->fail_every)) {
            buf_add_format(&errors,
                           "%s{\"Entry\":%.*s,\"ErrorCode\":\"ValidationError\","
                           "\"ErrorMessage\":\"row %u is bad\"}",
                           errors.len > 0 ? "," : "", STR_ARG(entries[i]), row);
        } else if (hits(row, store->unprocessed_every) && store->put_off[row] == 0) {
            store->put_off[row] = 1;
            buf_add_format(&later, "%s%.*s", later.len > 0 ? "," : "", STR_ARG(entries[i]));
        } else {
            store->seen[row]++;
        }
    }
    buf_add_format(&body, "{\"Errors\":[%.*s],\"UnprocessedEntries\":[%.*s]}",
                   STR_ARG(buf_str(&errors)), STR_ARG(buf_str(&later)));
    fake_respond(out, 200, "", buf_str(&body));
    buf_release(&errors);
    buf_release(&later);
    buf_release(&body);
}

static bool serve(struct fake *fake, size_t number, const struct fake_request *request,
                  struct buf *out)
{
    struct store *store = fake->context;
    struct str entries[32];
    size_t count;

    if (strncmp(request->head, "POST / ", 7) == 0) {
        fake_respond(out, 200, "", (struct str){described, sizeof(described) - 1});
        return true;
    }
    (void)snprintf(store->ids[number], sizeof(store->ids[number]), "%.36s",
                   fake_header(request, "amz-sdk-invocation-id"));
    if (store->is_refusing) {
        fake_respond(out, 403, "x-amzn-ErrorType: AccessDeniedException\r\n",
                     STR("{\"Message\":\"not you\"}"));
        return true;
    }
    if (hits((unsigned)number, store->break_every))
        return false;
    split(request->body, entries, &count);
    for (size_t i = 0; i < count; i++) {
        if (!hits(row_of(entries[i]), store->refuse_every))
            continue;
        fake_respond(out, 400, "x-amzn-ErrorType: ValidationException\r\n",
                     STR("{\"Message\":\"malformed entry\"}"));
        return true;
    }
    settle(store, entries, count, out);
    return true;
}

static const char *file_path(const char *name)
{
    return arena_format(&arena, "%s/%s", folder, name).ptr;
}

static const char *write_rows(const char *name)
{
    const char *path = file_path(name);
    struct buf text;

    buf_init(&text, 0);
    buf_add(&text, STR("id,at,text,more\n"));
    for (int i = 0; i < ROWS; i++)
        buf_add_format(&text, "%d,2026-01-01T00:00:00Z,\"t,%d\",x\n", i, i);
    assert_int_equal(os_write_file(os_linux(), path, buf_str(&text), &err), OK);
    buf_release(&text);
    return path;
}

static struct str read_text(const char *path)
{
    struct buf text;

    buf_init(&text, 0);
    if (os_read_file(os_linux(), path, 1 << 20, &text, &err) != OK)
        fail_msg("%s", err.message);
    struct str copy = arena_str(&arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static void assert_seen(const struct store *store, unsigned but_every)
{
    for (unsigned i = 0; i < ROWS; i++) {
        unsigned expected = hits(i, but_every) ? 0 : 1;
        if (store->seen[i] != expected)
            fail_msg("row %u was written %u times", i, store->seen[i]);
    }
}

static struct store store;

static struct fake *start(void)
{
    struct fake *fake = fake_start(serve, &store);

    run_environment(fake);
    return fake;
}

static int clean(void **state)
{
    (void)state;
    store = (struct store){0};
    return 0;
}

static void every_row_arrives_once(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("plain.csv");
    const struct run_result *run =
        RUN("load", path, "--group", "g", "--ttl", "1d", "--target", "offline");

    (void)state;
    assert_int_equal(run->exit_code, 0);
    assert_has(run->out, "loaded 1,000 rows into g in ");
    assert_text(run->err, "note: columns that are no features are ignored: more\n");
    assert_seen(&store, 0);
    assert_int_equal(fake->count, 1 + ROWS / 25);
    assert_true(fake->connections > 1);
    assert_has(
        fake->requests[1].body.ptr,
        "{\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":1},\"Entries\":[{\"FeatureGroupName\":"
        "\"g\",\"TargetStores\":[\"OfflineStore\"],\"Record\":[{\"FeatureName\":\"id\",");
    assert_int_equal(access(file_path("plain.csv.asof-errors"), F_OK), -1);
    assert_int_equal(access(file_path("plain.csv.asof-progress"), F_OK), -1);
    fake_stop(fake);
}

static void failed_rows_are_kept_and_can_be_loaded_again(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("failed.csv");
    const char *errors = file_path("failed.csv.asof-errors");

    (void)state;
    store.fail_every = 10;
    const struct run_result *run = RUN("load", path, "--group", "g", "--json");
    assert_int_equal(run->exit_code, 1);
    assert_has(run->out, "{\"Rows\":900,\"Failed\":100,");
    assert_seen(&store, 10);
    struct str text = read_text(errors);
    assert_true(str_starts(text, STR("id,at,text,more,asof_error\n")));
    assert_true(str_contains(text, STR("9,2026-01-01T00:00:00Z,\"t,9\",x,\"ValidationError: row 9 "
                                       "is bad\"\n")));
    store.fail_every = 0;
    run = RUN("load", errors, "--group", "g", "--errors", file_path("none"));
    assert_int_equal(run->exit_code, 0);
    assert_seen(&store, 0);
    fake_stop(fake);
}

static void unprocessed_rows_are_sent_again(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("later.csv");

    (void)state;
    store.unprocessed_every = 7;
    assert_int_equal(RUN("load", path, "--group", "g", "--connections", "2")->exit_code, 0);
    assert_seen(&store, 0);
    fake_stop(fake);
}

/* A call without an answer is sent again under its id, by which a server knows it. */
static void calls_that_break_are_sent_again_under_their_id(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("broken.csv");

    (void)state;
    store.break_every = 5;
    assert_int_equal(RUN("load", path, "--group", "g", "--connections", "1")->exit_code, 0);
    assert_seen(&store, 0);
    for (size_t i = 4; i + 1 < fake->count; i += 5)
        assert_string_equal(store.ids[i], store.ids[i + 1]);
    fake_stop(fake);
}

static void a_refused_call_is_taken_apart(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("refused.csv");

    (void)state;
    store.refuse_every = 100;
    const struct run_result *run = RUN("load", path, "--group", "g");
    assert_int_equal(run->exit_code, 1);
    assert_seen(&store, 100);
    struct str text = read_text(file_path("refused.csv.asof-errors"));
    assert_true(str_contains(text, STR("999,2026-01-01T00:00:00Z,\"t,999\",x,"
                                       "\"ValidationException: malformed entry\"\n")));
    fake_stop(fake);
}

static void a_load_that_is_refused_stops(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("denied.csv");

    (void)state;
    store.is_refusing = true;
    const struct run_result *run = RUN("load", path, "--group", "g", "--connections", "1");
    assert_int_equal(run->exit_code, 1);
    assert_has(run->err, "asof load: AccessDeniedException: not you");
    assert_has(run->err, "stopped at row 0; the same command with --resume goes on");
    assert_int_equal(fake->count, 2);
    fake_stop(fake);
}

static void a_hopeless_load_stops(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("hopeless.csv");

    (void)state;
    store.fail_every = 1;
    const struct run_result *run = RUN("load", path, "--group", "g", "--connections", "1");
    assert_int_equal(run->exit_code, 1);
    assert_has(run->err, "asof load: none of the first 1000 rows was taken; the last error: "
                         "ValidationError: row 999 is bad");
    fake_stop(fake);
}

static struct str first_id(const struct store *from, size_t number)
{
    return arena_str(&arena, str_from(from->ids[number]));
}

static void a_load_goes_on_where_it_stopped(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("resumed.csv");
    const char *progress = file_path("resumed.csv.asof-progress");

    (void)state;
    /* Rows 0 to 249 are done, of 250 on it is not known. */
    struct os_stat status;
    assert_int_equal(os_linux()->stat(NULL, path, &status, &err), OK);
    struct str text = arena_format(&arena,
                                   "{\"Group\":\"g\",\"LoadId\":\"%032d\",\"FileBytes\":%llu,"
                                   "\"Row\":250,\"Failed\":0}",
                                   7, (unsigned long long)status.bytes);
    assert_int_equal(os_write_file(os_linux(), progress, text, &err), OK);
    const struct run_result *run = RUN("load", path, "--group", "g");
    assert_int_equal(run->exit_code, 2);
    assert_has(run->err, "--resume goes on, --from-row 0 begins anew");
    run = RUN("load", path, "--group", "g", "--resume", "--connections", "1");
    assert_int_equal(run->exit_code, 0);
    assert_has(run->out, "loaded 750 rows");
    assert_int_equal(store.seen[249], 0);
    assert_int_equal(store.seen[250], 1);
    struct str id = first_id(&store, 2); /* of rows 250 to 274 */
    assert_int_equal(access(progress, F_OK), -1);
    assert_int_equal(os_write_file(os_linux(), progress, text, &err), OK);
    size_t before = fake->count;
    run = RUN("load", path, "--group", "g", "--resume", "--connections", "1");
    assert_int_equal(run->exit_code, 0);
    assert_true(str_equal(id, first_id(&store, before + 1))); /* the same rows, the same id */
    run = RUN("load", path, "--group", "g", "--from-row", "975", "--connections", "1");
    assert_has(run->out, "loaded 25 rows");
    assert_false(str_equal(first_id(&store, before + 30), first_id(&store, fake->count - 1)));
    fake_stop(fake);
}

static void what_cannot_be_resumed(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("other.csv");
    const char *progress = file_path("other.csv.asof-progress");

    (void)state;
    assert_has(RUN("load", path, "--group", "g", "--resume")->err, "there is nothing to resume");
    struct str text =
        arena_format(&arena, "{\"Group\":\"h\",\"LoadId\":\"%032d\",\"FileBytes\":1,\"Row\":0}", 7);
    assert_int_equal(os_write_file(os_linux(), progress, text, &err), OK);
    assert_has(RUN("load", path, "--group", "g", "--resume")->err,
               "the load to resume was into 'h'");
    text = arena_format(&arena, "{\"Group\":\"g\",\"LoadId\":\"%032d\",\"FileBytes\":1}", 7);
    assert_int_equal(os_write_file(os_linux(), progress, text, &err), OK);
    assert_has(RUN("load", path, "--group", "g", "--resume")->err, "the file has changed");
    assert_has(RUN("load", path, "--group", "g", "--resume", "--from-row", "1")->err,
               "contradict each other");
    assert_has(RUN("load", "-", "--group", "g", "--resume")->err, "standard input");
    fake_stop(fake);
}

static void json_lines_and_words_about_them(void **state)
{
    struct fake *fake = start();
    const char *path = file_path("rows.jsonl");
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (int i = 0; i < ROWS; i++)
        buf_add_format(&text, "{\"id\":%d,\"at\":\"2026-01-01T00:00:00Z\",\"new\":1}\n", i);
    assert_int_equal(os_write_file(os_linux(), path, buf_str(&text), &err), OK);
    buf_release(&text);
    const struct run_result *run = RUN("load", path, "--group", "g");
    assert_int_equal(run->exit_code, 0);
    assert_has(run->err, "note: members that are no features are ignored, such as 'new'");
    assert_seen(&store, 0);
    fake_stop(fake);
}

static void wrong_words(void **state)
{
    struct fake *fake = start();
    const char *path = write_rows("words.csv");

    (void)state;
    assert_has(RUN("load")->err, "FILE is missing");
    assert_has(RUN("load", path)->err, "--group is missing");
    assert_has(RUN("load", path, "--group", "g", "--strict")->err, "these columns are no features");
    assert_has(RUN("load", path, "--group", "g", "--map", "id")->err,
               "--map: expected FEATURE=COLUMN");
    assert_has(RUN("load", path, "--group", "g", "--map", "x=id")->err, "has no feature 'x'");
    assert_has(RUN("load", path, "--group", "g", "--id-column", "y")->err, "no column 'y'");
    assert_has(RUN("load", path, "--group", "g", "--ttl", "y")->err, "--ttl: expected");
    const struct run_result *run = RUN("load", "/no/such.csv", "--group", "g");
    assert_int_equal(run->exit_code, 4);
    for (size_t i = 0; i < fake->count; i++)
        assert_null(strstr(fake->requests[i].head, "BatchWriteRecord"));
    fake_stop(fake);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    struct str *names = NULL;
    size_t count = 0;

    (void)state;
    if (os_linux()->list(NULL, folder, &arena, &names, &count, &err) != OK)
        return 1;
    for (size_t i = 0; i < count; i++)
        (void)unlink(file_path(names[i].ptr));
    (void)rmdir(folder);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_row_arrives_once, clean),
        cmocka_unit_test_setup(failed_rows_are_kept_and_can_be_loaded_again, clean),
        cmocka_unit_test_setup(unprocessed_rows_are_sent_again, clean),
        cmocka_unit_test_setup(calls_that_break_are_sent_again_under_their_id, clean),
        cmocka_unit_test_setup(a_refused_call_is_taken_apart, clean),
        cmocka_unit_test_setup(a_load_that_is_refused_stops, clean),
        cmocka_unit_test_setup(a_hopeless_load_stops, clean),
        cmocka_unit_test_setup(a_load_goes_on_where_it_stopped, clean),
        cmocka_unit_test_setup(what_cannot_be_resumed, clean),
        cmocka_unit_test_setup(json_lines_and_words_about_them, clean),
        cmocka_unit_test_setup(wrong_words, clean),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
