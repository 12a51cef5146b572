/* Query threads: formats by name and header; what an earlier process left; an idle pool ends. */
#include "unit/test.h"

#include "api/query_pool.h"

#include <stdlib.h>

static struct arena arena;
static struct err err;

static int setup(void **state)
{
    (void)state;
    arena = (struct arena){0};
    err = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum code format_of(const char *accept, struct str name, enum engine_format *ret)
{
    struct http_header header = {STR("Accept"), str_from(accept)};
    struct net_exchange exchange = {
        .request = {.headers = &header, .header_count = accept == NULL ? 0 : 1}};
    const struct call call = {.exchange = &exchange, .arena = &arena};

    err = (struct err){0};
    return query_format_of(&call, name, ret, &err);
}

static void formats_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *accept, *name;
        enum engine_format format;
    } cases[] = {
        {NULL, NULL, ENGINE_JSON},
        {"*/*", NULL, ENGINE_JSON},
        {"application/json", NULL, ENGINE_JSON},
        {"text/csv", NULL, ENGINE_CSV},
        {"text/csv; charset=utf-8", NULL, ENGINE_CSV},
        {"application/vnd.apache.parquet", NULL, ENGINE_PARQUET},
        {"application/octet-stream", NULL, ENGINE_PARQUET},
        {"image/png", NULL, ENGINE_JSON},
        {"text/csv", "json", ENGINE_JSON},
        {NULL, "CSV", ENGINE_CSV},
        {NULL, "parquet", ENGINE_PARQUET},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        enum engine_format format = ENGINE_JSON;
        assert_int_equal(format_of(cases[i].accept, str_from(cases[i].name), &format), OK);
        assert_int_equal(format, cases[i].format);
    }
    enum engine_format format;
    assert_int_equal(format_of("text/csv", STR("xml"), &format), ERR_INVALID);
    assert_non_null(strstr(err.message, "found 'xml'"));
    assert_int_equal(format_of("text/csv", STR(""), &format), ERR_INVALID);
}

static void what_was_left_is_removed(void **state)
{
    (void)state;
    const struct os *os = os_linux();
    struct query_pool *pool = NULL;
    struct os_stat status;
    char dir[] = "/tmp/asof-test-XXXXXX";

    assert_non_null(mkdtemp(dir));
    const char *spill = arena_format(&arena, "%s/tmp/query-00ff/spill", dir).ptr;
    const char *other = arena_format(&arena, "%s/tmp/flush-1", dir).ptr;
    assert_int_equal(os_make_dirs(os, spill, &err), OK);
    assert_int_equal(os_write_file(os, arena_format(&arena, "%s/x.tmp", spill).ptr, STR("x"), &err),
                     OK);
    assert_int_equal(os_write_file(os, other, STR("x"), &err), OK);

    const struct api_options options = {.os = os, .data_dir = dir};
    assert_int_equal(query_pool_new(&options, &pool, &err), OK);
    const char *place = arena_format(&arena, "%s/tmp/query-00ff", dir).ptr;
    assert_int_equal(os->stat(os->context, place, &status, &err), ERR_NOT_FOUND);
    assert_int_equal(os->stat(os->context, other, &status, &err), OK);
    assert_non_null(query_pool_uploads(pool));
    query_pool_free(pool);
    query_pool_free(NULL);

    const char *const names[] = {"tmp/uploads", "tmp/flush-1", "tmp", ""};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        assert_int_equal(
            os->remove(os->context, arena_format(&arena, "%s/%s", dir, names[i]).ptr, &err), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(formats_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_left_is_removed, setup, teardown),
    };
    return cmocka_run_group_tests_name("api/query_pool", tests, NULL, NULL);
}
