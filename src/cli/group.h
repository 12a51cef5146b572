#pragma once
/* Asking the server what a feature group is like. */
#include "cli/command.h"
#include "cli/group_info.h"

/* Views into the command's arena. */
NODISCARD enum code group_fetch(struct cli *cli, struct str name, struct group_info *ret,
                                struct err *err);
