/* GET /v1/status: what the store holds and how far the offline store is behind. */
#include "api/call.h"

static void store_out(struct call *call, bool *is_first)
{
    struct buf *out = call->out;
    struct store_status status;

    store_status(call->options->store, &status);
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"JournalBytes", status.journal_bytes},
        {"JournalEnd", status.journal_end},
        {"CheckpointPosition", status.checkpoint_position},
        {"UnflushedRows", status.unflushed_rows},
        {"OnlineRecords", status.online_records},
        {"CacheBytes", status.cache_bytes},
        {"QueueLength", status.queue_length},
    };
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        out_key(out, is_first, numbers[i].key);
        buf_add_format(out, "%llu", (unsigned long long)numbers[i].value);
    }
    out_key(out, is_first, "UnflushedOldestSeconds");
    int64_t age_us =
        status.unflushed_oldest_us == 0 ? 0 : call->now_us - status.unflushed_oldest_us;
    buf_add_format(out, "%.3f", (double)(age_us < 0 ? 0 : age_us) / 1e6);
}

static void group_out(struct call *call, const struct group *group)
{
    struct manifest_totals files;
    struct online_group_size size;
    struct buf *out = call->out;

    manifest_totals(call->options->manifest, group->id, &files);
    online_group_size(store_online(call->options->store), group->id, &size);
    buf_add(out, STR("{\"FeatureGroupName\":"));
    buf_add_json(out, group->name);
    buf_add_format(out,
                   ",\"OnlineRecords\":%llu,\"OnlineTombstones\":%llu,\"OnlineBytes\":%llu,"
                   "\"OfflineFiles\":%llu,\"OfflineRows\":%llu,\"OfflineBytes\":%llu}",
                   (unsigned long long)size.records, (unsigned long long)size.tombstones,
                   (unsigned long long)size.bytes, (unsigned long long)files.files,
                   (unsigned long long)files.rows, (unsigned long long)files.bytes);
}

enum code api_status(struct call *call, struct err *err)
{
    bool is_first = true;

    (void)err;
    buf_add_byte(call->out, '{');
    store_out(call, &is_first);
    out_key(call->out, &is_first, "FeatureGroups");
    buf_add_byte(call->out, '[');
    for (size_t i = 0; i < call->catalog->group_count; i++) {
        if (i > 0)
            buf_add_byte(call->out, ',');
        group_out(call, call->catalog->groups[i]);
    }
    buf_add(call->out, STR("]}"));
    return OK;
}
