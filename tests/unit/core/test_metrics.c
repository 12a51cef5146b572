/* Metrics: values, the classes and buckets of operations, the form Prometheus reads. */
#include "unit/test.h"

#include "core/metrics.h"

#include <pthread.h>

static struct buf rendered;

static void render(void)
{
    buf_clear(&rendered);
    metrics_render(&rendered);
}

static void assert_line(const char *line)
{
    struct buf wanted;

    buf_init(&wanted, 0);
    buf_add_format(&wanted, "\n%s\n", line);
    bool is_there = str_contains(buf_str(&rendered), buf_str(&wanted));
    buf_release(&wanted);
    if (!is_there)
        fail_msg("no line '%s'", line);
}

static void counters_and_gauges(void **state)
{
    (void)state;
    metric_add(METRIC_journal_batches_total, 2);
    metric_add(METRIC_journal_batches_total, 3);
    metric_set(METRIC_online_records, 100);
    metric_set(METRIC_online_records, 40);
    metric_add(METRIC_online_records, -1);
    assert_int_equal(metric_get(METRIC_journal_batches_total), 5);
    render();
    assert_line("asof_journal_batches_total 5");
    assert_line("asof_online_records 39");
    assert_line("# TYPE asof_online_records gauge");
    assert_line("# TYPE asof_journal_bytes_total counter");
    assert_line("# HELP asof_cache_bytes Bytes held by the record cache.");
}

static void operations(void **state)
{
    (void)state;
    metric_operation_name(3, "GetRecord");
    metric_operation_done(3, 50, 200);
    metric_operation_done(3, 51, 200);
    metric_operation_done(3, -5, 204);
    metric_operation_done(3, 1234567, 404);
    metric_operation_done(3, 10000000, 503);
    metric_operation_done(3, 10000001, 400);
    render();
    assert_line("asof_requests_total{operation=\"GetRecord\",status=\"2xx\"} 3");
    assert_line("asof_requests_total{operation=\"GetRecord\",status=\"3xx\"} 0");
    assert_line("asof_requests_total{operation=\"GetRecord\",status=\"4xx\"} 2");
    assert_line("asof_requests_total{operation=\"GetRecord\",status=\"5xx\"} 1");
    assert_line("asof_request_errors_total{operation=\"GetRecord\",fault=\"client\"} 2");
    assert_line("asof_request_errors_total{operation=\"GetRecord\",fault=\"server\"} 1");
    assert_line("asof_request_seconds_bucket{operation=\"GetRecord\",le=\"0.00005\"} 2");
    assert_line("asof_request_seconds_bucket{operation=\"GetRecord\",le=\"0.0001\"} 3");
    assert_line("asof_request_seconds_bucket{operation=\"GetRecord\",le=\"1\"} 3");
    assert_line("asof_request_seconds_bucket{operation=\"GetRecord\",le=\"2.5\"} 4");
    assert_line("asof_request_seconds_bucket{operation=\"GetRecord\",le=\"10\"} 5");
    assert_line("asof_request_seconds_bucket{operation=\"GetRecord\",le=\"+Inf\"} 6");
    assert_line("asof_request_seconds_count{operation=\"GetRecord\"} 6");
    assert_line("asof_request_seconds_sum{operation=\"GetRecord\"} 21.234669");
    assert_line("# TYPE asof_request_seconds histogram");
}

/* Every line is a comment or "name[{labels}] value"; every name has its HELP and TYPE before. */
static void every_line_has_the_form(void **state)
{
    (void)state;
    render();
    struct str rest = buf_str(&rendered);
    assert_true(str_ends(rest, STR("\n")));
    while (rest.len > 0) {
        struct str line = str_cut(&rest, '\n');
        int64_t ignored;
        assert_true(line.len > 0);
        if (line.ptr[0] == '#') {
            assert_true(str_starts(line, STR("# HELP asof_")) ||
                        str_starts(line, STR("# TYPE asof_")));
            continue;
        }
        assert_true(str_starts(line, STR("asof_")));
        size_t blank = str_find_byte(line, 0, ' ');
        struct str value = str_slice(line, blank + 1, line.len);
        struct str whole = str_cut(&value, '.');
        assert_int_equal(str_to_i64(whole, &ignored, NULL), OK);
    }
}

enum { THREADS = 4, TIMES = 20000 };

static void *count_up(void *context)
{
    (void)context;
    for (int i = 0; i < TIMES; i++) {
        metric_add(METRIC_flush_rows_total, 1);
        metric_operation_done(4, 10, 200);
    }
    return NULL;
}

static void threads_lose_nothing(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    metric_operation_name(4, "PutRecord");
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    render();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(metric_get(METRIC_flush_rows_total), THREADS * TIMES);
    render();
    assert_line("asof_requests_total{operation=\"PutRecord\",status=\"2xx\"} 80000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_and_gauges),
        cmocka_unit_test(operations),
        cmocka_unit_test(every_line_has_the_form),
        cmocka_unit_test(threads_lose_nothing),
    };

    buf_init(&rendered, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_release(&rendered);
    return failed;
}
