/* Rows out of a result and rows into a table, both by the library's column-wise chunks. */
#include "core/mem.h"
#include "offline/duck_priv.h"

/* ---- results ---- */

struct duck_column {
    enum duck_type type;
    duckdb_type stored;
    void *data; /* read only */
    const uint64_t *validity;
};

struct duck_result {
    struct duck *duck;
    duckdb_result result;
    duckdb_data_chunk chunk;
    size_t row; /* of the chunk */
    size_t rows;
    bool is_at_end; /* no chunk may be asked for any more */
    size_t column_count;
    struct duck_column *columns;
};

static enum duck_type type_of(duckdb_type type)
{
    switch ((int)type) {
    case DUCKDB_TYPE_BOOLEAN:
        return DUCK_BOOLEAN;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
        return DUCK_BIGINT;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
        return DUCK_DOUBLE;
    case DUCKDB_TYPE_VARCHAR:
        return DUCK_VARCHAR;
    case DUCKDB_TYPE_BLOB:
        return DUCK_BLOB;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        return DUCK_TIMESTAMP;
    case DUCKDB_TYPE_HUGEINT:
        return DUCK_HUGEINT;
    default:
        return DUCK_OTHER;
    }
}

static enum code result_failed(struct duck_result *result, struct err *err)
{
    const struct duck_table *table = result->duck->table;
    const char *message = table->result_error(&result->result);

    return err_set(err, duck_code(table->result_error_type(&result->result)), "%s",
                   message == NULL ? "the SQL engine gave no reason" : message);
}

static enum code run_streaming(struct duck_result *result, const char *sql, struct err *err)
{
    const struct duck_table *table = result->duck->table;
    duckdb_prepared_statement prepared = NULL;
    enum code code = OK;

    if (table->prepare(result->duck->connection, sql, &prepared) != DuckDBSuccess) {
        const char *message = prepared == NULL ? NULL : table->prepare_error(prepared);
        code = err_set(err, ERR_INVALID, "%s", message == NULL ? "no reason given" : message);
    } else if (table->execute_prepared_streaming(prepared, &result->result) != DuckDBSuccess) {
        code = result_failed(result, err);
    }
    table->destroy_prepare(&prepared);
    return code;
}

enum code duck_query(struct duck *duck, const char *sql, bool is_streaming,
                     struct duck_result **ret, struct err *err)
{
    struct duck_result *result = MEM_NEW(struct duck_result);
    enum code code = OK;

    result->duck = duck;
    if (is_streaming)
        code = run_streaming(result, sql, err);
    else if (duck->table->query(duck->connection, sql, &result->result) != DuckDBSuccess)
        code = result_failed(result, err);
    if (code != OK) {
        duck_result_free(result);
        return code;
    }
    result->column_count = duck->table->column_count(&result->result);
    result->columns = MEM_NEW_ARRAY(struct duck_column, size_max(result->column_count, 1));
    for (size_t i = 0; i < result->column_count; i++) {
        result->columns[i].stored = duck->table->column_type(&result->result, i);
        result->columns[i].type = type_of(result->columns[i].stored);
    }
    *ret = result;
    return OK;
}

void duck_result_free(struct duck_result *result)
{
    if (result == NULL)
        return;
    if (result->chunk != NULL)
        result->duck->table->destroy_data_chunk(&result->chunk);
    result->duck->table->destroy_result(&result->result);
    mem_free(result->columns);
    mem_free(result);
}

size_t duck_result_columns(const struct duck_result *result)
{
    return result->column_count;
}

struct str duck_result_name(struct duck_result *result, size_t column)
{
    assert(column < result->column_count);
    return str_from(result->duck->table->column_name(&result->result, column));
}

enum duck_type duck_result_type(const struct duck_result *result, size_t column)
{
    assert(column < result->column_count);
    return result->columns[column].type;
}

/* Takes the next chunk that has rows; none is left when rows stays 0. */
static enum code chunk_next(struct duck_result *result, struct err *err)
{
    const struct duck_table *table = result->duck->table;

    result->rows = 0;
    result->row = 0;
    while (result->rows == 0 && !result->is_at_end) {
        if (result->chunk != NULL)
            table->destroy_data_chunk(&result->chunk);
        result->chunk = table->fetch_chunk(result->result);
        result->is_at_end = result->chunk == NULL;
        if (result->is_at_end) {
            const char *message = table->result_error(&result->result);
            return message == NULL || message[0] == '\0' ? OK : result_failed(result, err);
        }
        result->rows = table->data_chunk_get_size(result->chunk);
    }
    for (size_t i = 0; i < result->column_count && result->rows > 0; i++) {
        duckdb_vector vector = table->data_chunk_get_vector(result->chunk, i);
        result->columns[i].data = table->vector_get_data(vector);
        result->columns[i].validity = table->vector_get_validity(vector);
    }
    return OK;
}

