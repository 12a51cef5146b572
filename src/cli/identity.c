#include "cli/identity.h"

#include <stdlib.h>

enum { FILE_BYTES_MAX = 1024 * 1024 };

struct str environment_text(const char *name)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the program never changes its environment. */
    struct str value = str_from(getenv(name));

    return value.len == 0 ? STR_ABSENT : value;
}

/* "[name]" */
static bool is_section(struct str line, struct str *ret)
{
    if (line.len < 2 || line.ptr[0] != '[' || line.ptr[line.len - 1] != ']')
        return false;
    *ret = str_trim(str_slice(line, 1, line.len - 1));
    return true;
}

static void take_key(struct str line, struct client_identity *identity)
{
    struct str value = line;
    struct str key = str_trim(str_cut(&value, '='));

    value = str_trim(value);
    if (str_equal_nocase(key, STR("aws_access_key_id")))
        identity->access_key = value;
    else if (str_equal_nocase(key, STR("aws_secret_access_key")))
        identity->secret = value;
    else if (str_equal_nocase(key, STR("aws_session_token")) && value.len > 0)
        identity->session_token = value;
}

static bool is_comment(struct str line)
{
    return line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';';
}

/* Takes the keys of the section; false when it is not there. */
static bool find_section(struct str text, struct str profile, struct client_identity *identity)
{
    struct str rest = text;
    bool is_inside = false;

    while (rest.len > 0) {
        struct str line = str_cut(&rest, '\n');
        struct str section;
        if (str_ends(line, STR("\r")))
            line.len--;
        line = str_trim(line);
        if (is_section(line, &section)) {
            if (is_inside)
                break;
            is_inside = profile.len == 0 || str_equal(section, profile);
        } else if (is_inside && !is_comment(line)) {
            take_key(line, identity);
        }
    }
    return is_inside;
}

enum code identity_parse(struct str text, const char *name, struct str profile,
                         struct client_identity *ret, struct err *err)
{
    struct client_identity identity = {0};
    bool is_found = find_section(text, profile, &identity);

    if (!is_found && profile.len > 0)
        return err_set(err, ERR_INVALID, "%s has no section [%.*s]", name, STR_ARG(profile));
    if (!is_found)
        return err_set(err, ERR_INVALID, "%s has no section such as [default]", name);
    if (identity.access_key.len == 0 || identity.secret.len == 0)
        return err_set(err, ERR_INVALID, "%s lacks %s in its section", name,
                       identity.access_key.len == 0 ? "aws_access_key_id"
                                                    : "aws_secret_access_key");
    *ret = identity;
    return OK;
}

static struct str region_of(const struct options *options)
{
    struct str region = STR_ABSENT;

    if (!options->is_given[OPTION_ID_CLIENT_REGION])
        region = environment_text("AWS_REGION");
    if (!options->is_given[OPTION_ID_CLIENT_REGION] && str_is_absent(region))
        region = environment_text("AWS_DEFAULT_REGION");
    return str_is_absent(region) ? option_text(options, OPTION_ID_CLIENT_REGION) : region;
}

static enum code read_file(const struct os *os, const char *path, struct str profile,
                           struct arena *arena, struct client_identity *ret, struct err *err)
{
    struct buf buf;

    buf_init(&buf, 0);
    enum code code = os_read_file(os, path, FILE_BYTES_MAX, &buf, err);
    struct str text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    if (code != OK)
        return err_prefix(err, ERR_INVALID, "no credentials");
    return identity_parse(text, path, profile, ret, err);
}

enum code identity_find(const struct os *os, const struct options *options, struct arena *arena,
                        struct client_identity *ret, struct err *err)
{
    struct client_identity identity = {.access_key = environment_text("AWS_ACCESS_KEY_ID"),
                                       .secret = environment_text("AWS_SECRET_ACCESS_KEY"),
                                       .session_token = environment_text("AWS_SESSION_TOKEN")};
    struct str profile = option_text(options, OPTION_ID_PROFILE);
    struct str file = option_text(options, OPTION_ID_CLIENT_CREDENTIALS);
    bool is_environment = identity.access_key.len > 0 && identity.secret.len > 0 &&
                          str_is_absent(file) && str_is_absent(profile);

    if (!is_environment) {
        if (str_is_absent(file))
            file = environment_text("ASOF_CREDENTIALS");
        if (str_is_absent(file))
            file = environment_text("AWS_SHARED_CREDENTIALS_FILE");
        if (str_is_absent(file))
            return err_set(err, ERR_INVALID,
                           "no credentials: name a file by --credentials or ASOF_CREDENTIALS (the "
                           "server made one in its data folder, DIR/credentials), or set "
                           "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
        TRY(read_file(os, arena_cstr(arena, file), profile, arena, &identity, err));
    }
    identity.region = region_of(options);
    *ret = identity;
    return OK;
}
