#include "query/resolve.h"

#include "offline/layout.h"

enum {
    NEAR_SHOWN = 3,     /* names that a message lists */
    NEAR_DISTANCE = 3,  /* at most so many letters changed, added or taken away, and half of all */
    NEAR_BEGINNING = 1, /* what a name counts that begins with the other */
    NEAR_NAME_MAX = 96, /* longer names are compared by what they begin with */
};

enum match { MATCH_NONE, MATCH_NOCASE, MATCH_EXACT };

static enum match match_text(struct str asked, struct str known)
{
    if (str_is_absent(known))
        return MATCH_NONE;
    if (str_equal(asked, known))
        return MATCH_EXACT;
    return str_equal_nocase(asked, known) ? MATCH_NOCASE : MATCH_NONE;
}

static enum match match_better(enum match a, enum match b)
{
    return a > b ? a : b;
}

static enum match match_group(const struct duck_name *name, const struct group *group,
                              bool is_retired, struct arena *arena)
{
    const bool is_ours =
        group->has_catalog_config && str_equal_nocase(name->schema, group->catalog_database);
    enum match match = MATCH_NONE;

    if (name->schema.len > 0 && !is_ours && !str_equal_nocase(name->schema, STR(RESOLVE_SCHEMA)))
        return MATCH_NONE;
    if (!is_retired)
        match = match_text(name->table, group->name);
    if (group->has_catalog_config && (is_ours || name->schema.len == 0))
        match = match_better(match, match_text(name->table, group->catalog_table));
    const struct arena_mark mark = arena_mark(arena);
    match = match_better(match, match_text(name->table, layout_table(group, arena)));
    arena_rewind(arena, mark);
    return match;
}

struct search {
    const struct duck_name *name;
    struct arena *arena;
    const struct group *exact;
    const struct group *nocase[2]; /* two are enough to tell that it does not decide */
    size_t nocase_count;
};

/* Later groups of the same table name (deleted and made again within a second) are the newer ones.
 */
static void search_groups(struct search *search, const struct group *const *groups, size_t count,
                          bool is_retired)
{
    for (size_t i = 0; i < count; i++) {
        const enum match match = match_group(search->name, groups[i], is_retired, search->arena);
        if (match == MATCH_EXACT && (search->exact == NULL || is_retired))
            search->exact = groups[i];
        if (match != MATCH_NOCASE)
            continue;
        if (search->nocase_count < ARRAY_COUNT(search->nocase))
            search->nocase[search->nocase_count] = groups[i];
        search->nocase_count++;
    }
}

/* ---- names that may have been meant ---- */

struct near {
    struct str name;
    unsigned distance;
};

