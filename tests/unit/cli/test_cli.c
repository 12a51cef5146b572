/* The commands but load: what they ask of a server, what they print, how they end. */
#include "unit/test.h"

#include "unit/cli/run_cli.h"

#include "os/os.h"

struct script {
    int status;
    const char *headers;
    const char *body;
};

/* Answers in turn; the last one again and again. */
static bool play(struct fake *fake, size_t number, const struct fake_request *request,
                 struct buf *out)
{
    const struct script *script = fake->context;

    (void)request;
    for (size_t i = 0; i < number && script[1].body != NULL; i++)
        script++;
    fake_respond(out, script->status, script->headers == NULL ? "" : script->headers,
                 str_from(script->body));
    return true;
}

static struct fake *start(const struct script *script)
{
    struct fake *fake = fake_start(play, (void *)(uintptr_t)script);

    run_environment(fake);
    return fake;
}

static void assert_request(const struct fake *fake, size_t at, const char *line, const char *body)
{
    assert_true(at < fake->count);
    if (strncmp(fake->requests[at].head, line, strlen(line)) != 0)
        fail_msg("%s", fake->requests[at].head);
    assert_text(fake->requests[at].body.ptr, body);
}

static void overview_version_and_help(void **state)
{
    const struct run_result *run = RUN("--help");

    (void)state;
    assert_int_equal(run->exit_code, 0);
    assert_has(run->out, "Usage: asof COMMAND");
    assert_has(run->out, "  group create ");
    assert_has(run->out, "Exit codes: 0 done");
    run = RUN("--version");
    assert_int_equal(run->exit_code, 0);
    assert_has(run->out, "asof " ASOF_VERSION "\n");
    run = run_cli((const char *const[]){NULL});
    assert_int_equal(run->exit_code, 2);
    assert_has(run->err, "Usage: asof COMMAND");
    run = RUN("group", "create", "--help");
    assert_int_equal(run->exit_code, 0);
    assert_has(run->out, "Usage: asof group create NAME");
    assert_has(run->out, "--feature NAME:TYPE");
    run = RUN("serve", "--help");
    assert_int_equal(run->exit_code, 0);
    assert_has(run->out, "--data DIR");
}

static void wrong_words(void **state)
{
    const struct script script[] = {{200, NULL, "{}"}, {0}};
    struct fake *fake = start(script);
    const struct run_result *run = RUN("grop", "create");

    (void)state;
    assert_int_equal(run->exit_code, 2);
    assert_text(run->err, "asof: there is no command 'grop'; 'asof --help' lists the commands\n");
    run = RUN("group", "crate");
    assert_int_equal(run->exit_code, 2);
    assert_has(run->err, "there is no command 'group crate'");
    run = RUN("get", "g");
    assert_int_equal(run->exit_code, 2);
    assert_text(run->err, "asof get: ID is missing\n'asof get --help' tells what it takes.\n");
    run = RUN("get", "g", "i", "more");
    assert_has(run->err, "there is one argument too many: 'more'");
    run = RUN("get", "--jsn", "g", "i");
    assert_int_equal(run->exit_code, 2);
    assert_has(run->err, "did you mean '--json'?");
    run = RUN("put", "g", "novalue");
    assert_has(run->err, "expected FEATURE=VALUE, found 'novalue'");
    run = RUN("put", "g", "a=\xff");
    assert_has(run->err, "the value of 'a' is not UTF-8");
    run = RUN("put", "g");
    assert_has(run->err, "FEATURE=VALUE is missing");
    run = RUN("put", "g", "a=1", "--ttl", "1y");
    assert_has(run->err, "--ttl: expected");
    run = RUN("group", "list", "--endpoint", "nowhere");
    assert_int_equal(run->exit_code, 2);
    assert_has(run->err, "expected an endpoint such as");
    run = RUN("dataset", "--groups", "a", "--out", "o");
    assert_has(run->err, "--labels is missing");
    run = RUN("sql", "x", "--out", "f", "--format", "table");
    assert_has(run->err, "--out takes json, csv or parquet");
    assert_int_equal(fake->count, 0);
    fake_stop(fake);
}

