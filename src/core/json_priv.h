#pragma once
/* Shared by the files of the JSON reader. */
#include "core/json.h"

/* Fails with "expected <expected> in '<member>', found <what stands at the cursor>": a value. */
enum code json_expected(struct json *json, const char *expected);

/* " in '<member>'" when a value of that member is being read, else empty. */
enum { JSON_PLACE_BYTES = 80 };
void json_place(const struct json *json, char ret[JSON_PLACE_BYTES]);
