#pragma once
/*
 * Structured log lines (one JSON object a line) on standard error. Only the outermost loops log
 * (api, flush, writer, supervisor), once per event. Client bytes are escaped and cut at
 * LOG_VALUE_BYTES_MAX.
 *
 *     struct log_line line;
 *     log_begin(&line, LOG_INFO, "request");
 *     log_str(&line, "operation", STR("PutRecord"));
 *     log_i64(&line, "latency_us", 412);
 *     log_end(&line);
 */
#include "core/base.h"
#include "core/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum { LOG_LINE_BYTES = 2048, LOG_VALUE_BYTES_MAX = 256 };

struct log_line {
    enum log_level level;
    size_t len;
    char text[LOG_LINE_BYTES];
};

/* Lines below `level` are dropped. `write` gets whole lines (with LF); `now_us` gives the time. */
typedef void log_write_fn(struct str line, void *context);
typedef int64_t log_now_fn(void *context);
void log_setup(enum log_level level, log_write_fn *write, log_now_fn *now_us, void *context);

void log_begin(struct log_line *line, enum log_level level, const char *event);
void log_str(struct log_line *line, const char *key, struct str value);
void log_i64(struct log_line *line, const char *key, int64_t value);
void log_end(struct log_line *line);
