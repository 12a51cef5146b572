/* Uploads by hand: whose they are, how many, how long, and by whom they are held. */
#include "unit/test.h"

#include "api/api_priv.h"
#include "api/uploads.h"
#include "config/limits.h"

#include <pthread.h>
#include <stdlib.h>

static char dir[64];
static const struct os *os;
static struct uploads *uploads;
static struct arena arena;
static struct err err;

static int setup(void **state)
{
    (void)state;
    os = os_linux();
    err = (struct err){0};
    arena = (struct arena){0};
    memcpy(dir, "/tmp/asof-test-XXXXXX", sizeof("/tmp/asof-test-XXXXXX"));
    assert_non_null(mkdtemp(dir));
    const char *left = arena_format(&arena, "%s/tmp/uploads", dir).ptr;
    assert_int_equal(os_make_dirs(os, left, &err), OK);
    left = arena_format(&arena, "%s/left", left).ptr;
    assert_int_equal(os_write_file(os, left, STR("x"), &err), OK);
    assert_int_equal(uploads_new(os, dir, &uploads, &err), OK);
    struct os_stat status;
    assert_int_equal(os->stat(os->context, left, &status, &err), ERR_NOT_FOUND);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    uploads_free(uploads);
    for (const char *const *name = (const char *const[]){"tmp/uploads", "tmp", "", NULL};
         *name != NULL; name++)
        assert_int_equal(
            os->remove(os->context, arena_format(&arena, "%s/%s", dir, *name).ptr, &err), OK);
    arena_release(&arena);
    return 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished_changed = PTHREAD_COND_INITIALIZER;
static bool is_finished;

/* In place of net's. */
void net_finish(struct net *net, struct net_exchange *exchange);
void net_finish(struct net *net, struct net_exchange *exchange)
{
    (void)net;
    (void)exchange;
    (void)pthread_mutex_lock(&lock);
    is_finished = true;
    (void)pthread_cond_signal(&finished_changed);
    (void)pthread_mutex_unlock(&lock);
}

static struct call call_of(const char *access_key, int64_t now_us)
{
    return (struct call){
        .arena = &arena, .now_us = now_us, .principal = {.access_key = str_from(access_key)}};
}

static struct str begin(const char *access_key, int64_t now_us)
{
    struct call call = call_of(access_key, now_us);
    struct str id = STR_ABSENT;

    assert_int_equal(uploads_begin(uploads, &call, &id, &err), OK);
    assert_int_equal(id.len, 32);
    return id;
}

static enum code take(const char *access_key, struct str id)
{
    struct call call = call_of(access_key, 0);
    const char *path = NULL;

    return uploads_take(uploads, &call, id, &path, &err);
}

static void ids_are_their_own(void **state)
{
    (void)state;
    const struct str one = begin("AKONE", 0);
    const struct str two = begin("AKTWO", 0);

    assert_false(str_equal(one, two));
    /* Without parts there is nothing to take; others' do not exist. */
    assert_int_equal(take("AKONE", one), ERR_INVALID);
    assert_non_null(strstr(err.message, "no parts"));
    assert_int_equal(take("AKONE", two), ERR_NOT_FOUND);
    assert_int_equal(take("AKON", one), ERR_NOT_FOUND);
    assert_int_equal(take("AKONE", STR("../../credentials")), ERR_NOT_FOUND);
    assert_int_equal(take("AKONE", STR("")), ERR_NOT_FOUND);
}

static void number_and_age_are_bounded(void **state)
{
    (void)state;
    const int64_t hour_us = INT64_C(3600) * 1000 * 1000;
    struct call call = call_of("AK", 0);
    struct str id = STR_ABSENT;

    for (int i = 0; i < LIMIT_UPLOADS; i++)
        id = begin("AK", i);
    assert_int_equal(uploads_begin(uploads, &call, &id, &err), ERR_BUSY);
    call.now_us = hour_us;
    assert_int_equal(uploads_begin(uploads, &call, &id, &err), ERR_BUSY);
    /* The first is older than an hour now. */
    call.now_us = hour_us + 1;
    assert_int_equal(uploads_begin(uploads, &call, &id, &err), OK);
    assert_int_equal(uploads_begin(uploads, &call, &id, &err), ERR_BUSY);
}

static struct api api;
static const struct operation operation = {.name = "UploadPart", .plane = PLANE_OWN};

/* Sends a part and waits for its end; the code it was answered with. */
static enum code add(struct str id, uint64_t number, struct str body)
{
    struct net_exchange exchange = {.request = {.body = body}};
    struct call call = call_of("AK", 0);

    call.api = &api;
    call.operation = &operation;
    call.exchange = &exchange;
    call.out = &exchange.response.body;
    is_finished = false;
    const enum code refused = uploads_add(uploads, &call, id, number, &err);
    assert_true(call.is_deferred == (refused == OK));
    if (refused != OK)
        return refused;
    (void)pthread_mutex_lock(&lock);
    while (!is_finished)
        (void)pthread_cond_wait(&finished_changed, &lock);
    (void)pthread_mutex_unlock(&lock);
    buf_release(&exchange.response.body);
    buf_release(&exchange.response.headers);
    return call.code;
}

static void parts_come_in_order(void **state)
{
    (void)state;
    const struct str id = begin("AK", 0);

    assert_int_equal(add(id, 1, STR("abc")), ERR_INVALID);
    assert_non_null(strstr(err.message, "expected part 0 of the upload, found part 1"));
    assert_int_equal(add(STR("x"), 0, STR("abc")), ERR_NOT_FOUND);
    assert_int_equal(add(id, 0, STR("abc")), OK);
    assert_int_equal(add(id, 0, STR("ABC")), OK); /* the newest, again */
    assert_int_equal(add(id, 0, STR("ABCD")), ERR_INVALID);
    assert_int_equal(add(id, 1, STR("")), OK);
    assert_int_equal(add(id, 2, STR("de")), OK);
    assert_int_equal(add(id, 1, STR("")), ERR_INVALID);

    struct call call = call_of("AK", 0);
    struct buf bytes = {0};
    const char *path = NULL;
    assert_int_equal(uploads_take(uploads, &call, id, &path, &err), OK);
    assert_int_equal(os_read_file(os, path, 100, &bytes, &err), OK);
    assert_true(str_equal(buf_str(&bytes), STR("ABCde")));
    buf_release(&bytes);

    /* Held by one at a time. */
    assert_int_equal(take("AK", id), ERR_CONFLICT);
    assert_int_equal(add(id, 3, STR("x")), ERR_CONFLICT);
    uploads_give_back(uploads, id);
    assert_int_equal(take("AK", id), OK);
    uploads_end(uploads, id);
    assert_int_equal(take("AK", id), ERR_NOT_FOUND);
    struct os_stat status;
    assert_int_equal(os->stat(os->context, path, &status, &err), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ids_are_their_own, setup, teardown),
        cmocka_unit_test_setup_teardown(number_and_age_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_come_in_order, setup, teardown),
    };
    return cmocka_run_group_tests_name("api/uploads", tests, NULL, NULL);
}
