#include "cli/client.h"

#include "cli/response.h"
#include "cli/transport.h"
#include "core/instant.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/sigv4.h"

#include <stdio.h>
#include <time.h>

enum {
    READ_BYTES = 64 * 1024,
    REPLY_BYTES_MAX = 256 * 1024 * 1024,
    CONNECT_MS = 5000,
    PAUSE_MS_FIRST = 50,
    PAUSE_MS_MAX = 2000,
    AMZ_DATE_BYTES = 16, /* yyyyMMddTHHmmssZ */
};

struct client {
    struct client_options options;
    struct transport *transport; /* NULL: not connected */
    bool is_used;                /* the connection has carried a request */
    struct arena arena;          /* of one attempt */
    struct buf head;             /* of the request */
    struct buf input;            /* what was read and not yet taken */
    struct buf reply_head;       /* kept for the views into it */
    struct buf body;
};

struct client *client_new(const struct client_options *options)
{
    struct client *client = MEM_NEW(struct client);

    client->options = *options;
    buf_init(&client->head, 0);
    buf_init(&client->input, 0);
    buf_init(&client->reply_head, 0);
    buf_init(&client->body, REPLY_BYTES_MAX);
    return client;
}

static void disconnect(struct client *client)
{
    transport_close(client->transport);
    client->transport = NULL;
    client->is_used = false;
    buf_clear(&client->input);
}

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    disconnect(client);
    arena_release(&client->arena);
    buf_release(&client->head);
    buf_release(&client->input);
    buf_release(&client->reply_head);
    buf_release(&client->body);
    mem_free(client);
}

void client_uuid(const unsigned char bytes[16], char ret[CLIENT_UUID_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ret[at++] = '-';
        ret[at++] = hex[bytes[i] >> 4];
        ret[at++] = hex[bytes[i] & 15];
    }
    assert(at == CLIENT_UUID_BYTES);
}

struct str client_error_type(struct str value)
{
    size_t hash = str_find_byte(value, 0, '#');
    struct str type = hash < value.len ? str_slice(value, hash + 1, value.len) : value;

    return str_slice(type, 0, str_find_byte(type, 0, ':'));
}

static struct str amz_date(int64_t now_us, char ret[32])
{
    struct civil civil = instant_civil(instant_from_us(now_us));
    int len =
        snprintf(ret, 32, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)civil.year % 10000,
                 (unsigned)civil.month % 100, (unsigned)civil.day % 100, (unsigned)civil.hour % 100,
                 (unsigned)civil.minute % 100, (unsigned)civil.second % 100);

    assert(len == AMZ_DATE_BYTES);
    return (struct str){ret, (size_t)len};
}

struct headers {
    struct sigv4_header list[8];
    size_t count;
};

static void add_header(struct headers *headers, struct str name, struct str value)
{
    if (value.len == 0)
        return;
    assert(headers->count < ARRAY_COUNT(headers->list));
    headers->list[headers->count++] = (struct sigv4_header){name, value};
}

/* Everything but the body; signed anew for each attempt, since a signature ages. */
static enum code make_head(struct client *client, const struct client_request *request,
                           struct str invocation_id, struct err *err)
{
    const struct client_identity *identity = &client->options.identity;
    struct buf *head = &client->head;
    struct headers headers = {0};
    char date_text[32];
    struct str date = amz_date(client->options.os->now_us(client->options.os->context), date_text);
    struct str authorization;

    add_header(&headers, STR("host"), client->options.endpoint.authority);
    add_header(&headers, STR("x-amz-date"), date);
    add_header(&headers, STR("x-amz-security-token"), identity->session_token);
    add_header(&headers, STR("x-amz-target"), request->target);
    add_header(&headers, STR("content-type"), request->content_type);
    add_header(&headers, STR("amz-sdk-invocation-id"), invocation_id);
    const struct sigv4_request to_sign = {
        .method = request->method,
        .path = request->path,
        .query = request->query.len == 0 ? STR("") : request->query,
        .headers = headers.list,
        .header_count = headers.count,
        .payload = sha256_of(request->body.len == 0 ? STR("") : request->body),
        .is_path_normalized = true,
        .is_path_encoded_twice = true,
    };
    const struct sigv4_scope scope = {str_slice(date, 0, 8), identity->region, STR("sagemaker")};
    const struct sigv4_keys keys = {identity->access_key, identity->secret};
    TRY(sigv4_sign(&to_sign, &keys, &scope, &client->arena, &authorization, err));
    buf_clear(head);
    buf_add_format(head, "%.*s %.*s%s%.*s HTTP/1.1\r\n", STR_ARG(request->method),
                   STR_ARG(request->path), request->query.len > 0 ? "?" : "",
                   STR_ARG(request->query));
    for (size_t i = 0; i < headers.count; i++)
        buf_add_format(head, "%.*s: %.*s\r\n", STR_ARG(headers.list[i].name),
                       STR_ARG(headers.list[i].value));
    buf_add_format(head, "authorization: %.*s\r\nuser-agent: asof/%s\r\n", STR_ARG(authorization),
                   ASOF_VERSION);
    buf_add_format(head, "content-length: %zu\r\n\r\n", request->body.len);
    return OK;
}

