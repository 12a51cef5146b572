/*
 * One file of the manifest, as text (docs/FORMATS.md):
 *
 *     asof manifest 1
 *     delta 12                       or: base 12
 *     files 1
 *     file <group> <features> <hour> <rows> <bytes> <checksum> <oldest> <newest> <arrivals> <paths>
 *     end 0123456789abcdef
 *
 * A `file` line has 14 fields with one space between: group id, feature count, event hour, rows,
 * bytes, checksum of the file (16 hex digits), seconds and nanoseconds of the oldest and of the
 * newest event time, smallest and largest arrival time in microseconds, path, path of the sidecar
 * or "-". Every line ends with LF; `end` carries the checksum of everything before its line.
 */
#include "core/hash.h"
#include "offline/manifest_priv.h"

enum { HEX_DIGITS = 16, PATH_BYTES_MAX = 4096, LINE_BYTES_MIN = 40 };

#define HEAD "asof manifest 1\n"

void manifest_delta_write(const struct manifest_delta *delta, struct buf *out)
{
    size_t start = out->len;

    buf_add_format(out, HEAD "%s %ju\nfiles %zu\n", delta->is_base ? "base" : "delta",
                   (uintmax_t)delta->number, delta->count);
    for (size_t i = 0; i < delta->count; i++) {
        const struct manifest_file *file = &delta->files[i];
        buf_add_format(out, "file %u %u %jd %ju %ju %016jx ", file->group_id, file->feature_count,
                       (intmax_t)file->hour, (uintmax_t)file->rows, (uintmax_t)file->bytes,
                       (uintmax_t)file->checksum);
        buf_add_format(out, "%jd %u %jd %u ", (intmax_t)file->oldest.seconds,
                       file->oldest.nanoseconds, (intmax_t)file->newest.seconds,
                       file->newest.nanoseconds);
        buf_add_format(out, "%jd %jd %.*s ", (intmax_t)file->arrival_min_us,
                       (intmax_t)file->arrival_max_us, STR_ARG(file->path));
        buf_add(out, str_is_absent(file->sidecar) ? STR("-") : file->sidecar);
        buf_add_byte(out, '\n');
    }
    uint64_t checksum = hash_checksum((struct str){out->ptr + start, out->len - start});
    buf_add_format(out, "end %016jx\n", (uintmax_t)checksum);
}

/* Lines are counted from 1; a reader's first failure stays. */
struct reader {
    struct str rest;
    size_t line;
    struct err *err;
};

static enum code bad(const struct reader *reader, const char *expected)
{
    return err_set(reader->err, ERR_CORRUPT, "line %zu: expected %s", reader->line, expected);
}

static enum code line_next(struct reader *reader, struct str *ret)
{
    reader->line++;
    size_t end = str_find_byte(reader->rest, 0, '\n');
    if (end == reader->rest.len || (end > 0 && reader->rest.ptr[end - 1] == ' '))
        return bad(reader, "a line that ends with LF, and no blank before it");
    *ret = str_slice(reader->rest, 0, end);
    reader->rest = str_slice(reader->rest, end + 1, reader->rest.len);
    return OK;
}

/* The next field of a line; empty at its end, which no field accepts. */
static struct str field(struct str *line)
{
    return str_cut(line, ' ');
}

/* Plain decimal as it is written: no sign, no leading zero. */
static enum code field_u64(struct reader *reader, struct str *line, uint64_t max, uint64_t *ret)
{
    struct str text = field(line);

    if ((text.len > 1 && text.ptr[0] == '0') || str_to_u64(text, max, ret, NULL) != OK)
        return bad(reader, "a number in its range");
    return OK;
}

static enum code field_i64(struct reader *reader, struct str *line, int64_t *ret)
{
    struct str text = field(line);
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    struct str digits = str_slice(text, is_negative ? 1 : 0, text.len);
    bool is_padded = digits.len > 0 && digits.ptr[0] == '0' && (digits.len > 1 || is_negative);

    if (digits.len == 0 || digits.ptr[0] == '+' || is_padded || str_to_i64(text, ret, NULL) != OK)
        return bad(reader, "a number in its range");
    return OK;
}

static enum code field_hex(struct reader *reader, struct str text, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.len != HEX_DIGITS)
        return bad(reader, "16 hex digits");
    for (size_t i = 0; i < text.len; i++) {
        char digit = text.ptr[i];
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (uint64_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (uint64_t)(digit - 'a' + 10);
        else
            return bad(reader, "16 hex digits");
    }
    *ret = value;
    return OK;
}

static enum code field_instant(struct reader *reader, struct str *line, struct instant *ret)
{
    struct instant instant = {0};
    uint64_t nanoseconds = 0;

