#pragma once
/* The flush worker's main loop: file after file from the socket until the server closes it. */

/* `tmp_dir` is the one folder where it may write. Returns the exit code. */
int flush_worker_main(int socket, const char *tmp_dir);