static void records(void **state)
{
    const struct script script[] = {
        {200, NULL, ""},
        {200, NULL,
         "{\"Record\":[{\"FeatureName\":\"id\",\"ValueAsString\":\"i/1 \\u00e9\"},"
         "{\"ValueAsString\":\"5\",\"FeatureName\":\"n\"},{\"FeatureName\":\"l\","
         "\"ValueAsStringList\":[\"a\"]}]}"},
        {200, NULL, "{}"},
        {200, NULL, "{\"Record\":[]}"},
        {200, NULL, ""},
        {0}};
    struct fake *fake = start(script);
    const struct run_result *run =
        RUN("put", "my group", "id=a=b", "n=", "--target", "offline", "--ttl", "2h");

    (void)state;
    assert_int_equal(run->exit_code, 0);
    assert_text(run->out, "");
    assert_request(fake, 0, "PUT /FeatureGroup/my%20group HTTP/1.1\r\n",
                   "{\"Record\":[{\"FeatureName\":\"id\",\"ValueAsString\":\"a=b\"},"
                   "{\"FeatureName\":\"n\",\"ValueAsString\":\"\"}],"
                   "\"TargetStores\":[\"OfflineStore\"],"
                   "\"TtlDuration\":{\"Unit\":\"Hours\",\"Value\":2}}");
    run = RUN("get", "g", "i/1 \xc3\xa9", "--feature", "id", "--feature", "n");
    assert_int_equal(run->exit_code, 0);
    assert_text(run->out, "feature  value\n-------  -----\nid       i/1 \xc3\xa9\nn        5\n"
                          "l        [\"a\"]\n");
    assert_request(fake, 1,
                   "GET /FeatureGroup/g?RecordIdentifierValueAsString=i%2F1%20%C3%A9&FeatureName=id"
                   "&FeatureName=n HTTP/1.1\r\n",
                   "");
    run = RUN("get", "g", "none");
    assert_int_equal(run->exit_code, 1);
    assert_text(run->err, "asof get: there is no record of 'none'\n");
    run = RUN("get", "g", "i", "--json");
    assert_int_equal(run->exit_code, 0);
    assert_text(run->out, "{\"Record\":[]}\n");
    run = RUN("delete", "g", "i", "--event-time", "2026-01-01T00:00:00Z", "--mode", "hard",
              "--target", "online", "--json");
    assert_int_equal(run->exit_code, 0);
    assert_text(run->out, "{}\n");
    assert_request(fake, 4,
                   "DELETE /FeatureGroup/g?RecordIdentifierValueAsString=i&EventTime="
                   "2026-01-01T00%3A00%3A00Z&TargetStores=OnlineStore&DeletionMode=HardDelete ",
                   "");
    fake_stop(fake);
}

#define DESCRIBED(type)                                                                            \
    "{\"FeatureGroupName\":\"g\",\"FeatureGroupArn\":\"arn:g\",\"FeatureGroupStatus\":"            \
    "\"Created\","                                                                                 \
    "\"RecordIdentifierFeatureName\":\"id\",\"EventTimeFeatureName\":\"at\","                      \
    "\"CreationTime\":1795370785.86,\"FeatureDefinitions\":[{\"FeatureName\":\"id\","              \
    "\"FeatureType\":\"String\"},{\"FeatureName\":\"at\",\"FeatureType\":\"" type "\"}],"          \
    "\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"TtlDuration\":{\"Unit\":\"Days\","        \
    "\"Value\":3}}}"

static void a_delete_is_now_in_the_form_of_the_group(void **state)
{
    const struct script script[] = {{200, NULL, DESCRIBED("String")},
                                    {200, NULL, ""},
                                    {200, NULL, DESCRIBED("Fractional")},
                                    {200, NULL, ""},
                                    {0}};
    struct fake *fake = start(script);

    (void)state;
    assert_int_equal(RUN("delete", "g", "i")->exit_code, 0);
    assert_int_equal(RUN("delete", "g", "i")->exit_code, 0);
    assert_request(fake, 0, "POST / HTTP/1.1\r\n", "{\"FeatureGroupName\":\"g\"}");
    assert_string_equal(fake_header(&fake->requests[0], "x-amz-target"),
                        "SageMaker.DescribeFeatureGroup");
    assert_has(fake->requests[1].head, "&EventTime=20");
    assert_has(fake->requests[1].head, "Z&DeletionMode=SoftDelete");
    const char *seconds = strstr(fake->requests[3].head, "&EventTime=");
    assert_non_null(seconds);
    assert_int_equal(strspn(seconds + 11, "0123456789."), 17);
    fake_stop(fake);
}