static enum code ensure_connected(struct client *client, const struct client_request *request,
                                  struct err *err)
{
    const struct transport_options options = {
        .endpoint = &client->options.endpoint,
        .authorities = client->options.authorities,
        .is_unverified = client->options.is_unverified,
        .connect_ms = CONNECT_MS,
    };

    if (client->transport == NULL)
        TRY(transport_open(&options, &client->transport, err));
    transport_timeout(client->transport,
                      request->timeout_ms != 0 ? request->timeout_ms : client->options.timeout_ms);
    return OK;
}

/* More bytes into the input; *ret_is_end when the server closed. */
static enum code read_more(struct client *client, bool *ret_is_end, struct err *err)
{
    char *room = buf_reserve(&client->input, READ_BYTES);
    size_t count = 0;

    assert(room != NULL);
    TRY(transport_read(client->transport, room, READ_BYTES, &count, err));
    client->input.len += count;
    *ret_is_end = count == 0;
    return OK;
}

static enum code read_head(struct client *client, struct response_head *ret, struct err *err)
{
    size_t bytes = 0;
    bool is_end = false;

    for (;;) {
        enum response_step step = response_head(buf_str(&client->input), ret, &bytes);
        if (step == RESPONSE_BAD)
            return err_set(err, ERR_TIMEOUT, "what answers at %.*s does not speak HTTP",
                           STR_ARG(client->options.endpoint.url));
        if (step == RESPONSE_DONE && ret->status >= 200)
            break;
        if (step == RESPONSE_DONE)
            buf_drop_front(&client->input, bytes); /* 100 Continue and its like */
        if (is_end)
            return err_set(err, ERR_TIMEOUT, "the server closed the connection without an answer");
        if (step == RESPONSE_MORE)
            TRY(read_more(client, &is_end, err));
    }
    /* The views of the head must outlive the input. */
    buf_clear(&client->reply_head);
    buf_add(&client->reply_head, str_slice(buf_str(&client->input), 0, bytes));
    (void)response_head(buf_str(&client->reply_head), ret, &bytes);
    buf_drop_front(&client->input, bytes);
    return OK;
}

/* ERR_INTERNAL marks a failure of the sink or of our own bound: it is not tried again. */
struct body_target {
    client_sink_fn *sink; /* NULL: into client->body */
    void *context;
    enum code failure;
};

static enum code take_piece(struct client *client, struct body_target *target, struct str piece,
                            struct err *err)
{
    if (target->sink != NULL) {
        target->failure = piece.len > 0 ? target->sink(piece, target->context, err) : OK;
        return target->failure;
    }
    buf_add(&client->body, piece);
    if (client->body.is_over)
        return err_set(err, ERR_TIMEOUT, "the answer is larger than %d bytes", REPLY_BYTES_MAX);
    return OK;
}

/* The input is used up: reads on. Where no length is told, the connection's end is the body's. */
static enum code body_more(struct client *client, const struct response_head *head, bool *is_end,
                           bool *ret_is_done, struct err *err)
{
    *ret_is_done = *is_end && head->framing == RESPONSE_TO_END;
    if (*ret_is_done)
        return OK;
    if (*is_end)
        return err_set(err, ERR_TIMEOUT, "the connection broke in the middle of an answer");
    return read_more(client, is_end, err);
}

static enum code read_body(struct client *client, const struct response_head *head,
                           struct body_target *target, struct err *err)
{
    struct response_body body;
    enum response_step step = RESPONSE_MORE;
    bool is_end = false;
    bool is_done = false;

    response_body_init(&body, head);
    buf_clear(&client->body);
    while (step == RESPONSE_MORE && !is_done) {
        struct str input = buf_str(&client->input);
        struct str piece;
        step = response_body_take(&body, &input, &piece);
        if (step == RESPONSE_BAD)
            return err_set(err, ERR_TIMEOUT, "the answer of %.*s is malformed",
                           STR_ARG(client->options.endpoint.url));
        TRY(take_piece(client, target, piece, err));
        buf_drop_front(&client->input, client->input.len - input.len);
        if (step == RESPONSE_MORE && client->input.len == 0)
            TRY(body_more(client, head, &is_end, &is_done, err));
    }
    return OK;
}

/* {"__type": …, "Message": …} in any mixture of the two protocols. */
static void read_error_body(struct client *client, struct client_reply *reply)
{
    struct json json;
    struct str key;
    struct str type = STR_ABSENT;
    struct str message = STR_ABSENT;
    bool is_read = true;

    json_init(&json, reply->body, &client->arena, NULL);
    if (json_peek(&json) != JSON_OBJECT || json_object_begin(&json) != OK)
        return;
    while (is_read && json_object_next(&json, &key)) {
        bool is_text = json_peek(&json) == JSON_STRING;
        if (is_text && str_equal(key, STR("__type")))
            is_read = json_string(&json, &type) == OK;
        else if (is_text && str_equal_nocase(key, STR("message")))
            is_read = json_string(&json, &message) == OK;
        else
            is_read = json_skip(&json, NULL) == OK;
    }
    if (str_is_absent(reply->error_type) && !str_is_absent(type))
        reply->error_type = client_error_type(type);
    if (!str_is_absent(message))
        reply->message = message;
}

