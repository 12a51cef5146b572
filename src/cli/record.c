/* `asof put`, `get` and `delete`: one record. */
#include "cli/group.h"
#include "cli/table.h"
#include "core/instant.h"
#include "core/uri.h"

static struct str group_path(struct cli *cli, struct str group)
{
    struct buf path;

    buf_init(&path, 0);
    buf_add(&path, STR("/FeatureGroup/"));
    uri_encode(&path, group, false);
    struct str text = arena_str(&cli->arena, buf_str(&path));
    buf_release(&path);
    return text;
}

static void add_query(struct buf *query, const char *name, struct str value)
{
    buf_add_format(query, "%s%s=", query->len > 0 ? "&" : "", name);
    uri_encode(query, value, false);
}

static enum code add_values(const struct cli *cli, struct buf *body, struct err *err)
{
    for (size_t i = 1; i < cli->options.argument_count; i++) {
        struct str value = str_from(cli->options.arguments[i]);
        bool has_value = str_find_byte(value, 0, '=') < value.len;
        struct str name = str_cut(&value, '=');
        if (!has_value || name.len == 0)
            return err_set(err, ERR_INVALID, "expected FEATURE=VALUE, found '%.200s'",
                           cli->options.arguments[i]);
        if (!str_is_utf8(value))
            return err_set(err, ERR_INVALID, "the value of '%.*s' is not UTF-8", STR_ARG(name));
        buf_add(body, i > 1 ? STR(",{\"FeatureName\":") : STR("{\"FeatureName\":"));
        buf_add_json(body, name);
        buf_add(body, STR(",\"ValueAsString\":"));
        buf_add_json(body, value);
        buf_add_byte(body, '}');
    }
    return OK;
}

static enum code put_body(const struct cli *cli, struct buf *body, struct err *err)
{
    struct str ttl = option_text(&cli->options, OPTION_ID_TTL);
    struct buf targets;

    if (cli->options.argument_count < 2)
        return err_set(err, ERR_INVALID, "FEATURE=VALUE is missing");
    buf_add(body, STR("{\"Record\":["));
    TRY(add_values(cli, body, err));
    buf_add_byte(body, ']');
    buf_init(&targets, 0);
    if (cli_add_targets(&targets, &cli->options)) {
        buf_add(body, STR(",\"TargetStores\":"));
        buf_add(body, buf_str(&targets));
    }
    buf_release(&targets);
    if (!str_is_absent(ttl)) {
        buf_add(body, STR(",\"TtlDuration\":"));
        TRY(cli_add_ttl(body, ttl, err));
    }
    buf_add_byte(body, '}');
    return OK;
}

enum code cmd_put(struct cli *cli, struct err *err)
{
    struct client_reply reply;
    struct str group;
    struct buf body;

    TRY(cli_argument(cli, 0, "GROUP", &group, err));
    buf_init(&body, 0);
    enum code code = put_body(cli, &body, err);
    if (code == OK) {
        const struct client_request request = {.method = STR("PUT"),
                                               .path = group_path(cli, group),
                                               .content_type = STR("application/json"),
                                               .body = buf_str(&body)};
        code = cli_call(cli, &request, &reply, err);
    }
    buf_release(&body);
    if (code == OK && cli_is_json(cli))
        cli_print(STR("{}\n"));
    return code;
}

static enum code add_value_row(struct json *json, struct table *table, struct buf *out)
{
    struct str key;
    struct str row[2] = {STR_ABSENT, STR_ABSENT};

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        if (str_equal(key, STR("FeatureName")))
            TRY(json_string(json, &row[0]));
        else if (str_equal(key, STR("ValueAsString")))
            TRY(json_string(json, &row[1]));
        else
            TRY(json_skip(json, &row[1]));
    }
    TRY(json_status(json));
    table_add(table, row, out);
    return OK;
}

static enum code add_value_rows(struct json *json, struct table *table, struct buf *out)
{
    TRY(json_array_begin(json));
    while (json_array_next(json))
        TRY(add_value_row(json, table, out));
    return json_status(json);
}

/* {"Record":[…], "ExpiresAt":…}; *ret_is_found is false without a record. */
static enum code show_record(struct cli *cli, struct str text, struct table *table, struct buf *out,
                             bool *ret_is_found, struct err *err)
{
    struct json json;
    struct str key;

    *ret_is_found = false;
    json_init(&json, text, &cli->arena, err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key)) {
        bool is_record = str_equal(key, STR("Record")) && json_peek(&json) == JSON_ARRAY;
        TRY(is_record ? add_value_rows(&json, table, out) : json_skip(&json, NULL));
        *ret_is_found = *ret_is_found || is_record;
    }
    return json_status(&json);
}