enum code duck_result_next(struct duck_result *result, bool *ret_has_row, struct err *err)
{
    if (result->row + 1 < result->rows)
        result->row++;
    else
        TRY(chunk_next(result, err));
    *ret_has_row = result->rows > 0;
    return OK;
}

static const struct duck_column *cell(const struct duck_result *result, size_t column)
{
    assert(column < result->column_count && result->row < result->rows);
    return &result->columns[column];
}

bool duck_is_null(const struct duck_result *result, size_t column)
{
    return !duck_bit(cell(result, column)->validity, result->row);
}

bool duck_bool(const struct duck_result *result, size_t column)
{
    const struct duck_column *from = cell(result, column);

    assert(from->type == DUCK_BOOLEAN);
    return ((const bool *)from->data)[result->row];
}

int64_t duck_i64(const struct duck_result *result, size_t column)
{
    const struct duck_column *from = cell(result, column);

    switch ((int)from->stored) {
    case DUCKDB_TYPE_TINYINT:
        return ((const int8_t *)from->data)[result->row];
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)from->data)[result->row];
    case DUCKDB_TYPE_INTEGER:
        return ((const int32_t *)from->data)[result->row];
    case DUCKDB_TYPE_UTINYINT:
        return ((const uint8_t *)from->data)[result->row];
    case DUCKDB_TYPE_USMALLINT:
        return ((const uint16_t *)from->data)[result->row];
    case DUCKDB_TYPE_UINTEGER:
        return ((const uint32_t *)from->data)[result->row];
    default:
        assert(from->type == DUCK_BIGINT || from->type == DUCK_TIMESTAMP);
        return ((const int64_t *)from->data)[result->row];
    }
}

double duck_double(const struct duck_result *result, size_t column)
{
    const struct duck_column *from = cell(result, column);

    assert(from->type == DUCK_DOUBLE);
    return from->stored == DUCKDB_TYPE_FLOAT ? (double)((const float *)from->data)[result->row]
                                             : ((const double *)from->data)[result->row];
}

struct str duck_str(const struct duck_result *result, size_t column)
{
    const struct duck_table *table = result->duck->table;
    const struct duck_column *from = cell(result, column);

    assert(from->type == DUCK_VARCHAR || from->type == DUCK_BLOB);
    /* Short texts lie inside the vector's cell: the view must point there, not into a copy. */
    duckdb_string_t *text = (duckdb_string_t *)from->data + result->row;
    return (struct str){table->string_t_data(text), table->string_t_length(*text)};
}

duck_i128_t duck_i128(const struct duck_result *result, size_t column)
{
    const struct duck_column *from = cell(result, column);

    assert(from->type == DUCK_HUGEINT);
    duckdb_hugeint value = ((const duckdb_hugeint *)from->data)[result->row];
    return (duck_i128_t)value.upper * ((duck_i128_t)1 << 64) + (duck_i128_t)value.lower;
}

/* ---- appending ---- */

struct append_column {
    duckdb_type type;
    duckdb_vector vector;
    void *data;
    uint64_t *validity;
};

struct duck_appender {
    struct duck *duck;
    duckdb_appender appender;
    duckdb_data_chunk chunk;
    size_t row; /* rows of the chunk that are complete */
    size_t rows_max;
    size_t column_count;
    struct append_column *columns;
};

static enum code appender_failed(struct duck_appender *appender, struct err *err)
{
    const char *message = appender->appender == NULL
                              ? NULL
                              : appender->duck->table->appender_error(appender->appender);

    return err_set(err, ERR_INVALID, "appending rows failed: %s",
                   message == NULL ? "no reason given" : message);
}

/* An empty chunk in which every cell is NULL. */
static void chunk_clear(struct duck_appender *appender)
{
    const struct duck_table *table = appender->duck->table;
    size_t words = (appender->rows_max + 63) / 64;

    table->data_chunk_reset(appender->chunk);
    appender->row = 0;
    for (size_t i = 0; i < appender->column_count; i++) {
        struct append_column *column = &appender->columns[i];
        column->vector = table->data_chunk_get_vector(appender->chunk, i);
        column->data = table->vector_get_data(column->vector);
        table->vector_ensure_validity_writable(column->vector);
        column->validity = table->vector_get_validity(column->vector);
        memset(column->validity, 0, words * sizeof(uint64_t));
    }
}

