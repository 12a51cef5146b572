#pragma once
/* Unicode letters, separators and numbers (categories L, Z, N), from a table. Pure. */
#include "core/base.h"

bool letter_is(uint32_t point);
