/*
 * POST /v1/sql: one SELECT. The body is JSON ({"Sql": …, "Format": …}), or the statement itself as
 * text/plain or application/sql.
 */
#include "api/api_priv.h"
#include "api/body.h"
#include "api/query_pool.h"

struct sql_body {
    struct str sql;
    struct str format;
};

static enum code sql_member(struct call *call, struct json *json, struct str key, void *context,
                            struct err *err)
{
    struct sql_body *body = context;

    (void)call;
    if (str_equal_nocase(key, STR("Sql")))
        return body_text(json, &body->sql);
    if (str_equal_nocase(key, STR("Format")))
        return body_text(json, &body->format);
    return err_set(err, ERR_INVALID, "expected the members Sql and Format, found '%.*s'",
                   STR_ARG(text_shown(key)));
}

static bool is_text(const struct call *call)
{
    const struct str type = http_header(&call->exchange->request, STR("Content-Type"), NULL);

    return str_starts(type, STR("text/plain")) || str_starts(type, STR("application/sql"));
}

enum code api_sql(struct call *call, struct err *err)
{
    struct query_job *job = ARENA_NEW(call->arena, struct query_job, 1);
    struct sql_body body = {0};

    if (is_text(call))
        body.sql = call->exchange->request.body;
    else
        TRY(body_read(call, sql_member, &body, err));
    if (str_is_absent(body.sql) || body.sql.len == 0)
        return err_set(err, ERR_INVALID, "Sql: expected one SELECT statement, found nothing");
    job->request.sql = body.sql;
    TRY(query_format_of(call, body.format, &job->request.format, err));
    return query_pool_run(call->api->queries, call, job, err);
}
