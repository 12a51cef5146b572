#include "unit/journal/kit.h"

static const struct segment_head segment = {
    .segment_bytes = KIT_SEGMENT_BYTES, .sequence = 2, .nonce = 77};

/* A file whose first block is a batch of `count` entries for position 2 * segment + 4096. */
static struct batch_head write_batch(struct kit *kit, uint32_t count, size_t record_bytes)
{
    unsigned char *bytes = mem_new_aligned(4096, KIT_SEGMENT_BYTES);
    struct buf content;
    buf_init(&content, 0);
    for (uint32_t i = 0; i < count; i++) {
        char record[4096];
        for (size_t j = 0; j < record_bytes; j++)
            record[j] = (char)(i * 7 + j);
        struct entry entry = {.kind = ENTRY_PUT, .group_id = i};
        entry.identifier = STR("id");
        entry.record = (struct str){record, record_bytes};
        (void)entry_encode(&entry, &content);
    }
    memcpy(bytes + 4096 + BATCH_HEAD_BYTES, content.ptr, content.len);
    struct batch_head head = {.chain = 5,
                              .number = 3,
                              .nonce = segment.nonce,
                              .position = 2 * KIT_SEGMENT_BYTES + 4096,
                              .previous_end = 4242,
                              .bytes = (uint32_t)(BATCH_HEAD_BYTES + content.len),
                              .entries = count};
    batch_seal(&head, bytes + 4096);
    struct os_file *file = NULL;
    const struct os *os = kit->os;
    assert_int_equal(os->open(os->context, "/file", OS_WRITE | OS_CREATE, &file, NULL), OK);
    assert_int_equal(os->write(os->context, file, bytes, KIT_SEGMENT_BYTES, 0, NULL), OK);
    os->close(os->context, file);
    mem_free(bytes);
    buf_release(&content);
    return head;
}

static struct window open_window(const struct kit *kit, unsigned flags)
{
    struct os_file *file = NULL;
    struct window window;
    window_init(&window, kit->os);
    assert_int_equal(kit->os->open(kit->os->context, "/file", OS_READ | flags, &file, NULL), OK);
    window_file(&window, file, KIT_SEGMENT_BYTES);
    return window;
}

static void close_window(const struct kit *kit, struct window *window)
{
    kit->os->close(kit->os->context, window->file);
    window_release(window);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct batch_head head = write_batch(kit, 5, 1000);
    struct window window = open_window(kit, OS_DIRECT);
    struct batch batch;
    assert_int_equal(batch_read(&window, &segment, head.position, &batch, NULL), OK);
    assert_int_equal(batch.head.checksum, head.checksum);
    assert_int_equal(batch.head.number, 3);
    assert_int_equal(batch.head.chain, 5);
    assert_int_equal(batch.head.previous_end, 4242);
    assert_int_equal(batch_entries(&batch, kit_see, kit, NULL), OK);
    assert_int_equal(kit->seen_count, 5);
    assert_int_equal(kit->seen_at[0], head.position + BATCH_HEAD_BYTES);
    assert_int_equal(kit->seen_at[1], kit->seen_at[0] + kit->seen_bytes[0]);
    close_window(kit, &window);
    kit_free(kit);
}

static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct batch_head head = write_batch(kit, 2, 40);
    for (uint64_t bit = 0; bit < head.bytes * 8ULL; bit++) {
        sim_flip(kit->sim, "/file", 4096 + bit / 8, bit % 8);
        struct window window = open_window(kit, 0);
        struct batch batch;
        assert_int_equal(batch_read(&window, &segment, head.position, &batch, NULL), ERR_CORRUPT);
        close_window(kit, &window);
        sim_flip(kit->sim, "/file", 4096 + bit / 8, bit % 8);
    }
    kit_free(kit);
}

