#pragma once
/* `asof serve`: opens everything in order, runs until SIGTERM or SIGINT, closes in reverse. */
#include "config/options.h"

int server_main(const struct options *options);
