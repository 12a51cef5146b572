/*
 * The simulated disk (sim_disk.h). A crash chooses for every un-synced sector write whether it
 * reached the disk, so that what is left may be torn and out of order; names likewise, but a change
 * that builds on a lost one is lost too.
 */
#include "sim/sim_disk.h"

#include "core/mem.h"
#include "sim/sim_os.h"

#include <stdio.h>
#include <string.h>

/* ---- images and nodes ---- */

static void image_resize(struct sim_image *image, size_t len)
{
    if (len > image->capacity) {
        size_t capacity = size_max(len, image->capacity * 2);
        image->bytes = mem_resize(image->bytes, capacity);
        memset(image->bytes + image->capacity, 0, capacity - image->capacity);
        image->capacity = capacity;
    }
    if (len < image->len)
        memset(image->bytes + len, 0, image->len - len);
    image->len = len;
}

static void image_copy(struct sim_image *to, const struct sim_image *from)
{
    image_resize(to, 0);
    image_resize(to, from->len);
    if (from->len > 0)
        memcpy(to->bytes, from->bytes, from->len);
}

/* The sector's bytes go into the image as far as it reaches. */
static void image_put_sector(struct sim_image *image, const struct sim_sector *sector)
{
    uint64_t offset = sector->index * SIM_SECTOR_BYTES;
    if (offset < image->len)
        memcpy(image->bytes + offset, sector->bytes,
               size_min(SIM_SECTOR_BYTES, image->len - offset));
}

static struct sim_sector image_sector(const struct sim_image *image, uint64_t index)
{
    struct sim_sector sector = {.index = index};
    uint64_t offset = index * SIM_SECTOR_BYTES;
    if (offset < image->len)
        memcpy(sector.bytes, image->bytes + offset,
               size_min(SIM_SECTOR_BYTES, image->len - offset));
    return sector;
}

static void pending_add(struct sim_node *node, const struct sim_sector *sector)
{
    if (node->pending_count == node->pending_capacity) {
        node->pending_capacity = size_max(64, node->pending_capacity * 2);
        node->pending = mem_resize(node->pending, node->pending_capacity * sizeof(*node->pending));
    }
    node->pending[node->pending_count] = *sector;
    node->pending_count++;
}

void sim_node_write(struct sim_node *node, struct str bytes, uint64_t offset)
{
    assert(!node->is_dir);
    if (bytes.len == 0)
        return;
    if (offset + bytes.len > node->now.len)
        image_resize(&node->now, offset + bytes.len);
    memcpy(node->now.bytes + offset, bytes.ptr, bytes.len);
    uint64_t last = (offset + bytes.len - 1) / SIM_SECTOR_BYTES;
    for (uint64_t i = offset / SIM_SECTOR_BYTES; i <= last; i++) {
        struct sim_sector sector = image_sector(&node->now, i);
        pending_add(node, &sector);
    }
}

void sim_node_resize(struct sim_node *node, size_t bytes)
{
    assert(!node->is_dir);
    node->cut = size_min(node->cut, bytes);
    image_resize(&node->now, bytes);
    size_t kept = 0;
    for (size_t i = 0; i < node->pending_count; i++) {
        if (node->pending[i].index * SIM_SECTOR_BYTES >= bytes)
            continue;
        if (kept != i)
            node->pending[kept] = node->pending[i];
        kept++;
    }
    node->pending_count = kept;
}

void sim_node_sync(struct sim_node *node)
{
    image_copy(&node->synced, &node->now);
    node->cut = SIZE_MAX;
    node->pending_count = 0;
}

/* The new length becomes stable; what was cut off meanwhile reads as zero. */
static void sync_length(struct sim_node *node)
{
    if (node->cut < node->synced.len)
        image_resize(&node->synced, node->cut);
    image_resize(&node->synced, node->now.len);
    node->cut = SIZE_MAX;
}

