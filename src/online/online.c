#include "online/online_priv.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/metrics.h"

enum { TABLES_MIN = 64 };

struct online *online_new(struct epoch *epoch, const struct online_options *options)
{
    struct online *online = MEM_NEW(struct online);

    assert(options->secret != NULL);
    online->epoch = epoch;
    online->secret = options->secret;
    cache_init(&online->cache, epoch, options->cache_bytes_max);
    live_init(&online->live, options->segment_bytes);
    return online;
}

void online_free(struct online *online)
{
    if (online == NULL)
        return;
    struct tables *tables = atomic_load(&online->tables);
    for (uint32_t i = 0; tables != NULL && i < tables->count; i++)
        table_free(atomic_load(&tables->at[i]));
    mem_free(tables);
    cache_release(&online->cache);
    live_release(&online->live);
    slab_release(&online->slab);
    mem_free(online);
}

void online_attach(struct online *online, struct journal *journal)
{
    assert(journal != NULL);
    online->journal = journal;
}

struct table *online_table(const struct online *online, uint32_t group_id)
{
    struct tables *tables = atomic_load_explicit(&online->tables, memory_order_acquire);

    if (tables == NULL || group_id >= tables->count)
        return NULL;
    return atomic_load_explicit(&tables->at[group_id], memory_order_acquire);
}

struct hash128 online_key(const struct online *online, uint32_t group_id, struct str identifier)
{
    return hash_keyed(online->secret, group_id, identifier);
}

void online_head_from(const struct node *node, struct online_head *ret)
{
    *ret = (struct online_head){
        .is_found = true,
        .is_tombstone = (node->bytes_and_kind & 1) != 0,
        .event_time = {node->event_seconds, node->event_nanoseconds},
        .ttl_seconds = node->ttl_seconds,
        .position = node->position,
        .bytes = node->bytes_and_kind >> 1,
    };
}

void online_head_of_key(struct online *online, uint32_t group_id, struct hash128 key,
                        struct online_head *ret)
{
    const struct table *table = online_table(online, group_id);
    const struct node *node = table == NULL ? NULL : table_find(table, key);

    if (node == NULL)
        *ret = (struct online_head){0};
    else
        online_head_from(node, ret);
}

void online_head(struct online *online, uint32_t group_id, struct str identifier,
                 struct online_head *ret)
{
    online_head_of_key(online, group_id, online_key(online, group_id, identifier), ret);
}

/* ---- reading ---- */

enum code online_read(struct online *online, uint32_t group_id, const struct node *node,
                      struct arena *arena, struct entry *ret, struct err *err)
{
    struct entry entry = {.kind = ENTRY_PUT};

    assert(online->journal != NULL);
    metric_add(METRIC_cache_misses_total, 1);
    TRY(journal_read(online->journal, node->position, node->bytes_and_kind >> 1, arena, &entry,
                     err));
    struct hash128 key = online_key(online, group_id, entry.identifier);
    if (entry.group_id != group_id || key.high != node->key.high || key.low != node->key.low)
        return err_set(err, ERR_CORRUPT,
                       "the journal holds another record at position %llu than the index says",
                       (unsigned long long)node->position);
    *ret = entry;
    return OK;
}

enum code online_get(struct online *online, uint32_t group_id, struct str identifier,
                     struct arena *arena, struct online_record *ret, struct err *err)
{
    struct hash128 key = online_key(online, group_id, identifier);
    const struct table *table = online_table(online, group_id);
    const struct node *node = table == NULL ? NULL : table_find(table, key);
    struct online_record record = {.record = STR("")};
    struct str stored = identifier;

    if (node == NULL) {
        *ret = record;
        return OK;
    }
    online_head_from(node, &record.head);
    struct cached *cached = atomic_load_explicit(&node->cached, memory_order_acquire);
    if (cached != NULL) {
        if (!atomic_load_explicit(&cached->is_referenced, memory_order_relaxed))
            atomic_store_explicit(&cached->is_referenced, true, memory_order_relaxed);
        stored = cached_identifier(cached);
        record.record = cached_record(cached);
    } else if (!record.head.is_tombstone) {
        struct entry entry = {.kind = ENTRY_PUT};
        TRY(online_read(online, group_id, node, arena, &entry, err));
        stored = entry.identifier;
        record.record = entry.record;
        cache_offer(&online->cache, group_id, node, stored, record.record);
    }
    if (!str_equal(stored, identifier))
        return err_set(err, ERR_CORRUPT, "the index holds another record than '%.*s'",
                       STR_ARG(identifier));
    *ret = record;
    return OK;
}

/* ---- the rules ---- */

