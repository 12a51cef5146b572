/*
 * A segment's head, byte for byte (little endian; docs/FORMATS.md):
 *
 *    0  u64  magic "ASOFSEG1"
 *    8  u64  checksum: XXH3-64 of bytes 16 to 511
 *   16  u32  version, 1
 *   20  u32  block, 4096
 *   24  u64  bytes of the segment
 *   32  u64  sequence number, from 1
 *   40  u64  nonce of this use
 *   48  u64  where the data ends, as a position; 0 while the journal may still write here
 *   56  u64  number of the batch that comes after the last one here; 0 while open
 *   64  u64  checksum of the last batch here; 0 while open
 *
 * then zeros up to a whole block. All of it is in the first sector of 512 bytes.
 */
#include "journal/segment.h"

#include "config/limits.h"
#include "core/bytes.h"
#include "core/hash.h"
#include "core/mem.h"

#include <stdio.h>

enum { MAGIC_BYTES = 8, COVERED_FROM = 16, COVERED_TO = 512, HEAD_END = 72, VERSION = 1 };
enum { SLOT_DIGITS = 6, SLOTS_MAX = 1000000 };
static const char magic[MAGIC_BYTES + 1] = "ASOFSEG1";
static const char name_prefix[] = "segment-";

static unsigned char *put(unsigned char *out, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        out[i] = (unsigned char)(value >> (8 * i));
    return out + count;
}

static uint64_t checksum_of(const unsigned char *block)
{
    return hash_checksum(
        (struct str){(const char *)block + COVERED_FROM, COVERED_TO - COVERED_FROM});
}

void segment_head_encode(const struct segment_head *head, unsigned char *block)
{
    memset(block, 0, LIMIT_JOURNAL_BLOCK_BYTES);
    memcpy(block, magic, MAGIC_BYTES);
    unsigned char *at = block + COVERED_FROM;
    at = put(at, VERSION, 4);
    at = put(at, LIMIT_JOURNAL_BLOCK_BYTES, 4);
    at = put(at, head->segment_bytes, 8);
    at = put(at, head->sequence, 8);
    at = put(at, head->nonce, 8);
    at = put(at, head->data_end, 8);
    at = put(at, head->batch_next, 8);
    at = put(at, head->chain, 8);
    assert(at == block + HEAD_END);
    (void)put(block + MAGIC_BYTES, checksum_of(block), 8);
}

static bool is_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool head_is_sound(const struct segment_head *head)
{
    uint64_t blocks = head->segment_bytes / LIMIT_JOURNAL_BLOCK_BYTES;
    if (blocks < 2 || head->segment_bytes % LIMIT_JOURNAL_BLOCK_BYTES != 0)
        return false;
    if (head->sequence == 0 || head->sequence >= UINT64_MAX / head->segment_bytes - 1)
        return false;
    uint64_t first = head->sequence * head->segment_bytes;
    return head->data_end == 0 ||
           (head->data_end > first && head->data_end - first <= head->segment_bytes &&
            head->data_end % LIMIT_JOURNAL_BLOCK_BYTES == 0);
}

enum segment_head_state segment_head_decode(const unsigned char *block, struct segment_head *ret)
{
    if (is_zero(block, COVERED_TO))
        return SEGMENT_HEAD_NONE;
    struct bytes in = bytes_from((struct str){(const char *)block, HEAD_END});
    (void)bytes_u64(&in);
    uint64_t checksum = bytes_u64(&in);
    if (memcmp(block, magic, MAGIC_BYTES) != 0 || checksum != checksum_of(block))
        return SEGMENT_HEAD_DAMAGED;
    uint32_t version = bytes_u32(&in);
    uint32_t block_bytes = bytes_u32(&in);
    struct segment_head head = {.segment_bytes = bytes_u64(&in)};
    head.sequence = bytes_u64(&in);
    head.nonce = bytes_u64(&in);
    head.data_end = bytes_u64(&in);
    head.batch_next = bytes_u64(&in);
    head.chain = bytes_u64(&in);
    if (version != VERSION || block_bytes != LIMIT_JOURNAL_BLOCK_BYTES || !head_is_sound(&head))
        return SEGMENT_HEAD_DAMAGED;
    *ret = head;
    return SEGMENT_HEAD_VALID;
}

/* ---- files ---- */

void segment_path(const struct journal_place *place, unsigned slot, char ret[SEGMENT_PATH_BYTES])
{
    assert(slot < SLOTS_MAX);
    int len = snprintf(ret, SEGMENT_PATH_BYTES, "%s/%s%06u", place->dir, name_prefix, slot);
    assert(len > 0 && len < SEGMENT_PATH_BYTES);
}

