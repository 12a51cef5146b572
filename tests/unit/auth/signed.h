#pragma once
/* Signed requests for the tests of the guard, in the shapes that real clients send. */
#include "auth/auth.h"
#include "core/instant.h"
#include "core/sigv4.h"

#include <stdlib.h>

enum { SIGNED_HEADERS_MAX = 24 };

struct signed_request {
    struct http_request request;
    struct http_header headers[SIGNED_HEADERS_MAX];
    bool is_unsigned[SIGNED_HEADERS_MAX]; /* by index of headers */
};

struct signer {
    struct str access_key;
    struct str secret;
    struct str region;
    struct str service;
    struct str amz_date;
};

static inline void signed_begin(struct signed_request *signed_request, const char *method,
                                const char *path, const char *query, const char *body)
{
    *signed_request = (struct signed_request){0};
    signed_request->request = (struct http_request){
        .method_text = str_from(method),
        .path = str_from(path),
        .query = str_from(query),
        .body = str_from(body),
        .headers = signed_request->headers,
    };
}

static inline void signed_header(struct signed_request *signed_request, const char *name,
                                 struct str value)
{
    size_t at = signed_request->request.header_count++;

    if (at >= SIGNED_HEADERS_MAX)
        abort();
    signed_request->request.headers = signed_request->headers;
    signed_request->headers[at] = (struct http_header){str_from(name), value};
}

static inline void signed_header_unsigned(struct signed_request *signed_request, const char *name,
                                          struct str value)
{
    signed_request->is_unsigned[signed_request->request.header_count] = true;
    signed_header(signed_request, name, value);
}

/* Adds the Authorization header over all headers that are to be signed. */
static inline void signed_finish(struct signed_request *signed_request, const struct signer *signer,
                                 struct arena *arena)
{
    struct sigv4_header headers[SIGNED_HEADERS_MAX];
    struct sigv4_scope scope = {str_slice(signer->amz_date, 0, 8), signer->region, signer->service};
    struct sigv4_keys keys = {signer->access_key, signer->secret};
    struct str authorization;
    struct sigv4_request request = {
        .method = signed_request->request.method_text,
        .path = signed_request->request.path,
        .query = signed_request->request.query,
        .headers = headers,
        .payload = sha256_of(signed_request->request.body),
        .is_path_encoded_twice = true,
    };

    for (size_t i = 0; i < signed_request->request.header_count; i++) {
        if (!signed_request->is_unsigned[i])
            headers[request.header_count++] = (struct sigv4_header){
                signed_request->headers[i].name, signed_request->headers[i].value};
    }
    if (sigv4_sign(&request, &keys, &scope, arena, &authorization, NULL) != OK)
        abort();
    signed_header_unsigned(signed_request, "Authorization", authorization);
}

static inline void like_botocore(struct signed_request *signed_request, const struct signer *signer)
{
    signed_header(signed_request, "Host", STR("127.0.0.1:7878"));
    signed_header(signed_request, "X-Amz-Date", signer->amz_date);
    signed_header_unsigned(signed_request, "Accept-Encoding", STR("identity"));
    signed_header_unsigned(signed_request, "User-Agent", STR("Boto3/1.26.27 Python/3.11"));
    signed_header_unsigned(signed_request, "amz-sdk-invocation-id",
                           STR("4a1b7a6e-8e5e-4a43-9d0e-3d1f6a1c2b3d"));
    signed_header_unsigned(signed_request, "amz-sdk-request", STR("attempt=1"));
}

static inline void like_javascript(struct signed_request *signed_request,
                                   const struct signer *signer, struct arena *arena)
{
    struct sha256 payload = sha256_of(signed_request->request.body);
    char *hex = arena_alloc_raw(arena, 64, 1);

    sha256_hex(&payload, hex);
    signed_header(signed_request, "host", STR("127.0.0.1:7878"));
    signed_header(signed_request, "content-type", STR("application/json"));
    signed_header(signed_request, "content-length",
                  arena_format(arena, "%zu", signed_request->request.body.len));
    signed_header(signed_request, "amz-sdk-invocation-id",
                  STR("4a1b7a6e-8e5e-4a43-9d0e-3d1f6a1c2b3d"));
    signed_header(signed_request, "amz-sdk-request", STR("attempt=1; max=3"));
    signed_header(signed_request, "x-amz-user-agent",
                  STR("aws-sdk-js/3.1138.0 ua/2.1 os/linux#6.1 lang/js md/nodejs#22"));
    signed_header(signed_request, "x-amz-date", signer->amz_date);
    signed_header(signed_request, "x-amz-content-sha256", (struct str){hex, 64});
    signed_header_unsigned(signed_request, "connection", STR("keep-alive"));
}

/* Good requests: GetRecord, PutRecord and DeleteRecord of botocore, PutRecord of the JavaScript
 * SDK, a control-plane call of each. `number` from 0; false behind the last. */
static inline bool signed_example(struct signed_request *signed_request, unsigned number,
                                  const struct signer *signer, struct arena *arena)
{
    switch (number) {
    case 0:
        signed_begin(signed_request, "GET", "/FeatureGroup/fraud_transaction_features_v3",
                     "RecordIdentifierValueAsString=a%20b%2Bc%2F%C3%A9%26%3D~&FeatureName=f1"
                     "&FeatureName=f2&ExpirationTimeResponse=Enabled",
                     "");
        like_botocore(signed_request, signer);
        break;
    case 1:
        signed_begin(signed_request, "PUT",
                     "/FeatureGroup/arn%3Aaws%3Asagemaker%3Aus-east-1%3A000000000000%3A"
                     "feature-group%2Ffg",
                     "",
                     "{\"Record\": [{\"FeatureName\": \"transaction_id\", \"ValueAsString\": "
                     "\"txn-7f8a2e\"}]}");
        like_botocore(signed_request, signer);
        signed_header(signed_request, "Content-Type", STR("application/json"));
        break;
    case 2:
        signed_begin(signed_request, "DELETE", "/FeatureGroup/fg",
                     "RecordIdentifierValueAsString=1&EventTime=2020-01-01T00%3A00%3A00Z"
                     "&TargetStores=OnlineStore&TargetStores=OfflineStore&DeletionMode=HardDelete",
                     "");
        like_botocore(signed_request, signer);
        break;
    case 3:
        signed_begin(signed_request, "PUT", "/FeatureGroup/fg", "",
                     "{\"Record\":[{\"FeatureName\":\"id\",\"ValueAsString\":\"\xc3\xa9\"}]}");
        like_javascript(signed_request, signer, arena);
        break;
    case 4:
        signed_begin(signed_request, "POST", "/", "", "{\"FeatureGroupName\": \"fg\"}");
        like_botocore(signed_request, signer);
        signed_header(signed_request, "Content-Type", STR("application/x-amz-json-1.1"));
        signed_header(signed_request, "X-Amz-Target", STR("SageMaker.DescribeFeatureGroup"));
        break;
    case 5:
        signed_begin(signed_request, "POST", "/", "", "{\"FeatureGroupName\":\"fg\"}");
        like_javascript(signed_request, signer, arena);
        signed_header(signed_request, "x-amz-target", STR("SageMaker.DeleteFeatureGroup"));
        break;
    default:
        return false;
    }
    signed_finish(signed_request, signer, arena);
    return true;
}
