#pragma once
/*
 * The command line: `asof COMMAND …`. commands.def lists the commands; `serve` and `worker` go to
 * the server, all others are HTTP clients of one and know nothing of its inside.
 */

/* Returns the exit code (command.h). */
int cli_main(int argc, char **argv);