void sim_node_sync_range(struct sim_node *node, uint64_t offset, size_t count)
{
    if (node->cut != SIZE_MAX || node->now.len != node->synced.len)
        sync_length(node);
    if (count == 0)
        return;
    uint64_t first = offset / SIM_SECTOR_BYTES;
    uint64_t last = (offset + count - 1) / SIM_SECTOR_BYTES;
    size_t kept = 0;
    for (size_t i = 0; i < node->pending_count; i++) {
        if (node->pending[i].index >= first && node->pending[i].index <= last)
            continue;
        if (kept != i)
            node->pending[kept] = node->pending[i];
        kept++;
    }
    node->pending_count = kept;
    for (uint64_t i = first; i <= last; i++) {
        struct sim_sector sector = image_sector(&node->now, i);
        image_put_sector(&node->synced, &sector);
    }
}

void sim_node_forget(struct sim_node *node)
{
    node->pending_count = 0;
}

static void node_free(struct sim_node *node)
{
    mem_free(node->now.bytes);
    mem_free(node->synced.bytes);
    mem_free(node->pending);
    mem_free(node);
}

/* ---- names ---- */

void sim_path_normalize(const char *path, char ret[SIM_PATH_BYTES])
{
    size_t len = 0;
    for (const char *at = path; *at != 0; at++) {
        bool is_root = at == path && at[1] == 0;
        if (*at == '/' && (at[1] == '/' || at[1] == 0) && !is_root)
            continue;
        assert(len + 1 < SIM_PATH_BYTES);
        ret[len] = *at;
        len++;
    }
    ret[len] = 0;
}

void sim_path_parent(const char *path, char ret[SIM_PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    assert(len < SIM_PATH_BYTES);
    memcpy(ret, path, len);
    ret[len] = 0;
}

static char *path_copy(const char *path)
{
    size_t len = strlen(path);
    char *copy = mem_new_array(len + 1, 1);
    memcpy(copy, path, len);
    return copy;
}

static struct sim_name *names_find(const struct sim_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].path, path) == 0)
            return &names->items[i];
    return NULL;
}

static void names_remove(struct sim_names *names, const char *path)
{
    struct sim_name *name = names_find(names, path);
    if (name == NULL)
        return;
    mem_free(name->path);
    names->count--;
    *name = names->items[names->count];
}

static void names_set(struct sim_names *names, const char *path, struct sim_node *node)
{
    struct sim_name *name = names_find(names, path);
    if (name != NULL) {
        name->node = node;
        return;
    }
    if (names->count == names->capacity) {
        names->capacity = size_max(16, names->capacity * 2);
        names->items = mem_resize(names->items, names->capacity * sizeof(*names->items));
    }
    names->items[names->count] = (struct sim_name){path_copy(path), node};
    names->count++;
}

static void names_release(struct sim_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->items[i].path);
    mem_free(names->items);
    *names = (struct sim_names){0};
}

static void names_apply(struct sim_names *names, const struct sim_change *change)
{
    if (change->from[0] != 0)
        names_remove(names, change->from);
    if (change->to[0] != 0)
        names_set(names, change->to, change->node);
}

static void change_add(struct sim_disk *disk, const char *from, const char *to,
                       struct sim_node *node)
{
    if (disk->change_count == disk->change_capacity) {
        disk->change_capacity = size_max(16, disk->change_capacity * 2);
        disk->changes = mem_resize(disk->changes, disk->change_capacity * sizeof(*disk->changes));
    }
    struct sim_change change = {path_copy(from), path_copy(to), node};
    disk->changes[disk->change_count] = change;
    disk->change_count++;
    names_apply(&disk->now, &change);
}

static void change_release(struct sim_change *change)
{
    mem_free(change->from);
    mem_free(change->to);
}

/* ---- the disk ---- */

void sim_disk_init(struct sim_disk *disk)
{
    *disk = (struct sim_disk){0};
}

