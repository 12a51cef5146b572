/* What handlers share: groups by name and ARN, retry keys, changes of the catalog. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

#include "api/api_priv.h"

/* A call as the API makes them, for the store of the kit. */
struct fixture {
    struct kit kit;
    struct net_exchange exchange;
    struct http_header headers[4];
    struct arena arena;
    struct operation operation;
    struct call call;
};

static void call_begin(struct fixture *fixture)
{
    struct call *call = &fixture->call;

    arena_reset(&fixture->arena);
    fixture->exchange = (struct net_exchange){.arena = &fixture->arena};
    fixture->exchange.request.headers = fixture->headers;
    fixture->exchange.request.target = STR("/FeatureGroup/g");
    fixture->operation = (struct operation){.name = "PutRecord", .plane = PLANE_RUNTIME};
    *call = (struct call){.api = fixture->kit.api,
                          .options = &fixture->kit.api->options,
                          .exchange = &fixture->exchange,
                          .operation = &fixture->operation,
                          .arena = &fixture->arena,
                          .out = &fixture->exchange.response.body,
                          .catalog = store_catalog(fixture->kit.store)};
    call->principal = (struct principal){.access_key = STR("KEY"), .user = STR("writer")};
}

static void finds_groups(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        enum code code;
    } cases[] = {
        {"g", OK},
        {"arn:aws:sagemaker:eu-west-1:123456789012:feature-group/g", OK},
        {"G", ERR_NOT_FOUND},
        {"nothing", ERR_NOT_FOUND},
        {"arn:aws:sagemaker:eu-west-1:123456789012:feature-group/nothing", ERR_NOT_FOUND},
        {"arn:aws:sagemaker:eu-west-1:123456789013:feature-group/g", ERR_DENIED},
        {"arn:aws:sagemaker:eu-west-2:123456789012:feature-group/g", ERR_DENIED},
        {"arn:aws:sagemaker:eu-west-2:123456789012:feature-group/nothing", ERR_DENIED},
        {"arn:aws:sagemaker:eu-west-1:123456789012:feature-group/g-", ERR_INVALID},
        {"arn:aws:s3:eu-west-1:123456789012:feature-group/g", ERR_INVALID},
        {"", ERR_INVALID},
        {"g/", ERR_INVALID},
        {"../g", ERR_INVALID},
    };

    call_begin(fixture);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct group *group = NULL;
        struct err err = {0};
        assert_int_equal(call_group(&fixture->call, str_from(cases[i].text), 150, &group, &err),
                         cases[i].code);
        assert_int_equal(group != NULL, cases[i].code == OK);
        assert_int_equal(err.message[0] != '\0', cases[i].code != OK);
    }
}

static bool key_of(struct fixture *fixture, const char *id, struct hash128 *ret)
{
    fixture->headers[0] = (struct http_header){STR("Amz-Sdk-Invocation-Id"), str_from(id)};
    fixture->exchange.request.header_count = 1;
    return call_retry_key(&fixture->call, ret);
}

static bool same(struct hash128 a, struct hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

/* The key is one for the same request by the same caller, and for nothing else. */
static void retry_keys(void **state)
{
    struct fixture *fixture = *state;
    struct hash128 first = {0};
    struct hash128 other = {0};

    call_begin(fixture);
    assert_false(call_retry_key(&fixture->call, &other));
    assert_false(key_of(fixture, "", &other));
    fixture->exchange.request.body = STR("body");
    assert_true(key_of(fixture, "id", &first));
    assert_true(key_of(fixture, "id", &other) && same(first, other));
    assert_true(key_of(fixture, "id2", &other) && !same(first, other));
    fixture->exchange.request.body = STR("Body");
    assert_true(key_of(fixture, "id", &other) && !same(first, other));
    fixture->exchange.request.body = STR("body");
    fixture->exchange.request.target = STR("/FeatureGroup/h");
    assert_true(key_of(fixture, "id", &other) && !same(first, other));
    fixture->exchange.request.target = STR("/FeatureGroup/g");
    fixture->call.principal.access_key = STR("KEY2");
    assert_true(key_of(fixture, "id", &other) && !same(first, other));
    fixture->call.principal.access_key = STR("KEY");
    fixture->operation.name = "UpdateRecord";
    assert_true(key_of(fixture, "id", &other) && !same(first, other));
    fixture->operation.name = "PutRecord";
    assert_true(key_of(fixture, "id", &other) && same(first, other));
}

static void answers_take_their_form(void **state)
{
    struct fixture *fixture = *state;
    struct http_response *response = &fixture->exchange.response;

    call_begin(fixture);
    call_answer(&fixture->call, OK, NULL);
    assert_int_equal(response->status, 200);
    assert_true(str_equal(response->content_type, STR("application/json")));
    assert_string_equal(fixture->call.result_type, "");
    fixture->operation.plane = PLANE_CONTROL;
    response->content_type = STR_ABSENT;
    call_answer(&fixture->call, OK, NULL);
    assert_true(str_equal(response->content_type, STR("application/x-amz-json-1.1")));
    /* An answer that passed its bound is an error, not half an answer. */
    response->body.bytes_max = 4;
    buf_add(&response->body, STR("12345"));
    response->body.bytes_max = 0;
    call_answer(&fixture->call, OK, NULL);
    assert_int_equal(fixture->call.code, ERR_TOO_LARGE);
    assert_int_equal(response->status, 400);
    buf_release(&response->body);
    buf_release(&response->headers);
}

static void undeferred_calls_do_not_count(void **state)
{
    struct fixture *fixture = *state;

    /* The call that made the group was answered before the writer counted it out. */
    while (atomic_load(&fixture->kit.api->deferred) > 0)
        (void)usleep(1000);
    call_begin(fixture);
    call_defer(&fixture->call);
    assert_true(fixture->call.is_deferred);
    assert_int_equal(atomic_load(&fixture->kit.api->deferred), 1);
    call_undefer(&fixture->call);
    assert_false(fixture->call.is_deferred);
    assert_int_equal(atomic_load(&fixture->kit.api->deferred), 0);
}

static int start(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    kit_start(&fixture->kit);
    kit_group(&fixture->kit, "g", KIT_BOTH);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    arena_release(&fixture->arena);
    kit_stop(&fixture->kit);
    free(fixture);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_groups),
        cmocka_unit_test(retry_keys),
        cmocka_unit_test(answers_take_their_form),
        cmocka_unit_test(undeferred_calls_do_not_count),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
