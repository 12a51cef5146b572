#pragma once
/* The server's side of the flush worker: a parquet_sink that starts the worker when it is needed
 * and again after it died. One thread at a time (the flusher). */
#include "offline/parquet.h"

struct flush_client;

struct flush_client *flush_client_new(const char *program, const char *tmp_dir);
void flush_client_free(struct flush_client *client);
struct parquet_sink flush_client_sink(struct flush_client *client);
