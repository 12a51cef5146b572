/* `asof load`. */
#include "cli/command.h"

enum code cmd_load(struct cli *cli, struct err *err)
{
    (void)cli;
    return err_set(err, ERR_INVALID, "not built yet");
}
