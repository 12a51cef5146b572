#pragma once
/*
 * The simulated disk: files with a stable image beside the visible one, and names with the changes
 * that are not stable yet. No faults, no clock; sim_os.c adds them. One thread at a time.
 */
#include "core/base.h"
#include "core/str.h"

enum { SIM_SECTOR_BYTES = 512, SIM_PATH_BYTES = 512 };

struct sim_sector {
    uint64_t index;
    unsigned char bytes[SIM_SECTOR_BYTES]; /* the whole sector as the write left it */
};

struct sim_image {
    unsigned char *bytes;
    size_t len;
    size_t capacity; /* bytes past len are zero */
};

struct sim_node {
    bool is_dir;
    struct sim_image now;
    struct sim_image synced;
    size_t cut;                 /* the shortest length since the last sync; SIZE_MAX: never cut */
    struct sim_sector *pending; /* un-synced writes, oldest first */
    size_t pending_count;
    size_t pending_capacity;
    struct sim_node *next; /* of all nodes */
};

struct sim_name {
    char *path;
    struct sim_node *node;
};

struct sim_names {
    struct sim_name *items;
    size_t count;
    size_t capacity;
};

/* From "": a new name. To "": removed. Both: renamed. */
struct sim_change {
    char *from;
    char *to;
    struct sim_node *node;
};

struct sim_disk {
    struct sim_names now;
    struct sim_names synced;
    struct sim_change *changes; /* un-synced, oldest first */
    size_t change_count;
    size_t change_capacity;
    struct sim_node *nodes;
};

void sim_disk_init(struct sim_disk *disk);
void sim_disk_release(struct sim_disk *disk);

/* Without doubled and trailing slashes. Asserts that it fits. */
void sim_path_normalize(const char *path, char ret[SIM_PATH_BYTES]);
/* The folder above; "" and "/" are the root, which is always there. */
void sim_path_parent(const char *path, char ret[SIM_PATH_BYTES]);

/* NULL when there is none. Paths are normalized from here on. */
struct sim_node *sim_disk_find(const struct sim_disk *disk, const char *path);
bool sim_disk_is_dir(const struct sim_disk *disk, const char *path);
bool sim_disk_is_empty_dir(const struct sim_disk *disk, const char *path);

struct sim_node *sim_disk_make(struct sim_disk *disk, const char *path, bool is_dir);
void sim_disk_rename(struct sim_disk *disk, const char *from, const char *to);
void sim_disk_remove(struct sim_disk *disk, const char *path);
void sim_disk_sync_dir(struct sim_disk *disk, const char *path);

void sim_node_write(struct sim_node *node, struct str bytes, uint64_t offset);
void sim_node_resize(struct sim_node *node, size_t bytes);
void sim_node_sync(struct sim_node *node);
/* Only [offset, offset + count), and the length. */
void sim_node_sync_range(struct sim_node *node, uint64_t offset, size_t count);
/* What was not synced stays visible and will never be stable. */
void sim_node_forget(struct sim_node *node);

uint64_t sim_disk_bytes(const struct sim_disk *disk);
size_t sim_disk_unsynced(const struct sim_disk *disk);
void sim_disk_crash(struct sim_disk *disk, uint64_t seed);
