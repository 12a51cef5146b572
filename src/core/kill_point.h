#pragma once
/*
 * Named places where a test may end the process as kill -9 would: with ASOF_KILL_POINT=name:n in
 * the environment the n-th passage (from 1) of that name is the last thing that happens. Compiled
 * in by the build option `kill_points` alone; otherwise nothing is left of them.
 */
#include "core/base.h"

#ifdef ASOF_KILL_POINTS
void kill_point(const char *name);
#else
static inline void kill_point(const char *name)
{
    (void)name;
}
#endif
