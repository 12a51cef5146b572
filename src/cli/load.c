/* `asof load`: reads the words, opens the file, fits it to the group, and runs the load. */
#include "cli/csv.h"
#include "cli/group.h"
#include "cli/load_run.h"
#include "cli/load_source.h"
#include "cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    RETRY_MS = 120 * 1000, /* longer than a server needs to come back */
    SHOW_MS = 200,
    SAVE_US = 1000 * 1000,
    EXIT_INTERRUPTED = 130,
};

static atomic_bool is_interrupted;

static void on_interrupt(int number)
{
    (void)number;
    atomic_store(&is_interrupted, true);
}

struct job {
    struct cli *cli;
    const char *path;
    const char *progress_path; /* NULL: from standard input nothing can go on */
    const char *failed_path;
    enum load_form form;
    struct group_info info;
    struct plan plan;
    struct load_source *source;
    struct rows rows;
    struct buf header;
    struct failed *failed;
    struct client_options client;
    struct progress progress;
    uint64_t failed_before; /* of earlier runs of a resumed load */
    bool is_terminal;
    struct load *load;
    struct load_state state;
    int64_t started_us;
};

static enum code read_words(struct job *job, struct err *err)
{
    struct cli *cli = job->cli;
    struct str errors = option_text(&cli->options, OPTION_ID_LOAD_ERRORS);
    struct str path;

    TRY(cli_argument(cli, 0, "FILE", &path, err));
    TRY(cli_arguments_end(cli, 1, err));
    job->path = path.ptr;
    job->form = load_form_of(option_text(&cli->options, OPTION_ID_LOAD_FORMAT), path);
    bool is_stdin = str_equal(path, STR("-"));
    const char *base = is_stdin ? "stdin" : job->path;
    job->failed_path = str_is_absent(errors) ? arena_format(&cli->arena, "%s.asof-errors", base).ptr
                                             : arena_cstr(&cli->arena, errors);
    if (!is_stdin)
        job->progress_path = arena_format(&cli->arena, "%s.asof-progress", base).ptr;
    if (is_stdin && option_number(&cli->options, OPTION_ID_LOAD_RESUME) != 0)
        return err_set(err, ERR_INVALID, "a load from standard input cannot be resumed");
    return OK;
}

static enum code cut_map(struct str text, struct plan_map *ret, struct err *err)
{
    struct str column = text;
    struct str feature = str_cut(&column, '=');

    if (feature.len == 0 || column.len == 0)
        return err_set(err, ERR_INVALID, "--map: expected FEATURE=COLUMN, found '%.*s'",
                       STR_ARG(text));
    *ret = (struct plan_map){feature, column};
    return OK;
}

static enum code make_plan(struct job *job, struct err *err)
{
    struct cli *cli = job->cli;
    const struct options *options = &cli->options;
    struct plan_request request = {.info = &job->info};
    struct plan_map *maps = ARENA_NEW(&cli->arena, struct plan_map, options->value_count + 1);
    struct str id_column = option_text(options, OPTION_ID_LOAD_ID_COLUMN);
    struct str ttl = option_text(options, OPTION_ID_TTL);
    struct buf text;
    enum code code = OK;

    for (size_t i = 0; i < options->value_count; i++) {
        if (options->values[i].id == OPTION_ID_LOAD_MAP)
            TRY(cut_map(options->values[i].value, &maps[request.map_count++], err));
    }
    if (!str_is_absent(id_column))
        maps[request.map_count++] = (struct plan_map){job->info.id_feature, id_column};
    request.maps = maps;
    request.is_strict = option_number(options, OPTION_ID_LOAD_STRICT) != 0;
    buf_init(&text, 0);
    if (cli_add_targets(&text, options))
        request.targets = arena_str(&cli->arena, buf_str(&text));
    buf_clear(&text);
    if (!str_is_absent(ttl)) {
        code = cli_add_ttl(&text, ttl, err);
        request.ttl = arena_str(&cli->arena, buf_str(&text));
    }
    buf_release(&text);
    TRY(code);
    return plan_make(&request, &cli->arena, &job->plan, err);
}

static enum code fit_header(struct job *job, struct err *err)
{
    struct cli *cli = job->cli;
    struct str *names = ARENA_NEW(&cli->arena, struct str, CSV_CELLS_MAX);
    size_t count;

    TRY(rows_header(&job->rows, &job->header, err));
    TRY(csv_cells(buf_str(&job->header), &cli->arena, names, CSV_CELLS_MAX, &count, err));
    TRY(plan_columns(&job->plan, names, count, &cli->arena, err));
    if (job->plan.ignored.len > 0)
        (void)fprintf(stderr, "note: columns that are no features are ignored: %.*s\n",
                      STR_ARG(job->plan.ignored));
    return OK;
}