bool segment_slot(struct str name, unsigned *ret)
{
    size_t prefix_len = sizeof(name_prefix) - 1;
    struct str prefix = {name_prefix, prefix_len};
    uint64_t slot = 0;
    if (name.len != prefix_len + SLOT_DIGITS || !str_starts(name, prefix))
        return false;
    if (str_to_u64(str_slice(name, prefix_len, name.len), SLOTS_MAX - 1, &slot, NULL) != OK)
        return false;
    *ret = (unsigned)slot;
    return true;
}

/* Puts the file's name before the message. */
static enum code tell(const struct journal_place *place, unsigned slot, enum code code,
                      struct err *err)
{
    return code == OK ? OK : err_prefix(err, code, "%s/%s%06u", place->dir, name_prefix, slot);
}

enum code segment_open(const struct journal_place *place, unsigned slot, struct segment **ret,
                       struct err *err)
{
    const struct os *os = place->os;
    char path[SEGMENT_PATH_BYTES];
    struct os_file *reader = NULL;
    segment_path(place, slot, path);
    TRY(os->open(os->context, path, OS_READ, &reader, err));
    struct segment *segment = MEM_NEW(struct segment);
    segment->slot = slot;
    segment->reader = reader;
    *ret = segment;
    return OK;
}

static enum code fill(const struct journal_place *place, const char *path, struct err *err)
{
    const struct os *os = place->os;
    struct os_file *file = NULL;
    unsigned flags = OS_WRITE | OS_CREATE | OS_EXCLUSIVE | OS_DIRECT;
    TRY(os->open(os->context, path, flags, &file, err));
    enum code code = os->preallocate(os->context, file, place->segment_bytes, err);
    os->close(os->context, file);
    TRY(code);
    return os->sync_dir(os->context, place->dir, err);
}

enum code segment_make(const struct journal_place *place, unsigned slot, struct segment **ret,
                       struct err *err)
{
    char path[SEGMENT_PATH_BYTES];
    segment_path(place, slot, path);
    enum code code = fill(place, path, err);
    if (code == OK)
        code = segment_open(place, slot, ret, err);
    /* What is left over would be swept at the next start; its space is wanted now. */
    if (code != OK)
        (void)!place->os->remove(place->os->context, path, NULL);
    return tell(place, slot, code, err);
}

void segment_close_writer(const struct journal_place *place, struct segment *segment)
{
    if (segment->writer != NULL)
        place->os->close(place->os->context, segment->writer);
    segment->writer = NULL;
}

void segment_free(const struct journal_place *place, struct segment *segment)
{
    if (segment == NULL)
        return;
    assert(segment->readers == 0);
    segment_close_writer(place, segment);
    place->os->close(place->os->context, segment->reader);
    mem_free(segment);
}

enum code segment_remove(const struct journal_place *place, struct segment *segment,
                         struct err *err)
{
    char path[SEGMENT_PATH_BYTES];
    segment_path(place, segment->slot, path);
    segment_free(place, segment);
    TRY(place->os->remove(place->os->context, path, err));
    return place->os->sync_dir(place->os->context, place->dir, err);
}

enum code segment_open_writer(const struct journal_place *place, struct segment *segment,
                              struct err *err)
{
    const struct os *os = place->os;
    char path[SEGMENT_PATH_BYTES];
    unsigned flags = OS_WRITE | OS_DIRECT | (place->is_sync_skipped ? 0 : OS_DURABLE);
    segment_path(place, segment->slot, path);
    assert(segment->writer == NULL);
    return os->open(os->context, path, flags, &segment->writer, err);
}

static void free_block(unsigned char **block)
{
    mem_free(*block);
}

enum code segment_write_head(const struct journal_place *place, const struct segment *segment,
                             const struct segment_head *head, struct err *err)
{
    const struct os *os = place->os;
    CLEANUP(free_block)
    unsigned char *block = mem_new_aligned(LIMIT_JOURNAL_BLOCK_BYTES, LIMIT_JOURNAL_BLOCK_BYTES);
    segment_head_encode(head, block);
    enum code code =
        os->write(os->context, segment->writer, block, LIMIT_JOURNAL_BLOCK_BYTES, 0, err);
    return tell(place, segment->slot, code, err);
}

enum code segment_begin(const struct journal_place *place, struct segment *segment,
                        uint64_t sequence, struct err *err)
{
    struct segment_head head = {.segment_bytes = place->segment_bytes, .sequence = sequence};
    TRY(place->os->random(place->os->context, &head.nonce, sizeof(head.nonce), err));
    TRY(segment_open_writer(place, segment, err));
    segment->previous_end = 0;
    enum code code = segment_write_head(place, segment, &head, err);
    if (code != OK) {
        segment_close_writer(place, segment);
        return code;
    }
    segment->head = head;
    return OK;
}