bool online_head_accepts(const struct online_head *stored, const struct entry *entry)
{
    int order = stored->is_found ? instant_compare(entry->event_time, stored->event_time) : 1;

    switch (entry->kind) {
    case ENTRY_PUT:
        return (entry->targets & TARGET_ONLINE) != 0 && order >= 0;
    case ENTRY_DELETE:
    case ENTRY_DELETE_HARD:
        return (entry->targets & TARGET_ONLINE) != 0 && order > 0;
    case ENTRY_CARRIED:
        return stored->is_found && order == 0 &&
               stored->is_tombstone == ((entry->flags & ENTRY_IS_TOMBSTONE) != 0);
    case ENTRY_EVENT:
    case ENTRY_DEFINITION:
    case ENTRY_MARK:
        break;
    }
    return false;
}

bool online_accepts(struct online *online, const struct entry *entry)
{
    struct online_head head;

    online_head(online, entry->group_id, entry->identifier, &head);
    return online_head_accepts(&head, entry);
}

/* ---- writing ---- */

static void add_relaxed(_Atomic(uint64_t) *counter, uint64_t more, uint64_t less)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    assert(value + more >= less);
    atomic_store_explicit(counter, value + more - less, memory_order_relaxed);
}

static void free_memory(void *object, void *context)
{
    (void)context;
    mem_free(object);
}

static void free_node(void *object, void *context)
{
    struct online *online = context;
    slab_give(&online->slab, object);
}

static struct tables *widen_tables(struct online *online, uint32_t group_id)
{
    struct tables *old = atomic_load_explicit(&online->tables, memory_order_relaxed);
    uint32_t count = old == NULL ? TABLES_MIN : old->count;

    if (old != NULL && group_id < old->count)
        return old;
    assert(group_id < UINT32_MAX / 2);
    while (count <= group_id)
        count *= 2;
    struct tables *tables = mem_new_array(1, sizeof(*tables) + count * sizeof(tables->at[0]));
    tables->count = count;
    for (uint32_t i = 0; old != NULL && i < old->count; i++)
        atomic_init(&tables->at[i], atomic_load_explicit(&old->at[i], memory_order_relaxed));
    atomic_store_explicit(&online->tables, tables, memory_order_release);
    if (old != NULL)
        epoch_retire(online->epoch, old, free_memory, NULL);
    return tables;
}

static struct table *make_table(struct online *online, uint32_t group_id)
{
    struct tables *tables = widen_tables(online, group_id);
    struct table *table = atomic_load_explicit(&tables->at[group_id], memory_order_relaxed);

    if (table == NULL) {
        table = table_new(online->epoch, group_id);
        atomic_store_explicit(&tables->at[group_id], table, memory_order_release);
    }
    return table;
}

static void count_node(struct online *online, struct table *table, const struct node *node)
{
    uint32_t bytes = node->bytes_and_kind >> 1;

    add_relaxed((node->bytes_and_kind & 1) != 0 ? &table->tombstones : &table->records, 1, 0);
    add_relaxed(&table->bytes, bytes, 0);
    add_relaxed(&online->records, 1, 0);
    add_relaxed(&online->bytes, bytes, 0);
    live_add(&online->live, node->position, bytes);
}

/* Takes what was unpublished out of every count, and retires it. */
static void retire_node(struct online *online, struct table *table, struct node *node)
{
    uint32_t bytes = node->bytes_and_kind >> 1;

    add_relaxed((node->bytes_and_kind & 1) != 0 ? &table->tombstones : &table->records, 0, 1);
    add_relaxed(&table->bytes, 0, bytes);
    add_relaxed(&online->records, 0, 1);
    add_relaxed(&online->bytes, 0, bytes);
    live_remove(&online->live, node->position, bytes);
    cache_forget(&online->cache, node);
    epoch_retire(online->epoch, node, free_node, online);
}

static struct node *make_node(struct online *online, struct hash128 key,
                              const struct online_head *head)
{
    struct node *node = slab_take(&online->slab);

    assert(head->bytes <= UINT32_MAX >> 1);
    *node = (struct node){
        .key = key,
        .position = head->position,
        .event_seconds = head->event_time.seconds,
        .event_nanoseconds = head->event_time.nanoseconds,
        .ttl_seconds = head->ttl_seconds,
        .bytes_and_kind = head->bytes << 1 | (head->is_tombstone ? 1U : 0U),
    };
    return node;
}

static void publish(struct online *online, struct table *table, struct node *node)
{
    struct node *old = table_put(table, node);

    count_node(online, table, node);
    if (old != NULL)
        retire_node(online, table, old);
}

