#include "unit/test.h"

#include "journal/entry.h"

#include "config/limits.h"

static struct entry sample(void)
{
    return (struct entry){
        .kind = ENTRY_PUT,
        .targets = TARGET_ONLINE | TARGET_OFFLINE,
        .flags = ENTRY_HAS_RETRY_KEY,
        .group_id = 7,
        .feature_count = 200,
        .event_time = {.seconds = -62167219200, .nanoseconds = 999999999},
        .arrival_us = 1782914587421000,
        .ttl_seconds = 2592000,
        .retry_key = {.high = 0x0123456789abcdef, .low = 0xfedcba9876543210},
        .identifier = STR("txn-7f8a2e"),
        .record = STR("any bytes \x01 of a record"),
    };
}

static void assert_same(const struct entry *a, const struct entry *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->targets, b->targets);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->group_id, b->group_id);
    assert_int_equal(a->feature_count, b->feature_count);
    assert_int_equal(instant_compare(a->event_time, b->event_time), 0);
    assert_int_equal(a->arrival_us, b->arrival_us);
    assert_int_equal(a->ttl_seconds, b->ttl_seconds);
    assert_true(a->retry_key.high == b->retry_key.high && a->retry_key.low == b->retry_key.low);
    assert_true(str_equal(a->identifier, b->identifier));
    assert_true(str_equal(a->record, b->record));
}

static void round_trip(const struct entry *entry)
{
    struct buf buf;
    buf_init(&buf, 0);
    size_t bytes = entry_encode(entry, &buf);
    assert_int_equal(bytes, buf.len);
    assert_int_equal(bytes, entry_bytes(entry));
    buf_add(&buf, STR("what follows"));
    struct entry decoded;
    size_t decoded_bytes = 0;
    assert_int_equal(entry_decode(buf_str(&buf), &decoded, &decoded_bytes, NULL), OK);
    assert_int_equal(decoded_bytes, bytes);
    assert_same(entry, &decoded);
    buf_release(&buf);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct entry entry = sample();
    round_trip(&entry);
    for (unsigned kind = ENTRY_PUT; kind <= ENTRY_MARK; kind++) {
        entry = (struct entry){.kind = (enum entry_kind)kind};
        entry.identifier = STR("");
        entry.record = STR("");
        round_trip(&entry);
    }
    entry = (struct entry){.kind = ENTRY_CARRIED, .flags = ENTRY_IS_TOMBSTONE};
    entry.event_time.seconds = INSTANT_SECONDS_MAX;
    entry.ttl_seconds = INT64_MAX;
    entry.arrival_us = INT64_MIN;
    entry.identifier = STR("x");
    entry.record = STR("");
    round_trip(&entry);
}

static void test_every_cut_is_refused(void **state)
{
    (void)state;
    struct entry entry = sample();
    struct buf buf;
    buf_init(&buf, 0);
    size_t bytes = entry_encode(&entry, &buf);
    for (size_t len = 0; len < bytes; len++) {
        struct entry decoded;
        struct err err;
        assert_int_equal(entry_decode((struct str){buf.ptr, len}, &decoded, NULL, &err),
                         ERR_CORRUPT);
    }
    buf_release(&buf);
}

static void test_every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct entry entry = sample();
    struct buf buf;
    buf_init(&buf, 0);
    size_t bytes = entry_encode(&entry, &buf);
    for (size_t bit = 0; bit < bytes * 8; bit++) {
        struct entry decoded;
        buf.ptr[bit / 8] = (char)(buf.ptr[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(entry_decode(buf_str(&buf), &decoded, NULL, NULL), ERR_CORRUPT);
        buf.ptr[bit / 8] = (char)(buf.ptr[bit / 8] ^ (1 << (bit % 8)));
    }
    buf_release(&buf);
}

/* A right checksum over something this version does not know. */
static void refuse_patched(size_t offset, unsigned char value, const char *says)
{
    struct entry entry = sample();
    struct buf buf;
    buf_init(&buf, 0);
    size_t bytes = entry_encode(&entry, &buf);
    buf.ptr[offset] = (char)value;
    uint64_t checksum = hash_checksum((struct str){buf.ptr + 8, bytes - 8});
    for (unsigned i = 0; i < 8; i++)
        buf.ptr[i] = (char)(checksum >> (8 * i));
    struct entry decoded;
    struct err err;
    assert_int_equal(entry_decode(buf_str(&buf), &decoded, NULL, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, says));
    buf_release(&buf);
}

static void test_unknown_is_refused(void **state)
{
    (void)state;
    refuse_patched(12, 0, "kind 0");
    refuse_patched(12, ENTRY_MARK + 1, "unknown");
    refuse_patched(13, 4, "targets 4");
    refuse_patched(14, 128, "flags 128");
    refuse_patched(15, 1, "unknown");
    refuse_patched(35, 0x7f, "malformed"); /* nanoseconds past a second */
    refuse_patched(37, 0xff, "malformed"); /* identifier past the end */
}

static void test_length_is_bounded(void **state)
{
    (void)state;
    static char bytes[LIMIT_JOURNAL_ENTRY_BYTES + 64];
    uint32_t len = LIMIT_JOURNAL_ENTRY_BYTES + 1;
    memcpy(bytes + 8, &len, sizeof(len));
    struct entry decoded;
    struct err err;
    assert_int_equal(entry_decode((struct str){bytes, sizeof(bytes)}, &decoded, NULL, &err),
                     ERR_CORRUPT);
    assert_non_null(strstr(err.message, "length"));
}

static void test_bytes_are_as_documented(void **state)
{
    (void)state;
    struct entry entry = sample();
    struct buf buf;
    buf_init(&buf, 0);
    (void)entry_encode(&entry, &buf);
    const unsigned char *at = (const unsigned char *)buf.ptr;
    assert_int_equal(at[8], 56 + 16 + 10 + entry.record.len);
    assert_int_equal(at[12], 1);
    assert_int_equal(at[13], 3);
    assert_int_equal(at[14], 1);
    assert_int_equal(at[16], 7);
    assert_int_equal(at[20], 200);
    assert_int_equal(at[36], 10);
    assert_int_equal(at[56], 0xef);
    assert_int_equal(at[64], 0x10);
    assert_memory_equal(at + 72, "txn-7f8a2e", 10);
    assert_memory_equal(at + 82, entry.record.ptr, entry.record.len);
    buf_release(&buf);
}

static void test_bounded_buffer_takes_nothing(void **state)
{
    (void)state;
    struct entry entry = sample();
    struct buf buf;
    buf_init(&buf, 50);
    assert_int_equal(entry_encode(&entry, &buf), 0);
    assert_int_equal(buf.len, 0);
    assert_true(buf.is_over);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_unknown_is_refused),
        cmocka_unit_test(test_length_is_bounded),
        cmocka_unit_test(test_bytes_are_as_documented),
        cmocka_unit_test(test_bounded_buffer_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