static void chunk_make(struct duck_appender *appender)
{
    const struct duck_table *table = appender->duck->table;
    size_t count = appender->column_count;
    duckdb_logical_type *types = MEM_NEW_ARRAY(duckdb_logical_type, count);

    for (size_t i = 0; i < count; i++) {
        types[i] = table->appender_column_type(appender->appender, i);
        appender->columns[i].type = table->get_type_id(types[i]);
    }
    appender->chunk = table->create_data_chunk(types, count);
    assert(appender->chunk != NULL);
    for (size_t i = 0; i < count; i++)
        table->destroy_logical_type(&types[i]);
    mem_free((void *)types);
    chunk_clear(appender);
}

enum code duck_appender_open(struct duck *duck, const char *table_name, struct duck_appender **ret,
                             struct err *err)
{
    struct duck_appender *appender = MEM_NEW(struct duck_appender);

    appender->duck = duck;
    appender->rows_max = duck->table->vector_size();
    if (duck->table->appender_create(duck->connection, NULL, table_name, &appender->appender) !=
        DuckDBSuccess) {
        enum code code = appender_failed(appender, err);
        duck_appender_free(appender);
        return code;
    }
    appender->column_count = duck->table->appender_column_count(appender->appender);
    assert(appender->column_count > 0);
    appender->columns = MEM_NEW_ARRAY(struct append_column, appender->column_count);
    chunk_make(appender);
    *ret = appender;
    return OK;
}

static struct append_column *append_cell(struct duck_appender *appender, size_t column)
{
    assert(column < appender->column_count && appender->row < appender->rows_max);
    struct append_column *to = &appender->columns[column];
    to->validity[appender->row / 64] |= UINT64_C(1) << (appender->row % 64);
    return to;
}

void duck_append_bool(struct duck_appender *appender, size_t column, bool value)
{
    struct append_column *to = append_cell(appender, column);

    assert(to->type == DUCKDB_TYPE_BOOLEAN);
    ((bool *)to->data)[appender->row] = value;
}

void duck_append_i64(struct duck_appender *appender, size_t column, int64_t value)
{
    struct append_column *to = append_cell(appender, column);

    assert(to->type == DUCKDB_TYPE_BIGINT || to->type == DUCKDB_TYPE_TIMESTAMP);
    ((int64_t *)to->data)[appender->row] = value;
}

void duck_append_double(struct duck_appender *appender, size_t column, double value)
{
    struct append_column *to = append_cell(appender, column);

    assert(to->type == DUCKDB_TYPE_DOUBLE);
    ((double *)to->data)[appender->row] = value;
}

void duck_append_str(struct duck_appender *appender, size_t column, struct str text)
{
    struct append_column *to = append_cell(appender, column);

    assert(to->type == DUCKDB_TYPE_VARCHAR);
    appender->duck->table->vector_assign_string_element_len(to->vector, appender->row, text.ptr,
                                                            text.len);
}

static enum code chunk_flush(struct duck_appender *appender, struct err *err)
{
    const struct duck_table *table = appender->duck->table;

    if (appender->row == 0)
        return OK;
    table->data_chunk_set_size(appender->chunk, appender->row);
    if (table->append_data_chunk(appender->appender, appender->chunk) != DuckDBSuccess)
        return appender_failed(appender, err);
    chunk_clear(appender);
    return OK;
}

enum code duck_append_row(struct duck_appender *appender, struct err *err)
{
    appender->row++;
    return appender->row < appender->rows_max ? OK : chunk_flush(appender, err);
}

enum code duck_appender_close(struct duck_appender *appender, struct err *err)
{
    enum code code = chunk_flush(appender, err);

    if (code == OK && appender->duck->table->appender_close(appender->appender) != DuckDBSuccess)
        code = appender_failed(appender, err);
    duck_appender_free(appender);
    return code;
}

void duck_appender_free(struct duck_appender *appender)
{
    if (appender == NULL)
        return;
    if (appender->chunk != NULL)
        appender->duck->table->destroy_data_chunk(&appender->chunk);
    if (appender->appender != NULL)
        (void)appender->duck->table->appender_destroy(&appender->appender);
    mem_free(appender->columns);
    mem_free(appender);
}