static void groups(void **state)
{
    const struct script script[] = {
        {200, NULL, "{\"FeatureGroupArn\":\"arn:x\"}"},
        {200, NULL, "{\"FeatureGroupArn\":\"arn:x\"}"},
        {200, NULL, DESCRIBED("String")},
        {200, NULL,
         "{\"FeatureGroupSummaries\":[{\"FeatureGroupName\":\"a\",\"CreationTime\":0,"
         "\"FeatureGroupStatus\":\"Created\"}],\"NextToken\":\"t1\"}"},
        {200, NULL, "{\"FeatureGroupSummaries\":[{\"FeatureGroupName\":\"b\"}]}"},
        {200, NULL, ""},
        {400, NULL, "{\"__type\":\"ResourceNotFound\",\"Message\":\"no group g\"}"},
        {0}};
    struct fake *fake = start(script);
    const struct run_result *run =
        RUN("group", "create", "g", "--id", "id", "--event-time", "at", "--feature", "id:String",
            "--feature=at:fractional", "--ttl", "30d", "--storage-type", "Standard_V2",
            "--description", "d\"q");

    (void)state;
    assert_int_equal(run->exit_code, 0);
    assert_text(run->out, "created arn:x\n");
    assert_request(
        fake, 0, "POST / HTTP/1.1\r\n",
        "{\"FeatureDefinitions\":[{\"FeatureName\":\"id\",\"FeatureType\":\"String\"},"
        "{\"FeatureName\":\"at\",\"FeatureType\":\"Fractional\"}],\"FeatureGroupName\":\"g\","
        "\"RecordIdentifierFeatureName\":\"id\",\"EventTimeFeatureName\":\"at\","
        "\"Description\":\"d\\\"q\",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,"
        "\"StorageType\":\"Standard_V2\",\"TtlDuration\":{\"Unit\":\"Days\",\"Value\":30}},"
        "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://asof/g\"}},"
        "\"RoleArn\":\"arn:aws:iam::000000000000:role/asof\"}");
    run = RUN("group", "create", "g", "--id", "i", "--event-time", "t", "--feature", "i:Integral",
              "--no-online", "--offline-uri", "s3://b/p", "--json");
    assert_text(run->out, "{\"FeatureGroupArn\":\"arn:x\"}\n");
    assert_has(fake->requests[1].body.ptr, "{\"S3Uri\":\"s3://b/p\"}");
    assert_null(strstr(fake->requests[1].body.ptr, "OnlineStore"));
    run = RUN("group", "describe", "g");
    assert_text(run->out, "name              g\n"
                          "arn               arn:g\n"
                          "status            Created\n"
                          "created           2026-11-22T18:06:25.860Z\n"
                          "online store      Standard\n"
                          "ttl               3 Days\n"
                          "offline store     none\n\n"
                          "feature  type\n-------  ------  -----------------\n"
                          "id       String  record identifier\nat       String  event time\n");
    run = RUN("group", "list", "--name-contains", "x");
    assert_text(run->out, "name  status   created\n----  -------  --------------------\n"
                          "a     Created  1970-01-01T00:00:00Z\nb\n");
    assert_has(fake->requests[3].body.ptr, "\"NameContains\":\"x\"}");
    assert_has(fake->requests[4].body.ptr, "\"NextToken\":\"t1\"}");
    run = RUN("group", "delete", "g");
    assert_text(run->out, "deleted g\n");
    run = RUN("group", "delete", "g");
    assert_int_equal(run->exit_code, 1);
    assert_text(run->err, "asof group delete: ResourceNotFound: no group g\n");
    fake_stop(fake);
}

