/*
 * Looking at a client's statement before anything of it runs. The engine's own parser says what it
 * is: json_serialize_sql gives the syntax tree of SELECT statements and refuses all others.
 */
#include "offline/duck_priv.h"

static enum code statement_check(struct duck *duck, duckdb_extracted_statements statements,
                                 struct err *err)
{
    const struct duck_table *table = duck->table;
    duckdb_prepared_statement prepared = NULL;
    enum code code = OK;

    if (table->prepare_extracted_statement(duck->connection, statements, 0, &prepared) !=
        DuckDBSuccess) {
        const char *message = prepared == NULL ? NULL : table->prepare_error(prepared);
        code = err_set(err, ERR_INVALID, "%s", message == NULL ? "no reason given" : message);
    } else if (table->prepared_statement_type(prepared) != DUCKDB_STATEMENT_TYPE_SELECT) {
        code = err_set(err, ERR_INVALID, "expected a SELECT statement, found another kind");
    } else if (table->nparams(prepared) != 0) {
        code = err_set(err, ERR_INVALID, "expected a statement without parameters");
    }
    table->destroy_prepare(&prepared);
    return code;
}

enum code duck_check_select(struct duck *duck, const char *sql, struct err *err)
{
    const struct duck_table *table = duck->table;
    duckdb_extracted_statements statements = NULL;
    idx_t count = table->extract_statements(duck->connection, sql, &statements);
    enum code code;

    if (count == 1) {
        code = statement_check(duck, statements, err);
    } else if (count == 0) {
        const char *message =
            statements == NULL ? NULL : table->extract_statements_error(statements);
        code = err_set(err, ERR_INVALID, "%s",
                       message == NULL ? "expected one SELECT statement, found none" : message);
    } else {
        code = err_set(err, ERR_INVALID, "expected one statement, found %ju", (uintmax_t)count);
    }
    table->destroy_extracted(&statements);
    return code;
}

/* `WITH parsed(tree) AS (SELECT json_serialize_sql('<sql>')) <tail>` */
static enum code tree_query(struct duck *duck, const char *sql, struct str tail,
                            struct duck_result **ret, struct err *err)
{
    CLEANUP(buf_release) struct buf query = {0};

    buf_add(&query, STR("WITH parsed(tree) AS (SELECT json_serialize_sql("));
    duck_add_literal(&query, str_from(sql));
    buf_add(&query, STR(")) "));
    buf_add(&query, tail);
    buf_add_byte(&query, '\0');
    return duck_query(duck, query.ptr, false, ret, err);
}

static enum code verdict(const struct duck_result *result, struct err *err)
{
    if (duck_is_null(result, 0) || duck_bool(result, 0)) {
        struct str kind = duck_is_null(result, 1) ? STR("") : duck_str(result, 1);
        if (duck_is_null(result, 2) || str_equal(kind, STR("not implemented")))
            return err_set(err, ERR_INVALID, "expected a SELECT statement, found another kind");
        return err_set(err, ERR_INVALID, "%.*s", STR_ARG(duck_str(result, 2)));
    }
    int64_t count = duck_is_null(result, 3) ? 0 : duck_i64(result, 3);
    if (count != 1)
        return err_set(err, ERR_INVALID, "expected one SELECT statement, found %jd",
                       (intmax_t)count);
    return OK;
}

static enum code tree_check(struct duck *duck, const char *sql, struct err *err)
{
    struct duck_result *result = NULL;
    bool has_row = false;

    TRY(tree_query(duck, sql,
                   STR("SELECT (tree->>'$.error')::BOOLEAN, tree->>'$.error_type', "
                       "tree->>'$.error_message', json_array_length(tree, '$.statements')::BIGINT "
                       "FROM parsed"),
                   &result, err));
    enum code code = duck_result_next(result, &has_row, err);
    assert(code != OK || has_row);
    if (code == OK)
        code = verdict(result, err);
    duck_result_free(result);
    return code;
}

static enum code tables_read(struct duck_result *result, struct arena *arena,
                             struct duck_name **tables, size_t *count, struct err *err)
{
    bool has_row = false;

    TRY(duck_result_next(result, &has_row, err));
    if (has_row)
        *tables = ARENA_NEW(arena, struct duck_name, (size_t)duck_i64(result, 3));
    while (has_row) {
        assert(*count < (size_t)duck_i64(result, 3));
        (*tables)[(*count)++] = (struct duck_name){arena_str(arena, duck_str(result, 0)),
                                                   arena_str(arena, duck_str(result, 1)),
                                                   arena_str(arena, duck_str(result, 2))};
        TRY(duck_result_next(result, &has_row, err));
    }
    return OK;
}

enum code duck_parse_select(struct duck *duck, const char *sql, struct arena *arena,
                            const struct duck_name **ret_tables, size_t *ret_count, struct err *err)
{
    struct duck_result *result = NULL;
    struct duck_name *tables = NULL;
    size_t count = 0;

    TRY(tree_check(duck, sql, err));
    TRY(tree_query(duck, sql,
                   STR("SELECT *, count(*) OVER () FROM (SELECT DISTINCT * FROM (SELECT "
                       "unnest(json_extract_string(tree, '$..catalog_name')) AS c, "
                       "unnest(json_extract_string(tree, '$..schema_name')) AS s, "
                       "unnest(json_extract_string(tree, '$..table_name')) AS t FROM parsed) "
                       "WHERE t <> '') ORDER BY c, s, t"),
                   &result, err));
    enum code code = tables_read(result, arena, &tables, &count, err);
    duck_result_free(result);
    TRY(code);
    *ret_tables = tables;
    *ret_count = count;
    return OK;
}