void sim_disk_release(struct sim_disk *disk)
{
    for (size_t i = 0; i < disk->change_count; i++)
        change_release(&disk->changes[i]);
    mem_free(disk->changes);
    names_release(&disk->now);
    names_release(&disk->synced);
    while (disk->nodes != NULL) {
        struct sim_node *node = disk->nodes;
        disk->nodes = node->next;
        node_free(node);
    }
    *disk = (struct sim_disk){0};
}

struct sim_node *sim_disk_find(const struct sim_disk *disk, const char *path)
{
    const struct sim_name *name = names_find(&disk->now, path);
    return name == NULL ? NULL : name->node;
}

static bool names_have_dir(const struct sim_names *names, const char *path)
{
    if (path[0] == 0 || strcmp(path, "/") == 0)
        return true;
    const struct sim_name *name = names_find(names, path);
    return name != NULL && name->node->is_dir;
}

bool sim_disk_is_dir(const struct sim_disk *disk, const char *path)
{
    return names_have_dir(&disk->now, path);
}

static bool path_is_under(const char *path, const char *dir)
{
    size_t len = strlen(dir);
    return strncmp(path, dir, len) == 0 && path[len] == '/';
}

bool sim_disk_is_empty_dir(const struct sim_disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->now.count; i++)
        if (path_is_under(disk->now.items[i].path, path))
            return false;
    return true;
}

struct sim_node *sim_disk_make(struct sim_disk *disk, const char *path, bool is_dir)
{
    assert(sim_disk_find(disk, path) == NULL);
    struct sim_node *node = MEM_NEW(struct sim_node);
    node->is_dir = is_dir;
    node->cut = SIZE_MAX;
    node->next = disk->nodes;
    disk->nodes = node;
    change_add(disk, "", path, node);
    return node;
}

void sim_disk_rename(struct sim_disk *disk, const char *from, const char *to)
{
    struct sim_node *node = sim_disk_find(disk, from);
    assert(node != NULL && !node->is_dir);
    if (strcmp(from, to) != 0)
        change_add(disk, from, to, node);
}

void sim_disk_remove(struct sim_disk *disk, const char *path)
{
    assert(sim_disk_find(disk, path) != NULL);
    change_add(disk, path, "", NULL);
}

static bool change_is_in(const struct sim_change *change, const char *dir)
{
    char parent[SIM_PATH_BYTES];
    sim_path_parent(change->from, parent);
    if (change->from[0] != 0 && strcmp(parent, dir) == 0)
        return true;
    sim_path_parent(change->to, parent);
    return change->to[0] != 0 && strcmp(parent, dir) == 0;
}

static bool change_shares_name(const struct sim_change *a, const struct sim_change *b)
{
    const char *of_a[] = {a->from, a->to};
    const char *of_b[] = {b->from, b->to};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++)
            if (of_a[i][0] != 0 && strcmp(of_a[i], of_b[j]) == 0)
                return true;
    return false;
}

/* Also makes stable what the folder's changes build on: earlier changes of the same names. */
void sim_disk_sync_dir(struct sim_disk *disk, const char *path)
{
    size_t count = disk->change_count;
    bool *is_synced = mem_new_array(count + 1, sizeof(bool));
    for (size_t i = count; i > 0; i--) {
        const struct sim_change *change = &disk->changes[i - 1];
        is_synced[i - 1] = change_is_in(change, path);
        for (size_t later = i; later < count && !is_synced[i - 1]; later++)
            is_synced[i - 1] =
                is_synced[later] && change_shares_name(change, &disk->changes[later]);
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_synced[i]) {
            names_apply(&disk->synced, &disk->changes[i]);
            change_release(&disk->changes[i]);
        } else {
            disk->changes[kept] = disk->changes[i];
            kept++;
        }
    }
    disk->change_count = kept;
    mem_free(is_synced);
}

uint64_t sim_disk_bytes(const struct sim_disk *disk)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < disk->now.count; i++)
        bytes += disk->now.items[i].node->now.len;
    return bytes;
}

