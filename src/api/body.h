#pragma once
/*
 * Reading a JSON body: what is not JSON, or of the wrong JSON type, is a SerializationException;
 * what is JSON but breaks a constraint is a ValidationError. An empty body stands for {}.
 */
#include "api/call.h"
#include "core/json.h"

/* Called for each member; takes the value (json_skip for those it does not know). */
typedef enum code body_member_fn(struct call *call, struct json *json, struct str key,
                                 void *context, struct err *err);

/* Reads the whole body as one object. `fn` refuses a member that stands twice (json_field). */
NODISCARD enum code body_read(struct call *call, body_member_fn *fn, void *context,
                              struct err *err);

/* An array of strings, at most count_max of them; `name` is for the message. */
struct texts {
    struct str *items;
    size_t count;
    bool is_given;
};
NODISCARD enum code body_texts(struct call *call, struct json *json, const char *name,
                               size_t count_max, struct texts *ret, struct err *err);

/* A string, or null, which leaves *ret absent. */
NODISCARD enum code body_text(struct json *json, struct str *ret);
