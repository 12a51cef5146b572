#pragma once
/* Listening and accepted TCP sockets: none blocks, all are closed on exec. */
#include "core/base.h"
#include "core/str.h"

enum { SOCKET_PEER_BYTES = 64 };

/* "127.0.0.1:7878", "[::1]:7878", "0.0.0.0:0": numeric, port 0 takes a free one. */
NODISCARD enum code socket_listen(struct str address, int *ret_fd, unsigned *ret_port,
                                  struct err *err);

/*
 * Takes a waiting connection, with TCP_NODELAY, and the peer's address as text. -1 when none waits;
 * *ret_is_exhausted then tells whether descriptors or memory ran out, so that it must be tried
 * again later.
 */
int socket_accept(int listener, char ret_peer[SOCKET_PEER_BYTES], bool *ret_is_exhausted);

/* Closes; `is_reset` throws away what was not sent, so that nothing is kept for a dead peer. */
void socket_close(int fd, bool is_reset);
