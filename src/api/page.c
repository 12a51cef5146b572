#include "api/page.h"

void page_init(struct page *page, size_t max, bool is_descending, struct arena *arena)
{
    assert(max > 0);
    *page = (struct page){
        .is_descending = is_descending,
        .max = max,
        .keys = ARENA_NEW(arena, struct page_key, max + 1),
    };
}

static int number_compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Negative when a stands before b on the page. */
static int key_compare(const struct page *page, const struct page_key *a, const struct page_key *b)
{
    int order = number_compare(a->number, b->number);

    if (order == 0)
        order = str_compare(a->text, b->text);
    if (order == 0)
        order = number_compare(a->id, b->id);
    if (order == 0)
        order = number_compare(a->index, b->index);
    return page->is_descending ? -order : order;
}

void page_offer(struct page *page, const struct page_key *key)
{
    size_t held = page->count + page->has_more;
    size_t low = 0;
    size_t high = held;

    page->total++;
    if (page->has_after && key_compare(page, key, &page->after) <= 0)
        return;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_compare(page, &page->keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == page->max + 1)
        return;
    size_t last = size_min(held, page->max);
    for (size_t i = last; i > low; i--)
        page->keys[i] = page->keys[i - 1];
    page->keys[low] = *key;
    if (page->count < page->max)
        page->count++;
    else
        page->has_more = true;
}

struct str page_state(const struct page *page, struct arena *arena)
{
    assert(page->count > 0);
    const struct page_key *last = &page->keys[page->count - 1];

    return arena_format(arena, "%c %lld %u %u %.*s", page->is_descending ? 'd' : 'a',
                        (long long)last->number, last->id, last->index, STR_ARG(last->text));
}

enum code page_resume(struct page *page, struct str state, struct err *err)
{
    struct str rest = state;
    struct str order = str_cut(&rest, ' ');
    struct page_key after = {0};
    struct str number = str_cut(&rest, ' ');
    struct str id = str_cut(&rest, ' ');
    struct str index = str_cut(&rest, ' ');
    uint64_t value;

    if (!str_equal(order, page->is_descending ? STR("d") : STR("a")))
        return err_set(err, ERR_INVALID,
                       "Validation Error: NextToken belongs to another SortOrder");
    TRY(str_to_i64(number, &after.number, err));
    TRY(str_to_u64(id, UINT32_MAX, &value, err));
    after.id = (uint32_t)value;
    TRY(str_to_u64(index, UINT32_MAX, &value, err));
    after.index = (uint32_t)value;
    after.text = rest;
    page->after = after;
    page->has_after = true;
    return OK;
}
