#pragma once
/*
 * The whole API in one process, without sockets: a real store in a temporary folder, the real
 * guard, and requests signed as clients sign them, given to the handler that net/ would call.
 */
#include "api/api.h"
#include "auth/auth.h"
#include "unit/auth/signed.h"

#include "core/mem.h"

#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct kit {
    char dir[64];
    struct os os;
    struct arena arena;
    struct auth *auth;
    struct store *store;
    struct manifest *manifest;
    struct api *api;
    unsigned reader;
    struct net_handler handler;
    _Atomic(bool) is_ready;
    _Atomic(int64_t) skipped_us; /* how far the clock was moved */
    pthread_mutex_t lock;
    pthread_cond_t finished_changed;
};

/* A request, and its answer. */
struct ask {
    const char *method;
    const char *target; /* path and query */
    const char *body;
    const char *operation;  /* of the control plane: X-Amz-Target without "SageMaker." */
    const char *invocation; /* amz-sdk-invocation-id */
    bool is_reader;         /* signed by the read-only user */
    bool is_unsigned;
};

struct answer {
    int status;
    char type[64]; /* of the error; "" when none */
    char *body;
    size_t body_len;
    char *headers;
    char content_type[64];
};

struct kit_exchange {
    struct net_exchange exchange; /* first */
    struct kit *kit;
    struct arena arena;
    bool is_finished;
};

static inline int64_t kit_now_us(void *context)
{
    const struct kit *kit = context;

    return os_linux()->now_us(os_linux()->context) + atomic_load(&kit->skipped_us);
}

/* In place of net's: what the handler finished is noted. */
void net_finish(struct net *net, struct net_exchange *exchange);
void net_finish(struct net *net, struct net_exchange *exchange)
{
    struct kit_exchange *mine = (struct kit_exchange *)exchange;

    (void)net;
    (void)pthread_mutex_lock(&mine->kit->lock);
    mine->is_finished = true;
    (void)pthread_cond_broadcast(&mine->kit->finished_changed);
    (void)pthread_mutex_unlock(&mine->kit->lock);
}

#define KIT_WRITER_KEY "AKIAWRITERWRITERWRIT"
#define KIT_READER_KEY "AKIAREADERREADERREAD"
#define KIT_SECRET "secretsecretsecretsecretsecretsecretsecr"

static inline void kit_credentials(const char *path)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fprintf(file,
                  "[writer]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
                  "[reader]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
                  "asof_access = read\n",
                  KIT_WRITER_KEY, KIT_SECRET, KIT_READER_KEY, KIT_SECRET);
    (void)fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
}

static inline const char *kit_path(struct kit *kit, const char *name)
{
    return arena_format(&kit->arena, "%s/%s", kit->dir, name).ptr;
}

static inline void kit_must(enum code code, const struct err *err)
{
    if (code != OK)
        fail_msg("%s", err->message);
}

/* Opens store and API on the kit's folder. */
static inline void kit_open(struct kit *kit)
{
    struct identity identity = {STR("123456789012"), STR("eu-west-1"), STR("aws")};
    struct store_options store = {.is_threaded = true,
                                  .journal = {.segment_bytes = 4 * 1024 * 1024}};
    struct err err = {0};

    kit_must(auth_open(&kit->os, kit_path(kit, "credentials"), &identity, &kit->auth, &err), &err);
    kit_must(store_open(&kit->os, kit->dir, &store, &kit->store, &err), &err);
    kit_must(manifest_open(&kit->os, kit_path(kit, "manifest"), 0, &kit->manifest, &err), &err);
    struct api_options options = {
        .os = &kit->os,
        .auth = kit->auth,
        .store = kit->store,
        .manifest = kit->manifest,
        .query = {.program = "/nonexistent",
                  .data_dir = kit->dir,
                  .store = kit->store,
                  .manifest = kit->manifest,
                  .identity = identity,
                  .os = &kit->os},
        .identity = identity,
        .data_dir = kit->dir,
        .groups_max = 100,
        .query_timeout_ms = 1000,
        .is_ready = &kit->is_ready,
    };
    kit_must(api_new(&options, &kit->api, &err), &err);
    kit->handler = api_handler(kit->api);
    kit_must(epoch_reader_add(store_epoch(kit->store), &kit->reader, &err), &err);
}

static inline void kit_start(struct kit *kit)
{
    memset(kit, 0, sizeof(*kit));
    (void)snprintf(kit->dir, sizeof(kit->dir), "/tmp/asof-api-XXXXXX");
    assert_non_null(mkdtemp(kit->dir));
    kit->os = *os_linux();
    kit->os.now_us = kit_now_us;
    kit->os.context = kit;
    kit->is_ready = true;
    (void)pthread_mutex_init(&kit->lock, NULL);
    (void)pthread_cond_init(&kit->finished_changed, NULL);
    kit_credentials(kit_path(kit, "credentials"));
    assert_int_equal(mkdir(kit_path(kit, "manifest"), 0700), 0);
    assert_int_equal(mkdir(kit_path(kit, "tmp"), 0700), 0);
    kit_open(kit);
}