static enum code open_rows(struct job *job, struct err *err)
{
    enum rows_form form = job->form == LOAD_JSON_LINES ? ROWS_JSON_LINES : ROWS_CSV;

    TRY(load_source_open(job->path, job->form, &job->source, err));
    rows_init(&job->rows, form, load_source_read, job->source);
    if (form == ROWS_CSV && fit_header(job, err) != OK)
        return err_prefix(err, err->code, "%s", job->path);
    return OK;
}

static enum code new_load_id(struct job *job, struct err *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[PROGRESS_ID_BYTES / 2];
    char text[PROGRESS_ID_BYTES];
    const struct os *os = job->cli->os;

    TRY(os->random(os->context, bytes, sizeof(bytes), err));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        text[2 * i] = hex[bytes[i] >> 4];
        text[2 * i + 1] = hex[bytes[i] & 15];
    }
    job->progress.load_id = arena_str(&job->cli->arena, (struct str){text, sizeof(text)});
    return OK;
}

/* What an earlier load of the file left. */
static enum code resume(struct job *job, struct err *err)
{
    struct progress *progress = &job->progress;
    enum code code =
        progress_read(job->cli->os, job->progress_path, &job->cli->arena, progress, err);

    if (code == ERR_NOT_FOUND)
        return err_set(err, ERR_INVALID, "there is nothing to resume: '%s' is not there",
                       job->progress_path);
    TRY(code);
    if (!str_equal(progress->group, job->info.name))
        return err_set(err, ERR_INVALID, "the load to resume was into '%.*s'",
                       STR_ARG(progress->group));
    if (progress->file_bytes != load_source_bytes(job->source))
        return err_set(err, ERR_INVALID, "the file has changed since the load to resume");
    job->failed_before = progress->failed;
    return OK;
}

static enum code choose_start(struct job *job, struct err *err)
{
    const struct options *options = &job->cli->options;
    struct os_stat status;
    bool is_from_row = options->is_given[OPTION_ID_LOAD_FROM_ROW];
    const struct os *os = job->cli->os;

    if (option_number(options, OPTION_ID_LOAD_RESUME) != 0) {
        if (is_from_row)
            return err_set(err, ERR_INVALID, "--resume and --from-row contradict each other");
        TRY(resume(job, err));
    } else {
        bool is_left = job->progress_path != NULL &&
                       os->stat(os->context, job->progress_path, &status, NULL) == OK;
        if (is_left && !is_from_row)
            return err_set(err, ERR_INVALID,
                           "an earlier load of this file was interrupted ('%s'): --resume goes on, "
                           "--from-row 0 begins anew",
                           job->progress_path);
        TRY(new_load_id(job, err));
        job->progress.group = job->info.name;
        job->progress.file_bytes = load_source_bytes(job->source);
        job->progress.row = (uint64_t)option_number(options, OPTION_ID_LOAD_FROM_ROW);
    }
    return rows_skip(&job->rows, job->progress.row, err);
}

static enum code save(struct job *job, struct err *err)
{
    if (job->progress_path == NULL)
        return OK;
    job->progress.row = job->state.row;
    job->progress.failed = job->failed_before + failed_count(job->failed);
    return progress_write(job->cli->os, job->progress_path, &job->progress, err);
}

static int64_t elapsed_us(const struct job *job)
{
    return job->cli->os->monotonic_us(job->cli->os->context) - job->started_us;
}

static void show(struct job *job)
{
    struct buf line;
    struct progress_view view = {.rows = job->state.written,
                                 .failed = failed_count(job->failed),
                                 .elapsed_us = elapsed_us(job)};

    if (!job->is_terminal)
        return;
    load_source_progress(job->source, job->state.row, &view.position, &view.size);
    buf_init(&line, 0);
    progress_line(&view, &line);
    (void)fprintf(stderr, "\r\033[K%.*s", STR_ARG(buf_str(&line)));
    (void)fflush(stderr);
    buf_release(&line);
}

static enum code watch(struct job *job, struct err *err)
{
    int64_t saved_us = -(int64_t)SAVE_US; /* soon for the first time */

    do {
        load_wait(job->load, SHOW_MS, &job->state);
        show(job);
        if (elapsed_us(job) - saved_us > SAVE_US && job->state.is_running) {
            TRY(save(job, err));
            saved_us = elapsed_us(job);
        }
    } while (job->state.is_running);
    if (job->is_terminal)
        (void)fprintf(stderr, "\r\033[K");
    return OK;
}

