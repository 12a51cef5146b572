/* Rows of a file as entries of a call: what is made is JSON, what is refused leaves no trace. */
#include "cli/row.h"
#include "core/json.h"
#include "core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct plan *plan, enum rows_form form, struct str record)
{
    struct row_maker maker;
    struct arena arena = {0};
    struct buf body;
    struct err err;

    buf_init(&body, 0);
    row_maker_init(&maker, plan, form);
    if (row_add(&maker, record, &body, &err) == OK) {
        enum code code = json_check(buf_str(&body), &arena, &err);
        assert(code == OK);
        (void)code;
    } else {
        assert(body.len == 0);
    }
    row_maker_release(&maker);
    buf_release(&body);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct group_feature features[] = {{{"i", 1}, {"Integral", 8}, {NULL, 0}},
                                              {{"t", 1}, {"String", 6}, {NULL, 0}}};
    const struct group_info info = {.name = STR("g"),
                                    .id_feature = STR("i"),
                                    .event_time_feature = STR("t"),
                                    .features = features,
                                    .feature_count = 2};
    const struct plan_request request = {.info = &info};
    const struct str header[] = {STR("i"), STR("t"), STR("x")};
    struct arena arena = {0};
    struct plan plan;
    struct err err;
    char *copy = mem_new_array(size, 1);

    if (size > 0)
        memcpy(copy, data, size);
    if (plan_make(&request, &arena, &plan, &err) == OK &&
        plan_columns(&plan, header, ARRAY_COUNT(header), &arena, &err) == OK) {
        check(&plan, ROWS_CSV, (struct str){copy, size});
        check(&plan, ROWS_JSON_LINES, (struct str){copy, size});
    }
    arena_release(&arena);
    mem_free(copy);
    return 0;
}
