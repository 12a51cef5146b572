#pragma once
/* Shared by the files of the guard. */
#include "auth/auth.h"
#include "auth/credentials.h"

struct auth {
    const struct os *os;
    const char *path;
    struct arena arena;
    struct str region;
    _Atomic(struct credentials *) current;
};
