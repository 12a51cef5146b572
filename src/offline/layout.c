/*
 * Paths of the offline store. A part of a client's URI becomes a folder name only percent-encoded:
 * nothing but A-Z a-z 0-9 - _ . ~ and %XX, never "." or "..", never empty, never longer than a file
 * system allows. Names that asof makes up itself start with a '%' that is no %XX, so they never
 * meet an encoded one.
 */
#include "offline/layout.h"

#include "core/hash.h"
#include "core/uri.h"

enum {
    PART_BYTES_MAX = 240,
    FOLDER_BYTES_MAX = 2048,
    TIME_BYTES = 17, /* "yyyyMMddTHHmmssZ_" */
    HASH_DIGITS = 12,
    CHECK_DIGITS = 4,
    NAME_DIGITS = HASH_DIGITS + CHECK_DIGITS,
};

struct str layout_resolved_uri(struct str store_uri, const struct identity *identity,
                               struct str name, int64_t created_us, struct arena *arena)
{
    assert(created_us >= 0);
    while (store_uri.len > 0 && store_uri.ptr[store_uri.len - 1] == '/')
        store_uri.len--;
    return arena_format(arena, "%.*s/%.*s/sagemaker/%.*s/offline-store/%.*s-%jd/data",
                        STR_ARG(store_uri), STR_ARG(identity->account), STR_ARG(identity->region),
                        STR_ARG(name), (intmax_t)(created_us / 1000000));
}

static void add_hash(struct buf *out, struct str text)
{
    struct hash128 hash = hash_wide(text);

    buf_add_format(out, "%%~%016jx%016jx", (uintmax_t)hash.high, (uintmax_t)hash.low);
}

static void add_part(struct buf *out, struct str part)
{
    size_t start = out->len;

    if (part.len == 0) {
        buf_add_byte(out, '%');
    } else if (str_equal(part, STR(".")) || str_equal(part, STR(".."))) {
        for (size_t i = 0; i < part.len; i++)
            buf_add(out, STR("%2E"));
    } else {
        uri_encode(out, part, false);
    }
    if (out->len - start > PART_BYTES_MAX) {
        out->len = start;
        add_hash(out, part);
    }
}

struct str layout_folder(struct str resolved_uri, struct arena *arena)
{
    CLEANUP(buf_release) struct buf out = {0};
    struct str rest = resolved_uri;

    buf_add(&out, STR("offline"));
    if (str_starts(rest, STR("s3://"))) {
        rest = str_slice(rest, 5, rest.len);
    } else if (str_starts(rest, STR("https://"))) {
        rest = str_slice(rest, 8, rest.len);
        buf_add(&out, STR("/%https"));
    } else {
        buf_add(&out, STR("/%other"));
    }
    while (rest.len > 0) {
        buf_add_byte(&out, '/');
        add_part(&out, str_cut(&rest, '/'));
    }
    if (out.len > FOLDER_BYTES_MAX) {
        buf_clear(&out);
        buf_add(&out, STR("offline/"));
        add_hash(&out, resolved_uri);
    }
    return arena_str(arena, buf_str(&out));
}

struct str layout_table(const struct group *group, struct arena *arena)
{
    struct str text = arena_format(arena, "%.*s_%jd", STR_ARG(group->name),
                                   (intmax_t)(group->created_us / 1000000));
    char *table = arena_alloc_raw(arena, text.len, 1);

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte | 0x20);
        if (byte == '-')
            byte = '_';
        table[i] = byte;
    }
    return (struct str){table, text.len};
}

int64_t layout_hour(struct instant event_time)
{
    int64_t hour = event_time.seconds / 3600;

    return event_time.seconds % 3600 < 0 ? hour - 1 : hour;
}

struct str layout_partition(int64_t hour, struct arena *arena)
{
    struct civil civil = instant_civil((struct instant){.seconds = hour * 3600});

    return arena_format(arena, "year=%04d/month=%02d/day=%02d/hour=%02d", civil.year, civil.month,
                        civil.day, civil.hour);
}

static void alphanumerics(uint64_t number, char *ret, size_t count)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    static_assert(sizeof(digits) == 62 + 1, "62 alphanumerics");
    for (size_t i = 0; i < count; i++) {
        ret[i] = digits[number % 62];
        number /= 62;
    }
}

static void check_digits(struct str hashed, char ret[static CHECK_DIGITS])
{
    struct str pieces[] = {STR("asof offline file"), hashed};

    alphanumerics(hash_checksum_pieces(pieces, ARRAY_COUNT(pieces)), ret, CHECK_DIGITS);
}

struct str layout_file_name(const struct layout_file *file, struct arena *arena)
{
    CLEANUP(buf_release) struct buf key = {0};
    struct civil civil = instant_civil(file->newest);
    char name[NAME_DIGITS];

    assert(layout_hour(file->newest) == file->hour);
    buf_add_u32(&key, file->group_id);
    buf_add_u32(&key, file->feature_count);
    buf_add_u64(&key, (uint64_t)file->hour);
    buf_add_u64(&key, file->from);
    buf_add_u64(&key, file->to);
    struct hash128 hash = hash_wide(buf_str(&key));
    alphanumerics(hash.high, name, HASH_DIGITS / 2);
    alphanumerics(hash.low, name + HASH_DIGITS / 2, HASH_DIGITS / 2);
    check_digits((struct str){name, HASH_DIGITS}, name + HASH_DIGITS);
    return arena_format(arena, "%04d%02d%02dT%02d%02d%02dZ_%.*s.parquet", civil.year, civil.month,
                        civil.day, civil.hour, civil.minute, civil.second, NAME_DIGITS, name);
}

bool layout_is_own_name(struct str name)
{
    static const char form[] = "00000000T000000Z_";
    char check[CHECK_DIGITS];

    static_assert(sizeof(form) == TIME_BYTES + 1, "the time's form has its length");
    if (name.len != TIME_BYTES + NAME_DIGITS + sizeof(".parquet") - 1 ||
        !str_ends(name, STR(".parquet")))
        return false;
    for (size_t i = 0; i < TIME_BYTES; i++) {
        bool is_digit = name.ptr[i] >= '0' && name.ptr[i] <= '9';
        if (form[i] == '0' ? !is_digit : name.ptr[i] != form[i])
            return false;
    }
    check_digits(str_slice(name, TIME_BYTES, TIME_BYTES + HASH_DIGITS), check);
    return memcmp(check, name.ptr + TIME_BYTES + HASH_DIGITS, CHECK_DIGITS) == 0;
}
