#pragma once
/* The query worker: one query, from the socket to the result file (query_message.h). */

/* Returns the exit code. */
int query_worker_main(int socket);
