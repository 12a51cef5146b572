/* A stored record from a damaged disk: refused, or read within its bytes. */
#include "core/mem.h"
#include "schema/record.h"

static const char definition[] =
    "{\"id\":1,\"version\":1,\"name\":\"g\",\"arn\":\"a\",\"features\":[{\"name\":\"t\",\"type\":"
    "\"String\"},{\"name\":\"a\",\"type\":\"Integral\"},{\"name\":\"a_name_of_sixty_four_bytes_"
    "abcdefghijklmnopqrstuvwxyz0123456789a\",\"type\":\"String\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct stored_record *open, const struct group *group)
{
    const uint32_t chosen[] = {2, 0};
    struct buf out;
    size_t bytes = 0;

    for (uint32_t i = 0; i <= open->value_count; i++)
        bytes += stored_record_value(open, i).len;
    assert(bytes == open->texts_bytes);
    buf_init(&out, 0);
    if (open->is_plain || str_is_utf8((struct str){open->texts, open->texts_bytes})) {
        stored_record_render(open, group, NULL, 0, &out);
        stored_record_render(open, group, chosen, ARRAY_COUNT(chosen), &out);
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct group *group;
    struct stored_record open;
    struct err err;

    if (group == NULL) {
        enum code code = group_read(str_from(definition), &group, NULL);
        assert(code == OK);
    }
    char *bytes = mem_new_array(size + (size == 0), 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)data[i];
    if (stored_record_open((struct str){bytes, size}, &open, &err) == OK) {
        struct str *values = mem_new_array(group->feature_count, sizeof(struct str));
        struct record changes = {.group = group, .values = values};
        struct buf merged;
        read_all(&open, group);
        buf_init(&merged, 0);
        record_merge(&open, &changes, &merged);
        buf_release(&merged);
        mem_free(values);
    }
    mem_free(bytes);
    return 0;
}
