#pragma once
/* Shared by the files of the JSON reader. */
#include "core/json.h"

/* Fails with "expected <expected>, found <what stands at the cursor>". */
enum code json_expected(struct json *json, const char *expected);