size_t sim_disk_unsynced(const struct sim_disk *disk)
{
    size_t count = disk->change_count;
    for (const struct sim_node *node = disk->nodes; node != NULL; node = node->next)
        count += node->pending_count + (node->now.len != node->synced.len);
    return count;
}

/* ---- the crash ---- */

/*
 * How a crash treats what it finds, drawn once a crash: the extremes and single losses find other
 * faults than an even chance for each sector.
 */
struct fate {
    uint64_t state;
    unsigned keep_percent;
};

static bool fate_keeps(struct fate *fate)
{
    return sim_next(&fate->state) % 100 < fate->keep_percent;
}

static void node_crash(struct sim_node *node, struct fate *fate)
{
    if (node->now.len != node->synced.len || node->cut != SIZE_MAX) {
        if (fate_keeps(fate))
            sync_length(node);
    }
    /* Now and then a queue that was written in order and stopped, or that lost a single sector. */
    size_t count = node->pending_count;
    uint64_t shape = sim_next(&fate->state) % 8;
    size_t special = count == 0 ? 0 : sim_next(&fate->state) % count;
    for (size_t i = 0; i < count; i++) {
        bool is_kept = fate_keeps(fate);
        if (shape == 0)
            is_kept = i < special;
        else if (shape == 1)
            is_kept = i != special;
        else if (shape == 2)
            is_kept = i == special;
        if (is_kept)
            image_put_sector(&node->synced, &node->pending[i]);
    }
    node->pending_count = 0;
    node->cut = SIZE_MAX;
    image_copy(&node->now, &node->synced);
}

static bool builds_on_lost(const struct sim_disk *disk, const bool *is_lost, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_lost[i] && change_shares_name(&disk->changes[at], &disk->changes[i]))
            return true;
    return false;
}

/* A name whose folder is gone is gone. */
static void names_drop_orphans(struct sim_names *names)
{
    bool is_changed = true;
    while (is_changed) {
        is_changed = false;
        for (size_t i = 0; i < names->count && !is_changed; i++) {
            char parent[SIM_PATH_BYTES];
            sim_path_parent(names->items[i].path, parent);
            if (names_have_dir(names, parent))
                continue;
            names_remove(names, names->items[i].path);
            is_changed = true;
        }
    }
}

static bool names_have_node(const struct sim_names *names, const struct sim_node *node)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].node == node)
            return true;
    return false;
}

static void drop_nameless(struct sim_disk *disk)
{
    struct sim_node **link = &disk->nodes;
    while (*link != NULL) {
        struct sim_node *node = *link;
        if (names_have_node(&disk->synced, node)) {
            link = &node->next;
            continue;
        }
        *link = node->next;
        node_free(node);
    }
}

void sim_disk_crash(struct sim_disk *disk, uint64_t seed)
{
    static const unsigned keep_percents[] = {0, 10, 50, 50, 50, 90, 100};
    struct fate fate = {.state = seed};
    fate.keep_percent = keep_percents[sim_next(&fate.state) % ARRAY_COUNT(keep_percents)];
    for (struct sim_node *node = disk->nodes; node != NULL; node = node->next)
        node_crash(node, &fate);

    bool *is_lost = mem_new_array(disk->change_count + 1, sizeof(bool));
    for (size_t i = 0; i < disk->change_count; i++) {
        bool is_kept = fate_keeps(&fate);
        is_lost[i] = !is_kept || builds_on_lost(disk, is_lost, i);
        if (!is_lost[i])
            names_apply(&disk->synced, &disk->changes[i]);
    }
    mem_free(is_lost);
    for (size_t i = 0; i < disk->change_count; i++)
        change_release(&disk->changes[i]);
    disk->change_count = 0;
    names_drop_orphans(&disk->synced);
    drop_nameless(disk);
    names_release(&disk->now);
    for (size_t i = 0; i < disk->synced.count; i++)
        names_set(&disk->now, disk->synced.items[i].path, disk->synced.items[i].node);
}
