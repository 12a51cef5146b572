/* `asof group create`: the CreateFeatureGroup body, from options or from a file. */
#include "cli/command.h"

enum { SCHEMA_BYTES_MAX = 4 * 1024 * 1024 };

static enum code add_feature(struct buf *body, struct str definition, bool is_first,
                             struct err *err)
{
    static const struct str types[] = {{"Integral", 8}, {"Fractional", 10}, {"String", 6}};
    struct str type = definition;
    struct str name = str_cut(&type, ':');

    for (size_t i = 0; i < ARRAY_COUNT(types) && name.len > 0; i++) {
        if (!str_equal_nocase(type, types[i]))
            continue;
        buf_add(body, is_first ? STR("{\"FeatureName\":") : STR(",{\"FeatureName\":"));
        buf_add_json(body, name);
        buf_add_format(body, ",\"FeatureType\":\"%.*s\"}", STR_ARG(types[i]));
        return OK;
    }
    return err_set(err, ERR_INVALID,
                   "--feature: expected NAME:TYPE, TYPE being Integral, Fractional or String, "
                   "found '%.*s'",
                   STR_ARG(str_slice(definition, 0, size_min(definition.len, 100))));
}

static enum code add_features(struct buf *body, const struct options *options, struct err *err)
{
    bool is_first = true;

    buf_add(body, STR("\"FeatureDefinitions\":["));
    for (size_t i = 0; i < options->value_count; i++) {
        if (options->values[i].id != OPTION_ID_CREATE_FEATURE)
            continue;
        TRY(add_feature(body, options->values[i].value, is_first, err));
        is_first = false;
    }
    buf_add(body, STR("]"));
    if (is_first)
        return err_set(err, ERR_INVALID, "--feature is missing: name each feature and its type");
    return OK;
}

static void add_member(struct buf *body, const char *name, struct str value)
{
    if (str_is_absent(value))
        return;
    buf_add_format(body, ",\"%s\":", name);
    buf_add_json(body, value);
}

static enum code add_online(struct buf *body, const struct options *options, struct err *err)
{
    struct str ttl = option_text(options, OPTION_ID_TTL);

    buf_add(body, STR(",\"OnlineStoreConfig\":{\"EnableOnlineStore\":true"));
    add_member(body, "StorageType", option_text(options, OPTION_ID_CREATE_STORAGE_TYPE));
    if (!str_is_absent(ttl)) {
        buf_add(body, STR(",\"TtlDuration\":"));
        TRY(cli_add_ttl(body, ttl, err));
    }
    buf_add(body, STR("}"));
    return OK;
}

static void add_offline(struct buf *body, const struct options *options, struct str name)
{
    struct str uri = option_text(options, OPTION_ID_CREATE_OFFLINE_URI);

    buf_add(body, STR(",\"OfflineStoreConfig\":{\"S3StorageConfig\":{\"S3Uri\":"));
    if (str_is_absent(uri)) {
        buf_add(body, STR("\"s3://asof/"));
        buf_add_json_escaped(body, name);
        buf_add(body, STR("\""));
    } else {
        buf_add_json(body, uri);
    }
    /* The service wants a role with an offline store; nobody assumes it here. */
    buf_add(body, STR("}},\"RoleArn\":\"arn:aws:iam::000000000000:role/asof\""));
}

static enum code body_from_options(const struct cli *cli, struct buf *body, struct err *err)
{
    const struct options *options = &cli->options;
    struct str name;
    struct str id;
    struct str event_time;

