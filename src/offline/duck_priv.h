#pragma once
/*
 * What the files of duck.h share. The only file that includes duckdb.h; nothing links the library:
 * its functions are reached through a table filled by duck_load.
 */
#include "offline/duck.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <duckdb.h>
#pragma GCC diagnostic pop

#define DUCK_FUNCTIONS(X)                                                                          \
    X(library_version)                                                                             \
    X(create_config)                                                                               \
    X(set_config)                                                                                  \
    X(destroy_config)                                                                              \
    X(open_ext)                                                                                    \
    X(close)                                                                                       \
    X(connect)                                                                                     \
    X(disconnect)                                                                                  \
    X(interrupt)                                                                                   \
    X(query)                                                                                       \
    X(destroy_result)                                                                              \
    X(result_error)                                                                                \
    X(result_error_type)                                                                           \
    X(column_count)                                                                                \
    X(column_name)                                                                                 \
    X(column_type)                                                                                 \
    X(fetch_chunk)                                                                                 \
    X(extract_statements)                                                                          \
    X(extract_statements_error)                                                                    \
    X(prepare_extracted_statement)                                                                 \
    X(destroy_extracted)                                                                           \
    X(prepare)                                                                                     \
    X(prepare_error)                                                                               \
    X(prepared_statement_type)                                                                     \
    X(nparams)                                                                                     \
    X(destroy_prepare)                                                                             \
    X(execute_prepared_streaming)                                                                  \
    X(free)                                                                                        \
    X(vector_size)                                                                                 \
    X(create_logical_type)                                                                         \
    X(destroy_logical_type)                                                                        \
    X(get_type_id)                                                                                 \
    X(create_data_chunk)                                                                           \
    X(destroy_data_chunk)                                                                          \
    X(data_chunk_reset)                                                                            \
    X(data_chunk_get_vector)                                                                       \
    X(data_chunk_get_size)                                                                         \
    X(data_chunk_set_size)                                                                         \
    X(vector_get_data)                                                                             \
    X(vector_get_validity)                                                                         \
    X(vector_ensure_validity_writable)                                                             \
    X(vector_assign_string_element_len)                                                            \
    X(string_t_length)                                                                             \
    X(string_t_data)                                                                               \
    X(appender_create)                                                                             \
    X(appender_column_count)                                                                       \
    X(appender_column_type)                                                                        \
    X(append_data_chunk)                                                                           \
    X(appender_close)                                                                              \
    X(appender_error)                                                                              \
    X(appender_destroy)                                                                            \
    X(create_scalar_function)                                                                      \
    X(destroy_scalar_function)                                                                     \
    X(scalar_function_set_name)                                                                    \
    X(scalar_function_add_parameter)                                                               \
    X(scalar_function_set_return_type)                                                             \
    X(scalar_function_set_function)                                                                \
    X(create_scalar_function_set)                                                                  \
    X(destroy_scalar_function_set)                                                                 \
    X(add_scalar_function_to_set)                                                                  \
    X(register_scalar_function_set)

struct duck_table {
#define DUCK_FUNCTION(name) __typeof__(duckdb_##name) *(name);
    DUCK_FUNCTIONS(DUCK_FUNCTION)
#undef DUCK_FUNCTION
};

/* The table, opened at the first call and never closed; ERR_IO names what was tried. */
NODISCARD enum code duck_load(const struct duck_table **ret, struct err *err);

struct duck {
    const struct duck_table *table;
    duckdb_database database;
    duckdb_connection connection;
};

/* The code for the library's kind of error. */
enum code duck_code(duckdb_error_type type);

/* Registers asof_instant (duck_instant.c). */
NODISCARD enum code duck_instant_register(struct duck *duck, struct err *err);

static inline bool duck_bit(const uint64_t *validity, size_t row)
{
    return validity == NULL || (validity[row / 64] >> (row % 64) & 1) != 0;
}