static void groups_that_cannot_be_asked_for(void **state)
{
    const struct script script[] = {{200, NULL, "{}"}, {0}};
    struct fake *fake = start(script);

    (void)state;
    assert_has(RUN("group", "create", "g", "--event-time", "t")->err, "--id is missing");
    assert_has(RUN("group", "create", "--id", "i")->err, "NAME is missing");
    assert_has(RUN("group", "create", "g", "--id", "i", "--event-time", "t")->err,
               "--feature is missing");
    assert_has(RUN("group", "create", "g", "--id", "i", "--event-time", "t", "--feature", "i")->err,
               "--feature: expected NAME:TYPE");
    assert_has(
        RUN("group", "create", "g", "--id", "i", "--event-time", "t", "--feature", "i:Int")->err,
        "--feature: expected NAME:TYPE");
    assert_has(RUN("group", "create", "g", "--id", "i", "--event-time", "t", "--feature",
                   "i:String", "--online", "--no-online")
                   ->err,
               "contradict");
    assert_has(RUN("group", "create", "--schema", "/no/file")->err, "/no/file");
    assert_has(RUN("group", "create", "--schema", "/no", "--feature", "a:String")->err,
               "leave out --feature");
    assert_int_equal(fake->count, 0);
    fake_stop(fake);
}

static void write_text(const char *path, const char *text)
{
    struct err err;

    if (os_write_file(os_linux(), path, str_from(text), &err) != OK)
        fail_msg("%s", err.message);
}

static void a_group_from_a_file(void **state)
{
    const struct script script[] = {{200, NULL, "{\"FeatureGroupArn\":\"arn:x\"}"}, {0}};
    struct fake *fake = start(script);
    char path[] = "/tmp/asof-test-schema-XXXXXX";

    (void)state;
    (void)close(mkstemp(path));
    write_text(path, "{ \"FeatureGroupName\": \"inside\",\n \"Tags\": [ ] }\n");
    assert_int_equal(RUN("group", "create", "--schema", path)->exit_code, 0);
    assert_request(fake, 0, "POST / ", "{\"FeatureGroupName\":\"inside\",\"Tags\":[ ]}");
    assert_int_equal(RUN("group", "create", "outside", "--schema", path)->exit_code, 0);
    assert_request(fake, 1, "POST / ", "{\"FeatureGroupName\":\"outside\",\"Tags\":[ ]}");
    write_text(path, "{} more");
    assert_int_equal(RUN("group", "create", "--schema", path)->exit_code, 2);
    (void)unlink(path);
    fake_stop(fake);
}

static void sql(void **state)
{
    const struct script script[] = {{200, NULL, "\"a\",\"b\"\n\"1\",\"x\"\n\"22\",\n"},
                                    {200, NULL, "[{\"a\":1}]"},
                                    {200, NULL, "a\n1\n"},
                                    {400, NULL,
                                     "{\"__type\":\"ValidationError\",\"Message\":"
                                     "\"no table t\"}"},
                                    {200, NULL, "PAR1"},
                                    {0}};
    struct fake *fake = start(script);
    const struct run_result *run = RUN("sql", "SELECT \"a\" FROM t");
    char path[] = "/tmp/asof-test-sql-XXXXXX.parquet";

    (void)state;
    assert_int_equal(run->exit_code, 0);
    assert_text(run->out, " a  b\n--  -\n 1  x\n22\n(2 rows)\n");
    assert_request(fake, 0, "POST /v1/sql HTTP/1.1\r\n",
                   "{\"Sql\":\"SELECT \\\"a\\\" FROM t\",\"Format\":\"csv\"}");
    run = RUN("sql", "x", "--json");
    assert_text(run->out, "[{\"a\":1}]\n");
    assert_has(fake->requests[1].body.ptr, "\"Format\":\"json\"");
    run = RUN("sql", "x", "--format", "csv");
    assert_text(run->out, "a\n1\n");
    run = RUN("sql", "x");
    assert_int_equal(run->exit_code, 1);
    assert_text(run->err, "asof sql: ValidationError: no table t\n");
    (void)close(mkstemps(path, 8));
    run = RUN("sql", "x", "--out", path);
    assert_int_equal(run->exit_code, 0);
    assert_has(fake->requests[4].body.ptr, "\"Format\":\"parquet\"");
    char content[16] = {0};
    run_read(path, content, sizeof(content));
    assert_string_equal(content, "PAR1");
    fake_stop(fake);
}

