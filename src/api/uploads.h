#pragma once
/*
 * Files that clients send in parts before a dataset reads them: under "<data>/tmp/uploads", named
 * by a random id that belongs to the principal that began it. Bounded in number, bytes and age;
 * gone after use and with the process. Parts are written by a thread of their own, since a loop may
 * not wait for a disk.
 */
#include "api/call.h"

struct uploads;

NODISCARD enum code uploads_new(const struct os *os, const char *data_dir, struct uploads **ret,
                                struct err *err);
void uploads_free(struct uploads *uploads); /* accepts NULL */

/* The id is in the call's arena. ERR_BUSY when too many are open. */
NODISCARD enum code uploads_begin(struct uploads *uploads, struct call *call, struct str *ret_id,
                                  struct err *err);

/*
 * Defers the call and finishes it when its body is part `number` (from 0, in order) of the upload.
 * The newest part may be sent again, as a client does that got no answer.
 */
NODISCARD enum code uploads_add(struct uploads *uploads, struct call *call, struct str id,
                                uint64_t number, struct err *err);

/* The file of an upload, held until uploads_end or uploads_give_back. The path is in the arena. */
NODISCARD enum code uploads_take(struct uploads *uploads, struct call *call, struct str id,
                                 const char **ret_path, struct err *err);
void uploads_give_back(struct uploads *uploads, struct str id);
/* It was used: removes it. */
void uploads_end(struct uploads *uploads, struct str id);
