#include "unit/write/kit.h"

static const unsigned char secret[HASH_SECRET_BYTES] = "not random";

static enum code read_bytes(struct kit *kit, struct str bytes, struct err *err)
{
    struct epoch *epoch = epoch_new();
    struct online_options options = {1, KIT_SEGMENT_BYTES, secret};
    struct online *online = online_new(epoch, &options);
    CLEANUP(checkpoint_release) struct checkpoint got;

    checkpoint_init(&got);
    assert_int_equal(os_write_file(kit->os, "/data/checkpoint", bytes, NULL), OK);
    enum code code = checkpoint_read(kit->os, "/data/checkpoint", online, &got, err);
    epoch_free(epoch);
    online_free(online);
    return code;
}

/* The bytes of a checkpoint of a small store. */
static void small_checkpoint(struct kit *kit, struct buf *out)
{
    kit->options.checkpoint_bytes = 1;
    kit_reopen(kit);
    assert_int_equal(kit_put(kit, "a", 1, "x"), OK);
    assert_int_equal(kit_put(kit, "b", 1, "x"), OK);
    kit_turns(kit, 3);
    kit_close(kit);
    assert_int_equal(os_read_file(kit->os, "/data/checkpoint", 1 << 20, out, NULL), OK);
}

static void test_none(void **state)
{
    struct kit *kit = kit_new(1);
    CLEANUP(checkpoint_release) struct checkpoint got;

    (void)state;
    checkpoint_init(&got);
    assert_int_equal(checkpoint_read(kit->os, "/data/checkpoint", NULL, &got, NULL), ERR_NOT_FOUND);
    kit_free(kit);
}

/* Bit rot is found, in every bit. */
static void test_every_bit(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, 0);
    small_checkpoint(kit, &bytes);
    assert_int_equal(read_bytes(kit, buf_str(&bytes), NULL), OK);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        bytes.ptr[bit / 8] = (char)(bytes.ptr[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(read_bytes(kit, buf_str(&bytes), &err), ERR_CORRUPT);
        bytes.ptr[bit / 8] = (char)(bytes.ptr[bit / 8] ^ (1 << bit % 8));
    }
    buf_release(&bytes);
    kit_free(kit);
}

static void test_every_length(void **state)
{
    struct kit *kit = kit_with_group(1);
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, 0);
    small_checkpoint(kit, &bytes);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(read_bytes(kit, str_slice(buf_str(&bytes), 0, len), &err), ERR_CORRUPT);
    buf_add_byte(&bytes, 0);
    assert_int_equal(read_bytes(kit, buf_str(&bytes), &err), ERR_CORRUPT);
    assert_true(str_contains(str_from(err.message), STR("bytes follow its end")));
    buf_release(&bytes);
    kit_free(kit);
}

/* ---- chunks with right checksums and wrong content ---- */

static void add_start(struct buf *out, uint32_t version, uint64_t segment_bytes)
{
    struct flush_mark mark = {0};
    struct buf payload;

    buf_init(&payload, 0);
    buf_add_u32(&payload, version);
    buf_add_u32(&payload, 3);
    buf_add_u64(&payload, segment_bytes);
    for (int i = 0; i < 5; i++)
        buf_add_u64(&payload, i == 1 ? UINT64_C(1) << 40 : 1);
    flush_mark_encode(&mark, &payload);
    buf_add(out, STR("ASOFCKP1"));
    chunk_encode(CHUNK_START, 0, buf_str(&payload), out);
    buf_release(&payload);
}

static void add_record(struct buf *payload, uint32_t group_id, uint64_t position,
                       uint32_t nanoseconds, uint32_t bytes)
{
    buf_add_u32(payload, group_id);
    buf_add_u64(payload, 1);
    buf_add_u64(payload, 2);
    buf_add_u64(payload, position);
    buf_add_u64(payload, 3);
    buf_add_u64(payload, 4);
    buf_add_u32(payload, nanoseconds);
    buf_add_u32(payload, bytes << 1);
}

