/* `asof group describe`, `list` and `delete`. */
#include "cli/group.h"

#include "cli/table.h"
#include "core/instant.h"

static struct str name_body(struct cli *cli, struct str name)
{
    struct buf body;

    buf_init(&body, 0);
    buf_add(&body, STR("{\"FeatureGroupName\":"));
    buf_add_json(&body, name);
    buf_add(&body, STR("}"));
    struct str text = arena_str(&cli->arena, buf_str(&body));
    buf_release(&body);
    return text;
}

enum code group_fetch(struct cli *cli, struct str name, struct group_info *ret, struct err *err)
{
    struct client_reply reply;

    TRY(cli_control(cli, "DescribeFeatureGroup", name_body(cli, name), &reply, err));
    return group_info_parse(arena_str(&cli->arena, reply.body), &cli->arena, ret, err);
}

/* Epoch seconds as ISO; the text itself when they are none. */
static struct str time_text(struct arena *arena, struct str seconds)
{
    struct instant instant;
    struct buf buf;

    if (instant_parse_decimal(seconds, &instant, NULL) != OK)
        return seconds;
    buf_init(&buf, 0);
    instant_add_iso(&buf, instant);
    struct str text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

static void add_line(struct buf *out, const char *name, struct str value)
{
    if (!str_is_absent(value))
        buf_add_format(out, "%-18s%.*s\n", name, STR_ARG(value));
}

static const char *role_of(const struct group_info *info, struct str feature)
{
    if (str_equal(feature, info->id_feature))
        return "record identifier";
    return str_equal(feature, info->event_time_feature) ? "event time" : "";
}

static void show(struct cli *cli, const struct group_info *info, struct buf *out)
{
    static const struct str head[] = {{"feature", 7}, {"type", 4}, {"", 0}};
    struct table table;

    add_line(out, "name", info->name);
    add_line(out, "arn", info->arn);
    add_line(out, "status", info->status);
    add_line(out, "description", info->description);
    add_line(out, "created", time_text(&cli->arena, info->created));
    add_line(out, "online store",
             str_is_absent(info->storage_type) ? STR("none") : info->storage_type);
    add_line(out, "ttl", info->ttl);
    add_line(out, "offline store",
             str_is_absent(info->offline_uri) ? STR("none") : info->offline_uri);
    buf_add_byte(out, '\n');
    table_init(&table, head, ARRAY_COUNT(head));
    for (size_t i = 0; i < info->feature_count; i++) {
        const struct group_feature *feature = &info->features[i];
        struct str type = str_is_absent(feature->collection)
                              ? feature->type
                              : arena_format(&cli->arena, "%.*s of %.*s",
                                             STR_ARG(feature->collection), STR_ARG(feature->type));
        const struct str row[] = {feature->name, type, str_from(role_of(info, feature->name))};
        table_add(&table, row, out);
    }
    table_end(&table, out);
    table_release(&table);
}

enum code cmd_group_describe(struct cli *cli, struct err *err)
{
    struct client_reply reply;
    struct group_info info;
    struct str name;
    struct buf out;

    TRY(cli_argument(cli, 0, "NAME", &name, err));
    TRY(cli_arguments_end(cli, 1, err));
    TRY(cli_control(cli, "DescribeFeatureGroup", name_body(cli, name), &reply, err));
    if (cli_is_json(cli)) {
        cli_print_json(reply.body);
        return OK;
    }
    TRY(group_info_parse(reply.body, &cli->arena, &info, err));
    buf_init(&out, 0);
    show(cli, &info, &out);
    cli_print(buf_str(&out));
    buf_release(&out);
    return OK;
}

enum code cmd_group_delete(struct cli *cli, struct err *err)
{
    struct client_reply reply;
    struct str name;

    TRY(cli_argument(cli, 0, "NAME", &name, err));
    TRY(cli_arguments_end(cli, 1, err));
    TRY(cli_control(cli, "DeleteFeatureGroup", name_body(cli, name), &reply, err));
    if (cli_is_json(cli))
        cli_print(STR("{}\n"));
    else
        cli_print(arena_format(&cli->arena, "deleted %.*s\n", STR_ARG(name)));
    return OK;
}

struct summary {
    struct str name;
    struct str status;
    struct str created;
};

static enum code read_summary(struct json *json, struct summary *ret)
{
    struct summary summary = {0};
    struct str key;