static void datasets(void **state)
{
    const struct script script[] = {
        {200, NULL, "{\"UploadId\":\"u1\"}"},
        {200, NULL, ""},
        {200, NULL, "id,x\n1,2\n"},
        {200, NULL, "{\"UploadId\":\"u2\"}"},
        {200, NULL, ""},
        {400, "x-amzn-ErrorType: ValidationError\r\n", "{\"Message\":\"no group b\"}"},
        {0}};
    struct fake *fake = start(script);
    char labels[] = "/tmp/asof-test-labels-XXXXXX";
    char out[] = "/tmp/asof-test-training-XXXXXX";

    (void)state;
    (void)close(mkstemp(labels));
    (void)close(mkstemp(out));
    write_text(labels, "id,t\n1,2\n");
    const struct run_result *run = RUN("dataset", "--labels", labels, "--groups", "a, b", "--out",
                                       out, "--as-seen", "--time", "t", "--key", "a=id");
    assert_int_equal(run->exit_code, 0);
    assert_has(run->out, "(9 bytes)");
    assert_request(fake, 0, "POST /v1/uploads ", "");
    assert_request(fake, 1, "PUT /v1/uploads/u1/0 ", "id,t\n1,2\n");
    assert_request(
        fake, 2, "POST /v1/datasets ",
        "{\"UploadId\":\"u1\",\"LabelsFormat\":\"csv\",\"Format\":\"csv\",\"AsSeen\":true"
        ",\"Groups\":[\"a\",\"b\"],\"Keys\":{\"a\":\"id\"},\"TimeColumn\":\"t\"}");
    run = RUN("dataset", "--labels", labels, "--groups", "b", "--out", out);
    assert_int_equal(run->exit_code, 1);
    assert_text(run->err, "asof dataset: ValidationError: no group b\n");
    char content[32] = {0};
    run_read(out, content, sizeof(content)); /* what was there before */
    assert_string_equal(content, "id,x\n1,2\n");
    size_t asked = fake->count;
    run = RUN("dataset", "--labels", labels, "--groups", "b", "--out", out, "--key", "x");
    assert_has(run->err, "--key: expected GROUP=COLUMN");
    run = RUN("dataset", "--labels", "/no/labels", "--groups", "b", "--out", out);
    assert_int_equal(run->exit_code, 4);
    assert_int_equal(fake->count, asked);
    (void)unlink(labels);
    fake_stop(fake);
}

static void status_and_flush(void **state)
{
    const struct script script[] = {{200, NULL, "{\"OnlineRecords\":3,\"Groups\":[{\"n\":\"a\"}]}"},
                                    {200, NULL, "{\"OnlineRecords\":3}"},
                                    {200, NULL, "{}"},
                                    {503, NULL, "{\"__type\":\"ServiceUnavailable\"}"},
                                    {0}};
    struct fake *fake = start(script);

    (void)state;
    assert_text(RUN("status")->out, "OnlineRecords  3\n\nGroups\nn\n-\na\n");
    assert_text(RUN("status", "--json")->out, "{\"OnlineRecords\":3}\n");
    assert_request(fake, 0, "GET /v1/status ", "");
    assert_text(RUN("flush")->out, "flushed\n");
    assert_request(fake, 2, "POST /v1/flush ", "");
    const struct run_result *run = RUN("flush");
    assert_int_equal(run->exit_code, 1);
    assert_text(run->err, "asof flush: ServiceUnavailable\n");
    assert_true(fake->count > 4); /* it tried again */
    fake_stop(fake);
}

static void no_server_no_credentials(void **state)
{
    (void)state;
    (void)setenv("ASOF_ENDPOINT", "http://127.0.0.1:1", 1);
    const struct run_result *run = RUN("status");
    assert_int_equal(run->exit_code, 3);
    assert_has(run->err, "asof status: cannot connect to http://127.0.0.1:1: Connection refused\n"
                         "Is the server running");
    (void)unsetenv("AWS_ACCESS_KEY_ID");
    (void)unsetenv("ASOF_CREDENTIALS");
    (void)unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    run = RUN("status");
    assert_int_equal(run->exit_code, 2);
    assert_has(run->err, "asof status: no credentials: name a file by --credentials");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overview_version_and_help),
        cmocka_unit_test(wrong_words),
        cmocka_unit_test(records),
        cmocka_unit_test(a_delete_is_now_in_the_form_of_the_group),
        cmocka_unit_test(groups),
        cmocka_unit_test(groups_that_cannot_be_asked_for),
        cmocka_unit_test(a_group_from_a_file),
        cmocka_unit_test(sql),
        cmocka_unit_test(datasets),
        cmocka_unit_test(status_and_flush),
        cmocka_unit_test(no_server_no_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
