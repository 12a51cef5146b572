/* Codes to status and type, on each plane, and the shape of an error. */
#include "unit/test.h"

#include "api/call.h"

static void maps_every_code(void **state)
{
    (void)state;
    static const struct {
        enum code code;
        const char *runtime;
        int runtime_status;
        const char *control;
        int control_status;
    } cases[] = {
        {ERR_INVALID, "ValidationError", 400, "ValidationException", 400},
        {ERR_DENIED, "AccessForbidden", 403, "AccessDeniedException", 400},
        {ERR_NOT_FOUND, "ResourceNotFound", 404, "ResourceNotFound", 400},
        {ERR_EXISTS, "ConflictException", 409, "ResourceInUse", 400},
        {ERR_CONFLICT, "ConflictException", 409, "ConflictException", 400},
        {ERR_LIMIT, "ServiceUnavailable", 503, "ResourceLimitExceeded", 400},
        {ERR_BUSY, "ServiceUnavailable", 503, "ServiceUnavailable", 503},
        {ERR_TIMEOUT, "ServiceUnavailable", 503, "ServiceUnavailable", 503},
        {ERR_TOO_LARGE, "ValidationError", 400, "ValidationException", 400},
        {ERR_IO, "InternalFailure", 500, "InternalServerError", 500},
        {ERR_CORRUPT, "InternalFailure", 500, "InternalServerError", 500},
        {ERR_INTERNAL, "InternalFailure", 500, "InternalServerError", 500},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int status = 0;
        assert_string_equal(reply_error_type(PLANE_RUNTIME, cases[i].code, &status),
                            cases[i].runtime);
        assert_int_equal(status, cases[i].runtime_status);
        assert_string_equal(reply_error_type(PLANE_OWN, cases[i].code, &status), cases[i].runtime);
        assert_string_equal(reply_error_type(PLANE_CONTROL, cases[i].code, &status),
                            cases[i].control);
        assert_int_equal(status, cases[i].control_status);
    }
}

static void assert_reply(enum plane plane, const char *chosen, enum code code, const char *message,
                         int status, const char *body)
{
    struct net_exchange exchange = {0};
    struct operation operation = {.plane = plane};
    struct call call = {.exchange = &exchange, .operation = &operation, .error_type = chosen};
    struct err err = {.code = code};

    strncpy(err.message, message, sizeof(err.message) - 1);
    buf_add(&exchange.response.body, STR("half an answer"));
    reply_error(&call, code, &err);
    assert_int_equal(exchange.response.status, status);
    assert_true(str_equal(buf_str(&exchange.response.body), str_from(body)));
    assert_true(str_starts(buf_str(&exchange.response.headers), STR("x-amzn-ErrorType: ")));
    assert_true(str_equal(exchange.response.content_type, plane == PLANE_CONTROL
                                                              ? STR("application/x-amz-json-1.1")
                                                              : STR("application/json")));
    assert_non_null(call.result_type);
    buf_release(&exchange.response.body);
    buf_release(&exchange.response.headers);
}

static void shapes_errors(void **state)
{
    (void)state;
    assert_reply(PLANE_RUNTIME, NULL, ERR_INVALID, "feature \"x\" is bad", 400,
                 "{\"Message\":\"feature \\\"x\\\" is bad\"}");
    assert_reply(PLANE_CONTROL, NULL, ERR_NOT_FOUND, "gone", 400,
                 "{\"__type\":\"ResourceNotFound\",\"Message\":\"gone\"}");
    assert_reply(PLANE_RUNTIME, "ValidationException", ERR_CONFLICT, "stale", 400,
                 "{\"Message\":\"stale\"}");
    assert_reply(PLANE_CONTROL, "SerializationException", ERR_INVALID, "no json", 400,
                 "{\"__type\":\"SerializationException\",\"Message\":\"no json\"}");
}

/* Causes inside the server are for its log, not for clients. */
static void hides_causes(void **state)
{
    (void)state;
    static const enum code codes[] = {ERR_IO, ERR_CORRUPT, ERR_INTERNAL};

    for (size_t i = 0; i < ARRAY_COUNT(codes); i++)
        assert_reply(PLANE_RUNTIME, NULL, codes[i], "/secret/path: No space left", 500,
                     "{\"Message\":\"Internal server error. Please try again later.\"}");
}

static void writes_keys_and_times(void **state)
{
    (void)state;
    struct buf out = {0};
    bool is_first = true;

    out_key(&out, &is_first, "A");
    out_time(&out, INT64_C(1680195766972000));
    out_key(&out, &is_first, "B");
    out_time(&out, INT64_C(1680195766000999));
    assert_true(str_equal(buf_str(&out), STR("\"A\":1680195766.972,\"B\":1680195766.000")));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_every_code),
        cmocka_unit_test(shapes_errors),
        cmocka_unit_test(hides_causes),
        cmocka_unit_test(writes_keys_and_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
