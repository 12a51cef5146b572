#pragma once
/*
 * One page of a sorted list. Every candidate is offered, in any order; the page keeps the first
 * `max` behind the place where the last page ended, and counts all. The place is a key, not a
 * position, so things that come and go between two calls neither hide nor repeat others. Pure.
 */
#include "core/arena.h"
#include "core/base.h"

/* Sorts by number, then text, then id and index, which together are unique. */
struct page_key {
    int64_t number;
    struct str text;
    uint32_t id;    /* of the group */
    uint32_t index; /* of the feature, where features are listed */
    const void *item;
};

struct page {
    bool is_descending;
    size_t max;
    bool has_after;
    struct page_key after; /* the last key of the page before */
    struct page_key *keys; /* max + 1 of them; the last only tells that there is more */
    size_t count;          /* at most max */
    bool has_more;
    uint64_t total; /* all that was offered */
};

void page_init(struct page *page, size_t max, bool is_descending, struct arena *arena);
void page_offer(struct page *page, const struct page_key *key);

/* Where the page ended, as the state of a token, and back: the next page starts behind it. */
struct str page_state(const struct page *page, struct arena *arena);
NODISCARD enum code page_resume(struct page *page, struct str state, struct err *err);
