#include "api/shape.h"

#include "core/instant.h"
#include "schema/names.h"

#include <stdarg.h>
#include <stdio.h>

enum { PATH_BYTES = 240, VALUES_BYTES = 400 };

struct reader {
    struct json json;
    struct arena *arena;
    struct err *err;
    size_t path_len;
    char path[PATH_BYTES];
};

/* ---- messages ---- */

/* Appends to the path; a path that is too long is cut. */
PRINTF_LIKE(2, 3) static void path_add(struct reader *reader, const char *format, ...)
{
    size_t room = PATH_BYTES - reader->path_len;
    va_list args;

    va_start(args, format);
    int len = vsnprintf(reader->path + reader->path_len, room, format, args);
    va_end(args);
    assert(len >= 0);
    reader->path_len += size_min((size_t)len, room - 1);
}

static void path_cut(struct reader *reader, size_t len)
{
    reader->path_len = len;
    reader->path[len] = '\0';
}

/* "FeatureGroupName" goes into the path as "featureGroupName", as the service spells it. */
static void path_enter(struct reader *reader, const char *name)
{
    bool is_upper = name[0] >= 'A' && name[0] <= 'Z';
    char first = (char)(is_upper ? name[0] + ('a' - 'A') : name[0]);

    path_add(reader, "%s%c%s", reader->path_len == 0 ? "" : ".", first, name + 1);
}

PRINTF_LIKE(3, 4)
static enum code broken(const struct reader *reader, struct str value, const char *format, ...)
{
    char constraint[VALUES_BYTES];
    struct str shown = text_shown(value);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(constraint, sizeof(constraint), format, args);
    va_end(args);
    return err_set(reader->err, ERR_INVALID,
                   "1 validation error detected: Value '%.*s' at '%s' failed to satisfy "
                   "constraint: Member must %s",
                   STR_ARG(shown), reader->path, constraint);
}

static enum code broken_null(const struct reader *reader)
{
    return err_set(reader->err, ERR_INVALID,
                   "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                   "Member must not be null",
                   reader->path);
}

static enum code broken_values(const struct reader *reader, struct str value,
                               const char *const *values)
{
    char text[VALUES_BYTES];
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; values[i] != NULL && len < sizeof(text); i++)
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : ", ", values[i]);
    return broken(reader, value, "satisfy enum value set: [%s]", text);
}

/* A JSON type that is not the member's: the reader's own message, with the path before it. */
static enum code malformed(struct reader *reader, enum code code)
{
    if (code == OK || reader->path_len == 0)
        return code;
    code = err_prefix(reader->err, code, "%s", reader->path);
    path_cut(reader, 0); /* only once */
    return code;
}

/* ---- constraints ---- */

size_t shape_value_index(const char *const *values, struct str text)
{
    size_t i = 0;

    while (values[i] != NULL && !str_equal(text, str_from(values[i])))
        i++;
    return i;
}

static enum code text_check(const struct reader *reader, const struct shape_member *member,
                            struct str text)
{
    if (member->max > 0) {
        int64_t characters = (int64_t)str_code_points(text);
        if (characters > member->max)
            return broken(reader, text, "have length less than or equal to %lld",
                          (long long)member->max);
        if (characters < member->min)
            return broken(reader, text, "have length greater than or equal to %lld",
                          (long long)member->min);
    }
    if (member->fits != NULL && !member->fits(text))
        return broken(reader, text, "satisfy regular expression pattern: %s", member->pattern);
    if (member->values != NULL && member->values[shape_value_index(member->values, text)] == NULL)
        return broken_values(reader, text, member->values);
    return OK;
}

static enum code integer_check(const struct reader *reader, const struct shape_member *member,
                               int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%lld", (long long)value);
    struct str shown = {text, (size_t)len};

    if (member->min == 0 && member->max == 0)
        return OK;
    if (value < member->min)
        return broken(reader, shown, "have value greater than or equal to %lld",
                      (long long)member->min);
    if (value > member->max)
        return broken(reader, shown, "have value less than or equal to %lld",
                      (long long)member->max);
    return OK;
}

static enum code list_check(const struct reader *reader, const struct shape_member *member,
                            size_t count)
{
    if ((int64_t)count < member->min)
        return broken(reader, STR("[]"), "have length greater than or equal to %lld",
                      (long long)member->min);
    if (member->max > 0 && (int64_t)count > member->max)
        return broken(reader, STR("[...]"), "have length less than or equal to %lld",
                      (long long)member->max);
    return OK;
}

/* ---- values ---- */

static enum code object_read(struct reader *reader, const struct shape *shape, void *ret);

static enum code time_read(struct reader *reader, struct shape_number *ret)
{
    struct str text;
    struct instant instant;

    TRY(malformed(reader, json_number(&reader->json, &text)));
    if (instant_parse_decimal(text, &instant, NULL) != OK)
        return broken(reader, text, "be a time within the years 0000 to 9999");
    *ret = (struct shape_number){instant_to_us(instant), true};
    return OK;
}

static enum code bool_read(struct reader *reader, struct shape_number *ret)
{
    bool value;

    TRY(malformed(reader, json_bool(&reader->json, &value)));
    *ret = (struct shape_number){value, true};
    return OK;
}