static enum code read_record(struct kit *kit, uint32_t group_id, uint64_t position,
                             uint32_t nanoseconds, uint32_t bytes)
{
    struct buf out, payload;

    buf_init(&out, 0);
    buf_init(&payload, 0);
    add_start(&out, 1, KIT_SEGMENT_BYTES);
    add_record(&payload, group_id, position, nanoseconds, bytes);
    chunk_encode(CHUNK_RECORDS, 1, buf_str(&payload), &out);
    chunk_encode(CHUNK_END, 2, (struct str){"\1\0\0\0\0\0\0", 8}, &out);
    enum code code = read_bytes(kit, buf_str(&out), NULL);
    buf_release(&out);
    buf_release(&payload);
    return code;
}

static void test_records_that_cannot_be(void **state)
{
    const uint64_t start = UINT64_C(1) << 40;
    struct kit *kit = kit_with_group(1);

    (void)state;
    assert_int_equal(read_record(kit, 3, start, 999999999, 70), OK);
    assert_int_equal(read_record(kit, 3, start + 1000000, 0, 1 << 20), OK);
    assert_int_equal(read_record(kit, 3 + (1 << 16), start, 0, 70), OK);
    assert_int_equal(read_record(kit, 4 + (1 << 16), start, 0, 70), ERR_CORRUPT);
    assert_int_equal(read_record(kit, 3, UINT64_MAX, 0, 70), ERR_CORRUPT);
    assert_int_equal(read_record(kit, 3, 0, 0, 70), ERR_CORRUPT);
    assert_int_equal(read_record(kit, 3, start, 1000000000, 70), ERR_CORRUPT);
    assert_int_equal(read_record(kit, 3, start, 0, 0), ERR_CORRUPT);
    assert_int_equal(read_record(kit, 3, start, 0, (1 << 20) + 1), ERR_CORRUPT);
    kit_free(kit);
}

static void test_chunks_out_of_order(void **state)
{
    struct kit *kit = kit_with_group(1);
    static const struct {
        uint32_t version;
        uint64_t segment_bytes;
        unsigned type;
        uint64_t number;
        struct str payload;
    } cases[] = {
        {2, 1, CHUNK_END, 1, {"\0\0\0\0\0\0\0", 8}}, /* another version */
        {1, 0, CHUNK_END, 1, {"\0\0\0\0\0\0\0", 8}}, /* no segments */
        {1, 1, CHUNK_END, 2, {"\0\0\0\0\0\0\0", 8}}, /* one is missing */
        {1, 1, CHUNK_END, 1, {"\1\0\0\0\0\0\0", 8}}, /* a record is missing */
        {1, 1, CHUNK_END, 1, {"\0\0\0\0", 4}},
        {1, 1, CHUNK_START, 1, {"", 0}}, /* a second start */
        {1, 1, CHUNK_RECORDS, 1, {"abc", 3}},
        {1, 1, 77, 1, {"abc", 3}}, /* no such type */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct buf out;
        struct err err;
        buf_init(&out, 0);
        add_start(&out, cases[i].version, cases[i].segment_bytes);
        chunk_encode((enum chunk_type)cases[i].type, cases[i].number, cases[i].payload, &out);
        assert_int_equal(read_bytes(kit, buf_str(&out), &err), ERR_CORRUPT);
        buf_release(&out);
    }
    struct buf out;
    buf_init(&out, 0);
    buf_add(&out, STR("ASOFCKP1"));
    chunk_encode(CHUNK_END, 0, (struct str){"\0\0\0\0\0\0\0", 8}, &out);
    assert_int_equal(read_bytes(kit, buf_str(&out), NULL), ERR_CORRUPT);
    buf_release(&out);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_records_that_cannot_be),
        cmocka_unit_test(test_chunks_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
