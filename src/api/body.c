#include "api/body.h"

/* Chooses the error's type by who refused: the reader, or a constraint. */
static enum code body_refused(struct call *call, const struct json *json, enum code code)
{
    if (json_status(json) != OK)
        call->error_type = "SerializationException";
    return code;
}

static enum code members_read(struct call *call, struct json *json, body_member_fn *fn,
                              void *context, struct err *err)
{
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(fn(call, json, key, context, err));
    return json_end(json);
}

enum code body_read(struct call *call, body_member_fn *fn, void *context, struct err *err)
{
    struct json json;
    struct str body = call->exchange->request.body;

    if (body.len == 0)
        return OK;
    json_init(&json, body, call->arena, err);
    enum code code = members_read(call, &json, fn, context, err);
    return code == OK ? OK : body_refused(call, &json, code);
}

enum code body_texts(struct call *call, struct json *json, const char *name, size_t count_max,
                     struct texts *ret, struct err *err)
{
    struct texts texts = {.is_given = true};
    size_t capacity = 0;

    if (json_peek(json) == JSON_NULL)
        return json_null(json);
    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        if (texts.count == count_max)
            return err_set(
                err, ERR_INVALID,
                "1 validation error detected: Value at '%s' failed to satisfy constraint: "
                "Member must have length less than or equal to %zu",
                name, count_max);
        if (texts.count == capacity) {
            size_t grown = capacity == 0 ? 8 : capacity * 2;
            struct str *items = ARENA_NEW(call->arena, struct str, grown);
            if (texts.count > 0)
                memcpy(items, texts.items, texts.count * sizeof(items[0]));
            texts.items = items;
            capacity = grown;
        }
        TRY(json_string(json, &texts.items[texts.count++]));
    }
    TRY(json_status(json));
    *ret = texts;
    return OK;
}

enum code body_text(struct json *json, struct str *ret)
{
    return json_peek(json) == JSON_NULL ? json_null(json) : json_string(json, ret);
}