static void test_of_another_use_or_place_is_none(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct batch_head head = write_batch(kit, 2, 40);
    struct window window = open_window(kit, 0);
    struct batch batch;
    struct segment_head other = segment;
    other.nonce++;
    assert_int_equal(batch_read(&window, &other, head.position, &batch, NULL), ERR_CORRUPT);
    other = segment;
    other.sequence = 3;
    assert_int_equal(batch_read(&window, &other, head.position + KIT_SEGMENT_BYTES, &batch, NULL),
                     ERR_CORRUPT);
    assert_int_equal(batch_read(&window, &segment, head.position + 4096, &batch, NULL),
                     ERR_CORRUPT);
    close_window(kit, &window);
    kit_free(kit);
}

static void test_sizes_are_checked_before_use(void **state)
{
    (void)state;
    unsigned char bytes[8192] = {0};
    struct batch_head head = {.nonce = 77,
                              .position = 3 * KIT_SEGMENT_BYTES - 4096,
                              .bytes = BATCH_HEAD_BYTES + 1,
                              .entries = 1};
    struct batch_head decoded;
    batch_seal(&head, bytes);
    assert_true(batch_head_decode(bytes, &segment, head.position, &decoded));
    head.bytes = 4097;
    batch_seal(&head, bytes);
    assert_false(batch_head_decode(bytes, &segment, head.position, &decoded));
    memset(bytes + 56, 0xff, 4);
    assert_false(batch_head_decode(bytes, &segment, head.position, &decoded));
    memset(bytes + 56, 0, 4);
    assert_false(batch_head_decode(bytes, &segment, head.position, &decoded));
}

/* A right checksum over a wrong count. */
static void test_entries_fill_the_batch(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    struct batch_head head = write_batch(kit, 3, 10);
    struct window window = open_window(kit, 0);
    struct batch batch;
    assert_int_equal(batch_read(&window, &segment, head.position, &batch, NULL), OK);
    struct err err;
    batch.head.entries = 2;
    assert_int_equal(batch_entries(&batch, kit_see, kit, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, "left over"));
    batch.head.entries = 4;
    assert_int_equal(batch_entries(&batch, kit_see, kit, &err), ERR_CORRUPT);
    close_window(kit, &window);
    kit_free(kit);
}

static void test_window_reads_whole_blocks(void **state)
{
    (void)state;
    struct kit *kit = kit_new(1);
    (void)write_batch(kit, 3, 10);
    struct window window = open_window(kit, OS_DIRECT);
    const unsigned char *bytes = NULL;
    assert_int_equal(window_get(&window, 5000, 100, &bytes, NULL), OK);
    uint64_t reads = sim_calls(kit->sim, 1U << SIM_READ);
    assert_int_equal(window_get(&window, KIT_SEGMENT_BYTES - 10, 10, &bytes, NULL), OK);
    assert_int_equal(sim_calls(kit->sim, 1U << SIM_READ), reads);
    assert_int_equal(window_get(&window, 0, 10, &bytes, NULL), OK);
    assert_int_equal(sim_calls(kit->sim, 1U << SIM_READ), reads + 1);
    assert_int_equal(window_get(&window, KIT_SEGMENT_BYTES - 10, 11, &bytes, NULL), ERR_CORRUPT);
    sim_fail(kit->sim, &(struct sim_fault){.nth = 1, .errno_value = 5});
    window_file(&window, window.file, KIT_SEGMENT_BYTES);
    assert_int_equal(window_get(&window, 0, 10, &bytes, NULL), ERR_IO);
    assert_int_equal(window_get(&window, 0, 10, &bytes, NULL), OK);
    close_window(kit, &window);
    kit_free(kit);
}

static void test_space_is_whole_blocks(void **state)
{
    (void)state;
    assert_int_equal(batch_space(1), 4096);
    assert_int_equal(batch_space(4096), 4096);
    assert_int_equal(batch_space(4097), 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_flipped_bit_is_found),
        cmocka_unit_test(test_of_another_use_or_place_is_none),
        cmocka_unit_test(test_sizes_are_checked_before_use),
        cmocka_unit_test(test_entries_fill_the_batch),
        cmocka_unit_test(test_window_reads_whole_blocks),
        cmocka_unit_test(test_space_is_whole_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
