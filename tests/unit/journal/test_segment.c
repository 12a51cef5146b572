#include "unit/test.h"

#include "core/mem.h"
#include "journal/segment.h"
#include "sim/sim_os.h"

#include "config/limits.h"

enum { BYTES = 16384 };
static const struct segment_head sample = {.segment_bytes = BYTES,
                                           .sequence = 9,
                                           .nonce = 0x1122334455667788,
                                           .data_end = 9 * BYTES + 8192,
                                           .batch_next = 17,
                                           .chain = 0x99};

static struct journal_place place_in(struct sim *sim)
{
    static char dir[] = "/j";
    const struct os *os = sim_os(sim);
    assert_int_equal(os_make_dirs(os, dir, NULL), OK);
    return (struct journal_place){.os = os, .dir = dir, .segment_bytes = BYTES};
}

static void test_head_round_trip(void **state)
{
    (void)state;
    unsigned char block[LIMIT_JOURNAL_BLOCK_BYTES];
    struct segment_head head = {0};
    segment_head_encode(&sample, block);
    assert_int_equal(segment_head_decode(block, &head), SEGMENT_HEAD_VALID);
    assert_memory_equal(&head, &sample, sizeof(head));
    for (size_t i = 512; i < sizeof(block); i++)
        assert_int_equal(block[i], 0);
}

static void test_zero_head_is_none(void **state)
{
    (void)state;
    unsigned char block[LIMIT_JOURNAL_BLOCK_BYTES] = {0};
    struct segment_head head = {.sequence = 5};
    assert_int_equal(segment_head_decode(block, &head), SEGMENT_HEAD_NONE);
    assert_int_equal(head.sequence, 5);
}