    TRY(json_object_begin(json));
    while (json_object_next(json, &key)) {
        struct str value;
        bool is_text = json_peek(json) == JSON_STRING;
        if (is_text)
            TRY(json_string(json, &value));
        else
            TRY(json_skip(json, &value));
        if (str_equal(key, STR("FeatureGroupName")))
            summary.name = value;
        else if (str_equal(key, STR("FeatureGroupStatus")))
            summary.status = value;
        else if (str_equal(key, STR("CreationTime")))
            summary.created = value;
    }
    TRY(json_status(json));
    *ret = summary;
    return OK;
}

/* One page; *ret_token is absent after the last. */
struct list_page {
    struct table *table; /* NULL: JSON */
    struct buf *out;
    bool is_first;
    struct str token;
};

static enum code take_group(struct cli *cli, struct json *json, struct list_page *page)
{
    struct summary summary;
    struct str text;

    if (page->table == NULL) {
        TRY(json_skip(json, &text));
        buf_add(page->out, page->is_first ? STR("") : STR(","));
        buf_add(page->out, text);
        page->is_first = false;
        return OK;
    }
    TRY(read_summary(json, &summary));
    const struct str row[] = {summary.name, summary.status,
                              time_text(&cli->arena, summary.created)};
    table_add(page->table, row, page->out);
    return OK;
}

static enum code take_groups(struct cli *cli, struct json *json, struct list_page *page)
{
    TRY(json_array_begin(json));
    while (json_array_next(json))
        TRY(take_group(cli, json, page));
    return json_status(json);
}

static enum code take_member(struct cli *cli, struct json *json, struct str key,
                             struct list_page *page)
{
    if (str_equal(key, STR("NextToken")) && json_peek(json) == JSON_STRING)
        return json_string(json, &page->token);
    if (str_equal(key, STR("FeatureGroupSummaries")))
        return take_groups(cli, json, page);
    return json_skip(json, NULL);
}

static enum code take_page(struct cli *cli, struct str text, struct list_page *page,
                           struct err *err)
{
    struct json json;
    struct str key;

    page->token = STR_ABSENT;
    json_init(&json, text, &cli->arena, err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key))
        TRY(take_member(cli, &json, key, page));
    return json_status(&json);
}

static enum code list_all(struct cli *cli, struct list_page *page, struct err *err)
{
    struct str contains = option_text(&cli->options, OPTION_ID_LIST_CONTAINS);
    struct client_reply reply;
    enum code code = OK;

    do {
        struct buf body;
        buf_init(&body, 0);
        buf_add(&body, STR("{\"SortBy\":\"Name\",\"SortOrder\":\"Ascending\",\"MaxResults\":100"));
        if (!str_is_absent(contains)) {
            buf_add(&body, STR(",\"NameContains\":"));
            buf_add_json(&body, contains);
        }
        if (!str_is_absent(page->token)) {
            buf_add(&body, STR(",\"NextToken\":"));
            buf_add_json(&body, page->token);
        }
        buf_add(&body, STR("}"));
        code = cli_control(cli, "ListFeatureGroups", buf_str(&body), &reply, err);
        buf_release(&body);
        if (code == OK)
            code = take_page(cli, arena_str(&cli->arena, reply.body), page, err);
    } while (code == OK && !str_is_absent(page->token));
    return code;
}

enum code cmd_group_list(struct cli *cli, struct err *err)
{
    static const struct str head[] = {{"name", 4}, {"status", 6}, {"created", 7}};
    struct table table;
    struct buf out;
    struct list_page page = {.table = cli_is_json(cli) ? NULL : &table,
                             .out = &out,
                             .is_first = true,
                             .token = STR_ABSENT};

    TRY(cli_arguments_end(cli, 0, err));
    buf_init(&out, 0);
    table_init(&table, head, ARRAY_COUNT(head));
    if (cli_is_json(cli))
        buf_add(&out, STR("["));
    enum code code = list_all(cli, &page, err);
    if (cli_is_json(cli))
        buf_add(&out, STR("]\n"));
    else
        table_end(&table, &out);
    if (code == OK)
        cli_print(buf_str(&out));
    table_release(&table);
    buf_release(&out);
    return code;
}
