/* Reads and writes the credentials file. An unknown key is refused: a misspelt `asof_access = read`
 * must not grant writing. */
#include "auth/credentials.h"

#include "config/limits.h"
#include "core/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { ACCESS_KEY_BYTES_MAX = 128, SECRET_BYTES_MIN = 8, SECRET_BYTES_MAX = 256 };
enum { TOKEN_BYTES_MAX = 4096, USER_BYTES_MAX = 64 };

struct reader {
    const char *name;
    unsigned line;
    struct credentials *table;
    size_t capacity;
    struct credential *open; /* the section that is being read */
    bool is_access_given;
    struct err *err;
};

static enum code refuse(const struct reader *reader, const char *what)
{
    return err_set(reader->err, ERR_INVALID, "%s line %u: %s", reader->name, reader->line, what);
}

static bool is_graphic(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    }
    return true;
}

static bool is_word(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        bool is_alnum = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                        (byte >= 'A' && byte <= 'Z');
        if (!is_alnum && byte != '_' && byte != '-' && byte != '.' && byte != '@')
            return false;
    }
    return text.len > 0;
}

static enum code section_end(struct reader *reader)
{
    const struct credential *open = reader->open;

    if (open == NULL)
        return OK;
    if (open->access_key.ptr == NULL || open->secret.ptr == NULL)
        return err_set(reader->err, ERR_INVALID,
                       "%s: section [%.*s] needs aws_access_key_id and aws_secret_access_key",
                       reader->name, STR_ARG(open->user));
    reader->open = NULL;
    return OK;
}

static enum code section_begin(struct reader *reader, struct str line)
{
    struct str user = str_trim(str_slice(line, 1, line.len - 1));

    TRY(section_end(reader));
    if (!is_word(user) || user.len > USER_BYTES_MAX)
        return refuse(reader, "a section name is 1 to 64 of A-Z a-z 0-9 _ - . @");
    for (size_t i = 0; i < reader->table->count; i++) {
        if (str_equal(reader->table->list[i].user, user))
            return refuse(reader, "a section of this name stands above");
    }
    assert(reader->table->count < reader->capacity);
    reader->open = &reader->table->list[reader->table->count++];
    reader->open->user = arena_str(&reader->table->arena, user);
    reader->is_access_given = false;
    return OK;
}

/* Keeps the value in a place that must still be empty. */
static enum code keep(struct reader *reader, struct str *place, struct str value)
{
    if (place->ptr != NULL)
        return refuse(reader, "the section has this key already");
    *place = arena_str(&reader->table->arena, value);
    return OK;
}

static enum code access_read(struct reader *reader, struct str value)
{
    bool is_read = str_equal(value, STR("read"));

    if (reader->is_access_given)
        return refuse(reader, "the section has this key already");
    if (!is_read && !str_equal(value, STR("write")))
        return refuse(reader, "asof_access is read or write");
    reader->open->access = is_read ? ACCESS_READ : ACCESS_WRITE;
    reader->is_access_given = true;
    return OK;
}

static bool is_length(struct str text, size_t min, size_t max)
{
    return text.len >= min && text.len <= max;
}

static enum code setting_read(struct reader *reader, struct str name, struct str value)
{
    struct credential *open = reader->open;

    if (open == NULL)
        return refuse(reader, "expected a section, like [default], before the first key");
    if (str_equal(name, STR("aws_access_key_id")))
        return is_word(value) && value.len <= ACCESS_KEY_BYTES_MAX
                   ? keep(reader, &open->access_key, value)
                   : refuse(reader, "aws_access_key_id is 1 to 128 of A-Z a-z 0-9 _ - . @");
    if (str_equal(name, STR("aws_secret_access_key")))
        return is_graphic(value) && is_length(value, SECRET_BYTES_MIN, SECRET_BYTES_MAX)
                   ? keep(reader, &open->secret, value)
                   : refuse(reader, "aws_secret_access_key is 8 to 256 printable characters");
    if (str_equal(name, STR("aws_session_token")))
        return is_graphic(value) && is_length(value, 1, TOKEN_BYTES_MAX)
                   ? keep(reader, &open->session_token, value)
                   : refuse(reader, "aws_session_token is 1 to 4096 printable characters");
    if (str_equal(name, STR("asof_access")))
        return access_read(reader, value);
    if (str_equal(name, STR("region")) || str_equal(name, STR("output")))
        return OK;
    return refuse(reader, "expected aws_access_key_id, aws_secret_access_key, aws_session_token, "
                          "asof_access, region or output");
}

