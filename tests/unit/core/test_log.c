/* Log lines: one JSON object each, whatever a client put into the values. */
#include "unit/test.h"

#include "core/log.h"

#include <stdio.h>

static char written[8192];
static size_t written_len;
static int lines;

static void keep(struct str line, void *context)
{
    assert_true(context == &lines);
    assert_true(written_len + line.len < sizeof(written));
    (void)memcpy(written + written_len, line.ptr, line.len);
    written_len += line.len;
    written[written_len] = '\0';
    lines++;
}

static int64_t fixed_now(void *context)
{
    (void)context;
    return INT64_C(1593561787421000);
}

static int start(void **state)
{
    (void)state;
    written_len = 0;
    written[0] = '\0';
    lines = 0;
    log_setup(LOG_INFO, keep, fixed_now, &lines);
    return 0;
}

static void a_line_has_time_level_event_and_fields(void **state)
{
    struct log_line line;

    (void)state;
    log_begin(&line, LOG_INFO, "request");
    log_str(&line, "operation", STR("PutRecord"));
    log_i64(&line, "latency_us", -412);
    log_end(&line);
    assert_string_equal(written, "{\"time\":\"2020-07-01T00:03:07.421Z\",\"level\":\"info\","
                                 "\"event\":\"request\",\"operation\":\"PutRecord\","
                                 "\"latency_us\":-412}\n");
}

static void lower_levels_are_dropped(void **state)
{
    struct log_line line;

    (void)state;
    log_begin(&line, LOG_DEBUG, "detail");
    log_str(&line, "a", STR("b"));
    log_i64(&line, "c", 1);
    log_end(&line);
    assert_int_equal(lines, 0);
    log_begin(&line, LOG_ERROR, "bad");
    log_end(&line);
    assert_int_equal(lines, 1);
    log_setup(LOG_DEBUG, NULL, fixed_now, NULL);
    log_begin(&line, LOG_ERROR, "nowhere");
    log_end(&line);
    assert_int_equal(lines, 1);
}

static void client_bytes_are_escaped(void **state)
{
    struct log_line line;

    (void)state;
    log_begin(&line, LOG_WARN, "e");
    log_str(&line, "v", STR("q\"b\\n\n\x7f\x01 \xff\xc3\xa9\xc3"));
    log_end(&line);
    assert_non_null(
        strstr(written, ",\"v\":\"q\\\"b\\\\n\\u000a\\u007f\\u0001 \\ufffd\xc3\xa9\\ufffd\"}\n"));
    assert_int_equal(lines, 1);
}

/* The cut falls between code points: 255 letters and a letter of two bytes do not fit. */
static void long_values_are_cut(void **state)
{
    struct log_line line;
    char value[600];
    char expected[700];

    (void)state;
    (void)memset(value, 'x', sizeof(value));
    value[LOG_VALUE_BYTES_MAX - 1] = (char)0xc3;
    value[LOG_VALUE_BYTES_MAX] = (char)0xa9;
    log_begin(&line, LOG_WARN, "e");
    log_str(&line, "v", (struct str){value, sizeof(value)});
    log_end(&line);
    (void)snprintf(expected, sizeof(expected), "\"v\":\"%.*s\"}\n", LOG_VALUE_BYTES_MAX - 1, value);
    assert_non_null(strstr(written, expected));
}

static void a_full_line_leaves_fields_out_and_stays_whole(void **state)
{
    struct log_line line;
    char value[LOG_VALUE_BYTES_MAX];

    (void)state;
    (void)memset(value, 1, sizeof(value)); /* six bytes each once escaped */
    log_begin(&line, LOG_WARN, "e");
    log_str(&line, "first", (struct str){value, sizeof(value)});
    log_str(&line, "second", (struct str){value, sizeof(value)});
    log_i64(&line, "third", 3);
    for (int i = 0; i < 200; i++)
        log_i64(&line, "more", i);
    log_end(&line);
    assert_int_equal(lines, 1);
    assert_true(written_len <= LOG_LINE_BYTES);
    assert_non_null(strstr(written, "\"first\":"));
    assert_null(strstr(written, "\"second\":"));
    assert_non_null(strstr(written, "\"third\":3"));
    assert_true(str_ends(str_from(written), STR("}\n")));
}

static void a_long_event_does_not_break_the_line(void **state)
{
    struct log_line line;
    char event[3000];

    (void)state;
    (void)memset(event, 'e', sizeof(event));
    event[sizeof(event) - 1] = '\0';
    log_begin(&line, LOG_ERROR, event);
    log_i64(&line, "a", 1);
    log_end(&line);
    assert_int_equal(lines, 1);
    assert_true(written_len <= LOG_LINE_BYTES);
    assert_non_null(strstr(written, ",\"a\":1}\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_has_time_level_event_and_fields, start),
        cmocka_unit_test_setup(lower_levels_are_dropped, start),
        cmocka_unit_test_setup(client_bytes_are_escaped, start),
        cmocka_unit_test_setup(long_values_are_cut, start),
        cmocka_unit_test_setup(a_full_line_leaves_fields_out_and_stays_whole, start),
        cmocka_unit_test_setup(a_long_event_does_not_break_the_line, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
