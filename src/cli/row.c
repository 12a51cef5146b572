#include "cli/row.h"

#include "cli/csv.h"
#include "core/json.h"
#include "core/mem.h"

void row_maker_init(struct row_maker *maker, const struct plan *plan, enum rows_form form)
{
    *maker = (struct row_maker){.plan = plan, .form = form};
    if (form == ROWS_CSV)
        maker->cells = MEM_NEW_ARRAY(struct str, plan->column_count + 1);
}

void row_maker_release(struct row_maker *maker)
{
    mem_free(maker->cells);
    arena_release(&maker->arena);
}

/* What an entry needs, as it is seen. */
struct seen {
    bool has_id;
    bool has_event_time;
    bool is_first;
};

static void note(const struct plan *plan, uint32_t feature, struct seen *seen)
{
    seen->has_id = seen->has_id || feature == plan->id_feature;
    seen->has_event_time = seen->has_event_time || feature == plan->event_time_feature;
    seen->is_first = false;
}

static void add_value(const struct plan *plan, uint32_t feature, struct str value, struct buf *body,
                      struct seen *seen)
{
    if (!seen->is_first)
        buf_add_byte(body, ',');
    buf_add(body, plan->features[feature].head);
    buf_add_json_escaped(body, value);
    buf_add(body, STR("\"}"));
    note(plan, feature, seen);
}

static enum code check(const struct plan *plan, const struct seen *seen, struct err *err)
{
    uint32_t missing = seen->has_id ? plan->event_time_feature : plan->id_feature;

    if (seen->has_id && seen->has_event_time)
        return OK;
    return err_set(err, ERR_INVALID, "the row has no value for '%.*s'",
                   STR_ARG(plan->features[missing].source));
}

static enum code add_csv(struct row_maker *maker, struct str record, struct buf *body,
                         struct err *err)
{
    const struct plan *plan = maker->plan;
    struct seen seen = {.is_first = true};
    size_t count;

    TRY(csv_cells(csv_chomp(record), &maker->arena, maker->cells, plan->column_count + 1, &count,
                  err));
    if (count != plan->column_count)
        return err_set(err, ERR_INVALID, "expected %zu cells, found %s%zu", plan->column_count,
                       count > plan->column_count ? "at least " : "", count);
    for (size_t i = 0; i < count; i++) {
        if (plan->columns[i] != PLAN_NONE && !str_is_absent(maker->cells[i]))
            add_value(plan, plan->columns[i], maker->cells[i], body, &seen);
    }
    return check(plan, &seen, err);
}

/* Members mostly come in the same order: the search starts behind the last one found. */
static uint32_t find_member(const struct plan *plan, struct str name, uint32_t from)
{
    for (uint32_t i = 0; i < plan->feature_count; i++) {
        uint32_t at = from + i < plan->feature_count ? from + i : from + i - plan->feature_count;
        if (str_equal(plan->features[at].source, name))
            return at;
    }
    return PLAN_NONE;
}

/* Absent for null. */
static enum code member_value(struct json *json, const struct plan_feature *feature,
                              struct str *ret, struct err *err)
{
    bool is_true;

    switch (json_peek(json)) {
    case JSON_STRING:
        return json_string(json, ret);
    case JSON_NUMBER:
        return json_number(json, ret);
    case JSON_NULL:
        *ret = STR_ABSENT;
        return json_null(json);
    case JSON_TRUE:
    case JSON_FALSE:
        TRY(json_bool(json, &is_true));
        if (feature->is_number)
            *ret = is_true ? STR("1") : STR("0");
        else
            *ret = is_true ? STR("true") : STR("false");
        return OK;
    case JSON_OBJECT:
    case JSON_ARRAY:
        return err_set(err, ERR_INVALID, "'%.*s': expected a text, a number, true, false or null",
                       STR_ARG(feature->source));
    case JSON_BAD:
        break;
    }
    return json_skip(json, ret); /* says what is wrong */
}

static enum code unknown_member(struct row_maker *maker, struct json *json, struct str key,
                                struct err *err)
{
    TRY(json_skip(json, NULL));
    if (str_equal(key, PLAN_ERROR_COLUMN))
        return OK;
    if (maker->plan->is_strict)
        return err_set(err, ERR_INVALID, "'%.*s' is no feature",
                       STR_ARG(str_slice(key, 0, size_min(key.len, 100))));
    if (str_is_absent(maker->unknown)) {
        size_t len = size_min(key.len, sizeof(maker->unknown_text));
        memcpy(maker->unknown_text, key.ptr, len);
        maker->unknown = (struct str){maker->unknown_text, len};
    }
    return OK;
}

static enum code add_json(struct row_maker *maker, struct str record, struct buf *body,
                          struct err *err)
{
    const struct plan *plan = maker->plan;
    struct seen seen = {.is_first = true};
    uint32_t from = 0;
    struct json json;
    struct str key;

    json_init(&json, record, &maker->arena, err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key)) {
        struct str value = STR_ABSENT;
        uint32_t feature = find_member(plan, key, from);
        if (feature == PLAN_NONE) {
            TRY(unknown_member(maker, &json, key, err));
            continue;
        }
        TRY(member_value(&json, &plan->features[feature], &value, err));
        if (!str_is_absent(value))
            add_value(plan, feature, value, body, &seen);
        from = feature + 1;
    }
    TRY(json_end(&json));
    return check(plan, &seen, err);
}

enum code row_add(struct row_maker *maker, struct str record, struct buf *body, struct err *err)
{
    size_t before = body->len;
    enum code code = OK;

    arena_reset(&maker->arena);
    if (!str_is_utf8(record))
        code = err_set(err, ERR_INVALID, "the row is not UTF-8");
    buf_add(body, maker->plan->entry_head);
    if (code == OK)
        code = maker->form == ROWS_CSV ? add_csv(maker, record, body, err)
                                       : add_json(maker, record, body, err);
    buf_add(body, STR("]}"));
    if (code != OK)
        body->len = before;
    return code;
}
