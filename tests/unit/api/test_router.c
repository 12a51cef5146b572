/* Routes: split before decoding, matched as a whole. */
#include "unit/test.h"

#include "api/router.h"

#include <stdio.h>

static struct http_request request_of(enum http_method method, const char *path)
{
    return (struct http_request){.method = method, .path = str_from(path), .query = STR("")};
}

static void finds_every_operation(void **state)
{
    (void)state;
    struct arena arena = {0};

    for (size_t i = 0; i < router_count(); i++) {
        const struct operation *operation = router_operation(i);
        char path[256];
        char target[128];
        size_t len = 0;
        for (const char *at = operation->path; *at != '\0'; at++) {
            if (at[0] == '{' && at[1] == '}') {
                path[len++] = 'x';
                at++;
            } else {
                path[len++] = *at;
            }
        }
        path[len] = '\0';
        (void)snprintf(target, sizeof(target), "SageMaker.%s", operation->name);
        struct http_header header = {STR("X-Amz-Target"), str_from(target)};
        struct http_request request = request_of(operation->method, path);
        request.headers = &header;
        request.header_count = 1;
        struct route route;
        assert_int_equal(router_find(&request, &arena, &route, NULL), OK);
        assert_ptr_equal(route.operation, operation);
        assert_ptr_equal(router_match(&request), operation);
        assert_int_equal(operation->number, i);
        assert_non_null(operation->run);
    }
    arena_release(&arena);
}

static const struct operation *find(enum http_method method, const char *path)
{
    struct arena arena = {0};
    struct http_request request = request_of(method, path);
    struct route route = {0};

    assert_int_equal(router_find(&request, &arena, &route, NULL), OK);
    arena_release(&arena);
    return route.operation;
}

static void knows_nothing_else(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *path;
    } cases[] = {
        {HTTP_GET, "/"},
        {HTTP_POST, "/"}, /* without a target */
        {HTTP_GET, "/FeatureGroup"},
        {HTTP_GET, "/FeatureGroup/"},
        {HTTP_GET, "/FeatureGroup/a/"},
        {HTTP_GET, "/FeatureGroup/a/b"},
        {HTTP_GET, "/FeatureGroup//a"},
        {HTTP_GET, "//FeatureGroup/a"},
        {HTTP_GET, "/featuregroup/a"},
        {HTTP_GET, "/FeatureGroup%2Fa"},
        {HTTP_GET, "FeatureGroup/a"},
        {HTTP_GET, "*"},
        {HTTP_HEAD, "/FeatureGroup/a"},
        {HTTP_OTHER, "/FeatureGroup/a"},
        {HTTP_POST, "/FeatureGroup/a"},
        {HTTP_POST, "/FeatureGroup/a/record"},
        {HTTP_GET, "/BatchGetRecord"},
        {HTTP_POST, "/BatchGetRecord/"},
        {HTTP_POST, "/BatchGetRecordX"},
        {HTTP_POST, "/BatchGet%52ecord"},
        {HTTP_POST, "/v1"},
        {HTTP_POST, "/v1/"},
        {HTTP_POST, "/v1/status"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        if (find(cases[i].method, cases[i].path) != NULL)
            fail_msg("%s was found", cases[i].path);
}

static void control_targets(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "SageMaker.",
                                      "SageMaker.Nothing",
                                      "SageMaker.PutRecord",
                                      "SageMaker.Sql",
                                      "Sagemaker.Search",
                                      "SageMaker.Search ",
                                      "AmazonAthena.Search",
                                      "Search"};

    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct http_header header = {STR("x-amz-target"), str_from(bad[i])};
        struct http_request request = request_of(HTTP_POST, "/");
        request.headers = &header;
        request.header_count = 1;
        assert_null(router_match(&request));
    }
    struct http_header twice[] = {{STR("x-amz-target"), STR("SageMaker.Search")},
                                  {STR("X-Amz-Target"), STR("SageMaker.Search")}};
    struct http_request request = request_of(HTTP_POST, "/");
    request.headers = twice;
    request.header_count = 2;
    assert_null(router_match(&request));
}

static void decodes_segments_once(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *argument;
    } cases[] = {
        {"/FeatureGroup/a", "a"},
        {"/FeatureGroup/arn%3Aaws%3Ax%2Fname", "arn:aws:x/name"},
        {"/FeatureGroup/a%252Fb", "a%2Fb"},
        {"/FeatureGroup/..%2F..%2Fetc", "../../etc"},
        {"/FeatureGroup/a+b", "a+b"},
    };
    struct arena arena = {0};

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct http_request request = request_of(HTTP_GET, cases[i].path);
        struct route route = {0};
        assert_int_equal(router_find(&request, &arena, &route, NULL), OK);
        assert_string_equal(route.operation->name, "GetRecord");
        assert_true(str_equal(route.arguments[0], str_from(cases[i].argument)));
    }
    arena_release(&arena);
}

static void bad_encoding_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"/FeatureGroup/%", "/FeatureGroup/%2", "/FeatureGroup/%zz",
                                        "/FeatureGroup/a%00b"};
    struct arena arena = {0};

    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        struct http_request request = request_of(HTTP_GET, paths[i]);
        struct route route = {.operation = (const struct operation *)&route};
        struct err err;
        assert_int_equal(router_find(&request, &arena, &route, &err), ERR_INVALID);
        assert_ptr_equal(route.operation, &route); /* untouched */
    }
    arena_release(&arena);
}

static void two_arguments_in_order(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct http_request request = request_of(HTTP_PUT, "/v1/uploads/first/%32");
    struct route route = {0};

    assert_int_equal(router_find(&request, &arena, &route, NULL), OK);
    assert_string_equal(route.operation->name, "UploadPart");
    assert_true(str_equal(route.arguments[0], STR("first")));
    assert_true(str_equal(route.arguments[1], STR("2")));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_operation),   cmocka_unit_test(knows_nothing_else),
        cmocka_unit_test(control_targets),         cmocka_unit_test(decodes_segments_once),
        cmocka_unit_test(bad_encoding_is_refused), cmocka_unit_test(two_arguments_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
