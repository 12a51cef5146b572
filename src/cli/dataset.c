/* `asof dataset`: uploads the labels in parts, asks for the dataset, and writes the file. */
#include "cli/result.h"

#include "config/limits.h"

enum { PART_BYTES = LIMIT_BODY_UPLOAD_PART };

static enum code upload_begin(struct cli *cli, struct str *ret_id, struct err *err)
{
    const struct client_request request = {.method = STR("POST"), .path = STR("/v1/uploads")};
    struct client_reply reply;
    struct json json;
    struct str key;
    struct str id = STR_ABSENT;

    TRY(cli_call(cli, &request, &reply, err));
    json_init(&json, arena_str(&cli->arena, reply.body), &cli->arena, err);
    TRY(json_object_begin(&json));
    while (json_object_next(&json, &key)) {
        if (str_equal(key, STR("UploadId")))
            TRY(json_string(&json, &id));
        else
            TRY(json_skip(&json, NULL));
    }
    TRY(json_status(&json));
    if (id.len == 0)
        return err_set(err, ERR_TIMEOUT, "the server gave no upload");
    *ret_id = id;
    return OK;
}

static enum code upload_part(struct cli *cli, struct str id, uint64_t number, struct str part,
                             struct err *err)
{
    struct client_reply reply;
    const struct client_request request = {
        .method = STR("PUT"),
        .path = arena_format(&cli->arena, "/v1/uploads/%.*s/%llu", STR_ARG(id),
                             (unsigned long long)number),
        .content_type = STR("application/octet-stream"),
        .body = part,
    };

    return cli_call(cli, &request, &reply, err);
}

struct input {
    const struct os *os;
    struct os_file *file;
    uint64_t bytes;
};

static enum code upload_file(struct cli *cli, const struct input *input, struct str id,
                             struct err *err)
{
    struct buf part;
    enum code code = OK;
    uint64_t at = 0;

    buf_init(&part, 0);
    for (uint64_t number = 0; code == OK && (at < input->bytes || number == 0); number++) {
        uint64_t left = input->bytes - at;
        size_t count = left < PART_BYTES ? (size_t)left : (size_t)PART_BYTES;
        buf_clear(&part);
        char *room = buf_reserve(&part, count);
        assert(room != NULL);
        code = input->os->read(input->os->context, input->file, room, count, at, err);
        if (code == OK)
            code = upload_part(cli, id, number, (struct str){room, count}, err);
        at += count;
    }
    buf_release(&part);
    return code;
}

static enum code upload(struct cli *cli, struct str path, struct str *ret_id, struct err *err)
{
    const char *name = arena_cstr(&cli->arena, path);
    struct input input = {.os = cli->os};
    struct os_stat status;

    TRY(cli->os->stat(cli->os->context, name, &status, err));
    input.bytes = status.bytes;
    if (status.is_dir)
        return err_set(err, ERR_IO, "'%s' is a folder, not a file", name);
    TRY(cli->os->open(cli->os->context, name, OS_READ, &input.file, err));
    enum code code = upload_begin(cli, ret_id, err);
    if (code == OK)
        code = upload_file(cli, &input, *ret_id, err);
    cli->os->close(cli->os->context, input.file);
    return code;
}

static void add_groups(struct buf *body, struct str groups)
{
    struct str rest = groups;

    buf_add(body, STR(",\"Groups\":["));
    for (bool is_first = true; rest.len > 0; is_first = false) {
        if (!is_first)
            buf_add_byte(body, ',');
        buf_add_json(body, str_trim(str_cut(&rest, ',')));
    }
    buf_add_byte(body, ']');
}

static enum code add_keys(const struct options *options, struct buf *body, struct err *err)
{
    bool is_first = true;

    buf_add(body, STR(",\"Keys\":{"));
    for (size_t i = 0; i < options->value_count; i++) {
        struct str column = options->values[i].value;
        if (options->values[i].id != OPTION_ID_KEY)
            continue;
        struct str group = str_cut(&column, '=');
        if (group.len == 0 || column.len == 0)
            return err_set(err, ERR_INVALID, "--key: expected GROUP=COLUMN, found '%.*s'",
                           STR_ARG(options->values[i].value));
        if (!is_first)
            buf_add_byte(body, ',');
        buf_add_json(body, group);
        buf_add_byte(body, ':');
        buf_add_json(body, column);
        is_first = false;
    }
    buf_add_byte(body, '}');
    return OK;
}

struct dataset_words {
    struct str labels;
    struct str groups;
    struct str out;
    enum result_form form;
};

static enum code read_words(const struct cli *cli, struct dataset_words *ret, struct err *err)
{
    TRY(cli_arguments_end(cli, 0, err));
    TRY(cli_required(cli, OPTION_ID_LABELS, "labels", &ret->labels, err));
    TRY(cli_required(cli, OPTION_ID_GROUPS, "groups", &ret->groups, err));
    TRY(cli_required(cli, OPTION_ID_OUT, "out", &ret->out, err));
    ret->form =
        result_form_of(option_text(&cli->options, OPTION_ID_DATASET_FORMAT), ret->out, RESULT_CSV);
    return OK;
}

static enum code make_body(struct cli *cli, const struct dataset_words *words, struct str upload_id,
                           struct buf *body, struct err *err)
{
    struct str time = option_text(&cli->options, OPTION_ID_TIME_COLUMN);
    bool is_parquet = str_ends(words->labels, STR(".parquet"));

    buf_add(body, STR("{\"UploadId\":"));
    buf_add_json(body, upload_id);
    buf_add_format(body, ",\"LabelsFormat\":\"%s\",\"Format\":\"%s\",\"AsSeen\":%s",
                   is_parquet ? "parquet" : "csv", result_form_name(words->form),
                   option_number(&cli->options, OPTION_ID_AS_SEEN) != 0 ? "true" : "false");
    add_groups(body, words->groups);
    TRY(add_keys(&cli->options, body, err));
    if (!str_is_absent(time)) {
        buf_add(body, STR(",\"TimeColumn\":"));
        buf_add_json(body, time);
    }
    buf_add_byte(body, '}');
    return OK;
}

static enum code ask(struct cli *cli, const struct dataset_words *words, struct str body,
                     struct err *err)
{
    const struct client_request request = {.method = STR("POST"),
                                           .path = STR("/v1/datasets"),
                                           .content_type = STR("application/json"),
                                           .body = body};
    uint64_t bytes;

    TRY(result_to_file(cli, &request, words->out, &bytes, err));
    if (cli_is_json(cli))
        cli_print(arena_format(&cli->arena, "{\"Bytes\":%llu}\n", (unsigned long long)bytes));
    else
        cli_print(arena_format(&cli->arena, "wrote %.*s (%llu bytes)\n", STR_ARG(words->out),
                               (unsigned long long)bytes));
    return OK;
}

enum code cmd_dataset(struct cli *cli, struct err *err)
{
    struct dataset_words words = {0};
    struct str id = STR_ABSENT;
    struct buf body;

    TRY(read_words(cli, &words, err));
    buf_init(&body, 0);
    /* Wrong words are told before a large file has been sent. */
    enum code code = make_body(cli, &words, STR("-"), &body, err);
    if (code == OK)
        code = upload(cli, words.labels, &id, err);
    buf_clear(&body);
    if (code == OK)
        code = make_body(cli, &words, id, &body, err);
    if (code == OK)
        code = ask(cli, &words, buf_str(&body), err);
    buf_release(&body);
    return code;
}
