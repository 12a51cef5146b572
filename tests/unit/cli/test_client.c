/*
 * The client against a server that answers, refuses, stalls, breaks off: what is sent, what is sent
 * again, under which id, and what is told. (transport.c is driven through it.)
 */
#include "unit/test.h"

#include "cli/client.h"
#include "core/sigv4.h"
#include "unit/cli/fake_server.h"

static struct arena arena;
static struct err err;

static struct client *connect_to(const char *url, unsigned retry_ms)
{
    struct client_options options = {
        .os = os_linux(),
        .identity = {STR("AKID"), STR("secret"), STR("token"), STR("us-east-1")},
        .timeout_ms = 20000,
        .retry_ms = retry_ms,
    };

    assert_int_equal(endpoint_parse(str_from(url), &arena, &options.endpoint, &err), OK);
    return client_new(&options);
}

static const struct client_request put = {
    .method = {"PUT", 3},
    .path = {"/FeatureGroup/a%20b", 19},
    .content_type = {"application/json", 16},
    .body = {"{\"x\":1}", 7},
};

static bool always_fine(struct fake *fake, size_t number, const struct fake_request *request,
                        struct buf *out)
{
    (void)fake;
    (void)number;
    (void)request;
    fake_respond(out, 200, "Content-Type: application/json\r\nx-amzn-RequestId: r1\r\n",
                 STR("{\"ok\":true}"));
    return true;
}

static void a_call_is_signed_and_keeps_its_connection(void **state)
{
    struct fake *fake = fake_start(always_fine, NULL);
    struct client *client = connect_to(fake->url, 0);
    struct client_reply reply;
    struct client_request get = {.method = STR("GET"), .path = STR("/x"), .query = STR("a=1&b=2")};

    (void)state;
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_int_equal(reply.status, 200);
    assert_true(str_equal(reply.body, STR("{\"ok\":true}")));
    assert_true(str_equal(reply.content_type, STR("application/json")));
    assert_true(str_equal(reply.request_id, STR("r1")));
    assert_true(str_is_absent(reply.error_type));
    assert_int_equal(client_call(client, &get, &reply, &err), OK);
    client_free(client);
    assert_int_equal(fake->connections, 1);
    assert_int_equal(fake->count, 2);
    const struct fake_request *request = &fake->requests[0];
    assert_int_equal(strncmp(request->head, "PUT /FeatureGroup/a%20b HTTP/1.1\r\n", 34), 0);
    assert_true(str_equal(request->body, put.body));
    assert_string_equal(fake_header(request, "content-type"), "application/json");
    assert_string_equal(fake_header(request, "x-amz-security-token"), "token");
    assert_int_equal(strlen(fake_header(request, "amz-sdk-invocation-id")), CLIENT_UUID_BYTES);
    assert_non_null(
        strstr(fake_header(request, "authorization"), "AWS4-HMAC-SHA256 Credential=AKID/"));
    assert_int_equal(strncmp(fake->requests[1].head, "GET /x?a=1&b=2 HTTP/1.1\r\n", 25), 0);
    fake_stop(fake);
}

/* The signature is recomputed from what arrived, as a server does. */
static void the_signature_verifies(void **state)
{
    struct fake *fake = fake_start(always_fine, NULL);
    struct client *client = connect_to(fake->url, 0);
    struct client_reply reply;
    struct sigv4_authorization authorization;
    struct str canonical;
    char signature[64];

    (void)state;
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    client_free(client);
    const struct fake_request *request = &fake->requests[0];
    struct str value = arena_str(&arena, str_from(fake_header(request, "authorization")));
    assert_int_equal(sigv4_authorization_parse(value, &authorization, &err), OK);
    struct sigv4_header headers[8];
    size_t count = 0;
    struct str names = authorization.signed_headers;
    while (names.len > 0) {
        struct str name = str_cut(&names, ';');
        const char *text = fake_header(request, arena_cstr(&arena, name));
        assert_non_null(text);
        headers[count++] = (struct sigv4_header){name, arena_str(&arena, str_from(text))};
    }
    const struct sigv4_request signed_request = {.method = put.method,
                                                 .path = put.path,
                                                 .query = STR(""),
                                                 .headers = headers,
                                                 .header_count = count,
                                                 .payload = sha256_of(put.body),
                                                 .is_path_normalized = true,
                                                 .is_path_encoded_twice = true};
    assert_int_equal(
        sigv4_canonical(&signed_request, authorization.signed_headers, &arena, &canonical, &err),
        OK);
    struct str date = arena_str(&arena, str_from(fake_header(request, "x-amz-date")));
    struct sha256 key = sigv4_key(STR("secret"), &authorization.scope);
    struct str text = sigv4_string_to_sign(date, &authorization.scope, canonical, &arena);
    sigv4_signature(&key, text, signature);
    assert_true(str_equal(authorization.signature, (struct str){signature, 64}));
    fake_stop(fake);
}

