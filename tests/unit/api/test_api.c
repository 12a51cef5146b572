/* The one way through the API: open routes, the guard, routing, rights; and what is answered. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

#include "api/router.h"

static void open_routes_need_no_signature(void **state)
{
    struct kit *kit = *state;
    struct ask ask = {.method = "GET", .target = "/health", .is_unsigned = true};

    kit_body(kit, &ask, "{\"status\":\"ok\"}");
    ask.target = "/ready";
    kit_body(kit, &ask, "{\"status\":\"ready\"}");
    kit->is_ready = false;
    kit_expect(kit, &ask, 503, "", "starting");
    kit->is_ready = true;
    ask.method = "HEAD";
    kit_expect(kit, &ask, 200, "", "");
    ask.method = "POST";
    kit_expect(kit, &ask, 403, "MissingAuthenticationTokenException", "");
    ask = (struct ask){.method = "GET", .target = "/metrics", .is_unsigned = true};
    kit_expect(kit, &ask, 200, "", "# TYPE asof_journal_batches_total counter");
    kit_expect(kit, &ask, 200, "", "asof_online_records ");
    kit_expect(kit, &ask, 200, "", "operation=\"GetRecord\"");
}

/* Before routing: whoever has no signature learns nothing about what exists. */
static void everything_else_needs_one(void **state)
{
    struct kit *kit = *state;
    static const char *const targets[] = {"/nothing", "/", "/v1/status", "/FeatureGroup/g",
                                          "/FeatureGroup/%zz"};

    for (size_t i = 0; i < router_count(); i++) {
        static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"};
        const struct operation *operation = router_operation(i);
        struct ask ask = {.method = methods[operation->method],
                          .target = operation->path,
                          .operation = operation->plane == PLANE_CONTROL ? operation->name : NULL,
                          .is_unsigned = true};
        kit_expect(kit, &ask, 403, "MissingAuthenticationTokenException", "\"Message\"");
    }
    for (size_t i = 0; i < ARRAY_COUNT(targets); i++) {
        struct ask ask = {.method = "GET", .target = targets[i], .is_unsigned = true};
        kit_expect(kit, &ask, 403, "MissingAuthenticationTokenException", "\"Message\"");
    }
}

static void unknown_operations(void **state)
{
    struct kit *kit = *state;
    struct ask ask = {.method = "GET", .target = "/nothing"};

    kit_expect(kit, &ask, 404, "UnknownOperationException", "{\"Message\":");
    ask = (struct ask){.method = "POST", .target = "/", .operation = "Nothing", .body = "{}"};
    kit_expect(kit, &ask, 400, "UnknownOperationException",
               "{\"__type\":\"UnknownOperationException\"");
    ask = (struct ask){.method = "POST", .target = "/FeatureGroup/g", .body = "{}"};
    kit_expect(kit, &ask, 404, "UnknownOperationException", "");
    ask = (struct ask){.method = "GET", .target = "/FeatureGroup/%zz"};
    kit_expect(kit, &ask, 400, "ValidationException", "");
}

static void readers_do_not_write(void **state)
{
    struct kit *kit = *state;

    for (size_t i = 0; i < router_count(); i++) {
        static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"};
        const struct operation *operation = router_operation(i);
        if (operation->access == ACCESS_READ)
            continue;
        char wanted[128];
        (void)snprintf(wanted, sizeof(wanted),
                       "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: "
                       "sagemaker:%s on resource: ",
                       operation->name);
        char target[128] = "/FeatureGroup/g";
        if (strcmp(operation->path, "/FeatureGroup/{}/Record") == 0)
            (void)strncat(target, "/Record", sizeof(target) - strlen(target) - 1);
        else if (strcmp(operation->path, "/FeatureGroup/{}") != 0)
            (void)snprintf(target, sizeof(target), "%s", operation->path);
        struct ask ask = {.method = methods[operation->method],
                          .target = target,
                          .operation = operation->plane == PLANE_CONTROL ? operation->name : NULL,
                          .body = "{}",
                          .is_reader = true};
        kit_expect(kit, &ask, operation->plane == PLANE_CONTROL ? 400 : 403,
                   "AccessDeniedException", wanted);
    }
    struct ask get = get_of("RecordIdentifierValueAsString=a");
    get.is_reader = true;
    kit_body(kit, &get, "{}");
}

/* Every answer carries an id of its own, in the form of a UUID. */
static void request_ids_differ(void **state)
{
    struct kit *kit = *state;
    char last[64] = "";

    for (unsigned i = 0; i < 10; i++) {
        struct answer answer;
        char id[64] = "";
        struct ask ask = get_of("RecordIdentifierValueAsString=a");
        if (i % 2 == 1)
            ask.target = "/nothing";
        kit_ask(kit, &ask, &answer);
        const char *at = strstr(answer.headers, "x-amzn-RequestId: ");
        assert_non_null(at);
        (void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(at + 18, "\r"), at + 18);
        assert_int_equal(strlen(id), 36);
        for (size_t k = 0; k < 36; k++) {
            bool is_dash = k == 8 || k == 13 || k == 18 || k == 23;
            assert_true(is_dash ? id[k] == '-' : strchr("0123456789abcdef", id[k]) != NULL);
        }
        assert_int_equal(id[14], '4');
        assert_string_not_equal(id, last);
        memcpy(last, id, sizeof(last));
        answer_free(&answer);
    }
}

static void bodies_are_limited_by_operation(void **state)
{
    struct kit *kit = *state;
    struct http_request request = {.method = HTTP_PUT, .path = STR("/FeatureGroup/g")};

    assert_int_equal(kit->handler.body_bytes_max(&request, kit->handler.context), 4 * 1024 * 1024);
    request.method = HTTP_GET;
    assert_int_equal(kit->handler.body_bytes_max(&request, kit->handler.context), 0);
    request = (struct http_request){.method = HTTP_POST, .path = STR("/BatchWriteRecord")};
    assert_int_equal(kit->handler.body_bytes_max(&request, kit->handler.context), 56 * 1024 * 1024);
    request.path = STR("/nothing");
    assert_true(kit->handler.body_bytes_max(&request, kit->handler.context) > 0);
}

static void framing_errors_have_a_body(void **state)
{
    struct kit *kit = *state;
    static const struct {
        int status;
        const char *type;
    } cases[] = {{400, "x-amzn-ErrorType: ValidationError\r\n"},
                 {503, "x-amzn-ErrorType: ServiceUnavailable\r\n"}};

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct http_response response = {.status = cases[i].status, .file = -1};
        kit->handler.error_body(cases[i].status, "the \"reason\"", &response, kit->handler.context);
        assert_true(
            str_equal(buf_str(&response.body), STR("{\"Message\":\"the \\\"reason\\\"\"}")));
        assert_true(str_contains(buf_str(&response.headers), str_from(cases[i].type)));
        buf_release(&response.body);
        buf_release(&response.headers);
        if (kit->handler.refused != NULL)
            kit->handler.refused(cases[i].status, "reason", kit->handler.context);
    }
}

static int start(void **state)
{
    struct kit *kit = malloc(sizeof(*kit));

    kit_start(kit);
    kit_group(kit, "g", KIT_BOTH);
    *state = kit;
    return 0;
}

static int stop(void **state)
{
    kit_stop(*state);
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_routes_need_no_signature),
        cmocka_unit_test(everything_else_needs_one),
        cmocka_unit_test(unknown_operations),
        cmocka_unit_test(readers_do_not_write),
        cmocka_unit_test(request_ids_differ),
        cmocka_unit_test(bodies_are_limited_by_operation),
        cmocka_unit_test(framing_errors_have_a_body),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
