#pragma once
/*
 * The bytes of a file, a pipe or standard input, gunzipped where they are gzip (told by the first
 * bytes, not by the name). zlib's header is included by input.c alone. One thread at a time.
 */
#include "core/base.h"

struct input;

/* "-" is standard input. ERR_NOT_FOUND, ERR_IO name the file. */
NODISCARD enum code input_open(const char *path, struct input **ret, struct err *err);
void input_close(struct input *input); /* accepts NULL */

/* Up to `count` bytes; 0 only at the end. ERR_CORRUPT for damaged gzip. */
NODISCARD enum code input_read(struct input *input, char *to, size_t count, size_t *ret_count,
                               struct err *err);

/* How much of the file was read (any thread may ask), and its size (0: not known), as stored. */
uint64_t input_position(const struct input *input);
uint64_t input_size(const struct input *input);