static bool refuses(struct fake *fake, size_t number, const struct fake_request *request,
                    struct buf *out)
{
    static const struct {
        int status;
        const char *headers;
        struct str body;
    } answers[] = {
        {400,
         "x-amzn-ErrorType: ValidationError:http://a/b\r\n",
         {"{\"Message\":\"bad \\u00e9\"}", 23}},
        {400, "", {"{\"__type\":\"com.amazon#ResourceNotFound\",\"message\":\"none\"}", 57}},
        {403, "", {"<html>", 6}},
        {404, "", {"", 0}},
    };

    (void)fake;
    (void)request;
    fake_respond(out, answers[number].status, answers[number].headers, answers[number].body);
    return true;
}

static void refusals_are_told_with_type_and_text(void **state)
{
    struct fake *fake = fake_start(refuses, NULL);
    struct client *client = connect_to(fake->url, 10000);
    struct client_reply reply;

    (void)state;
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_int_equal(reply.status, 400);
    assert_true(str_equal(reply.error_type, STR("ValidationError")));
    assert_true(str_equal(reply.message, STR("bad \xc3\xa9")));
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_true(str_equal(reply.error_type, STR("ResourceNotFound")));
    assert_true(str_equal(reply.message, STR("none")));
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_true(str_equal(reply.error_type, STR("HTTP 403")));
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_int_equal(reply.status, 404);
    assert_int_equal(reply.message.len, 0);
    assert_int_equal(fake->count, 4); /* none was sent again */
    client_free(client);
    fake_stop(fake);
}

/* The first answers of a server that is not ready, then good ones. */
static bool not_yet(struct fake *fake, size_t number, const struct fake_request *request,
                    struct buf *out)
{
    switch (number) {
    case 0:
        fake_respond(out, 503, "x-amzn-ErrorType: ServiceUnavailable\r\n", STR("{}"));
        return true;
    case 1:
        fake_respond(out, 429, "", STR(""));
        return true;
    case 2:
        fake_respond(out, 400, "x-amzn-ErrorType: ThrottlingException\r\n", STR("{}"));
        return true;
    case 3:
        return false; /* closes without an answer */
    case 4:
        buf_add(out, STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
        return false;
    default:
        return always_fine(fake, number, request, out);
    }
}

static void tries_again_under_the_same_id(void **state)
{
    struct fake *fake = fake_start(not_yet, NULL);
    struct client *client = connect_to(fake->url, 30000);
    struct client_reply reply;

    (void)state;
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_int_equal(reply.status, 200);
    assert_true(str_equal(reply.body, STR("{\"ok\":true}")));
    assert_int_equal(fake->count, 6);
    struct str id =
        arena_str(&arena, str_from(fake_header(&fake->requests[0], "amz-sdk-invocation-id")));
    for (size_t i = 1; i < fake->count; i++) {
        const char *again = fake_header(&fake->requests[i], "amz-sdk-invocation-id");
        assert_true(str_equal(id, str_from(again)));
        assert_true(str_equal(fake->requests[i].body, put.body));
    }
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_false(str_equal(id, str_from(fake_header(&fake->requests[6], "amz-sdk-invocation-id"))));
    client_free(client);
    fake_stop(fake);
}

static bool never(struct fake *fake, size_t number, const struct fake_request *request,
                  struct buf *out)
{
    (void)fake;
    (void)number;
    (void)request;
    fake_respond(out, 503, "x-amzn-ErrorType: ServiceUnavailable\r\n",
                 STR("{\"Message\":\"later\"}"));
    return true;
}

static void gives_up_in_time(void **state)
{
    struct fake *fake = fake_start(never, NULL);
    struct client *client = connect_to(fake->url, 300);
    struct client_reply reply;
    atomic_bool is_stopping = true;
    struct client_options options = {.os = os_linux(),
                                     .identity = {STR("a"), STR("b"), STR_ABSENT, STR("r")},
                                     .timeout_ms = 1000,
                                     .retry_ms = 60000,
                                     .is_stopping = &is_stopping};

    (void)state;
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_int_equal(reply.status, 503);
    assert_true(str_equal(reply.message, STR("later")));
    assert_true(fake->count > 1 && fake->count < 10);
    client_free(client);
    /* One that is told to stop does not try again. */
    size_t before = fake->count;
    assert_int_equal(endpoint_parse(str_from(fake->url), &arena, &options.endpoint, &err), OK);
    client = client_new(&options);
    assert_int_equal(client_call(client, &put, &reply, &err), OK);
    assert_int_equal(fake->count, before + 1);
    client_free(client);
    fake_stop(fake);
}

static void nobody_there_is_no_answer(void **state)
{
    struct client *client = connect_to("http://127.0.0.1:1", 0);
    struct client_reply reply;

    (void)state;
    assert_int_equal(client_call(client, &put, &reply, &err), ERR_TIMEOUT);
    assert_string_equal(err.message, "cannot connect to http://127.0.0.1:1: Connection refused");
    client_free(client);
    client = connect_to("http://no-such-host.invalid:1", 0);
    assert_int_equal(client_call(client, &put, &reply, &err), ERR_TIMEOUT);
    assert_true(str_starts(str_from(err.message), STR("cannot find the host of ")));
    client_free(client);
}

static bool no_http(struct fake *fake, size_t number, const struct fake_request *request,
                    struct buf *out)
{
    (void)fake;
    (void)number;
    (void)request;
    buf_add(out, STR("SSH-2.0-server\r\n"));
    return false;
}

static bool stalls(struct fake *fake, size_t number, const struct fake_request *request,
                   struct buf *out)
{
    (void)fake;
    (void)number;
    (void)request;
    (void)out;
    return true;
}

static void bad_peers(void **state)
{
    struct fake *fake = fake_start(no_http, NULL);
    struct client *client = connect_to(fake->url, 0);
    struct client_reply reply;
    struct client_request quick = put;

    (void)state;
    assert_int_equal(client_call(client, &put, &reply, &err), ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "does not speak HTTP"));
    client_free(client);
    fake_stop(fake);
    fake = fake_start(stalls, NULL);
    client = connect_to(fake->url, 0);
    quick.timeout_ms = 100;
    assert_int_equal(client_call(client, &quick, &reply, &err), ERR_TIMEOUT);
    assert_string_equal(err.message, "no answer: Connection timed out");
    client_free(client);
    fake_stop(fake);
}