static enum code line_read(struct reader *reader, struct str line)
{
    line = str_trim(line);
    if (str_ends(line, STR("\r")))
        line = str_trim(str_slice(line, 0, line.len - 1));
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
        return OK;
    if (line.ptr[0] == '[') {
        if (line.ptr[line.len - 1] != ']' || line.len < 2)
            return refuse(reader, "expected [name]");
        return section_begin(reader, line);
    }
    if (str_find_byte(line, 0, '=') == line.len)
        return refuse(reader, "expected 'key = value'");
    struct str name = str_cut(&line, '=');
    return setting_read(reader, str_trim(name), str_trim(line));
}

static int access_key_compare(const void *a, const void *b)
{
    return str_compare(((const struct credential *)a)->access_key,
                       ((const struct credential *)b)->access_key);
}

static enum code table_finish(struct reader *reader)
{
    struct credentials *table = reader->table;

    TRY(section_end(reader));
    if (table->count == 0)
        return err_set(reader->err, ERR_INVALID, "%s: no credentials in it", reader->name);
    qsort(table->list, table->count, sizeof(*table->list), access_key_compare);
    for (size_t i = 1; i < table->count; i++) {
        if (str_equal(table->list[i - 1].access_key, table->list[i].access_key))
            return err_set(reader->err, ERR_INVALID, "%s: [%.*s] and [%.*s] have the same key",
                           reader->name, STR_ARG(table->list[i - 1].user),
                           STR_ARG(table->list[i].user));
    }
    return OK;
}

static void drop(struct credentials **credentials)
{
    credentials_free(*credentials);
}

enum code credentials_parse(struct str text, const char *name, struct credentials **ret,
                            struct err *err)
{
    CLEANUP(drop) struct credentials *table = MEM_NEW(struct credentials);
    struct reader reader = {.name = name, .table = table, .err = err};
    struct str rest = text;

    for (size_t i = 0; i < text.len; i++)
        reader.capacity += text.ptr[i] == '[';
    table->list = ARENA_NEW(&table->arena, struct credential, reader.capacity + 1);
    table->content = sha256_of(text);
    table->nobody = (struct credential){.access_key = STR(""),
                                        .secret = STR("nobody-signs-with-these-forty-characters"),
                                        .user = STR("")};
    while (rest.len > 0) {
        reader.line++;
        TRY(line_read(&reader, str_cut(&rest, '\n')));
    }
    TRY(table_finish(&reader));
    *ret = table;
    table = NULL;
    return OK;
}

static void credential_release(struct credential *credential)
{
    struct signing_key *key = atomic_load(&credential->keys);

    while (key != NULL) {
        struct signing_key *next = key->next;
        explicit_bzero(key, sizeof(*key));
        mem_free(key);
        key = next;
    }
}

static void wipe(struct str text)
{
    /* The texts were copied into the table's own arena, so they may be written. */
    union {
        const char *read;
        char *write;
    } place = {.read = text.ptr};

    if (text.len > 0)
        explicit_bzero(place.write, text.len);
}

void credentials_free(struct credentials *credentials)
{
    if (credentials == NULL)
        return;
    for (size_t i = 0; i < credentials->count; i++) {
        wipe(credentials->list[i].secret);
        wipe(credentials->list[i].session_token);
        credential_release(&credentials->list[i]);
    }
    credential_release(&credentials->nobody);
    arena_release(&credentials->arena);
    mem_free(credentials);
}

struct credential *credentials_find(const struct credentials *credentials, struct str access_key)
{
    size_t low = 0;
    size_t high = credentials->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(credentials->list[middle].access_key, access_key);
        if (order == 0)
            return &credentials->list[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static struct signing_key *signing_key_new(const struct sigv4_scope *scope, struct str secret)
{
    struct signing_key *node = MEM_NEW(struct signing_key);

    assert(scope->date.len == sizeof(node->day) && scope->service.len < sizeof(node->service));
    memcpy(node->day, scope->date.ptr, sizeof(node->day));
    memcpy(node->service, scope->service.ptr, scope->service.len);
    node->key = sigv4_key(secret, scope);
    return node;
}

static bool is_key_of(const struct signing_key *key, const struct sigv4_scope *scope)
{
    return str_equal((struct str){key->day, sizeof(key->day)}, scope->date) &&
           str_equal(str_from(key->service), scope->service);
}

struct sha256 credential_key(struct credential *credential, const struct sigv4_scope *scope)
{
    struct signing_key *head = atomic_load_explicit(&credential->keys, memory_order_acquire);

    for (const struct signing_key *key = head; key != NULL; key = key->next) {
        if (is_key_of(key, scope))
            return key->key;
    }
    /* Two threads may both derive it: the second one's node is merely never found first. */
    struct signing_key *node = signing_key_new(scope, credential->secret);
    node->next = head;
    while (!atomic_compare_exchange_weak_explicit(&credential->keys, &node->next, node,
                                                  memory_order_acq_rel, memory_order_acquire))
        continue;
    return node->key;
}
