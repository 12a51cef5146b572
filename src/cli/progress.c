#include "cli/progress.h"

#include "core/json.h"

enum { FILE_BYTES_MAX = 64 * 1024, BAR_CELLS = 24 };

static enum code read_u64(struct json *json, uint64_t *ret)
{
    int64_t value;

    TRY(json_i64(json, &value));
    if (value < 0)
        return json_fail(json, ERR_CORRUPT, "expected a number that is not negative");
    *ret = (uint64_t)value;
    return OK;
}

static enum code read_member(struct json *json, struct str key, struct progress *progress)
{
    if (str_equal(key, STR("Group")))
        return json_string(json, &progress->group);
    if (str_equal(key, STR("LoadId")))
        return json_string(json, &progress->load_id);
    if (str_equal(key, STR("FileBytes")))
        return read_u64(json, &progress->file_bytes);
    if (str_equal(key, STR("Row")))
        return read_u64(json, &progress->row);
    if (str_equal(key, STR("Failed")))
        return read_u64(json, &progress->failed);
    return json_skip(json, NULL);
}

static enum code read_members(struct json *json, struct progress *progress)
{
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key))
        TRY(read_member(json, key, progress));
    TRY(json_status(json));
    return json_end(json);
}

enum code progress_read(const struct os *os, const char *path, struct arena *arena,
                        struct progress *ret, struct err *err)
{
    struct progress progress = {0};
    struct json json;
    struct buf text;

    buf_init(&text, 0);
    enum code code = os_read_file(os, path, FILE_BYTES_MAX, &text, err);
    struct str content = arena_str(arena, buf_str(&text));
    buf_release(&text);
    TRY(code);
    json_init(&json, content, arena, err);
    code = read_members(&json, &progress);
    if (code != OK)
        return err_prefix(err, ERR_CORRUPT, "'%s' is no progress of a load", path);
    if (str_is_absent(progress.group) || progress.load_id.len != PROGRESS_ID_BYTES)
        return err_set(err, ERR_CORRUPT, "'%s' is no progress of a load", path);
    *ret = progress;
    return OK;
}

enum code progress_write(const struct os *os, const char *path, const struct progress *progress,
                         struct err *err)
{
    struct buf text;

    buf_init(&text, 0);
    buf_add(&text, STR("{\"Group\":"));
    buf_add_json(&text, progress->group);
    buf_add_format(&text, ",\"LoadId\":\"%.*s\",\"FileBytes\":%llu,\"Row\":%llu,\"Failed\":%llu}\n",
                   STR_ARG(progress->load_id), (unsigned long long)progress->file_bytes,
                   (unsigned long long)progress->row, (unsigned long long)progress->failed);
    enum code code = os_write_file(os, path, buf_str(&text), err);
    buf_release(&text);
    return code;
}

void progress_count(uint64_t value, struct buf *out)
{
    char digits[32];
    size_t at = sizeof(digits);

    for (unsigned count = 0; value > 0 || count == 0; count++) {
        if (count > 0 && count % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    }
    buf_add(out, (struct str){digits + at, sizeof(digits) - at});
}

static void add_bar(double part, struct buf *out)
{
    unsigned full = (unsigned)(part * (double)BAR_CELLS);

    buf_add_byte(out, '[');
    for (unsigned i = 0; i < BAR_CELLS; i++)
        buf_add(out, i < full ? STR("=") : i == full ? STR(">") : STR(" "));
    buf_add_format(out, "] %3u%%  ", (unsigned)(part * 100));
}

static void add_time(int64_t seconds, struct buf *out)
{
    if (seconds >= 3600)
        buf_add_format(out, "%lld:%02lld:%02lld", (long long)(seconds / 3600),
                       (long long)(seconds / 60 % 60), (long long)(seconds % 60));
    else
        buf_add_format(out, "%lld:%02lld", (long long)(seconds / 60), (long long)(seconds % 60));
}

void progress_line(const struct progress_view *view, struct buf *out)
{
    double seconds = view->elapsed_us > 0 ? (double)view->elapsed_us / 1e6 : 1e-6;
    double part = view->size == 0 ? 0 : (double)view->position / (double)view->size;

    part = part > 1 ? 1 : part;
    if (view->size > 0)
        add_bar(part, out);
    progress_count(view->rows, out);
    buf_add(out, STR(" rows  "));
    progress_count((uint64_t)((double)view->rows / seconds), out);
    buf_add(out, STR(" rows/s"));
    if (view->failed > 0) {
        buf_add(out, STR("  "));
        progress_count(view->failed, out);
        buf_add(out, STR(" failed"));
    }
    if (part > 0.01 && part < 1) {
        buf_add(out, STR("  "));
        add_time((int64_t)(seconds / part - seconds + 0.5), out);
        buf_add(out, STR(" left"));
    }
}
