/*
 * The database: opening, locking, running. Statements are looked at in duck_select.c; results and
 * appending are in duck_rows.c.
 */
#include "core/mem.h"
#include "offline/duck_priv.h"

#include <stdio.h>

enum code duck_code(duckdb_error_type type)
{
    switch ((int)type) {
    case DUCKDB_ERROR_IO:
        return ERR_IO;
    case DUCKDB_ERROR_INTERRUPT:
        return ERR_TIMEOUT;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
    case DUCKDB_ERROR_OBJECT_SIZE:
        return ERR_TOO_LARGE;
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_NULL_POINTER:
        return ERR_INTERNAL;
    default:
        return ERR_INVALID;
    }
}

struct setting {
    const char *name;
    const char *value;
};

static const struct setting settings[] = {
    {"autoinstall_known_extensions", "false"}, {"autoload_known_extensions", "false"},
    {"allow_community_extensions", "false"},   {"allow_unsigned_extensions", "false"},
    {"allow_persistent_secrets", "false"},     {"preserve_insertion_order", "true"},
};

static enum code setting_set(const struct duck_table *table, duckdb_config config, const char *name,
                             const char *value, struct err *err)
{
    if (table->set_config(config, name, value) != DuckDBSuccess)
        return err_set(err, ERR_INTERNAL, "the SQL engine refuses the setting %s = %s", name,
                       value);
    return OK;
}

static enum code config_fill(const struct duck_table *table, const struct duck_options *options,
                             duckdb_config config, struct err *err)
{
    char number[32];

    for (size_t i = 0; i < ARRAY_COUNT(settings); i++)
        TRY(setting_set(table, config, settings[i].name, settings[i].value, err));
    (void)snprintf(number, sizeof(number), "%u", options->threads == 0 ? 1 : options->threads);
    TRY(setting_set(table, config, "threads", number, err));
    if (options->memory_bytes_max != 0) {
        (void)snprintf(number, sizeof(number), "%juB", (uintmax_t)options->memory_bytes_max);
        TRY(setting_set(table, config, "memory_limit", number, err));
    }
    /* An empty folder name turns spilling off; the default would be ".tmp" where we stand. */
    TRY(setting_set(table, config, "temp_directory",
                    options->temp_dir == NULL ? "" : options->temp_dir, err));
    (void)snprintf(number, sizeof(number), "%juB", (uintmax_t)options->temp_bytes_max);
    if (options->temp_dir != NULL)
        TRY(setting_set(table, config, "max_temp_directory_size", number, err));
    return OK;
}

static enum code database_open(struct duck *duck, duckdb_config config, struct err *err)
{
    char *message = NULL;

    if (duck->table->open_ext(NULL, &duck->database, config, &message) != DuckDBSuccess) {
        enum code code = err_set(err, ERR_INTERNAL, "the SQL engine did not start: %s",
                                 message == NULL ? "no reason given" : message);
        if (message != NULL)
            duck->table->free(message);
        return code;
    }
    if (duck->table->connect(duck->database, &duck->connection) != DuckDBSuccess)
        return err_set(err, ERR_INTERNAL, "the SQL engine gave no connection");
    return duck_instant_register(duck, err);
}

enum code duck_open(const struct duck_options *options, struct duck **ret, struct err *err)
{
    const struct duck_table *table = NULL;
    duckdb_config config = NULL;

    assert(options != NULL);
    TRY(duck_load(&table, err));
    if (table->create_config(&config) != DuckDBSuccess)
        return err_set(err, ERR_INTERNAL, "the SQL engine gave no settings");
    struct duck *duck = MEM_NEW(struct duck);
    duck->table = table;
    enum code code = config_fill(table, options, config, err);
    if (code == OK)
        code = database_open(duck, config, err);
    table->destroy_config(&config);
    if (code != OK) {
        duck_close(duck);
        return code;
    }
    *ret = duck;
    return OK;
}

void duck_close(struct duck *duck)
{
    if (duck == NULL)
        return;
    if (duck->connection != NULL)
        duck->table->disconnect(&duck->connection);
    if (duck->database != NULL)
        duck->table->close(&duck->database);
    mem_free(duck);
}

const char *duck_version(const struct duck *duck)
{
    return duck->table->library_version();
}

void duck_interrupt(struct duck *duck)
{
    duck->table->interrupt(duck->connection);
}

enum code duck_run(struct duck *duck, const char *sql, struct err *err)
{
    duckdb_result result;
    enum code code = OK;

    if (duck->table->query(duck->connection, sql, &result) != DuckDBSuccess) {
        const char *message = duck->table->result_error(&result);
        code = err_set(err, duck_code(duck->table->result_error_type(&result)), "%s",
                       message == NULL ? "the SQL engine gave no reason" : message);
    }
    duck->table->destroy_result(&result);
    return code;
}

static void add_quoted(struct buf *sql, struct str text, char quote)
{
    buf_add_byte(sql, quote);
    for (size_t i = 0; i < text.len; i++) {
        assert(text.ptr[i] != '\0');
        if (text.ptr[i] == quote)
            buf_add_byte(sql, quote);
        buf_add_byte(sql, text.ptr[i]);
    }
    buf_add_byte(sql, quote);
}

void duck_add_literal(struct buf *sql, struct str text)
{
    add_quoted(sql, text, '\'');
}

void duck_add_name(struct buf *sql, struct str name)
{
    add_quoted(sql, name, '"');
}

static enum code setting_check(struct duck *duck, const char *name, bool expected, struct err *err)
{
    char sql[128];
    struct duck_result *result = NULL;
    bool has_row = false;

    (void)snprintf(sql, sizeof(sql), "SELECT current_setting('%s')::BOOLEAN", name);
    TRY(duck_query(duck, sql, false, &result, err));
    enum code code = duck_result_next(result, &has_row, err);
    bool is_as_expected =
        code == OK && has_row && !duck_is_null(result, 0) && duck_bool(result, 0) == expected;
    duck_result_free(result);
    TRY(code);
    return is_as_expected ? OK : err_set(err, ERR_INTERNAL, "the setting %s did not take", name);
}

static void lock_write(const struct duck_lock *lock, struct buf *sql)
{
    buf_add(sql, STR("SET allowed_paths=["));
    for (size_t i = 0; i < lock->file_count; i++) {
        if (i > 0)
            buf_add_byte(sql, ',');
        duck_add_literal(sql, str_from(lock->files[i]));
    }
    buf_add(sql, STR("];"));
    if (lock->dir != NULL) {
        buf_add(sql, STR("SET allowed_directories=["));
        duck_add_literal(sql, str_from(lock->dir));
        buf_add(sql, STR("];"));
    }
    buf_add(sql, STR("SET enable_external_access=false;SET lock_configuration=true;"));
    buf_add_byte(sql, '\0');
}

enum code duck_lock(struct duck *duck, const struct duck_lock *lock, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};

    lock_write(lock, &sql);
    TRY(duck_run(duck, sql.ptr, err));
    TRY(setting_check(duck, "enable_external_access", false, err));
    return setting_check(duck, "lock_configuration", true, err);
}
