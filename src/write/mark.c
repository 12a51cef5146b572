/*
 * The bytes of a flush mark (docs/FORMATS.md, "Flush mark"): five little-endian 64-bit numbers in
 * the order of the struct. An entry of kind mark holds them, and the checkpoint.
 */
#include "core/bytes.h"
#include "write/write.h"

enum { MARK_BYTES = 40 };

void flush_mark_encode(const struct flush_mark *mark, struct buf *out)
{
    buf_add_u64(out, mark->flushed_to);
    buf_add_u64(out, mark->cut_from);
    buf_add_u64(out, mark->cut_to);
    buf_add_u64(out, (uint64_t)mark->write_time_us);
    buf_add_u64(out, mark->manifest);
}

enum code flush_mark_decode(struct str text, struct flush_mark *ret, struct err *err)
{
    struct bytes bytes = bytes_from(text);
    struct flush_mark mark;

    if (text.len != MARK_BYTES)
        return err_set(err, ERR_CORRUPT, "a flush mark has %d bytes, not %zu", MARK_BYTES,
                       text.len);
    mark.flushed_to = bytes_u64(&bytes);
    mark.cut_from = bytes_u64(&bytes);
    mark.cut_to = bytes_u64(&bytes);
    mark.write_time_us = (int64_t)bytes_u64(&bytes);
    mark.manifest = bytes_u64(&bytes);
    assert(!bytes.is_bad);
    if (mark.cut_from > mark.cut_to)
        return err_set(err, ERR_CORRUPT, "a flush mark's cut ends before it begins");
    *ret = mark;
    return OK;
}
