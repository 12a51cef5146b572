/*
 * A record's way: JSON body, checks, stored form, JSON again. What was accepted must come back: the
 * rendered array is read once more and must hold the same values.
 */
#include "core/mem.h"
#include "schema/record.h"

static const char definition[] =
    "{\"id\":1,\"version\":1,\"name\":\"g\",\"arn\":\"a\",\"identifier_index\":0,"
    "\"event_time_index\":1,\"features\":[{\"name\":\"i\",\"type\":\"String\"},{\"name\":\"t\","
    "\"type\":\"Fractional\"},{\"name\":\"n\",\"type\":\"Integral\"},{\"name\":\"x\",\"type\":"
    "\"Fractional\"},{\"name\":\"s\",\"type\":\"String\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct group *definition_read(void)
{
    struct group *group = NULL;
    enum code code = group_read(str_from(definition), &group, NULL);

    assert(code == OK);
    return group;
}

static void round_trip(const struct record *record, struct arena *arena)
{
    struct buf stored;
    struct buf json_text;
    struct stored_record open;
    struct json json;
    struct record again;

    buf_init(&stored, 0);
    buf_init(&json_text, 0);
    record_encode(record, &stored);
    enum code code = stored_record_open(buf_str(&stored), &open, NULL);
    assert(code == OK);
    stored_record_render(&open, record->group, NULL, 0, &json_text);
    json_init(&json, buf_str(&json_text), arena, NULL);
    code = record_read(&json, record->group, &again, NULL);
    assert(code == OK);
    for (uint32_t i = 0; i < record->group->feature_count; i++) {
        assert(str_is_absent(again.values[i]) == str_is_absent(record->values[i]));
        assert(str_equal(again.values[i], record->values[i]));
    }
    buf_release(&stored);
    buf_release(&json_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct group *group;
    struct arena arena = {0};
    struct err err = {0};
    struct json json;
    struct record record;

    if (group == NULL)
        group = definition_read();
    /* A block of the exact size: reading behind it is seen. */
    char *text = mem_new_array(size + (size == 0), 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    json_init(&json, (struct str){text, size}, &arena, &err);
    if (record_read(&json, group, &record, &err) == OK) {
        enum code partial = record_check(&record, true, &err);
        enum code whole = record_check(&record, false, &err);
        assert(whole != OK || partial == OK);
        round_trip(&record, &arena);
    }
    arena_release(&arena);
    mem_free(text);
    return 0;
}
