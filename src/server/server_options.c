#include "server/server_options.h"

#include "config/limits.h"
#include "os/thread.h"

#include <limits.h>
#include <unistd.h>

const char *server_path(struct arena *arena, const char *dir, const char *name)
{
    return arena_format(arena, "%s/%s", dir, name).ptr;
}

static enum code level_read(struct str text, enum log_level *ret, struct err *err)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {
        {"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN}, {"error", LOG_ERROR}};

    for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
        if (str_equal(text, str_from(levels[i].name))) {
            *ret = levels[i].level;
            return OK;
        }
    }
    return err_set(err, ERR_INVALID, "--log: expected debug, info, warn or error, found '%.*s'",
                   STR_ARG(text));
}

static enum code account_check(struct str account, struct err *err)
{
    bool is_good = account.len == 12;

    for (size_t i = 0; i < account.len && is_good; i++)
        is_good = account.ptr[i] >= '0' && account.ptr[i] <= '9';
    if (!is_good)
        return err_set(err, ERR_INVALID, "--account: expected 12 digits, found '%.*s'",
                       STR_ARG(account));
    return OK;
}

static enum code region_check(struct str region, struct err *err)
{
    bool is_good = region.len > 0 && region.len <= 64;

    for (size_t i = 0; i < region.len && is_good; i++) {
        char c = region.ptr[i];
        is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    if (!is_good)
        return err_set(err, ERR_INVALID,
                       "--region: expected lower-case letters, digits and hyphens, found '%.*s'",
                       STR_ARG(region));
    return OK;
}

static bool is_loopback(struct str listen)
{
    return str_starts(listen, STR("127.")) || str_starts(listen, STR("localhost:")) ||
           str_starts(listen, STR("[::1]"));
}

/* Plain HTTP carries features in the clear: off loopback it must be asked for (reliability.md S14).
 */
static enum code tls_check(const struct options *options, struct server_options *ret,
                           struct err *err)
{
    bool has_certificate = ret->net.certificate != NULL;
    bool has_key = ret->net.key != NULL;

    if (has_certificate != has_key)
        return err_set(err, ERR_INVALID,
                       "--tls-certificate and --tls-key go together: %s is missing",
                       has_key ? "--tls-certificate" : "--tls-key");
    if (!has_certificate && !is_loopback(ret->net.listen) &&
        option_number(options, OPTION_ID_INSECURE) == 0)
        return err_set(err, ERR_INVALID,
                       "--listen '%.*s' is not loopback: give --tls-certificate and --tls-key, or "
                       "--insecure for plain HTTP",
                       STR_ARG(ret->net.listen));
    return OK;
}

static const char *path_option(const struct options *options, enum option_id id,
                               struct arena *arena)
{
    struct str text = option_text(options, id);

    return str_is_absent(text) ? NULL : arena_cstr(arena, text);
}

static enum code program_read(struct arena *arena, const char **ret, struct err *err)
{
    char path[PATH_MAX];
    ssize_t bytes = readlink("/proc/self/exe", path, sizeof(path));

    if (bytes <= 0 || (size_t)bytes >= sizeof(path))
        return err_set(err, ERR_IO, "cannot tell the path of this program from /proc/self/exe");
    *ret = arena_cstr(arena, (struct str){path, (size_t)bytes});
    return OK;
}

static unsigned loops_wanted(const struct options *options)
{
    int64_t given = option_number(options, OPTION_ID_LOOPS);

    if (given > 0)
        return (unsigned)given;
    unsigned processors = os_processors();
    return processors > 1 ? processors - 1 : 1;
}

static void numbers_read(const struct options *options, struct server_options *ret)
{
    ret->store = (struct store_options){
        .journal = {.segment_bytes = (uint64_t)option_number(options, OPTION_ID_SEGMENT),
                    .segments_spare = 2},
        .cache_bytes_max = (uint64_t)option_number(options, OPTION_ID_CACHE),
        .checkpoint_bytes = (uint64_t)option_number(options, OPTION_ID_CHECKPOINT),
        .journal_bytes_spare = (uint64_t)option_number(options, OPTION_ID_SPARE),
        .queue_max = LIMIT_WRITE_QUEUE,
    };
    ret->flush_interval_ms = (unsigned)option_number(options, OPTION_ID_FLUSH_INTERVAL);
    ret->groups_max = (size_t)option_number(options, OPTION_ID_GROUPS_MAX);
    ret->query_timeout_ms = (unsigned)option_number(options, OPTION_ID_QUERY_TIMEOUT);
    ret->query_memory_bytes = (uint64_t)option_number(options, OPTION_ID_QUERY_MEMORY);
    ret->net.loops = loops_wanted(options);
    ret->net.connections_max = (unsigned)option_number(options, OPTION_ID_CONNECTIONS);
}

static enum code sandbox_read(struct str text, bool *ret, struct err *err)
{
    if (!str_equal(text, STR("require")) && !str_equal(text, STR("auto")))
        return err_set(err, ERR_INVALID, "--sandbox: expected require or auto, found '%.*s'",
                       STR_ARG(text));
    *ret = str_equal(text, STR("require"));
    return OK;
}

enum code server_options_read(const struct options *options, struct arena *arena,
                              struct server_options *ret, struct err *err)
{
    struct server_options read = {0};

    if (str_is_absent(option_text(options, OPTION_ID_DATA)))
        return err_set(err, ERR_INVALID, "--data DIR is missing: the folder that holds the store");
    if (options->argument_count > 0)
        return err_set(err, ERR_INVALID, "expected options only, found '%s'",
                       options->arguments[0]);
    read.data_dir = path_option(options, OPTION_ID_DATA, arena);
    read.port_file = path_option(options, OPTION_ID_PORT_FILE, arena);
    read.credentials = path_option(options, OPTION_ID_SERVE_CREDENTIALS, arena);
    read.identity = (struct identity){.account = option_text(options, OPTION_ID_ACCOUNT),
                                      .region = option_text(options, OPTION_ID_SERVE_REGION),
                                      .partition = STR("aws")};
    TRY(account_check(read.identity.account, err));
    TRY(region_check(read.identity.region, err));
    TRY(level_read(option_text(options, OPTION_ID_LOG_LEVEL), &read.log_level, err));
    TRY(sandbox_read(option_text(options, OPTION_ID_SANDBOX), &read.is_sandbox_required, err));
    numbers_read(options, &read);
    read.net.listen = option_text(options, OPTION_ID_LISTEN);
    read.net.certificate = path_option(options, OPTION_ID_TLS_CERTIFICATE, arena);
    read.net.key = path_option(options, OPTION_ID_TLS_KEY, arena);
    TRY(tls_check(options, &read, err));
    TRY(program_read(arena, &read.program, err));
    *ret = read;
    return OK;
}
