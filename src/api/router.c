#include "api/router.h"

#include "config/limits.h"
#include "core/uri.h"

enum {
#define OPERATION(id, name, plane, method, path, service, access, body, handler) NUMBER_##id,
#include "api/ops.def"
#undef OPERATION
};

static const struct operation operations[] = {
#define OPERATION(id, name_, plane_, method_, path_, service_, access_, body_, handler_)           \
    {.number = NUMBER_##id,                                                                        \
     .name = (name_),                                                                              \
     .plane = PLANE_##plane_,                                                                      \
     .method = (method_),                                                                          \
     .path = (path_),                                                                              \
     .services = {(service_), NULL},                                                               \
     .access = ACCESS_##access_,                                                                   \
     .body_bytes_max = (body_),                                                                    \
     .run = (handler_)},
#include "api/ops.def"
#undef OPERATION
};

size_t router_count(void)
{
    return ARRAY_COUNT(operations);
}

const struct operation *router_operation(size_t number)
{
    assert(number < ARRAY_COUNT(operations));
    return &operations[number];
}

/* Matches a raw path against a pattern; keeps the raw text of each {} segment. */
static bool path_matches(struct str pattern, struct str path, struct str *raw_arguments)
{
    size_t count = 0;

    if (path.len == 0 || path.ptr[0] != '/')
        return false;
    while (pattern.len > 0 && path.len > 0) {
        struct str wanted = str_cut(&pattern, '/');
        struct str found = str_cut(&path, '/');
        if (str_equal(wanted, STR("{}"))) {
            if (found.len == 0)
                return false;
            assert(count < CALL_PATH_ARGUMENTS_MAX);
            raw_arguments[count++] = found;
        } else if (!str_equal(wanted, found)) {
            return false;
        }
    }
    return pattern.len == 0 && path.len == 0;
}

static const struct operation *target_match(struct str target)
{
    static const struct str prefix = {"SageMaker.", 10};

    if (!str_starts(target, prefix))
        return NULL;
    struct str name = str_slice(target, prefix.len, target.len);
    for (size_t i = 0; i < ARRAY_COUNT(operations); i++) {
        if (operations[i].plane == PLANE_CONTROL && str_equal(str_from(operations[i].name), name))
            return &operations[i];
    }
    return NULL;
}

static const struct operation *match(const struct http_request *request, struct str *raw_arguments)
{
    if (request->method == HTTP_POST && str_equal(request->path, STR("/")))
        return target_match(http_header(request, STR("x-amz-target"), NULL));
    for (size_t i = 0; i < ARRAY_COUNT(operations); i++) {
        const struct operation *operation = &operations[i];
        if (operation->plane != PLANE_CONTROL && operation->method == request->method &&
            path_matches(str_from(operation->path), request->path, raw_arguments) &&
            !str_ends(request->path, STR("/")))
            return operation;
    }
    return NULL;
}

const struct operation *router_match(const struct http_request *request)
{
    struct str raw_arguments[CALL_PATH_ARGUMENTS_MAX] = {{0}};

    return match(request, raw_arguments);
}

enum code router_find(const struct http_request *request, struct arena *arena, struct route *ret,
                      struct err *err)
{
    struct str raw_arguments[CALL_PATH_ARGUMENTS_MAX] = {{0}};
    struct route route = {.operation = match(request, raw_arguments)};

    for (size_t i = 0; i < CALL_PATH_ARGUMENTS_MAX; i++) {
        if (route.operation != NULL && !str_is_absent(raw_arguments[i]))
            TRY(uri_decode(raw_arguments[i], arena, &route.arguments[i], err));
    }
    *ret = route;
    return OK;
}
