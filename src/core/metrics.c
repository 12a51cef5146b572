#include "core/metrics.h"

#include <stdatomic.h>

enum { CLASSES = 6 }; /* 1xx to 5xx by number; 0 for anything else */

/* Upper bounds, in microseconds and as Prometheus writes them; one more bucket is for the rest. */
static const struct {
    int64_t us;
    const char *label;
} buckets[] = {
    {50, "0.00005"},  {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"},
    {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},  {25000, "0.025"}, {50000, "0.05"},
    {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},  {1000000, "1"},   {2500000, "2.5"},
    {5000000, "5"},   {10000000, "10"},
};

enum metric_kind { COUNTER, GAUGE };

static const struct {
    const char *name;
    enum metric_kind kind;
    const char *help;
} metrics[METRIC_COUNT] = {
#define METRIC(name, kind, help) {#name, kind, help},
#include "core/metrics.def"
#undef METRIC
};

/* Each on its own cache lines: loop threads count different operations at the same time. */
struct operation {
    _Alignas(64) const char *name;
    _Atomic uint64_t by_class[CLASSES];
    _Atomic uint64_t by_bucket[ARRAY_COUNT(buckets) + 1];
    _Atomic uint64_t sum_us;
};

static _Atomic int64_t values[METRIC_COUNT];
static struct operation operations[METRIC_OPERATIONS_MAX];

void metric_add(enum metric metric, int64_t amount)
{
    assert(metric < METRIC_COUNT);
    atomic_fetch_add_explicit(&values[metric], amount, memory_order_relaxed);
}

void metric_set(enum metric metric, int64_t value)
{
    assert(metric < METRIC_COUNT);
    atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

int64_t metric_get(enum metric metric)
{
    assert(metric < METRIC_COUNT);
    return atomic_load_explicit(&values[metric], memory_order_relaxed);
}

void metric_operation_name(unsigned operation, const char *name)
{
    assert(operation < METRIC_OPERATIONS_MAX);
    operations[operation].name = name;
}

static void count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void metric_operation_done(unsigned operation, int64_t latency_us, int status)
{
    assert(operation < METRIC_OPERATIONS_MAX);
    struct operation *done = &operations[operation];
    size_t bucket = 0;

    while (bucket < ARRAY_COUNT(buckets) && latency_us > buckets[bucket].us)
        bucket++;
    count(&done->by_class[status >= 100 && status < 600 ? status / 100 : 0], 1);
    count(&done->by_bucket[bucket], 1);
    count(&done->sum_us, latency_us < 0 ? 0 : (uint64_t)latency_us);
}

static unsigned long long get(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void render_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_add_format(out, "# HELP asof_%s %s\n# TYPE asof_%s %s\n", name, help, name, type);
}

static void render_requests(struct buf *out)
{
    render_head(out, "requests_total", "counter", "Finished requests by operation and status.");
    for (size_t i = 0; i < METRIC_OPERATIONS_MAX; i++) {
        struct operation *op = &operations[i];
        for (unsigned class = 1; op->name != NULL && class < CLASSES; class ++)
            buf_add_format(out, "asof_requests_total{operation=\"%s\",status=\"%uxx\"} %llu\n",
                           op->name, class, get(&op->by_class[class]));
    }
    render_head(out, "request_errors_total", "counter",
                "Requests that failed, by operation and by whose fault it was.");
    for (size_t i = 0; i < METRIC_OPERATIONS_MAX; i++) {
        struct operation *op = &operations[i];
        if (op->name == NULL)
            continue;
        buf_add_format(out, "asof_request_errors_total{operation=\"%s\",fault=\"client\"} %llu\n",
                       op->name, get(&op->by_class[4]));
        buf_add_format(out, "asof_request_errors_total{operation=\"%s\",fault=\"server\"} %llu\n",
                       op->name, get(&op->by_class[5]));
    }
}

static void render_latency(struct buf *out, struct operation *op)
{
    unsigned long long below = 0;

    for (size_t i = 0; i < ARRAY_COUNT(buckets) + 1; i++) {
        below += get(&op->by_bucket[i]);
        buf_add_format(out, "asof_request_seconds_bucket{operation=\"%s\",le=\"%s\"} %llu\n",
                       op->name, i < ARRAY_COUNT(buckets) ? buckets[i].label : "+Inf", below);
    }
    unsigned long long sum_us = get(&op->sum_us);
    buf_add_format(out, "asof_request_seconds_sum{operation=\"%s\"} %llu.%06llu\n", op->name,
                   sum_us / 1000000, sum_us % 1000000);
    buf_add_format(out, "asof_request_seconds_count{operation=\"%s\"} %llu\n", op->name, below);
}

void metrics_render(struct buf *out)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        render_head(out, metrics[i].name, metrics[i].kind == COUNTER ? "counter" : "gauge",
                    metrics[i].help);
        buf_add_format(out, "asof_%s %lld\n", metrics[i].name,
                       (long long)metric_get((enum metric)i));
    }
    render_requests(out);
    render_head(out, "request_seconds", "histogram",
                "Time from a request's last byte to its "
                "answer, by operation.");
    for (size_t i = 0; i < METRIC_OPERATIONS_MAX; i++) {
        if (operations[i].name != NULL)
            render_latency(out, &operations[i]);
    }
}