static enum code integer_read(struct reader *reader, const struct shape_member *member,
                              struct shape_number *ret)
{
    int64_t value;

    TRY(malformed(reader, json_i64(&reader->json, &value)));
    TRY(integer_check(reader, member, value));
    *ret = (struct shape_number){value, true};
    return OK;
}

static enum code text_read(struct reader *reader, const struct shape_member *member,
                           struct str *ret)
{
    TRY(malformed(reader, json_string(&reader->json, ret)));
    return text_check(reader, member, *ret);
}

static enum code item_read(struct reader *reader, const struct shape_member *member, void *item)
{
    if (json_peek(&reader->json) == JSON_NULL) {
        TRY(malformed(reader, json_null(&reader->json)));
        return broken_null(reader);
    }
    if (member->of != NULL)
        return object_read(reader, member->of, item);
    return text_read(reader, member->element, item);
}

/* Room for one item more; the list doubles in the arena. */
static char *items_grow(struct arena *arena, char *items, size_t bytes, size_t count)
{
    if ((count & (count - 1)) != 0)
        return items;
    size_t room = count == 0 ? 1 : 2 * count;
    char *grown = arena_alloc(arena, arena_array_size(bytes, room), 16);
    if (count > 0)
        memcpy(grown, items, count * bytes);
    return grown;
}

static enum code list_read(struct reader *reader, const struct shape_member *member,
                           struct shape_list *ret)
{
    size_t bytes = member->of != NULL ? member->of->bytes : sizeof(struct str);
    size_t path_len = reader->path_len;
    size_t count = 0;
    char *items = NULL;

    assert((member->of != NULL) != (member->element != NULL));
    TRY(malformed(reader, json_array_begin(&reader->json)));
    for (; json_array_next(&reader->json); count++) {
        if (member->max > 0 && (int64_t)count == member->max)
            return list_check(reader, member, count + 1);
        items = items_grow(reader->arena, items, bytes, count);
        path_add(reader, ".%zu.member", count + 1);
        TRY(item_read(reader, member, items + count * bytes));
        path_cut(reader, path_len);
    }
    TRY(malformed(reader, json_status(&reader->json)));
    TRY(list_check(reader, member, count));
    *ret = (struct shape_list){items, count, true};
    return OK;
}

static enum code member_read(struct reader *reader, const struct shape_member *member, void *at)
{
    switch (member->kind) {
    case SHAPE_TEXT:
        return text_read(reader, member, at);
    case SHAPE_INTEGER:
        return integer_read(reader, member, at);
    case SHAPE_BOOL:
        return bool_read(reader, at);
    case SHAPE_TIME:
        return time_read(reader, at);
    case SHAPE_LIST:
        return list_read(reader, member, at);
    case SHAPE_OBJECT: {
        void *object = arena_alloc(reader->arena, member->of->bytes, 16);
        TRY(object_read(reader, member->of, object));
        memcpy(at, (const void *)&object, sizeof(object));
        return OK;
    }
    }
    return err_set(reader->err, ERR_INTERNAL, "a member of no kind");
}

static enum code known_read(struct reader *reader, const struct shape *shape, size_t index,
                            uint64_t *seen, void *ret)
{
    const struct shape_member *member = &shape->members[index];
    size_t path_len = reader->path_len;

    path_enter(reader, member->name);
    if ((*seen >> index & 1) != 0)
        return malformed(reader, json_fail(&reader->json, ERR_INVALID, "the member stands twice"));
    if (json_peek(&reader->json) == JSON_NULL) {
        TRY(malformed(reader, json_null(&reader->json)));
    } else {
        *seen |= UINT64_C(1) << index;
        TRY(member_read(reader, member, (char *)ret + member->offset));
    }
    path_cut(reader, path_len);
    return OK;
}

static enum code required_check(struct reader *reader, const struct shape *shape, uint64_t seen)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (!shape->members[i].is_required || (seen >> i & 1) != 0)
            continue;
        path_enter(reader, shape->members[i].name);
        return broken_null(reader);
    }
    return OK;
}

static enum code object_read(struct reader *reader, const struct shape *shape, void *ret)
{
    struct str key;
    uint64_t seen = 0;

    assert(shape->count <= 64);
    TRY(malformed(reader, json_object_begin(&reader->json)));
    while (json_object_next(&reader->json, &key)) {
        size_t index = 0;
        while (index < shape->count && !str_equal(key, str_from(shape->members[index].name)))
            index++;
        TRY(index < shape->count ? known_read(reader, shape, index, &seen, ret)
                                 : malformed(reader, json_skip(&reader->json, NULL)));
    }
    TRY(malformed(reader, json_status(&reader->json)));
    return required_check(reader, shape, seen);
}

enum code shape_read(struct str text, const struct shape *shape, struct arena *arena, void *ret,
                     bool *ret_is_malformed, struct err *err)
{
    struct reader reader = {.arena = arena, .err = err};
    struct str body = text.len == 0 ? STR("{}") : text;

    memset(ret, 0, shape->bytes);
    json_init(&reader.json, body, arena, err);
    enum code code = object_read(&reader, shape, ret);
    if (code == OK)
        code = json_end(&reader.json);
    *ret_is_malformed = json_status(&reader.json) != OK;
    return code;
}