/* Case and the hyphens of a group's name do not count. */
static int plain(char byte)
{
    if (byte == '-')
        return '_';
    return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    const unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters to change, add or take away. Both at most NEAR_NAME_MAX long. */
static unsigned edit_distance(struct str a, struct str b)
{
    unsigned row[NEAR_NAME_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            const unsigned change = plain(a.ptr[i - 1]) == plain(b.ptr[j - 1]) ? 0 : 1;
            const unsigned best = smallest(diagonal + change, row[j] + 1, row[j - 1] + 1);
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b.len];
}

static bool begins(struct str text, struct str start)
{
    if (text.len < start.len)
        return false;
    for (size_t i = 0; i < start.len; i++) {
        if (plain(text.ptr[i]) != plain(start.ptr[i]))
            return false;
    }
    return true;
}

/* UINT32_MAX when they are not alike. */
static unsigned name_distance(struct str asked, struct str known)
{
    if (asked.len == 0)
        return UINT32_MAX;
    if (begins(known, asked) || begins(asked, known))
        return NEAR_BEGINNING;
    const size_t longer = size_max(asked.len, known.len);
    const size_t shorter = asked.len + known.len - longer;
    if (longer > NEAR_NAME_MAX || longer - shorter > NEAR_DISTANCE)
        return UINT32_MAX;
    const unsigned distance = edit_distance(asked, known);
    return distance <= NEAR_DISTANCE && distance <= longer / 2 ? distance : UINT32_MAX;
}

static void near_add(struct near near[NEAR_SHOWN], struct str asked, struct str known)
{
    struct near candidate = {known, name_distance(asked, known)};

    for (size_t i = 0; i < NEAR_SHOWN && candidate.distance != UINT32_MAX; i++) {
        if (str_equal(near[i].name, candidate.name))
            return;
        if (near[i].name.ptr != NULL && near[i].distance <= candidate.distance)
            continue;
        const struct near moved = near[i];
        near[i] = candidate;
        candidate = moved.name.ptr == NULL ? (struct near){.distance = UINT32_MAX} : moved;
    }
}

static struct str full_name(const struct duck_name *name, struct arena *arena)
{
    const bool has_catalog = name->catalog.len > 0;
    const bool has_schema = name->schema.len > 0;

    return arena_format(arena, "%.*s%s%.*s%s%.*s", STR_ARG(name->catalog), has_catalog ? "." : "",
                        STR_ARG(name->schema), has_schema ? "." : "", STR_ARG(name->table));
}

static enum code not_found(const struct catalog *catalog, const struct duck_name *name,
                           struct arena *arena, struct err *err)
{
    const struct str asked = full_name(name, arena);
    struct near near[NEAR_SHOWN] = {0};
    CLEANUP(buf_release) struct buf list = {0};

    for (size_t i = 0; i < catalog->group_count; i++) {
        near_add(near, name->table, catalog->groups[i]->name);
        near_add(near, name->table, layout_table(catalog->groups[i], arena));
    }
    for (size_t i = 0; i < catalog->retired_count; i++)
        near_add(near, name->table, layout_table(catalog->retired[i], arena));
    for (size_t i = 0; i < NEAR_SHOWN && near[i].name.ptr != NULL; i++)
        buf_add_format(&list, "%s'%.*s'", i > 0 ? ", " : "", STR_ARG(near[i].name));
    if (list.len == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "table '%.*s' does not exist: a table is the name of a feature group or of "
                       "its Glue table",
                       STR_ARG(asked));
    return err_set(err, ERR_NOT_FOUND, "table '%.*s' does not exist; names near it: %.*s",
                   STR_ARG(asked), STR_ARG(buf_str(&list)));
}

static enum code check_offline(const struct group *group, struct err *err)
{
    if (!group->is_offline)
        return err_set(err, ERR_NOT_FOUND,
                       "feature group '%.*s' has no offline store: it has no history to read",
                       STR_ARG(group->name));
    return OK;
}

enum code resolve_table(const struct catalog *catalog, const struct duck_name *name,
                        struct arena *arena, const struct group **ret, struct err *err)
{
    struct search search = {.name = name, .arena = arena};

    assert(catalog != NULL && name != NULL);
    if (name->catalog.len > 0)
        return not_found(catalog, name, arena, err);
    search_groups(&search, catalog->groups, catalog->group_count, false);
    if (search.exact == NULL)
        search_groups(&search, catalog->retired, catalog->retired_count, true);
    const struct group *group = search.exact;
    if (group == NULL && search.nocase_count > 1)
        return err_set(err, ERR_INVALID,
                       "table '%.*s' is ambiguous: it may be '%.*s' or '%.*s'; write the one that "
                       "is meant in its own case",
                       STR_ARG(name->table), STR_ARG(search.nocase[0]->name),
                       STR_ARG(search.nocase[1]->name));
    if (group == NULL && search.nocase_count == 1)
        group = search.nocase[0];
    if (group == NULL)
        return not_found(catalog, name, arena, err);
    TRY(check_offline(group, err));
    *ret = group;
    return OK;
}

enum code resolve_group(const struct catalog *catalog, struct str name, struct arena *arena,
                        const struct group **ret, struct err *err)
{
    const struct group *group = catalog_find(catalog, name);

    if (group == NULL) {
        const struct duck_name table = {STR(""), STR(""), name};
        return not_found(catalog, &table, arena, err);
    }
    TRY(check_offline(group, err));
    *ret = group;
    return OK;
}
