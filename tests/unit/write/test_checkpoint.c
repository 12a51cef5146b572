#include "unit/write/kit.h"

enum { RECORDS = 30000 };
static const unsigned char secret[HASH_SECRET_BYTES] = "not random";

struct fixture {
    struct sim *sim;
    const struct os *os;
    struct epoch *epoch;
    struct online *online;
    struct checkpoint_writer writer;
    struct checkpoint checkpoint;
};

static struct online *new_online(struct epoch *epoch)
{
    struct online_options options = {1, KIT_SEGMENT_BYTES, secret};
    return online_new(epoch, &options);
}

static int setup(void **state)
{
    struct fixture *fixture = MEM_NEW(struct fixture);

    fixture->sim = sim_new(3);
    fixture->os = sim_os(fixture->sim);
    fixture->epoch = epoch_new();
    fixture->online = new_online(fixture->epoch);
    assert_int_equal(os_make_dirs(fixture->os, "/data", NULL), OK);
    fixture->writer = (struct checkpoint_writer){
        .os = fixture->os,
        .path = "/data/checkpoint",
        .online = fixture->online,
        .epoch = fixture->epoch,
    };
    assert_int_equal(epoch_reader_add(fixture->epoch, &fixture->writer.reader, NULL), OK);
    checkpoint_init(&fixture->checkpoint);
    fixture->checkpoint.start = (struct journal_start){1000000, 17, 0x1234567890abcdef};
    fixture->checkpoint.segment_bytes = KIT_SEGMENT_BYTES;
    fixture->checkpoint.secret_checksum = 99;
    fixture->checkpoint.arrival_last_us = -1;
    fixture->checkpoint.mark = (struct flush_mark){1, 2, 3, 4, 5};
    fixture->checkpoint.group_id_max = 10;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    checkpoint_release(&fixture->checkpoint);
    epoch_free(fixture->epoch);
    online_free(fixture->online);
    sim_free(fixture->sim);
    mem_free(fixture);
    return 0;
}

static void fill_index(struct online *online, size_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct online_item item = {
            .group_id = 1 + (uint32_t)(i % 7),
            .key = {i * UINT64_C(0x9e3779b97f4a7c15), i},
            .head = {true,
                     i % 3 == 0,
                     {-(int64_t)i, (uint32_t)i},
                     (int64_t)i * 2,
                     KIT_SEGMENT_BYTES + i * 30,
                     30},
        };
        online_restore(online, &item);
    }
}

static void fill_text(struct buf *buf, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_add_byte(buf, (char)('a' + i % 23));
}

static void check_same(const struct checkpoint *a, const struct checkpoint *b)
{
    assert_memory_equal(&a->start, &b->start, sizeof(a->start));
    assert_memory_equal(&a->mark, &b->mark, sizeof(a->mark));
    assert_int_equal(a->segment_bytes, b->segment_bytes);
    assert_int_equal(a->secret_checksum, b->secret_checksum);
    assert_int_equal(a->arrival_last_us, b->arrival_last_us);
    assert_int_equal(a->group_id_max, b->group_id_max);
    assert_true(str_equal(buf_str(&a->catalog), buf_str(&b->catalog)));
    assert_true(str_equal(buf_str(&a->retries), buf_str(&b->retries)));
    assert_true(str_equal(buf_str(&a->unflushed), buf_str(&b->unflushed)));
}

/* Everything comes back, also where a part takes several chunks. */
static void round_trip(struct fixture *fixture, size_t records, size_t text_bytes)
{
    struct epoch *epoch = epoch_new();
    struct online *loaded = new_online(epoch);
    CLEANUP(checkpoint_release) struct checkpoint got;

    checkpoint_init(&got);
    fill_index(fixture->online, records);
    fill_text(&fixture->checkpoint.catalog, text_bytes);
    fill_text(&fixture->checkpoint.retries, text_bytes / 24 * 24);
    fill_text(&fixture->checkpoint.unflushed, text_bytes / 32 * 32);
    assert_int_equal(checkpoint_write(&fixture->writer, &fixture->checkpoint, NULL), OK);
    struct err err = {0};
    if (checkpoint_read(fixture->os, "/data/checkpoint", loaded, &got, &err) != OK)
        fail_msg("%s", err.message);
    check_same(&fixture->checkpoint, &got);
    for (uint64_t i = 0; i < records; i++) {
        struct online_head head, expected;
        struct hash128 key = {i * UINT64_C(0x9e3779b97f4a7c15), i};
        online_head_of_key(loaded, 1 + (uint32_t)(i % 7), key, &head);
        online_head_of_key(fixture->online, 1 + (uint32_t)(i % 7), key, &expected);
        assert_true(head.is_found);
        assert_memory_equal(&head, &expected, sizeof(head));
    }
    struct online_size size;
    online_size(loaded, &size);
    assert_int_equal(size.records, records);
    epoch_free(epoch);
    online_free(loaded);
}

static void test_empty(void **state)
{
    round_trip(*state, 0, 0);
}

static void test_many_chunks(void **state)
{
    round_trip(*state, RECORDS, 2500000);
}

/* At any moment of writing the power may fail: the old checkpoint or the new one is there. */
static void test_replaced_as_a_whole(void **state)
{
    struct fixture *fixture = *state;

    fill_index(fixture->online, 100);
    assert_int_equal(checkpoint_write(&fixture->writer, &fixture->checkpoint, NULL), OK);
    for (uint64_t nth = 1, i = 0; i < 2; nth++) {
        struct epoch *epoch = epoch_new();
        struct online *loaded = new_online(epoch);
        CLEANUP(checkpoint_release) struct checkpoint got;
        checkpoint_init(&got);
        fixture->checkpoint.start.batch = nth + 100;
        sim_power_off_at(fixture->sim, nth);
        enum code code = checkpoint_write(&fixture->writer, &fixture->checkpoint, NULL);
        i += code == OK;
        sim_power_off(fixture->sim);
        sim_crash(fixture->sim, nth);
        sim_power_off_at(fixture->sim, 0);
        assert_int_equal(checkpoint_read(fixture->os, "/data/checkpoint", loaded, &got, NULL), OK);
        assert_true(got.start.batch <= nth + 100);
        if (code == OK)
            assert_int_equal(got.start.batch, nth + 100);
        struct online_size size;
        online_size(loaded, &size);
        assert_int_equal(size.records, 100);
        epoch_free(epoch);
        online_free(loaded);
        assert_true(nth < 50);
    }
}

static void test_chunk_bytes(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    chunk_encode(CHUNK_END, 5, STR("payload"), &out);
    assert_int_equal(out.len, CHUNK_HEAD_BYTES + 7 + CHUNK_TAIL_BYTES);
    static const unsigned char head[] = {6, 0, 0, 0, 7, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 'p'};
    assert_memory_equal(out.ptr, head, sizeof(head));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_chunks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaced_as_a_whole, setup, teardown),
        cmocka_unit_test(test_chunk_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
