/* /v1/flush and /v1/status. */
#include "unit/test.h"

#include "unit/api/api_kit.h"

static enum code flush_result;
static enum code request_result;
static unsigned flushes;

static void *finish_flush(void *argument)
{
    void **both = argument;
    flusher_done_fn *done = *(flusher_done_fn **)&both[0];
    struct err err = {.code = flush_result, .message = "the worker died"};

    done(flush_result, &err, both[1]);
    free(argument);
    return NULL;
}

/* In place of the flusher's: done on another thread. */
enum code flusher_request(struct flusher *flusher, flusher_done_fn *done, void *context,
                          struct err *err)
{
    pthread_t thread;

    (void)flusher;
    flushes++;
    if (request_result != OK)
        return err_set(err, request_result, "too many wait for a flush");
    void **both = malloc(2 * sizeof(void *));
    memcpy(&both[0], &done, sizeof(done));
    both[1] = context;
    assert_int_equal(pthread_create(&thread, NULL, finish_flush, both), 0);
    (void)pthread_detach(thread);
    return OK;
}

static void waits_for_the_flush(void **state)
{
    struct kit *kit = *state;
    struct ask ask = {.method = "POST", .target = "/v1/flush"};

    kit_body(kit, &ask, "{}");
    assert_int_equal(flushes, 1);
    flush_result = ERR_IO;
    kit_expect(kit, &ask, 500, "InternalFailure", "Internal server error");
    flush_result = OK;
    request_result = ERR_BUSY;
    kit_expect(kit, &ask, 503, "ServiceUnavailable", "too many wait");
    request_result = OK;
    kit_body(kit, &ask, "{}");
    ask.is_reader = true;
    kit_expect(kit, &ask, 403, "AccessDeniedException", "sagemaker:Flush");
    assert_int_equal(flushes, 4);
}

static void tells_the_status(void **state)
{
    struct kit *kit = *state;
    struct ask ask = {.method = "GET", .target = "/v1/status", .is_reader = true};

    kit_put(kit, "{\"Record\":[" KEYED("a", T1) "]}");
    kit_put(kit, "{\"Record\":[" KEYED("a", T2) "]}");
    kit_expect(kit, &ask, 200, "", "\"UnflushedRows\":2");
    kit_expect(kit, &ask, 200, "", "\"OnlineRecords\":1");
    kit_expect(kit, &ask, 200, "", "{\"FeatureGroupName\":\"g\",");
    kit_expect(kit, &ask, 200, "", "\"OfflineRows\":0");
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
        cmocka_unit_test(waits_for_the_flush),
        cmocka_unit_test(tells_the_status),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
