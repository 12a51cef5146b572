#include "cli/answer.h"

#include "core/hash.h"
#include "core/json.h"

/* Reads what stands in the way of a failed entry. */
struct reader {
    struct answer *answer;
    struct hash128 sent[ROWS_BATCH_MAX];
    bool is_hashed; /* `sent` is only needed when something failed */
    const struct str *entries;
    size_t count;
    struct arena *arena;
    struct err *err;
};

/* {"FeatureName":…, "ValueAsString":…} as "name NUL value NUL", whatever its order and spelling. */
static enum code add_feature(struct json *json, struct buf *out)
{
    struct str name = STR_ABSENT;
    struct str value = STR_ABSENT;
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        if (str_equal(key, STR("FeatureName")))
            TRY(json_string(json, &name));
        else if (str_equal(key, STR("ValueAsString")) && json_peek(json) == JSON_STRING)
            TRY(json_string(json, &value));
        else
            TRY(json_skip(json, NULL));
    }
    TRY(json_status(json));
    buf_add(out, name);
    buf_add_byte(out, '\0');
    buf_add(out, value);
    buf_add_byte(out, '\0');
    return OK;
}

static enum code add_features(struct json *json, struct buf *out)
{
    TRY(json_array_begin(json));
    while (json_array_next(json))
        TRY(add_feature(json, out));
    return json_status(json);
}

static enum code add_record(struct json *json, struct buf *out)
{
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        if (str_equal(key, STR("Record")))
            TRY(add_features(json, out));
        else
            TRY(json_skip(json, NULL));
    }
    return json_status(json);
}

static enum code entry_hash(struct str entry, struct arena *arena, struct hash128 *ret,
                            struct err *err)
{
    struct json json;
    struct buf text;

    buf_init(&text, 0);
    json_init(&json, entry, arena, err);
    enum code code = add_record(&json, &text);
    if (code == OK)
        *ret = hash_wide(buf_str(&text));
    buf_release(&text);
    return code;
}

/* The entry that was sent and is not yet spoken of. */
static enum code find_entry(struct reader *reader, struct str entry, size_t *ret)
{
    struct hash128 hash;

    for (size_t i = 0; i < reader->count && !reader->is_hashed; i++)
        TRY(entry_hash(reader->entries[i], reader->arena, &reader->sent[i], reader->err));
    reader->is_hashed = true;
    TRY(entry_hash(entry, reader->arena, &hash, reader->err));
    for (size_t i = 0; i < reader->count; i++) {
        bool is_same = reader->sent[i].high == hash.high && reader->sent[i].low == hash.low;
        if (is_same && reader->answer->verdicts[i] == ANSWER_WRITTEN) {
            *ret = i;
            return OK;
        }
    }
    return err_set(reader->err, ERR_CORRUPT,
                   "the server's answer names an entry that was not sent");
}

static enum code mark(struct reader *reader, struct str entry, enum answer_verdict verdict,
                      struct str message)
{
    size_t at = 0;

    TRY(find_entry(reader, entry, &at));
    reader->answer->verdicts[at] = verdict;
    reader->answer->messages[at] = message;
    reader->answer->written--;
    return OK;
}

/* {"Entry":{…}, "ErrorCode":…, "ErrorMessage":…} */
struct entry_error {
    struct str entry;
    struct str type;
    struct str message;
};

static enum code read_error_member(struct json *json, struct str key, struct entry_error *error)
{
    if (str_equal(key, STR("Entry")))
        return json_skip(json, &error->entry);
    if (str_equal(key, STR("ErrorCode")))
        return json_string(json, &error->type);
    if (str_equal(key, STR("ErrorMessage")))
        return json_string(json, &error->message);
    return json_skip(json, NULL);
}

static enum code read_error(struct reader *reader, struct json *json)
{
    struct entry_error error = {STR(""), STR(""), STR("")};
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(read_error_member(json, key, &error));
    TRY(json_status(json));
    return mark(
        reader, error.entry, ANSWER_FAILED,
        arena_format(reader->arena, "%.*s: %.*s", STR_ARG(error.type), STR_ARG(error.message)));
}

static enum code read_unprocessed(struct reader *reader, struct json *json)
{
    struct str entry;

    TRY(json_skip(json, &entry));
    return mark(reader, entry, ANSWER_UNPROCESSED, STR_ABSENT);
}

static enum code read_member(struct reader *reader, struct json *json, struct str key)
{
    bool is_errors = str_equal(key, STR("Errors"));

    if (json_peek(json) != JSON_ARRAY || (!is_errors && !str_equal(key, STR("UnprocessedEntries"))))
        return json_skip(json, NULL);
    TRY(json_array_begin(json));
    while (json_array_next(json)) {
        if (is_errors)
            TRY(read_error(reader, json));
        else
            TRY(read_unprocessed(reader, json));
    }
    return json_status(json);
}

enum code answer_read(struct str text, const struct str *entries, size_t count, struct arena *arena,
                      struct answer *ret, struct err *err)
{
    struct answer answer = {.written = count};
    struct reader reader = {
        .answer = &answer, .entries = entries, .count = count, .arena = arena, .err = err};
    struct json json;
    struct str key;

    assert(count <= ROWS_BATCH_MAX);
    json_init(&json, text, arena, err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key))
        TRY(read_member(&reader, &json, key));
    TRY(json_status(&json));
    TRY(json_end(&json));
    *ret = answer;
    return OK;
}