static void fill_reply(struct client *client, const struct response_head *head, bool is_sunk,
                       struct client_reply *ret)
{
    struct client_reply reply = {.status = head->status,
                                 .body = is_sunk ? STR("") : buf_str(&client->body),
                                 .content_type = head->content_type,
                                 .request_id = head->request_id};

    if (head->status >= 300) {
        reply.error_type = client_error_type(head->error_type);
        reply.message = STR("");
        read_error_body(client, &reply);
        if (reply.error_type.len == 0)
            reply.error_type = arena_format(&client->arena, "HTTP %d", head->status);
    }
    *ret = reply;
}

static enum code attempt(struct client *client, const struct client_request *request,
                         struct str invocation_id, struct body_target *target,
                         struct client_reply *ret, struct err *err)
{
    struct response_head head;
    struct err ignored;

    arena_reset(&client->arena);
    TRY(make_head(client, request, invocation_id, err));
    TRY(ensure_connected(client, request, err));
    enum code sent = transport_write(client->transport, buf_str(&client->head), request->body, err);
    /* A server that refuses early answers and closes while we still send: the answer counts. */
    enum code answered = read_head(client, &head, sent == OK ? err : &ignored);
    if (answered != OK)
        return sent != OK ? sent : answered;
    target->sink = head.status < 300 ? request->sink : NULL;
    TRY(read_body(client, &head, target, err));
    fill_reply(client, &head, target->sink != NULL, ret);
    client->is_used = true;
    if (head.is_closing || head.framing == RESPONSE_TO_END || sent != OK)
        disconnect(client);
    return OK;
}

static bool is_retryable(const struct client_reply *reply)
{
    return reply->status == 429 || reply->status == 500 || reply->status == 502 ||
           reply->status == 503 || reply->status == 504 ||
           str_starts(reply->error_type, STR("Throttling"));
}

static bool is_stopping(const struct client *client)
{
    return client->options.is_stopping != NULL && atomic_load(client->options.is_stopping);
}

/* Between half of and the whole pause, so that clients that failed together do not come together.
 */
static void pause_for(const struct client *client, unsigned pause_ms)
{
    uint16_t random = 0;
    enum code ignored =
        client->options.os->random(client->options.os->context, &random, sizeof(random), NULL);
    unsigned ms = pause_ms / 2 + (unsigned)random % (pause_ms / 2 + 1);
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)ignored;
    (void)nanosleep(&pause, NULL);
}

static struct str make_invocation_id(struct client *client, char ret[CLIENT_UUID_BYTES])
{
    unsigned char bytes[16] = {0};
    const struct os *os = client->options.os;
    enum code ignored = os->random(os->context, bytes, sizeof(bytes), NULL);

    (void)ignored;
    client_uuid(bytes, ret);
    return (struct str){ret, CLIENT_UUID_BYTES};
}

/* What is known when an attempt is over. */
struct outcome {
    enum code code;
    bool was_idle;     /* its connection had carried a request before */
    bool is_final;     /* a failure that trying again does not mend */
    bool is_retryable; /* no answer, or one that says "later" */
};

static struct outcome try_once(struct client *client, const struct client_request *request,
                               struct str invocation_id, struct client_reply *reply,
                               struct err *err)
{
    struct body_target target = {.context = request->sink_context};
    struct outcome outcome = {.was_idle = client->is_used};

    outcome.code = attempt(client, request, invocation_id, &target, reply, err);
    if (outcome.code != OK)
        disconnect(client);
    outcome.is_final = target.failure != OK || (outcome.code != OK && outcome.code != ERR_TIMEOUT);
    outcome.is_retryable = !outcome.is_final && (outcome.code != OK || is_retryable(reply));
    return outcome;
}

enum code client_call(struct client *client, const struct client_request *request,
                      struct client_reply *ret, struct err *err)
{
    const struct os *os = client->options.os;
    int64_t until_us = os->monotonic_us(os->context) + (int64_t)client->options.retry_ms * 1000;
    char id[CLIENT_UUID_BYTES];
    struct str invocation_id = str_is_absent(request->invocation_id)
                                   ? make_invocation_id(client, id)
                                   : request->invocation_id;
    struct client_reply reply = {0};
    struct outcome outcome = try_once(client, request, invocation_id, &reply, err);

    for (unsigned pause_ms = PAUSE_MS_FIRST; outcome.is_retryable;) {
        /* A connection that was idle may have been closed by the server: no reason to wait. */
        if (outcome.code == OK || !outcome.was_idle) {
            bool is_late = os->monotonic_us(os->context) + (int64_t)pause_ms * 1000 > until_us;
            if (is_late || is_stopping(client))
                break;
            pause_for(client, pause_ms);
            pause_ms = pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : pause_ms * 2;
        }
        outcome = try_once(client, request, invocation_id, &reply, err);
    }
    if (outcome.code == OK)
        *ret = reply;
    return outcome.code;
}
