#pragma once
/* Where log lines go: standard error, with the clock of `os`. Once, before any thread. */
#include "core/log.h"
#include "os/os.h"

void server_log_setup(const struct os *os, enum log_level level);