static bool streams(struct fake *fake, size_t number, const struct fake_request *request,
                    struct buf *out)
{
    (void)fake;
    (void)request;
    if (number == 1) {
        fake_respond(out, 404, "x-amzn-ErrorType: ResourceNotFound\r\n",
                     STR("{\"Message\":\"no\"}"));
        return true;
    }
    buf_add(out, STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 10000; i++)
        buf_add(out, STR("a\r\n0123456789\r\n"));
    buf_add(out, STR("0\r\n\r\n"));
    return true;
}

struct sunk {
    size_t bytes;
    enum code code;
};

static enum code sink(struct str piece, void *context, struct err *to)
{
    struct sunk *sunk = context;

    sunk->bytes += piece.len;
    return sunk->code == OK ? OK : err_set(to, sunk->code, "the disk is full");
}

static void a_sink_gets_the_body_of_success_only(void **state)
{
    struct fake *fake = fake_start(streams, NULL);
    struct client *client = connect_to(fake->url, 1000);
    struct client_reply reply;
    struct sunk sunk = {0};
    struct client_request request = put;

    (void)state;
    request.sink = sink;
    request.sink_context = &sunk;
    assert_int_equal(client_call(client, &request, &reply, &err), OK);
    assert_int_equal(sunk.bytes, 100000);
    assert_int_equal(reply.body.len, 0);
    assert_int_equal(client_call(client, &request, &reply, &err), OK);
    assert_int_equal(reply.status, 404);
    assert_true(str_equal(reply.message, STR("no")));
    assert_int_equal(sunk.bytes, 100000);
    sunk.code = ERR_IO; /* not tried again: the server is not to blame */
    assert_int_equal(client_call(client, &request, &reply, &err), ERR_IO);
    assert_string_equal(err.message, "the disk is full");
    assert_int_equal(fake->count, 3);
    client_free(client);
    fake_stop(fake);
}

static void large_bodies_go_both_ways(void **state)
{
    struct fake *fake = fake_start(always_fine, NULL);
    struct client *client = connect_to(fake->url, 0);
    struct client_request request = put;
    struct client_reply reply;
    enum { BYTES = 20 * 1024 * 1024 };
    char *body = mem_new_array(BYTES, 1);

    (void)state;
    memset(body, 'b', BYTES);
    request.body = (struct str){body, BYTES};
    assert_int_equal(client_call(client, &request, &reply, &err), OK);
    assert_true(str_equal(fake->requests[0].body, request.body));
    mem_free(body);
    client_free(client);
    fake_stop(fake);
}

static void error_types_lose_namespace_and_address(void **state)
{
    (void)state;
    assert_true(str_equal(client_error_type(STR("A")), STR("A")));
    assert_true(str_equal(client_error_type(STR("A:http://x")), STR("A")));
    assert_true(str_equal(client_error_type(STR("ns#A")), STR("A")));
    assert_true(str_equal(client_error_type(STR("ns#A:u")), STR("A")));
    assert_true(str_equal(client_error_type(STR_ABSENT), STR("")));
}

static void uuids(void **state)
{
    unsigned char bytes[16];
    char text[CLIENT_UUID_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 17);
    client_uuid(bytes, text);
    assert_memory_equal(text, "00112233-4455-6677-8899-aabbccddeeff", CLIENT_UUID_BYTES);
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_signed_and_keeps_its_connection),
        cmocka_unit_test(the_signature_verifies),
        cmocka_unit_test(refusals_are_told_with_type_and_text),
        cmocka_unit_test(tries_again_under_the_same_id),
        cmocka_unit_test(gives_up_in_time),
        cmocka_unit_test(nobody_there_is_no_answer),
        cmocka_unit_test(bad_peers),
        cmocka_unit_test(a_sink_gets_the_body_of_success_only),
        cmocka_unit_test(large_bodies_go_both_ways),
        cmocka_unit_test(error_types_lose_namespace_and_address),
        cmocka_unit_test(uuids),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
