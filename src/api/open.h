#pragma once
/* The three routes that need no signature and tell nothing of a tenant: /health, /ready, /metrics.
 */
#include "api/api_priv.h"

/* True when the request was one of them and is answered. */
bool open_answer(struct api *api, struct net_exchange *exchange);