static void test_every_flipped_bit_of_the_head_is_damage(void **state)
{
    (void)state;
    unsigned char block[LIMIT_JOURNAL_BLOCK_BYTES];
    segment_head_encode(&sample, block);
    for (size_t bit = 0; bit < 512 * 8; bit++) {
        struct segment_head head;
        block[bit / 8] ^= (unsigned char)(1U << bit % 8);
        assert_int_equal(segment_head_decode(block, &head), SEGMENT_HEAD_DAMAGED);
        block[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
}

static void refuse(struct segment_head head)
{
    unsigned char block[LIMIT_JOURNAL_BLOCK_BYTES];
    struct segment_head decoded;
    segment_head_encode(&head, block);
    assert_int_equal(segment_head_decode(block, &decoded), SEGMENT_HEAD_DAMAGED);
}

static void test_unsound_heads_are_damage(void **state)
{
    (void)state;
    struct segment_head head = sample;
    head.segment_bytes = 4096;
    refuse(head);
    head = sample;
    head.segment_bytes = BYTES + 1;
    refuse(head);
    head = sample;
    head.sequence = 0;
    refuse(head);
    head = sample;
    head.sequence = UINT64_MAX / 2;
    refuse(head);
    head = sample;
    head.data_end = 9 * BYTES;
    refuse(head);
    head = sample;
    head.data_end = 10 * BYTES + 4096;
    refuse(head);
    head = sample;
    head.data_end = 9 * BYTES + 100;
    refuse(head);
}

static void test_names(void **state)
{
    (void)state;
    unsigned slot = 99;
    assert_true(segment_slot(STR("segment-000012"), &slot));
    assert_int_equal(slot, 12);
    assert_false(segment_slot(STR("segment-12"), &slot));
    assert_false(segment_slot(STR("segment-00001x"), &slot));
    assert_false(segment_slot(STR("segment-0000123"), &slot));
    assert_false(segment_slot(STR("checkpoint-0012"), &slot));
    assert_int_equal(slot, 12);
    char path[SEGMENT_PATH_BYTES];
    static char dir[] = "/some where";
    struct journal_place place = {.dir = dir};
    segment_path(&place, 7, path);
    assert_string_equal(path, "/some where/segment-000007");
}

static void test_made_segment_is_stable_and_zero(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    struct journal_place place = place_in(sim);
    struct segment *segment = NULL;
    assert_int_equal(segment_make(&place, 3, &segment, NULL), OK);
    segment_free(&place, segment);
    assert_int_equal(sim_unsynced(sim), 0);
    sim_crash(sim, 1);
    assert_int_equal(segment_open(&place, 3, &segment, NULL), OK);
    unsigned char block[LIMIT_JOURNAL_BLOCK_BYTES];
    struct segment_head head;
    assert_int_equal(
        place.os->read(place.os->context, segment->reader, block, sizeof(block), 0, NULL), OK);
    assert_int_equal(segment_head_decode(block, &head), SEGMENT_HEAD_NONE);
    segment_free(&place, segment);
    struct err err;
    assert_int_equal(segment_make(&place, 3, &segment, &err), ERR_EXISTS);
    assert_non_null(strstr(err.message, "segment-000003"));
    sim_free(sim);
}

static void test_begin_is_durable_and_new(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    struct journal_place place = place_in(sim);
    struct segment *segment = NULL;
    uint64_t nonces[2];
    for (unsigned use = 0; use < 2; use++) {
        if (use == 0)
            assert_int_equal(segment_make(&place, 0, &segment, NULL), OK);
        assert_int_equal(segment_begin(&place, segment, 5 + use, NULL), OK);
        assert_int_equal(segment->head.sequence, 5 + use);
        assert_int_equal(segment_first(segment), (5 + use) * BYTES);
        assert_int_equal(segment_limit(segment), (6 + use) * BYTES);
        assert_false(segment_is_sealed(segment));
        nonces[use] = segment->head.nonce;
        assert_int_equal(sim_unsynced(sim), 0);
        segment_close_writer(&place, segment);
    }
    assert_true(nonces[0] != nonces[1]);
    assert_int_equal(segment_remove(&place, segment, NULL), OK);
    assert_int_equal(sim_unsynced(sim), 0);
    assert_int_equal(segment_open(&place, 0, &segment, NULL), ERR_NOT_FOUND);
    sim_free(sim);
}

static void test_failures_leave_nothing_behind(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 5; nth++) {
        struct sim *sim = sim_new(nth);
        struct journal_place place = place_in(sim);
        struct segment *segment = NULL;
        sim_fail(sim, &(struct sim_fault){.nth = nth, .errno_value = 5});
        enum code code = segment_make(&place, 0, &segment, NULL);
        assert_int_equal(code == OK, !sim_fault_was_hit(sim));
        struct os_stat stat;
        sim_fail(sim, &(struct sim_fault){0});
        enum code there = place.os->stat(place.os->context, "/j/segment-000000", &stat, NULL);
        assert_int_equal(there, code == OK ? OK : ERR_NOT_FOUND);
        segment_free(&place, code == OK ? segment : NULL);
        sim_free(sim);
    }
}

static void test_failed_begin_closes_its_writer(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    struct journal_place place = place_in(sim);
    struct segment *segment = NULL;
    assert_int_equal(segment_make(&place, 0, &segment, NULL), OK);
    for (unsigned nth = 1; nth <= 3; nth++) {
        sim_fail(sim, &(struct sim_fault){.nth = nth, .errno_value = 5});
        assert_int_equal(segment_begin(&place, segment, 1, NULL), ERR_IO);
        assert_null(segment->writer);
        assert_int_equal(segment->head.sequence, 0);
    }
    sim_fail(sim, &(struct sim_fault){0});
    assert_int_equal(segment_begin(&place, segment, 1, NULL), OK);
    segment_free(&place, segment);
    sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_round_trip),
        cmocka_unit_test(test_zero_head_is_none),
        cmocka_unit_test(test_every_flipped_bit_of_the_head_is_damage),
        cmocka_unit_test(test_unsound_heads_are_damage),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_made_segment_is_stable_and_zero),
        cmocka_unit_test(test_begin_is_durable_and_new),
        cmocka_unit_test(test_failures_leave_nothing_behind),
        cmocka_unit_test(test_failed_begin_closes_its_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
