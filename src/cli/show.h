#pragma once
/*
 * A JSON object as lines for people: "name  value", members of an object inside as "outer.inner",
 * an array of objects as a table under its name. Pure.
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

NODISCARD enum code show_json(struct str text, struct arena *arena, struct buf *out,
                              struct err *err);