static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static void summary(struct job *job)
{
    uint64_t failed = failed_count(job->failed);
    double seconds = (double)elapsed_us(job) / 1e6;
    double rate = (double)job->state.written / (seconds > 0 ? seconds : 1);
    struct buf out;

    buf_init(&out, 0);
    if (cli_is_json(job->cli)) {
        buf_add_format(
            &out, "{\"Rows\":%llu,\"Failed\":%llu,\"Seconds\":%.3f,\"RowsPerSecond\":%.0f}\n",
            (unsigned long long)job->state.written, (unsigned long long)failed, seconds, rate);
    } else {
        buf_add(&out, STR("loaded "));
        progress_count(job->state.written, &out);
        buf_add_format(&out, " rows into %.*s in %.1f s (", STR_ARG(job->info.name), seconds);
        progress_count((uint64_t)rate, &out);
        buf_add(&out, STR(" rows/s)"));
        if (failed > 0) {
            buf_add(&out, STR("; "));
            progress_count(failed, &out);
            buf_add_format(&out, " failed: see %s", job->failed_path);
        }
        buf_add_byte(&out, '\n');
    }
    cli_print(buf_str(&out));
    buf_release(&out);
}

/* After the threads ended. */
static enum code finish(struct job *job, struct err *err)
{
    const struct os *os = job->cli->os;
    struct err ignored;
    enum code code = load_result(job->load, err);
    bool is_interrupted_now = code == OK && atomic_load(&is_interrupted);
    struct str unknown = load_unknown(job->load);

    if (!str_is_absent(unknown))
        (void)fprintf(stderr, "note: members that are no features are ignored, such as '%.*s'\n",
                      STR_ARG(unknown));
    if (code != OK || is_interrupted_now) {
        enum code saved = save(job, &ignored);
        if (saved == OK && job->progress_path != NULL)
            (void)fprintf(stderr, "stopped at row %llu; the same command with --resume goes on\n",
                          (unsigned long long)job->state.row);
        job->cli->exit_code = EXIT_INTERRUPTED;
        return code;
    }
    if (job->progress_path != NULL) {
        code = os->remove(os->context, job->progress_path, &ignored);
        code = code == ERR_NOT_FOUND ? OK : code;
    }
    summary(job);
    if (failed_count(job->failed) > 0)
        job->cli->exit_code = CLI_REFUSED;
    return code;
}

static enum code prepare(struct job *job, struct err *err)
{
    struct cli *cli = job->cli;
    struct str group;

    TRY(read_words(job, err));
    TRY(cli_required(cli, OPTION_ID_LOAD_GROUP, "group", &group, err));
    TRY(cli_client_options(cli, &job->client, err));
    TRY(group_fetch(cli, group, &job->info, err));
    TRY(make_plan(job, err));
    TRY(open_rows(job, err));
    return choose_start(job, err);
}

static enum code run(struct job *job, struct err *err)
{
    const struct options *options = &job->cli->options;

    TRY(prepare(job, err));
    const struct failed_options failed = {
        .os = job->cli->os,
        .path = job->failed_path,
        .form = job->rows.form,
        .header = buf_str(&job->header),
        .is_continued = option_number(options, OPTION_ID_LOAD_RESUME) != 0,
    };
    job->failed = failed_new(&failed);
    job->client.retry_ms = RETRY_MS;
    job->client.is_stopping = &is_interrupted;
    const struct load_options load = {
        .client = &job->client,
        .plan = &job->plan,
        .rows = &job->rows,
        .failed = job->failed,
        .load_id = job->progress.load_id,
        .connections = (unsigned)option_number(options, OPTION_ID_LOAD_CONNECTIONS),
        .is_stopping = &is_interrupted,
    };
    job->started_us = job->cli->os->monotonic_us(job->cli->os->context);
    catch_interrupts();
    TRY(load_start(&load, &job->load, err));
    TRY(watch(job, err));
    return finish(job, err);
}

enum code cmd_load(struct cli *cli, struct err *err)
{
    struct job job = {.cli = cli, .is_terminal = isatty(STDERR_FILENO) == 1};

    atomic_store(&is_interrupted, false);
    buf_init(&job.header, 0);
    enum code code = run(&job, err);
    if (code != OK)
        atomic_store(&is_interrupted, true); /* threads that still run end after their batch */
    load_free(job.load);
    failed_free(job.failed);
    rows_release(&job.rows);
    load_source_close(job.source);
    buf_release(&job.header);
    return code;
}
