#pragma once
/*
 * Reclamation for readers without locks: a reader announces itself around its reads, the one thread
 * that unpublishes an object retires it, and it is freed when no reader that could have seen it is
 * inside.
 *
 * Each reading thread owns one slot. Between epoch_enter and epoch_leave it may follow published
 * pointers; it must not block inside. Loop threads enter once a turn. Retiring is for one thread at
 * a time (the writer); epoch_collect frees what is safe.
 */
#include "core/base.h"

enum { EPOCH_READERS_MAX = 64 };

struct epoch;

struct epoch *epoch_new(void);
void epoch_free(struct epoch *epoch); /* frees everything retired; no reader is inside */

/* A slot for the calling thread; ERR_LIMIT when all are taken. */
NODISCARD enum code epoch_reader_add(struct epoch *epoch, unsigned *ret_reader, struct err *err);
void epoch_reader_remove(struct epoch *epoch, unsigned reader);

void epoch_enter(struct epoch *epoch, unsigned reader);
void epoch_leave(struct epoch *epoch, unsigned reader);

typedef void epoch_free_fn(void *object, void *context);

/* Writer only: `object` was unpublished; free it when no reader can hold it. */
void epoch_retire(struct epoch *epoch, void *object, epoch_free_fn *fn, void *context);

/* Writer only: frees what is safe now; returns how many objects still wait. */
size_t epoch_collect(struct epoch *epoch);
