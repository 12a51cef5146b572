#pragma once
/* One blocking connection to the server, plain or TLS, with a deadline for each wait. One thread.
 */
#include "cli/endpoint.h"

struct transport;

struct transport_options {
    const struct endpoint *endpoint;
    const char *authorities; /* PEM file of trusted certificates; NULL: the system's */
    bool is_unverified;
    unsigned connect_ms;
};

/* ERR_TIMEOUT: nobody answered there; the message names the endpoint. */
NODISCARD enum code transport_open(const struct transport_options *options, struct transport **ret,
                                   struct err *err);
void transport_close(struct transport *transport); /* accepts NULL */

/* For each following read and write. */
void transport_timeout(struct transport *transport, unsigned timeout_ms);

/* Both pieces, whole. */
NODISCARD enum code transport_write(struct transport *transport, struct str head, struct str body,
                                    struct err *err);
/* At least one byte; *ret_count 0 at the end. */
NODISCARD enum code transport_read(struct transport *transport, char *bytes, size_t count,
                                   size_t *ret_count, struct err *err);
