#pragma once
/*
 * The operations of the control plane over a real store on the simulated machine, without network
 * and threads: kit_call runs a handler, turns the writer when the handler deferred, and keeps the
 * answer. The test program's own net_finish stands in for the network's.
 */
#include "unit/test.h"

#include "api/api_priv.h"
#include "api/router.h"
#include "core/mem.h"
#include "sim/sim_os.h"

#include <stdio.h>
#include <string.h>

struct server_kit {
    struct sim *sim;
    struct api api;
    struct store_options store_options;
    struct err err;
    /* of the last call */
    struct arena arena;
    struct net_exchange exchange;
    struct http_header headers[2];
    unsigned finished;
};

static struct server_kit server_kit;

void net_finish(struct net *net, struct net_exchange *exchange)
{
    assert_null(net);
    assert_ptr_equal(exchange, &server_kit.exchange);
    server_kit.finished++;
}

static void kit_open_store(struct server_kit *kit)
{
    struct store *store;

    assert_int_equal(store_open(sim_os(kit->sim), "/data", &kit->store_options, &store, &kit->err),
                     OK);
    kit->api.options.store = store;
}

static int kit_setup(void **state)
{
    struct server_kit *kit = &server_kit;

    memset(kit, 0, sizeof(*kit));
    kit->sim = sim_new(1);
    kit->store_options = (struct store_options){.journal = {.segment_bytes = 256 * 1024},
                                                .cache_bytes_max = 64 * 1024,
                                                .checkpoint_bytes = UINT64_C(1) << 40};
    kit->api.options.os = sim_os(kit->sim);
    kit->api.options.identity =
        (struct identity){STR("123456789012"), STR("eu-west-1"), STR("aws")};
    kit->api.options.groups_max = 5;
    kit_open_store(kit);
    *state = kit;
    return 0;
}

static void kit_release_call(struct server_kit *kit)
{
    buf_release(&kit->exchange.response.body);
    buf_release(&kit->exchange.response.headers);
    arena_release(&kit->arena);
}

static int kit_teardown(void **state)
{
    struct server_kit *kit = *state;

    kit_release_call(kit);
    store_close(kit->api.options.store);
    sim_free(kit->sim);
    return 0;
}

static const struct operation *kit_operation(const char *name)
{
    for (size_t i = 0; i < router_count(); i++) {
        if (str_equal(str_from(router_operation(i)->name), str_from(name)))
            return router_operation(i);
    }
    fail_msg("no operation %s", name);
    return NULL;
}

/* The answer's text; its status is in kit->exchange.response. */
static struct str kit_call(struct server_kit *kit, const char *operation, const char *body)
{
    kit_release_call(kit);
    memset(&kit->exchange, 0, sizeof(kit->exchange));
    kit->exchange.arena = &kit->arena;
    kit->exchange.response.file = -1;
    kit->exchange.request.body = str_from(body);
    kit->exchange.request.headers = kit->headers;
    struct call *call = ARENA_NEW(&kit->arena, struct call, 1);
    const struct os *os = kit->api.options.os;
    *call = (struct call){
        .api = &kit->api,
        .options = &kit->api.options,
        .exchange = &kit->exchange,
        .operation = kit_operation(operation),
        .principal = {STR("key"), STR("tester"), ACCESS_WRITE, STR("sagemaker")},
        .arena = &kit->arena,
        .out = &kit->exchange.response.body,
        .catalog = store_catalog(kit->api.options.store),
        .now_us = os->now_us(os->context),
    };
    kit->finished = 0;
    kit->api.deferred = 0;
    enum code code = call->operation->run(call, &kit->err);
    if (call->is_deferred) {
        size_t jobs = 0;
        assert_int_equal(code, OK);
        assert_int_equal(store_turn(kit->api.options.store, &jobs, &kit->err), OK);
        assert_int_equal(kit->finished, 1);
    } else {
        call_answer(call, code, &kit->err);
    }
    return buf_str(&kit->exchange.response.body);
}

static struct str kit_good(struct server_kit *kit, const char *operation, const char *body)
{
    struct str answer = kit_call(kit, operation, body);

    if (kit->exchange.response.status != 200)
        fail_msg("%s %s: %.*s", operation, body, STR_ARG(answer));
    return answer;
}

/* The answer is an error of that type whose message says `says`. */
static void kit_refused(struct server_kit *kit, const char *operation, const char *body,
                        const char *type, const char *says)
{
    struct str answer = kit_call(kit, operation, body);
    char start[80];

    (void)snprintf(start, sizeof(start), "{\"__type\":\"%s\",\"Message\":", type);
    assert_int_equal(kit->exchange.response.status, 400);
    if (!str_starts(answer, str_from(start)) || !str_contains(answer, str_from(says)))
        fail_msg("%s %s: %.*s", operation, body, STR_ARG(answer));
}
