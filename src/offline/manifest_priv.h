#pragma once
/* The text form of one manifest file, shared by manifest.c, its tests and its fuzz target. Pure. */
#include "offline/manifest.h"

struct manifest_delta {
    uint64_t number;
    bool is_base; /* all files up to the number, instead of the number's own */
    const struct manifest_file *files;
    size_t count;
};

void manifest_delta_write(const struct manifest_delta *delta, struct buf *out);

/* Texts are views into `text`. ERR_CORRUPT names the line and what was expected there. */
NODISCARD enum code manifest_delta_read(struct str text, struct arena *arena,
                                        struct manifest_delta *ret, struct err *err);
