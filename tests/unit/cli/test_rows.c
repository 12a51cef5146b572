/* Records out of a stream that comes in pieces of any size. */
#include "unit/test.h"

#include "cli/rows.h"
#include "core/arena.h"

#include <stdio.h>

static struct err err;

struct source {
    struct str text;
    size_t step;
    bool is_broken; /* fails at the end */
};

static enum code read_source(void *context, char *to, size_t count, size_t *ret_count,
                             struct err *to_err)
{
    struct source *source = context;
    size_t taken = size_min(size_min(count, source->step), source->text.len);

    if (taken == 0 && source->is_broken)
        return err_set(to_err, ERR_IO, "broken");
    if (taken > 0)
        memcpy(to, source->text.ptr, taken);
    source->text = str_slice(source->text, taken, source->text.len);
    *ret_count = taken;
    return OK;
}

static void assert_record(const struct rows_batch *batch, size_t i, const char *expected)
{
    assert_true(str_equal(rows_batch_record(batch, i), str_from(expected)));
}

static void csv_with_a_header(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "a,b\r\n1,\"x\ny\"\r\n\r\n2,\n  \n3,z";

    (void)state;
    for (size_t step = 1; step < sizeof(text) + 1; step++) {
        struct source source = {.text = (struct str){text, sizeof(text) - 1}, .step = step};
        struct rows_batch batch;
        struct rows rows;
        struct buf header;
        rows_init(&rows, ROWS_CSV, read_source, &source);
        rows_batch_init(&batch);
        buf_init(&header, 0);
        assert_int_equal(rows_header(&rows, &header, &err), OK);
        assert_true(str_equal(buf_str(&header), STR("a,b")));
        assert_int_equal(rows_take(&rows, &batch, &err), OK);
        assert_int_equal(batch.count, 3);
        assert_int_equal(batch.first_row, 0);
        assert_record(&batch, 0, "1,\"x\ny\"\r\n");
        assert_record(&batch, 1, "2,\n");
        assert_record(&batch, 2, "3,z");
        assert_int_equal(rows_take(&rows, &batch, &err), OK);
        assert_int_equal(batch.count, 0);
        assert_int_equal(rows.next_row, 3);
        buf_release(&header);
        rows_batch_release(&batch);
        rows_release(&rows);
    }
}

static void json_lines(void **state)
{
    static const char text[] = "{\"a\":\"x\\\"\"}\n\n{\"b\":2}\r\n{\"c\":3}";

    (void)state;
    for (size_t step = 1; step < sizeof(text) + 1; step++) {
        struct source source = {.text = (struct str){text, sizeof(text) - 1}, .step = step};
        struct rows_batch batch;
        struct rows rows;
        rows_init(&rows, ROWS_JSON_LINES, read_source, &source);
        rows_batch_init(&batch);
        assert_int_equal(rows_take(&rows, &batch, &err), OK);
        assert_int_equal(batch.count, 3);
        assert_record(&batch, 0, "{\"a\":\"x\\\"\"}\n");
        assert_record(&batch, 2, "{\"c\":3}");
        rows_batch_release(&batch);
        rows_release(&rows);
    }
}

static void batches_and_skipping(void **state)
{
    struct buf text;
    struct rows_batch batch;
    char line[16];

    (void)state;
    buf_init(&text, 0);
    for (int i = 0; i < 103; i++)
        buf_add_format(&text, "%d\n", i);
    struct source source = {.text = buf_str(&text), .step = 7};
    struct rows rows;
    rows_init(&rows, ROWS_JSON_LINES, read_source, &source);
    rows_batch_init(&batch);
    assert_int_equal(rows_skip(&rows, 30, &err), OK);
    uint64_t row = 30;
    for (;;) {
        assert_int_equal(rows_take(&rows, &batch, &err), OK);
        assert_int_equal(batch.first_row, row);
        for (size_t i = 0; i < batch.count; i++, row++) {
            (void)snprintf(line, sizeof(line), "%d\n", (int)row);
            assert_record(&batch, i, line);
        }
        if (batch.count == 0)
            break;
        assert_true(batch.count == ROWS_BATCH_MAX || row == 103);
    }
    assert_int_equal(row, 103);
    assert_int_equal(rows_skip(&rows, 1000, &err), OK); /* beyond the end is the end */
    assert_int_equal(rows.next_row, 103);
    rows_batch_release(&batch);
    rows_release(&rows);
    buf_release(&text);
}

static void an_empty_file_has_no_header(void **state)
{
    struct source source = {.text = STR("\n \r\n"), .step = 2};
    struct rows rows;
    struct buf header;

    (void)state;
    rows_init(&rows, ROWS_CSV, read_source, &source);
    buf_init(&header, 0);
    assert_int_equal(rows_header(&rows, &header, &err), ERR_INVALID);
    assert_string_equal(err.message, "there is no header");
    buf_release(&header);
    rows_release(&rows);
}

static void failures_of_reading_are_passed_on(void **state)
{
    struct source source = {.text = STR("a\nb"), .step = 100, .is_broken = true};
    struct rows rows;
    struct rows_batch batch;

    (void)state;
    rows_init(&rows, ROWS_JSON_LINES, read_source, &source);
    rows_batch_init(&batch);
    assert_int_equal(rows_take(&rows, &batch, &err), ERR_IO);
    assert_string_equal(err.message, "broken");
    rows_batch_release(&batch);
    rows_release(&rows);
}

static enum code endless(void *context, char *to, size_t count, size_t *ret_count,
                         struct err *to_err)
{
    (void)context;
    (void)to_err;
    memset(to, '"', count);
    to[0] = 'x';
    *ret_count = count - 1 + (count & 1);
    return OK;
}

static void a_record_without_end_is_refused(void **state)
{
    struct rows rows;
    struct rows_batch batch;

    (void)state;
    rows_init(&rows, ROWS_JSON_LINES, endless, NULL);
    rows_batch_init(&batch);
    assert_int_equal(rows_take(&rows, &batch, &err), ERR_TOO_LARGE);
    rows_batch_release(&batch);
    rows_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_with_a_header),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(batches_and_skipping),
        cmocka_unit_test(an_empty_file_has_no_header),
        cmocka_unit_test(failures_of_reading_are_passed_on),
        cmocka_unit_test(a_record_without_end_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