static inline int kit_remove(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void kit_stop(struct kit *kit)
{
    epoch_reader_remove(store_epoch(kit->store), kit->reader);
    api_free(kit->api);
    manifest_close(kit->manifest);
    store_close(kit->store);
    auth_close(kit->auth);
    arena_release(&kit->arena);
    (void)nftw(kit->dir, kit_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- asking ---- */

static inline enum http_method kit_method(const char *text)
{
    static const char *const names[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};

    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(text, names[i]) == 0)
            return (enum http_method)i;
    return HTTP_OTHER;
}

/* yyyyMMddTHHmmssZ */
static inline struct str kit_amz_date(struct kit *kit, struct arena *arena)
{
    struct civil now = instant_civil(instant_from_us(kit_now_us(kit)));

    return arena_format(arena, "%04d%02d%02dT%02d%02d%02dZ", now.year, now.month, now.day, now.hour,
                        now.minute, now.second);
}

static inline void kit_sign(struct kit *kit, const struct ask *ask, struct kit_exchange *mine,
                            struct signed_request *signed_request)
{
    struct str target = arena_str(&mine->arena, str_from(ask->target));
    struct str query = target;
    struct str path = str_cut(&query, '?');
    struct signer signer = {
        .access_key = ask->is_reader ? STR(KIT_READER_KEY) : STR(KIT_WRITER_KEY),
        .secret = STR(KIT_SECRET),
        .region = STR("eu-west-1"),
        .service = STR("sagemaker"),
        .amz_date = kit_amz_date(kit, &mine->arena),
    };

    signed_begin(signed_request, ask->method, "", "", ask->body == NULL ? "" : ask->body);
    signed_request->request.method = kit_method(ask->method);
    signed_request->request.target = target;
    signed_request->request.path = path;
    signed_request->request.query = query.ptr == NULL ? STR("") : query;
    signed_header(signed_request, "Host", STR("localhost:7878"));
    signed_header(signed_request, "X-Amz-Date", signer.amz_date);
    if (ask->operation != NULL)
        signed_header(signed_request, "X-Amz-Target",
                      arena_format(&mine->arena, "SageMaker.%s", ask->operation));
    if (ask->invocation != NULL)
        signed_header(signed_request, "amz-sdk-invocation-id", str_from(ask->invocation));
    if (!ask->is_unsigned)
        signed_finish(signed_request, &signer, &mine->arena);
}

/* A terminated copy; the buffer has no NUL behind it. */
static inline char *kit_text(const struct buf *buf)
{
    char *copy = calloc(buf->len + 1, 1);

    assert_non_null(copy);
    if (buf->len > 0)
        memcpy(copy, buf->ptr, buf->len);
    return copy;
}

static inline void kit_answer(const struct kit_exchange *mine, struct answer *ret)
{
    const struct http_response *response = &mine->exchange.response;

    memset(ret, 0, sizeof(*ret));
    ret->status = response->status;
    ret->body = kit_text(&response->body);
    ret->body_len = response->body.len;
    ret->headers = kit_text(&response->headers);
    (void)snprintf(ret->content_type, sizeof(ret->content_type), "%.*s",
                   STR_ARG(response->content_type));
    const char *type = strstr(ret->headers, "x-amzn-ErrorType: ");
    if (type != NULL)
        (void)snprintf(ret->type, sizeof(ret->type), "%.*s", (int)strcspn(type + 18, "\r"),
                       type + 18);
}

/* As net would: the handler inside an epoch section, the wait for the end, the notice. */
static inline void kit_ask(struct kit *kit, const struct ask *ask, struct answer *ret)
{
    struct kit_exchange *mine = MEM_NEW(struct kit_exchange);
    struct signed_request *signed_request = MEM_NEW(struct signed_request);
    struct net_exchange *exchange = &mine->exchange;

    mine->kit = kit;
    exchange->arena = &mine->arena;
    exchange->peer = STR("127.0.0.1:1");
    exchange->started_us = kit->os.monotonic_us(kit->os.context);
    exchange->response.file = -1;
    kit_sign(kit, ask, mine, signed_request);
    exchange->request = signed_request->request;
    epoch_enter(store_epoch(kit->store), kit->reader);
    kit->handler.handle(exchange, kit->handler.context);
    epoch_leave(store_epoch(kit->store), kit->reader);
    (void)pthread_mutex_lock(&kit->lock);
    while (!mine->is_finished)
        (void)pthread_cond_wait(&kit->finished_changed, &kit->lock);
    (void)pthread_mutex_unlock(&kit->lock);
    kit->handler.sent(exchange, kit->handler.context);
    kit_answer(mine, ret);
    buf_release(&exchange->response.body);
    buf_release(&exchange->response.headers);
    arena_release(&mine->arena);
    mem_free(signed_request);
    mem_free(mine);
}

static inline void answer_free(struct answer *answer)
{
    free(answer->body);
    free(answer->headers);
}

/* Asks, and expects this status, error type ("" for none) and text in the body. */
static inline void kit_expect(struct kit *kit, const struct ask *ask, int status, const char *type,
                              const char *text)
{
    struct answer answer;

    kit_ask(kit, ask, &answer);
    if (answer.status != status || strcmp(answer.type, type) != 0 ||
        strstr(answer.body, text) == NULL)
        fail_msg("%s %s %s: expected %d '%s' with '%s', found %d '%s': %s", ask->method,
                 ask->target, ask->body == NULL ? "" : ask->body, status, type, text, answer.status,
                 answer.type, answer.body);
    answer_free(&answer);
}

/* Asks, and expects a 200 with exactly this body. */
static inline void kit_body(struct kit *kit, const struct ask *ask, const char *body)
{
    struct answer answer;

    kit_ask(kit, ask, &answer);
    if (answer.status != 200 || strcmp(answer.body, body) != 0)
        fail_msg("%s %s %s: expected 200 %s, found %d %s", ask->method, ask->target,
                 ask->body == NULL ? "" : ask->body, body, answer.status, answer.body);
    answer_free(&answer);
}

/* ---- groups and records ---- */

#define KIT_BOTH                                                                                   \
    "\"OnlineStoreConfig\":{\"EnableOnlineStore\":true},"                                          \
    "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://bucket/prefix\"}},"             \
    "\"RoleArn\":\"arn:aws:iam::123456789012:role/asof\""
#define KIT_ONLINE_ONLY "\"OnlineStoreConfig\":{\"EnableOnlineStore\":true}"
#define KIT_OFFLINE_ONLY                                                                           \
    "\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":\"s3://bucket/prefix\"}},"             \
    "\"RoleArn\":\"arn:aws:iam::123456789012:role/asof\""
#define KIT_V2 "\"OnlineStoreConfig\":{\"EnableOnlineStore\":true,\"StorageType\":\"Standard_V2\"}"

/* A group with id (String), ts (String, the event time), n (Integral), x (Fractional), s (String).
 */
static inline void kit_group(struct kit *kit, const char *name, const char *stores)
{
    char body[2048];

    (void)snprintf(body, sizeof(body),
                   "{\"FeatureGroupName\":\"%s\",\"RecordIdentifierFeatureName\":\"id\","
                   "\"EventTimeFeatureName\":\"ts\",\"FeatureDefinitions\":["
                   "{\"FeatureName\":\"id\",\"FeatureType\":\"String\"},"
                   "{\"FeatureName\":\"ts\",\"FeatureType\":\"String\"},"
                   "{\"FeatureName\":\"n\",\"FeatureType\":\"Integral\"},"
                   "{\"FeatureName\":\"x\",\"FeatureType\":\"Fractional\"},"
                   "{\"FeatureName\":\"s\",\"FeatureType\":\"String\"}],%s}",
                   name, stores);
    kit_expect(
        kit,
        &(struct ask){
            .method = "POST", .target = "/", .body = body, .operation = "CreateFeatureGroup"},
        200, "", "FeatureGroupArn");
}

#define VALUE(name, value) "{\"FeatureName\":\"" name "\",\"ValueAsString\":\"" value "\"}"
#define KEYED(id, ts) VALUE("id", id) "," VALUE("ts", ts)
#define T1 "2026-07-01T14:03:07Z"
#define T2 "2026-07-01T14:03:08Z"
#define T3 "2026-07-01T14:03:09Z"

/* PUT of `{<members>}` to the group "g". */
static inline struct ask put_of(const char *body)
{
    return (struct ask){.method = "PUT", .target = "/FeatureGroup/g", .body = body};
}

static inline struct ask get_of(const char *query)
{
    static char target[4096];

    (void)snprintf(target, sizeof(target), "/FeatureGroup/g?%s", query);
    return (struct ask){.method = "GET", .target = target};
}

static inline void kit_put(struct kit *kit, const char *body)
{
    struct ask ask = put_of(body);

    kit_body(kit, &ask, "");
}

/* The unflushed rows: one for each accepted offline write. */
static inline uint64_t kit_rows(struct kit *kit)
{
    struct store_status status;

    store_status(kit->store, &status);
    return status.unflushed_rows;
}