    TRY(cli_argument(cli, 0, "NAME", &name, err));
    TRY(cli_required(cli, OPTION_ID_CREATE_ID, "id", &id, err));
    TRY(cli_required(cli, OPTION_ID_CREATE_EVENT_TIME, "event-time", &event_time, err));
    bool is_online = option_number(options, OPTION_ID_CREATE_NO_ONLINE) == 0;
    bool is_offline = option_number(options, OPTION_ID_CREATE_NO_OFFLINE) == 0;
    if (!is_online && option_number(options, OPTION_ID_CREATE_ONLINE) != 0)
        return err_set(err, ERR_INVALID, "--online and --no-online contradict each other");
    buf_add_byte(body, '{');
    TRY(add_features(body, options, err));
    add_member(body, "FeatureGroupName", name);
    add_member(body, "RecordIdentifierFeatureName", id);
    add_member(body, "EventTimeFeatureName", event_time);
    add_member(body, "Description", option_text(options, OPTION_ID_CREATE_DESCRIPTION));
    if (is_online)
        TRY(add_online(body, options, err));
    if (is_offline)
        add_offline(body, options, name);
    buf_add_byte(body, '}');
    return OK;
}

/* The members of the file as they are; `name`, if any, in place of the file's. */
static enum code copy_members(struct buf *body, struct str text, struct str name,
                              struct arena *arena, struct err *err)
{
    struct json json;
    struct str key;
    struct str value;

    json_init(&json, text, arena, err);
    TRY(json_object_begin(&json));
    buf_add_byte(body, '{');
    if (!str_is_absent(name)) {
        buf_add(body, STR("\"FeatureGroupName\":"));
        buf_add_json(body, name);
    }
    while (json_object_next(&json, &key)) {
        TRY(json_skip(&json, &value));
        if (!str_is_absent(name) && str_equal(key, STR("FeatureGroupName")))
            continue;
        if (body->ptr[body->len - 1] != '{')
            buf_add_byte(body, ',');
        buf_add_json(body, key);
        buf_add_byte(body, ':');
        buf_add(body, value);
    }
    TRY(json_status(&json));
    buf_add_byte(body, '}');
    return json_end(&json);
}

static enum code body_from_file(struct cli *cli, struct str path, struct buf *body, struct err *err)
{
    struct buf text;
    struct str name =
        cli->options.argument_count > 0 ? str_from(cli->options.arguments[0]) : STR_ABSENT;
    const char *file = arena_cstr(&cli->arena, path);

    for (size_t i = 0; i < cli->options.value_count; i++) {
        if (cli->options.values[i].id == OPTION_ID_CREATE_FEATURE)
            return err_set(err, ERR_INVALID, "--schema has the features; leave out --feature");
    }
    buf_init(&text, 0);
    enum code code = os_read_file(cli->os, file, SCHEMA_BYTES_MAX, &text, err);
    if (code == OK) {
        code = copy_members(body, buf_str(&text), name, &cli->arena, err);
        if (code != OK)
            code = err_prefix(err, code, "%s", file);
    }
    buf_release(&text);
    return code;
}

static enum code read_arn(struct cli *cli, struct str reply, struct str *ret, struct err *err)
{
    struct json json;
    struct str key;
    struct str arn = STR("");

    json_init(&json, reply, &cli->arena, err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key)) {
        if (str_equal(key, STR("FeatureGroupArn")))
            TRY(json_string(&json, &arn));
        else
            TRY(json_skip(&json, NULL));
    }
    TRY(json_status(&json));
    *ret = arn;
    return OK;
}

static enum code create(struct cli *cli, struct buf *body, struct err *err)
{
    struct str schema = option_text(&cli->options, OPTION_ID_CREATE_SCHEMA);
    struct str arn = STR_ABSENT;
    struct client_reply reply;

    TRY(cli_arguments_end(cli, 1, err));
    if (str_is_absent(schema))
        TRY(body_from_options(cli, body, err));
    else
        TRY(body_from_file(cli, schema, body, err));
    TRY(cli_control(cli, "CreateFeatureGroup", buf_str(body), &reply, err));
    if (cli_is_json(cli)) {
        cli_print_json(reply.body);
        return OK;
    }
    TRY(read_arn(cli, reply.body, &arn, err));
    cli_print(arena_format(&cli->arena, "created %.*s\n", STR_ARG(arn)));
    return OK;
}

enum code cmd_group_create(struct cli *cli, struct err *err)
{
    struct buf body;

    buf_init(&body, 0);
    enum code code = create(cli, &body, err);
    buf_release(&body);
    return code;
}
