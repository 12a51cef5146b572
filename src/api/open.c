#include "api/open.h"

#include "core/metrics.h"

static void text_answer(struct net_exchange *exchange, int status, struct str type, struct str text)
{
    exchange->response.status = status;
    exchange->response.content_type = type;
    buf_add(&exchange->response.body, text);
}

/* Gauges that nobody counts as they change are read when somebody asks. */
static void metrics_answer(struct api *api, struct net_exchange *exchange)
{
    struct store_status status;

    store_status(api->options.store, &status);
    metric_set(METRIC_offline_unflushed_rows, (int64_t)status.unflushed_rows);
    metric_set(METRIC_offline_unflushed_oldest_us, status.unflushed_oldest_us);
    metric_set(METRIC_online_records, (int64_t)status.online_records);
    metric_set(METRIC_cache_bytes, (int64_t)status.cache_bytes);
    exchange->response.status = 200;
    exchange->response.content_type = STR("text/plain; version=0.0.4; charset=utf-8");
    metrics_render(&exchange->response.body);
}

bool open_answer(struct api *api, struct net_exchange *exchange)
{
    const struct http_request *request = &exchange->request;

    if (request->method != HTTP_GET && request->method != HTTP_HEAD)
        return false;
    if (str_equal(request->path, STR("/health"))) {
        text_answer(exchange, 200, STR("application/json"), STR("{\"status\":\"ok\"}"));
        return true;
    }
    if (str_equal(request->path, STR("/ready"))) {
        bool is_ready = *api->options.is_ready;
        text_answer(exchange, is_ready ? 200 : 503, STR("application/json"),
                    is_ready ? STR("{\"status\":\"ready\"}") : STR("{\"status\":\"starting\"}"));
        return true;
    }
    if (str_equal(request->path, STR("/metrics"))) {
        metrics_answer(api, exchange);
        return true;
    }
    return false;
}
