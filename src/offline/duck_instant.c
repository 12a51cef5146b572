/*
 * asof_instant: the event time of a stored value as nanoseconds since 1970, in a 128-bit integer
 * (years 0000 to 9999 do not fit 64 bits). The same parser as everywhere (core/instant.h), so SQL
 * compares instants and never texts.
 */
#include "offline/duck_priv.h"
#include "offline/event_time.h"

/* The library gives a function no context but its own; the table is one per process. */
static const struct duck_table *instant_table;

static duckdb_hugeint hugeint_from(struct instant instant)
{
    duck_i128_t nanoseconds =
        (duck_i128_t)instant.seconds * 1000000000 + (duck_i128_t)instant.nanoseconds;

    return (duckdb_hugeint){.lower = (uint64_t)nanoseconds, .upper = (int64_t)(nanoseconds >> 64)};
}

struct instant_call {
    duckdb_hugeint *out;
    uint64_t *out_validity;
    const uint64_t *in_validity;
    const void *in;
    size_t rows;
};

static struct instant_call call_begin(duckdb_data_chunk input, duckdb_vector output)
{
    duckdb_vector in = instant_table->data_chunk_get_vector(input, 0);

    instant_table->vector_ensure_validity_writable(output);
    return (struct instant_call){
        .out = instant_table->vector_get_data(output),
        .out_validity = instant_table->vector_get_validity(output),
        .in_validity = instant_table->vector_get_validity(in),
        .in = instant_table->vector_get_data(in),
        .rows = instant_table->data_chunk_get_size(input),
    };
}

static void call_set(struct instant_call *call, size_t row, bool is_valid, struct instant instant)
{
    uint64_t bit = UINT64_C(1) << (row % 64);

    if (is_valid) {
        call->out[row] = hugeint_from(instant);
        call->out_validity[row / 64] |= bit;
    } else {
        call->out_validity[row / 64] &= ~bit;
    }
}

static void instant_of_text(duckdb_function_info info, duckdb_data_chunk input,
                            duckdb_vector output)
{
    struct instant_call call = call_begin(input, output);
    const duckdb_string_t *texts = call.in;

    (void)info;
    for (size_t row = 0; row < call.rows; row++) {
        struct instant instant = {0};
        bool is_valid = duck_bit(call.in_validity, row);
        if (is_valid) {
            duckdb_string_t text = texts[row];
            struct str view = {instant_table->string_t_data(&text),
                               instant_table->string_t_length(text)};
            is_valid = instant_parse_iso(view, &instant, NULL) == OK ||
                       instant_parse_decimal(view, &instant, NULL) == OK;
        }
        call_set(&call, row, is_valid, instant);
    }
}

static void instant_of_double(duckdb_function_info info, duckdb_data_chunk input,
                              duckdb_vector output)
{
    struct instant_call call = call_begin(input, output);
    const double *seconds = call.in;

    (void)info;
    for (size_t row = 0; row < call.rows; row++) {
        struct instant instant = {0};
        bool is_valid = duck_bit(call.in_validity, row) &&
                        event_time_of_double(seconds[row], &instant, NULL) == OK;
        call_set(&call, row, is_valid, instant);
    }
}

static enum code overload_add(struct duck *duck, duckdb_scalar_function_set set,
                              duckdb_type parameter, duckdb_scalar_function_t fn, struct err *err)
{
    const struct duck_table *table = duck->table;
    duckdb_scalar_function function = table->create_scalar_function();
    duckdb_logical_type in = table->create_logical_type(parameter);
    duckdb_logical_type out = table->create_logical_type(DUCKDB_TYPE_HUGEINT);

    table->scalar_function_set_name(function, "asof_instant");
    table->scalar_function_add_parameter(function, in);
    table->scalar_function_set_return_type(function, out);
    table->scalar_function_set_function(function, fn);
    duckdb_state state = table->add_scalar_function_to_set(set, function);
    table->destroy_logical_type(&in);
    table->destroy_logical_type(&out);
    table->destroy_scalar_function(&function);
    return state == DuckDBSuccess ? OK : err_set(err, ERR_INTERNAL, "asof_instant was refused");
}

enum code duck_instant_register(struct duck *duck, struct err *err)
{
    const struct duck_table *table = duck->table;
    duckdb_scalar_function_set set = table->create_scalar_function_set("asof_instant");

    instant_table = table;
    enum code code = overload_add(duck, set, DUCKDB_TYPE_VARCHAR, instant_of_text, err);
    if (code == OK)
        code = overload_add(duck, set, DUCKDB_TYPE_DOUBLE, instant_of_double, err);
    if (code == OK && table->register_scalar_function_set(duck->connection, set) != DuckDBSuccess)
        code = err_set(err, ERR_INTERNAL, "asof_instant could not be registered");
    table->destroy_scalar_function_set(&set);
    return code;
}
