#pragma once
/*
 * Counters, gauges and per-operation latency histograms, rendered as Prometheus text. One
 * process-wide table of atomics: any thread adds, the /metrics handler renders.
 */
#include "core/base.h"
#include "core/buf.h"

enum metric {
#define METRIC(name, kind, help) METRIC_##name,
#include "core/metrics.def"
#undef METRIC
    METRIC_COUNT
};

enum { METRIC_OPERATIONS_MAX = 64 };

void metric_add(enum metric metric, int64_t amount);
void metric_set(enum metric metric, int64_t value);
int64_t metric_get(enum metric metric);

/* Operation numbers are those of api/ops.def; the name is given once at start, before any thread.
 */
void metric_operation_name(unsigned operation, const char *name);
/* Counts a finished request: latency in microseconds, HTTP status. */
void metric_operation_done(unsigned operation, int64_t latency_us, int status);

/* Prometheus text format 0.0.4, every name prefixed "asof_". */
void metrics_render(struct buf *out);