    TRY(field_i64(reader, line, &instant.seconds));
    TRY(field_u64(reader, line, 999999999, &nanoseconds));
    if (instant.seconds < INSTANT_SECONDS_MIN || instant.seconds > INSTANT_SECONDS_MAX)
        return bad(reader, "an instant of the years 0000 to 9999");
    instant.nanoseconds = (uint32_t)nanoseconds;
    *ret = instant;
    return OK;
}

/* A path below the data folder: no part of it is empty, "." or "..". */
static bool is_path(struct str path)
{
    if (path.len == 0 || path.len > PATH_BYTES_MAX || path.ptr[path.len - 1] == '/')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] <= ' ' || path.ptr[i] > '~')
            return false;
    }
    while (path.len > 0) {
        struct str part = str_cut(&path, '/');
        if (part.len == 0 || str_equal(part, STR(".")) || str_equal(part, STR("..")))
            return false;
    }
    return true;
}

static enum code paths_read(struct reader *reader, struct str line, struct manifest_file *file)
{
    file->path = field(&line);
    file->sidecar = field(&line);
    if (!is_path(file->path) || line.len > 0)
        return bad(reader, "two paths at the end of the line");
    if (str_equal(file->sidecar, STR("-")))
        file->sidecar = STR_ABSENT;
    else if (!is_path(file->sidecar))
        return bad(reader, "the path of a sidecar or '-'");
    return OK;
}

static enum code facts_read(struct reader *reader, struct str *line, struct manifest_file *file)
{
    uint64_t group_id = 0, feature_count = 0;

    TRY(field_u64(reader, line, UINT32_MAX, &group_id));
    TRY(field_u64(reader, line, UINT32_MAX, &feature_count));
    file->group_id = (uint32_t)group_id;
    file->feature_count = (uint32_t)feature_count;
    TRY(field_i64(reader, line, &file->hour));
    TRY(field_u64(reader, line, UINT64_MAX, &file->rows));
    TRY(field_u64(reader, line, UINT64_MAX, &file->bytes));
    return field_hex(reader, field(line), &file->checksum);
}

static enum code file_read(struct reader *reader, struct manifest_file *file)
{
    struct str line = {0};

    TRY(line_next(reader, &line));
    if (!str_equal(field(&line), STR("file")))
        return bad(reader, "a file");
    TRY(facts_read(reader, &line, file));
    TRY(field_instant(reader, &line, &file->oldest));
    TRY(field_instant(reader, &line, &file->newest));
    TRY(field_i64(reader, &line, &file->arrival_min_us));
    TRY(field_i64(reader, &line, &file->arrival_max_us));
    return paths_read(reader, line, file);
}

static enum code head_read(struct reader *reader, struct manifest_delta *delta, uint64_t *ret_count)
{
    struct str line;

    if (!str_starts(reader->rest, STR(HEAD)))
        return err_set(reader->err, ERR_CORRUPT, "line 1: expected 'asof manifest 1'");
    TRY(line_next(reader, &line));
    TRY(line_next(reader, &line));
    struct str kind = field(&line);
    delta->is_base = str_equal(kind, STR("base"));
    if (!delta->is_base && !str_equal(kind, STR("delta")))
        return bad(reader, "delta or base");
    TRY(field_u64(reader, &line, UINT64_MAX, &delta->number));
    if (line.len > 0)
        return bad(reader, "the end of the line");
    TRY(line_next(reader, &line));
    if (!str_equal(field(&line), STR("files")))
        return bad(reader, "the number of files");
    TRY(field_u64(reader, &line, reader->rest.len / LINE_BYTES_MIN, ret_count));
    return line.len == 0 ? OK : bad(reader, "the end of the line");
}

static enum code end_read(struct reader *reader, struct str text)
{
    struct str line;
    uint64_t expected = 0;
    size_t bytes = text.len - reader->rest.len;

    TRY(line_next(reader, &line));
    if (!str_equal(field(&line), STR("end")))
        return bad(reader, "the end");
    TRY(field_hex(reader, line, &expected));
    if (reader->rest.len > 0)
        return bad(reader, "nothing behind the end");
    if (hash_checksum(str_slice(text, 0, bytes)) != expected)
        return err_set(reader->err, ERR_CORRUPT, "the checksum differs");
    return OK;
}

enum code manifest_delta_read(struct str text, struct arena *arena, struct manifest_delta *ret,
                              struct err *err)
{
    struct reader reader = {.rest = text, .err = err};
    struct manifest_delta delta = {0};
    uint64_t count = 0;

    TRY(head_read(&reader, &delta, &count));
    struct manifest_file *files = ARENA_NEW(arena, struct manifest_file, count);
    for (uint64_t i = 0; i < count; i++)
        TRY(file_read(&reader, &files[i]));
    TRY(end_read(&reader, text));
    delta.files = files;
    delta.count = (size_t)count;
    *ret = delta;
    return OK;
}