void online_apply(struct online *online, const struct entry *entry, uint64_t position,
                  uint32_t bytes)
{
    struct hash128 key = online_key(online, entry->group_id, entry->identifier);
    struct table *table = make_table(online, entry->group_id);

    if (entry->kind == ENTRY_DELETE_HARD) {
        struct node *old = table_remove(table, key);
        if (old != NULL)
            retire_node(online, table, old);
        return;
    }
    assert(entry->kind == ENTRY_PUT || entry->kind == ENTRY_DELETE || entry->kind == ENTRY_CARRIED);
    struct online_head head = {
        .is_found = true,
        .is_tombstone = entry->kind == ENTRY_DELETE || (entry->flags & ENTRY_IS_TOMBSTONE) != 0,
        .event_time = entry->event_time,
        .ttl_seconds = entry->ttl_seconds,
        .position = position,
        .bytes = bytes,
    };
    struct node *node = make_node(online, key, &head);
    /* A record that is carried was not asked for: it keeps its place in the cache or has none. */
    const struct node *before = entry->kind == ENTRY_CARRIED ? table_find(table, key) : NULL;
    bool is_cached = entry->kind == ENTRY_PUT;
    if (before != NULL)
        is_cached = atomic_load_explicit(&before->cached, memory_order_relaxed) != NULL;
    if (is_cached && !head.is_tombstone)
        cache_put(&online->cache, node, entry->identifier, entry->record);
    publish(online, table, node);
}

static void free_table(void *object, void *context)
{
    (void)context;
    table_free(object);
}

struct drop {
    struct online *online;
    struct table *table;
};

static void drop_node(struct node *node, void *context)
{
    struct drop *drop = context;
    retire_node(drop->online, drop->table, node);
}

void online_drop_group(struct online *online, uint32_t group_id)
{
    struct tables *tables = atomic_load_explicit(&online->tables, memory_order_relaxed);
    struct table *table = online_table(online, group_id);
    struct drop drop = {online, table};

    if (table == NULL)
        return;
    atomic_store_explicit(&tables->at[group_id], NULL, memory_order_release);
    for (uint32_t shard = 0; shard < TABLE_SHARDS; shard++)
        table_walk(table, shard, drop_node, &drop);
    assert(atomic_load(&table->records) == 0 && atomic_load(&table->bytes) == 0);
    epoch_retire(online->epoch, table, free_table, NULL);
}

void online_tend(struct online *online)
{
    struct cache *cache = &online->cache;

    if (!atomic_load_explicit(&cache->has_offers, memory_order_relaxed))
        return;
    atomic_store(&cache->has_offers, false);
    for (size_t i = 0; i < CACHE_OFFERS; i++) {
        struct cached *offer = cache_take_offer(cache, i);
        if (offer == NULL)
            continue;
        const struct table *table = online_table(online, offer->group_id);
        struct node *node = table == NULL ? NULL : table_find(table, offer->key);
        if (node != NULL && node->position == offer->position &&
            atomic_load_explicit(&node->cached, memory_order_relaxed) == NULL)
            cache_adopt(cache, node, offer);
        else
            cache_drop_offer(offer);
    }
}

/* ---- sizes ---- */

void online_group_size(struct online *online, uint32_t group_id, struct online_group_size *ret)
{
    const struct table *table = online_table(online, group_id);

    *ret = (struct online_group_size){0};
    if (table == NULL)
        return;
    ret->records = atomic_load_explicit(&table->records, memory_order_relaxed);
    ret->tombstones = atomic_load_explicit(&table->tombstones, memory_order_relaxed);
    ret->bytes = atomic_load_explicit(&table->bytes, memory_order_relaxed);
}

void online_size(struct online *online, struct online_size *ret)
{
    ret->records = atomic_load_explicit(&online->records, memory_order_relaxed);
    ret->bytes = atomic_load_explicit(&online->bytes, memory_order_relaxed);
    ret->cache_bytes = atomic_load_explicit(&online->cache.bytes, memory_order_relaxed);
}

void online_segment_live(const struct online *online, uint64_t sequence, struct online_live *ret)
{
    live_get(&online->live, sequence, ret);
}

/* ---- checkpoint ---- */

struct walk {
    uint32_t group_id;
    online_item_fn *fn;
    void *context;
};

static void walk_node(struct node *node, void *context)
{
    struct walk *walk = context;
    struct online_item item = {.group_id = walk->group_id, .key = node->key};

    online_head_from(node, &item.head);
    walk->fn(&item, walk->context);
}

bool online_walk_next(struct online *online, struct online_walk *walk, online_item_fn *fn,
                      void *context)
{
    struct tables *tables = atomic_load_explicit(&online->tables, memory_order_acquire);

    while (tables != NULL && walk->group_id < tables->count) {
        const struct table *table = online_table(online, walk->group_id);
        if (table == NULL || walk->shard == TABLE_SHARDS) {
            walk->group_id++;
            walk->shard = 0;
            continue;
        }
        struct walk visit = {walk->group_id, fn, context};
        table_walk(table, walk->shard++, walk_node, &visit);
        return true;
    }
    return false;
}

void online_restore(struct online *online, const struct online_item *item)
{
    struct table *table = make_table(online, item->group_id);

    assert(item->head.is_found);
    publish(online, table, make_node(online, item->key, &item->head));
}
