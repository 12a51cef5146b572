#pragma once
/* What every unit test includes: cmocka in its required order. Use only calls of cmocka 1.1.5
 * and 2.x. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