static enum code print_record(struct cli *cli, struct str text, struct str id, struct err *err)
{
    static const struct str head[] = {{"feature", 7}, {"value", 5}};
    struct table table;
    struct buf out;
    bool is_found;

    buf_init(&out, 0);
    table_init(&table, head, ARRAY_COUNT(head));
    enum code code = show_record(cli, text, &table, &out, &is_found, err);
    if (code == OK && !is_found)
        code = err_set(err, ERR_DENIED, "there is no record of '%.*s'",
                       STR_ARG(str_slice(id, 0, size_min(id.len, 200))));
    table_end(&table, &out);
    if (code == OK)
        cli_print(buf_str(&out));
    table_release(&table);
    buf_release(&out);
    return code;
}

enum code cmd_get(struct cli *cli, struct err *err)
{
    struct client_reply reply;
    struct str group;
    struct str id;
    struct buf query;

    TRY(cli_argument(cli, 0, "GROUP", &group, err));
    TRY(cli_argument(cli, 1, "ID", &id, err));
    TRY(cli_arguments_end(cli, 2, err));
    buf_init(&query, 0);
    add_query(&query, "RecordIdentifierValueAsString", id);
    for (size_t i = 0; i < cli->options.value_count; i++) {
        if (cli->options.values[i].id == OPTION_ID_GET_FEATURE)
            add_query(&query, "FeatureName", cli->options.values[i].value);
    }
    const struct client_request request = {
        .method = STR("GET"), .path = group_path(cli, group), .query = buf_str(&query)};
    enum code code = cli_call(cli, &request, &reply, err);
    buf_release(&query);
    if (code != OK)
        return code;
    if (!cli_is_json(cli))
        return print_record(cli, reply.body, id, err);
    cli_print_json(reply.body);
    return OK;
}

/* Now, in the form that the group's event time has. */
static enum code event_time_now(struct cli *cli, struct str group, struct str *ret, struct err *err)
{
    struct group_info info;
    struct buf text;

    TRY(group_fetch(cli, group, &info, err));
    const struct group_feature *feature = group_info_feature(&info, info.event_time_feature);
    int64_t now_us = cli->os->now_us(cli->os->context);
    buf_init(&text, 0);
    if (feature != NULL && str_equal(feature->type, STR("Fractional")))
        buf_add_format(&text, "%lld.%06lld", (long long)(now_us / 1000000),
                       (long long)(now_us % 1000000));
    else
        instant_add_iso(&text, instant_from_us(now_us));
    *ret = arena_str(&cli->arena, buf_str(&text));
    buf_release(&text);
    return OK;
}

enum code cmd_delete(struct cli *cli, struct err *err)
{
    struct str event_time = option_text(&cli->options, OPTION_ID_DELETE_EVENT_TIME);
    struct client_reply reply;
    struct str group;
    struct str id;
    struct buf query;

    TRY(cli_argument(cli, 0, "GROUP", &group, err));
    TRY(cli_argument(cli, 1, "ID", &id, err));
    TRY(cli_arguments_end(cli, 2, err));
    if (str_is_absent(event_time))
        TRY(event_time_now(cli, group, &event_time, err));
    buf_init(&query, 0);
    add_query(&query, "RecordIdentifierValueAsString", id);
    add_query(&query, "EventTime", event_time);
    for (size_t i = 0; i < cli->options.value_count; i++) {
        if (cli->options.values[i].id == OPTION_ID_TARGET)
            add_query(&query, "TargetStores",
                      str_equal(cli->options.values[i].value, STR("online")) ? STR("OnlineStore")
                                                                             : STR("OfflineStore"));
    }
    bool is_hard = str_equal(option_text(&cli->options, OPTION_ID_DELETE_MODE), STR("hard"));
    add_query(&query, "DeletionMode", is_hard ? STR("HardDelete") : STR("SoftDelete"));
    const struct client_request request = {
        .method = STR("DELETE"), .path = group_path(cli, group), .query = buf_str(&query)};
    enum code code = cli_call(cli, &request, &reply, err);
    buf_release(&query);
    if (code == OK && cli_is_json(cli))
        cli_print(STR("{}\n"));
    return code;
}
