#pragma once
/* `asof worker flush|query …`: not for people. Returns the exit code. */
int worker_main(int argc, char **argv);
